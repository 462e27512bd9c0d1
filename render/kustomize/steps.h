/*
 * The generators and transformers that the fields of a kustomization ask for, in upstream's fixed order: one table.
 */
#ifndef RENDER_KUSTOMIZE_STEPS_H
#define RENDER_KUSTOMIZE_STEPS_H

#include "render/kustomize/accumulate.h"

bool steps_generate(struct target *target, struct accumulator *accumulator, struct err *err) MUST_CHECK;
bool steps_transform(struct target *target, struct accumulator *accumulator, struct err *err) MUST_CHECK;

/* After each transformer: notes its origin with what it changed, and takes out what it left nothing of. */
bool steps_finish(struct resmap *map, const struct origin *origin, struct err *err) MUST_CHECK;

/* Replaces entries that name a file by what stands in it. */
bool steps_read_replacements(const struct build *build, const struct replacements *list, struct replacements *out,
                             struct err *err) MUST_CHECK;

#endif
