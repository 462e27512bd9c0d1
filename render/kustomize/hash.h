/*
 * The suffix that a generated ConfigMap's or Secret's name gets from its data (upstream's api/hasher/hasher.go): a change of the
 * data becomes a change of the name, and so of whatever refers to it. Any other object gets one where its annotation asks for it,
 * internal.config.kubernetes.io/needsHashSuffix: enabled.
 */
#ifndef RENDER_KUSTOMIZE_HASH_H
#define RENDER_KUSTOMIZE_HASH_H

#include "render/kustomize/build.h"

enum { HASH_TEXT = 11 }; /* ten characters and a NUL */

/* A ConfigMap or Secret; any other object's hash is of its nodes, and needs a whole tree (whole.h). */
bool hash_is_of_data(const struct tree *root);

/*
 * SHA-256 of kind, type and data as JSON with sorted keys, or of all nodes (hash_node.h): its first ten digits with 0, 1, 3, a
 * and e replaced so that they spell no words. The name is not part of the data.
 */
bool hash_of(struct arena *arena, const struct tree *root, char out[HASH_TEXT], struct err *err) MUST_CHECK;

/* Renames each resource that is to have a hash: NAME-HASH. Where that needs whole trees it sets build->whole_wanted and fails. */
bool hash_transform(struct build *build, struct resmap *map, struct err *err) MUST_CHECK;

#endif
