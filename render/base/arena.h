/*
 * Memory that is given back all at once: what a build makes and shares in many places. Out of memory aborts; what a build may
 * take is bounded by `max`, which whoever runs its steps asks for between them (arena_full), so that no step has to.
 */
#ifndef RENDER_BASE_ARENA_H
#define RENDER_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "render/base/macros.h"

struct arena_block;

struct arena {
	struct arena_block *blocks; /* the newest first */
	size_t total;               /* bytes of all blocks */
	size_t max;
};

#define ARENA_INIT(limit) ((struct arena){ .max = (limit) })

void arena_release(struct arena *arena);

/* More was taken than `max`: end with an error that names the limit. */
bool arena_full(const struct arena *arena);

/* Zeroed, aligned to 8 bytes: for any type but long double. Lives as long as the arena. */
void *arena_new(struct arena *arena, size_t count, size_t size);

/* Whether the memory is of this arena: for what moves a few things of it to one that lives longer. */
bool arena_holds(const struct arena *arena, const void *memory);

/* A larger copy of `old`, which stays as it is. */
void *arena_grow(struct arena *arena, const void *old, size_t old_size, size_t new_size);

char *arena_text(struct arena *arena, const char *text);
char *arena_text_len(struct arena *arena, const char *text, size_t len); /* NUL-terminated */
char *arena_printf(struct arena *arena, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
