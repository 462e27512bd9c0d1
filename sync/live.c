#include "sync/live.h"

#include <stdlib.h>
#include <string.h>

#include "render/doc.h"

#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

static void trim(cJSON *metadata)
{
	cJSON *annotations = doc_get(metadata, "annotations");
	if (annotations) {
		doc_remove(annotations, LAST_APPLIED);
	}
	cJSON *entry = NULL;
	cJSON_ArrayForEach (entry, doc_get(metadata, "managedFields")) {
		const char *subresource = doc_text(entry, "subresource");
		if (subresource && strcmp(subresource, "status") == 0) {
			doc_remove(entry, "fieldsV1");
		}
	}
}

struct live *live_new(const char *group, const char *kind, cJSON *metadata)
{
	const char *name = doc_text(metadata, "name");
	const char *uid = doc_text(metadata, "uid");
	if (!name || !*name || !uid || !*uid) {
		return NULL;
	}
	trim(metadata);
	const char *ns = doc_text(metadata, "namespace");
	const char *version = doc_text(metadata, "resourceVersion");
	struct live *live = alloc_new(1, sizeof *live);
	live->id = ident_make(group, kind, ns ? ns : "", name);
	live->meta = metadata;
	live->uid = uid;
	live->resource_version = version ? version : "";
	live->generation = doc_int(metadata, "generation", 0);
	live->deleting = doc_text(metadata, "deletionTimestamp") != NULL;
	return live;
}

void live_free(struct live *live)
{
	if (!live) {
		return;
	}
	ident_release(&live->id);
	cJSON_Delete(live->meta);
	free(live);
}

const char *live_label(const struct live *live, const char *key)
{
	return cJSON_GetStringValue(doc_get(doc_get(live->meta, "labels"), key));
}

const char *live_annotation(const struct live *live, const char *key)
{
	return cJSON_GetStringValue(doc_get(doc_get(live->meta, "annotations"), key));
}

void lives_release(struct lives *lives)
{
	for (size_t i = 0; i < lives->count; i++) {
		live_free(lives->items[i]);
	}
	free(lives->items);
	map_release(&lives->by_key);
	*lives = LIVES_INIT;
}

const struct live *lives_find(const struct lives *lives, const struct ident *id)
{
	if (!lives->count) {
		return NULL;
	}
	CLEANUP(text_freep) char *key = ident_key(id);
	return map_get(&lives->by_key, key);
}

void lives_take(struct lives *lives, struct live *live)
{
	CLEANUP(text_freep) char *key = ident_key(&live->id);
	struct live *old = map_get(&lives->by_key, key);
	if (old) {
		struct live swap = *old;
		*old = *live;
		*live = swap;
		live_free(live);
		return;
	}
	(void)map_set(&lives->by_key, key, live);
	if (lives->count == lives->cap) {
		lives->cap = lives->cap ? 2 * lives->cap : 64;
		lives->items = alloc_grow(lives->items, lives->cap, sizeof(struct live *));
	}
	lives->items[lives->count++] = live;
}
