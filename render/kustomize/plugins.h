/*
 * generators:, transformers: and validators:, builtin kinds that are configured by resources of their own (apiVersion:
 * builtin), in files or inline. Anything else would be a program to run, and is refused.
 */
#ifndef RENDER_KUSTOMIZE_PLUGINS_H
#define RENDER_KUSTOMIZE_PLUGINS_H

#include "render/kustomize/accumulate.h"

bool plugins_generate(struct target *target, struct accumulator *accumulator, struct err *err) MUST_CHECK;
bool plugins_transform(struct target *target, struct accumulator *accumulator, struct err *err) MUST_CHECK;
/* A validator that changes anything (but the label validated-by) is an error. */
bool plugins_validate(struct target *target, struct accumulator *accumulator, struct err *err) MUST_CHECK;

#endif
