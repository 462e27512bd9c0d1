/*
 * Numbers about the agent, and their text for Prometheus (exposition format 0.0.4). The families are the table in
 * metrics_table.c, one row each with name, help, type and labels; docs/operations.md lists them, and a test holds both together.
 *
 * Cardinality is bounded: a family takes LIMIT_METRIC_SERIES combinations of labels, what is beyond is dropped and counted in
 * plumb_metrics_dropped_total. No label holds an object's name, a commit only in plumb_sync_info (one series a Sync).
 *
 * Of one thread.
 */
#ifndef AGENT_METRICS_H
#define AGENT_METRICS_H

#include <stdbool.h>
#include <stddef.h>

#include "render/base/buf.h"

enum metric {
	METRIC_BUILD_INFO, /* set by metrics_new */
	METRIC_DROPPED,    /* counted here */
	METRIC_LEADER,     /* gauge 0 or 1; 0 at first */
	METRIC_SYNCS,      /* gauge: Syncs that the agent knows */

	/* Of a Sync. Their labels begin with namespace, name. */
	METRIC_SYNC_INFO,              /* 1; namespace, name, ref, commit (last applied): setting another ref or commit replaces it */
	METRIC_SYNC_READY,             /* gauge 0 or 1: condition Ready */
	METRIC_SYNC_STALLED,           /* gauge 0 or 1: condition Stalled */
	METRIC_SYNC_SUSPENDED,         /* gauge 0 or 1 */
	METRIC_SYNC_COMMIT_TIME,       /* gauge, seconds since 1970: committer time of the last applied commit */
	METRIC_SYNC_ATTEMPT_TIME,      /* gauge, seconds since 1970: last reconcile that ended */
	METRIC_SYNC_APPLIED_TIME,      /* gauge: last commit that was wholly applied, or found so */
	METRIC_SYNC_HEALTHY_TIME,      /* gauge: last one that was healthy */
	METRIC_SYNC_RECONCILES,        /* counter; namespace, name, result: report_result_text() */
	METRIC_SYNC_RECONCILE_SECONDS, /* histogram */
	METRIC_SYNC_OBJECTS,           /* gauge: rows of the inventory */
	METRIC_SYNC_DISABLED,          /* gauge: objects with reconcile: disabled */
	METRIC_SYNC_CONTESTED,         /* gauge: objects where plumb yielded to another manager */
	METRIC_SYNC_VERDICTS,          /* counter; namespace, name, verdict: verdict_text(); of what was written, or failed */
	METRIC_SYNC_DRIFT,             /* counter: objects that were found changed or deleted by others */
	METRIC_SYNC_HEALED,            /* counter: of these, healed */
	METRIC_SYNC_HEAL_SECONDS,      /* histogram: from the event of a drift to its end */
	METRIC_SYNC_FIGHTS,            /* counter: heals that were undone by another manager */

	/* Of the API server and of Git. */
	METRIC_API_REQUESTS,      /* counter; verb, code: metrics_api() */
	METRIC_API_SECONDS,       /* histogram; verb: metrics_api() */
	METRIC_WATCHES,           /* gauge: open watches */
	METRIC_WATCH_RESTARTS,    /* counter; reason: closed, expired, error */
	METRIC_GIT_REQUESTS,      /* counter; operation: ls-remote, fetch, push; result: success, error */
	METRIC_GIT_SECONDS,       /* histogram; operation */
	METRIC_RENDER_SECONDS,    /* histogram */
	METRIC_WEBHOOK_REQUESTS,  /* counter; result: accepted, refused, limited, too_large, elsewhere */
	METRIC_EVENTS_LOST,       /* counter: Events that could not be written */
	METRIC_LOG_LINES_DROPPED, /* counter */
	METRIC_COUNT,
};

struct metrics;

struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics); /* NULL is fine */
void metrics_freep(struct metrics **metrics);

/* The values of a metric's labels, in the order of its row: LABELS("shop", "web"). NULL where it has none. */
#define LABELS(...) ((const char *const[]){ __VA_ARGS__, NULL })

void metrics_set(struct metrics *metrics, enum metric metric, const char *const *labels, double value); /* a gauge */
void metrics_add(struct metrics *metrics, enum metric metric, const char *const *labels,
                 double value); /* a counter; not negative */
void metrics_observe(struct metrics *metrics, enum metric metric, const char *const *labels, double value); /* a histogram */

/* An answer of the API server, or none (`status` 0): counts METRIC_API_REQUESTS and METRIC_API_SECONDS. `path` tells LIST and
 * WATCH from GET; NULL where `method` is a verb itself ("list"). Seconds below 0 are not known. */
void metrics_api(struct metrics *metrics, const char *method, const char *path, int status, double seconds);

/* A Sync is gone, and its series with it. */
void metrics_forget_sync(struct metrics *metrics, const char *ns, const char *name);

/*
 * Everything as text, with what the process itself tells (process_resident_memory_bytes and its kin), into a buffer of at
 * most LIMIT_METRICS_BYTES. false: it did not fit.
 */
bool metrics_write(struct metrics *metrics, struct buf *out) MUST_CHECK;

#endif
