/*
 * Taking fields over from managers that came before plumb (safety rule 6): what the manifest or the last applied
 * configuration names goes into plumb's entry, so that what Git drops later really goes. Of an entry that itself is an
 * apply, all of it is such a configuration.
 */
#include <stdlib.h>
#include <string.h>

#include "render/doc.h"
#include "sync/apply_impl.h"
#include "sync/fields.h"
#include "sync/names.h"
#include "sync/notes.h"
#include "sync/unowned.h"

#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

struct takeover {
	const struct work *work;
	const cJSON *manifest;
	cJSON *last_applied; /* parsed; NULL if none */
	cJSON *own;          /* plumb's set as it becomes */
	bool leaves_replicas;
	bool any;
};

/* What a cluster sets by itself, wherever it stands: never taken over. */
static bool is_clusters(const char *key)
{
	static const char *const keys[] = { "f:clusterIP", "f:clusterIPs", "f:nodePort", "f:caBundle",
		                                "f:kubectl.kubernetes.io/restartedAt" };
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (strcmp(keys[i], key) == 0) {
			return true;
		}
	}
	return false;
}

/* Takes the cluster's own out of a set; an inner node that is left empty goes too, since empty means all of it. */
static void spare(cJSON *set)
{
	for (cJSON *child = set->child; child;) {
		cJSON *next = child->next;
		bool inner = child->child != NULL;
		if (is_clusters(child->string)) {
			cJSON_Delete(cJSON_DetachItemViaPointer(set, child));
		} else if (inner) {
			spare(child);
			if (!child->child) {
				cJSON_Delete(cJSON_DetachItemViaPointer(set, child));
			}
		}
		child = next;
	}
}

static void spare_replicas(cJSON *set)
{
	cJSON *spec = doc_get(set, "f:spec");
	if (doc_get(spec, "f:replicas")) {
		doc_remove(spec, "f:replicas");
		if (!spec->child) {
			doc_remove(set, "f:spec");
		}
	}
}

static cJSON *named(const struct takeover *takeover, const cJSON *set)
{
	CLEANUP(doc_freep) cJSON *by_manifest = fields_within(set, takeover->manifest);
	CLEANUP(doc_freep) cJSON *by_config = takeover->last_applied ? fields_within(set, takeover->last_applied) : NULL;
	CLEANUP(doc_freep) cJSON *note = cJSON_CreateObject();
	doc_set_text(doc_make(note, "metadata/annotations"), LAST_APPLIED, "");
	CLEANUP(doc_freep) cJSON *by_note = fields_within(set, note);
	CLEANUP(doc_freep) cJSON *both = fields_union(by_manifest, by_config);
	return fields_union(both, by_note);
}

/* The part of an entry's set that becomes plumb's; cJSON_Delete it. */
static cJSON *part_of(const struct takeover *takeover, const cJSON *entry)
{
	const cJSON *set = doc_get(entry, "fieldsV1");
	const char *operation = doc_text(entry, "operation");
	bool declared = operation && strcmp(operation, "Apply") == 0 && strcmp(doc_text(entry, "manager"), MANAGER_HANDOVER) != 0;
	cJSON *part = declared ? cJSON_Duplicate(set, 1) : named(takeover, set);
	/* What ignore rules name stays with whom it belongs to. */
	CLEANUP(doc_freep) cJSON *unowned = part ? unowned_part(takeover->work->action->desired, part) : NULL;
	if (unowned) {
		cJSON *rest = fields_minus(part, unowned);
		cJSON_Delete(part);
		part = rest;
	}
	if (part) {
		spare(part);
		if (takeover->leaves_replicas) {
			spare_replicas(part);
		}
	}
	return part;
}

static bool is_own(const cJSON *entry)
{
	const char *manager = doc_text(entry, "manager");
	const char *operation = doc_text(entry, "operation");
	const char *subresource = doc_text(entry, "subresource");
	return manager && operation && strcmp(manager, MANAGER_PLUMB) == 0 && strcmp(operation, "Apply") == 0 &&
	       !(subresource && *subresource);
}

static bool is_takeable(const struct takeover *takeover, const cJSON *entry)
{
	const char *manager = doc_text(entry, "manager");
	const char *subresource = doc_text(entry, "subresource");
	return manager && !(subresource && *subresource) && doc_get(entry, "fieldsV1") &&
	       manager_takeable(manager, takeover->work->run->apply->take_over);
}

/* The entry without what plumb takes; NULL where nothing is left. */
static cJSON *what_is_left(struct takeover *takeover, const cJSON *entry)
{
	CLEANUP(doc_freep) cJSON *part = part_of(takeover, entry);
	cJSON *copy = cJSON_Duplicate(entry, 1);
	if (!part || fields_empty(part)) {
		return copy;
	}
	takeover->any = true;
	cJSON *own = fields_union(takeover->own, part);
	cJSON_Delete(takeover->own);
	takeover->own = own;
	cJSON *rest = fields_minus(doc_get(entry, "fieldsV1"), part);
	if (fields_empty(rest)) {
		cJSON_Delete(rest);
		cJSON_Delete(copy);
		return NULL;
	}
	doc_set(copy, "fieldsV1", rest);
	return copy;
}

static cJSON *own_entry(const struct takeover *takeover, const cJSON *before)
{
	cJSON *entry = before ? cJSON_Duplicate(before, 1) : cJSON_CreateObject();
	if (!before) {
		CLEANUP(text_freep) char *version = object_api_version(takeover->work->action->desired);
		doc_set_text(entry, "manager", MANAGER_PLUMB);
		doc_set_text(entry, "operation", "Apply");
		doc_set_text(entry, "apiVersion", version);
		doc_set_text(entry, "fieldsType", "FieldsV1");
	}
	doc_set(entry, "fieldsV1", cJSON_Duplicate(takeover->own, 1));
	return entry;
}

static cJSON *replace(const char *path, cJSON *value)
{
	cJSON *operation = cJSON_CreateObject();
	doc_set_text(operation, "op", "replace");
	doc_set_text(operation, "path", path);
	doc_set(operation, "value", value);
	return operation;
}

static cJSON *parse_last_applied(const cJSON *metadata)
{
	const char *text = note_value(metadata, LAST_APPLIED);
	struct err err = ERR_INIT;
	return text ? doc_parse(text, strlen(text), &err) : NULL;
}

cJSON *takeover_patch(const struct work *work)
{
	const cJSON *metadata = doc_get(work->live, "metadata");
	const char *version = doc_text(metadata, "resourceVersion");
	const cJSON *before = fields_entry(metadata, MANAGER_PLUMB, "Apply", "");
	const cJSON *replicas = doc_at(work->action->desired->json, "spec/replicas");
	struct takeover takeover = {
		.work = work,
		.manifest = work->action->desired->json,
		.last_applied = parse_last_applied(metadata),
		.own = before ? cJSON_Duplicate(doc_get(before, "fieldsV1"), 1) : cJSON_CreateObject(),
		.leaves_replicas = !replicas || cJSON_IsNull(replicas) || work->action->drop_replicas,
	};
	cJSON *entries = cJSON_CreateArray();
	const cJSON *entry = NULL;
	cJSON_ArrayForEach (entry, doc_get(metadata, "managedFields")) {
		cJSON *rest = is_own(entry)                   ? NULL
		              : is_takeable(&takeover, entry) ? what_is_left(&takeover, entry)
		                                              : cJSON_Duplicate(entry, 1);
		if (rest) {
			cJSON_AddItemToArray(entries, rest);
		}
	}
	cJSON *patch = NULL;
	if (takeover.any && version) {
		cJSON_AddItemToArray(entries, own_entry(&takeover, before));
		patch = cJSON_CreateArray();
		cJSON_AddItemToArray(patch, replace("/metadata/managedFields", TAKE(entries)));
		cJSON_AddItemToArray(patch, replace("/metadata/resourceVersion", cJSON_CreateString(version)));
	}
	cJSON_Delete(entries);
	cJSON_Delete(takeover.own);
	cJSON_Delete(takeover.last_applied);
	return patch;
}
