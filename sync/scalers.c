#include "sync/scalers.h"

#include <stdlib.h>
#include <string.h>

#include "render/doc.h"
#include "sync/listing.h"

void scalers_release(struct scalers *scalers)
{
	for (size_t i = 0; i < scalers->targets.count; i++) {
		struct ident *id = scalers->targets.entries[i].value;
		ident_release(id);
		free(id);
	}
	map_release(&scalers->targets);
	map_release(&scalers->namespaces);
	*scalers = SCALERS_INIT;
}

static char *target_key(const char *ns, const char *kind, const char *name)
{
	return text_printf("%s/%s/%s", ns, kind, name);
}

const struct ident *scalers_find(const struct scalers *scalers, const struct ident *id)
{
	CLEANUP(text_freep) char *key = target_key(id->ns, id->kind, id->name);
	return map_get(&scalers->targets, key);
}

static void note(struct scalers *scalers, const char *ns, const cJSON *hpa)
{
	const char *kind = doc_text(hpa, "spec/scaleTargetRef/kind");
	const char *target = doc_text(hpa, "spec/scaleTargetRef/name");
	const char *name = doc_text(hpa, "metadata/name");
	if (!kind || !target || !name) {
		return;
	}
	CLEANUP(text_freep) char *key = target_key(ns, kind, target);
	if (!map_has(&scalers->targets, key)) {
		struct ident *id = alloc_new(1, sizeof *id);
		*id = ident_make("autoscaling", "HorizontalPodAutoscaler", ns, name);
		(void)map_set(&scalers->targets, key, id);
	}
}

static bool note_all(struct scalers *scalers, const char *ns, const struct buf *reply, struct err *err)
{
	struct listing listing;
	struct err trouble = ERR_INIT;
	if (!listing_open(&listing, buf_text(reply), reply->len, err)) {
		return false;
	}
	for (cJSON *item; (item = listing_next(&listing, &trouble)) != NULL;) {
		note(scalers, ns, item);
		cJSON_Delete(item);
	}
	listing_release(&listing);
	return trouble.kind == ERR_NONE || err_set(err, trouble.kind, "%s", trouble.msg);
}

static bool read_namespace(struct scalers *scalers, struct kube *kube, const struct resource *resource, const char *ns,
                           struct err *err)
{
	struct kube_call call = kube_call_make("GET", resource_path(resource, ns, NULL));
	bool good = kube_do(kube, &call, err);
	if (good) {
		good = note_all(scalers, ns, &call.reply, err);
	} else if (err->kind == ERR_DENIED || err->kind == ERR_NOT_FOUND) {
		*err = ERR_INIT;
		good = true;
	}
	kube_call_release(&call);
	return good;
}

static bool heals_replicas(const struct action *action)
{
	return action->kind == ACTION_HEAL && action->live && action->field && strcmp(action->field, "spec.replicas") == 0;
}

bool scalers_read(struct scalers *scalers, struct kube *kube, struct discovery *discovery, const struct plan *plan, bool *news,
                  struct err *err)
{
	const struct resource *resource = NULL;
	bool found = false;
	for (size_t i = 0; i < plan->count; i++) {
		const struct action *action = plan->actions[i];
		if (!heals_replicas(action)) {
			continue;
		}
		const struct ident *id = &action->desired->id;
		enum discovery_answer answer = discovery_find(discovery, "autoscaling", NULL, "HorizontalPodAutoscaler", &resource);
		if (answer == DISCOVERY_FOUND && !map_set(&scalers->namespaces, id->ns, scalers) &&
		    !read_namespace(scalers, kube, resource, id->ns, err)) {
			return false;
		}
		found = found || scalers_find(scalers, id);
	}
	*news = found;
	return true;
}
