#include "render/kustomize/resmap.h"

#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/kustomize/setter.h"

void resmap_add(struct resmap *map, struct resource *resource)
{
	if (map->count == map->cap) {
		size_t cap = map->cap ? 2 * map->cap : 8;
		map->items = arena_grow(map->arena, map->items, map->count * sizeof(*map->items), cap * sizeof(*map->items));
		map->cap = cap;
	}
	map->items[map->count++] = resource;
}

static const char *where(const struct resource *resource)
{
	return resource->path ? resource->path : "a generator";
}

static bool refuse_twice(const struct resmap *map, struct resource *resource, const struct resource *first, struct err *err)
{
	return err_set(err, ERR_INPUT, "%s is there twice: from %s and from %s",
	               id_text(map->arena, resource_id(map->arena, resource)), where(first), where(resource));
}

bool resmap_append(struct resmap *map, struct resource *resource, struct err *err)
{
	size_t count = 0;
	const struct resource *first = resmap_find_current(map, resource_id(map->arena, resource), &count);
	if (first) {
		return refuse_twice(map, resource, first, err);
	}
	resmap_add(map, resource);
	return true;
}

bool resmap_append_known(struct resmap *map, struct idset *ids, const struct resmap *from, struct err *err)
{
	for (size_t i = 0; i < from->count; i++) {
		const struct id *id = resource_id(map->arena, from->items[i]);
		if (idset_count(ids, id)) {
			size_t count = 0;
			return refuse_twice(map, from->items[i], resmap_find_current(map, id, &count), err);
		}
		idset_add(ids, id);
		resmap_add(map, from->items[i]);
	}
	return true;
}

bool resmap_append_all(struct resmap *map, const struct resmap *from, struct err *err)
{
	CLEANUP(arena_release) struct arena scratch = ARENA_INIT(LIMIT_BUILD_BYTES);
	struct idset *ids = idset_new(&scratch, map->count + from->count);
	for (size_t i = 0; i < map->count; i++) {
		idset_add(ids, resource_id(map->arena, map->items[i]));
	}
	return resmap_append_known(map, ids, from, err);
}

bool resmap_check_ids(const struct resmap *map, struct err *err)
{
	CLEANUP(arena_release) struct arena scratch = ARENA_INIT(LIMIT_BUILD_BYTES);
	struct idset *ids = idset_new(&scratch, map->count);
	for (size_t i = 0; i < map->count; i++) {
		const struct id *id = resource_id(map->arena, map->items[i]);
		size_t count = 0;
		if (idset_count(ids, id)) {
			return refuse_twice(map, map->items[i], resmap_find_current(map, id, &count), err);
		}
		idset_add(ids, id);
	}
	return true;
}

/* --- generators --------------------------------------------------------------------------------------------------- */

/* null is no text, whatever it is written as. */
static const char *text_of(const struct tree *tree)
{
	const char *text = tree_is_null(tree) ? NULL : tree_text(tree);
	return text ? text : "";
}

/* An entry of data, and which one it is of all. */
struct datum {
	const char *key;
	const char *value;
	uint32_t number;
};

/* What GetDataMap has of "data" or "binaryData". */
static uint32_t add_data(const struct tree *map, struct datum *data, uint32_t count)
{
	for (uint32_t i = 0; tree_is_map(map) && i + 1 < map->count; i += 2) {
		data[count] = (struct datum){ text_of(map->items[i]), text_of(map->items[i + 1]), count };
		count++;
	}
	return count;
}

static int by_key(const void *a, const void *b)
{
	const struct datum *left = a;
	const struct datum *right = b;
	int order = strcmp(left->key, right->key);
	return order ? order : left->number < right->number ? -1 : 1;
}

/* SetDataMap: sorted, of equal keys the last one. */
static struct tree *new_data(struct arena *arena, struct datum *data, uint32_t count)
{
	struct tree *map = tree_new_map(arena);
	qsort(data, count, sizeof *data, by_key);
	for (uint32_t i = 0; i < count; i++) {
		if (i + 1 < count && strcmp(data[i].key, data[i + 1].key) == 0) {
			continue;
		}
		tree_append(arena, map, tree_new_plain(arena, data[i].key));
		tree_append(arena, map, setter_new_string(arena, data[i].value));
	}
	return map;
}

/* A key without a name ends the reference with "wrong node kind". */
static bool merge_data(struct arena *arena, struct resource *resource, const struct resource *old, const char *field,
                       struct err *err)
{
	const struct tree *under = tree_get(old->root, field);
	const struct tree *over = tree_get(resource->root, field);
	size_t most = (tree_is_map(under) ? under->count / 2 : 0) + (tree_is_map(over) ? over->count / 2 : 0);
	struct datum *data = arena_new(arena, most, sizeof *data);
	uint32_t count = add_data(over, data, add_data(under, data, 0));
	(void)tree_remove(resource->root, field);
	if (count == 0) {
		return true;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (!*data[i].key) {
			return err_set(err, ERR_INPUT, "%s has a key without a name, which cannot be merged", field);
		}
	}
	(void)tree_put(arena, resource->root, field, new_data(arena, data, count));
	return true;
}

static bool merge_into(struct resmap *map, struct resource *resource, struct resource *old, struct err *err)
{
	static const char ORIGIN[] = "config.kubernetes.io/origin";
	enum behavior behavior = resource_behavior(resource);
	char *text = id_text(map->arena, resource_id(map->arena, resource));
	if (behavior != BEHAVIOR_MERGE && behavior != BEHAVIOR_REPLACE) {
		return err_set(err, ERR_INPUT, "%s exists already, from %s: only behavior merge or replace can change it", text,
		               where(old));
	}
	const char *origin = resource_annotation(old, ORIGIN);
	resource_take_metadata(map->arena, resource, old);
	if (behavior == BEHAVIOR_MERGE) {
		if (!merge_data(map->arena, resource, old, "data", err) || !merge_data(map->arena, resource, old, "binaryData", err)) {
			return err_wrap(err, "%s, from %s", text, where(old));
		}
		if (origin) {
			resource_set_annotation(map->arena, resource, ORIGIN, origin);
		}
	}
	size_t count = 0;
	struct resource *current = resmap_find_current(map, resource_id(map->arena, resource), &count);
	if (current != old || count != 1) {
		return err_set(err, ERR_INPUT, "%s cannot be merged: another object has its name now", text);
	}
	for (size_t i = 0; i < map->count; i++) {
		if (map->items[i] == old) {
			map->items[i] = resource;
		}
	}
	return true;
}

static bool absorb(struct resmap *map, struct resource *resource, struct err *err)
{
	size_t count = 0;
	struct resource *old = resmap_find_any(map, resource_id(map->arena, resource), &count);
	enum behavior behavior = resource_behavior(resource);
	if (count > 1) {
		return err_set(err, ERR_INPUT, "%s could be merged into %zu objects",
		               id_text(map->arena, resource_id(map->arena, resource)), count);
	}
	if (count == 1) {
		return merge_into(map, resource, old, err);
	}
	if (behavior == BEHAVIOR_MERGE || behavior == BEHAVIOR_REPLACE) {
		return err_set(err, ERR_INPUT, "%s does not exist: behavior merge or replace needs one that does",
		               id_text(map->arena, resource_id(map->arena, resource)));
	}
	return resmap_append(map, resource, err);
}

bool resmap_absorb_all(struct resmap *map, const struct resmap *from, struct err *err)
{
	for (size_t i = 0; i < from->count; i++) {
		if (!absorb(map, from->items[i], err)) {
			return false;
		}
	}
	return true;
}

/* --- looking ------------------------------------------------------------------------------------------------------ */

void resmap_drop_gone(struct resmap *map)
{
	size_t count = 0;
	for (size_t i = 0; i < map->count; i++) {
		if (!resource_is_gone(map->items[i])) {
			map->items[count++] = map->items[i];
		}
	}
	map->count = count;
}

struct resource *resmap_find_current(const struct resmap *map, const struct id *id, size_t *count)
{
	struct resource *first = NULL;
	*count = 0;
	for (size_t i = 0; i < map->count; i++) {
		if (id_equal(resource_id(map->arena, map->items[i]), id)) {
			first = first ? first : map->items[i];
			++*count;
		}
	}
	return first;
}

struct resource *resmap_find_any(const struct resmap *map, const struct id *id, size_t *count)
{
	struct resource *first = NULL;
	*count = 0;
	for (size_t i = 0; i < map->count; i++) {
		if (!resource_is_gone(map->items[i]) && resource_was(map->arena, map->items[i], id)) {
			first = first ? first : map->items[i];
			++*count;
		}
	}
	return first;
}

struct resource *resmap_get(const struct resmap *map, const struct id *id, struct err *err)
{
	size_t count = 0;
	struct resource *found = resmap_find_any(map, id, &count);
	if (count == 1) {
		return found;
	}
	const char *text = id_text(map->arena, id);
	if (count) {
		(void)err_set(err, ERR_INPUT, "%zu objects are or were %s: it is not clear which one is meant", count, text);
	} else {
		(void)err_set(err, ERR_INPUT, "no object is or was %s", text);
	}
	return NULL;
}

struct resmap resmap_copy_list(const struct resmap *map)
{
	struct resmap copy = RESMAP_INIT(map->arena);
	for (size_t i = 0; i < map->count; i++) {
		resmap_add(&copy, map->items[i]);
	}
	return copy;
}
