/*
 * The suffix that a generated ConfigMap's or Secret's name gets from its data (upstream's api/hasher/hasher.go): a change of the
 * data becomes a change of the name, and so of whatever refers to it.
 */
#ifndef RENDER_KUSTOMIZE_HASH_H
#define RENDER_KUSTOMIZE_HASH_H

#include "render/kustomize/build.h"

enum { HASH_TEXT = 11 }; /* ten characters and a NUL */

/*
 * SHA-256 of kind, type and data as JSON with sorted keys, its first ten digits with 0, 1, 3, a and e replaced so that they spell
 * no words. The name is not part of it. Only ConfigMap and Secret have one; of another kind it is an error.
 */
bool hash_of(struct arena *arena, const struct tree *root, char out[HASH_TEXT], struct err *err) MUST_CHECK;

/* Renames each resource that is to have a hash: NAME-HASH. */
bool hash_transform(const struct build *build, struct resmap *map, struct err *err) MUST_CHECK;

#endif
