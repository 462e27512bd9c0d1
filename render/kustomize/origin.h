/*
 * buildMetadata: the annotations that say where an object came from and what changed it (api/resource/origin.go).
 */
#ifndef RENDER_KUSTOMIZE_ORIGIN_H
#define RENDER_KUSTOMIZE_ORIGIN_H

#include "render/kustomize/build.h"
#include "render/kustomize/resmap.h"

struct origin {
	const char *path;          /* from the directory that is built; "" where configured_in says it */
	const char *configured_in; /* the file that configures a generator or transformer, or "" */
	struct id by;              /* that generator or transformer: kind, apiVersion as gvk, name and namespace */
	const char *by_api_version;
};

/* Of the directory that is built. */
const struct origin *origin_root(struct arena *arena);
/* With `path` behind its own, as Go's filepath.Join cleans it. */
const struct origin *origin_append(struct arena *arena, const struct origin *origin, const char *path);
/* Of what a builtin kind makes or changes for the kustomization in `origin` whose file has that name. */
const struct origin *origin_builtin(struct arena *arena, const struct origin *origin, const char *file, const char *kind);
/* Of what `plugin`, a resource of generators: or transformers:, makes or changes; NULL where it has no origin itself. */
bool origin_of_plugin(struct arena *arena, struct resource *plugin, const struct origin **out, struct err *err) MUST_CHECK;

/* Annotates what was read of a file (AnnotateAll): NULL is nowhere, nothing is. */
bool origin_annotate(const struct build *build, struct resmap *map, const struct origin *origin, struct err *err) MUST_CHECK;
/* The same for one object; NULL is nowhere. */
void origin_set(struct arena *arena, struct resource *resource, const struct origin *origin);
/* Annotates those that have none yet. */
void origin_add(struct resmap *map, const struct origin *origin);
/* Of a transformer: notes it with those that have an origin, and gives those that have none this one. */
bool origin_add_transformer(struct resmap *map, const struct origin *origin, struct err *err) MUST_CHECK;

#endif
