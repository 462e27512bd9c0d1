#include "sync/remove.h"

#include <string.h>

#include "sync/clock.h"
#include "sync/cycle_impl.h"
#include "sync/prepare_impl.h"

/* What was synced last stands for the commit. */
static void take_commit(struct prepared *prepared)
{
	size_t count = 0;
	const struct ledger_sync *syncs = ledger_syncs(prepared->ledger, &count);
	const struct ledger_sync *last = count ? &syncs[count - 1] : NULL;
	struct report *report = prepared->report;
	if (!last || !last->commit || strlen(last->commit) >= sizeof report->commit.id) {
		return;
	}
	repo_commit_release(&report->commit);
	report->commit = (struct repo_commit){
		.author = text_dup(last->author ? last->author : ""),
		.email = text_dup(""),
		.subject = text_dup(last->subject ? last->subject : ""),
		.when = last->commit_time,
	};
	(void)strcpy(report->commit.id, last->commit);
	text_set(&report->ref, last->ref);
}

static bool read_state(struct prepared *prepared)
{
	if (!prepare_ledger(prepared)) {
		return false;
	}
	take_commit(prepared);
	return prepare_lives(prepared) && prepare_whole(prepared);
}

static bool read_again(struct prepared *prepared)
{
	prepare_forget(prepared);
	return read_state(prepared);
}

bool remove_sync(const struct cycle_options *options, struct report *report)
{
	struct cycle_options nothing = *options;
	nothing.prune = true;
	nothing.source_changed = true;
	nothing.wait = false;
	nothing.drift = NULL;
	struct cycle cycle = { .options = &nothing, .report = report, .again = read_again };
	int64_t now = clock_now();
	cycle.prepared = (struct prepared){
		.options = &nothing,
		.report = report,
		.started = now,
		.deadline = now + options->timeout,
		.source = options->host.source,
		.source_same = true,
		.target_same = true,
		.desired = OBJECTS_INIT,
	};
	text_set(&report->name, options->name);
	text_set(&report->ns, options->ns ? options->ns : "");
	report->result = RESULT_FAILED;
	if (prepare_connect(&cycle.prepared) && read_state(&cycle.prepared) && cycle.prepared.inventory.count) {
		cycle_carry_out(&cycle);
	} else if (!report->error_count) {
		report->result = RESULT_UNCHANGED;
	}
	cycle_release(&cycle);
	return report->result != RESULT_FAILED && report->result != RESULT_INCOMPLETE;
}
