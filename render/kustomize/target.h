/*
 * A directory with a kustomization: found, read, checked and brought into its current form (deprecated fields moved to those that
 * took their place).
 */
#ifndef RENDER_KUSTOMIZE_TARGET_H
#define RENDER_KUSTOMIZE_TARGET_H

#include "render/kustomize/build.h"
#include "render/kustomize/origin.h"

struct target {
	struct build *build;
	struct loader loader;
	const char *name; /* of the file in it: "kustomization.yaml" */
	const char *file; /* as messages name it */
	struct kustomization kustomization;
	const struct origin *origin; /* where from the root this is; NULL: nobody wants to know */
	bool shared;                 /* the build comes here more than once (shared.h) */
};

/* `target->build` and `loader` are set. Reads and warns once a directory. */
bool target_load(struct target *target, struct err *err) MUST_CHECK;

/* The names that a kustomization may have. */
extern const char *const TARGET_NAMES[3];

#endif
