/*
 * Which objects a target of a replacement means: `select` without `reject`, whose texts are regular expressions.
 */
#ifndef RENDER_KUSTOMIZE_REPLACEMENT_TARGET_H
#define RENDER_KUSTOMIZE_REPLACEMENT_TARGET_H

#include "render/kustomize/regex.h"
#include "render/kustomize/resource.h"

enum { REPLACEMENT_MATCHER_PARTS = 5 };

/* The expressions of a selector for group, version, kind, name and namespace; NULL takes all. */
struct replacement_matcher {
	struct regex *parts[REPLACEMENT_MATCHER_PARTS];
	const struct selector *selector;
	bool has_ids;
};

struct replacement_target {
	const struct target_selector *selector;
	struct replacement_matcher select;
	struct replacement_matcher *reject;
};

/* Every expression is read, whether it is used or not. */
bool replacement_target_init(struct arena *arena, struct replacement_target *target, const struct target_selector *selector,
                             struct err *err) MUST_CHECK;

/* Sets *selects. Label selectors are read when the first object comes to them, as upstream does. */
bool replacement_target_selects(struct arena *arena, const struct replacement_target *target, struct resource *resource,
                                bool *selects, struct err *err) MUST_CHECK;

#endif
