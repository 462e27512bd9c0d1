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
	bool heals;                               /* a part of what Git has, not looked at for anything else */
	bool worked;                              /* `inventory` is as it is now */
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

/* A sync of these objects alone, which drift_take gave and which it takes over (heal.c). */
void cycle_heal(const struct cycle_options *options, struct objects *desired, struct report *report);

/* A signal came. */
bool cycle_stopped(const struct cycle *cycle);
/* What is only waited for is given up: a signal, or something newer. */
bool cycle_given_up(const struct cycle *cycle);

/* Follows what was applied; true when all is healthy (or paused, or nobody asked). */
bool cycle_wait(struct cycle *cycle);

/* The old inventory and a row for each desired object that is about to be made or is there. */
void cycle_union(const struct prepared *prepared, struct inventory *out);

/*
 * After the last write: the sync's result and message from the report, its revisions from apply, and the rows of what
 * was left alone, as it is on the server. Where a killed sync was taken up, the revisions that it made before it was
 * killed too.
 */
void cycle_outcome(struct cycle *cycle);

#endif
