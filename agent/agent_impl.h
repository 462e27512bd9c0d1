/*
 * What the files of agent.h share; nobody else includes it.
 *
 *   agent.c       the beginning and the end, signals, who leads
 *   syncs.c       the list of Syncs: added, changed, gone
 *   syncs_api.c   which there are, from the API server; syncs_config.c: from the files of --config
 *   sync_turn.c   the turns of one Sync, in a fiber
 *   sync_facts.c  what is known of one Sync, and with that when its next turn is
 *   sync_source.c manifests that a worker reads
 *   agent_watch.c watches of objects; agent_serve.c: the endpoints
 */
#ifndef AGENT_AGENT_IMPL_H
#define AGENT_AGENT_IMPL_H

#include "agent/agent.h"
#include "agent/leader.h"
#include "agent/log.h"
#include "agent/loop.h"
#include "agent/metrics.h"
#include "agent/poller.h"
#include "agent/schedule.h"
#include "agent/watches.h"
#include "agent/webhook.h"
#include "agent/workers.h"
#include "render/manifests_kept.h"
#include "sync/drift.h"
#include "sync/events.h"
#include "sync/kube/config.h"
#include "sync/kube/discovery.h"
#include "sync/lease.h"
#include "sync/ledger.h"
#include "sync/syncspec.h"
#include "sync/syncstatus.h"

struct agent {
	struct agent_options options;
	struct loop *loop;
	struct workers *workers;
	struct poller *poller;
	struct leader *leader; /* NULL: nobody else is there */
	struct log log;
	struct metrics *metrics;
	struct events events;
	struct kube_config config; /* as whom the agent itself acts */
	char *ns;
	char *store;
	struct kube *kube;           /* of the discovery */
	struct discovery *discovery; /* that cycles share; NULL as long as the server did not answer */
	bool discovering;
	bool leads; /* works: is the leader, or there is no election */
	bool ending;
	atomic_int stop; /* for cycles: end */
	size_t turns;    /* that run */
	int64_t config_generation;
	struct agent_sync **syncs; /* ordered by key */
	size_t count;
	struct loop_timer grace;
	struct loop_timer trim;
	int signals; /* descriptor */
	struct watches *watches;
	struct loop_timer watch_timer;
	struct endpoints *endpoints;
	const char *pod; /* its own, borrowed from the environment; NULL where it is not to be marked */
	enum { MARK_UNKNOWN, MARK_NONE, MARK_LEADER } marked;
	struct strand *marker; /* is being marked */
	void *origin;          /* of syncs_api.c */
};

/* What the last attempt was of. */
struct attempt {
	char commit[41];
	int64_t generation;
	char *request;
	char *approval;
	char tree[41]; /* of what was applied, and nothing failed; "" else */
	int64_t ended;
	unsigned failures;
	bool stalled;
};

/* One Sync. Lives on the heap from its first sight until it is gone and its turn is over. */
struct agent_sync {
	struct agent *agent;
	char *key; /* NAMESPACE/NAME */
	struct syncspec spec;
	struct syncspec next; /* another one, to be taken when the turn is over; name NULL: none */
	bool invalid;         /* the spec cannot be read: status says why, nothing is done */
	struct syncstatus status;
	struct drift *drift;
	struct credentials credentials;
	struct secret hook_token;
	struct bucket hook_bucket;
	struct lease_sight sight; /* of who else holds its Lease */
	struct poll_want want;
	struct poll_want *joined; /* &want while its source is polled */
	struct repo_commit head;  /* id "" as long as none is known */
	char head_tree[41];
	unsigned source_failures; /* questions in a row that the source did not answer */
	unsigned join_failures;
	int64_t join_ended;
	struct attempt attempt;
	char *waits; /* what dependsOn waits for; NULL: nothing */
	char *cycle; /* the way along dependsOn that leads back to it: it waits for itself; NULL: none does */
	struct loop_timer timer;
	struct strand *strand; /* its turn runs */
	enum turn turn;
	char running[41]; /* the commit of the turn */
	char running_tree[41];
	struct ledger_cache ledger;
	struct manifests_kept *kept; /* files that the next rendering need not read; NULL: none */
	bool outside;                /* what was rendered last is not in the directory of the path alone */
	atomic_int newer;            /* for the cycle: end what is only waited for */
	bool watched;
	bool drifted;       /* what the drift knows is other than what was told */
	int64_t rest_until; /* no turn before: the API server did not answer */
	unsigned rests;
	bool finalized;   /* it has our finalizer */
	bool resuming;    /* no turn before the source said which commit is the newest, or a little later */
	bool recheck;     /* the condition is of something that passed: a cycle tells how things are */
	bool gone;        /* to be freed when the turn is over */
	bool dirty;       /* the status is to be written */
	int64_t write_at; /* not before */
	/* What the condition says. */
	bool told_suspended;
	bool told_source;
	char *told_waits;
};

/* --- syncs.c */

struct agent_sync *syncs_find(const struct agent *agent, const char *ns, const char *name);
/* There is this Sync, or it is another one now; takes the spec over. `object` as the server has it, NULL for a file. */
void syncs_see(struct agent *agent, struct syncspec *spec, const cJSON *object);
/* Its spec cannot be read; what runs is let run, nothing new begins. */
void syncs_refuse(struct agent *agent, const cJSON *document, const struct problems *problems);
void syncs_gone(struct agent *agent, const char *ns, const char *name);
/* All of them: the agent ends, or does not lead any more. */
void syncs_drop_all(struct agent *agent);
/* Those that wait for others look again. */
void syncs_released(struct agent *agent);
void sync_free(struct agent_sync *sync);
/* Between turns: the spec that came meanwhile. */
void sync_take_next(struct agent_sync *sync);
/* As the spec and the time say. */
void sync_configure_drift(struct agent_sync *sync);
/* Its Secrets are read again. */
void sync_rejoin(struct agent_sync *sync);

/* --- sync_facts.c */

/* Looks what is to be done, and begins a turn or sets the timer. Cheap; called whenever a fact changed. */
void sync_consider(struct agent_sync *sync);
/* Within a turn: what is to be done now; TURN_NONE: nothing. */
enum turn sync_next(struct agent_sync *sync);
/* The poller's answer. */
void sync_told(void *sync, const struct poll_answer *answer);
bool sync_is_suspended(const struct agent_sync *sync);

/* --- sync_turn.c */

/* The fiber's body: turns until there is none. */
void sync_run(void *sync);

/* --- sync_source.c */

/* For cycle_host.source: answers with the head that is known; renders and compares commits on a worker. */
struct source *sync_source_new(struct agent_sync *sync);

/* --- agent_mark.c */

/* It works, or not any more: tells the Service of webhooks. */
void agent_mark(struct agent *agent);

/* --- agent_metrics.c */

/* A cycle ended, after `took` milliseconds. */
void agent_count_sync(struct agent_sync *sync, const struct report *report, int64_t took);
/* What was done to objects, in a cycle or a heal. */
void agent_count_verdicts(struct agent_sync *sync, const struct report *report);
/* What is looked up when the metrics are asked for. */
void agent_scrape(void *agent);

/* --- agent.c */

/* A client of the agent's own identity, or with as_user of that one; with the fence. To read. */
struct kube *agent_client(struct agent *agent, const char *as_user, struct err *err) MUST_CHECK;
/* The agent's own, for what is written without the Lease of a sync: it ends before another agent may lead (safety rule 21). */
struct kube *agent_writer(struct agent *agent, struct err *err) MUST_CHECK;
/* The same without the fence, for what is no work on Syncs. */
struct kube *agent_client_unfenced(struct agent *agent, struct err *err) MUST_CHECK;
/* What every client of the agent counts. */
void agent_requested(void *agent, const struct kube_call *call, int status, double seconds);
bool agent_may_write(void *agent, struct err *err);
/* In a fiber: learns what the server serves, where it is not known yet. */
bool agent_discover(struct agent *agent, struct err *err) MUST_CHECK;
void agent_turn_ended(struct agent *agent);

/* --- where Syncs come from: begins in a fiber of its own; ends it; SIGHUP. */
void syncs_config_start(struct agent *agent);
void syncs_config_reload(struct agent *agent);
void syncs_api_start(struct agent *agent);
void syncs_api_stop(struct agent *agent);
void syncs_api_reload(struct agent *agent);
/* The Syncs that there were at the start were read. */
bool syncs_api_synced(const struct agent *agent);

/* --- agent_watch.c */

void agent_watches_open(struct agent *agent);
void agent_watches_close(struct agent *agent);
/* What the Sync desires is watched, as that user where the agent's own rights are not enough. */
void agent_watch(struct agent *agent, struct agent_sync *sync, const char *as_user, struct discovery *discovery);
/* Reads what the watches have to tell, then as watches_live. */
bool agent_watches(struct agent *agent, const char *group, const char *kind, const char *ns);
void agent_unwatch(struct agent *agent, struct agent_sync *sync);
/* drift_options.changed, with the Sync as its context */
void agent_drift_changed(void *sync, const struct drift_note *note);
/* What the drift knows, into metrics and status. */
void agent_tell_drift(struct agent_sync *sync);
/* watcher_options.requested */
void agent_watched(void *agent, const char *verb, int status);

/* --- agent_serve.c */

bool agent_serve(struct agent *agent, struct err *err) MUST_CHECK;
void agent_serve_no_more(struct agent *agent);

#endif
