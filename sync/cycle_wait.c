/*
 * While rollouts are waited for: the lease is kept, and what drifts meanwhile is healed as a part of this sync.
 */
#include <stdlib.h>
#include <string.h>

#include "sync/clock.h"
#include "sync/cycle_impl.h"
#include "sync/drift.h"
#include "sync/prepare_impl.h"

bool cycle_stopped(const struct cycle *cycle)
{
	return cycle->options->stop && *cycle->options->stop;
}

bool cycle_given_up(const struct cycle *cycle)
{
	return cycle_stopped(cycle) || (cycle->options->newer && *cycle->options->newer);
}

/* --- healing meanwhile -------------------------------------------------------------------------------------------- */

/* The revisions that a heal made are the sync's. */
static void take_revisions(struct apply *to, struct apply *from)
{
	to->revisions = alloc_grow(to->revisions, to->revision_count + from->revision_count + 1, sizeof *to->revisions);
	to->revision_cap = to->revision_count + from->revision_count + 1;
	for (size_t i = 0; i < from->revision_count; i++) {
		to->revisions[to->revision_count++] = from->revisions[i];
	}
	from->revision_count = 0;
}

static void heal_part(struct cycle *cycle, struct prepared *part)
{
	if (!prepare_named(part) || !prepare_part(part)) {
		return;
	}
	struct apply apply = cycle->apply;
	apply.plan = part->plan;
	apply.report = part->report;
	apply.rollouts = NULL;
	apply.rollout_count = 0;
	apply.rollout_cap = 0;
	apply.revisions = NULL;
	apply.revision_count = 0;
	apply.revision_cap = 0;
	(void)apply_objects(&apply);
	drift_settle(cycle->options->drift, part->plan, &cycle->inventory);
	take_revisions(&cycle->apply, &apply);
	apply_release(&apply);
}

static void heal_within(struct cycle *cycle, struct objects *desired, struct report *report)
{
	const struct prepared *prepared = &cycle->prepared;
	struct prepared part = {
		.options = cycle->options,
		.report = report,
		.deadline = prepared->deadline,
		.kube = prepared->kube,
		.discovery = prepared->discovery,
		.ledger = prepared->ledger,
		.ns = prepared->ns,
		.source_same = true,
		.target_same = true,
		.desired = *desired,
	};
	inventory_copy(&cycle->inventory, &part.inventory);
	heal_part(cycle, &part);
	drift_healed(cycle->options->drift, report, clock_now());
	part.ledger = NULL; /* the cycle's */
	prepare_forget(&part);
}

/* A cycle that writes nothing has neither lease nor record: the heal is a sync of its own then. */
static void heal_meanwhile(void *context)
{
	struct cycle *cycle = context;
	struct objects desired = drift_take_within(cycle->options->drift, clock_now());
	struct report report = REPORT_INIT;
	if (desired.count && cycle->worked) {
		heal_within(cycle, &desired, &report);
	} else if (desired.count) {
		cycle_heal(cycle->options, &desired, &report);
	}
	objects_release(&desired);
	report_release(&report);
}

/* --- rollouts ----------------------------------------------------------------------------------------------------- */

static bool alive(void *context)
{
	struct cycle *cycle = context;
	struct err err = ERR_INIT;
	if (cycle_given_up(cycle)) {
		return false;
	}
	if (cycle->lease && !lease_keep(cycle->lease, &err)) {
		report_fail(cycle->report, FAILURE_STOPPED, text_dup(err.msg));
		return false;
	}
	return true;
}

static void health_changed(void *context, const struct rollout *rollout)
{
	struct cycle *cycle = context;
	report_health(cycle->report, &rollout->id, &rollout->report);
}

static void tell_rollout(struct cycle *cycle, const struct rollout *rollout)
{
	const struct health_report *health = &rollout->report;
	report_health(cycle->report, &rollout->id, health);
	report_uid(cycle->report, &rollout->id, rollout->uid);
	bool failed = health->health == HEALTH_FAILED;
	if (failed || (!rollout->settled && !cycle_given_up(cycle))) {
		CLEANUP(text_freep) char *name = ident_text(&rollout->id);
		report_fail(cycle->report, FAILURE_ROLLOUT,
		            text_printf("%s: %s%s%s%s", name, failed ? "" : "not healthy within the timeout: ", health->reason,
		                        *health->reason && *health->message ? ": " : "", health->message));
	}
}

/* What was healthy when it was last looked at, and did not change since, is not asked for again. */
static void settle_known(struct cycle *cycle)
{
	struct apply *apply = &cycle->apply;
	for (size_t i = 0; i < apply->rollout_count; i++) {
		struct rollout *rollout = &apply->rollouts[i];
		if (rollout->known && drift_is_healthy(cycle->options->drift, &rollout->id)) {
			rollout->report = (struct health_report){ .health = HEALTH_CURRENT };
			rollout->settled = true;
		}
	}
}

static void note_healthy(const struct cycle *cycle)
{
	const struct apply *apply = &cycle->apply;
	for (size_t i = 0; cycle->options->drift && i < apply->rollout_count; i++) {
		const struct rollout *rollout = &apply->rollouts[i];
		if (rollout->settled && rollout->version && rollout->report.health == HEALTH_CURRENT) {
			drift_healthy(cycle->options->drift, &rollout->id, rollout->version);
		}
	}
}

bool cycle_wait(struct cycle *cycle)
{
	struct apply *apply = &cycle->apply;
	if (!cycle->options->wait || !apply->rollout_count || cycle_given_up(cycle)) {
		return !cycle_given_up(cycle);
	}
	report_phase(cycle->report, "waiting for the rollouts");
	settle_known(cycle);
	struct err err = ERR_INIT;
	struct rollout_options options = {
		.deadline = cycle->prepared.deadline,
		.selector = cycle->selector,
		.changed = health_changed,
		.alive = alive,
		.newer = cycle->options->newer,
		.idle = cycle->options->drift ? heal_meanwhile : NULL,
		.context = cycle,
	};
	bool healthy = rollout_wait(cycle->prepared.kube, apply->rollouts, apply->rollout_count, &options, &err);
	note_healthy(cycle);
	if (!healthy && err.kind != ERR_NONE) {
		(void)report_err(cycle->report, FAILURE_CLUSTER, &err);
	}
	for (size_t i = 0; i < apply->rollout_count; i++) {
		tell_rollout(cycle, &apply->rollouts[i]);
	}
	return healthy;
}
