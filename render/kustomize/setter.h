/*
 * Values put into a tree as Kustomize's filters do it (kyaml's FieldSetter): a field that is there keeps the style it was written in,
 * and where the new text brings no tag of its own that style says what it means. `1.0` in the place of a quoted text is a
 * text, in the place of a plain one a number.
 */
#ifndef RENDER_KUSTOMIZE_SETTER_H
#define RENDER_KUSTOMIZE_SETTER_H

#include <stdbool.h>

#include "render/base/arena.h"
#include "render/base/err.h"
#include "render/kustomize/tree.h"

/* Sets a scalar (or null) that is there; `tag` NULL: see above. Any other node is refused. */
bool setter_set(struct arena *arena, struct tree *node, const char *text, const char *tag, struct err *err) MUST_CHECK;

/*
 * Sets or adds a field. A null keeps being one. A tag is needed, or NULL: a field that is new is then a text where YAML 1.1 would
 * not read it as one (`yes`, `08`), else what its text tells.
 */
bool setter_set_entry(struct arena *arena, struct tree *map, const char *key, const char *text, const char *tag, struct err *err)
	MUST_CHECK;

/* What setter_set_entry adds without a tag. */
struct tree *setter_new_scalar(struct arena *arena, const char *text);

/* Kinds in messages: "a mapping", "a list", "a scalar". */
const char *setter_kind_text(const struct tree *tree);

#endif
