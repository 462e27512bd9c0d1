/*
 * One coordination.k8s.io Lease per sync, "plumb-NAME", shared by the one-shot and the agent, held from before the first write
 * until after the last (safety rules 19, 21). Taken by creating it, given back by deleting it, with preconditions. The clock of
 * others is never trusted: a lease is stale when its renewTime stayed the same for its duration on our own monotonic clock, or
 * at once when its holder is a process of this machine that is gone. To tell, holderIdentity is HOST/BOOT/PID/START: BOOT is
 * the boot's id and the PID namespace (containers of one host that share its name do not see each other's processes), START
 * the process's start time.
 */
#ifndef SYNC_LEASE_H
#define SYNC_LEASE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "render/base/err.h"
#include "sync/kube/kube.h"

struct lease;

enum { LEASE_DURATION = 60000 };

/* What was seen of another holder. Kept from one try to the next, it need not be looked at for its whole duration each time. */
struct lease_sight {
	char *renewal; /* its uid and renewTime */
	char *holder;
	int64_t since; /* on our clock */
};

void lease_sight_release(struct lease_sight *sight);

struct lease_options {
	const char *ns;
	const char *name; /* of the sync */
	int64_t duration; /* milliseconds; 0: LEASE_DURATION. No request that writes may take longer than half of it. */
	/* Called when it begins to wait for another holder; may be NULL. */
	void (*waiting)(void *context, const char *holder);
	void *context;
	const atomic_int *stop;    /* not 0: stop waiting */
	struct lease_sight *sight; /* NULL: this try stands alone */
};

/*
 * Waits for another holder until the deadline, then ERR_CONFLICT, naming it; ERR_TRANSIENT when stopped. *waited tells whether
 * it had to, or replaced a holder that was gone: what was read before is then old.
 */
struct lease *lease_take(struct kube *kube, const struct lease_options *options, int64_t deadline, bool *waited, struct err *err)
	MUST_CHECK;

/*
 * Renews it when a third of its duration has passed since the last renewal; cheap otherwise. false when it is lost: write
 * nothing more. A renewal that fails for a reason that may pass is tried again, and is no loss as long as the lease is fresh.
 */
bool lease_keep(struct lease *lease, struct err *err) MUST_CHECK;

/* Whether a write may start now: a request of half the duration that starts now ends within the lease (safety rule 21). */
bool lease_fresh(const struct lease *lease);

/* Gives it back, unless it was lost, whatever a fence says: nothing is written after it. Frees it; NULL is fine. */
void lease_free(struct lease *lease);
void lease_freep(struct lease **lease);

#endif
