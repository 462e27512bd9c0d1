/*
 * What a sync writes into the ledger about itself.
 */
#include <stdlib.h>
#include <string.h>

#include "sync/cycle_impl.h"
#include "sync/names.h"

static bool is_ours(const struct action *action)
{
	return action->desired && action->kind != ACTION_SKIP && action->kind != ACTION_BLOCK;
}

void cycle_union(const struct prepared *prepared, struct inventory *out)
{
	inventory_copy(&prepared->inventory, out);
	for (size_t i = 0; i < prepared->plan->count; i++) {
		const struct action *action = prepared->plan->actions[i];
		if (is_ours(action) && !action->row) {
			struct inventory_row *row = alloc_new(1, sizeof *row);
			row->id = ident_dup(&action->desired->id);
			row->version = text_dup(action->desired->version);
			row->uid = text_dup("");
			inventory_take(out, row);
		}
	}
}

/* An object in sync that the row does not know: its sync was killed after it made it. */
static void learn(struct inventory_row *row, const struct action *action)
{
	const struct live *live = action->live;
	if (strcmp(row->uid, live->uid) == 0) {
		return;
	}
	text_set(&row->uid, live->uid);
	text_set(&row->template_hash, NULL);
	text_set(&row->template_commit, live_annotation(live, NOTE_TEMPLATE_COMMIT));
	row->generation = live->generation;
}

static bool is_deployment(const struct ident *id)
{
	return strcmp(id->group, "apps") == 0 && strcmp(id->kind, "Deployment") == 0;
}

static struct ledger_revision *revision_new(struct apply *apply)
{
	if (apply->revision_count == apply->revision_cap) {
		apply->revision_cap = apply->revision_cap ? 2 * apply->revision_cap : 8;
		apply->revisions = alloc_grow(apply->revisions, apply->revision_cap, sizeof *apply->revisions);
	}
	struct ledger_revision *revision = &apply->revisions[apply->revision_count++];
	*revision = (struct ledger_revision){ 0 };
	return revision;
}

/* A template of this commit that the row does not know of: the killed sync wrote it. */
static void recover(struct cycle *cycle, struct inventory_row *row, const struct action *action)
{
	const char *commit = live_annotation(action->live, NOTE_TEMPLATE_COMMIT);
	bool known = row->template_commit && commit && strcmp(row->template_commit, commit) == 0;
	if (!is_deployment(&row->id) || !commit || known || strcmp(commit, cycle->sync.commit) != 0) {
		return;
	}
	struct ledger_revision *revision = revision_new(&cycle->apply);
	revision->id = ident_dup(&row->id);
	revision->uid = text_dup(action->live->uid);
	text_set(&row->template_commit, commit);
	text_set(&row->template_hash, NULL);
	row->generation = action->live->generation;
}

static void refresh(struct cycle *cycle)
{
	const struct plan *plan = cycle->prepared.plan;
	bool took_up = cycle->takes_up && cycle->takes_up == cycle->sync.number;
	for (size_t i = 0; i < plan->count; i++) {
		const struct action *action = plan->actions[i];
		const struct ident *id = action->desired ? &action->desired->id : &action->row->id;
		struct inventory_row *row = inventory_find(&cycle->inventory, id);
		if (row) {
			row->kept = !action->desired;
		}
		if (row && action->kind == ACTION_NONE && action->live) {
			if (took_up) {
				recover(cycle, row, action);
			}
			learn(row, action);
		}
	}
}

static enum ledger_result result_of(const struct report *report)
{
	switch (report->result) {
	case RESULT_HEALTHY:
		return LEDGER_HEALTHY;
	case RESULT_FAILED:
		return LEDGER_FAILED;
	case RESULT_INCOMPLETE:
		return LEDGER_INCOMPLETE;
	case RESULT_UNCHANGED:
	case RESULT_APPLIED:
		break;
	}
	return LEDGER_APPLIED;
}

static int by_identity(const void *a, const void *b)
{
	const struct ledger_revision *one = a;
	const struct ledger_revision *two = b;
	return ident_compare(&one->id, &two->id);
}

void cycle_outcome(struct cycle *cycle)
{
	const struct report *report = cycle->report;
	struct ledger_sync *sync = &cycle->sync;
	refresh(cycle);
	sync->result = result_of(report);
	text_set(&sync->message, report->error_count ? report->errors[0] : "");
	text_set(&sync->server, cycle->prepared.server);
	sync->revisions = TAKE(cycle->apply.revisions);
	sync->revision_count = cycle->apply.revision_count;
	cycle->apply.revision_count = 0;
	cycle->apply.revision_cap = 0;
	/* They came as the answers did. */
	if (sync->revision_count) {
		qsort(sync->revisions, sync->revision_count, sizeof *sync->revisions, by_identity);
	}
}
