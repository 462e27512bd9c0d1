/*
 * Events (core v1) that tell what a sync did: on the Sync, and on each Deployment that it changed, healed or saw fail, so that
 * `kubectl events --for deployment/web` names the commit. Texts hold the commit and no durations, so that equal ones are one:
 * each (Sync, commit, reason, object) is one Event, whose name is made of them. Told again after a while it only counts up.
 */
#ifndef SYNC_EVENTS_H
#define SYNC_EVENTS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "render/base/map.h"
#include "sync/kube/kube.h"
#include "sync/report.h"
#include "sync/syncspec.h"

/* What was told already; bounded. One for all Syncs of an agent. */
struct events {
	struct map told; /* name of the Event -> when, as a number in the pointer (monotonic seconds) */
};

#define EVENTS_INIT ((struct events){ 0 })

void events_release(struct events *events);

/*
 * Tells what a cycle did; a cycle that changed nothing and did not fail tells nothing. The first failure is in err, and that is
 * no reason to stop anything. In the agent it runs in a fiber: it waits for the answers.
 */
bool events_send(struct kube *kube, struct events *events, const struct syncspec *spec, const struct report *report,
                 struct err *err);

/* One event on the Sync, for what is no cycle: `reason` as in sync/syncstatus.h or "Suspended", "Resumed", "Drifted". */
bool events_tell(struct kube *kube, struct events *events, const struct syncspec *spec, const char *commit, bool warning,
                 const char *reason, const char *text, struct err *err);

/* The Events of a cycle as a JSON list, without times; cJSON_Delete it. What events_send sends. */
cJSON *events_of(const struct syncspec *spec, const struct report *report);

#endif
