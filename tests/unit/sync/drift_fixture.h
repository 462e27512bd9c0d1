/*
 * The drift of a Sync with an API server that only the test knows: what is desired, applied and seen of it. For test_drift*.c.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/drift.h"
#include "sync/names.h"
#include "sync/plan.h"
#include "sync/prepare.h"

#define DEPLOYMENT(name, image, more) \
	"{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"" name \
	"\",\"namespace\":\"shop\",\"labels\":{" \
	"\"plumb.dev/name\":\"shop\",\"plumb.dev/namespace\":\"shop\"}},\"spec\":{" more "\"template\":{\"spec\":{\"containers\":[" \
	"{\"name\":\"web\",\"image\":\"" image "\"}]}}}}"
#define WEB DEPLOYMENT("web", "web:1", "\"replicas\":2,")
#define JOB \
	"{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\",\"labels\":{" \
	"\"plumb.dev/name\":\"shop\",\"plumb.dev/namespace\":\"shop\"}},\"spec\":{\"ttlSecondsAfterFinished\":5}}"
#define HPA \
	"{\"apiVersion\":\"autoscaling/v2\",\"kind\":\"HorizontalPodAutoscaler\",\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\"}," \
	"\"spec\":{\"scaleTargetRef\":{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"name\":\"web\"}}}"

#define IMAGE "spec/template/spec/containers/web/image"
#define IMAGE_PATH "spec.template.spec.containers[name=web].image"
#define OWNS_IMAGE \
	"{\"f:spec\":{\"f:template\":{\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"web\\\"}\":{\"f:image\":{}}}}}}}"
#define OWNS_REPLICAS "{\"f:spec\":{\"f:replicas\":{}}}"
#define MINUTE ((int64_t)60 * 1000)

static struct drift *drift;
static struct prepared prepared;
static struct report report;
static struct inventory inventory;
static struct buf told;
static uint64_t version; /* the server's */
static int64_t now;
static struct drift_options options;

static inline void on_change(void *context, const struct drift_note *note)
{
	(void)context;
	(void)buf_printf(&told, "%s %s%s%s%s", note->id->name, drift_state_text(note->state), *note->reason ? ": " : "", note->reason,
	                 note->lost ? " (fight)" : "");
	(void)buf_printf(&told, note->manager ? " [%s]\n" : "\n", note->manager);
}

static inline void check_told(const char *wanted)
{
	ck_assert_str_eq(buf_text(&told), wanted);
	buf_reset(&told);
}

static inline void begin(void)
{
	drift = drift_new("shop", "shop");
	prepared = (struct prepared){ .report = &report };
	report = REPORT_INIT;
	inventory = INVENTORY_INIT;
	told = BUF_INIT(LIMIT_KIB(64));
	version = 100;
	now = 1000;
	options = (struct drift_options){ .delay = 1000, .changed = on_change };
	drift_configure(drift, &options);
}

static inline void finish(void)
{
	drift_free(drift);
	objects_release(&prepared.desired);
	inventory_release(&inventory);
	report_release(&report);
	buf_release(&told);
}

static inline cJSON *parse(const char *text)
{
	struct err err = ERR_INIT;
	cJSON *doc = doc_parse(text, strlen(text), &err);
	ck_assert_msg(doc != NULL, "%s: %s", text, err.msg);
	return doc;
}

/* What Git has is this. */
static inline void desire(const char *const *texts)
{
	objects_release(&prepared.desired);
	prepared.desired = OBJECTS_INIT;
	for (; *texts; texts++) {
		struct object *object = object_new(parse(*texts), NULL, 0, NULL);
		ck_assert_ptr_nonnull(object);
		objects_take(&prepared.desired, object);
	}
	drift_desire(drift, &prepared);
}

static inline const struct object *desired(const char *kind)
{
	for (size_t i = 0; i < prepared.desired.count; i++) {
		if (strcmp(prepared.desired.items[i]->id.kind, kind) == 0) {
			return prepared.desired.items[i];
		}
	}
	ck_abort_msg("no %s is desired", kind);
}

/* The set that an apply of the value makes, where lists of mappings are keyed by name. */
static inline cJSON *set_for(const cJSON *value)
{
	cJSON *set = cJSON_CreateObject();
	const cJSON *child = NULL;
	cJSON_ArrayForEach (child, value) {
		const char *name = cJSON_IsArray(value) ? doc_text(child, "name") : NULL;
		CLEANUP(text_freep)
		char *key = name ? text_printf("k:{\"name\":\"%s\"}", name) : text_printf("f:%s", child->string ? child->string : "");
		cJSON_AddItemToObject(set, key, set_for(child));
	}
	return set;
}

static inline void take_out(cJSON *set, const char *path)
{
	size_t len = strcspn(path, "/");
	CLEANUP(text_freep) char *field = text_printf("f:%.*s", (int)len, path);
	CLEANUP(text_freep) char *element = text_printf("k:{\"name\":\"%.*s\"}", (int)len, path);
	const char *key = doc_get(set, field) ? field : element;
	if (path[len]) {
		take_out(doc_get(set, key), path + len + 1);
	} else {
		doc_remove(set, key);
	}
}

static inline void add_entry(cJSON *metadata, const char *manager, const char *operation, const char *subresource, cJSON *set)
{
	cJSON *entries = doc_get(metadata, "managedFields");
	if (!entries) {
		entries = cJSON_CreateArray();
		doc_set(metadata, "managedFields", entries);
	}
	cJSON *entry = cJSON_CreateObject();
	doc_set_text(entry, "manager", manager);
	doc_set_text(entry, "operation", operation);
	doc_set_text(entry, "time", "2026-01-01T00:00:00Z");
	if (subresource) {
		doc_set_text(entry, "subresource", subresource);
	}
	doc_set(entry, "fieldsV1", set);
	cJSON_AddItemToArray(entries, entry);
}

/* What the server has after our apply, but for the fields of `minus`, a path that somebody else took. */
static inline cJSON *metadata_of(const struct object *object, const char *minus)
{
	cJSON *metadata = cJSON_Duplicate(doc_get(object->json, "metadata"), true);
	char digest[16];
	plan_digest(object, digest);
	doc_set_text(doc_make(metadata, "annotations"), NOTE_DIGEST, digest);
	doc_set_text(metadata, "uid", "u-web");
	doc_set(metadata, "generation", cJSON_CreateNumber(1));
	CLEANUP(text_freep) char *text = text_printf("%llu", (unsigned long long)++version);
	doc_set_text(metadata, "resourceVersion", text);
	CLEANUP(doc_freep) cJSON *manifest = cJSON_Duplicate(object->json, true);
	doc_remove(manifest, "apiVersion");
	doc_remove(manifest, "kind");
	doc_remove(doc_make(manifest, "metadata"), "name");
	doc_remove(doc_make(manifest, "metadata"), "namespace");
	doc_set_text(doc_make(manifest, "metadata/annotations"), NOTE_DIGEST, "");
	cJSON *set = set_for(manifest);
	if (minus) {
		take_out(set, minus);
	}
	add_entry(metadata, MANAGER_PLUMB, "Apply", NULL, set);
	return metadata;
}

/* Our apply was answered. */
static inline void apply(const char *kind)
{
	struct action action = { .desired = desired(kind) };
	plan_digest(action.desired, action.digest);
	CLEANUP(doc_freep) cJSON *metadata = metadata_of(action.desired, NULL);
	drift_applied(drift, &action, metadata);
}

static inline void synced(const char *const *texts)
{
	desire(texts);
	for (size_t i = 0; i < prepared.desired.count; i++) {
		apply(prepared.desired.items[i]->id.kind);
	}
	buf_reset(&told);
}

/* An event brings this metadata, which is taken over. */
static inline void see_as(const char *kind, cJSON *metadata)
{
	const struct object *object = desired(kind);
	struct live *live = live_new(object->id.group, kind, metadata);
	ck_assert_ptr_nonnull(live);
	struct drift_sight sight = { .id = &live->id, .live = live, .version = strtoull(live->resource_version, NULL, 10) };
	ck_assert(drift_see(drift, &sight, now));
	live_free(live);
}

static inline void see_gone(const char *kind)
{
	struct drift_sight sight = { .id = &desired(kind)->id, .version = ++version };
	ck_assert(drift_see(drift, &sight, now));
}

static inline void see_in_sync(void)
{
	see_as("Deployment", metadata_of(desired("Deployment"), NULL));
}

/* Somebody took the field. */
static inline void see_taken(const char *path, const char *manager, const char *set)
{
	cJSON *metadata = metadata_of(desired("Deployment"), path);
	doc_set(metadata, "generation", cJSON_CreateNumber(2));
	if (manager) {
		add_entry(metadata, manager, "Update", NULL, parse(set));
	}
	see_as("Deployment", metadata);
}

static inline void see_image_taken(const char *manager)
{
	see_taken(IMAGE, manager, OWNS_IMAGE);
}

/* Takes what is due, heals it, and says how that went. */
static inline size_t heal(enum verdict verdict)
{
	struct objects objects = drift_take(drift, now);
	size_t count = objects.count;
	struct report outcome = REPORT_INIT;
	drift_begin(drift);
	for (size_t i = 0; i < count; i++) {
		if (verdict <= VERDICT_UNCHANGED) {
			apply(objects.items[i]->id.kind);
		}
		report_verdict(&outcome, &objects.items[i]->id, verdict, text_dup(""), FAILURE_NONE);
	}
	drift_healed(drift, &outcome, now);
	drift_end(drift);
	report_release(&outcome);
	objects_release(&objects);
	return count;
}

static const char *const web[] = { WEB, NULL };
