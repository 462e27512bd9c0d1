/* Merge keys of resources: kyaml's deAnchor. */
#include <string.h>

#include "render/base/map.h"
#include "render/kustomize/parse.h"

static bool fail(const struct parse_source *source, const struct tree *at, const char *what, struct err *err)
{
	return err_set(err, ERR_INPUT, "%s:%u: %s", source->path, at->line, what);
}

/* The mapping that is made has room for all. */
struct merged {
	struct arena *arena;
	struct tree *map;
	struct map places; /* of a key's text: struct tree **, where the key is in the mapping, the value behind it */
};

static void release(struct merged *merged)
{
	map_release(&merged->places);
}

static const char *text_of(const struct tree *key)
{
	return key->kind == TREE_SCALAR && strlen(key->text) == key->len ? key->text : NULL;
}

static void append(struct merged *merged, struct tree *key, struct tree *value)
{
	struct tree *map = merged->map;
	struct tree **place = &map->items[map->count];
	place[0] = key;
	place[1] = value;
	map->count += 2;
	const char *text = text_of(key);
	if (text && !map_has(&merged->places, text)) {
		(void)map_set(&merged->places, text, place);
	}
}

/* kyaml's VisitFields looks each key up by its name: of keys that are there twice the first one counts. */
static void merge_from(struct merged *merged, const struct tree *from, bool own)
{
	CLEANUP(map_release) struct map seen = MAP_INIT;
	for (uint32_t i = 0; i + 1 < from->count; i += 2) {
		struct tree *key = from->items[i];
		const char *text = text_of(key);
		if (text ? map_set(&seen, text, key) != NULL : own) {
			continue;
		}
		struct tree *value = own ? from->items[i + 1] : tree_copy(merged->arena, from->items[i + 1]);
		struct tree **place = text ? map_get(&merged->places, text) : NULL;
		if (place) {
			place[0] = key;
			place[1] = value;
		} else {
			append(merged, key, value);
		}
	}
}

/* Of a list the first mapping wins, so it goes last; the mapping's own keys win over all. */
static bool merge(struct arena *arena, const struct parse_source *source, struct tree *map, struct tree *value, struct err *err)
{
	struct tree **from = value->kind == TREE_LIST ? value->items : &value;
	uint32_t count = value->kind == TREE_LIST ? value->count : 1;
	struct tree own = *map;
	map->cap = own.count;
	for (uint32_t i = 0; i < count; i++) {
		if (from[i]->kind != TREE_MAP) {
			return fail(source, value, "what is merged must be a mapping or a list of mappings", err);
		}
		map->cap += from[i]->count;
	}
	/* A mapping that had nothing but the merge key is empty and not without items: they are hashed differently. */
	map->items = map->cap ? arena_new(arena, map->cap, sizeof(struct tree *)) : own.items;
	map->count = 0;
	CLEANUP(release) struct merged merged = { .arena = arena, .map = map, .places = MAP_INIT };
	for (uint32_t i = 0; i + 1 < own.count; i += 2) {
		append(&merged, own.items[i], own.items[i + 1]);
	}
	for (uint32_t i = count; i > 0; i--) {
		merge_from(&merged, from[i - 1], false);
	}
	merge_from(&merged, &own, true);
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
