/*
 * A growing byte buffer with a maximum, always terminated by a NUL that `len` does not count. Growing past the maximum is
 * refused (the call returns false and the buffer keeps what it had), out of memory aborts.
 */
#ifndef RENDER_BASE_BUF_H
#define RENDER_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "render/base/macros.h"

struct buf {
	char *data; /* NULL while empty; use buf_text for a string */
	size_t len;
	size_t cap;
	size_t max; /* most bytes it may hold */
};

#define BUF_INIT(limit) ((struct buf){ .max = (limit) })

void buf_release(struct buf *buf);

/* Empties, keeps the memory. */
void buf_reset(struct buf *buf);

/* false when it would pass the maximum; the buffer is then as before. */
bool buf_add(struct buf *buf, const void *bytes, size_t len);
bool buf_puts(struct buf *buf, const char *text);
bool buf_putc(struct buf *buf, char c);
bool buf_printf(struct buf *buf, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Borrowed; "" when empty. */
const char *buf_text(const struct buf *buf);

/* Gives the bytes away (free() them); never NULL. The buffer is empty afterwards. */
char *buf_detach(struct buf *buf);

/* malloc and friends that abort when memory is out; free() the result. */
void *alloc_new(size_t count, size_t size);
void *alloc_grow(void *old, size_t count, size_t size);
char *text_dup(const char *text);
char *text_dup_len(const char *text, size_t len);
char *text_printf(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Replaces *to by a copy of the text; NULL is none. */
void text_set(char **to, const char *text);

/* Equal, or both NULL. */
bool text_same(const char *a, const char *b);

/* Equal, where NULL is as good as "". */
bool text_alike(const char *a, const char *b);

/* For CLEANUP of a char *. */
void text_freep(char **text);

#endif
