/*
 * Lists of a strategic merge that are merged item by item: kyaml's ElementSetter, ElementMatcher and what the walk does with
 * merge keys, step by step, for merge.c alone.
 */
#ifndef RENDER_KUSTOMIZE_MERGE_LIST_H
#define RENDER_KUSTOMIZE_MERGE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "render/base/arena.h"
#include "render/base/err.h"
#include "render/kustomize/schema.h"
#include "render/kustomize/tree.h"

/* What a merge works with. */
struct merge {
	struct arena *arena;
	const struct schema *schema;
	size_t steps; /* items that were compared; bounded */
	size_t keys;  /* that were looked at; bounded */
	struct err *err;
};

/* Where in the object it is, for errors. */
struct merge_place {
	const struct merge_place *up;
	const char *key; /* NULL: an item of the list */
};

/* Keys of a list's items and the values they have; a key of "" stands for a scalar's own text. */
struct merge_keys {
	size_t count;
	const char *keys[SCHEMA_KEYS_MAX];
	size_t value_count;
	const char *values[SCHEMA_KEYS_MAX];
};

/* Null by tag, or not there at all. */
bool merge_is_missing(const struct tree *tree);

/*
 * Puts `item` in the place of every item that has the values, or at the end where none has; without an item those are
 * removed. Nulls and empty mappings in the list go in any case.
 */
bool merge_set_item(struct merge *merge, struct tree *list, const struct merge_keys *keys, struct tree *item) MUST_CHECK;

/* The first item with the values; NULL where none has, or it is no list. */
struct tree *merge_find_item(const struct tree *list, const struct merge_keys *keys);

/* Adds the items of `from` to the list where their keys say. */
bool merge_append_items(struct merge *merge, struct tree *list, const struct tree *from, const struct merge_keys *keys)
	MUST_CHECK;

/* Merges one item of the two lists; NULL where nothing is left of it. */
typedef bool merge_item_fn(struct merge *merge, const struct merge_place *place, struct tree *sides[2], struct schema_at at,
                           struct tree **merged);

/* Merges the lists (either may be NULL) into a new one: *merged. */
bool merge_items(struct merge *merge, const struct merge_place *place, struct tree *sides[2], struct schema_at at,
                 merge_item_fn *merge_item, struct tree **merged) MUST_CHECK;

/* Sets an error that begins with the field; returns false. */
bool merge_fail(struct merge *merge, const struct merge_place *place, const struct tree *patch, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

#endif
