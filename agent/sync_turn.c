/*
 * The turns of one Sync, in a fiber: one after the other as long as there is something to do.
 *
 *   spawned --> next? --join, sync, heal, delete--> next? ... --none--> status written --> gone, or the timer is set
 */
#include <stdlib.h>
#include <string.h>

#include "agent/agent_impl.h"
#include "agent/finalizer.h"
#include "sync/clock.h"
#include "sync/cycle.h"
#include "sync/heal.h"
#include "sync/remove.h"
#include "sync/source.h"

enum { MOST_TURNS = 100, STATUS_RETRY = 5000, LONGEST_REST = 60 * 1000 };

static bool has_resource(const struct agent_sync *sync)
{
	return sync->spec.uid && *sync->spec.uid;
}

static struct log_about about(const struct agent_sync *sync, const char *commit)
{
	return (struct log_about){ .ns = sync->spec.ns, .name = sync->spec.name, .commit = commit };
}

/* Nothing is tried for a while. */
static void rest(struct agent_sync *sync)
{
	sync->rest_until = clock_now() + schedule_backoff(++sync->rests, LONGEST_REST);
}

/* --- status ------------------------------------------------------------------------------------------------------- */

static void event_lost(struct agent_sync *sync, const struct err *err)
{
	const struct log_about on = about(sync, NULL);
	log_event(&sync->agent->log, LEVEL_DEBUG, &on, "%s", err->msg);
	metrics_add(sync->agent->metrics, METRIC_EVENTS_LOST, NULL, 1);
}

/* An Event of what no cycle tells of, once Ready has come to say it. */
static void tell_standing(struct agent_sync *sync, struct kube *kube, const char *before)
{
	static const struct {
		const char *reason;
		bool warning;
	} standing[] = {
		{ REASON_INVALID_SPEC, true }, { REASON_CREDENTIALS, true }, { REASON_FETCH, true }, { REASON_DRIFTED, true },
		{ REASON_SUSPENDED, false },   { REASON_DEPENDENCY, false }, { REASON_CYCLE, true },
	};
	struct err err = ERR_INIT;
	CLEANUP(text_freep) char *reason = text_dup(syncstatus_written(&sync->status, "reason"));
	CLEANUP(text_freep) char *text = text_dup(syncstatus_written(&sync->status, "message"));
	CLEANUP(text_freep) char *generation = text_printf("%lld", (long long)sync->spec.generation);
	for (size_t i = 0; i < ARRAY_LEN(standing) && strcmp(before, reason) != 0; i++) {
		if (strcmp(standing[i].reason, reason) == 0 &&
		    !events_tell(kube, &sync->agent->events, &sync->spec, generation, standing[i].warning, reason, text, &err)) {
			event_lost(sync, &err);
		}
	}
}

static void write_status(struct agent_sync *sync)
{
	struct err err = ERR_INIT;
	sync->dirty = false;
	if (!has_resource(sync)) {
		return;
	}
	CLEANUP(text_freep) char *before = text_dup(syncstatus_written(&sync->status, "reason"));
	struct kube *kube = agent_writer(sync->agent, &err);
	bool written = kube && syncstatus_write(kube, &sync->spec, &sync->status, &err);
	if (written && !sync->gone) {
		tell_standing(sync, kube, before);
	}
	kube_free(kube);
	if (!written && err.kind != ERR_NOT_FOUND && !sync->gone) {
		const struct log_about on = about(sync, NULL);
		log_event(&sync->agent->log, LEVEL_WARNING, &on, "%s", err.msg);
		sync->dirty = true;
		sync->write_at = clock_now() + STATUS_RETRY;
	}
}

static void tell_log(struct agent_sync *sync, const struct report *report, const char *what)
{
	const struct log_about on = about(sync, report->commit.id);
	struct log *log = &sync->agent->log;
	for (size_t i = 0; i < report->warning_count; i++) {
		log_event(log, LEVEL_WARNING, &on, "%s", report->warnings[i]);
	}
	for (size_t i = 0; i < report->error_count; i++) {
		log_event(log, LEVEL_ERROR, &on, "%s", report->errors[i]);
	}
	for (size_t i = 0; i < report->count; i++) {
		const struct report_object *object = report->objects[i];
		if (object->verdict <= VERDICT_ADOPTED || object->verdict == VERDICT_PRUNED) {
			CLEANUP(text_freep) char *name = ident_text(&object->id);
			const struct log_about of = { .ns = on.ns, .name = on.name, .commit = on.commit, .object = name };
			log_event(log, LEVEL_INFO, &of, "%s%s%s", verdict_text(object->verdict), *object->reason ? ": " : "", object->reason);
		}
	}
	bool quiet = report->result == RESULT_UNCHANGED && !report->error_count;
	log_event(log, quiet ? LEVEL_DEBUG : LEVEL_INFO, &on, "%s: %s", what, report_result_text(report->result));
}

static void tell_events(struct agent_sync *sync, const struct report *report)
{
	struct err err = ERR_INIT;
	if (!has_resource(sync)) {
		return;
	}
	struct kube *kube = agent_writer(sync->agent, &err);
	if (!kube || !events_send(kube, &sync->agent->events, &sync->spec, report, &err)) {
		event_lost(sync, &err);
	}
	kube_free(kube);
}

/* --- as whom ------------------------------------------------------------------------------------------------------ */

/* The user that applies the Sync's objects; NULL: the agent itself. free() it. */
static char *applies_as(const struct agent_sync *sync)
{
	const char *account = sync->spec.service_account ? sync->spec.service_account : sync->agent->options.default_service_account;
	return account ? text_printf("system:serviceaccount:%s:%s", sync->spec.ns, account) : NULL;
}

/* --- join --------------------------------------------------------------------------------------------------------- */

static void refuse_join(struct agent_sync *sync, const char *reason, const struct err *err)
{
	const struct log_about on = about(sync, NULL);
	if (sync->join_failures++ == 0) {
		log_event(&sync->agent->log, LEVEL_ERROR, &on, "%s", err->msg);
	}
	sync->join_ended = clock_now();
	syncstatus_failed(&sync->status, &sync->spec, reason, err->msg, clock_wall());
	sync->dirty = true;
}

static bool read_secrets(struct agent_sync *sync, struct credentials *out, struct secret *token, struct err *err)
{
	const struct syncspec *spec = &sync->spec;
	if (!spec->secret && !spec->webhook_secret) {
		return true;
	}
	CLEANUP(text_freep) char *user = applies_as(sync);
	struct kube *kube = agent_client(sync->agent, user, err);
	bool read = kube && (!spec->secret || credentials_read(kube, spec->ns, spec->secret, out, err)) &&
	            (!spec->webhook_secret || credentials_read_key(kube, spec->ns, spec->webhook_secret, "token", token, err));
	kube_free(kube);
	return read;
}

static void join(struct agent_sync *sync)
{
	struct err err = ERR_INIT;
	CLEANUP(credentials_release) struct credentials read = CREDENTIALS_INIT;
	CLEANUP(secret_release) struct secret token = SECRET_INIT;
	if (syncspec_is_local(&sync->spec) && !sync->agent->options.allow_local_repos) {
		(void)err_set(&err, ERR_INPUT, "source.url '%s' is a path of the agent's machine: --allow-local-repos allows it",
		              sync->spec.url);
		refuse_join(sync, REASON_INVALID_SPEC, &err);
		return;
	}
	if (!read_secrets(sync, &read, &token, &err)) {
		refuse_join(sync, REASON_CREDENTIALS, &err);
		return;
	}
	/* Another spec came while the Secrets were read: it is for its own turn. */
	if (sync->gone || sync->next.name) {
		return;
	}
	credentials_release(&sync->credentials);
	sync->credentials = read;
	read = CREDENTIALS_INIT;
	secret_release(&sync->hook_token);
	sync->hook_token = token;
	token = SECRET_INIT;
	sync->want = (struct poll_want){
		.ref = sync->spec.ref_full,
		.path = sync->spec.path,
		.interval = sync->spec.interval,
		.told = sync_told,
		.context = sync,
	};
	sync->joined = &sync->want;
	poller_join(sync->agent->poller, &sync->want, sync->spec.url, &sync->credentials);
}

/* --- sync and heal ------------------------------------------------------------------------------------------------ */

static bool is_shown(const char *phase)
{
	return strcmp(phase, "applying") == 0 || strcmp(phase, "waiting for the rollouts") == 0;
}

static void phase(void *context, const struct report *report, const char *text)
{
	struct agent_sync *sync = context;
	const struct log_about on = about(sync, report->commit.id);
	log_event(&sync->agent->log, LEVEL_DEBUG, &on, "%s", text);
	if (sync->turn == TURN_SYNC && is_shown(text)) {
		syncstatus_progress(&sync->status, &sync->spec, report->commit.id, text, clock_wall());
		write_status(sync);
	}
}

static void placed(void *context, struct discovery *discovery)
{
	struct agent_sync *sync = context;
	CLEANUP(text_freep) char *user = applies_as(sync);
	agent_watch(sync->agent, sync, user, discovery);
}

/* What has come is looked at first. */
static bool watched(void *context, const char *group, const char *kind, const char *ns)
{
	const struct agent_sync *sync = context;
	return agent_watches(sync->agent, group, kind, ns);
}

static struct cycle_options options_of(struct agent_sync *sync, const char *user, struct source *source)
{
	struct agent *agent = sync->agent;
	struct cycle_options options = {
		.access = { .loaded = &agent->config, .as_user = user },
		.store = agent->store,
		.prune_limit = -1,
		.verify_interval = agent->options.verify_interval,
		.drift = sync->drift,
		.stop = &agent->stop,
		.newer = &sync->newer,
		.sync_uid = has_resource(sync) ? sync->spec.uid : NULL,
		.host = {
			.source = source,
			.ledger = &sync->ledger,
			.discovery = agent->discovery,
			.multi = loop_multi(agent->loop),
			.may_write = agent_may_write,
			.fence = agent,
			.sight = &sync->sight,
			.own_records = true,
			.requested = agent_requested,
			.context = agent,
			.placed = placed,
			.watched = watched,
			.place = sync,
		},
	};
	options.ns = agent->ns;
	syncspec_options(&sync->spec, &options);
	options.approve_prune = sync->spec.approved_commit && strcmp(sync->spec.approved_commit, sync->head.id) == 0;
	options.source_changed = options.approve_prune;
	return options;
}

static void begin_attempt(struct agent_sync *sync)
{
	struct attempt *attempt = &sync->attempt;
	memcpy(attempt->commit, sync->head.id, sizeof attempt->commit);
	memcpy(sync->running, sync->head.id, sizeof sync->running);
	memcpy(sync->running_tree, sync->head_tree, sizeof sync->running_tree);
	sync->outside = true;
	attempt->generation = sync->spec.generation;
	text_set(&attempt->request, sync->spec.requested_at);
	text_set(&attempt->approval, sync->spec.approved_commit);
	sync->recheck = false;
	sync->newer = 0;
}

static void end_attempt(struct agent_sync *sync, const struct report *report)
{
	struct attempt *attempt = &sync->attempt;
	bool failed = report->result == RESULT_FAILED || report->result == RESULT_INCOMPLETE;
	attempt->ended = clock_now();
	(void)strcpy(attempt->tree, failed || sync->outside ? "" : sync->running_tree);
	/* One that made way for what is newer is not a failure: what is newer has its turn now. */
	attempt->failures = failed && !sync->newer ? attempt->failures + 1 : 0;
	attempt->stalled = failed && syncstatus_is_stalled(syncstatus_reason(report));
}

static void run_sync(struct agent_sync *sync)
{
	struct report report = REPORT_INIT;
	CLEANUP(text_freep) char *user = applies_as(sync);
	CLEANUP(source_freep) struct source *source = sync_source_new(sync);
	begin_attempt(sync);
	const struct cycle_options options = options_of(sync, user, source);
	report.phase = phase;
	report.context = sync;
	int64_t start = clock_now();
	agent_watch(sync->agent, sync, user, sync->agent->discovery);
	cycle_sync(&options, &report);
	end_attempt(sync, &report);
	syncstatus_from_report(&sync->status, &sync->spec, &report, clock_wall());
	if (sync->spec.requested_at) {
		syncstatus_handled(&sync->status, sync->spec.requested_at);
	}
	write_status(sync);
	tell_log(sync, &report, "sync");
	agent_count_sync(sync, &report, clock_now() - start);
	tell_events(sync, &report);
	report_release(&report);
}

static void run_heal(struct agent_sync *sync)
{
	struct report report = REPORT_INIT;
	CLEANUP(text_freep) char *user = applies_as(sync);
	CLEANUP(source_freep) struct source *source = sync_source_new(sync);
	sync->newer = 0;
	const struct cycle_options options = options_of(sync, user, source);
	if (heal_sync(&options, clock_now(), &report)) {
		tell_log(sync, &report, "heal");
		agent_count_verdicts(sync, &report);
		tell_events(sync, &report);
	}
	report_release(&report);
}

/* --- delete ------------------------------------------------------------------------------------------------------- */

static bool set_finalizer(struct agent_sync *sync, bool there, struct err *err)
{
	struct kube *kube = agent_writer(sync->agent, err);
	bool set = kube && finalizer_set(kube, &sync->spec, there, err);
	kube_free(kube);
	return set;
}

/* As the policy says, before anything is made that it is to take away. */
static bool settle_finalizer(struct agent_sync *sync)
{
	struct err err = ERR_INIT;
	bool wanted = sync->spec.deletion == SYNCSPEC_DELETE;
	if (!has_resource(sync) || wanted == sync->finalized || sync->spec.deleting) {
		return true;
	}
	if (set_finalizer(sync, wanted, &err)) {
		sync->finalized = wanted;
		return true;
	}
	const struct log_about on = about(sync, NULL);
	log_event(&sync->agent->log, LEVEL_WARNING, &on, "the finalizer could not be %s: %s", wanted ? "set" : "removed", err.msg);
	return false;
}

/* true: nothing is left that the finalizer stands for. */
static bool remove_all(struct agent_sync *sync)
{
	struct report report = REPORT_INIT;
	CLEANUP(text_freep) char *user = applies_as(sync);
	CLEANUP(source_freep) struct source *source = sync_source_new(sync);
	sync->newer = 0;
	const char *commit = syncstatus_applied(&sync->status);
	struct cycle_options options = options_of(sync, user, source);
	options.approve_prune = sync->spec.approved_commit && *commit && strcmp(sync->spec.approved_commit, commit) == 0;
	bool removed = remove_sync(&options, &report);
	if (!removed) {
		syncstatus_from_report(&sync->status, &sync->spec, &report, clock_wall());
		write_status(sync);
	}
	tell_log(sync, &report, "removal");
	tell_events(sync, &report);
	report_release(&report);
	return removed;
}

static void run_delete(struct agent_sync *sync)
{
	struct err err = ERR_INIT;
	bool removed = sync->spec.deletion == SYNCSPEC_ORPHAN || remove_all(sync);
	begin_attempt(sync);
	if (removed && set_finalizer(sync, false, &err)) {
		sync->finalized = false;
		sync->attempt.failures = 0;
		return;
	}
	if (err.kind != ERR_NONE && err.kind != ERR_NOT_FOUND) {
		const struct log_about on = about(sync, NULL);
		log_event(&sync->agent->log, LEVEL_WARNING, &on, "the finalizer could not be removed: %s", err.msg);
	}
	sync->attempt.failures++;
	sync->attempt.ended = clock_now();
	sync->join_failures = sync->attempt.failures;
	sync->join_ended = sync->attempt.ended;
}

/* --- the fiber ---------------------------------------------------------------------------------------------------- */

static bool ready_to_talk(struct agent_sync *sync)
{
	struct err err = ERR_INIT;
	if (agent_discover(sync->agent, &err)) {
		sync->rests = 0;
		return true;
	}
	const struct log_about on = about(sync, NULL);
	log_event(&sync->agent->log, sync->rests ? LEVEL_DEBUG : LEVEL_WARNING, &on, "%s", err.msg);
	rest(sync);
	return false;
}

static void run_turn(struct agent_sync *sync)
{
	switch (sync->turn) {
	case TURN_JOIN:
		join(sync);
		break;
	case TURN_SYNC:
		if (settle_finalizer(sync)) {
			run_sync(sync);
		} else {
			rest(sync);
		}
		break;
	case TURN_HEAL:
		run_heal(sync);
		break;
	case TURN_DELETE:
		run_delete(sync);
		break;
	case TURN_NONE:
		break;
	}
}

void sync_run(void *context)
{
	struct agent_sync *sync = context;
	struct agent *agent = sync->agent;
	unsigned turns = 0;
	for (;;) {
		sync_take_next(sync);
		sync->turn = sync_next(sync);
		bool was_ready = syncstatus_is_ready(&sync->status, &sync->spec);
		if (sync->turn != TURN_NONE && turns++ == MOST_TURNS) {
			/* However that came: others have their turn too. */
			log_event(&agent->log, LEVEL_ERROR, NULL, "%s: too many turns in a row", sync->key);
			rest(sync);
		} else if (sync->turn != TURN_NONE && ready_to_talk(sync)) {
			run_turn(sync);
		} else if (sync->dirty && sync->write_at <= clock_now() && agent->leads && !sync->gone) {
			write_status(sync);
		} else {
			break;
		}
		if (!was_ready && syncstatus_is_ready(&sync->status, &sync->spec)) {
			syncs_released(agent);
		}
	}
	sync->strand = NULL;
	sync->turn = TURN_NONE;
	if (sync->gone) {
		sync_free(sync);
	} else {
		sync_consider(sync);
	}
	agent_turn_ended(agent);
}
