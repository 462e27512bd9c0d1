#include "sync/target.h"

#include <string.h>

#include "render/base/map.h"
#include "render/doc.h"

struct moving {
	const char *target;
	struct map there; /* "Kind/namespace/name" of what moves */
};

static bool moves(const struct moving *moving, const char *kind, const char *ns, const char *name)
{
	CLEANUP(text_freep) char *key = text_printf("%s/%s/%s", kind, ns ? ns : "", name);
	CLEANUP(text_freep) char *anywhere = text_printf("%s//%s", kind, name);
	return map_has(&moving->there, key) || map_has(&moving->there, anywhere);
}

static void move(const struct moving *moving, cJSON *reference, const char *kind)
{
	const char *name = doc_text(reference, "name");
	bool every = name && strcmp(kind, "ServiceAccount") == 0 && strcmp(name, "default") == 0;
	if (name && (every || moves(moving, kind, doc_text(reference, "namespace"), name))) {
		doc_set_text(reference, "namespace", moving->target);
	}
}

static void move_subjects(const struct moving *moving, cJSON *json)
{
	cJSON *subject = NULL;
	cJSON_ArrayForEach (subject, doc_get(json, "subjects")) {
		const char *kind = doc_text(subject, "kind");
		if (kind && strcmp(kind, "ServiceAccount") == 0) {
			move(moving, subject, kind);
		}
	}
}

static void move_webhooks(const struct moving *moving, cJSON *json)
{
	cJSON *webhook = NULL;
	cJSON_ArrayForEach (webhook, doc_get(json, "webhooks")) {
		move(moving, doc_at(webhook, "clientConfig/service"), "Service");
	}
}

static void move_api_service(const struct moving *moving, cJSON *json)
{
	move(moving, doc_at(json, "spec/service"), "Service");
}

static void move_conversion(const struct moving *moving, cJSON *json)
{
	move(moving, doc_at(json, "spec/conversion/webhook/clientConfig/service"), "Service");
}

static const struct {
	const char *group;
	const char *kind;
	void (*move)(const struct moving *moving, cJSON *json);
} referring[] = {
	{ "rbac.authorization.k8s.io", "RoleBinding", move_subjects },
	{ "rbac.authorization.k8s.io", "ClusterRoleBinding", move_subjects },
	{ "admissionregistration.k8s.io", "MutatingWebhookConfiguration", move_webhooks },
	{ "admissionregistration.k8s.io", "ValidatingWebhookConfiguration", move_webhooks },
	{ "apiregistration.k8s.io", "APIService", move_api_service },
	{ "apiextensions.k8s.io", "CustomResourceDefinition", move_conversion },
};

void target_references(struct objects *objects, const char *target)
{
	struct moving moving = { .target = target, .there = MAP_INIT };
	for (size_t i = 0; i < objects->count; i++) {
		struct object *object = objects->items[i];
		if (!*object->id.group) {
			CLEANUP(text_freep) char *key = text_printf("%s/%s/%s", object->id.kind, object->id.ns, object->id.name);
			(void)map_set(&moving.there, key, object);
		}
	}
	for (size_t i = 0; i < objects->count; i++) {
		struct object *object = objects->items[i];
		for (size_t j = 0; j < ARRAY_LEN(referring); j++) {
			if (strcmp(referring[j].group, object->id.group) == 0 && strcmp(referring[j].kind, object->id.kind) == 0) {
				referring[j].move(&moving, object->json);
			}
		}
	}
	map_release(&moving.there);
}
