/* An open hash table of ids with their number; an id that was taken out stays as 0. */
#include <string.h>

#include "render/kustomize/resmap.h"

struct slot {
	struct id id;
	uint32_t hash;
	uint32_t count;
	bool used;
};

struct idset {
	struct arena *arena;
	struct slot *slots;
	size_t size; /* a power of two, at least twice what it is asked to hold */
	size_t used;
};

static struct slot *slots_new(struct arena *arena, size_t size)
{
	return arena_new(arena, size, sizeof(struct slot));
}

struct idset *idset_new(struct arena *arena, size_t expected)
{
	struct idset *set = arena_new(arena, 1, sizeof *set);
	set->arena = arena;
	set->size = 16;
	while (set->size < 2 * expected) {
		set->size *= 2;
	}
	set->slots = slots_new(arena, set->size);
	return set;
}

/* FNV-1a, with the NUL so that texts do not run into each other. */
static uint32_t mix(uint32_t hash, const char *text)
{
	do {
		hash = (hash ^ (unsigned char)*text) * 16777619U;
	} while (*text++);
	return hash;
}

static uint32_t hash_of(const struct id *id)
{
	uint32_t hash = mix(2166136261U, id->name);
	hash = mix(hash, id->gvk.kind);
	hash = mix(hash, id->gvk.group);
	return mix(hash, id_effective_ns(id));
}

static struct slot *find(const struct idset *set, const struct id *id, uint32_t hash)
{
	size_t at = hash & (set->size - 1);
	while (set->slots[at].used && !(set->slots[at].hash == hash && id_equal(&set->slots[at].id, id))) {
		at = (at + 1) & (set->size - 1);
	}
	return &set->slots[at];
}

static void grow(struct idset *set)
{
	struct slot *old = set->slots;
	size_t size = set->size;
	set->size *= 2;
	set->slots = slots_new(set->arena, set->size);
	for (size_t i = 0; i < size; i++) {
		if (old[i].used) {
			*find(set, &old[i].id, old[i].hash) = old[i];
		}
	}
}

void idset_add(struct idset *set, const struct id *id)
{
	if (2 * (set->used + 1) > set->size) {
		grow(set);
	}
	uint32_t hash = hash_of(id);
	struct slot *slot = find(set, id, hash);
	if (!slot->used) {
		*slot = (struct slot){ .id = *id, .hash = hash, .used = true };
		set->used++;
	}
	slot->count++;
}

void idset_remove(struct idset *set, const struct id *id)
{
	struct slot *slot = find(set, id, hash_of(id));
	slot->count -= slot->used && slot->count;
}

size_t idset_count(const struct idset *set, const struct id *id)
{
	return find(set, id, hash_of(id))->count;
}
