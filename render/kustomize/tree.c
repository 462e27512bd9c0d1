#include "render/kustomize/tree.h"

#include <stdarg.h>
#include <string.h>

#include "render/kustomize/nonstring.h"
#include "render/yaml_scalar.h"

const char TREE_NONE[] = "", TREE_STR[] = "!!str", TREE_INT[] = "!!int", TREE_FLOAT[] = "!!float", TREE_BOOL[] = "!!bool",
		   TREE_NULL[] = "!!null", TREE_TIME[] = "!!timestamp", TREE_BINARY[] = "!!binary", TREE_MERGE[] = "!!merge",
		   TREE_MAP_TAG[] = "!!map", TREE_LIST_TAG[] = "!!seq";

static struct tree *node_new(struct arena *arena, enum tree_kind kind, const char *tag)
{
	struct tree *tree = arena_new(arena, 1, sizeof *tree);
	tree->kind = kind;
	tree->tag = tag;
	return tree;
}

static struct tree *scalar_new(struct arena *arena, const char *text, const char *tag)
{
	struct tree *tree = node_new(arena, TREE_SCALAR, tag);
	tree->len = strlen(text);
	tree->text = arena_text_len(arena, text, tree->len);
	return tree;
}

struct tree *tree_new_map(struct arena *arena)
{
	return node_new(arena, TREE_MAP, TREE_NONE);
}

struct tree *tree_new_list(struct arena *arena)
{
	return node_new(arena, TREE_LIST, TREE_NONE);
}

struct tree *tree_new_string(struct arena *arena, const char *text)
{
	return scalar_new(arena, text, TREE_STR);
}

struct tree *tree_new_plain(struct arena *arena, const char *text)
{
	return scalar_new(arena, text, TREE_NONE);
}

struct tree *tree_new_borrowed(struct arena *arena, const char *text)
{
	struct tree *tree = node_new(arena, TREE_SCALAR, TREE_NONE);
	tree->text = text;
	tree->len = strlen(text);
	return tree;
}

struct tree *tree_new_null(struct arena *arena)
{
	return scalar_new(arena, "null", TREE_NULL);
}

struct tree *tree_copy(struct arena *arena, const struct tree *tree)
{
	struct tree *copy = arena_new(arena, 1, sizeof *copy);
	*copy = *tree;
	if (tree->kind != TREE_SCALAR && tree->items) {
		copy->items = arena_new(arena, tree->count, sizeof *copy->items);
		copy->cap = tree->count;
		for (uint32_t i = 0; i < tree->count; i++) {
			/* Nobody changes a key in place. */
			bool key = tree->kind == TREE_MAP && i % 2 == 0;
			copy->items[i] = key ? tree->items[i] : tree_copy(arena, tree->items[i]);
		}
	}
	if (tree->notes && tree->notes->hidden) {
		copy->notes = arena_new(arena, 1, sizeof *copy->notes);
		*copy->notes = *tree->notes;
		copy->notes->hidden = tree_copy(arena, tree->notes->hidden);
	}
	return copy;
}

bool tree_is_null(const struct tree *tree)
{
	return !tree || (tree->kind == TREE_SCALAR && strcmp(tree->tag, TREE_NULL) == 0);
}

bool tree_is_empty(const struct tree *tree)
{
	return tree_is_null(tree) || (tree->kind != TREE_SCALAR && tree->count == 0);
}

bool tree_is_map(const struct tree *tree)
{
	return tree && tree->kind == TREE_MAP;
}

bool tree_is_list(const struct tree *tree)
{
	return tree && tree->kind == TREE_LIST;
}

bool tree_is_scalar(const struct tree *tree)
{
	return tree && tree->kind == TREE_SCALAR;
}

const char *tree_resolve(const char *text, size_t len)
{
	static const char *const tags[] = {
		[SCALAR_TEXT] = TREE_STR, [SCALAR_NULL] = TREE_NULL,   [SCALAR_BOOL] = TREE_BOOL,
		[SCALAR_INT] = TREE_INT,  [SCALAR_FLOAT] = TREE_FLOAT, [SCALAR_TIME] = TREE_TIME,
	};
	if (len == 2 && memcmp(text, "<<", 2) == 0) {
		return TREE_MERGE;
	}
	if (strlen(text) != len) {
		return TREE_STR;
	}
	enum scalar_type type = scalar_resolve(text).type;
	/* Of YAML 1.1's words goyaml v3 kept these two. */
	if (type == SCALAR_BOOL && !strchr("tTfF", *text)) {
		return TREE_STR;
	}
	return tags[type];
}

const char *tree_text(const struct tree *tree)
{
	return tree_is_scalar(tree) ? tree->text : NULL;
}

bool tree_text_is(const struct tree *tree, const char *text)
{
	return tree_is_scalar(tree) && tree->len == strlen(text) && memcmp(tree->text, text, tree->len) == 0;
}

long tree_find(const struct tree *map, const char *key)
{
	if (!tree_is_map(map)) {
		return -1;
	}
	size_t len = strlen(key);
	for (uint32_t i = 0; i + 1 < map->count; i += 2) {
		const struct tree *at = map->items[i];
		if (at->kind == TREE_SCALAR && at->len == len && memcmp(at->text, key, len) == 0) {
			return (long)i;
		}
	}
	return -1;
}

struct tree *tree_get(const struct tree *map, const char *key)
{
	long at = tree_find(map, key);
	return at < 0 ? NULL : map->items[at + 1];
}

struct tree *tree_at(const struct tree *map, ...)
{
	va_list keys;
	va_start(keys, map);
	const char *key = va_arg(keys, const char *);
	struct tree *at = NULL;
	while (key) {
		at = tree_get(map, key);
		map = at;
		key = at ? va_arg(keys, const char *) : NULL;
	}
	va_end(keys);
	return at;
}

const char *tree_get_text(const struct tree *map, const char *key)
{
	return tree_text(tree_get(map, key));
}

static void make_room(struct arena *arena, struct tree *tree, uint32_t more)
{
	if (tree->count + more <= tree->cap) {
		return;
	}
	uint32_t cap = tree->cap < 4 ? 4 : 2 * tree->cap;
	tree->items = arena_grow(arena, tree->items, tree->count * sizeof *tree->items, cap * sizeof *tree->items);
	tree->cap = cap;
}

void tree_append(struct arena *arena, struct tree *tree, struct tree *item)
{
	make_room(arena, tree, 1);
	tree->items[tree->count++] = item;
}

void tree_insert(struct arena *arena, struct tree *tree, size_t at, struct tree *item)
{
	make_room(arena, tree, 1);
	memmove(tree->items + at + 1, tree->items + at, (tree->count - at) * sizeof *tree->items);
	tree->items[at] = item;
	tree->count++;
}

void tree_remove_at(struct tree *tree, size_t at, size_t count)
{
	memmove(tree->items + at, tree->items + at + count, (tree->count - at - count) * sizeof *tree->items);
	tree->count -= (uint32_t)count;
}

void tree_set(struct arena *arena, struct tree *map, const char *key, struct tree *value)
{
	long at = tree_find(map, key);
	if (at >= 0) {
		map->items[at + 1] = value;
		return;
	}
	tree_append(arena, map, tree_new_string(arena, key));
	tree_append(arena, map, value);
}

void tree_set_string(struct arena *arena, struct tree *map, const char *key, const char *text)
{
	tree_set(arena, map, key, tree_new_string(arena, text));
}

void tree_quote(struct tree *value)
{
	bool string = value->kind == TREE_SCALAR && (value->tag == TREE_STR || value->tag == TREE_NONE);
	bool no_style = value->style == TREE_PLAIN && !value->flow && !value->shown;
	if (string && no_style && nonstring_text(value->text, value->len)) {
		value->style = TREE_DOUBLE;
	}
}

void tree_take_style(struct tree *value, const struct tree *old)
{
	value->style = old->style;
	value->flow = old->flow;
	value->shown = old->shown;
	value->tagged = false;
}

struct tree *tree_put(struct arena *arena, struct tree *map, const char *key, struct tree *value)
{
	if (tree_is_null(value)) {
		(void)tree_remove(map, key);
		return NULL;
	}
	tree_quote(value);
	struct tree *field = tree_get(map, key);
	if (field) {
		tree_take_style(value, field);
		tree_assign(field, value);
		return field;
	}
	tree_append(arena, map, tree_new_plain(arena, key));
	tree_append(arena, map, value);
	return value;
}

struct tree *tree_remove(struct tree *map, const char *key)
{
	long at = tree_find(map, key);
	if (at < 0) {
		return NULL;
	}
	struct tree *value = map->items[at + 1];
	tree_remove_at(map, (size_t)at, 2);
	return value;
}

void tree_assign(struct tree *to, const struct tree *from)
{
	*to = *from;
}

void tree_set_text(struct arena *arena, struct tree *scalar, const char *text)
{
	scalar->len = strlen(text);
	scalar->text = arena_text_len(arena, text, scalar->len);
}
