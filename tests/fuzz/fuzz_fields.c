/*
 * Input: a fieldsV1, a line break, a manifest; or the API server's list, for the walk over its items.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/fields.h"
#include "sync/listing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *context, const char *path)
{
	*(size_t *)context += strlen(path);
}

static void check_sets(const cJSON *a, const cJSON *b)
{
	CLEANUP(doc_freep) cJSON *all = fields_union(a, b);
	CLEANUP(doc_freep) cJSON *rest = fields_minus(all, b);
	CLEANUP(doc_freep) cJSON *none = fields_minus(all, all);
	CLEANUP(doc_freep) cJSON *left = fields_minus(rest, all);
	if (!fields_empty(none) || !fields_empty(left)) {
		abort();
	}
}

static void check_pair(const cJSON *set, const cJSON *manifest)
{
	CLEANUP(buf_release) struct buf missed = BUF_INIT(LIMIT_OBJECT_BYTES);
	CLEANUP(doc_freep) cJSON *managed = cJSON_CreateArray();
	cJSON *entry = cJSON_CreateObject();
	cJSON_AddItemToObject(entry, "fieldsV1", cJSON_Duplicate(set, true));
	cJSON_AddItemToArray(managed, entry);
	struct fields_check check = { .set = set, .manifest = manifest, .managed = managed, .missed = &missed };
	bool covered = fields_check(&check);
	if (!covered && cJSON_IsObject(manifest) && missed.len == 0) {
		abort();
	}
	CLEANUP(doc_freep) cJSON *within = fields_within(set, manifest);
	size_t length = 0;
	fields_each(within, ignore, &length);
	(void)fields_own(set, "spec/replicas");
	check_sets(set, within);
}

static void check_list(const char *text, size_t len)
{
	struct err err = ERR_INIT;
	struct listing listing;
	if (!listing_open(&listing, text, len, &err)) {
		return;
	}
	for (cJSON *item; (item = listing_next(&listing, &err)) != NULL;) {
		cJSON_Delete(item);
	}
	listing_release(&listing);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(text_freep) char *text = text_dup_len((const char *)data, size);
	check_list(text, size);
	struct err err = ERR_INIT;
	size_t first = strcspn(text, "\n");
	CLEANUP(doc_freep) cJSON *set = doc_parse(text, first, &err);
	CLEANUP(doc_freep) cJSON *manifest = first < size ? doc_parse(text + first + 1, size - first - 1, &err) : NULL;
	if (set && manifest) {
		check_pair(set, manifest);
	}
	return 0;
}
