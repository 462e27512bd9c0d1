/*
 * The agent: keeps what Sync resources (or the files of --config) declare, until it is told to stop.
 *
 *     leader.c     who of several agents works                       (client-go's rules on one Lease)
 *     syncs.c      which Syncs there are: list and watch, or files   --> agent_sync
 *     poller.c     which commits there are: one ls-remote a repository and credential, on git workers
 *     schedule.c   when each Sync is due: interval, jitter, backoff, dependsOn, suspend. Pure
 *     run.c        one Sync's turn: cycle_sync in a fiber
 *     drift        what watches tell, and what of it is due to be healed
 *     endpoints    health, metrics, webhooks
 *
 * What other modules give (each is a header of its own; this list says what the agent calls):
 *
 *  sync/syncspec.h    struct syncspec: ns, name, uid, generation, annotations and all fields of spec with defaults.
 *                     bool syncspec_read(const cJSON *doc, const char *where, struct syncspec *out, struct err *err)
 *                     void syncspec_release(struct syncspec *)
 *                     bool syncspec_read_dir(const char *dir, struct syncspec_list *out, struct err *err): --config
 *  sync/syncstatus.h  struct syncstatus: what .status has to say. bool syncstatus_write(struct kube *, const struct syncspec *,
 *                     struct syncstatus *, struct err *): in a fiber; sends nothing where nothing changed.
 *                     syncstatus_from_report(struct syncstatus *, const struct syncspec *, const struct report *) and setters for
 *                     "reconciling", "suspended", "waiting for a dependency", "source failed".
 *  sync/events.h      bool events_send(struct kube *, const struct syncspec *, const struct report *, struct err *)
 *  agent/log.h        log lines as JSON, level, sync, commit, object.
 *  agent/metrics.h    a registry: counters, gauges, one histogram; text by metrics_text(metrics, buf).
 *  agent/endpoints.h  struct endpoints *endpoints_open(const struct endpoints_options *, struct err *); endpoints_fd() for
 *                     loop_add_fd; endpoints_run() on the loop's stack. Callbacks in the options: ready(context), metrics
 *                     (context, buf), hook(context, ns, name) -> the secret's token of that Sync or NULL, called(context, ns, name).
 *  sync/kube/watch.h  list and watch with bookmarks that resumes, on a curl multi and connections of its own; watches.h drives it.
 *  sync/drift.h       one index per Sync, in cycle_options.drift: cycle_sync and heal_sync keep it up to date. drift_due() says
 *                     when something is to be healed, drift_configure() sets heal.mode, heal.delay and suspension.
 *  sync/heal.h        bool heal_sync(const struct cycle_options *, now, struct report *): a fiber's turn, as cycle_sync.
 *  agent/watches.h    all watches: watches_sync(watches, key, drift, identity) after each cycle, watches_forget(watches, key);
 *                     watches_fd() and watches_due() for loop_add_fd and a timer, watches_step() on the loop's stack;
 *                     options.due(context, key): drift_due of that Sync is another one.
 */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include <stdbool.h>
#include <stdint.h>

#include "render/base/err.h"
#include "sync/kube/config.h"

struct agent_options {
	struct kube_config_options access;
	const char *ns;                      /* the agent's own: of its Lease. NULL: the context's */
	const char *config;                  /* --config DIR: Syncs from files; NULL: from the API server */
	const char *watch_ns;                /* only Syncs of this namespace; NULL: of all */
	const char *store;                   /* of Git; NULL: the default */
	const char *default_service_account; /* NULL: the agent's own identity */
	bool allow_local_repos;
	int leader_elect;           /* 1 on, 0 off, -1: on where the agent runs in a cluster */
	const char *health_address; /* "ADDRESS:PORT", ":9440"; NULL: the default, "" none */
	const char *metrics_address;
	const char *hook_address;
	const char *log_format; /* "json", "text"; NULL: as standard error is no terminal or one */
	const char *log_level;
	int64_t verify_interval;
	int64_t grace; /* milliseconds after SIGTERM */
};

/* Runs until SIGTERM or SIGINT; returns the exit code. What keeps it from beginning is in err. */
int agent_run(const struct agent_options *options, struct err *err);

#endif
