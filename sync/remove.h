/*
 * Takes away what a sync made: a sync of nothing, with `deletionPolicy: Delete` of a Sync that goes (safety rule 17). Under the
 * same brakes as every prune: kinds that are protected stay, what is not ours stays, and more than the share needs approval.
 */
#ifndef SYNC_REMOVE_H
#define SYNC_REMOVE_H

#include "sync/cycle.h"

/* Of the options it needs what a heal does; true: nothing of it is left but what is protected. The report says the rest. */
bool remove_sync(const struct cycle_options *options, struct report *report);

#endif
