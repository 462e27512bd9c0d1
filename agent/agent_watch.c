/*
 * The watches of objects, driven by the loop; what they find due gives the Sync its turn.
 */
#include <string.h>

#include "agent/agent_impl.h"
#include "agent/watches.h"
#include "sync/clock.h"

void agent_watched(void *context, const char *verb, int status)
{
	struct agent *agent = context;
	/* Its time is that of the stream: not of interest. */
	CLEANUP(text_freep) char *code = text_printf("%d", status);
	metrics_add(agent->metrics, METRIC_API_REQUESTS, LABELS(verb, code), 1);
}

static void set_timer(struct agent *agent)
{
	int64_t due = watches_due(agent->watches);
	if (due < INT64_MAX) {
		loop_timer_set(agent->loop, &agent->watch_timer, due);
	} else {
		loop_timer_clear(agent->loop, &agent->watch_timer);
	}
	metrics_set(agent->metrics, METRIC_WATCHES, NULL, (double)watches_count(agent->watches));
}

static void step(void *context)
{
	struct agent *agent = context;
	watches_step(agent->watches);
	set_timer(agent);
}

static void due(void *context, const char *key)
{
	struct agent *agent = context;
	CLEANUP(text_freep) char *ns = text_dup(key);
	char *slash = strchr(ns, '/');
	*slash = '\0';
	struct agent_sync *sync = syncs_find(agent, ns, slash + 1);
	if (sync) {
		sync_consider(sync);
	}
}

static void trouble(void *context, const char *text)
{
	struct agent *agent = context;
	log_event(&agent->log, LEVEL_WARNING, NULL, "%s", text);
}

static void restarted(void *context, const char *reason)
{
	struct agent *agent = context;
	metrics_add(agent->metrics, METRIC_WATCH_RESTARTS, LABELS(reason), 1);
}

void agent_watches_open(struct agent *agent)
{
	const struct watches_options options = {
		.access = { .loaded = &agent->config },
		.due = due,
		.requested = agent_watched,
		.trouble = trouble,
		.restarted = restarted,
		.context = agent,
	};
	agent->watches = watches_new(&options);
	agent->watch_timer = (struct loop_timer){ .fire = step, .context = agent };
	loop_add_fd(agent->loop, watches_fd(agent->watches), step, agent);
}

void agent_watches_close(struct agent *agent)
{
	if (agent->watches) {
		loop_remove_fd(agent->loop, watches_fd(agent->watches));
		loop_timer_clear(agent->loop, &agent->watch_timer);
		watches_free(agent->watches);
		agent->watches = NULL;
	}
}

void agent_watch(struct agent *agent, struct agent_sync *sync, const char *as_user)
{
	if (agent->watches && agent->discovery) {
		watches_sync(agent->watches, sync->key, sync->drift, as_user, agent->discovery);
		sync->watched = true;
		step(agent);
	}
}

void agent_unwatch(struct agent *agent, struct agent_sync *sync)
{
	if (agent->watches && sync->watched) {
		watches_forget(agent->watches, sync->key);
		sync->watched = false;
		set_timer(agent);
	}
}
