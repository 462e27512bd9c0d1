/*
 * What a one-shot asks the cluster while its commit is fetched and rendered, on a thread of its own: clients, discovery, the
 * ledger, and by label the kinds that the inventory has. The server works then while the program does, and the other way
 * round. What depends on the desired objects follows in prepare_plan, which is given all of this as if it had asked.
 *
 * An agent needs none of it: its loop has other Syncs to work for, and its watches know what there is.
 */
#ifndef SYNC_AHEAD_H
#define SYNC_AHEAD_H

#include "sync/prepare.h"

struct ahead;

/*
 * Starts the thread; NULL where none can be had, prepare_plan asks then. Until ahead_end all of `prepared` is the thread's, but
 * `source` and `desired`; `options`, `started` and `deadline` are only read.
 */
struct ahead *ahead_start(struct prepared *prepared);

/*
 * Waits for it, frees it, and adds to the report what it had to say; false: with an error. `wanted` false, where nothing came
 * of the commit: it is told to stop, and what it says does not matter any more. What is older than a moment is thrown away,
 * to be asked anew. NULL is fine.
 */
bool ahead_end(struct ahead *ahead, struct report *report, bool wanted);

#endif
