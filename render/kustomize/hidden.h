/*
 * goyaml's Node has room for a text and for items at once, and kyaml uses it: it turns a null into a mapping in its place, which
 * keeps the text, and it puts fields and items below a null, which stays one. Neither is printed. Both are hashed (hash_node.h),
 * and come to light when such a null becomes a mapping, or such a mapping the value of a text.
 */
#ifndef RENDER_KUSTOMIZE_HIDDEN_H
#define RENDER_KUSTOMIZE_HIDDEN_H

#include "render/kustomize/tree.h"

/* What is below a scalar, as a list; NULL for nothing. */
const struct tree *hidden_below(const struct tree *scalar);
/* tree_append, also to a scalar. */
void hidden_append(struct arena *arena, struct tree *tree, struct tree *item);

/* Makes a collection of a null, which stays the same node. */
void hidden_become(struct arena *arena, struct tree *null, enum tree_kind kind, const char *tag);
/* A scalar's text, and that of the null that a collection was; "" for none. */
const char *hidden_text(const struct tree *tree);

#endif
