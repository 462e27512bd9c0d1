/*
 * A hash map from strings to pointers. Keys are copied, values borrowed. Iteration is in insertion order, so output
 * built from it is deterministic.
 */
#ifndef RENDER_BASE_MAP_H
#define RENDER_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>

struct map_entry {
	char *key;
	void *value;
};

struct map {
	struct map_entry *entries; /* in insertion order */
	size_t count;
	size_t cap;
	size_t *slots; /* index into entries + 1, 0 is free */
	size_t slot_count;
};

#define MAP_INIT ((struct map){ 0 })

void map_release(struct map *map);

/* The value, or NULL. */
void *map_get(const struct map *map, const char *key);
bool map_has(const struct map *map, const char *key);

/* Sets or replaces; returns the value that was there, or NULL. */
void *map_set(struct map *map, const char *key, void *value);

#endif
