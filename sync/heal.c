#include "sync/heal.h"

#include <stdlib.h>
#include <string.h>

#include "sync/clock.h"
#include "sync/cycle_impl.h"
#include "sync/prepare_impl.h"

/*
 * What was applied last is what is healed to: another commit that somebody synced meanwhile (a one-shot, while the Sync was
 * suspended) would be taken back (safety rule 20). The next cycle decides on it.
 */
static bool is_newest(struct prepared *prepared)
{
	size_t count = 0;
	const struct ledger_sync *syncs = ledger_syncs(prepared->ledger, &count);
	const struct ledger_sync *last = count ? &syncs[count - 1] : NULL;
	const char *id = prepared->report->commit.id;
	if (!last || !last->commit || strcmp(last->commit, id) == 0) {
		return true;
	}
	/* A commit that changed nothing has no record: it comes after the one that has. */
	struct err err = ERR_INIT;
	bool descends = false;
	struct source *source = prepared->source;
	if (source && !source->ops->descends(source, id, last->commit, &descends, &err)) {
		return report_err(prepared->report, FAILURE_GIT, &err);
	}
	if (descends) {
		return true;
	}
	report_stop(prepared->report, STOP_REWIND,
	            text_printf("nothing is healed to %.7s: sync %lld was of %.7s", id, (long long)last->number, last->commit));
	return false;
}

static bool read_state(struct prepared *prepared)
{
	return prepare_ledger(prepared) && is_newest(prepared) && prepare_named(prepared) && prepare_part(prepared);
}

static bool read_again(struct prepared *prepared)
{
	prepare_forget(prepared);
	return read_state(prepared);
}

static void copy_commit(const struct drift *drift, struct report *report)
{
	const struct repo_commit *from = drift_commit(drift);
	repo_commit_release(&report->commit);
	report->commit = (struct repo_commit){
		.author = from->author ? text_dup(from->author) : NULL,
		.email = from->email ? text_dup(from->email) : NULL,
		.subject = from->subject ? text_dup(from->subject) : NULL,
		.when = from->when,
	};
	memcpy(report->commit.id, from->id, sizeof from->id);
	text_set(&report->ref, drift_ref(drift));
}

static void heal(struct cycle *cycle, struct objects *desired)
{
	const struct cycle_options *options = cycle->options;
	struct prepared *prepared = &cycle->prepared;
	int64_t now = clock_now();
	*prepared = (struct prepared){
		.options = options,
		.report = cycle->report,
		.started = now,
		.deadline = now + options->timeout,
		.source = options->host.source,
		.source_same = true,
		.target_same = true,
		.desired = *desired,
	};
	*desired = OBJECTS_INIT;
	if (prepare_connect(prepared) && read_state(prepared)) {
		cycle_carry_out(cycle);
	}
}

void cycle_heal(const struct cycle_options *options, struct objects *desired, struct report *report)
{
	/* Nothing is waited for: the next event must find the Sync free. */
	struct cycle_options alone = *options;
	alone.wait = false;
	alone.prune = false;
	alone.verify = false;
	struct cycle cycle = { .options = &alone, .report = report, .again = read_again, .heals = true };
	text_set(&report->name, options->name);
	text_set(&report->ns, options->ns ? options->ns : "");
	report->result = RESULT_FAILED;
	copy_commit(options->drift, report);
	drift_begin(options->drift);
	heal(&cycle, desired);
	cycle_release(&cycle);
	drift_healed(options->drift, report, clock_now());
	drift_end(options->drift);
}

bool heal_sync(const struct cycle_options *options, int64_t now, struct report *report)
{
	struct objects desired = drift_take(options->drift, now);
	bool any = desired.count > 0;
	if (any) {
		cycle_heal(options, &desired, report);
	}
	objects_release(&desired);
	return any;
}
