/*
 * The main job from end to end: fetch, render, read, plan, record, apply, wait, prune, record. One call is one sync.
 */
#ifndef SYNC_CYCLE_H
#define SYNC_CYCLE_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/git/repo.h"
#include "sync/kube/config.h"
#include "sync/report.h"
#include "sync/unowned.h"

struct drift;

/* What the flags say. Strings are borrowed; NULL where not given. */
struct cycle_options {
	struct repo_source source;
	const char *ref;
	const char *path;  /* of the manifests in the repository; "." or NULL: its root */
	const char *store; /* --store */
	struct kube_config_options access;
	const char *name;                    /* of the sync; a DNS label */
	const char *ns;                      /* NULL: the context's namespace */
	const char *target_ns;               /* overrides the namespace of namespaced objects; NULL: `ns` for those that name none */
	const struct unowned_rules *unowned; /* fields that are neither owned nor healed; NULL for none */
	const char *sync_uid;                /* of the Sync resource that it is run for; NULL: a one-shot, which no Sync may hold */
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
	unsigned history_limit;   /* 0: 20 */
	struct drift *drift;      /* the agent's index of this Sync, kept up to date; NULL: none */
	const volatile int *stop; /* a signal came: finish what is in flight, then end as incomplete */
};

/* One sync. Everything that there is to say is in the report. */
void cycle_sync(const struct cycle_options *options, struct report *report);

#endif
