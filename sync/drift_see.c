/*
 * What events mean: the rules of sync/plan.h on the one object that an event tells of.
 */
#include <assert.h>
#include <string.h>

#include "render/doc.h"
#include "sync/drift_impl.h"
#include "sync/names.h"
#include "sync/notes.h"

const char *const *drift_yielded(void *drift, const struct ident *id)
{
	const struct drift_row *row = drift_find(drift, id);
	return row && row->healing ? (const char *const *)row->healing->yields : NULL;
}

const struct ident *drift_scaler(void *drift, const struct ident *id)
{
	const struct drift *index = drift;
	CLEANUP(text_freep) char *key = text_printf("%s/%s/%s", id->ns, id->kind, id->name);
	return map_get(&index->scaled, key);
}

/* Who wrote last beside plumb: of what was removed nobody is the owner. NULL: unknown. */
static const char *last_writer(const struct live *live)
{
	const char *latest = "";
	const char *writer = NULL;
	const cJSON *entries = live ? doc_get(live->meta, "managedFields") : NULL;
	const cJSON *entry = NULL;
	cJSON_ArrayForEach (entry, entries) {
		const char *manager = doc_text(entry, "manager");
		const char *time = doc_text(entry, "time");
		const char *subresource = doc_text(entry, "subresource");
		bool status = subresource && strcmp(subresource, "status") == 0;
		if (manager && time && !status && strcmp(manager, MANAGER_PLUMB) != 0 && strcmp(time, latest) > 0) {
			latest = time;
			writer = manager;
		}
	}
	return writer;
}

static bool is_disabled(const struct action *action)
{
	return note_reconcile_disabled(doc_get(action->desired->json, "metadata")) ||
	       (action->live && note_reconcile_disabled(action->live->meta));
}

static enum drift_state state_of(const struct action *action)
{
	switch (action->kind) {
	case ACTION_HEAL:
		return action->maybe ? DRIFT_MAYBE : DRIFT_FOUND;
	case ACTION_CHANGE:
	case ACTION_ADOPT:
	case ACTION_CREATE:
		return DRIFT_FOUND;
	case ACTION_WAIT:
		return DRIFT_WAITING;
	case ACTION_BLOCK:
		return DRIFT_BLOCKED;
	case ACTION_SKIP:
		return is_disabled(action) ? DRIFT_DISABLED : DRIFT_NONE;
	case ACTION_NONE:
	case ACTION_PRUNE:
	case ACTION_KEEP:
	case ACTION_FORGET:
		break;
	}
	return DRIFT_NONE;
}

bool row_yields(const struct drift_row *row, const struct action *action)
{
	return action->yielded && row->healing && row->healing->yields;
}

char *drift_contested(const struct action *action)
{
	return text_printf("contested: %s: %s", action->manager, *action->yielded);
}

static void conclude(struct drift *drift, struct drift_row *row, const struct action *action, int64_t now)
{
	struct finding finding = {
		.state = state_of(action), .reason = action->reason, .field = action->field, .manager = action->manager
	};
	CLEANUP(text_freep) char *contested = NULL;
	row->sure = action->kind == ACTION_NONE && action_is_whole(action);
	if (finding.state == DRIFT_FOUND && !finding.manager) {
		finding.manager = last_writer(action->live);
	}
	/* Each write of the controller moves the generation: that is no news. */
	bool quiet = finding.state == DRIFT_NONE || finding.state == DRIFT_MAYBE;
	if (quiet && row_yields(row, action)) {
		finding.state = DRIFT_CONTESTED;
		finding.field = *action->yielded;
		contested = drift_contested(action);
	}
	finding.reason = contested ? contested : finding.state == DRIFT_NONE ? NULL : finding.reason;
	row_set(drift, row, &finding, now);
}

/* The decision on one object, and the room that it stands in. */
struct judgement {
	struct objects desired;
	struct lives lives;
	struct live *live;
};

static void judgement_init(struct judgement *judgement, const struct drift_row *row, struct live *live)
{
	*judgement = (struct judgement){ .live = live };
	objects_take(&judgement->desired, row_unpack(row));
	if (live) {
		CLEANUP(text_freep) char *key = ident_key(&row->id);
		(void)map_set(&judgement->lives.by_key, key, live);
		judgement->lives.items = &judgement->live;
		judgement->lives.count = 1;
	}
}

static void judgement_release(struct judgement *judgement)
{
	map_release(&judgement->lives.by_key);
	objects_release(&judgement->desired);
}

static void judge_once(struct drift *drift, struct drift_row *row, const struct judgement *judgement, int64_t now)
{
	struct plan_options options = {
		.name = drift->name,
		.ns = drift->ns,
		.part = true,
		.yielded = drift_yielded,
		.scaler = drift_scaler,
		.context = drift,
	};
	CLEANUP(plan_freep) struct plan *plan = plan_new(&judgement->desired, &judgement->lives, &drift->inventory, &options);
	assert(plan->count == 1);
	conclude(drift, row, plan->actions[0], now);
}

static void judge(struct drift *drift, struct drift_row *row, struct live *live, int64_t now)
{
	CLEANUP(judgement_release) struct judgement judgement;
	judgement_init(&judgement, row, live);
	judge_once(drift, row, &judgement, now);
	/* A field that was yielded just now may not be the only one. */
	while (row->healing && row->healing->yields_more) {
		row->healing->yields_more = false;
		judge_once(drift, row, &judgement, now);
	}
}

bool drift_see(struct drift *drift, const struct drift_sight *sight, int64_t now)
{
	struct drift_row *row = drift_find(drift, sight->id);
	if (!row) {
		return false;
	}
	row->named = true;
	row_hear(row, sight->version);
	if (sight->version && sight->version <= row->answered) {
		return true;
	}
	if (!row->applied) {
		row->later = sight->version > row->later ? sight->version : row->later;
		return true;
	}
	row->seen = sight->version > row->seen ? sight->version : row->seen;
	judge(drift, row, sight->live, now);
	return true;
}

static bool is_in(const struct drift_row *row, const char *group, const char *kind, const char *ns)
{
	return strcmp(row->id.group, group) == 0 && strcmp(row->id.kind, kind) == 0 && (!ns || strcmp(row->id.ns, ns) == 0);
}

void drift_listing(struct drift *drift, const char *group, const char *kind, const char *ns)
{
	for (size_t i = 0; i < drift->count; i++) {
		if (is_in(drift->rows[i], group, kind, ns)) {
			drift->rows[i]->named = false;
		}
	}
}

void drift_listed(struct drift *drift, const char *group, const char *kind, const char *ns, uint64_t version, int64_t now)
{
	for (size_t i = 0; i < drift->count; i++) {
		struct drift_row *row = drift->rows[i];
		if (!row->named && is_in(row, group, kind, ns)) {
			struct drift_sight gone = { .id = &row->id, .version = version };
			(void)drift_see(drift, &gone, now);
		}
	}
}
