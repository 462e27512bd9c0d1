/*
 * The main job from end to end: fetch, render, read, plan, record, apply, wait, prune, record. One call is one sync.
 */
#ifndef SYNC_CYCLE_H
#define SYNC_CYCLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "sync/git/repo.h"
#include "sync/kube/config.h"
#include "sync/report.h"
#include "sync/unowned.h"

struct discovery;
struct drift;
struct kube_call;
struct kube_multi;
struct lease_sight;
struct ledger_cache;
struct source;

/*
 * What a program shares among its syncs; all NULL for a sync that is alone. Borrowed, and has to outlive the call.
 */
struct cycle_host {
	struct source *source;       /* in place of options.source */
	struct ledger_cache *ledger; /* of this sync's ledger */
	struct discovery *discovery; /* read by another client: is shared from, where it is young or has what is wanted */
	struct kube_multi *multi;    /* of all clients */
	bool (*may_write)(void *fence, struct err *err); /* as in kube_options */
	void *fence;
	struct lease_sight *sight; /* what was seen of another holder of the sync's Lease, from one sync to the next */
	bool own_records;          /* records and leases are written without access.as_user */
	void (*requested)(void *context, const struct kube_call *call, int status, double seconds); /* as in kube_options */
	void *context;
	/* With options.drift: all was applied, rollouts were not waited for yet: what is desired can be watched. May be NULL. */
	void (*placed)(void *context, struct discovery *discovery);
	/* With options.drift: what the drift was told of that kind in that namespace ("" cluster-scoped) is all that happened, but
	 * for the time that an event takes. NULL: never. Has `place` as its context too. */
	bool (*watched)(void *context, const char *group, const char *kind, const char *ns);
	void *place;
};

/* What the flags say. Strings are borrowed; NULL where not given. */
struct cycle_options {
	struct repo_source source;
	const char *ref;
	const char *path;  /* of the manifests in the repository; "." or NULL: its root */
	struct buf *print; /* prepare_render: a kustomization's bytes go there, and not its objects into `desired`; NULL: they do */
	bool load_any;     /* files of a kustomization may lie anywhere in the repository, not only below it */
	const char *store; /* --store */
	struct kube_config_options access;
	const char *name;                    /* of the sync; a DNS label */
	const char *ns;                      /* NULL: the context's namespace */
	const char *target_ns;               /* overrides the namespace of namespaced objects; NULL: `ns` for those that name none */
	const struct unowned_rules *unowned; /* fields that are neither owned nor healed; NULL for none */
	const char *sync_uid;                /* of the Sync resource that it is run for; NULL: a one-shot, which no Sync may hold */
	bool only_looks;                     /* for a diff: nothing is written, and so it may have the name of a live Sync resource */
	bool create_namespace;
	bool prune;
	int prune_limit;               /* percent; -1: the default brake */
	const char *prune_propagation; /* "Foreground", "Background", "Orphan"; NULL: Foreground */
	bool wait;
	int64_t timeout; /* milliseconds of the whole run */
	bool verify;
	int64_t verify_interval;      /* milliseconds; 0: never by itself */
	const char *const *take_over; /* NULL-terminated */
	bool allow_rewind;
	bool source_changed;
	unsigned history_limit; /* 0: 20 */
	struct drift *drift;    /* the agent's index of this Sync, kept up to date; NULL: none */
	const atomic_int *stop; /* a signal came: finish what is in flight, then end as incomplete */
	/* Not 0: something newer is to be synced. What is only waited for, rollouts and refusals that may pass, is given up. */
	const atomic_int *newer;
	bool approve_prune; /* the brake on prunes was lifted for this commit */
	struct cycle_host host;
};

/* One sync. Everything that there is to say is in the report. */
void cycle_sync(const struct cycle_options *options, struct report *report);

#endif
