/*
 * When a heal is due. Three things put it off: the delay, the object's budget, and whoever undid the last ones.
 */
#include <stdlib.h>
#include <string.h>

#include "sync/drift_impl.h"
#include "sync/report.h"

enum {
	FOUND_BURST = 10, /* heals at once, of one object ... */
	FOUND_EVERY = 30 * 1000,
	MAYBE_BURST = 5, /* ... and applies of which no drift is known */
	MAYBE_EVERY = 60 * 1000,
	FIRST_PAUSE = 1000, /* after a heal that was undone or failed; doubled each time */
	LONGEST_PAUSE = 5 * 60 * 1000,
	FIGHT_MEMORY = 10 * 60 * 1000, /* a heal that lasted that long was not undone */
	LOST_TO_YIELD = 2,
	YIELD_TIME = 60 * 60 * 1000, /* then it is tried once more */
	MOST_FIGHTS = 16,            /* of one object; the oldest is forgotten */
};

static struct healing *healing_of(struct drift_row *row)
{
	row->healing = row->healing ? row->healing : alloc_new(1, sizeof *row->healing);
	return row->healing;
}

static void fight_release(struct fight *fight)
{
	free(fight->field);
	free(fight->manager);
}

void healing_forget(struct healing *healing)
{
	if (!healing) {
		return;
	}
	for (size_t i = 0; i < healing->fight_count; i++) {
		fight_release(&healing->fights[i]);
	}
	free(healing->fights);
	free(healing->yields);
	healing->fights = NULL;
	healing->fight_count = 0;
	healing->yields = NULL;
	healing->failures = 0;
}

void healing_free(struct healing *healing)
{
	if (healing) {
		healing_forget(healing);
		free(healing->taken_field);
		free(healing->taken_manager);
		free(healing);
	}
}

/* --- fights ------------------------------------------------------------------------------------------------------- */

static struct fight *find_fight(const struct healing *healing, const char *field, const char *manager)
{
	field = field ? field : "";
	manager = manager ? manager : "";
	for (size_t i = 0; healing && i < healing->fight_count; i++) {
		if (strcmp(healing->fights[i].field, field) == 0 && strcmp(healing->fights[i].manager, manager) == 0) {
			return &healing->fights[i];
		}
	}
	return NULL;
}

static struct fight *fight_of(struct healing *healing, const char *field, const char *manager)
{
	struct fight *fight = find_fight(healing, field, manager);
	if (fight) {
		return fight;
	}
	if (healing->fight_count == MOST_FIGHTS) {
		fight_release(&healing->fights[0]);
		healing->fight_count--;
		memmove(healing->fights, healing->fights + 1, healing->fight_count * sizeof *healing->fights);
	}
	healing->fights = alloc_grow(healing->fights, healing->fight_count + 1, sizeof *healing->fights);
	fight = &healing->fights[healing->fight_count++];
	*fight = (struct fight){ .field = text_dup(field ? field : ""), .manager = text_dup(manager ? manager : "") };
	return fight;
}

static void list_yields(struct healing *healing)
{
	size_t count = 0;
	free(healing->yields);
	healing->yields = NULL;
	for (size_t i = 0; i < healing->fight_count; i++) {
		if (healing->fights[i].yielded) {
			healing->yields = alloc_grow(healing->yields, count + 2, sizeof *healing->yields);
			healing->yields[count++] = healing->fights[i].field;
			healing->yields[count] = NULL;
		}
	}
}

/* When the first of them is to be tried once more. */
static int64_t yielded_until(const struct healing *healing)
{
	int64_t until = INT64_MAX;
	for (size_t i = 0; healing && i < healing->fight_count; i++) {
		if (healing->fights[i].yielded && healing->fights[i].yielded < until) {
			until = healing->fights[i].yielded;
		}
	}
	return until;
}

/* A person's hand on the object is told to stop by its slowness; a program never stops by itself. */
static bool is_controller(const char *manager)
{
	return manager && *manager && strncmp(manager, "kubectl", 7) != 0;
}

static int64_t pause_after(unsigned times)
{
	int64_t pause = times ? FIRST_PAUSE : 0;
	for (unsigned i = 1; i < times && pause < LONGEST_PAUSE; i++) {
		pause *= 2;
	}
	return pause < LONGEST_PAUSE ? pause : LONGEST_PAUSE;
}

/* The field was healed, and is lost again. */
static unsigned count_loss(struct drift_row *row, int64_t now)
{
	struct fight *fight = find_fight(row->healing, row->field, row->manager);
	if (!fight) {
		return 0;
	}
	if (now - fight->when > FIGHT_MEMORY + pause_after(fight->lost)) {
		fight->lost = 0;
		fight->healed = false;
	}
	fight->lost += fight->healed;
	fight->healed = false;
	return fight->lost;
}

static bool must_yield(const struct drift_row *row)
{
	return row->field && row->lost >= LOST_TO_YIELD && is_controller(row->manager);
}

/* --- the budget --------------------------------------------------------------------------------------------------- */

/* When the bucket has something: a bucket that lacks n is full after n times `every`. */
static int64_t bucket_ready(int64_t full, int64_t burst, int64_t every)
{
	return full - (burst - 1) * every;
}

static int64_t budget_ready(const struct healing *healing, enum drift_state state)
{
	return state == DRIFT_MAYBE ? bucket_ready(healing->maybe_full, MAYBE_BURST, MAYBE_EVERY)
	                            : bucket_ready(healing->found_full, FOUND_BURST, FOUND_EVERY);
}

static void budget_spend(struct healing *healing, enum drift_state state, int64_t now)
{
	int64_t *full = state == DRIFT_MAYBE ? &healing->maybe_full : &healing->found_full;
	*full = (*full > now ? *full : now) + (state == DRIFT_MAYBE ? MAYBE_EVERY : FOUND_EVERY);
}

/* --- the schedule ------------------------------------------------------------------------------------------------- */

static void put_off(struct drift_row *row, int64_t due)
{
	int64_t ready = row->healing ? budget_ready(row->healing, row->state) : due;
	row->due = due > ready ? due : ready;
}

void heal_schedule(struct drift *drift, struct drift_row *row, int64_t now)
{
	switch (row->state) {
	case DRIFT_FOUND:
		row->lost = count_loss(row, now);
		if (must_yield(row)) {
			struct healing *healing = healing_of(row);
			find_fight(healing, row->field, row->manager)->yielded = now + YIELD_TIME;
			list_yields(healing);
			healing->yields_more = true;
		}
		put_off(row, now + drift->options.delay + pause_after(row->lost));
		return;
	case DRIFT_MAYBE:
		put_off(row, now + drift->options.delay);
		return;
	case DRIFT_CONTESTED:
		row->due = yielded_until(row->healing);
		return;
	case DRIFT_NONE:
	case DRIFT_WAITING:
	case DRIFT_BLOCKED:
	case DRIFT_DISABLED:
	case DRIFT_STATES:
		break;
	}
	row->due = INT64_MAX;
	row->lost = 0;
}

static bool is_pending(const struct drift_row *row)
{
	bool heals = row->state == DRIFT_FOUND || row->state == DRIFT_MAYBE || row->state == DRIFT_CONTESTED;
	return heals && !(row->healing && row->healing->taken);
}

/* Where `busy` cycles and heals are no hindrance. */
static int64_t due_beside(const struct drift *drift, unsigned busy)
{
	int64_t due = INT64_MAX;
	bool any = drift->counts[DRIFT_FOUND] || drift->counts[DRIFT_MAYBE] || drift->counts[DRIFT_CONTESTED];
	if (!any || drift->busy > busy || drift->options.detect || drift->options.suspended) {
		return INT64_MAX;
	}
	for (size_t i = 0; i < drift->count; i++) {
		const struct drift_row *row = drift->rows[i];
		if (is_pending(row) && row->due < due) {
			due = row->due;
		}
	}
	return due;
}

int64_t drift_due(const struct drift *drift)
{
	return due_beside(drift, 0);
}

/* What was yielded long enough is tried once more. */
static void stop_yielding(struct healing *healing, int64_t now)
{
	for (size_t i = 0; i < healing->fight_count; i++) {
		if (healing->fights[i].yielded <= now) {
			healing->fights[i].yielded = 0;
		}
	}
	list_yields(healing);
}

static void take(struct drift_row *row, int64_t now, struct objects *out)
{
	struct healing *healing = healing_of(row);
	budget_spend(healing, row->state, now);
	stop_yielding(healing, now);
	healing->taken = true;
	healing->taken_at = now;
	healing->taken_state = row->state;
	text_set(&healing->taken_field, row->field);
	text_set(&healing->taken_manager, row->manager);
	objects_take(out, row_unpack(row));
}

static struct objects take_beside(struct drift *drift, unsigned busy, int64_t now)
{
	struct objects out = OBJECTS_INIT;
	if (due_beside(drift, busy) > now) {
		return out;
	}
	for (size_t i = 0; i < drift->count; i++) {
		struct drift_row *row = drift->rows[i];
		if (is_pending(row) && row->due <= now) {
			take(row, now, &out);
		}
	}
	return out;
}

struct objects drift_take(struct drift *drift, int64_t now)
{
	return take_beside(drift, 0, now);
}

struct objects drift_take_within(struct drift *drift, int64_t now)
{
	return take_beside(drift, 1, now);
}

/* --- how it went -------------------------------------------------------------------------------------------------- */

static bool went_well(const struct report_object *told)
{
	return told && (told->verdict <= VERDICT_UNCHANGED || told->verdict == VERDICT_SKIPPED);
}

static void healed(struct drift *drift, struct drift_row *row, const struct report_object *told, int64_t now)
{
	struct healing *healing = row->healing;
	healing->failures = 0;
	if (told->verdict < VERDICT_UNCHANGED && healing->taken_state != DRIFT_MAYBE) {
		struct fight *fight = fight_of(healing, healing->taken_field, healing->taken_manager);
		fight->healed = true;
		fight->when = now;
		list_yields(healing);
	}
	bool pending = row->state == DRIFT_FOUND || row->state == DRIFT_MAYBE || row->state == DRIFT_CONTESTED;
	if (pending && row->since <= healing->taken_at) {
		row_clear(drift, row);
		return;
	}
	heal_schedule(drift, row, now);
	row_tell(drift, row);
}

static void failed(struct drift_row *row, int64_t now)
{
	struct healing *healing = row->healing;
	healing->failures++;
	if (is_pending(row)) {
		put_off(row, now + pause_after(healing->failures));
	}
}

void drift_healed(struct drift *drift, const struct report *report, int64_t now)
{
	for (size_t i = 0; i < drift->count; i++) {
		struct drift_row *row = drift->rows[i];
		if (!row->healing || !row->healing->taken) {
			continue;
		}
		row->healing->taken = false;
		const struct report_object *told = report_find(report, &row->id);
		if (went_well(told)) {
			healed(drift, row, told, now);
		} else {
			failed(row, now);
		}
	}
}
