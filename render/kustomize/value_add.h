/*
 * ValueAddTransformer: one value put into a field of many objects, or into the path that the field holds.
 */
#ifndef RENDER_KUSTOMIZE_VALUE_ADD_H
#define RENDER_KUSTOMIZE_VALUE_ADD_H

#include "render/kustomize/build.h"

/* `config` is the resource that configures it, in `file`. */
bool value_add_transform(const struct build *build, const char *file, const struct tree *config, struct resmap *map,
                         struct err *err) MUST_CHECK;

#endif
