/*
 * The order of a sync. Each step is a function that returns false when the report says why nothing more is to be done.
 */
#include "sync/cycle.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "render/doc.h"
#include "sync/apply.h"
#include "sync/clock.h"
#include "sync/cycle_impl.h"
#include "sync/drift.h"
#include "sync/history.h"
#include "sync/names.h"

enum { BEGIN_TRIES = 3 };

/* --- before the writes -------------------------------------------------------------------------------------------- */

/* What the plan does beyond looking; a sync that was killed wants its outcome. */
static bool has_work(const struct cycle *cycle)
{
	const struct prepared *prepared = &cycle->prepared;
	if (plan_writes(prepared->plan) || ledger_unfinished(prepared->ledger)) {
		return true;
	}
	for (size_t i = 0; i < prepared->plan->count; i++) {
		if (prepared->plan->actions[i]->kind == ACTION_WAIT) {
			return true;
		}
	}
	return false;
}

/* Only applies of which no change is known, to objects that the inventory has: recorded when one of them did change
 * something. */
static bool only_looks(const struct cycle *cycle)
{
	const struct prepared *prepared = &cycle->prepared;
	for (size_t i = 0; i < prepared->plan->count; i++) {
		const struct action *action = prepared->plan->actions[i];
		bool writes = action->kind == ACTION_CREATE || action->kind == ACTION_CHANGE || action->kind == ACTION_HEAL ||
		              action->kind == ACTION_ADOPT || action->kind == ACTION_PRUNE || action->kind == ACTION_WAIT;
		if (writes && !(action->maybe && action->row && *action->row->uid)) {
			return false;
		}
	}
	return !ledger_unfinished(prepared->ledger);
}

static bool only_heals(const struct cycle *cycle)
{
	const struct plan *plan = cycle->prepared.plan;
	for (size_t i = 0; i < plan->count; i++) {
		enum action_kind kind = plan->actions[i]->kind;
		if (kind == ACTION_CREATE || kind == ACTION_CHANGE || kind == ACTION_ADOPT || kind == ACTION_PRUNE) {
			return false;
		}
	}
	return true;
}

static bool make_namespace(struct cycle *cycle)
{
	struct prepared *prepared = &cycle->prepared;
	if (!prepared->namespace_missing) {
		return true;
	}
	struct err err = ERR_INIT;
	struct kube_call call = kube_call_make("POST", text_dup("/api/v1/namespaces?fieldManager=" MANAGER_PLUMB));
	call.content_type = KUBE_JSON;
	CLEANUP(doc_freep) cJSON *namespace = cJSON_CreateObject();
	doc_set_text(namespace, "apiVersion", "v1");
	doc_set_text(namespace, "kind", "Namespace");
	doc_set_text(doc_make(namespace, "metadata"), "name", prepared->ns);
	bool fine = doc_print(namespace, &call.body) && (kube_do(prepared->kube, &call, &err) || err.kind == ERR_CONFLICT);
	kube_call_release(&call);
	if (!fine) {
		(void)err_wrap(&err, "namespace '%s'", prepared->ns);
		return report_err(cycle->report, failure_of(&err), &err);
	}
	report_warn(cycle->report, text_printf("namespace '%s' was made", prepared->ns));
	prepared->namespace_missing = false;
	return true;
}

static void waiting(void *context, const char *holder)
{
	struct cycle *cycle = context;
	CLEANUP(text_freep) char *text = text_printf("waiting for %s, which holds the lease", holder);
	report_phase(cycle->report, text);
}

static bool take_lease(struct cycle *cycle, bool *waited)
{
	struct err err = ERR_INIT;
	struct lease_options options = {
		.ns = cycle->prepared.ns,
		.name = cycle->options->name,
		.waiting = waiting,
		.context = cycle,
		.stop = cycle->options->stop,
		.sight = cycle->options->host.sight,
	};
	cycle->lease = lease_take(cycle->prepared.records, &options, cycle->prepared.deadline, waited, &err);
	if (!cycle->lease) {
		return report_err(cycle->report, err.kind == ERR_DENIED ? FAILURE_CLUSTER : FAILURE_STOPPED, &err);
	}
	return true;
}

static void describe(struct cycle *cycle)
{
	const struct report *report = cycle->report;
	ledger_sync_release(&cycle->sync);
	cycle->sync = (struct ledger_sync){
		.commit = text_dup(report->commit.id),
		.ref = text_dup(report->ref),
		.author = text_dup(report->commit.author ? report->commit.author : ""),
		.subject = text_dup(report->commit.subject ? report->commit.subject : ""),
		.commit_time = report->commit.when,
		.url = repo_public_url(cycle->options->source.url),
		.path = text_dup(cycle->options->path ? cycle->options->path : "."),
		.target_ns = cycle->options->target_ns ? text_dup(cycle->options->target_ns) : NULL,
		.heal = cycle->heals || only_heals(cycle),
		.message = text_dup(""),
	};
}

/* The intent; someone who was faster is read and planned for again. */
static bool begin(struct cycle *cycle)
{
	struct prepared *prepared = &cycle->prepared;
	for (int tries = 0;; tries++) {
		struct err err = ERR_INIT;
		cycle_union(prepared, &cycle->inventory);
		describe(cycle);
		cycle->looks = only_looks(cycle);
		if (cycle->looks) {
			return true;
		}
		cycle->takes_up = ledger_unfinished(prepared->ledger) ? ledger_unfinished(prepared->ledger)->number : 0;
		if (ledger_begin(prepared->ledger, &cycle->sync, &cycle->inventory, &err)) {
			cycle->report->number = cycle->sync.number;
			return true;
		}
		if (err.kind != ERR_CONFLICT || tries == BEGIN_TRIES) {
			return report_err(cycle->report, err.kind == ERR_CONFLICT ? FAILURE_STOPPED : failure_of(&err), &err);
		}
		if (!cycle->again(prepared)) {
			return false;
		}
	}
}

/* --- the writes --------------------------------------------------------------------------------------------------- */

static void on_applied(void *context, const struct action *action, const cJSON *metadata)
{
	const struct cycle *cycle = context;
	drift_applied(cycle->options->drift, action, metadata);
}

static void open_apply(struct cycle *cycle)
{
	const struct cycle_options *options = cycle->options;
	const struct prepared *prepared = &cycle->prepared;
	cycle->apply = (struct apply){
		.kube = prepared->kube,
		.discovery = prepared->discovery,
		.lease = cycle->lease,
		.plan = prepared->plan,
		.ledger = prepared->ledger,
		.commit = &cycle->report->commit,
		.server = prepared->server,
		.take_over = options->take_over,
		.propagation = options->prune_propagation ? options->prune_propagation : "Foreground",
		.selector = cycle->selector,
		.deadline = prepared->deadline,
		.stop = options->stop,
		.newer = options->newer,
		.paced = prepared->verifying && !options->verify,
		.takes_up = cycle->takes_up && cycle->takes_up == cycle->sync.number,
		.report = cycle->report,
		.inventory = &cycle->inventory,
		.applied = options->drift ? on_applied : NULL,
		.context = cycle,
	};
}

static bool any_prunes(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->actions[i]->kind == ACTION_PRUNE) {
			return true;
		}
	}
	return false;
}

static bool has_failed(const struct report *report)
{
	return report_exit_code(report) != 0;
}

/* Only a complete sync prunes (safety rule 2), and complete means that every kind of the inventory could be told about.
 */
static void prune(struct cycle *cycle, bool complete)
{
	struct prepared *prepared = &cycle->prepared;
	if (!any_prunes(prepared->plan)) {
		return;
	}
	if (prepared->unsure.count) {
		report_fail(cycle->report, FAILURE_STOPPED,
		            text_printf("nothing is pruned: the server did not tell about %s", prepared->unsure.entries[0].key));
		complete = false;
	}
	if (!complete || cycle_stopped(cycle)) {
		apply_keep_prunes(&cycle->apply, "sync incomplete");
		if (!has_failed(cycle->report)) {
			report_fail(cycle->report, FAILURE_STOPPED, text_dup("nothing is pruned: the sync is incomplete"));
		}
		return;
	}
	report_phase(cycle->report, "pruning");
	(void)apply_prunes(&cycle->apply);
}

/* Brakes that the plan found. */
static void tell_brakes(struct cycle *cycle)
{
	const struct prepared *prepared = &cycle->prepared;
	size_t kept = 0;
	for (size_t i = 0; i < prepared->plan->count; i++) {
		kept += prepared->plan->actions[i]->kind == ACTION_KEEP;
	}
	if (prepared->plan->brake) {
		report_stop(cycle->report, STOP_PRUNE, text_dup(prepared->plan->brake));
	}
	if (!cycle->options->prune || !kept) {
		return;
	}
	if (!(prepared->source_same && prepared->target_same) && !cycle->options->source_changed) {
		report_stop(cycle->report, STOP_SOURCE,
		            text_printf("nothing is pruned: the source is not the recorded one: %s",
		                        cycle->options->sync_uid ? WAY_APPROVE : "--source-changed allows it"));
	}
	if (prepared->unsure.count && !any_prunes(prepared->plan)) {
		report_fail(cycle->report, FAILURE_STOPPED,
		            text_printf("nothing is pruned: the server did not tell about %s", prepared->unsure.entries[0].key));
	}
	if (ledger_newer_format(prepared->ledger)) {
		report_fail(cycle->report, FAILURE_STOPPED,
		            text_dup("nothing is pruned: the ledger has a record of a newer version of plumb"));
	}
}

/* --- after the writes --------------------------------------------------------------------------------------------- */

static void verified(struct cycle *cycle)
{
	struct err err = ERR_INIT;
	if (cycle->prepared.verifying && !has_failed(cycle->report) &&
	    !ledger_mark_verified(cycle->prepared.ledger, clock_wall(), &err)) {
		report_warn(cycle->report, text_printf("could not be recorded as verified: %s", err.msg));
	}
}

static void decide_result(struct cycle *cycle, bool wrote)
{
	struct report *report = cycle->report;
	if (cycle_stopped(cycle) || cycle->apply.stopped) {
		report_fail(report, FAILURE_STOPPED, text_dup("stopped before all was done"));
	} else if (cycle_given_up(cycle)) {
		report_fail(report, FAILURE_STOPPED, text_dup("given up for a newer commit"));
	}
	if (report->failures[FAILURE_MANIFESTS] || report->failures[FAILURE_CLUSTER] || report->failures[FAILURE_ROLLOUT]) {
		report->result = RESULT_FAILED;
	} else if (report->failures[FAILURE_STOPPED]) {
		report->result = RESULT_INCOMPLETE;
	} else if (!wrote) {
		report->result = RESULT_UNCHANGED;
	} else {
		report->result = cycle->options->wait ? RESULT_HEALTHY : RESULT_APPLIED;
	}
}

static bool wrote_something(const struct report *report)
{
	return report->verdicts[VERDICT_CREATED] || report->verdicts[VERDICT_CHANGED] || report->verdicts[VERDICT_HEALED] ||
	       report->verdicts[VERDICT_ADOPTED] || report->verdicts[VERDICT_PRUNED];
}

/* The record of the applies that were only meant to look, where one of them healed. */
static bool record_late(struct cycle *cycle)
{
	struct err err = ERR_INIT;
	if (!wrote_something(cycle->report)) {
		return false;
	}
	if (!ledger_begin(cycle->prepared.ledger, &cycle->sync, &cycle->inventory, &err)) {
		return report_err(cycle->report, failure_of(&err), &err);
	}
	cycle->report->number = cycle->sync.number;
	return true;
}

static void record(struct cycle *cycle)
{
	struct prepared *prepared = &cycle->prepared;
	struct err err = ERR_INIT;
	if (cycle->looks && !record_late(cycle)) {
		return;
	}
	cycle_outcome(cycle);
	/* One that makes way for a newer commit leaves to that one what lists all ReplicaSets. */
	if (cycle->options->wait && !cycle_given_up(cycle) && !history_resolve(prepared->kube, &cycle->sync, &err)) {
		report_warn(cycle->report, text_printf("the revisions are recorded later: %s", err.msg));
	}
	if (cycle_given_up(cycle)) {
		ledger_hurry(prepared->ledger);
	}
	err = ERR_INIT;
	if (!ledger_finish(prepared->ledger, &cycle->sync, &cycle->inventory, &err)) {
		(void)err_wrap(&err, "the outcome could not be recorded");
		(void)report_err(cycle->report, failure_of(&err), &err);
	}
}

/* Revisions of earlier syncs that are known by now. After the writes: nothing of them depends on it, and it lists all
 * ReplicaSets. */
static void settle(struct cycle *cycle)
{
	struct err err = ERR_INIT;
	size_t settled = 0;
	if (!cycle_given_up(cycle) && !history_settle(cycle->prepared.kube, cycle->prepared.ledger, &settled, &err)) {
		report_warn(cycle->report, text_printf("earlier revisions could not be recorded: %s", err.msg));
	}
}

static void settle_drift(const struct cycle *cycle, const struct inventory *inventory)
{
	const struct cycle_host *host = &cycle->options->host;
	if (cycle->options->drift) {
		drift_settle(cycle->options->drift, cycle->prepared.plan, inventory);
	}
	if (cycle->options->drift && host->placed) {
		host->placed(host->place, cycle->prepared.discovery);
	}
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */

static void look_on(struct cycle *cycle)
{
	open_apply(cycle);
	(void)apply_objects(&cycle->apply);
	settle_drift(cycle, &cycle->prepared.inventory);
	tell_brakes(cycle);
	(void)cycle_wait(cycle);
	if (!cycle->heals) {
		settle(cycle);
	}
	verified(cycle);
	decide_result(cycle, false);
}

static void work(struct cycle *cycle)
{
	open_apply(cycle);
	report_phase(cycle->report, "applying");
	bool complete = apply_objects(&cycle->apply);
	cycle->worked = true;
	settle_drift(cycle, &cycle->inventory);
	if (!cycle->heals) {
		settle(cycle);
	}
	tell_brakes(cycle);
	complete = cycle_wait(cycle) && complete && !cycle->apply.stopped;
	prune(cycle, complete);
	decide_result(cycle, !cycle->looks || wrote_something(cycle->report));
	record(cycle);
	if (cycle->options->drift) {
		drift_inventory(cycle->options->drift, &cycle->inventory);
	}
	verified(cycle);
	/* Recording itself may have failed. */
	cycle->report->result = has_failed(cycle->report) && cycle->report->result < RESULT_FAILED ? RESULT_FAILED
	                                                                                           : cycle->report->result;
}

/* Takes the lease where there is work; what another holder did meanwhile is read again. */
static bool enter(struct cycle *cycle, bool *working)
{
	bool waited = false;
	if (cycle->heals && ledger_unfinished(cycle->prepared.ledger)) {
		report_fail(cycle->report, FAILURE_STOPPED, text_dup("nothing is healed: the last sync is not finished"));
		return false;
	}
	*working = has_work(cycle);
	if (!*working) {
		return true;
	}
	if (!make_namespace(cycle) || !take_lease(cycle, &waited)) {
		return false;
	}
	if (waited) {
		if (!cycle->again(&cycle->prepared)) {
			return false;
		}
		*working = has_work(cycle);
	}
	/* From here on a signal ends the sync in good order: what is sent is waited for, the outcome is recorded. */
	cycle->prepared.kube->stop = NULL;
	cycle->prepared.records->stop = NULL;
	return !*working || begin(cycle);
}

void cycle_carry_out(struct cycle *cycle)
{
	bool working = false;
	cycle->selector = prepared_selector(&cycle->prepared);
	if (!enter(cycle, &working)) {
		return;
	}
	if (working) {
		work(cycle);
	} else {
		look_on(cycle);
	}
}

void cycle_release(struct cycle *cycle)
{
	struct report *report = cycle->report;
	if (report->result == RESULT_FAILED && report->failures[FAILURE_STOPPED] && !report->failures[FAILURE_MANIFESTS] &&
	    !report->failures[FAILURE_CLUSTER] && !report->failures[FAILURE_ROLLOUT] && !report->failures[FAILURE_GIT]) {
		report->result = RESULT_INCOMPLETE;
	}
	lease_freep(&cycle->lease);
	report->requests = cycle->prepared.kube ? cycle->prepared.kube->stats.requests : 0;
	apply_release(&cycle->apply);
	ledger_sync_release(&cycle->sync);
	inventory_release(&cycle->inventory);
	free(cycle->selector);
	prepared_release(&cycle->prepared);
}

void cycle_sync(const struct cycle_options *options, struct report *report)
{
	struct cycle cycle = { .options = options, .report = report, .again = prepare_again };
	free(report->name);
	report->name = text_dup(options->name);
	text_set(&report->ns, options->ns ? options->ns : "");
	report->result = RESULT_FAILED;
	if (options->drift) {
		drift_begin(options->drift);
	}
	if (prepare_all(options, report, &cycle.prepared)) {
		cycle_carry_out(&cycle);
	}
	cycle_release(&cycle);
	if (options->drift) {
		drift_end(options->drift);
	}
}
