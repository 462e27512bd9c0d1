/*
 * The watches of objects, driven by the loop; what they find due gives the Sync its turn.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/agent_impl.h"
#include "agent/watches.h"
#include "sync/clock.h"

void agent_watched(void *context, const char *verb, int status)
{
	struct agent *agent = context;
	/* Its time is that of the stream: not of interest. */
	metrics_api(agent->metrics, verb, NULL, status, -1);
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

void agent_drift_changed(void *context, const struct drift_note *note)
{
	struct agent_sync *sync = context;
	struct agent *agent = sync->agent;
	CLEANUP(text_freep) char *name = ident_text(note->id);
	const struct log_about about = { .ns = sync->spec.ns, .name = sync->spec.name, .object = name };
	const char *const *labels = LABELS(sync->spec.ns, sync->spec.name);
	if (note->state != DRIFT_NONE && note->state != DRIFT_MAYBE) {
		bool named = note->state == DRIFT_CONTESTED; /* the reason begins with it */
		log_event(&agent->log, note->lost ? LEVEL_WARNING : LEVEL_INFO, &about, "%s%s%s",
		          named ? "" : drift_state_text(note->state), named || !*note->reason ? "" : ": ", note->reason);
	}
	if (note->state == DRIFT_FOUND && !note->lost) {
		metrics_add(agent->metrics, METRIC_SYNC_DRIFT, labels, 1);
	}
	int64_t lasted = clock_now() - note->since;
	if (note->state == DRIFT_NONE && note->since && lasted > 0) {
		metrics_observe(agent->metrics, METRIC_SYNC_HEAL_SECONDS, labels, (double)lasted / 1000);
	}
	if (note->state == DRIFT_FOUND && note->lost) {
		metrics_add(agent->metrics, METRIC_SYNC_FIGHTS, labels, 1);
	}
	sync->drifted = true;
}

struct drift_tally {
	size_t count;
	char *first;
};

static void tally(void *context, const struct drift_note *note)
{
	struct drift_tally *all = context;
	if (note->state != DRIFT_FOUND && note->state != DRIFT_CONTESTED) {
		return;
	}
	if (all->count++ == 0) {
		CLEANUP(text_freep) char *name = ident_text(note->id);
		all->first = text_printf("%s: %s", name, note->reason);
	}
}

void agent_tell_drift(struct agent_sync *sync)
{
	struct metrics *metrics = sync->agent->metrics;
	const char *const *labels = LABELS(sync->spec.ns, sync->spec.name);
	sync->drifted = false;
	metrics_set(metrics, METRIC_SYNC_DISABLED, labels, (double)drift_count(sync->drift, DRIFT_DISABLED));
	metrics_set(metrics, METRIC_SYNC_CONTESTED, labels, (double)drift_count(sync->drift, DRIFT_CONTESTED));
	if (sync->spec.heal.mode == SYNCSPEC_DETECT && !sync_is_suspended(sync)) {
		struct drift_tally all = { 0 };
		drift_each(sync->drift, tally, &all);
		syncstatus_drifted(&sync->status, &sync->spec, all.count, all.first ? all.first : "", clock_wall());
		sync->dirty = true;
		free(all.first);
	}
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

void agent_watch(struct agent *agent, struct agent_sync *sync, const char *as_user, struct discovery *discovery)
{
	if (agent->watches && discovery && !sync->gone) {
		watches_sync(agent->watches, sync->key, sync->drift, as_user, discovery);
		sync->watched = true;
		step(agent);
	}
}

bool agent_watches(struct agent *agent, const char *group, const char *kind, const char *ns)
{
	if (!agent->watches) {
		return false;
	}
	step(agent);
	return watches_live(agent->watches, group, kind, ns);
}

void agent_unwatch(struct agent *agent, struct agent_sync *sync)
{
	if (agent->watches && sync->watched) {
		watches_forget(agent->watches, sync->key);
		sync->watched = false;
		set_timer(agent);
	}
}
