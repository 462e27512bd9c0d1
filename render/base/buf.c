#include "render/base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SMALLEST = 64 };

void *alloc_new(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size ? size : 1);
	if (!memory) {
		abort();
	}
	return memory;
}

void *alloc_grow(void *old, size_t count, size_t size)
{
	void *memory = reallocarray(old, count ? count : 1, size ? size : 1);
	if (!memory) {
		abort();
	}
	return memory;
}

char *text_dup_len(const char *text, size_t len)
{
	char *copy = alloc_new(len + 1, 1);
	memcpy(copy, text, len);
	return copy;
}

char *text_dup(const char *text)
{
	return text_dup_len(text, strlen(text));
}

char *text_printf(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	char *text = NULL;
	if (vasprintf(&text, fmt, args) < 0) {
		abort();
	}
	va_end(args);
	return text;
}

void text_set(char **to, const char *text)
{
	char *copy = text ? text_dup(text) : NULL;
	free(*to);
	*to = copy;
}

bool text_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool text_alike(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

void text_freep(char **text)
{
	free(*text);
	*text = NULL;
}

void buf_release(struct buf *buf)
{
	free(buf->data);
	*buf = BUF_INIT(buf->max);
}

void buf_reset(struct buf *buf)
{
	buf->len = 0;
	if (buf->data) {
		buf->data[0] = '\0';
	}
}

static bool reserve(struct buf *buf, size_t more)
{
	if (more > buf->max || buf->len > buf->max - more) {
		return false;
	}
	size_t need = buf->len + more + 1;
	if (need <= buf->cap) {
		return true;
	}
	size_t cap = buf->cap ? buf->cap : SMALLEST;
	while (cap < need) {
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	}
	buf->data = alloc_grow(buf->data, cap, 1);
	buf->cap = cap;
	return true;
}

bool buf_add(struct buf *buf, const void *bytes, size_t len)
{
	if (!reserve(buf, len)) {
		return false;
	}
	if (len) {
		memcpy(buf->data + buf->len, bytes, len);
	}
	buf->len += len;
	buf->data[buf->len] = '\0';
	return true;
}

bool buf_puts(struct buf *buf, const char *text)
{
	return buf_add(buf, text, strlen(text));
}

bool buf_putc(struct buf *buf, char c)
{
	return buf_add(buf, &c, 1);
}

bool buf_printf(struct buf *buf, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	va_list again;
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	assert(n >= 0);
	bool fits = reserve(buf, (size_t)n);
	if (fits) {
		(void)vsnprintf(buf->data + buf->len, (size_t)n + 1, fmt, again);
		buf->len += (size_t)n;
	}
	va_end(again);
	return fits;
}

const char *buf_text(const struct buf *buf)
{
	return buf->data ? buf->data : "";
}

char *buf_detach(struct buf *buf)
{
	char *data = buf->data ? buf->data : text_dup("");
	*buf = BUF_INIT(buf->max);
	return data;
}
