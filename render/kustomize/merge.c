#include "render/kustomize/merge.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/kustomize/merge_list.h"
#include "render/kustomize/setter.h"

enum directive { PATCH_MERGE, PATCH_DELETE, PATCH_REPLACE };

enum side { OBJECT, PATCH };

static const char directive_key[] = "$patch";

/* The outcome of one node's merge. */
struct outcome {
	struct tree *tree; /* NULL: the field goes */
	bool keep;         /* though it is a null */
};

static void print_place(const struct merge_place *place, char *out, size_t size)
{
	if (!place || !place->up) {
		out[0] = '\0';
		return;
	}
	print_place(place->up, out, size);
	size_t len = strlen(out);
	if (place->key) {
		(void)snprintf(out + len, size - len, "%s%.100s", len ? "." : "", place->key);
	} else {
		(void)snprintf(out + len, size - len, "[]");
	}
}

bool merge_fail(struct merge *merge, const struct merge_place *place, const struct tree *patch, const char *fmt, ...)
{
	char field[300], what[160];
	print_place(place, field, sizeof field);
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(what, sizeof what, fmt, args);
	va_end(args);
	if (patch && patch->line) {
		return err_set(merge->err, ERR_INPUT, "field '%s' (line %u of the patch): %s", field, (unsigned)patch->line, what);
	}
	return err_set(merge->err, ERR_INPUT, "field '%s': %s", field, what);
}

/* --- directives -------------------------------------------------------------------------------------------------- */

static bool parse_directive(struct merge *merge, const struct merge_place *place, const struct tree *value,
                            enum directive *directive)
{
	static const char *const words[] = { [PATCH_MERGE] = "merge", [PATCH_DELETE] = "delete", [PATCH_REPLACE] = "replace" };
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (tree_text_is(value, words[i])) {
			*directive = (enum directive)i;
			return true;
		}
	}
	return merge_fail(merge, place, value, "$patch must be delete, replace or merge");
}

static bool take_map_directive(struct merge *merge, const struct merge_place *place, struct tree *patch,
                               enum directive *directive)
{
	struct tree *value = tree_get(patch, directive_key);
	if (!value) {
		return true;
	}
	if (!parse_directive(merge, place, value, directive)) {
		return false;
	}
	(void)tree_remove(patch, directive_key);
	return true;
}

/* In a list it is an item of its own. One with more fields is about that item. */
static bool take_list_directive(struct merge *merge, const struct merge_place *place, struct tree *patch,
                                enum directive *directive)
{
	for (uint32_t i = 0; i < patch->count; i++) {
		const struct tree *item = patch->items[i];
		const struct tree *value = tree_get(item, directive_key);
		if (!value) {
			continue;
		}
		if (item->count > 2) {
			return true;
		}
		if (!parse_directive(merge, place, value, directive)) {
			return false;
		}
		struct merge_keys keys = { 1, { directive_key }, 1, { value->text } };
		return merge_set_item(merge, patch, &keys, NULL);
	}
	return true;
}

/* Takes $patch out of the patch. */
static bool take_directive(struct merge *merge, const struct merge_place *place, struct tree *patch, enum directive *directive)
{
	*directive = PATCH_MERGE;
	if (tree_is_map(patch)) {
		return take_map_directive(merge, place, patch, directive);
	}
	return !tree_is_list(patch) || take_list_directive(merge, place, patch, directive);
}

/* --- comments and styles ----------------------------------------------------------------------------------------- */

/* SetComments: the patch's go to the object. Notes are shared between copies of a node. */
static void take_comments(struct merge *merge, struct tree *object, const struct tree *patch)
{
	const struct tree_notes *theirs = patch->notes;
	if (!theirs || (!theirs->head && !theirs->line && !theirs->foot)) {
		return;
	}
	struct tree_notes *notes = arena_new(merge->arena, 1, sizeof *notes);
	*notes = object->notes ? *object->notes : (struct tree_notes){ 0 };
	notes->head = theirs->head ? theirs->head : notes->head;
	notes->line = theirs->line ? theirs->line : notes->line;
	notes->foot = theirs->foot ? theirs->foot : notes->foot;
	object->notes = notes;
}

/* SetComments and SetStyle: an empty list or mapping of the object becomes one in lines or in brackets as the patch has it. */
static void take_looks(struct merge *merge, struct tree *const sides[2])
{
	if (!sides[OBJECT] || !sides[PATCH]) {
		return;
	}
	take_comments(merge, sides[OBJECT], sides[PATCH]);
	if (sides[OBJECT]->kind != TREE_SCALAR && sides[OBJECT]->count == 0) {
		tree_take_style(sides[OBJECT], sides[PATCH]);
	}
}

/* --- the visitor: what stands in a field after the merge, before its own fields are merged --------------------------- */

static bool visit_new(struct merge *merge, const struct merge_place *place, struct tree *const sides[2], struct outcome *out)
{
	enum directive directive = PATCH_MERGE;
	struct err ignored = ERR_INIT;
	struct err *err = merge->err;
	merge->err = &ignored; /* an unknown directive of something new is a field like any other */
	(void)take_directive(merge, place, sides[PATCH], &directive);
	merge->err = err;
	out->tree = directive == PATCH_DELETE ? NULL : sides[PATCH];
	const struct tree *object = sides[OBJECT];
	if (!sides[PATCH] && object && object->kind == TREE_SCALAR && object->len) {
		struct tree *null = tree_new_plain(merge->arena, object->text);
		null->tag = TREE_NULL;
		null->line = object->line;
		*out = (struct outcome){ null, true };
	}
	return true;
}

static bool visit_old(struct merge *merge, const struct merge_place *place, struct tree *const sides[2], struct outcome *out)
{
	if (sides[PATCH] && merge_is_missing(sides[PATCH])) {
		return true;
	}
	enum directive directive;
	if (!take_directive(merge, place, sides[PATCH], &directive)) {
		return false;
	}
	if (directive != PATCH_DELETE) {
		out->tree = directive == PATCH_REPLACE ? sides[PATCH] : sides[OBJECT];
	}
	return true;
}

/* --- the walk ---------------------------------------------------------------------------------------------------- */

static bool walk(struct merge *merge, const struct merge_place *place, struct tree *sides[2], struct schema_at at,
                 struct outcome *out);

static int by_text(const void *a, const void *b)
{
	const char *const *left = a;
	const char *const *right = b;
	return strcmp(*left, *right);
}

static size_t add_keys(const struct tree *map, const char **keys)
{
	size_t count = 0;
	for (uint32_t i = 0; tree_is_map(map) && i + 1 < map->count; i += 2) {
		keys[count++] = map->items[i]->kind == TREE_SCALAR ? map->items[i]->text : "";
	}
	return count;
}

/* The keys of both, sorted, each once. */
static const char **all_keys(struct arena *arena, struct tree *const sides[2], size_t *count)
{
	size_t most = (tree_is_map(sides[OBJECT]) ? sides[OBJECT]->count : 0) + (tree_is_map(sides[PATCH]) ? sides[PATCH]->count : 0);
	const char **keys = arena_new(arena, most / 2 + 1, sizeof *keys);
	size_t found = add_keys(sides[OBJECT], keys);
	if (sides[PATCH] != sides[OBJECT]) {
		found += add_keys(sides[PATCH], keys + found);
	}
	qsort(keys, found, sizeof *keys, by_text);
	*count = 0;
	for (size_t i = 0; i < found; i++) {
		if (i == 0 || strcmp(keys[i], keys[*count - 1]) != 0) {
			keys[(*count)++] = keys[i];
		}
	}
	return keys;
}

/* The key of where the value came from: one that is new is written alike. */
static const struct tree *key_of(struct tree *const sides[2], const char *key, const struct tree *value)
{
	for (size_t side = OBJECT; side <= PATCH; side++) {
		long at = tree_find(sides[side], key);
		if (at >= 0 && sides[side]->items[at + 1] == value) {
			return sides[side]->items[at];
		}
	}
	return NULL;
}

static void put_field(struct merge *merge, struct tree *const sides[2], const char *key, struct tree *value)
{
	struct tree *map = sides[OBJECT];
	const struct tree *like = key_of(sides, key, value);
	uint32_t count = map->count;
	setter_put(merge->arena, map, key, like ? like->style : TREE_PLAIN, value);
	if (map->count > count) {
		map->items[count]->shown = like && like->shown;
	}
}

static bool set_field(struct merge *merge, const struct merge_place *place, struct tree *const sides[2],
                      const struct outcome *value)
{
	struct tree *map = sides[OBJECT];
	if (!*place->key) {
		return merge_fail(merge, place->up, value->tree, "a field of no name cannot be merged");
	}
	if (!value->tree || (merge_is_missing(value->tree) && !value->keep)) {
		(void)tree_remove(map, place->key);
	} else if (tree_is_map(map)) {
		put_field(merge, sides, place->key, value->tree);
	}
	return true;
}

/* A comment at the value or, as most are, at the key says more than the schema. */
static struct schema_at field_schema(const struct merge *merge, struct tree *const sides[2], struct schema_at at, const char *key)
{
	for (size_t side = OBJECT; side <= PATCH; side++) {
		long found = tree_find(sides[side], key);
		for (long i = found + 1; found >= 0 && i >= found; i--) {
			struct schema_at said = SCHEMA_NOTHING;
			if (sides[side]->items[i]->notes) {
				said = schema_of_comment(merge->arena, merge->schema, sides[side]->items[i]);
			}
			if (said.node) {
				return said;
			}
		}
	}
	return schema_field(at, key);
}

static bool take_keys(struct merge *merge, const struct merge_place *place, struct tree *const sides[2])
{
	for (size_t side = OBJECT; side <= PATCH; side++) {
		merge->keys += tree_is_map(sides[side]) ? sides[side]->count / 2 : 0;
	}
	static const char why[] = "the mapping has too many keys to merge: use a JSON patch";
	return merge->keys <= LIMIT_MERGE_KEYS || merge_fail(merge, place, sides[OBJECT], why);
}

static bool walk_map(struct merge *merge, const struct merge_place *place, struct tree *sides[2], struct schema_at at,
                     struct outcome *out)
{
	take_looks(merge, sides);
	bool is_new = merge_is_missing(sides[OBJECT]);
	if (!(is_new ? visit_new : visit_old)(merge, place, sides, out)) {
		return false;
	}
	sides[OBJECT] = out->tree;
	if (!out->tree) {
		return true;
	}
	size_t count;
	const char **keys = all_keys(merge->arena, sides, &count);
	for (size_t i = 0; i < count; i++) {
		struct merge_place inner = { place, keys[i] };
		if (!take_keys(merge, place, sides)) {
			return false;
		}
		struct tree *values[2] = { tree_get(sides[OBJECT], keys[i]), tree_get(sides[PATCH], keys[i]) };
		struct outcome value = { NULL, false };
		if (!walk(merge, &inner, values, field_schema(merge, sides, at, keys[i]), &value) ||
		    !set_field(merge, &inner, sides, &value)) {
			return false;
		}
	}
	return true;
}

static bool walk_item(struct merge *merge, const struct merge_place *place, struct tree *sides[2], struct schema_at at,
                      struct tree **merged)
{
	struct outcome out = { NULL, false };
	if (!walk(merge, place, sides, at, &out)) {
		return false;
	}
	*merged = out.tree;
	return true;
}

static bool walk_list(struct merge *merge, const struct merge_place *place, struct tree *sides[2], struct schema_at at,
                      struct outcome *out)
{
	take_looks(merge, sides);
	if (!schema_merges(at)) {
		out->tree = sides[PATCH] ? sides[PATCH] : sides[OBJECT];
		return true;
	}
	if (merge_is_missing(sides[OBJECT])) {
		out->tree = sides[PATCH];
	} else if (!visit_old(merge, place, sides, out)) {
		return false;
	}
	sides[OBJECT] = out->tree;
	return !out->tree || merge_items(merge, place, sides, at, walk_item, &out->tree);
}

/* A comment of its own says more than the schema; of what no schema is known yet, the object itself may tell it. */
static struct schema_at find_schema(const struct merge *merge, struct tree *const sides[2], struct schema_at at)
{
	for (size_t side = OBJECT; side <= PATCH; side++) {
		struct schema_at said = SCHEMA_NOTHING;
		if (!merge_is_missing(sides[side]) && sides[side]->notes) {
			said = schema_of_comment(merge->arena, merge->schema, sides[side]);
		}
		if (said.node) {
			return said;
		}
	}
	for (size_t side = OBJECT; side <= PATCH && !at.node; side++) {
		const char *api_version = tree_get_text(sides[side], "apiVersion");
		const char *kind = tree_get_text(sides[side], "kind");
		if (api_version && *api_version && kind && *kind) {
			at = schema_of_kind(merge->schema, api_version, kind);
		}
	}
	return at;
}

static bool walk(struct merge *merge, const struct merge_place *place, struct tree *sides[2], struct schema_at at,
                 struct outcome *out)
{
	const struct tree *first = !merge_is_missing(sides[OBJECT]) ? sides[OBJECT] : sides[PATCH];
	if (merge_is_missing(first)) {
		return walk_map(merge, place, sides, at, out);
	}
	if (!merge_is_missing(sides[PATCH]) && sides[PATCH]->kind != first->kind) {
		return merge_fail(merge, place, sides[PATCH], "the patch has %s where the object has %s", setter_kind_text(sides[PATCH]),
		                  setter_kind_text(first));
	}
	at = find_schema(merge, sides, at);
	switch (first->kind) {
	case TREE_MAP:
		return walk_map(merge, place, sides, at, out);
	case TREE_LIST:
		return walk_list(merge, place, sides, at, out);
	case TREE_SCALAR:
	default:
		take_looks(merge, sides);
		out->tree = sides[PATCH] ? sides[PATCH] : sides[OBJECT];
		return true;
	}
}

bool merge_apply(struct arena *arena, const struct schema *schema, struct tree *object, struct tree *patch, struct tree **merged,
                 struct err *err)
{
	struct merge merge = { .arena = arena, .schema = schema, .err = err };
	struct merge_place root = { NULL, NULL };
	struct tree *sides[2] = { object, patch };
	struct outcome out = { NULL, false };
	if (!walk(&merge, &root, sides, SCHEMA_NOTHING, &out)) {
		return false;
	}
	*merged = out.tree;
	return true;
}
