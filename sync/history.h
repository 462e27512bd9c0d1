/*
 * Deployment revisions mapped to commits: joins the ledger with the ReplicaSets that the cluster has. ReplicaSets that a revert
 * reuses are renumbered, so a revision is a commit's only where template hash and number both match the record; one that
 * somebody else's change made is drift, with that manager's name.
 */
#ifndef SYNC_HISTORY_H
#define SYNC_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync/kube/discovery.h"
#include "sync/kube/kube.h"
#include "sync/ledger.h"

struct history_row {
	int64_t revision;
	const struct ledger_sync *sync; /* the commit that made it, borrowed from the ledger; NULL: drift or from before plumb */
	char *drift;                    /* manager that made it, "kubectl-set"; "" unknown; NULL where sync is set */
	char *image;                    /* of the first container, " +N" behind it where there are more */
	char *replicaset;
	int64_t replicas; /* spec.replicas of the ReplicaSet */
	int64_t created;  /* ReplicaSet's creation, seconds since 1970 */
	bool current;
};

struct history {
	struct history_row *rows; /* newest revision first */
	size_t count;
};

void history_release(struct history *history);

/* The revisions of one Deployment. ERR_NOT_FOUND where it is not there. */
bool history_of_deployment(struct kube *kube, const struct ledger *ledger, const char *ns, const char *name, struct history *out,
                           struct err *err) MUST_CHECK;

/*
 * Fills in number, ReplicaSet and hash of a sync's revisions where the ReplicaSets are there already: for the outcome of a sync
 * that waited for its rollouts. One list of metadata a namespace. What is not found stays as it is and is settled later.
 */
bool history_resolve(struct kube *kube, struct ledger_sync *sync, struct err *err) MUST_CHECK;

/*
 * Finds revision numbers and ReplicaSets for the syncs whose revisions are pending, by template-commit and owner, and records
 * them (ledger_settle), sync by sync, once all of a sync are known or can no longer come: the Deployment is gone, replaced, or
 * was changed again by a newer sync. Denied reads and writes are no error: it is tried again next time. *settled counts the
 * records written. Costs nothing where nothing is pending.
 */
bool history_settle(struct kube *kube, struct ledger *ledger, size_t *settled, struct err *err) MUST_CHECK;

#endif
