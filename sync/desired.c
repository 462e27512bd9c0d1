#include "sync/desired.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "render/doc.h"
#include "sync/names.h"
#include "sync/notes.h"
#include "sync/target.h"

/* The value as base64, for `data`. */
static cJSON *encoded(const char *text)
{
	size_t len = strlen(text);
	char *base64 = alloc_new((len + 2) / 3 * 4 + 1, 1);
	(void)EVP_EncodeBlock((unsigned char *)base64, (const unsigned char *)text, (int)len);
	cJSON *value = cJSON_CreateString(base64);
	OPENSSL_cleanse(base64, strlen(base64));
	free(base64);
	return value;
}

static bool all_texts(const cJSON *mapping)
{
	const cJSON *value = NULL;
	cJSON_ArrayForEach (value, mapping) {
		if (!cJSON_IsString(value)) {
			return false;
		}
	}
	return cJSON_IsObject(mapping);
}

/* What is not text is left to the server to refuse. */
static void fold_string_data(cJSON *secret)
{
	cJSON *texts = doc_get(secret, "stringData");
	if (!texts || (!cJSON_IsNull(texts) && !all_texts(texts))) {
		return;
	}
	const cJSON *text = NULL;
	cJSON_ArrayForEach (text, texts) {
		doc_set(doc_make(secret, "data"), text->string, encoded(text->valuestring));
	}
	doc_remove(secret, "stringData");
}

void desired_clean(struct object *object)
{
	static const char *const servers[] = { "creationTimestamp", "managedFields", "uid",
		                                   "resourceVersion",   "generation",    "selfLink" };
	doc_remove(object->json, "status");
	cJSON *metadata = doc_get(object->json, "metadata");
	for (size_t i = 0; i < ARRAY_LEN(servers); i++) {
		doc_remove(metadata, servers[i]);
	}
	/* As a CRD or a workload has it that a tool wrote. */
	cJSON *inner = doc_at(object->json, "spec/template/metadata");
	if (cJSON_IsNull(doc_get(inner, "creationTimestamp"))) {
		doc_remove(inner, "creationTimestamp");
	}
	if (!*object->id.group && strcmp(object->id.kind, "Secret") == 0) {
		fold_string_data(object->json);
	}
}

bool desired_may_be_kept(const struct object *object)
{
	static const char *const kinds[] = { "CustomResourceDefinition", "HorizontalPodAutoscaler", "ScaledObject" };
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (strcmp(object->id.kind, kinds[i]) == 0) {
			return false;
		}
	}
	return !note_hook(doc_get(object->json, "metadata")) && !doc_at(object->json, "spec/progressDeadlineSeconds");
}

const struct object *desired_definition(const struct objects *desired, const char *group, const char *kind)
{
	for (size_t i = 0; i < desired->count; i++) {
		const struct object *object = desired->items[i];
		if (strcmp(object->id.kind, "CustomResourceDefinition") != 0) {
			continue;
		}
		const char *its_group = doc_text(object->json, "spec/group");
		const char *its_kind = doc_text(object->json, "spec/names/kind");
		if (its_group && its_kind && strcmp(its_group, group) == 0 && strcmp(its_kind, kind) == 0) {
			return object;
		}
	}
	return NULL;
}

bool desired_has_namespace(const struct objects *desired, const char *ns)
{
	for (size_t i = 0; i < desired->count; i++) {
		const struct ident *id = &desired->items[i]->id;
		if (!*id->group && strcmp(id->kind, "Namespace") == 0 && strcmp(id->name, ns) == 0) {
			return true;
		}
	}
	return false;
}

struct settling {
	struct objects *desired;
	struct discovery *discovery;
	const struct desired_options *options;
	struct report *report;
	bool failed;
};

/* "shop/web.yaml:12: deployment.apps/web" */
static char *place_of(const struct object *object)
{
	CLEANUP(text_freep) char *name = ident_text(&object->id);
	return object->path ? text_printf("%s:%zu: %s", object->path, object->line, name) : text_dup(name);
}

static void refuse_version(struct settling *settling, const struct object *object, const struct resource *served)
{
	CLEANUP(text_freep) char *place = place_of(object);
	CLEANUP(text_freep) char *version = object_api_version(object);
	report_fail(settling->report, FAILURE_MANIFESTS,
	            text_printf("%s: apiVersion: the server does not serve %s of this kind, it serves %s%s%s", place, version,
	                        served->group, *served->group ? "/" : "", served->version));
	settling->failed = true;
}

/* Kinds that Kubernetes moved to another group: the old one will not come back, whoever installs what. */
static const struct moved_kind {
	const char *from;
	const char *kind;
	const char *to;
} moved_kinds[] = {
	{ "extensions", "DaemonSet", "apps" },
	{ "extensions", "Deployment", "apps" },
	{ "extensions", "ReplicaSet", "apps" },
	{ "extensions", "Ingress", "networking.k8s.io" },
	{ "extensions", "NetworkPolicy", "networking.k8s.io" },
};

static const struct resource *moved_to(struct settling *settling, const struct ident *id)
{
	const struct resource *resource = NULL;
	for (size_t i = 0; i < ARRAY_LEN(moved_kinds); i++) {
		const struct moved_kind *moved = &moved_kinds[i];
		if (strcmp(moved->from, id->group) == 0 && strcmp(moved->kind, id->kind) == 0 &&
		    discovery_find(settling->discovery, moved->to, NULL, moved->kind, &resource) == DISCOVERY_FOUND) {
			return resource;
		}
	}
	return NULL;
}

static bool is_namespaced(struct settling *settling, const struct object *object)
{
	const struct resource *resource = NULL;
	switch (discovery_find(settling->discovery, object->id.group, object->version, object->id.kind, &resource)) {
	case DISCOVERY_FOUND:
		return resource->namespaced;
	case DISCOVERY_OTHER_VERSION:
		if (!desired_definition(settling->desired, object->id.group, object->id.kind)) {
			refuse_version(settling, object, resource);
		}
		return resource->namespaced;
	case DISCOVERY_ABSENT:
		resource = moved_to(settling, &object->id);
		if (resource) {
			refuse_version(settling, object, resource);
			return resource->namespaced;
		}
		break;
	case DISCOVERY_UNKNOWN:
		break;
	}
	const struct object *definition = desired_definition(settling->desired, object->id.group, object->id.kind);
	const char *scope = definition ? doc_text(definition->json, "spec/scope") : NULL;
	return !scope || strcmp(scope, "Cluster") != 0;
}

static void settle(struct settling *settling, struct object *object)
{
	const struct desired_options *options = settling->options;
	if (object->json) {
		desired_clean(object);
	}
	if (!is_namespaced(settling, object)) {
		object_set_namespace(object, "");
		doc_remove(doc_get(object->json, "metadata"), "namespace");
	} else if (options->target_ns) {
		object_set_namespace(object, options->target_ns);
	} else if (!*object->id.ns) {
		object_set_namespace(object, options->ns);
	}
	if (!object->json) {
		return;
	}
	cJSON *labels = doc_make(object->json, "metadata/labels");
	doc_set_text(labels, LABEL_NAME, options->name);
	doc_set_text(labels, LABEL_NAMESPACE, options->ns);
	if (options->unowned) {
		unowned_strip(options->unowned, object);
	}
}

static void refuse_doubles(struct settling *settling)
{
	struct map seen = MAP_INIT;
	for (size_t i = 0; i < settling->desired->count; i++) {
		struct object *object = settling->desired->items[i];
		CLEANUP(text_freep) char *key = ident_key(&object->id);
		const struct object *first = map_get(&seen, key);
		if (first) {
			CLEANUP(text_freep) char *place = place_of(object);
			report_fail(
				settling->report, FAILURE_MANIFESTS,
				text_printf("%s: duplicate object, first in %s:%zu", place, first->path ? first->path : "?", first->line));
			settling->failed = true;
		} else {
			(void)map_set(&seen, key, object);
		}
	}
	map_release(&seen);
}

bool desired_settle(struct objects *desired, struct discovery *discovery, const struct desired_options *options,
                    struct report *report)
{
	struct settling settling = { .desired = desired, .discovery = discovery, .options = options, .report = report };
	if (options->target_ns) {
		target_references(desired, options->target_ns);
	}
	for (size_t i = 0; i < desired->count; i++) {
		settle(&settling, desired->items[i]);
	}
	refuse_doubles(&settling);
	return !settling.failed;
}
