/* Merge keys of resources: kyaml's deAnchor. */
#include <string.h>

#include "render/kustomize/parse.h"

static bool fail(const struct parse_source *source, const struct tree *at, const char *what, struct err *err)
{
	return err_set(err, ERR_INPUT, "%s:%u: %s", source->path, at->line, what);
}

/* Of the first such key; map->count where there is none. */
static uint32_t find(const struct tree *map, const struct tree *key)
{
	for (uint32_t i = 0; i + 1 < map->count; i += 2) {
		const struct tree *at = map->items[i];
		bool same = at->kind == TREE_SCALAR && key->kind == TREE_SCALAR && at->len == key->len &&
		            memcmp(at->text, key->text, key->len) == 0;
		if (same) {
			return i;
		}
	}
	return map->count;
}

static void set_entry(struct arena *arena, struct tree *map, struct tree *key, struct tree *value)
{
	uint32_t at = find(map, key);
	if (at < map->count) {
		map->items[at] = key;
		map->items[at + 1] = value;
		return;
	}
	tree_append(arena, map, key);
	tree_append(arena, map, value);
}

/* kyaml's VisitFields looks each key up by its name: of keys that are there twice the first one counts. */
static void merge_from(struct arena *arena, struct tree *map, const struct tree *from, bool copy)
{
	for (uint32_t i = 0; i + 1 < from->count; i += 2) {
		uint32_t first = find(from, from->items[i]);
		first = first < from->count ? first : i;
		struct tree *value = from->items[first + 1];
		set_entry(arena, map, from->items[first], copy ? tree_copy(arena, value) : value);
	}
}

/* Of a list the first mapping wins, so it goes last; the mapping's own keys win over all. */
static bool merge(struct arena *arena, const struct parse_source *source, struct tree *map, const struct tree *value,
                  struct err *err)
{
	struct tree own = *map;
	*map = (struct tree){ .kind = TREE_MAP,
		                  .flow = own.flow,
		                  .tagged = own.tagged,
		                  .shown = own.shown,
		                  .line = own.line,
		                  .tag = own.tag,
		                  .notes = own.notes };
	for (uint32_t i = 0; i < own.count; i++) {
		tree_append(arena, map, own.items[i]);
	}
	for (uint32_t i = value->kind == TREE_LIST ? value->count : 1; i > 0; i--) {
		const struct tree *from = value->kind == TREE_LIST ? value->items[i - 1] : value;
		if (from->kind != TREE_MAP) {
			return fail(source, value, "what is merged must be a mapping or a list of mappings", err);
		}
		merge_from(arena, map, from, true);
	}
	merge_from(arena, map, &own, false);
	/* A mapping that had nothing but the merge key is empty and not without items: they are hashed differently. */
	if (!map->items) {
		map->items = own.items;
		map->cap = own.cap;
	}
	return true;
}

bool parse_finish_resource(struct arena *arena, const struct parse_source *source, struct tree *map, struct err *err)
{
	struct tree *value = NULL;
	for (uint32_t i = 0; i + 1 < map->count; i += 2) {
		if (map->items[i]->kind == TREE_SCALAR && map->items[i]->tag == TREE_MERGE) {
			if (value) {
				return fail(source, map->items[i], "two merge keys in one mapping", err);
			}
			value = map->items[i + 1];
		}
	}
	/* A key "<<" in quotes is none that merges, and is lost upstream all the same. */
	(void)tree_remove(map, "<<");
	return !value || merge(arena, source, map, value, err);
}
