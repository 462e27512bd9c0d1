/*
 * Shared by the files of cycle.h only.
 */
#ifndef SYNC_CYCLE_IMPL_H
#define SYNC_CYCLE_IMPL_H

#include "sync/apply.h"
#include "sync/cycle.h"
#include "sync/lease.h"
#include "sync/prepare.h"

/* One sync on its way. */
struct cycle {
	const struct cycle_options *options;
	struct report *report;
	struct prepared prepared;
	bool (*again)(struct prepared *prepared); /* reads and plans anew */
	char *selector;
	struct lease *lease;
	struct ledger_sync sync;    /* as it is recorded */
	struct inventory inventory; /* the union of what was and what is about to be; then as it is now */
	int64_t takes_up;           /* number of the unfinished sync that was there; 0 none */
	bool looks;                 /* applies only of what may not have changed: no intent was recorded */
	struct apply apply;
};

/*
 * From a plan to the end: lease, intent, writes, outcome; where there is nothing to write, what is there is looked at. The
 * selector is set in it. Then cycle_release.
 */
void cycle_carry_out(struct cycle *cycle);

/* Gives the lease back and frees all that the cycle holds; says last things in the report. */
void cycle_release(struct cycle *cycle);

/* The old inventory and a row for each desired object that is about to be made or is there. */
void cycle_union(const struct prepared *prepared, struct inventory *out);

/*
 * After the last write: the sync's result and message from the report, its revisions from apply, and the rows of what
 * was left alone, as it is on the server. Where a killed sync was taken up, the revisions that it made before it was
 * killed too.
 */
void cycle_outcome(struct cycle *cycle);

#endif
