/*
 * Values put into a tree as Kustomize's filters do it (kyaml's FieldSetter): a field that is there keeps the style it was written
 * in, quoted or plain, and that style says what the new text means when it is written. 1 in the place of a quoted text is a text,
 * in the place of a plain one a number; only a value that is tagged as a text is one in any case.
 */
#ifndef RENDER_KUSTOMIZE_SETTER_H
#define RENDER_KUSTOMIZE_SETTER_H

#include <stdbool.h>

#include "render/base/arena.h"
#include "render/base/err.h"
#include "render/kustomize/tree.h"

/* Sets a scalar (or null) that is there; `tag` NULL: see above. Any other node is refused. */
bool setter_set(struct arena *arena, struct tree *node, const char *text, const char *tag, struct err *err) MUST_CHECK;
void setter_set_scalar(struct arena *arena, struct tree *scalar, const char *text, const char *tag);

/*
 * Sets or adds a field. A null keeps being one, and hides it (hidden.h). A tag is needed, or NULL: a field that is new is then a
 * text where YAML 1.1 would not read it as one (`yes`, `08`), else what its text tells.
 */
bool setter_set_entry(struct arena *arena, struct tree *map, const char *key, const char *text, const char *tag, struct err *err)
	MUST_CHECK;

/* The same with a node that the caller made, and that stands in the tree afterwards where the field is new. */
bool setter_put_entry(struct arena *arena, struct tree *map, const char *key, struct tree *value, struct err *err) MUST_CHECK;

/* What setter_set_entry adds without a tag. */
struct tree *setter_new_scalar(struct arena *arena, const char *text);

/* kyaml's NewStringRNode, as it stands once it is set in a field. */
struct tree *setter_new_string(struct arena *arena, const char *text);

/*
 * Sets a field to a value, which takes over the style of the old one, or appends it with a key that means what its text tells in
 * that style: a plain 1 is a number, which no object may have as a key, so that it is refused when it is written.
 *
 * A field that is there is changed in its node (kyaml's SetYNode), a new one gets the very node `value`: one that is put into
 * several places is the same in all of them, and changes in all when it is set in one. The reference does so with labels.
 */
void setter_put(struct arena *arena, struct tree *map, const char *key, enum tree_style style, struct tree *value);

/* Kinds in messages: "a mapping", "a list", "a scalar". */
const char *setter_kind_text(const struct tree *tree);

#endif
