/*
 * Kubernetes' label selectors, `app in (web, api), !canary, tier=front`, as kyaml's copy of k8s.io/apimachinery/pkg/labels reads
 * them: quirks included (`x in (a,,b)` has the value "", `!x` cannot be followed by an operator, `in` may be a key or a value).
 */
#ifndef RENDER_KUSTOMIZE_LABELSELECTOR_H
#define RENDER_KUSTOMIZE_LABELSELECTOR_H

#include <stdbool.h>

#include "render/base/arena.h"
#include "render/base/err.h"
#include "render/kustomize/types.h"

struct labelselector;

/* "" selects everything. NULL, with an error that names the selector and what is wrong, where upstream refuses it. */
struct labelselector *labelselector_new(struct arena *arena, const char *text, struct err *err);

/* `labels` are sorted by key. */
bool labelselector_matches(const struct labelselector *selector, const struct pairs *labels);

#endif
