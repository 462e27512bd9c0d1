/*
 * One build of one kustomization: what all its parts share. The parts are functions of one shape:
 *
 *   bool labels_transform(struct build *, struct resmap *, const struct labels_config *, struct err *) MUST_CHECK;
 *   bool configmap_generate(struct build *, const struct generator_args *, struct resmap *out, struct err *) MUST_CHECK;
 *
 * A transformer changes the resources of the map in place and in its order; what it takes away it leaves as gone
 * (resource.root NULL), the build drops those after each step. It prints nothing: a warning goes to build_warn, an error into
 * err, naming the field or entry that must be changed and never a value of a Secret. Files are read by build->loader, which is
 * that of the kustomization whose turn it is. Memory comes from build->arena; the build asks arena_full between steps.
 */
#ifndef RENDER_KUSTOMIZE_BUILD_H
#define RENDER_KUSTOMIZE_BUILD_H

#include "render/base/arena.h"
#include "render/base/err.h"
#include "render/base/map.h"
#include "render/kustomize/loader.h"
#include "render/kustomize/resmap.h"
#include "render/kustomize/types.h"
#include "render/problems.h"

struct schema; /* of strategic merges: schema.h */

struct build {
	struct arena *arena;
	struct problems *problems;
	const struct loader *loader; /* of the kustomization whose turn it is */
	const char *file;            /* its file, "apps/web/kustomization.yaml", for messages */
	const struct schema *schema; /* NULL: the built-in one; else that of `openapi.path` */
	bool schema_set;             /* a kustomization said which */
	struct err schema_problem;   /* why the file of openapi cannot be read: an error once somebody looks into it */
	bool merged;                 /* a strategic merge patch was applied */
	bool whole;                  /* what is read is read as whole.h says */
	bool whole_wanted;           /* without that the build ends in an error */
	bool unknown_kind;           /* an object was read of which Kustomize does not know whether it is namespaced */
	const char *field;           /* of the kustomization, "patches[2]", whose turn it is; may be NULL */
	struct map kustomizations;   /* by directory: shared.h */
	struct map parsed;           /* by path: shared.h */
	size_t entered;              /* directories that were accumulated, against LIMIT_BUILD_DIRS */
};

/* "apps/web/kustomization.yaml: patches[2]: TEXT" */
void build_warn(const struct build *build, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
