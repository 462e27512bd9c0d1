#include "sync/delta.h"

#include <stdlib.h>

#include "render/doc.h"

enum { MOST_PARTS = 64 };

static bool differs(const struct inventory *base, const struct inventory_row *row)
{
	const struct inventory_row *old = inventory_find(base, &row->id);
	return !old || !inventory_row_equal(old, row);
}

size_t delta_count(const struct inventory *base, const struct inventory *now)
{
	size_t count = 0;
	for (size_t i = 0; i < now->count; i++) {
		count += differs(base, now->rows[i]);
	}
	for (size_t i = 0; i < base->count; i++) {
		count += !inventory_find(now, &base->rows[i]->id);
	}
	return count;
}

static cJSON *tombstone(const struct ident *id)
{
	const struct inventory_row row = { .id = *id };
	return inventory_row_doc(&row);
}

cJSON *delta_doc(const struct delta_base *ref, const struct inventory *base, const struct inventory *now)
{
	cJSON *doc = cJSON_CreateObject();
	if (ref->name) {
		doc_set_text(doc, "base", ref->name);
		doc_set(doc, "parts", cJSON_CreateNumber((double)ref->parts));
	}
	cJSON *set = cJSON_AddArrayToObject(doc, "set");
	for (size_t i = 0; i < now->count; i++) {
		if (differs(base, now->rows[i])) {
			cJSON_AddItemToArray(set, inventory_row_doc(now->rows[i]));
		}
	}
	cJSON *gone = cJSON_AddArrayToObject(doc, "gone");
	for (size_t i = 0; i < base->count; i++) {
		if (!inventory_find(now, &base->rows[i]->id)) {
			cJSON_AddItemToArray(gone, tombstone(&base->rows[i]->id));
		}
	}
	return doc;
}

bool delta_ref(const cJSON *doc, struct delta_base *out)
{
	if (!cJSON_IsObject(doc)) {
		return false;
	}
	const char *name = doc_text(doc, "base");
	int64_t parts = doc_int(doc, "parts", name ? 1 : 0);
	if (name ? (parts < 1 || parts > MOST_PARTS) : doc_get(doc, "base") != NULL) {
		return false;
	}
	*out = (struct delta_base){ .name = name ? text_dup(name) : NULL, .parts = (size_t)parts };
	return true;
}

static bool apply_rows(const cJSON *doc, struct inventory *out, struct err *err)
{
	const cJSON *item = NULL;
	cJSON_ArrayForEach (item, doc_get(doc, "set")) {
		struct inventory_row *row = inventory_row_of(item);
		if (!row) {
			return err_set(err, ERR_INPUT, "damaged: a changed row has no kind or name");
		}
		inventory_take(out, row);
	}
	cJSON_ArrayForEach (item, doc_get(doc, "gone")) {
		struct inventory_row *row = inventory_row_of(item);
		if (!row) {
			return err_set(err, ERR_INPUT, "damaged: a removed row has no kind or name");
		}
		inventory_remove(out, &row->id);
		inventory_row_free(row);
	}
	return true;
}

bool delta_apply(const cJSON *doc, const struct inventory *base, struct inventory *out, struct err *err)
{
	struct inventory now = INVENTORY_INIT;
	inventory_copy(base, &now);
	if (!apply_rows(doc, &now, err)) {
		inventory_release(&now);
		return false;
	}
	inventory_release(out);
	*out = now;
	return true;
}
