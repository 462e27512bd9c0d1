/*
 * The endpoints, driven by the loop.
 */
#include <string.h>

#include "agent/agent_impl.h"
#include "agent/endpoints.h"
#include "sync/clock.h"

/* A standby is ready: it is there to take over. */
static bool ready(void *context, struct buf *why)
{
	struct agent *agent = context;
	if (agent->ending) {
		(void)buf_puts(why, "ending");
		return false;
	}
	if (agent->leads && !agent->options.config && !syncs_api_synced(agent)) {
		(void)buf_puts(why, "the Syncs were not read yet");
		return false;
	}
	return true;
}

static void find(void *context, const char *ns, const char *name, struct endpoints_hook *out)
{
	const struct agent *agent = context;
	struct agent_sync *sync = syncs_find(agent, ns, name);
	out->elsewhere = !agent->leads;
	if (sync && secret_is_set(&sync->hook_token)) {
		out->token = &sync->hook_token;
		out->bucket = &sync->hook_bucket;
	}
}

static void poll(void *context, const char *ns, const char *name, int64_t delay)
{
	struct agent *agent = context;
	struct agent_sync *sync = syncs_find(agent, ns, name);
	if (sync && sync->joined) {
		poller_hurry(agent->poller, sync->joined, delay);
	}
}

bool agent_serve(struct agent *agent, struct err *err)
{
	const struct endpoints_options options = {
		.health = agent->options.health_address,
		.metrics = agent->options.metrics_address,
		.webhook = agent->options.hook_address,
		.registry = agent->metrics,
		.ready = ready,
		.find = find,
		.poll = poll,
		.scrape = agent_scrape,
		.context = agent,
	};
	agent->endpoints = endpoints_open(&options, err);
	if (!agent->endpoints) {
		return false;
	}
	endpoints_attach(agent->endpoints, agent->loop);
	return true;
}

void agent_serve_no_more(struct agent *agent)
{
	endpoints_freep(&agent->endpoints);
}
