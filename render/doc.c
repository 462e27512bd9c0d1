#include "render/doc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

cJSON *doc_get(const cJSON *mapping, const char *key)
{
	return cJSON_IsObject(mapping) ? cJSON_GetObjectItemCaseSensitive(mapping, key) : NULL;
}

static cJSON *get_len(const cJSON *mapping, const char *key, size_t len)
{
	if (!cJSON_IsObject(mapping)) {
		return NULL;
	}
	cJSON *member = NULL;
	cJSON_ArrayForEach (member, mapping) {
		if (strncmp(member->string, key, len) == 0 && member->string[len] == '\0') {
			return member;
		}
	}
	return NULL;
}

cJSON *doc_at(const cJSON *doc, const char *path)
{
	const cJSON *at = doc;
	while (at && *path) {
		size_t len = strcspn(path, "/");
		at = get_len(at, path, len);
		path += len + (path[len] == '/');
	}
	return (cJSON *)(uintptr_t)at;
}

const char *doc_text(const cJSON *doc, const char *path)
{
	return cJSON_GetStringValue(doc_at(doc, path));
}

int64_t doc_int(const cJSON *doc, const char *path, int64_t otherwise)
{
	const cJSON *value = doc_at(doc, path);
	return cJSON_IsNumber(value) && fabs(value->valuedouble) < 9e15 ? (int64_t)value->valuedouble : otherwise;
}

bool doc_true(const cJSON *doc, const char *path)
{
	return cJSON_IsTrue(doc_at(doc, path));
}

void doc_remove(cJSON *mapping, const char *key)
{
	cJSON_DeleteItemFromObjectCaseSensitive(mapping, key);
}

void doc_set(cJSON *mapping, const char *key, cJSON *value)
{
	if (doc_get(mapping, key)) {
		cJSON_ReplaceItemInObjectCaseSensitive(mapping, key, value);
	} else {
		cJSON_AddItemToObject(mapping, key, value);
	}
}

void doc_set_text(cJSON *mapping, const char *key, const char *text)
{
	doc_set(mapping, key, cJSON_CreateString(text));
}

cJSON *doc_make(cJSON *doc, const char *path)
{
	cJSON *at = doc;
	while (*path) {
		size_t len = strcspn(path, "/");
		cJSON *next = get_len(at, path, len);
		if (!cJSON_IsObject(next)) {
			CLEANUP(text_freep) char *key = text_dup_len(path, len);
			next = cJSON_CreateObject();
			doc_set(at, key, next);
		}
		at = next;
		path += len + (path[len] == '/');
	}
	return at;
}

cJSON *doc_parse(const char *text, size_t len, struct err *err)
{
	const char *end = NULL;
	cJSON *doc = cJSON_ParseWithLengthOpts(text, len, &end, false);
	if (!doc) {
		(void)err_set(err, ERR_INPUT, "not JSON, at byte %td", end ? end - text : (ptrdiff_t)0);
		return NULL;
	}
	for (; end < text + len; end++) {
		if (*end && !strchr(" \t\r\n", *end)) {
			cJSON_Delete(doc);
			(void)err_set(err, ERR_INPUT, "not JSON, more text at byte %td", end - text);
			return NULL;
		}
	}
	return doc;
}

bool doc_print(const cJSON *doc, struct buf *out)
{
	char *text = cJSON_PrintUnformatted(doc);
	if (!text) {
		abort();
	}
	bool fits = buf_puts(out, text);
	free(text);
	return fits;
}

static int by_key(const void *a, const void *b)
{
	return strcmp((*(const cJSON *const *)a)->string, (*(const cJSON *const *)b)->string);
}

/* What cJSON would write as it is: only quotes, backslashes and control characters are escaped. */
static bool is_plain_text(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == '"' || *text == '\\') {
			return false;
		}
	}
	return true;
}

/* Most texts are plain, and a digest prints thousands: a detour by cJSON costs three allocations each. */
static bool print_scalar_text(const char *text, struct buf *out)
{
	if (is_plain_text(text)) {
		return buf_putc(out, '"') && buf_puts(out, text) && buf_putc(out, '"');
	}
	cJSON *holder = cJSON_CreateStringReference(text);
	bool fits = doc_print(holder, out);
	cJSON_Delete(holder);
	return fits;
}

static bool print_mapping(const cJSON *doc, struct buf *out)
{
	size_t count = (size_t)cJSON_GetArraySize(doc);
	const cJSON **members = alloc_new(count, sizeof(cJSON *));
	size_t n = 0;
	for (const cJSON *member = doc->child; member; member = member->next) {
		members[n++] = member;
	}
	qsort(members, n, sizeof *members, by_key);
	bool fits = buf_putc(out, '{');
	for (size_t i = 0; fits && i < n; i++) {
		fits = (i == 0 || buf_putc(out, ',')) && print_scalar_text(members[i]->string, out) && buf_putc(out, ':') &&
		       doc_print_canonical(members[i], out);
	}
	free(members);
	return fits && buf_putc(out, '}');
}

bool doc_print_canonical(const cJSON *doc, struct buf *out)
{
	if (cJSON_IsObject(doc)) {
		return print_mapping(doc, out);
	}
	if (cJSON_IsString(doc)) {
		return print_scalar_text(doc->valuestring, out);
	}
	if (!cJSON_IsArray(doc)) {
		return doc_print(doc, out);
	}
	bool fits = buf_putc(out, '[');
	for (const cJSON *item = doc->child; fits && item; item = item->next) {
		fits = (item == doc->child || buf_putc(out, ',')) && doc_print_canonical(item, out);
	}
	return fits && buf_putc(out, ']');
}

bool doc_equal(const cJSON *a, const cJSON *b)
{
	return cJSON_Compare(a, b, true);
}

void doc_freep(cJSON **doc)
{
	cJSON_Delete(*doc);
	*doc = NULL;
}
