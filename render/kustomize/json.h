/*
 * What write.c and json.c share.
 */
#ifndef RENDER_KUSTOMIZE_JSON_H
#define RENDER_KUSTOMIZE_JSON_H

#include "render/base/buf.h"
#include "render/kustomize/tree.h"

/*
 * The items of a mapping, key and value in turn, by the bytes of the keys; *sorted is yours (free), on failure too. Keys that
 * are no strings (below the root of a document) and keys that are there twice are errors.
 */
bool tree_sort_keys(struct arena *arena, const struct tree *map, bool root, struct tree ***sorted, struct err *err) MUST_CHECK;
void tree_free_pairs(struct tree ***pairs);
/* The document with the keys at its root as goyaml v3 decodes them into strings; itself where that changes nothing. NULL: err. */
const struct tree *tree_decode_root(struct arena *arena, const struct tree *root, struct err *err);

/* Appends the text in quotes, as encoding/json does. */
bool json_write_text(struct buf *out, const char *text, size_t len) MUST_CHECK;

#endif
