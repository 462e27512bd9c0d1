#include "render/base/map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"

enum { FIRST_SLOTS = 16 };

/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */
static uint64_t hash(const char *key)
{
	uint64_t value = 14695981039346656037ULL;
	for (; *key; key++) {
		value = (value ^ (unsigned char)*key) * 1099511628211ULL;
	}
	return value;
}

/* The slot that holds the key, or the free one where it belongs. */
static size_t slot_of(const struct map *map, const char *key)
{
	size_t slot = (size_t)(hash(key) & (map->slot_count - 1));
	while (map->slots[slot] && strcmp(map->entries[map->slots[slot] - 1].key, key) != 0) {
		slot = (slot + 1) & (map->slot_count - 1);
	}
	return slot;
}

static void rehash(struct map *map, size_t slot_count)
{
	free(map->slots);
	map->slots = alloc_new(slot_count, sizeof *map->slots);
	map->slot_count = slot_count;
	for (size_t i = 0; i < map->count; i++) {
		map->slots[slot_of(map, map->entries[i].key)] = i + 1;
	}
}

void map_release(struct map *map)
{
	for (size_t i = 0; i < map->count; i++) {
		free(map->entries[i].key);
	}
	free(map->entries);
	free(map->slots);
	*map = MAP_INIT;
}

static const struct map_entry *find(const struct map *map, const char *key)
{
	if (!map->count) {
		return NULL;
	}
	size_t index = map->slots[slot_of(map, key)];
	return index ? &map->entries[index - 1] : NULL;
}

void *map_get(const struct map *map, const char *key)
{
	const struct map_entry *entry = find(map, key);
	return entry ? entry->value : NULL;
}

bool map_has(const struct map *map, const char *key)
{
	return find(map, key) != NULL;
}

void *map_set(struct map *map, const char *key, void *value)
{
	if (2 * (map->count + 1) > map->slot_count) {
		rehash(map, map->slot_count ? 2 * map->slot_count : FIRST_SLOTS);
	}
	size_t slot = slot_of(map, key);
	if (map->slots[slot]) {
		struct map_entry *entry = &map->entries[map->slots[slot] - 1];
		void *old = entry->value;
		entry->value = value;
		return old;
	}
	if (map->count == map->cap) {
		map->cap = map->cap ? 2 * map->cap : FIRST_SLOTS;
		map->entries = alloc_grow(map->entries, map->cap, sizeof *map->entries);
	}
	map->entries[map->count] = (struct map_entry){ .key = text_dup(key), .value = value };
	map->slots[slot] = ++map->count;
	return NULL;
}
