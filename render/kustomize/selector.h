/*
 * Which objects a target means: regular expressions for group, version, kind, name and namespace, each for the whole text,
 * and label selectors for labels and annotations. As patches have it; those of replacements differ (replacements.h).
 */
#ifndef RENDER_KUSTOMIZE_SELECTOR_H
#define RENDER_KUSTOMIZE_SELECTOR_H

#include "render/base/err.h"
#include "render/kustomize/resmap.h"
#include "render/kustomize/types.h"

/*
 * Adds to *out what the selector selects, in order. Name and namespace are the object's first or present ones ("default" for
 * none), group, version and kind the present ones. What is not said is any. A regular expression that is none is an error in
 * any case, a label selector only where it is asked.
 */
bool selector_select(const struct resmap *map, const struct selector *selector, struct resmap *out, struct err *err) MUST_CHECK;

#endif
