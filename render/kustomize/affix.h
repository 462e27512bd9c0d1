/*
 * What prefix.c and suffix.c have in common: which objects, which fields, and what is noted.
 */
#ifndef RENDER_KUSTOMIZE_AFFIX_H
#define RENDER_KUSTOMIZE_AFFIX_H

#include "render/kustomize/build.h"

struct affix {
	void (*note)(struct arena *arena, struct resource *resource, const char *text);
	char *(*join)(struct arena *arena, const char *name, const char *text);
};

bool affix_transform(const struct build *build, struct resmap *map, const struct affix *affix, const struct affix_config *config,
                     struct err *err) MUST_CHECK;

#endif
