/*
 * Follows applied objects until each is healthy, failed, paused, or the time is over. Waiting polls whole objects: one GET an
 * object where few are followed, one LIST a kind and namespace where many are, with backoff; never more often than needed.
 */
#ifndef SYNC_ROLLOUT_H
#define SYNC_ROLLOUT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "render/object.h"
#include "sync/health.h"
#include "sync/kube/discovery.h"
#include "sync/kube/kube.h"

struct rollout {
	struct ident id;                 /* owned */
	const struct resource *resource; /* borrowed */
	char *uid;                       /* owned; what we applied: another UID there is a failure "replaced"; NULL: the first seen */
	int64_t generation;              /* of the apply's answer */
	bool unchanged;                  /* it was found as it should be: this sync wrote nothing to it */
	bool known;                      /* and was not even read */
	/* The answer. */
	struct health_report report;
	bool settled;     /* current, failed or paused; so before the waiting: nobody asks for it */
	uint64_t version; /* resourceVersion of what was judged last; 0: nothing was, or not known */
	int64_t revision; /* Deployments: deployment.kubernetes.io/revision once seen; 0 otherwise */
};

void rollout_release(struct rollout *rollout);

struct rollout_options {
	int64_t deadline;     /* monotonic milliseconds */
	const char *selector; /* label selector of the sync's objects, for the LISTs */
	/* Called when a report changes; may be NULL. */
	void (*changed)(void *context, const struct rollout *rollout);
	/* Called between polls; false ends the waiting (a signal, a lost lease). May be NULL. */
	bool (*alive)(void *context);
	/* Not 0: the waiting is over, and what a list that is in flight answers is not even read. May be NULL. */
	const atomic_int *newer;
	/* Called between polls while no call is in flight: may send and wait for others. May be NULL. */
	void (*idle)(void *context);
	void *context;
};

/*
 * Waits. A failed or overdue Deployment's (ReplicaSet's, StatefulSet's, DaemonSet's, Job's) message names its pods' own
 * reason. true when all settled without failure; the reports tell the rest. err only where the cluster could not be
 * asked.
 */
bool rollout_wait(struct kube *kube, struct rollout *rollouts, size_t count, const struct rollout_options *options,
                  struct err *err);

#endif
