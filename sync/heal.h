/*
 * Applies again what drifted: a sync of a few objects, from the index of sync/drift.h, without Git and rendering. Its plan looks
 * at the live metadata of these objects alone, by the rules of sync/plan.h; lease, intent, apply and outcome are the cycle's.
 * Nothing is pruned. In the ledger it is a heal.
 */
#ifndef SYNC_HEAL_H
#define SYNC_HEAL_H

#include "sync/cycle.h"
#include "sync/drift.h"

/*
 * Takes what is due at `now` (drift_take) and ends it (drift_healed). Of the options it needs name, ns, access, take_over,
 * timeout, source.url, path, stop and drift. What there is to say is in the report; true where something was due. Sequential:
 * in the agent it runs in a fiber.
 */
bool heal_sync(const struct cycle_options *options, int64_t now, struct report *report);

#endif
