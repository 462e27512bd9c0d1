/*
 * Who the records belong to: the Sync resource, or an anchor that is made for them (safety rule 22).
 */
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/ledger_impl.h"
#include "sync/names.h"

static cJSON *anchor_object(const struct ledger *ledger, const char *name)
{
	cJSON *object = cJSON_CreateObject();
	doc_set_text(object, "apiVersion", "v1");
	doc_set_text(object, "kind", "ConfigMap");
	cJSON *metadata = doc_make(object, "metadata");
	doc_set_text(metadata, "name", name);
	doc_set_text(metadata, "namespace", ledger->ns);
	doc_set_text(doc_make(metadata, "labels"), LABEL_RECORD_OF, ledger->name);
	doc_set_text(doc_make(object, "data"), "about",
	             "Owns the records (controllerrevisions) of the sync of this name: without it they are deleted.");
	return object;
}

static char *config_maps_path(const struct ledger *ledger, const char *name)
{
	struct buf path = BUF_INIT(LIMIT_KIB(8));
	bool fits = buf_puts(&path, "/api/v1/namespaces/") && kube_escape(&path, ledger->ns) && buf_puts(&path, "/configmaps") &&
	            (!name || (buf_putc(&path, '/') && kube_escape(&path, name)));
	if (!fits) {
		abort();
	}
	return buf_detach(&path);
}

/* A config map of that name that is somebody else's must not become the owner of our records. */
static bool check_anchor(const struct ledger *ledger, const cJSON *object, const char *name, struct err *err)
{
	const char *label = cJSON_GetStringValue(doc_get(doc_at(object, "metadata/labels"), LABEL_RECORD_OF));
	if (!label || strcmp(label, ledger->name) != 0) {
		return err_set(err, ERR_CONFLICT, "configmap '%s' in '%s' is there and not plumb's: choose another --name", name,
		               ledger->ns);
	}
	if (doc_text(object, "metadata/deletionTimestamp")) {
		return err_set(err, ERR_TRANSIENT, "configmap '%s' in '%s' is being deleted", name, ledger->ns);
	}
	return true;
}

bool ledger_ensure_owner(struct ledger *ledger, struct err *err)
{
	if (ledger->anchor_uid || ledger->sync_uid) {
		return true;
	}
	CLEANUP(text_freep) char *name = record_anchor_name(ledger->name);
	CLEANUP(text_freep) char *collection = config_maps_path(ledger, NULL);
	CLEANUP(doc_freep) cJSON *ours = anchor_object(ledger, name);
	CLEANUP(doc_freep) cJSON *reply = NULL;
	struct err failure = ERR_INIT;
	if (!ledger_post(ledger->kube, collection, ours, &reply, &failure)) {
		if (failure.kind == ERR_CONFLICT) {
			CLEANUP(text_freep) char *path = config_maps_path(ledger, name);
			reply = ledger_get(ledger->kube, path, &failure);
		}
		if (!reply) {
			*err = failure;
			return err_wrap(err, "cannot create configmap '%s' in '%s'", name, ledger->ns);
		}
		if (!check_anchor(ledger, reply, name, err)) {
			return false;
		}
	}
	const char *uid = doc_text(reply, "metadata/uid");
	if (!uid) {
		return err_set(err, ERR_TRANSIENT, "configmap '%s' in '%s' has no uid", name, ledger->ns);
	}
	ledger->anchor_uid = text_dup(uid);
	return true;
}

struct record_owner ledger_owner(const struct ledger *ledger, const char *anchor)
{
	if (ledger->sync_uid) {
		return (struct record_owner){ "plumb.dev/v1alpha1", "Sync", ledger->name, ledger->sync_uid };
	}
	return (struct record_owner){ "v1", "ConfigMap", anchor, ledger->anchor_uid };
}
