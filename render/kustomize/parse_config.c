/* What goyaml v2 and sigs.k8s.io/yaml make of configuration: JSON's values. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "render/kustomize/parse.h"
#include "render/kustomize/write.h"
#include "render/yaml_scalar.h"

static bool fail(const struct parse_source *source, const struct tree *at, const char *what, struct err *err)
{
	return err_set(err, ERR_INPUT, "%s:%u: %s", source->path, at->line, what);
}

static const char *const TAGS[] = {
	[SCALAR_TEXT] = TREE_STR, [SCALAR_NULL] = TREE_NULL,   [SCALAR_BOOL] = TREE_BOOL,
	[SCALAR_INT] = TREE_INT,  [SCALAR_FLOAT] = TREE_FLOAT, [SCALAR_TIME] = TREE_TIME,
};

static void set_text(struct arena *arena, struct tree *scalar, const char *tag, const char *text)
{
	scalar->tag = tag;
	scalar->len = strlen(text);
	scalar->text = arena_text_len(arena, text, scalar->len);
}

/* A tag that says something else than the text is an error; tags that nobody knows are none. */
static bool check_tag(const struct parse_source *source, const struct tree *scalar, struct scalar *value, struct err *err)
{
	if (scalar->tag == TREE_FLOAT && value->type == SCALAR_INT) {
		*value = scalar_as_float(*value);
	}
	return TAGS[value->type] == scalar->tag || fail(source, scalar, "value of another type than its tag says", err);
}

static bool is_resolvable(const char *tag)
{
	return tag == TREE_BOOL || tag == TREE_INT || tag == TREE_FLOAT || tag == TREE_NULL || tag == TREE_TIME;
}

bool parse_config_scalar(struct arena *arena, const struct parse_source *source, struct tree *scalar, bool plain, struct err *err)
{
	if (strlen(scalar->text) != scalar->len || scalar->tag == TREE_MERGE || (!plain && !scalar->tagged)) {
		scalar->tag = scalar->tag == TREE_MERGE ? TREE_MERGE : TREE_STR;
		return true;
	}
	if (scalar->tagged && !is_resolvable(scalar->tag)) {
		struct json_scalar text;
		struct err ignored = ERR_INIT;
		if (!tree_json_scalar(arena, scalar, &text, &ignored)) {
			return fail(source, scalar, "tagged as binary, but not base64", err);
		}
		scalar->text = text.text;
		scalar->len = text.len;
		scalar->tag = TREE_STR;
		return true;
	}
	struct scalar value = scalar_resolve(scalar->text);
	if (scalar->tagged && !check_tag(source, scalar, &value, err)) {
		return false;
	}
	if (value.type == SCALAR_BOOL) {
		set_text(arena, scalar, TREE_BOOL, value.truth ? "true" : "false");
	} else if (value.type == SCALAR_NULL) {
		set_text(arena, scalar, TREE_NULL, "null");
	} else if (value.type == SCALAR_INT || value.type == SCALAR_FLOAT) {
		char number[SCALAR_NUMBER_MAX];
		if (value.type == SCALAR_FLOAT && !isfinite(value.real)) {
			scalar_key(&value, number);
		} else {
			scalar_json(&value, number);
		}
		set_text(arena, scalar, TAGS[value.type], number);
	} else {
		scalar->tag = TREE_STR;
	}
	return true;
}

struct entry {
	struct tree *key;
	struct tree *value;
	size_t order;
};

struct entries {
	struct entry *items;
	size_t count;
	size_t cap;
};

static void entries_release(struct entries *entries)
{
	free(entries->items);
}

static void add(struct entries *entries, struct tree *key, struct tree *value)
{
	if (entries->count == entries->cap) {
		entries->cap = entries->cap ? 2 * entries->cap : 16;
		entries->items = alloc_grow(entries->items, entries->cap, sizeof *entries->items);
	}
	entries->items[entries->count] = (struct entry){ .key = key, .value = value, .order = entries->count };
	entries->count++;
}

/* In the order of the text: what is merged overrides what stands above it. Of a list the first one wins. */
static bool add_merged(const struct parse_source *source, struct entries *entries, const struct tree *value, struct err *err)
{
	for (uint32_t i = value->kind == TREE_LIST ? value->count : 1; i > 0; i--) {
		const struct tree *from = value->kind == TREE_LIST ? value->items[i - 1] : value;
		if (from->kind != TREE_MAP) {
			return fail(source, value, "what is merged must be a mapping or a list of mappings", err);
		}
		for (uint32_t k = 0; k + 1 < from->count; k += 2) {
			add(entries, from->items[k], from->items[k + 1]);
		}
	}
	return true;
}

static int by_key(const void *left, const void *right)
{
	const struct entry *a = left;
	const struct entry *b = right;
	size_t len = a->key->len < b->key->len ? a->key->len : b->key->len;
	int order = memcmp(a->key->text, b->key->text, len);
	if (order == 0 && a->key->len != b->key->len) {
		order = a->key->len < b->key->len ? -1 : 1;
	}
	return order ? order : (a->order > b->order) - (a->order < b->order);
}

static bool same_key(const struct entry *a, const struct entry *b)
{
	return a->key->len == b->key->len && memcmp(a->key->text, b->key->text, a->key->len) == 0;
}

static bool check_key(const struct parse_source *source, struct tree *key, struct err *err)
{
	if (key->kind != TREE_SCALAR || key->tag == TREE_NULL) {
		return fail(source, key, "a key must be a string", err);
	}
	key->tag = TREE_STR;
	return true;
}

static bool take_entries(const struct parse_source *source, struct entries *entries, struct tree *map, struct err *err)
{
	uint32_t count = 0;
	for (size_t i = 0; i < entries->count; i++) {
		bool last = i + 1 == entries->count || !same_key(&entries->items[i], &entries->items[i + 1]);
		if (!last && source->strict) {
			return fail(source, entries->items[i + 1].key, "duplicate key", err);
		}
		if (last) {
			map->items[count++] = entries->items[i].key;
			map->items[count++] = entries->items[i].value;
		}
	}
	map->count = count;
	return true;
}

bool parse_finish_config(struct arena *arena, const struct parse_source *source, struct tree *map, struct err *err)
{
	CLEANUP(entries_release) struct entries entries = { 0 };
	for (uint32_t i = 0; i + 1 < map->count; i += 2) {
		struct tree *key = map->items[i];
		if (key->kind == TREE_SCALAR && key->tag == TREE_MERGE) {
			if (!add_merged(source, &entries, map->items[i + 1], err)) {
				return false;
			}
		} else if (!check_key(source, key, err)) {
			return false;
		} else {
			add(&entries, key, map->items[i + 1]);
		}
	}
	if (entries.count == 0) {
		map->count = 0;
		return true;
	}
	qsort(entries.items, entries.count, sizeof *entries.items, by_key);
	if (2 * entries.count > map->cap) {
		map->cap = (uint32_t)(2 * entries.count);
		map->items = arena_new(arena, map->cap, sizeof(struct tree *));
	}
	return take_entries(source, &entries, map, err);
}
