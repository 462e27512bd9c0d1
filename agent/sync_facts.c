/*
 * What is known of one Sync, and what follows from it.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/agent_impl.h"
#include "sync/clock.h"

enum {
	PATIENCE = 3,           /* failed questions in a row until a network error is the Sync's condition */
	RESUME_PATIENCE = 5000, /* milliseconds that a resumed Sync waits for its source's answer */
};

bool sync_is_suspended(const struct agent_sync *sync)
{
	return syncspec_is_suspended(&sync->spec, clock_wall());
}

static bool is_new_head(const struct agent_sync *sync)
{
	return *sync->head.id && strcmp(sync->head.id, sync->attempt.commit) != 0;
}

static bool is_asked(const struct agent_sync *sync)
{
	const struct attempt *attempt = &sync->attempt;
	return sync->recheck || sync->spec.generation != attempt->generation ||
	       !text_same(sync->spec.requested_at, attempt->request) || !text_same(sync->spec.approved_commit, attempt->approval);
}

/* The first Sync of dependsOn that is not ready; one that waits for itself waits also while all are. */
static void look_at_dependencies(struct agent_sync *sync)
{
	text_set(&sync->waits, NULL);
	if (sync->cycle) {
		sync->waits = text_printf("dependsOn leads back to where it began: %s", sync->cycle);
	}
	for (size_t i = 0; i < sync->spec.depends_count && !sync->waits; i++) {
		const struct syncspec_peer *peer = &sync->spec.depends_on[i];
		const struct agent_sync *other = syncs_find(sync->agent, peer->ns, peer->name);
		if (!other || !syncstatus_is_ready(&other->status, &other->spec)) {
			sync->waits = text_printf("%s/%s is not %s", peer->ns, peer->name, other ? "ready" : "there");
		}
	}
}

static int64_t resume_at(const struct agent_sync *sync)
{
	int64_t left = sync->spec.suspend_until - clock_wall();
	bool ends = !sync->spec.suspend && sync->spec.suspend_until != INT64_MAX && left > 0;
	return ends ? clock_now() + left * 1000 : INT64_MAX;
}

static uint64_t number_of(const char *key)
{
	uint64_t number = 14695981039346656037ULL;
	for (; *key; key++) {
		number = (number ^ (unsigned char)*key) * 1099511628211ULL;
	}
	return number;
}

static struct schedule next_turn(struct agent_sync *sync)
{
	look_at_dependencies(sync);
	int64_t verify = sync->agent->options.verify_interval;
	const struct schedule_facts facts = {
		/* One that is held by others' finalizers alone is at rest. */
		.suspended = sync_is_suspended(sync) || sync->spec.deleting,
		.deleting = sync->spec.deleting && sync->finalized,
		.waits = sync->waits != NULL,
		.joined = sync->joined != NULL,
		.has_head = *sync->head.id != '\0',
		.new_head = is_new_head(sync),
		.asked = is_asked(sync),
		.stalled = sync->attempt.stalled,
		.failures = sync->joined ? sync->attempt.failures : sync->join_failures,
		.ended = sync->joined ? sync->attempt.ended : sync->join_ended,
		.interval = sync->spec.interval,
		.verify = verify ? schedule_jitter(verify, number_of(sync->key)) : 0,
		.heal_due = drift_due(sync->drift),
		.resume = resume_at(sync),
	};
	struct schedule next = schedule_next(&facts, clock_now());
	if (next.turn != TURN_NONE && next.at < sync->rest_until) {
		next.at = sync->rest_until;
	}
	return next;
}

static void tell_waits(struct agent_sync *sync)
{
	if (sync->cycle) {
		const struct log_about about = { .ns = sync->spec.ns, .name = sync->spec.name };
		log_event(&sync->agent->log, LEVEL_ERROR, &about, "%s", sync->waits);
		syncstatus_failed(&sync->status, &sync->spec, REASON_CYCLE, sync->waits, clock_wall());
	} else {
		syncstatus_depends(&sync->status, &sync->spec, sync->waits, clock_wall());
	}
	sync->dirty = true;
}

/* What the status says of a Sync that has no turn. */
static void note_standing(struct agent_sync *sync)
{
	bool suspended = sync_is_suspended(sync);
	if (sync->drifted) {
		agent_tell_drift(sync);
	}
	bool waits = !suspended && sync->waits && (sync->cycle || is_new_head(sync) || is_asked(sync));
	if (sync->joined && (suspended || sync->spec.deleting)) {
		poller_pause(sync->agent->poller, sync->joined);
	}
	if (suspended && !sync->told_suspended) {
		syncstatus_suspended(&sync->status, &sync->spec, clock_wall());
		sync->dirty = true;
	}
	if (waits && !text_same(sync->waits, sync->told_waits)) {
		tell_waits(sync);
	}
	if (!waits && sync->told_waits) {
		/* What it waited to do may not be to do any more. */
		sync->recheck = true;
	}
	if (sync->told_suspended && !suspended) {
		/* So that the condition tells again how things are; others may have gone on to another commit meanwhile. */
		sync->recheck = true;
		if (sync->joined) {
			sync->resuming = true;
			sync->rest_until = clock_now() + RESUME_PATIENCE;
			poller_resume(sync->agent->poller, sync->joined);
		}
	}
	if (sync->told_suspended != suspended) {
		/* Also where only the time passed. */
		sync_configure_drift(sync);
	}
	sync->told_suspended = suspended;
	text_set(&sync->told_waits, waits ? sync->waits : NULL);
}

/* A commit that changes nothing below the path is in the cluster as soon as it is known: it needs no render and no request. */
static void advance(struct agent_sync *sync)
{
	struct attempt *attempt = &sync->attempt;
	bool same = *attempt->tree && strcmp(attempt->tree, sync->head_tree) == 0;
	if (!is_new_head(sync) || !same || is_asked(sync) || attempt->failures || sync->waits ||
	    !syncstatus_is_ready(&sync->status, &sync->spec)) {
		return;
	}
	const struct log_about about = { .ns = sync->spec.ns, .name = sync->spec.name, .commit = sync->head.id };
	const struct report report = {
		.commit = sync->head,
		.result = RESULT_UNCHANGED,
		.count = drift_objects(sync->drift),
	};
	memcpy(attempt->commit, sync->head.id, sizeof attempt->commit);
	syncstatus_from_report(&sync->status, &sync->spec, &report, clock_wall());
	metrics_set(sync->agent->metrics, METRIC_SYNC_INFO,
	            LABELS(sync->spec.ns, sync->spec.name, sync->spec.ref ? sync->spec.ref : "", sync->head.id), 1);
	log_event(&sync->agent->log, LEVEL_DEBUG, &about, "the commit changes nothing of this Sync");
	sync->dirty = true;
}

enum turn sync_next(struct agent_sync *sync)
{
	if (!sync->agent->leads || sync->agent->ending || sync->gone || sync->invalid) {
		return TURN_NONE;
	}
	note_standing(sync);
	if (!sync_is_suspended(sync)) {
		look_at_dependencies(sync);
		advance(sync);
	}
	struct schedule next = next_turn(sync);
	return next.at <= clock_now() ? next.turn : TURN_NONE;
}

/* A turn that runs and only waits makes way for what is newer. */
static void preempt(struct agent_sync *sync)
{
	bool other_spec = sync->next.name != NULL || sync->gone;
	bool other_tree = !*sync->running_tree || sync->outside || strcmp(sync->head_tree, sync->running_tree) != 0;
	bool other_commit = sync->turn == TURN_SYNC && *sync->head.id && strcmp(sync->head.id, sync->running) != 0 && other_tree;
	if ((other_spec || other_commit) && !sync->newer) {
		sync->newer = 1;
		loop_wake(sync->agent->loop, sync->strand);
	}
}

void sync_consider(struct agent_sync *sync)
{
	struct agent *agent = sync->agent;
	if (sync->strand) {
		preempt(sync);
		return;
	}
	if (!agent->leads || agent->ending || sync->gone) {
		loop_timer_clear(agent->loop, &sync->timer);
		return;
	}
	int64_t now = clock_now();
	enum turn turn = sync_next(sync);
	struct schedule next = sync->invalid ? (struct schedule){ TURN_NONE, INT64_MAX } : next_turn(sync);
	int64_t at = next.at;
	if (sync->dirty) {
		at = at < sync->write_at ? at : sync->write_at;
	}
	if (turn != TURN_NONE || (sync->dirty && sync->write_at <= now)) {
		loop_timer_clear(agent->loop, &sync->timer);
		sync->strand = loop_spawn(agent->loop, sync_run, sync);
		agent->turns++;
	} else if (at < INT64_MAX) {
		/* A time that has come without a turn is a suspension that ended this second. */
		loop_timer_set(agent->loop, &sync->timer, at > now ? at : now + 1000);
	} else {
		loop_timer_clear(agent->loop, &sync->timer);
	}
}

/* --- the source --------------------------------------------------------------------------------------------------- */

static void take_head(struct agent_sync *sync, const struct poll_answer *answer)
{
	struct repo_commit *head = &sync->head;
	bool same = strcmp(head->id, answer->commit->id) == 0;
	if (!same) {
		repo_commit_release(head);
		*head = (struct repo_commit){
			.author = text_dup(answer->commit->author),
			.email = text_dup(answer->commit->email),
			.subject = text_dup(answer->commit->subject),
			.when = answer->commit->when,
			.warning = answer->commit->warning,
		};
		memcpy(head->id, answer->commit->id, sizeof head->id);
	}
	(void)strncpy(sync->head_tree, answer->closed ? answer->tree : "", sizeof sync->head_tree - 1);
	if (sync->told_source) {
		/* The condition said that the source does not answer. */
		sync->recheck = true;
		sync->told_source = false;
		text_set(&sync->told_waits, NULL);
	}
	sync->source_failures = 0;
}

static void source_failed(struct agent_sync *sync, const struct err *err)
{
	const struct log_about about = { .ns = sync->spec.ns, .name = sync->spec.name };
	if (sync->source_failures++ == 0) {
		log_event(&sync->agent->log, LEVEL_WARNING, &about, "%s", err->msg);
	}
	/* What may pass by itself is not yet the Sync's condition, as long as there is a commit to keep to. */
	bool grave = err->kind != ERR_TRANSIENT || !*sync->head.id || sync->source_failures >= PATIENCE;
	if (grave && !sync_is_suspended(sync)) {
		syncstatus_failed(&sync->status, &sync->spec, REASON_FETCH, err->msg, clock_wall());
		sync->told_source = true;
		sync->dirty = true;
	}
	if (err->kind == ERR_DENIED && sync->spec.secret) {
		/* The credentials may have been renewed: they are read again. */
		poller_leave(sync->agent->poller, sync->joined);
		sync->joined = NULL;
		sync->join_failures++;
		sync->join_ended = clock_now();
	}
}

void sync_told(void *context, const struct poll_answer *answer)
{
	struct agent_sync *sync = context;
	if (sync->resuming) {
		sync->resuming = false;
		sync->rest_until = 0;
	}
	if (answer->err) {
		source_failed(sync, answer->err);
	} else {
		take_head(sync, answer);
	}
	sync_consider(sync);
}
