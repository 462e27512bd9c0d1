#include "agent/finalizer.h"

#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/syncstatus.h"

bool finalizer_is_there(const cJSON *object)
{
	const cJSON *item = NULL;
	cJSON_ArrayForEach (item, doc_at(object, "metadata/finalizers")) {
		if (cJSON_IsString(item) && strcmp(item->valuestring, FINALIZER) == 0) {
			return true;
		}
	}
	return false;
}

static char *path_of(const struct syncspec *spec)
{
	struct buf path = BUF_INIT(LIMIT_KIB(8));
	bool fits = buf_puts(&path, "/apis/" SYNCSPEC_API_VERSION "/namespaces/") && kube_escape(&path, spec->ns) &&
	            buf_puts(&path, "/" SYNCSPEC_PLURAL "/") && kube_escape(&path, spec->name) &&
	            buf_puts(&path, "?fieldManager=" MANAGER_STATUS "&force=true");
	if (!fits) {
		abort();
	}
	return buf_detach(&path);
}

/* What we own of the Sync itself is its finalizer, and nothing else. */
bool finalizer_set(struct kube *kube, const struct syncspec *spec, bool there, struct err *err)
{
	CLEANUP(doc_freep) cJSON *doc = cJSON_CreateObject();
	doc_set_text(doc, "apiVersion", SYNCSPEC_API_VERSION);
	doc_set_text(doc, "kind", SYNCSPEC_KIND);
	cJSON *metadata = doc_make(doc, "metadata");
	doc_set_text(metadata, "name", spec->name);
	doc_set_text(metadata, "namespace", spec->ns);
	doc_set_text(metadata, "uid", spec->uid);
	if (there) {
		cJSON_AddItemToArray(cJSON_AddArrayToObject(metadata, "finalizers"), cJSON_CreateString(FINALIZER));
	}
	CLEANUP(kube_call_release) struct kube_call call = kube_call_make("PATCH", path_of(spec));
	call.content_type = KUBE_APPLY;
	if (!doc_print(doc, &call.body)) {
		abort();
	}
	return kube_do(kube, &call, err);
}
