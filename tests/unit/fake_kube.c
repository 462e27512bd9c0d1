#include "tests/unit/fake_kube.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"

static void fake_send(struct kube *kube, struct kube_call *call)
{
	struct fake_kube *fake = (struct fake_kube *)kube;
	fake->queue = alloc_grow(fake->queue, fake->queued + 1, sizeof(struct kube_call *));
	fake->queue[fake->queued++] = call;
}

static char *fake_decode(const char *text)
{
	char *out = alloc_new(strlen(text) + 1, 1);
	size_t n = 0;
	for (; *text; text++) {
		unsigned value = 0;
		if (*text == '%' && sscanf(text + 1, "%2x", &value) == 1) {
			out[n++] = (char)value;
			text += 2;
		} else {
			out[n++] = *text;
		}
	}
	return out;
}

static void fake_answer(struct kube_call *call, int status, const cJSON *doc)
{
	call->status = status;
	call->reply.max = LIMIT_REPLY_BYTES;
	bool fits = doc_print(doc, &call->reply);
	assert(fits);
}

static void fake_refuse(struct kube_call *call, int status, const char *reason)
{
	cJSON *doc = cJSON_CreateObject();
	doc_set_text(doc, "kind", "Status");
	doc_set_text(doc, "reason", reason);
	char *message = text_printf("%s %s: %s", call->method, call->path, reason);
	doc_set_text(doc, "message", message);
	free(message);
	fake_answer(call, status, doc);
	cJSON_Delete(doc);
}

static void fake_stamp(struct fake_kube *fake, cJSON *object)
{
	cJSON *metadata = doc_make(object, "metadata");
	char text[64];
	(void)snprintf(text, sizeof text, "%u", ++fake->version);
	doc_set_text(metadata, "resourceVersion", text);
	if (!doc_get(metadata, "uid")) {
		(void)snprintf(text, sizeof text, "00000000-0000-4000-8000-%012u", fake->version);
		doc_set_text(metadata, "uid", text);
	}
	if (!doc_get(metadata, "creationTimestamp")) {
		doc_set_text(metadata, "creationTimestamp", "2026-11-24T02:00:00Z");
	}
}

cJSON *fake_kube_get(const struct fake_kube *fake, const char *path)
{
	return map_get(&fake->objects, path);
}

static cJSON *fake_store(struct fake_kube *fake, const char *path, cJSON *object)
{
	cJSON_Delete(map_set(&fake->objects, path, object));
	if (object) {
		fake_stamp(fake, object);
	}
	return object;
}

cJSON *fake_kube_put(struct fake_kube *fake, const char *path, const char *json)
{
	cJSON *object = cJSON_Parse(json);
	assert(object);
	doc_set_text(doc_make(object, "metadata"), "name", strrchr(path, '/') + 1);
	const char *ns = strstr(path, "/namespaces/");
	if (ns) {
		ns += strlen("/namespaces/");
		char *text = text_dup_len(ns, strcspn(ns, "/"));
		doc_set_text(doc_make(object, "metadata"), "namespace", text);
		free(text);
	}
	return fake_store(fake, path, object);
}

void fake_kube_remove(struct fake_kube *fake, const char *path)
{
	cJSON_Delete(map_set(&fake->objects, path, NULL));
}

/* One requirement: "key=value" or "key notin (value)". */
static bool fake_meets(const cJSON *labels, char *requirement)
{
	char key[300];
	char value[300];
	if (sscanf(requirement, "%299[^ =] notin (%299[^)])", key, value) == 2) {
		const char *have = cJSON_GetStringValue(doc_get(labels, key));
		return !have || strcmp(have, value) != 0;
	}
	int fields = sscanf(requirement, "%299[^ =]=%299s", key, value);
	assert(fields == 2);
	const char *have = cJSON_GetStringValue(doc_get(labels, key));
	return have && strcmp(have, value) == 0;
}

static bool fake_selects(const char *selector, const cJSON *object)
{
	char *copy = text_dup(selector);
	char *rest = NULL;
	bool selected = true;
	for (char *part = strtok_r(copy, ",", &rest); selected && part; part = strtok_r(NULL, ",", &rest)) {
		selected = fake_meets(doc_at(object, "metadata/labels"), part);
	}
	free(copy);
	return selected;
}

/* Whether the object's path lies in the collection, also in that of all namespaces. */
static bool fake_in(const char *collection, const char *path)
{
	size_t len = strlen(collection);
	if (strncmp(path, collection, len) == 0 && path[len] == '/' && !strchr(path + len + 1, '/')) {
		return true;
	}
	const char *plural = strrchr(collection, '/');
	const char *last = strrchr(path, '/');
	size_t head = (size_t)(plural - collection);
	size_t tail = strlen(plural);
	return strncmp(path, collection, head) == 0 && strncmp(path + head, "/namespaces/", 12) == 0 && last > path + tail &&
	       strncmp(last - tail, plural, tail) == 0 && !strstr(collection, "/namespaces/");
}

static void fake_list(struct fake_kube *fake, struct kube_call *call, const char *collection, const char *query)
{
	const char *selector = query ? strstr(query, "labelSelector=") : NULL;
	char *encoded = selector ? text_dup_len(selector + 14, strcspn(selector + 14, "&")) : text_dup("");
	char *text = fake_decode(encoded);
	cJSON *list = cJSON_CreateObject();
	cJSON *items = cJSON_AddArrayToObject(list, "items");
	(void)doc_make(list, "metadata");
	for (size_t i = 0; i < fake->objects.count; i++) {
		const cJSON *object = fake->objects.entries[i].value;
		if (object && fake_in(collection, fake->objects.entries[i].key) && fake_selects(text, object)) {
			cJSON_AddItemToArray(items, cJSON_Duplicate(object, true));
		}
	}
	fake_answer(call, 200, list);
	cJSON_Delete(list);
	free(encoded);
	free(text);
}

static void fake_post(struct fake_kube *fake, struct kube_call *call, const char *collection)
{
	cJSON *object = cJSON_Parse(buf_text(&call->body));
	assert(object);
	char *path = text_printf("%s/%s", collection, doc_text(object, "metadata/name"));
	if (fake_kube_get(fake, path)) {
		cJSON_Delete(object);
		fake_refuse(call, 409, "AlreadyExists");
	} else {
		fake_answer(call, 201, fake_store(fake, path, object));
	}
	free(path);
}

static bool fake_same_version(const cJSON *stored, const char *wanted)
{
	return !wanted || strcmp(wanted, doc_text(stored, "metadata/resourceVersion")) == 0;
}

/* Replaces; what the server alone sets stays. */
static void fake_replace(struct fake_kube *fake, struct kube_call *call, const char *path, cJSON *object)
{
	const cJSON *stored = fake_kube_get(fake, path);
	if (!fake_same_version(stored, doc_text(object, "metadata/resourceVersion"))) {
		cJSON_Delete(object);
		fake_refuse(call, 409, "Conflict");
	} else if (strstr(path, "/controllerrevisions/") && !doc_equal(doc_get(stored, "data"), doc_get(object, "data"))) {
		cJSON_Delete(object);
		fake_refuse(call, 422, "Invalid");
	} else {
		doc_set_text(doc_make(object, "metadata"), "uid", doc_text(stored, "metadata/uid"));
		fake_answer(call, 200, fake_store(fake, path, object));
	}
}

static void fake_merge(cJSON *target, const cJSON *patch)
{
	const cJSON *member = NULL;
	cJSON_ArrayForEach (member, patch) {
		if (cJSON_IsNull(member)) {
			doc_remove(target, member->string);
		} else if (cJSON_IsObject(member)) {
			fake_merge(doc_make(target, member->string), member);
		} else {
			doc_set(target, member->string, cJSON_Duplicate(member, true));
		}
	}
}

static cJSON *fake_fields(const cJSON *value)
{
	cJSON *set = cJSON_CreateObject();
	const cJSON *member = NULL;
	for (member = cJSON_IsObject(value) ? value->child : NULL; member; member = member->next) {
		char *key = text_printf("f:%s", member->string);
		doc_set(set, key, fake_fields(member));
		free(key);
	}
	return set;
}

static void fake_apply(struct fake_kube *fake, struct kube_call *call, const char *path)
{
	const cJSON *stored = fake_kube_get(fake, path);
	int status = stored ? 200 : 201;
	cJSON *object = stored ? cJSON_Duplicate(stored, true) : cJSON_CreateObject();
	cJSON *applied = cJSON_Parse(buf_text(&call->body));
	assert(applied);
	if (stored && !fake_same_version(stored, doc_text(applied, "metadata/resourceVersion"))) {
		cJSON_Delete(applied);
		cJSON_Delete(object);
		fake_refuse(call, 409, "Conflict");
		return;
	}
	fake_merge(object, applied);
	const char *query = strstr(call->path, "fieldManager=");
	assert(query);
	query += strlen("fieldManager=");
	char *manager = text_dup_len(query, strcspn(query, "&"));
	cJSON *entry = cJSON_CreateObject();
	doc_set_text(entry, "manager", manager);
	doc_set_text(entry, "operation", "Apply");
	doc_set(entry, "fieldsV1", fake_fields(applied));
	cJSON *managers = cJSON_CreateArray();
	cJSON_AddItemToArray(managers, entry);
	doc_set(doc_make(object, "metadata"), "managedFields", managers);
	free(manager);
	cJSON_Delete(applied);
	fake_answer(call, status, fake_store(fake, path, object));
}

static bool fake_is_apply(const struct fake_kube *fake, const struct kube_call *call)
{
	return fake->applies && strcmp(call->method, "PATCH") == 0 && strcmp(call->content_type, KUBE_APPLY) == 0;
}

static void fake_delete(struct fake_kube *fake, struct kube_call *call, const char *path)
{
	cJSON *options = call->body.len ? cJSON_Parse(buf_text(&call->body)) : cJSON_CreateObject();
	const cJSON *stored = fake_kube_get(fake, path);
	const char *uid = doc_text(options, "preconditions/uid");
	if ((uid && strcmp(uid, doc_text(stored, "metadata/uid")) != 0) ||
	    !fake_same_version(stored, doc_text(options, "preconditions/resourceVersion"))) {
		fake_refuse(call, 409, "Conflict");
	} else {
		fake_answer(call, 200, stored);
		fake_kube_remove(fake, path);
	}
	cJSON_Delete(options);
}

static bool fake_is_denied(const struct fake_kube *fake, const struct kube_call *call)
{
	for (size_t i = 0; i < ARRAY_LEN(fake->deny); i++) {
		const char *rule = fake->deny[i];
		size_t len = rule ? strcspn(rule, " ") : 0;
		if (rule && strncmp(call->method, rule, len) == 0 && strstr(call->path, rule + len + 1)) {
			return true;
		}
	}
	return false;
}

static bool fake_is_collection(const char *path)
{
	static const char *const plurals[] = { "controllerrevisions", "configmaps", "replicasets", "leases", "deployments" };
	const char *last = strrchr(path, '/') + 1;
	for (size_t i = 0; i < ARRAY_LEN(plurals); i++) {
		if (strcmp(last, plurals[i]) == 0) {
			return true;
		}
	}
	return false;
}

static void fake_serve_object(struct fake_kube *fake, struct kube_call *call, const char *path)
{
	const cJSON *stored = fake_kube_get(fake, path);
	if (fake_is_apply(fake, call)) {
		fake_apply(fake, call, path);
	} else if (!stored) {
		fake_refuse(call, 404, "NotFound");
	} else if (strcmp(call->method, "GET") == 0) {
		fake_answer(call, 200, stored);
	} else if (strcmp(call->method, "PUT") == 0) {
		fake_replace(fake, call, path, cJSON_Parse(buf_text(&call->body)));
	} else if (strcmp(call->method, "PATCH") == 0) {
		cJSON *patch = cJSON_Parse(buf_text(&call->body));
		cJSON *object = cJSON_Duplicate(stored, true);
		fake_merge(object, patch);
		cJSON_Delete(patch);
		fake_replace(fake, call, path, object);
	} else {
		assert(strcmp(call->method, "DELETE") == 0);
		fake_delete(fake, call, path);
	}
}

static void fake_serve(struct fake_kube *fake, struct kube_call *call)
{
	char *path = text_dup_len(call->path, strcspn(call->path, "?"));
	const char *query = strchr(call->path, '?');
	if (fake->before) {
		fake->before(fake, call, fake->context);
	}
	if (fake_is_denied(fake, call)) {
		fake_refuse(call, 403, "Forbidden");
	} else if (!fake_is_collection(path)) {
		fake_serve_object(fake, call, path);
	} else if (strcmp(call->method, "POST") == 0) {
		fake_post(fake, call, path);
	} else {
		fake_list(fake, call, path, query);
	}
	free(path);
}

static void fake_lose(struct kube_call *call)
{
	buf_release(&call->reply);
	call->status = 0;
	(void)err_set(&call->err, ERR_TRANSIENT, "the connection was lost");
}

static bool fake_run(struct kube *kube, int64_t until)
{
	(void)until;
	struct fake_kube *fake = (struct fake_kube *)kube;
	while (fake->queued) {
		struct kube_call *call = fake->queue[0];
		memmove(fake->queue, fake->queue + 1, --fake->queued * sizeof(struct kube_call *));
		int number = (int)kube->stats.requests++;
		fake->log = alloc_grow(fake->log, fake->log_count + 1, sizeof(char *));
		fake->log[fake->log_count++] = text_printf("%s %s", call->method, call->path);
		bool dropped = fake->drop_from >= 0 && number >= fake->drop_from;
		if (!dropped) {
			fake_serve(fake, call);
		}
		if (dropped || number == fake->lose_answer) {
			fake_lose(call);
		}
		call->done(call, call->context);
	}
	return true;
}

static void fake_free(struct kube *kube)
{
	fake_kube_free((struct fake_kube *)kube);
}

struct fake_kube *fake_kube_new(void)
{
	static const struct kube_ops ops = { .send = fake_send, .run = fake_run, .free = fake_free };
	struct fake_kube *fake = alloc_new(1, sizeof *fake);
	fake->kube.ops = &ops;
	fake->drop_from = -1;
	fake->lose_answer = -1;
	return fake;
}

void fake_kube_forget(struct fake_kube *fake)
{
	for (size_t i = 0; i < fake->log_count; i++) {
		free(fake->log[i]);
	}
	fake->log_count = 0;
	fake->kube.stats.requests = 0;
}

void fake_kube_free(struct fake_kube *fake)
{
	fake_kube_forget(fake);
	for (size_t i = 0; i < fake->objects.count; i++) {
		cJSON_Delete(fake->objects.entries[i].value);
	}
	map_release(&fake->objects);
	free(fake->log);
	free(fake->queue);
	free(fake);
}

size_t fake_kube_count(const struct fake_kube *fake, const char *part)
{
	size_t count = 0;
	for (size_t i = 0; i < fake->objects.count; i++) {
		count += fake->objects.entries[i].value && strstr(fake->objects.entries[i].key, part);
	}
	return count;
}

size_t fake_kube_requests(const struct fake_kube *fake, const char *start)
{
	size_t count = 0;
	for (size_t i = 0; i < fake->log_count; i++) {
		count += strncmp(fake->log[i], start, strlen(start)) == 0;
	}
	return count;
}
