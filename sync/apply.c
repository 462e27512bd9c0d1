#include "sync/apply.h"

#include <stdlib.h>
#include <string.h>

#include "render/doc.h"
#include "sync/apply_impl.h"
#include "sync/clock.h"

enum { ESTABLISH_PAUSE = 50, PACE = 5 };

static bool is_work(const struct action *action)
{
	return action->kind == ACTION_CREATE || action->kind == ACTION_CHANGE || action->kind == ACTION_HEAL ||
	       action->kind == ACTION_ADOPT || action->kind == ACTION_WAIT;
}

void apply_follow(struct apply *apply, const struct ident *id, const struct resource *resource, const char *uid,
                  int64_t generation)
{
	if (apply->rollout_count == apply->rollout_cap) {
		apply->rollout_cap = apply->rollout_cap ? 2 * apply->rollout_cap : 64;
		apply->rollouts = alloc_grow(apply->rollouts, apply->rollout_cap, sizeof *apply->rollouts);
	}
	apply->rollouts[apply->rollout_count++] = (struct rollout){
		.id = ident_dup(id), .resource = resource, .uid = uid ? text_dup(uid) : NULL, .generation = generation
	};
}

static void follow_as_it_is(struct apply *apply, const struct action *action)
{
	const struct resource *resource = NULL;
	const struct ident *id = &action->desired->id;
	if (discovery_find(apply->discovery, id->group, action->desired->version, id->kind, &resource) == DISCOVERY_FOUND) {
		const char *uid = action->live ? action->live->uid : action->row->uid;
		apply_follow(apply, id, resource, uid, action->live ? action->live->generation : action->row->generation);
		apply->rollouts[apply->rollout_count - 1].unchanged = true;
		apply->rollouts[apply->rollout_count - 1].known = action->desired->known;
	}
}

/* What needs no request. false: the object is not as Git wants it. */
static bool settle_at_once(struct apply *apply, const struct action *action)
{
	const struct ident *id = action->desired ? &action->desired->id : &action->row->id;
	switch (action->kind) {
	case ACTION_NONE:
		report_verdict(apply->report, id, VERDICT_UNCHANGED, text_dup(action->reason), FAILURE_NONE);
		follow_as_it_is(apply, action);
		return true;
	case ACTION_KEEP:
		report_verdict(apply->report, id, VERDICT_KEPT, text_dup(action->reason), FAILURE_NONE);
		return true;
	case ACTION_SKIP:
		report_verdict(apply->report, id, VERDICT_SKIPPED, text_dup(action->reason), FAILURE_NONE);
		return true;
	case ACTION_BLOCK: {
		CLEANUP(text_freep) char *name = ident_text(id);
		report_fail(apply->report, FAILURE_STOPPED, text_printf("%s: blocked: %s", name, action->reason));
		report_verdict(apply->report, id, VERDICT_BLOCKED, text_dup(action->reason), FAILURE_STOPPED);
		return false;
	}
	case ACTION_FORGET:
		inventory_remove(apply->inventory, id);
		return true;
	case ACTION_CREATE:
	case ACTION_CHANGE:
	case ACTION_HEAL:
	case ACTION_ADOPT:
	case ACTION_WAIT:
	case ACTION_PRUNE:
		break;
	}
	return true;
}

/* --- definitions -------------------------------------------------------------------------------------------------- */

static bool is_definition(const struct action *action)
{
	return action->desired && is_work(action) && strcmp(action->desired->id.kind, "CustomResourceDefinition") == 0;
}

static bool is_established(struct apply *apply, const struct ident *id)
{
	const struct resource *resource = NULL;
	if (discovery_find(apply->discovery, id->group, NULL, id->kind, &resource) != DISCOVERY_FOUND) {
		return true;
	}
	struct err err = ERR_INIT;
	struct kube_call call = kube_call_make("GET", resource_path(resource, NULL, id->name));
	bool established = false;
	if (kube_do(apply->kube, &call, &err)) {
		CLEANUP(doc_freep) cJSON *object = doc_parse(buf_text(&call.reply), call.reply.len, &err);
		struct health_report health;
		health_of(object, 0, &health);
		established = health.health != HEALTH_PROGRESSING;
	}
	kube_call_release(&call);
	return established || err.kind != ERR_NONE;
}

/* Until the definitions of this plan are served; then the kinds are known. */
static void establish(struct run *run)
{
	struct apply *apply = run->apply;
	bool any = false;
	for (size_t i = 0; i < apply->plan->count; i++) {
		const struct action *action = apply->plan->actions[i];
		if (!is_definition(action)) {
			continue;
		}
		const struct report_object *told = report_find(apply->report, &action->desired->id);
		any = any || (told && told->verdict <= VERDICT_ADOPTED);
		while (told && told->verdict <= VERDICT_ADOPTED && !run_stopped(run) && !is_established(apply, &action->desired->id)) {
			kube_sleep(apply->kube, clock_now() + ESTABLISH_PAUSE);
		}
	}
	struct err err = ERR_INIT;
	if (any && !discovery_refresh(apply->discovery, apply->deadline, &err)) {
		report_warn(apply->report, text_printf("the kinds could not be read anew: %s", err.msg));
	}
}

/* --- from outside ------------------------------------------------------------------------------------------------- */

/* What is ours already may have been changed by anyone meanwhile; what is not must be as it was seen. */
static const char *expected_version(const struct action *action)
{
	if (!action->live || action->kind == ACTION_WAIT) {
		return NOT_THERE;
	}
	return action->kind == ACTION_ADOPT && *action->live->resource_version ? action->live->resource_version : NULL;
}

/*
 * An hourly look at everything must be no burst (safety rule 9): what is not known to differ goes out one by one, 200 a second,
 * or so that all of it takes half of the time that is left. Changes and heals overtake it.
 */
static void set_pace(struct run *run)
{
	const struct plan *plan = run->apply->plan;
	int64_t count = 0;
	for (size_t i = 0; i < plan->count; i++) {
		count += plan->actions[i]->maybe;
	}
	run->turn = clock_now();
	int64_t most = count ? (run->apply->deadline - run->turn) / 2 / count : 0;
	run->pace = most < PACE ? most : PACE;
}

static void wait_for_turn(struct run *run, struct work *work)
{
	work->state = WORK_SLEEPING;
	work->due = run->turn;
	run->turn += run->pace;
}

static void start_stage(struct run *run, enum stage stage)
{
	const struct plan *plan = run->apply->plan;
	for (size_t i = 0; i < plan->count; i++) {
		const struct action *action = plan->actions[i];
		if (action->stage == stage && action->desired && is_work(action)) {
			struct work *work = work_new(run, action, &action->desired->id, apply_steps);
			work->waits = action->kind == ACTION_WAIT;
			text_set(&work->expects, expected_version(action));
			if (work->waits) {
				work->trouble = text_dup(action->reason);
				report_verdict(run->apply->report, work->id, VERDICT_WAITING, text_dup(action->reason), FAILURE_NONE);
			}
			work_next(work);
			if (run->apply->paced && action->maybe) {
				wait_for_turn(run, work);
			}
		}
	}
}

bool apply_objects(struct apply *apply)
{
	bool complete = true;
	for (size_t i = 0; i < apply->plan->count; i++) {
		complete = settle_at_once(apply, apply->plan->actions[i]) && complete;
	}
	struct run run = { .apply = apply };
	set_pace(&run);
	for (int stage = 0; stage < STAGE_COUNT; stage++) {
		start_stage(&run, (enum stage)stage);
		/* Who sleeps holds nobody up: what depends on it is tried again in its turn. */
		(void)run_works(&run, false);
		if (stage == STAGE_DEFINITIONS) {
			establish(&run);
		}
	}
	(void)run_works(&run, true);
	run_give_up(&run);
	complete = complete && run.failed == 0;
	run_release(&run);
	return complete;
}

static const struct resource *pruned_resource(struct apply *apply, const struct inventory_row *row)
{
	const struct resource *resource = NULL;
	enum discovery_answer answer = discovery_find(apply->discovery, row->id.group, row->version, row->id.kind, &resource);
	return answer == DISCOVERY_FOUND || answer == DISCOVERY_OTHER_VERSION ? resource : NULL;
}

static void start_prunes(struct run *run, enum stage stage)
{
	struct apply *apply = run->apply;
	for (size_t i = 0; i < apply->plan->count; i++) {
		const struct action *action = apply->plan->actions[i];
		if (action->kind != ACTION_PRUNE || action->stage != stage) {
			continue;
		}
		struct work *work = work_new(run, action, &action->row->id, prune_steps);
		work->resource = pruned_resource(apply, action->row);
		work->uid = text_dup(action->live->uid);
		work->resource_version = text_dup(action->live->resource_version);
		if (work->resource) {
			work_next(work);
		} else {
			work_end(work, VERDICT_KEPT, text_dup("its kind is not served any more"), FAILURE_STOPPED);
		}
	}
}

bool apply_prunes(struct apply *apply)
{
	struct run run = { .apply = apply };
	for (int stage = STAGE_COUNT; stage-- > 0;) {
		start_prunes(&run, (enum stage)stage);
		(void)run_works(&run, true);
	}
	run_give_up(&run);
	bool all = run.failed == 0;
	run_release(&run);
	for (size_t i = 0; i < apply->plan->count; i++) {
		const struct action *action = apply->plan->actions[i];
		const struct report_object *told = action->kind == ACTION_PRUNE ? report_find(apply->report, &action->row->id) : NULL;
		if (told && told->verdict == VERDICT_PRUNED) {
			inventory_remove(apply->inventory, &action->row->id);
		}
	}
	return all;
}

void apply_keep_prunes(struct apply *apply, const char *reason)
{
	for (size_t i = 0; i < apply->plan->count; i++) {
		const struct action *action = apply->plan->actions[i];
		if (action->kind == ACTION_PRUNE) {
			report_verdict(apply->report, &action->row->id, VERDICT_KEPT, text_dup(reason), FAILURE_NONE);
		}
	}
}

void apply_release(struct apply *apply)
{
	for (size_t i = 0; i < apply->rollout_count; i++) {
		rollout_release(&apply->rollouts[i]);
	}
	for (size_t i = 0; i < apply->revision_count; i++) {
		ledger_revision_release(&apply->revisions[i]);
	}
	free(apply->rollouts);
	free(apply->revisions);
	*apply = (struct apply){ 0 };
}
