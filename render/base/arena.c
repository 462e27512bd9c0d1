#include "render/base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"

/* Of everything that is kept in an arena: pointers, int64_t, double. */
enum { ALIGN = 8 };

/* The first block is small, as many arenas are; each next one as large as all before, up to the most. */
enum { FIRST_BYTES = 2 * 1024, BLOCK_BYTES = 64 * 1024 };

struct arena_block {
	struct arena_block *next;
	size_t used;
	size_t size;
	alignas(ALIGN) char bytes[];
};

void arena_release(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *block = arena->blocks;
		arena->blocks = block->next;
		free(block);
	}
	arena->total = 0;
}

bool arena_full(const struct arena *arena)
{
	return arena->total > arena->max;
}

bool arena_holds(const struct arena *arena, const void *memory)
{
	const char *at = memory;
	for (const struct arena_block *block = arena->blocks; block; block = block->next) {
		if (at >= block->bytes && at < block->bytes + block->size) {
			return true;
		}
	}
	return false;
}

static size_t next_size(const struct arena *arena)
{
	size_t size = arena->total < FIRST_BYTES ? FIRST_BYTES : arena->total;
	return size < BLOCK_BYTES ? size : BLOCK_BYTES;
}

/* A large value gets a block of its own behind the newest one, whose rest is still good for small ones. */
static struct arena_block *block_for(struct arena *arena, size_t size)
{
	struct arena_block *newest = arena->blocks;
	if (newest && newest->size - newest->used >= size) {
		return newest;
	}
	size_t common = next_size(arena);
	bool large = size > common / 4;
	struct arena_block *block = alloc_grow(NULL, 1, sizeof *block + (large ? size : common));
	block->used = 0;
	block->size = large ? size : common;
	arena->total += block->size;
	if (large && newest) {
		block->next = newest->next;
		newest->next = block;
	} else {
		block->next = newest;
		arena->blocks = block;
	}
	return block;
}

static void *take(struct arena *arena, size_t size, size_t align)
{
	assert(size < SIZE_MAX / 2);
	if (align > 1) {
		/* Blocks start aligned; so does everything whose size is a multiple of the alignment. */
		size = (size + align - 1) / align * align;
	}
	struct arena_block *block = block_for(arena, size + align);
	block->used = (block->used + align - 1) / align * align;
	void *memory = block->bytes + block->used;
	block->used += size;
	return memory;
}

void *arena_new(struct arena *arena, size_t count, size_t size)
{
	assert(!size || count <= SIZE_MAX / 4 / size);
	/* Not whole blocks are zeroed: what is never used costs no page. */
	void *memory = take(arena, count * size, ALIGN);
	return memset(memory, 0, count * size);
}

void *arena_grow(struct arena *arena, const void *old, size_t old_size, size_t new_size)
{
	void *memory = take(arena, new_size, ALIGN);
	if (old_size) {
		memcpy(memory, old, old_size);
	}
	memset((char *)memory + old_size, 0, new_size - old_size);
	return memory;
}

char *arena_text_len(struct arena *arena, const char *text, size_t len)
{
	char *copy = take(arena, len + 1, 1);
	if (len) {
		memcpy(copy, text, len);
	}
	copy[len] = '\0';
	return copy;
}

char *arena_text(struct arena *arena, const char *text)
{
	return arena_text_len(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	va_list again;
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	assert(len >= 0);
	char *text = take(arena, (size_t)len + 1, 1);
	(void)vsnprintf(text, (size_t)len + 1, fmt, again);
	va_end(again);
	return text;
}
