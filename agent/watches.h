/*
 * All watches of the agent: which kinds and namespaces are followed for the Syncs that there are, and with whose rights.
 *
 * One stream a kind for the whole cluster with the agent's own identity, of what carries plumb's label; where that is denied, one
 * a kind and namespace with the identity of the Sync. Secrets are never read cluster-wide (safety rule 29). Streams that nobody
 * needs any more are closed; what is denied or not served is tried again after a while. All events go to the drift of each Sync
 * that knows the object.
 *
 * Nothing here waits: it is driven by the loop, and calls back from within watches_step only.
 */
#ifndef AGENT_WATCHES_H
#define AGENT_WATCHES_H

#include <stdbool.h>
#include <stdint.h>

#include "render/base/err.h"
#include "sync/drift.h"
#include "sync/kube/config.h"
#include "sync/kube/discovery.h"
#include "sync/kube/kube.h"

struct watches_options {
	struct kube_config_options access; /* of the agent; what it borrows must live as long as the watches */
	/* drift_due of that Sync may be another one: events were told to its drift. */
	void (*due)(void *context, const char *key);
	/* A request was answered: "list" or "watch"; status 0: it was not. May be NULL. */
	void (*requested)(void *context, const char *verb, int status);
	/* A line for the log: what is not watched, or not for the moment. May be NULL. */
	void (*trouble)(void *context, const char *text);
	/* A stream is begun anew: "expired" or "error", for metrics. May be NULL. */
	void (*restarted)(void *context, const char *reason);
	void *context;
};

struct watches;

struct watches *watches_new(const struct watches_options *options);
void watches_free(struct watches *watches); /* NULL is fine */

/* For the loop: as in sync/kube/watch.h. */
int watches_fd(const struct watches *watches);
int64_t watches_due(const struct watches *watches);
void watches_step(struct watches *watches);

/*
 * What the drift of that Sync desires is watched; `as_user` impersonates where the agent's own rights are not enough, NULL:
 * nobody. To be called before the first cycle, so that no event is missed while that reads, and after each one. The drift is
 * borrowed until watches_forget. `discovery` is only looked into.
 */
void watches_sync(struct watches *watches, const char *key, struct drift *drift, const char *as_user,
                  struct discovery *discovery);
void watches_forget(struct watches *watches, const char *key);

/*
 * Whether what is seen of that kind in that namespace ("" cluster-scoped) is as the server has it but for the time that an event
 * takes: a stream of it is live (sync/kube/watch.h).
 */
bool watches_live(const struct watches *watches, const char *group, const char *kind, const char *ns);

/* Streams that are open, and those of them whose list was complete. */
size_t watches_count(const struct watches *watches);
size_t watches_synced(const struct watches *watches);
struct kube_stats watches_stats(const struct watches *watches);

#endif
