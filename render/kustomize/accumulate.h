/*
 * What one kustomization makes of its resources, in upstream's fixed order (api/internal/target/kusttarget.go).
 */
#ifndef RENDER_KUSTOMIZE_ACCUMULATE_H
#define RENDER_KUSTOMIZE_ACCUMULATE_H

#include "render/kustomize/target.h"
#include "render/kustomize/vars.h"

/* Objects and the rules that change them; bases hand theirs up. */
struct accumulator {
	struct resmap map;
	struct field_config config;
	struct varset vars;
};

#define ACCUMULATOR_INIT(memory) ((struct accumulator){ .map = RESMAP_INIT(memory) })

/*
 * Does what the target says: resources, configuration, generators, components, transformers, validators, vars. `accumulator` is
 * empty, or that of the parent whose component the target is. Recursion ends as no directory is entered twice on one way.
 */
bool accumulate(struct target *target, struct accumulator *accumulator, struct err *err) MUST_CHECK;

/* Reads files and directories named in the target into the map; for resources and what configures plugins. */
bool accumulate_paths(struct target *target, const struct texts *paths, const char *field, struct accumulator *accumulator,
                      struct err *err) MUST_CHECK;

/* openapi: of the root, or of a base as long as no one has set it. */
bool accumulate_schema(struct target *target, struct err *err) MUST_CHECK;

#endif
