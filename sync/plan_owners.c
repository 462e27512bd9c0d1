/*
 * What the metadata of a live object tells about who made it and who owns its fields.
 */
#include <string.h>

#include "render/doc.h"
#include "sync/fields.h"
#include "sync/names.h"
#include "sync/plan_impl.h"

enum claim claim_of(const struct planning *planning, const struct live *live)
{
	const char *name = live_label(live, LABEL_NAME);
	const char *ns = live_label(live, LABEL_NAMESPACE);
	if ((name && strcmp(name, planning->options->name) != 0) || (ns && strcmp(ns, planning->options->ns) != 0)) {
		return CLAIM_OTHER;
	}
	return name && ns ? CLAIM_OURS : CLAIM_NONE;
}

char *claim_text(const struct live *live)
{
	const char *name = live_label(live, LABEL_NAME);
	const char *ns = live_label(live, LABEL_NAMESPACE);
	return text_printf("%s/%s", ns ? ns : "", name ? name : "");
}

const cJSON *own_set(const struct live *live)
{
	return doc_get(fields_entry(live->meta, MANAGER_PLUMB, "Apply", ""), "fieldsV1");
}

char *deletion_text(const struct live *live)
{
	struct buf text = BUF_INIT(SIZE_MAX);
	const cJSON *finalizer = NULL;
	cJSON_ArrayForEach (finalizer, doc_get(live->meta, "finalizers")) {
		(void)buf_printf(&text, "%s%s", text.len ? ", " : "finalizer ", cJSON_IsString(finalizer) ? finalizer->valuestring : "?");
	}
	return text.len ? buf_detach(&text) : text_dup("its deletion");
}

char *whose(const cJSON *entry)
{
	const char *manager = doc_text(entry, "manager");
	const char *subresource = doc_text(entry, "subresource");
	bool sub = subresource && *subresource;
	return text_printf("%s's%s%s%s", manager ? manager : "?", sub ? " (" : "", sub ? subresource : "", sub ? ")" : "");
}

const cJSON *replicas_owner(const struct live *live)
{
	const cJSON *own = fields_entry(live->meta, MANAGER_PLUMB, "Apply", "");
	const cJSON *entry = NULL;
	cJSON_ArrayForEach (entry, doc_get(live->meta, "managedFields")) {
		const cJSON *set = doc_get(entry, "fieldsV1");
		if (entry != own && set && fields_own(set, "spec/replicas")) {
			return entry;
		}
	}
	return NULL;
}

static bool is_controller(const char *manager)
{
	return strcmp(manager, "kube-controller-manager") == 0 || strncmp(manager, "keda", 4) == 0;
}

const char *scaling_manager(const struct live *live)
{
	const cJSON *entry = NULL;
	cJSON_ArrayForEach (entry, doc_get(live->meta, "managedFields")) {
		const char *manager = doc_text(entry, "manager");
		const char *subresource = doc_text(entry, "subresource");
		if (manager && is_controller(manager) && subresource && strcmp(subresource, "scale") == 0 &&
		    fields_own(doc_get(entry, "fieldsV1"), "spec/replicas")) {
			return manager;
		}
	}
	return NULL;
}

bool any_takeable(const struct live *live, const char *const *take_over)
{
	const cJSON *entry = NULL;
	cJSON_ArrayForEach (entry, doc_get(live->meta, "managedFields")) {
		const char *manager = doc_text(entry, "manager");
		const char *subresource = doc_text(entry, "subresource");
		const char *operation = doc_text(entry, "operation");
		bool ours = manager && strcmp(manager, MANAGER_PLUMB) == 0 && operation && strcmp(operation, "Apply") == 0;
		if (manager && !ours && !(subresource && *subresource) && manager_takeable(manager, take_over)) {
			return true;
		}
	}
	return false;
}

bool any_leftover(const struct live *live, const cJSON *manifest)
{
	static const char *const managers[] = { "before-first-apply", "kubectl-client-side-apply" };
	for (size_t i = 0; i < ARRAY_LEN(managers); i++) {
		const cJSON *entry = fields_entry(live->meta, managers[i], "Update", "");
		if (entry) {
			CLEANUP(doc_freep) cJSON *part = fields_within(doc_get(entry, "fieldsV1"), manifest);
			if (!fields_empty(part)) {
				return true;
			}
		}
	}
	return false;
}

static bool is_named(const char *manager, const char *const *names)
{
	for (; manager && names && *names; names++) {
		if (strcmp(manager, *names) == 0) {
			return true;
		}
	}
	return false;
}

const char *named_owner(const struct live *live, const cJSON *manifest, const char *const *take_over)
{
	const cJSON *entry = NULL;
	cJSON_ArrayForEach (entry, doc_get(live->meta, "managedFields")) {
		const char *manager = doc_text(entry, "manager");
		const char *subresource = doc_text(entry, "subresource");
		if (!is_named(manager, take_over) || (subresource && *subresource)) {
			continue;
		}
		CLEANUP(doc_freep) cJSON *part = fields_within(doc_get(entry, "fieldsV1"), manifest);
		if (!fields_empty(part)) {
			return manager;
		}
	}
	return NULL;
}

char *makers_text(const struct live *live)
{
	struct buf text = BUF_INIT(SIZE_MAX);
	const cJSON *entry = NULL;
	size_t count = 0;
	cJSON_ArrayForEach (entry, doc_get(live->meta, "managedFields")) {
		const char *manager = doc_text(entry, "manager");
		const char *subresource = doc_text(entry, "subresource");
		if (manager && !(subresource && *subresource) && count++ < 3) {
			(void)buf_printf(&text, "%s%s", text.len ? ", " : "made by ", manager);
		}
	}
	return text.len ? buf_detach(&text) : text_dup("is there already");
}
