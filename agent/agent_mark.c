/*
 * The label on its own pod by which the Service of webhooks finds the agent that works: one that waits knows no Syncs, and could
 * only send callers away. Where PLUMB_POD is not set there is no Service, and no label.
 */
#include <stdlib.h>

#include "agent/agent_impl.h"
#include "sync/clock.h"

#define LABEL_LEADER "plumb.dev/leader"

enum { TIMEOUT = 5000, RETRY = 2000 };

/* Sets or removes it. A container that was started again finds the label that the one before left. */
static bool patch(struct agent *agent, bool leads, struct err *err)
{
	struct kube *kube = agent_client_unfenced(agent, err);
	if (!kube) {
		return false;
	}
	char *path = text_printf("/api/v1/namespaces/%s/pods/%s?fieldManager=" MANAGER_STATUS, agent->ns, agent->pod);
	CLEANUP(kube_call_release) struct kube_call call = kube_call_make("PATCH", path);
	call.content_type = KUBE_MERGE_PATCH;
	call.timeout = TIMEOUT;
	bool fits = buf_printf(&call.body, "{\"metadata\":{\"labels\":{\"" LABEL_LEADER "\":%s}}}", leads ? "\"true\"" : "null");
	bool fine = fits && kube_do(kube, &call, err);
	kube_free(kube);
	return fine;
}

static void mark(void *context)
{
	struct agent *agent = context;
	while (!agent->ending && agent->marked != (agent->leads ? MARK_LEADER : MARK_NONE)) {
		bool leads = agent->leads;
		struct err err = ERR_INIT;
		bool fine = patch(agent, leads, &err);
		if (!fine) {
			log_event(&agent->log, LEVEL_WARNING, NULL, "webhooks may not find the agent that works: %s", err.msg);
		}
		/* Without the right it is of no use to try again. */
		if (fine || err.kind == ERR_DENIED || err.kind == ERR_NOT_FOUND) {
			agent->marked = leads ? MARK_LEADER : MARK_NONE;
			continue;
		}
		(void)loop_park(agent->loop, clock_now() + RETRY);
	}
	agent->marker = NULL;
}

void agent_mark(struct agent *agent)
{
	if (!agent->pod) {
		return;
	}
	if (agent->marker) {
		loop_wake(agent->loop, agent->marker);
	} else {
		agent->marker = loop_spawn(agent->loop, mark, agent);
	}
}
