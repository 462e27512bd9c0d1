#include "render/kustomize/setter.h"

#include <string.h>

#include "render/kustomize/hidden.h"

const char *setter_kind_text(const struct tree *tree)
{
	return tree_is_map(tree) ? "a mapping" : tree_is_list(tree) ? "a list" : "a scalar";
}

void setter_set_scalar(struct arena *arena, struct tree *scalar, const char *text, const char *tag)
{
	tree_set_text(arena, scalar, text);
	scalar->tag = tag ? tag : TREE_NONE;
	scalar->tagged = false;
	scalar->notes = NULL;
}

bool setter_set(struct arena *arena, struct tree *node, const char *text, const char *tag, struct err *err)
{
	if (!tree_is_scalar(node)) {
		return err_set(err, ERR_INPUT, "a scalar is needed, but there is %s", setter_kind_text(node));
	}
	setter_set_scalar(arena, node, text, tag);
	return true;
}

struct tree *setter_new_scalar(struct arena *arena, const char *text)
{
	struct tree *scalar = tree_new_plain(arena, text);
	tree_quote(scalar);
	return scalar;
}

struct tree *setter_new_string(struct arena *arena, const char *text)
{
	struct tree *string = tree_new_string(arena, text);
	string->style = strchr(text, '\n') ? TREE_LITERAL : TREE_PLAIN;
	tree_quote(string);
	return string;
}

void setter_put(struct arena *arena, struct tree *map, const char *key, enum tree_style style, struct tree *value)
{
	tree_quote(value);
	long at = tree_find(map, key);
	if (at >= 0) {
		if (value != map->items[at + 1]) {
			tree_take_style(value, map->items[at + 1]);
		}
		/* In place: whoever else has this node sees the change (setter.h). */
		*map->items[at + 1] = *value;
		return;
	}
	struct tree *name = tree_new_plain(arena, key);
	name->style = style;
	tree_append(arena, map, name);
	tree_append(arena, map, value);
}

bool setter_put_entry(struct arena *arena, struct tree *map, const char *key, struct tree *value, struct err *err)
{
	if (tree_is_null(map)) {
		tree_quote(value);
		hidden_append(arena, map, tree_new_plain(arena, key));
		hidden_append(arena, map, value);
		return true;
	}
	if (!tree_is_map(map)) {
		return err_set(err, ERR_INPUT, "a mapping is needed, but there is %s", setter_kind_text(map));
	}
	setter_put(arena, map, key, TREE_PLAIN, value);
	return true;
}

bool setter_set_entry(struct arena *arena, struct tree *map, const char *key, const char *text, const char *tag, struct err *err)
{
	if (!*key) {
		return setter_set(arena, map, text, tag, err);
	}
	struct tree *value = tag ? tree_new_string(arena, text) : setter_new_scalar(arena, text);
	value->tag = tag ? tag : TREE_NONE;
	return setter_put_entry(arena, map, key, value, err);
}
