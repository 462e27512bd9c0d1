#include "sync/inventory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/pack.h"

enum { FORMAT = 1, FIRST_ROWS = 16, CHUNK = 16384 };

void inventory_row_free(struct inventory_row *row)
{
	if (!row) {
		return;
	}
	ident_release(&row->id);
	free(row->version);
	free(row->uid);
	free(row->template_hash);
	free(row->template_commit);
	free(row->once);
	free(row);
}

static char *dup_or_null(const char *text)
{
	return text ? text_dup(text) : NULL;
}

static char *dup_or_empty(const char *text)
{
	return text_dup(text ? text : "");
}

struct inventory_row *inventory_row_dup(const struct inventory_row *row)
{
	struct inventory_row *copy = alloc_new(1, sizeof *copy);
	copy->id = ident_dup(&row->id);
	copy->version = dup_or_empty(row->version);
	copy->uid = dup_or_empty(row->uid);
	copy->generation = row->generation;
	copy->template_hash = dup_or_null(row->template_hash);
	copy->template_commit = dup_or_null(row->template_commit);
	copy->once = dup_or_null(row->once);
	copy->kept = row->kept;
	return copy;
}

bool inventory_row_equal(const struct inventory_row *a, const struct inventory_row *b)
{
	return ident_equal(&a->id, &b->id) && text_alike(a->version, b->version) && text_alike(a->uid, b->uid) &&
	       a->generation == b->generation && text_alike(a->template_hash, b->template_hash) &&
	       text_alike(a->template_commit, b->template_commit) && text_alike(a->once, b->once) && a->kept == b->kept;
}

static void set_unless_empty(cJSON *doc, const char *key, const char *text)
{
	if (text && *text) {
		doc_set_text(doc, key, text);
	}
}

static bool is_secret(const struct ident *id)
{
	return strcmp(id->kind, "Secret") == 0 && !*id->group;
}

cJSON *inventory_row_doc(const struct inventory_row *row)
{
	cJSON *doc = cJSON_CreateObject();
	set_unless_empty(doc, "group", row->id.group);
	doc_set_text(doc, "kind", row->id.kind);
	set_unless_empty(doc, "namespace", row->id.ns);
	doc_set_text(doc, "name", row->id.name);
	set_unless_empty(doc, "version", row->version);
	set_unless_empty(doc, "uid", row->uid);
	if (row->generation) {
		doc_set(doc, "generation", cJSON_CreateNumber((double)row->generation));
	}
	set_unless_empty(doc, "templateHash", row->template_hash);
	set_unless_empty(doc, "templateCommit", row->template_commit);
	if (!is_secret(&row->id)) {
		set_unless_empty(doc, "once", row->once);
	}
	if (row->kept) {
		doc_set(doc, "kept", cJSON_CreateTrue());
	}
	return doc;
}

struct inventory_row *inventory_row_of(const cJSON *doc)
{
	const char *kind = doc_text(doc, "kind");
	const char *name = doc_text(doc, "name");
	if (!kind || !*kind || !name || !*name) {
		return NULL;
	}
	struct inventory_row *row = alloc_new(1, sizeof *row);
	row->id.group = dup_or_empty(doc_text(doc, "group"));
	row->id.kind = text_dup(kind);
	row->id.ns = dup_or_empty(doc_text(doc, "namespace"));
	row->id.name = text_dup(name);
	row->version = dup_or_empty(doc_text(doc, "version"));
	row->uid = dup_or_empty(doc_text(doc, "uid"));
	row->generation = doc_int(doc, "generation", 0);
	row->template_hash = dup_or_null(doc_text(doc, "templateHash"));
	row->template_commit = dup_or_null(doc_text(doc, "templateCommit"));
	row->once = dup_or_null(doc_text(doc, "once"));
	row->kept = doc_true(doc, "kept");
	return row;
}

void inventory_release(struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->count; i++) {
		inventory_row_free(inventory->rows[i]);
	}
	free(inventory->rows);
	map_release(&inventory->by_key);
	*inventory = INVENTORY_INIT;
}

void inventory_copy(const struct inventory *from, struct inventory *to)
{
	assert(from != to);
	inventory_release(to);
	for (size_t i = 0; i < from->count; i++) {
		inventory_take(to, inventory_row_dup(from->rows[i]));
	}
}

struct inventory_row *inventory_find(const struct inventory *inventory, const struct ident *id)
{
	CLEANUP(text_freep) char *key = ident_key(id);
	return map_get(&inventory->by_key, key);
}

static size_t index_of(const struct inventory *inventory, const struct inventory_row *row)
{
	size_t i = 0;
	while (inventory->rows[i] != row) {
		i++;
	}
	return i;
}

void inventory_take(struct inventory *inventory, struct inventory_row *row)
{
	CLEANUP(text_freep) char *key = ident_key(&row->id);
	struct inventory_row *old = map_set(&inventory->by_key, key, row);
	if (old == row) {
		return;
	}
	if (old) {
		inventory->rows[index_of(inventory, old)] = row;
		inventory_row_free(old);
		return;
	}
	if (inventory->count == inventory->cap) {
		inventory->cap = inventory->cap ? 2 * inventory->cap : FIRST_ROWS;
		inventory->rows = alloc_grow(inventory->rows, inventory->cap, sizeof(struct inventory_row *));
	}
	inventory->rows[inventory->count++] = row;
}

void inventory_remove(struct inventory *inventory, const struct ident *id)
{
	struct inventory_row *row = inventory_find(inventory, id);
	if (!row) {
		return;
	}
	/* The map cannot forget a key: it holds NULL for it. */
	CLEANUP(text_freep) char *key = ident_key(id);
	(void)map_set(&inventory->by_key, key, NULL);
	size_t at = index_of(inventory, row);
	inventory->count--;
	memmove(inventory->rows + at, inventory->rows + at + 1, (inventory->count - at) * sizeof(struct inventory_row *));
	inventory_row_free(row);
}

static int by_ident(const void *a, const void *b)
{
	return ident_compare(&(*(const struct inventory_row *const *)a)->id, &(*(const struct inventory_row *const *)b)->id);
}

static void close_deflate(z_stream *stream)
{
	(void)deflateEnd(stream);
}

static bool press(z_stream *stream, const struct buf *text, int flush, struct buf *out)
{
	unsigned char chunk[CHUNK];
	stream->next_in = (unsigned char *)text->data;
	stream->avail_in = (uInt)text->len;
	do {
		stream->next_out = chunk;
		stream->avail_out = sizeof chunk;
		(void)deflate(stream, flush);
		if (!buf_add(out, chunk, sizeof chunk - stream->avail_out)) {
			return false;
		}
	} while (stream->avail_out == 0);
	return true;
}

/* Row by row, so that no document of all rows stands in memory. */
static bool press_rows(z_stream *stream, struct inventory_row *const *rows, size_t count, struct buf *out)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_OBJECT_BYTES);
	bool fits = buf_printf(&text, "{\"format\":%d,\"rows\":[", FORMAT) && press(stream, &text, Z_NO_FLUSH, out);
	for (size_t i = 0; fits && i < count; i++) {
		CLEANUP(doc_freep) cJSON *doc = inventory_row_doc(rows[i]);
		buf_reset(&text);
		fits = (i == 0 || buf_putc(&text, ',')) && doc_print(doc, &text) && press(stream, &text, Z_NO_FLUSH, out);
	}
	buf_reset(&text);
	return fits && buf_puts(&text, "]}") && press(stream, &text, Z_FINISH, out);
}

bool inventory_pack(const struct inventory *inventory, struct buf *out)
{
	struct inventory_row **rows = alloc_new(inventory->count, sizeof(struct inventory_row *));
	if (inventory->count) {
		memcpy(rows, inventory->rows, inventory->count * sizeof(struct inventory_row *));
		qsort(rows, inventory->count, sizeof(struct inventory_row *), by_ident);
	}
	CLEANUP(close_deflate) z_stream stream = { 0 };
	if (deflateInit(&stream, Z_DEFAULT_COMPRESSION) != Z_OK) {
		abort();
	}
	bool fits = press_rows(&stream, rows, inventory->count, out);
	free(rows);
	return fits;
}

static bool read_rows(const cJSON *doc, struct inventory *out, struct err *err)
{
	int64_t format = doc_int(doc, "format", 0);
	if (format > FORMAT) {
		return err_set(err, ERR_LIMIT, "format %lld is newer than %d, the newest known", (long long)format, (int)FORMAT);
	}
	const cJSON *rows = doc_get(doc, "rows");
	if (format != FORMAT || !cJSON_IsArray(rows)) {
		return err_set(err, ERR_INPUT, "damaged: no inventory");
	}
	const cJSON *item = NULL;
	cJSON_ArrayForEach (item, rows) {
		struct inventory_row *row = inventory_row_of(item);
		if (!row) {
			return err_set(err, ERR_INPUT, "damaged: row %zu has no kind or name", out->count + 1);
		}
		inventory_take(out, row);
	}
	return true;
}

bool inventory_unpack(const void *bytes, size_t len, struct inventory *out, struct err *err)
{
	CLEANUP(doc_freep) cJSON *doc = pack_unzip_doc(bytes, len, err);
	if (!doc) {
		return false;
	}
	struct inventory rows = INVENTORY_INIT;
	if (!read_rows(doc, &rows, err)) {
		inventory_release(&rows);
		return false;
	}
	inventory_release(out);
	*out = rows;
	return true;
}
