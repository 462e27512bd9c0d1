/*
 * An inventory in one piece of memory. Of each row its texts one behind the other, each with its NUL; numbers are texts too.
 * Absent and empty texts are the same.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sync/inventory.h"

static void put(struct buf *out, const char *text)
{
	bool fits = buf_add(out, text ? text : "", (text ? strlen(text) : 0) + 1);
	assert(fits);
}

static void put_row(struct buf *out, const struct inventory_row *row)
{
	const char *const texts[] = {
		row->id.group, row->id.kind,       row->id.ns,           row->id.name, row->version,
		row->uid,      row->template_hash, row->template_commit, row->once,    row->kept ? "kept" : "",
	};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		put(out, texts[i]);
	}
	CLEANUP(text_freep) char *generation = text_printf("%" PRId64, row->generation);
	put(out, generation);
}

void inventory_flatten(const struct inventory *inventory, struct buf *out)
{
	buf_reset(out);
	for (size_t i = 0; i < inventory->count; i++) {
		put_row(out, inventory->rows[i]);
	}
}

static char *take(const char **at)
{
	const char *text = *at;
	*at += strlen(text) + 1;
	return text_dup(text);
}

static char *take_or_null(const char **at)
{
	if (**at) {
		return take(at);
	}
	(*at)++;
	return NULL;
}

static struct inventory_row *take_row(const char **at)
{
	struct inventory_row *row = alloc_new(1, sizeof *row);
	row->id.group = take(at);
	row->id.kind = take(at);
	row->id.ns = take(at);
	row->id.name = take(at);
	row->version = take(at);
	row->uid = take(at);
	row->template_hash = take_or_null(at);
	row->template_commit = take_or_null(at);
	row->once = take_or_null(at);
	CLEANUP(text_freep) char *kept = take_or_null(at);
	CLEANUP(text_freep) char *generation = take(at);
	row->kept = kept != NULL;
	row->generation = strtoll(generation, NULL, 10);
	return row;
}

void inventory_unflatten(const struct buf *flat, struct inventory *out)
{
	const char *at = flat->data;
	inventory_release(out);
	while (at && at < flat->data + flat->len) {
		inventory_take(out, take_row(&at));
	}
}
