#include "agent/metrics_impl.h"

#include <assert.h>

/* Seconds; from a reconcile that finds nothing to do, to one that waits for a rollout. */
static const double reconcile_buckets[] = { 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 0 };
static const double request_buckets[] = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 0 };

#define OF_SYNC "namespace", "name"
#define GAUGE(metric, text, about, ...) \
	[metric] = { .name = (text), .help = (about), .type = METRIC_GAUGE, .labels = { __VA_ARGS__ } }
#define COUNTER(metric, text, about, ...) \
	[metric] = { .name = (text), .help = (about), .type = METRIC_COUNTER, .labels = { __VA_ARGS__ } }
#define HISTOGRAM(metric, text, about, bounds, ...) \
	[metric] = { .name = (text), .help = (about), .type = METRIC_HISTOGRAM, .buckets = (bounds), .labels = { __VA_ARGS__ } }

static const struct metric_family families[METRIC_COUNT] = {
	GAUGE(METRIC_BUILD_INFO, "plumb_build_info", "Version of the program; always 1", "version"),
	COUNTER(METRIC_DROPPED, "plumb_metrics_dropped_total", "Values that were dropped because a family has too many series", NULL),
	GAUGE(METRIC_LEADER, "plumb_leader", "Whether this agent is the one that works", NULL),
	GAUGE(METRIC_SYNCS, "plumb_syncs", "Syncs that the agent knows", NULL),

	[METRIC_SYNC_INFO] = { .name = "plumb_sync_info",
	                       .help = "Ref and last applied commit of a Sync; always 1",
	                       .type = METRIC_GAUGE,
	                       .labels = { OF_SYNC, "ref", "commit" },
	                       .keys = 2 },
	GAUGE(METRIC_SYNC_READY, "plumb_sync_ready", "Whether the condition Ready is True", OF_SYNC),
	GAUGE(METRIC_SYNC_STALLED, "plumb_sync_stalled", "Whether the condition Stalled is True", OF_SYNC),
	GAUGE(METRIC_SYNC_SUSPENDED, "plumb_sync_suspended", "Whether the Sync is suspended", OF_SYNC),
	GAUGE(METRIC_SYNC_COMMIT_TIME, "plumb_sync_commit_timestamp_seconds", "Committer time of the last applied commit", OF_SYNC),
	GAUGE(METRIC_SYNC_ATTEMPT_TIME, "plumb_sync_last_attempt_timestamp_seconds", "End of the last reconcile", OF_SYNC),
	GAUGE(METRIC_SYNC_APPLIED_TIME, "plumb_sync_last_applied_timestamp_seconds",
	      "End of the last reconcile that left every object applied", OF_SYNC),
	GAUGE(METRIC_SYNC_HEALTHY_TIME, "plumb_sync_last_healthy_timestamp_seconds",
	      "End of the last reconcile that left every object healthy", OF_SYNC),
	COUNTER(METRIC_SYNC_RECONCILES, "plumb_sync_reconciles_total", "Reconciles that ended", OF_SYNC, "result"),
	HISTOGRAM(METRIC_SYNC_RECONCILE_SECONDS, "plumb_sync_reconcile_duration_seconds", "Duration of a reconcile with its waits",
	          reconcile_buckets, OF_SYNC),
	GAUGE(METRIC_SYNC_OBJECTS, "plumb_sync_objects", "Objects in the inventory", OF_SYNC),
	GAUGE(METRIC_SYNC_DISABLED, "plumb_sync_disabled_objects", "Objects that plumb.dev/reconcile: disabled leaves alone",
	      OF_SYNC),
	GAUGE(METRIC_SYNC_CONTESTED, "plumb_sync_contested_objects", "Objects where plumb yielded to another manager", OF_SYNC),
	COUNTER(METRIC_SYNC_VERDICTS, "plumb_sync_object_verdicts_total", "Objects by what a reconcile did with them", OF_SYNC,
	        "verdict"),
	COUNTER(METRIC_SYNC_DRIFT, "plumb_sync_drift_total", "Objects that were found changed or deleted by others", OF_SYNC),
	COUNTER(METRIC_SYNC_HEALED, "plumb_sync_heals_total", "Objects that were brought back after a drift", OF_SYNC),
	HISTOGRAM(METRIC_SYNC_HEAL_SECONDS, "plumb_sync_heal_duration_seconds", "Time from the news of a drift to its end",
	          request_buckets, OF_SYNC),
	COUNTER(METRIC_SYNC_FIGHTS, "plumb_sync_fights_total", "Heals that another manager undid", OF_SYNC),

	COUNTER(METRIC_API_REQUESTS, "plumb_api_requests_total", "Requests to the API server by verb and HTTP status", "verb",
	        "code"),
	HISTOGRAM(METRIC_API_SECONDS, "plumb_api_request_duration_seconds",
	          "Duration of requests to the API server, watches left out", request_buckets, "verb"),
	GAUGE(METRIC_WATCHES, "plumb_watches", "Open watches", NULL),
	COUNTER(METRIC_WATCH_RESTARTS, "plumb_watch_restarts_total", "Watches that were opened again", "reason"),
	COUNTER(METRIC_GIT_REQUESTS, "plumb_git_requests_total", "Requests to Git servers", "operation", "result"),
	HISTOGRAM(METRIC_GIT_SECONDS, "plumb_git_request_duration_seconds", "Duration of requests to Git servers", request_buckets,
	          "operation"),
	HISTOGRAM(METRIC_RENDER_SECONDS, "plumb_render_duration_seconds", "Duration of rendering a commit's manifests",
	          request_buckets, NULL),
	COUNTER(METRIC_WEBHOOK_REQUESTS, "plumb_webhook_requests_total", "Calls of webhooks", "result"),
	COUNTER(METRIC_EVENTS_LOST, "plumb_events_lost_total", "Events that could not be written", NULL),
	COUNTER(METRIC_LOG_LINES_DROPPED, "plumb_log_lines_dropped_total", "Lines of the log that could not be written", NULL),
};

const struct metric_family *metric_family(enum metric metric)
{
	assert(metric < METRIC_COUNT);
	return &families[metric];
}
