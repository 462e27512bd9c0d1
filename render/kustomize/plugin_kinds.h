/*
 * The builtin kinds that a resource may configure (api/internal/plugins/builtinhelpers), each with what it reads.
 */
#ifndef RENDER_KUSTOMIZE_PLUGIN_KINDS_H
#define RENDER_KUSTOMIZE_PLUGIN_KINDS_H

#include "render/kustomize/origin.h"
#include "render/kustomize/build.h"

struct plugin {
	struct build *build;
	const char *file; /* of the resource that configures it */
	const char *kind;
	const struct tree *config;
	const struct origin *origin; /* or NULL */
};

/* A kind that generates nothing, or is not known, is an error. */
bool plugin_generate(const struct plugin *plugin, struct resmap *out, struct err *err) MUST_CHECK;
bool plugin_transform(const struct plugin *plugin, struct resmap *map, struct err *err) MUST_CHECK;

#endif
