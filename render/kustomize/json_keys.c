/* The keys of mappings that become JSON's objects. */
#include <stdlib.h>
#include <string.h>

#include "render/kustomize/json.h"
#include "render/kustomize/write.h"

static bool fail(const struct tree *at, const char *what, struct err *err)
{
	return at->line ? err_set(err, ERR_INPUT, "line %u: %s", at->line, what) : err_set(err, ERR_INPUT, "%s", what);
}

static int by_bytes(const void *left, const void *right)
{
	const struct tree *a = *(struct tree *const *)left;
	const struct tree *b = *(struct tree *const *)right;
	size_t len = a->len < b->len ? a->len : b->len;
	int order = memcmp(a->text, b->text, len);
	return order ? order : (a->len > b->len) - (a->len < b->len);
}

/* With no tag but that of a string, which quotes are, too. */
static bool is_text(const struct tree *key)
{
	bool quoted = key->style != TREE_PLAIN || memchr(key->text, '\n', key->len);
	const char *resolved = tree_resolve(key->text, key->len);
	bool implied = key->tag == TREE_NONE || (key->tag == resolved && !key->shown);
	return key->tag == TREE_STR || key->tag == TREE_MERGE || (implied && (quoted || resolved == TREE_STR));
}

/*
 * Below the root, a mapping whose keys are not all strings has no JSON form. At the root each is taken as a string, but for null:
 * upstream does not find such a key again, and adds it a second time.
 */
static bool check_key(struct arena *arena, const struct tree *key, bool root, struct err *err)
{
	if (key->kind != TREE_SCALAR) {
		return fail(key, "a key must be a string", err);
	}
	if (key->tag == TREE_NONE && strcmp(key->text, "<<") == 0) {
		return fail(key, "a key that was made may not be <<, which merges", err);
	}
	/* A key of nothing is written in quotes. */
	if ((root && !tree_is_null(key) && !key->tagged) || (key->len == 0 && !key->tagged)) {
		return true;
	}
	struct json_scalar scalar;
	if (!tree_json_scalar(arena, key, &scalar, err)) {
		return false;
	}
	bool good = root ? scalar.kind != JSON_NULL || key->len == 0 : is_text(key);
	const char *way = key->shown ? "take its tag away" : "put it in quotes";
	return good || err_set(err, ERR_INPUT, "line %u: key '%.100s' must be a string: %s", key->line, key->text, way);
}

bool tree_sort_keys(struct arena *arena, const struct tree *map, bool root, struct tree ***sorted, struct err *err)
{
	uint32_t count = map->count / 2;
	struct tree **pairs = alloc_new(map->count, sizeof(struct tree *));
	if (map->count) {
		memcpy(pairs, map->items, map->count * sizeof(struct tree *));
	}
	*sorted = pairs;
	for (uint32_t i = 0; i < count; i++) {
		if (!check_key(arena, pairs[2 * i], root, err)) {
			return false;
		}
	}
	qsort(pairs, count, 2 * sizeof(struct tree *), by_bytes);
	for (uint32_t i = 1; i < count; i++) {
		if (by_bytes(&pairs[2 * i - 2], &pairs[2 * i]) == 0) {
			return err_set(err, ERR_INPUT, "line %u: key '%.100s' is there twice, first in line %u", pairs[2 * i]->line,
			               pairs[2 * i]->text, pairs[2 * i - 2]->line);
		}
	}
	return true;
}

void tree_free_pairs(struct tree ***pairs)
{
	free(*pairs);
}

static bool is_odd_key(const struct tree *key)
{
	bool made = key->tag == TREE_NONE && key->style == TREE_PLAIN && key->len > 0;
	return (key->tagged && (key->tag == TREE_BINARY || (key->tag == TREE_NULL && key->len == 0))) ||
	       (made && tree_resolve(key->text, key->len) == TREE_NULL);
}

/* Of keys that bytes give the last one counts; one that was made and is a null, or is tagged as one and empty, is none. */
static bool append_decoded(struct arena *arena, struct tree *map, struct tree *key, struct tree *value, struct err *err)
{
	if (is_odd_key(key)) {
		struct json_scalar scalar;
		if (!tree_json_scalar(arena, key, &scalar, err)) {
			return false;
		}
		if (scalar.kind == JSON_NULL) {
			return true;
		}
		uint32_t line = key->line;
		key = tree_new_string(arena, "");
		key->line = line;
		key->text = scalar.text;
		key->len = scalar.len;
	}
	for (uint32_t i = 0; i < map->count; i += 2) {
		if (by_bytes(&map->items[i], &key) == 0) {
			map->items[i + 1] = value;
			return true;
		}
	}
	tree_append(arena, map, key);
	tree_append(arena, map, value);
	return true;
}

const struct tree *tree_decode_root(struct arena *arena, const struct tree *root, struct err *err)
{
	bool odd = false;
	for (uint32_t i = 0; root->kind == TREE_MAP && !odd && i < root->count; i += 2) {
		odd = is_odd_key(root->items[i]);
	}
	if (!odd) {
		return root;
	}
	CLEANUP(tree_free_pairs) struct tree **sorted = NULL;
	if (!tree_sort_keys(arena, root, true, &sorted, err)) {
		return NULL;
	}
	struct tree *map = tree_new_map(arena);
	map->line = root->line;
	for (uint32_t i = 0; i + 1 < root->count; i += 2) {
		if (!append_decoded(arena, map, root->items[i], root->items[i + 1], err)) {
			return NULL;
		}
	}
	return map;
}
