/*
 * What the agent counts of its Syncs.
 */
#include <string.h>

#include "agent/agent_impl.h"
#include "render/doc.h"
#include "sync/clock.h"

void agent_count_verdicts(struct agent_sync *sync, const struct report *report)
{
	struct metrics *metrics = sync->agent->metrics;
	const char *ns = sync->spec.ns;
	const char *name = sync->spec.name;
	for (size_t i = 0; i < VERDICT_COUNT; i++) {
		double count = (double)report->verdicts[i];
		if (count > 0 && i != VERDICT_UNCHANGED && i != VERDICT_KEPT && i != VERDICT_SKIPPED) {
			metrics_add(metrics, METRIC_SYNC_VERDICTS, LABELS(ns, name, verdict_text((enum verdict)i)), count);
		}
	}
	metrics_add(metrics, METRIC_SYNC_HEALED, LABELS(ns, name), (double)report->verdicts[VERDICT_HEALED]);
}

void agent_count_sync(struct agent_sync *sync, const struct report *report, int64_t took)
{
	struct metrics *metrics = sync->agent->metrics;
	const char *ns = sync->spec.ns;
	const char *name = sync->spec.name;
	const char *const *labels = LABELS(ns, name);
	double wall = (double)clock_wall();
	bool good = report->result != RESULT_FAILED && report->result != RESULT_INCOMPLETE;
	metrics_add(metrics, METRIC_SYNC_RECONCILES, LABELS(ns, name, report_result_text(report->result)), 1);
	metrics_observe(metrics, METRIC_SYNC_RECONCILE_SECONDS, labels, (double)took / 1000);
	metrics_set(metrics, METRIC_SYNC_ATTEMPT_TIME, labels, wall);
	agent_count_verdicts(sync, report);
	if (good) {
		const char *ref = report->ref ? report->ref : "";
		metrics_set(metrics, METRIC_SYNC_INFO, LABELS(ns, name, ref, report->commit.id), 1);
		metrics_set(metrics, METRIC_SYNC_COMMIT_TIME, labels, (double)report->commit.when);
		metrics_set(metrics, METRIC_SYNC_APPLIED_TIME, labels, wall);
		metrics_set(metrics, METRIC_SYNC_OBJECTS, labels, (double)(report->count - report->verdicts[VERDICT_PRUNED]));
	}
	if (good && sync->spec.wait) {
		metrics_set(metrics, METRIC_SYNC_HEALTHY_TIME, labels, wall);
	}
}

static bool is_stalled(const struct syncstatus *status)
{
	const cJSON *condition = NULL;
	cJSON_ArrayForEach (condition, doc_get(status->now, "conditions")) {
		const char *type = doc_text(condition, "type");
		const char *value = doc_text(condition, "status");
		if (type && value && strcmp(type, "Stalled") == 0) {
			return strcmp(value, "True") == 0;
		}
	}
	return false;
}

void agent_scrape(void *context)
{
	struct agent *agent = context;
	for (size_t i = 0; i < agent->count; i++) {
		const struct agent_sync *sync = agent->syncs[i];
		const char *const *labels = LABELS(sync->spec.ns ? sync->spec.ns : "", sync->spec.name ? sync->spec.name : "");
		if (!sync->gone) {
			metrics_set(agent->metrics, METRIC_SYNC_READY, labels, syncstatus_is_ready(&sync->status, &sync->spec));
			metrics_set(agent->metrics, METRIC_SYNC_STALLED, labels, is_stalled(&sync->status));
			metrics_set(agent->metrics, METRIC_SYNC_SUSPENDED, labels, sync_is_suspended(sync));
		}
	}
	metrics_add(agent->metrics, METRIC_LOG_LINES_DROPPED, NULL, (double)agent->log.dropped);
	agent->log.dropped = 0;
}
