/*
 * ReplicaSets of a few Deployments, each by its selector, which the Deployment itself has to tell: two small requests, where a
 * list of the namespace may have thousands that nobody asked for.
 */
#include <stdlib.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/replicasets_impl.h"
#include "sync/rollout_pods.h"

struct asking {
	const struct ident *id;
	char *selector; /* NULL as long as it is not known */
	struct kube_call call;
};

static void ignore(struct kube_call *call, void *context)
{
	(void)call;
	(void)context;
}

/* Of the Deployment, or of what it selects once that is known. */
static char *path_of(const struct asking *asking)
{
	struct buf path = BUF_INIT(LIMIT_KIB(256));
	bool sets = asking->selector != NULL;
	bool fits = buf_puts(&path, "/apis/apps/v1/namespaces/") && kube_escape(&path, asking->id->ns) &&
	            buf_puts(&path, sets ? "/replicasets?labelSelector=" : "/deployments/") &&
	            kube_escape(&path, sets ? asking->selector : asking->id->name);
	if (!fits) {
		abort();
	}
	return buf_detach(&path);
}

static void send_all(struct kube *kube, struct asking *askings, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct asking *asking = &askings[i];
		kube_call_release(&asking->call);
		asking->call = kube_call_make("GET", path_of(asking));
		asking->call.accept = asking->selector ? KUBE_METADATA_LIST : NULL;
		asking->call.done = ignore;
		kube_send(kube, &asking->call);
	}
	while (!kube_run(kube, INT64_MAX)) {
	}
}

/* NULL where the answer was none. */
static cJSON *answer_of(const struct asking *asking)
{
	struct err ignored = ERR_INIT;
	return kube_check(&asking->call, false, &ignored) ? doc_parse(buf_text(&asking->call.reply), asking->call.reply.len, &ignored)
	                                                  : NULL;
}

static bool read_selectors(struct asking *askings, size_t count)
{
	bool all = true;
	for (size_t i = 0; i < count; i++) {
		CLEANUP(doc_freep) cJSON *deployment = answer_of(&askings[i]);
		askings[i].selector = deployment ? pods_selector(deployment) : NULL;
		all = all && askings[i].selector;
	}
	return all;
}

static bool read_sets(const struct asking *askings, size_t count, struct replicasets *sets)
{
	bool all = true;
	for (size_t i = 0; i < count; i++) {
		CLEANUP(doc_freep) cJSON *list = answer_of(&askings[i]);
		const cJSON *item = NULL;
		cJSON_ArrayForEach (item, doc_get(list, "items")) {
			(void)replicasets_add(sets, item);
		}
		all = all && list;
	}
	return all;
}

bool replicasets_gather_few(struct kube *kube, const struct replicasets_wanted *wanted, struct replicasets *sets)
{
	size_t count = wanted->deployments.count;
	struct asking *askings = alloc_new(count, sizeof *askings);
	for (size_t i = 0; i < count; i++) {
		askings[i].id = wanted->deployments.entries[i].value;
	}
	send_all(kube, askings, count);
	bool all = read_selectors(askings, count);
	if (all) {
		send_all(kube, askings, count);
		all = read_sets(askings, count, sets);
	}
	for (size_t i = 0; i < count; i++) {
		kube_call_release(&askings[i].call);
		free(askings[i].selector);
	}
	free(askings);
	return all;
}
