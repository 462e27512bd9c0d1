/*
 * replacements: copies a value of one object, or a given one, into fields of others (upstream's api/filters/replacement).
 *
 * A target's path may go on inside of a scalar whose text is JSON or YAML; the text is then written anew (scalartext.h). Where
 * upstream sets the value in a copy of the text that it forgets (below `*`, a [key=expression], in text inside of text) nothing
 * changes here either, and a warning says so.
 */
#ifndef RENDER_KUSTOMIZE_REPLACEMENTS_H
#define RENDER_KUSTOMIZE_REPLACEMENTS_H

#include "render/kustomize/build.h"

/* In their order, each on what those before it left. A target that selects nothing is a warning, a field that is not there an
 * error. */
bool replacements_transform(const struct build *build, struct resmap *map, const struct replacements_config *config,
                            struct err *err) MUST_CHECK;

#endif
