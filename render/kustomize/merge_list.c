#include "render/kustomize/merge_list.h"

#include <string.h>

#include "render/base/limits.h"
#include "render/kustomize/setter.h"

bool merge_is_missing(const struct tree *tree)
{
	return !tree || strcmp(tree->tag, TREE_NULL) == 0;
}

static bool is_empty_map(const struct tree *tree)
{
	return merge_is_missing(tree) || (tree->kind == TREE_MAP && tree->count == 0);
}

/* A collection has no text: it compares as "". */
static const char *text_of(const struct tree *tree)
{
	const char *text = tree_text(tree);
	return text ? text : "";
}

static bool take_steps(struct merge *merge, size_t steps)
{
	merge->steps += steps;
	if (merge->steps > LIMIT_MERGE_STEPS) {
		return err_set(merge->err, ERR_LIMIT, "lists too long to merge by key: more than %zu comparisons", LIMIT_MERGE_STEPS);
	}
	return true;
}

/* --- kyaml's ElementMatcher and ElementSetter -------------------------------------------------------------------- */

static bool map_matches(const struct tree *map, const struct merge_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++) {
		const struct tree *value = tree_get(map, keys->keys[i]);
		if (!value || strcmp(text_of(value), keys->values[i]) != 0) {
			return false;
		}
	}
	return true;
}

struct tree *merge_find_item(const struct tree *list, const struct merge_keys *keys)
{
	if (!tree_is_list(list) || keys->count == 0) {
		return NULL;
	}
	bool scalars = !keys->keys[0][0];
	for (uint32_t i = 0; i < list->count; i++) {
		struct tree *item = list->items[i];
		if (scalars ? strcmp(text_of(item), keys->values[0]) == 0 : tree_is_map(item) && map_matches(item, keys)) {
			return item;
		}
	}
	return NULL;
}

/*
 * Whether an item has the key with the value; an empty value is any. false in *ok where it is of another kind than the key
 * needs.
 */
static bool has_value(const struct tree *item, const char *key, const char *value, bool *ok)
{
	if (!*key) {
		*ok = tree_is_scalar(item);
		return *ok && strcmp(item->text, value) == 0;
	}
	*ok = tree_is_map(item);
	const struct tree *field = *ok ? tree_get(item, key) : NULL;
	return field && (!*value || strcmp(text_of(field), value) == 0);
}

/* A key without a value (an item of the list lacks it) is fulfilled where the one before it is. */
static bool item_matches(const struct tree *item, const struct merge_keys *keys, bool *ok)
{
	bool matches = false;
	*ok = true;
	for (size_t i = 0; i < keys->count; i++) {
		if (i < keys->value_count) {
			matches = has_value(item, keys->keys[i], keys->values[i], ok);
		}
		if (!matches) {
			return false;
		}
	}
	return matches;
}

static bool wants_maps(const struct merge_keys *keys)
{
	return keys->count && keys->keys[0][0] && keys->value_count && keys->values[0][0];
}

bool merge_set_item(struct merge *merge, struct tree *list, const struct merge_keys *keys, struct tree *item)
{
	if (!take_steps(merge, list->count + 1)) {
		return false;
	}
	bool found = false;
	uint32_t kept = 0;
	for (uint32_t i = 0; i < list->count; i++) {
		struct tree *at = list->items[i];
		if (is_empty_map(at)) {
			continue;
		}
		if (!tree_is_map(at) && wants_maps(keys)) {
			list->items[kept++] = at;
			continue;
		}
		bool ok;
		bool matches = item_matches(at, keys, &ok);
		if (!ok) {
			return err_set(merge->err, ERR_INPUT, "the list is merged by the key '%s', but has items of another kind",
			               keys->keys[0]);
		}
		found = found || matches;
		if (matches ? item != NULL : keys->value_count > 0) {
			list->items[kept++] = matches ? item : at;
		}
	}
	list->count = kept;
	if (!kept) {
		list->items = NULL;
		list->cap = 0;
	}
	if (!merge_is_missing(item) && !found) {
		tree_append(merge->arena, list, item);
	}
	return true;
}

bool merge_append_items(struct merge *merge, struct tree *list, const struct tree *from, const struct merge_keys *keys)
{
	for (uint32_t i = 0; from && i < from->count; i++) {
		struct tree *item = from->items[i];
		struct merge_keys its = *keys;
		its.value_count = 0;
		if (!keys->keys[0][0]) {
			its.count = its.value_count = 1;
			its.values[0] = text_of(item);
			if (!merge_set_item(merge, list, &its, item)) {
				return false;
			}
			continue;
		}
		for (size_t k = 0; k < keys->count; k++) {
			if (!merge_is_missing(item) && !tree_is_map(item)) {
				return err_set(merge->err, ERR_INPUT, "the list is merged by the key '%s', but has an item that is no mapping",
				               keys->keys[k]);
			}
			const struct tree *value = merge_is_missing(item) ? NULL : tree_get(item, keys->keys[k]);
			if (value) {
				its.values[its.value_count++] = text_of(value);
			} else {
				tree_append(merge->arena, list, item);
			}
		}
		if (keys->count > 1 && !merge_set_item(merge, list, &its, NULL)) {
			return false;
		}
		if (!merge_set_item(merge, list, &its, item)) {
			return false;
		}
	}
	return true;
}

/* --- the walk over the values of the keys ------------------------------------------------------------------------ */

/* Of each item that is to be looked at, its values, one a key. */
struct rows {
	size_t keys;
	size_t count;
	const char **values; /* count * keys */
};

static const char **row(const struct rows *rows, size_t at)
{
	return rows->values + at * rows->keys;
}

static bool same_row(const char *const *a, const char *const *b, size_t keys)
{
	for (size_t i = 0; i < keys; i++) {
		if (strcmp(a[i], b[i]) != 0) {
			return false;
		}
	}
	return true;
}

static const char *key_value(const struct tree *item, const char *key)
{
	if (!*key) {
		return text_of(item);
	}
	const struct tree *value = tree_get(item, key);
	return merge_is_missing(value) ? "" : text_of(value);
}

/* The patch's items come first; each set of values once. */
static bool collect_rows(struct merge *merge, struct tree *sides[2], const char *const *keys, struct rows *rows)
{
	size_t most = (sides[0] ? sides[0]->count : 0) + (sides[1] ? sides[1]->count : 0);
	rows->values = arena_new(merge->arena, most * rows->keys, sizeof *rows->values);
	for (size_t side = 2; side-- > 0;) {
		for (uint32_t i = 0; tree_is_list(sides[side]) && i < sides[side]->count; i++) {
			const char **values = row(rows, rows->count);
			for (size_t k = 0; k < rows->keys; k++) {
				values[k] = key_value(sides[side]->items[i], keys[k]);
			}
			bool seen = false;
			for (size_t at = 0; at < rows->count && !seen; at++) {
				seen = same_row((const char *const *)row(rows, at), (const char *const *)values, rows->keys);
			}
			if (!take_steps(merge, rows->count)) {
				return false;
			}
			rows->count += !seen;
		}
	}
	return true;
}

/* Two sets agree where they have a value in common and differ only in that one of them lacks one. */
static bool join_rows(const char *const *a, const char *const *b, size_t keys, const char **joined)
{
	bool common = false;
	for (size_t i = 0; i < keys; i++) {
		if (strcmp(a[i], b[i]) == 0) {
			common = true;
		} else if (*a[i] && *b[i]) {
			return false;
		}
		joined[i] = *a[i] ? a[i] : b[i];
	}
	return common;
}

/* A port with and one without a protocol are the same port, and so on. */
static bool join_all(struct merge *merge, struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		if (!take_steps(merge, rows->count)) {
			return false;
		}
		/* What the row was when its turn came is compared, whatever it becomes meanwhile. */
		const char *mine[SCHEMA_KEYS_MAX];
		memcpy(mine, row(rows, i), rows->keys * sizeof *mine);
		for (size_t j = 0; j < rows->count; j++) {
			const char *joined[SCHEMA_KEYS_MAX];
			if (join_rows(mine, (const char *const *)row(rows, j), rows->keys, joined)) {
				memcpy(row(rows, i), joined, rows->keys * sizeof *joined);
				memcpy(row(rows, j), joined, rows->keys * sizeof *joined);
			}
		}
	}
	return true;
}

/* Keys that some item has, with this item's values; all of them where none has any. */
static struct merge_keys valid_keys(const bool *used, const char *const *keys, const char *const *values, size_t count)
{
	bool any = false;
	for (size_t i = 0; i < count; i++) {
		any = any || used[i];
	}
	struct merge_keys valid = { 0 };
	for (size_t i = 0; i < count; i++) {
		if (used[i] || !any) {
			valid.keys[valid.count++] = keys[i];
			valid.values[valid.value_count++] = values[i];
		}
	}
	return valid;
}

/* Of those keys, the ones that this item has itself. */
static struct merge_keys own_keys(const struct merge_keys *keys)
{
	bool used[SCHEMA_KEYS_MAX];
	for (size_t i = 0; i < keys->count; i++) {
		used[i] = keys->values[i][0];
	}
	return valid_keys(used, keys->keys, keys->values, keys->count);
}

/* Sees to it that the merged item has its keys. A scalar, whose key is "", becomes one that nobody wrote. */
static void set_keys(struct merge *merge, struct tree *item, const struct merge_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++) {
		const char *value = keys->values[i];
		if (*value && tree_is_scalar(item) && !*keys->keys[i]) {
			setter_set_scalar(merge->arena, item, value, NULL);
		}
		if (!*value || !tree_is_map(item) || tree_get(item, keys->keys[i])) {
			continue;
		}
		setter_put(merge->arena, item, keys->keys[i], TREE_PLAIN, setter_new_scalar(merge->arena, value));
	}
}

struct item_walk {
	const struct merge_place *place;
	struct schema_at at;
	merge_item_fn *merge_item;
	struct tree *added; /* the merged items, the patch's first */
};

static bool walk_row(struct merge *merge, const struct item_walk *walk, struct tree *sides[2], const struct merge_keys *keys)
{
	struct merge_keys own = own_keys(keys);
	struct tree *items[2] = { merge_find_item(sides[0], &own), merge_find_item(sides[1], &own) };
	size_t steps = (sides[0] ? sides[0]->count : 0) + (sides[1] ? sides[1]->count : 0);
	struct merge_place place = { walk->place, NULL };
	struct tree *merged = NULL;
	if (!take_steps(merge, steps) || !walk->merge_item(merge, &place, items, walk->at, &merged)) {
		return false;
	}
	if (is_empty_map(merged)) {
		for (size_t i = 0; i < keys->count; i++) {
			if (!merge_set_item(merge, sides[0], keys, NULL)) {
				return false;
			}
		}
		return true;
	}
	set_keys(merge, merged, keys);
	return merge_set_item(merge, walk->added, keys, merged);
}

bool merge_items(struct merge *merge, const struct merge_place *place, struct tree *sides[2], struct schema_at at,
                 merge_item_fn *merge_item, struct tree **merged)
{
	const char *keys[SCHEMA_KEYS_MAX];
	struct rows rows = { .keys = schema_keys(at, keys) };
	if (rows.keys == 0) {
		keys[rows.keys++] = "";
	}
	if (!collect_rows(merge, sides, keys, &rows) || (rows.keys > 1 && !join_all(merge, &rows))) {
		return false;
	}
	*merged = sides[0];
	if (rows.count == 0) {
		return true;
	}
	struct item_walk walk = { place, schema_items(at), merge_item, tree_new_list(merge->arena) };
	bool used[SCHEMA_KEYS_MAX] = { false };
	for (size_t i = 0; i < rows.count * rows.keys; i++) {
		used[i % rows.keys] = used[i % rows.keys] || *rows.values[i];
	}
	struct merge_keys valid = { 0 };
	for (size_t i = 0; i < rows.count; i++) {
		valid = valid_keys(used, keys, (const char *const *)row(&rows, i), rows.keys);
		if (!walk_row(merge, &walk, sides, &valid)) {
			return false;
		}
	}
	*merged = walk.added;
	return merge_append_items(merge, walk.added, sides[0], &valid);
}
