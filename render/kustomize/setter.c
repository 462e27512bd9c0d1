#include "render/kustomize/setter.h"

#include <string.h>

#include "render/yaml_scalar.h"

const char *setter_kind_text(const struct tree *tree)
{
	return tree_is_map(tree) ? "a mapping" : tree_is_list(tree) ? "a list" : "a scalar";
}

/* The tag of a plain text that stands where something of that style stood. */
static const char *tag_in_style(const char *text, enum tree_style style)
{
	return style == TREE_PLAIN ? tree_resolve(text, strlen(text)) : TREE_STR;
}

/* A number in quotes is written as one without its tag: it is a text then. */
static void take_style(struct tree *value, const struct tree *old)
{
	if (value == old || value->kind != TREE_SCALAR || old->kind != TREE_SCALAR) {
		return;
	}
	value->style = old->style;
	value->tagged = false;
	if (value->style != TREE_PLAIN && tree_resolve(value->text, value->len) == value->tag) {
		value->tag = TREE_STR;
	}
}

bool setter_set(struct arena *arena, struct tree *node, const char *text, const char *tag, struct err *err)
{
	if (!tree_is_scalar(node)) {
		return err_set(err, ERR_INPUT, "a scalar is needed, but there is %s", setter_kind_text(node));
	}
	struct tree value = *node;
	tree_set_text(arena, &value, text);
	value.tag = tag ? tag : tag_in_style(text, node->style);
	struct tree old = *node;
	take_style(&value, &old);
	*node = value;
	return true;
}

struct tree *setter_new_scalar(struct arena *arena, const char *text)
{
	enum scalar_type type = scalar_resolve(text).type;
	bool other = *text && type != SCALAR_TEXT && type != SCALAR_TIME;
	struct tree *scalar = other ? tree_new_string(arena, text) : tree_new_plain(arena, text);
	scalar->style = other ? TREE_DOUBLE : TREE_PLAIN;
	return scalar;
}

void setter_put(struct arena *arena, struct tree *map, const char *key, enum tree_style style, struct tree *value)
{
	long at = tree_find(map, key);
	if (at >= 0) {
		take_style(value, map->items[at + 1]);
		map->items[at + 1] = value;
		return;
	}
	struct tree *name = tree_new_string(arena, key);
	name->style = style;
	name->tag = tag_in_style(key, style);
	tree_append(arena, map, name);
	tree_append(arena, map, value);
}

bool setter_set_entry(struct arena *arena, struct tree *map, const char *key, const char *text, const char *tag, struct err *err)
{
	if (!*key) {
		return setter_set(arena, map, text, tag, err);
	}
	if (tree_is_null(map)) {
		return true;
	}
	if (!tree_is_map(map)) {
		return err_set(err, ERR_INPUT, "a mapping is needed, but there is %s", setter_kind_text(map));
	}
	struct tree *field = tree_get(map, key);
	struct tree *value = tag ? tree_new_string(arena, text) : setter_new_scalar(arena, text);
	if (tag) {
		value->tag = tag;
	} else if (field) {
		value->tag = tag_in_style(text, field->kind == TREE_SCALAR ? field->style : TREE_PLAIN);
	}
	setter_put(arena, map, key, TREE_PLAIN, value);
	return true;
}
