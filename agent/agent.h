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
