#include <inttypes.h>
#include <string.h>

#include "render/doc.h"
#include "sync/health_internal.h"

/* What the status and the spec of a workload count. */
struct counts {
	int64_t wanted, replicas, updated, ready, available;
};

static struct counts count(const cJSON *object)
{
	/* The controllers' default is one replica. */
	return (struct counts){
		.wanted = doc_int(object, "spec/replicas", 1),
		.replicas = doc_int(object, "status/replicas", 0),
		.updated = doc_int(object, "status/updatedReplicas", 0),
		.ready = doc_int(object, "status/readyReplicas", 0),
		.available = doc_int(object, "status/availableReplicas", 0),
	};
}

static bool is(const cJSON *object, const char *path, const char *wanted)
{
	const char *text = doc_text(object, path);
	return text && strcmp(text, wanted) == 0;
}

/* Its pods cannot be made: a quota, an admission webhook, Pod Security. Named at once, since waiting seldom helps. */
static bool replica_failure(const cJSON *object, enum health health, const char *reason, struct health_report *out)
{
	if (!health_condition_is(object, "ReplicaFailure", "True")) {
		return false;
	}
	const cJSON *condition = health_condition(object, "ReplicaFailure");
	const char *why = doc_text(condition, "reason");
	const char *message = doc_text(condition, "message");
	health_set(out, health, reason, "%s: %s", why ? why : "ReplicaFailure", message ? message : "no message");
	return true;
}

static void deployment_moves(const struct counts *c, const char *reason, enum health health, struct health_report *out)
{
	int64_t old = c->replicas - c->updated;
	if (old > 0) {
		health_set(out, health, reason, "%" PRId64 " of %" PRId64 " updated, %" PRId64 " available, %" PRId64 " old", c->updated,
		           c->wanted, c->available, old);
		return;
	}
	health_set(out, health, reason, "%" PRId64 " of %" PRId64 " updated, %" PRId64 " available", c->updated, c->wanted,
	           c->available);
}

/* Why it is still moving by its counts; NULL when they are right. */
static const char *deployment_lacks(const struct counts *c)
{
	if (c->wanted > c->replicas) {
		return "LessReplicas";
	}
	if (c->wanted > c->updated) {
		return "LessUpdated";
	}
	if (c->replicas > c->wanted) {
		return "ExtraPods";
	}
	if (c->updated > c->available) {
		return "LessAvailable";
	}
	return c->wanted > c->ready ? "LessReady" : NULL;
}

/* The controller writes no Progressing condition where no deadline is set, and INT32_MAX stands for none. */
static bool deployment_progressed(const cJSON *object)
{
	return doc_int(object, "spec/progressDeadlineSeconds", INT32_MAX) == INT32_MAX ||
	       (health_condition_is(object, "Progressing", "True") &&
	        is(health_condition(object, "Progressing"), "reason", "NewReplicaSetAvailable"));
}

void health_deployment(const cJSON *object, struct health_report *out)
{
	static const char exceeded[] = "ProgressDeadlineExceeded";
	struct counts c = count(object);
	if (doc_true(object, "spec/paused")) {
		deployment_moves(&c, "Paused", HEALTH_PAUSED, out);
		return;
	}
	if (is(health_condition(object, "Progressing"), "reason", exceeded)) {
		if (!replica_failure(object, HEALTH_FAILED, exceeded, out)) {
			deployment_moves(&c, exceeded, HEALTH_FAILED, out);
		}
		return;
	}
	const char *lack = deployment_lacks(&c);
	if (!lack && !deployment_progressed(object)) {
		lack = "ReplicaSetNotAvailable";
	}
	if (!lack && !health_condition_is(object, "Available", "True")) {
		lack = "MinimumReplicasUnavailable";
	}
	if (!lack) {
		health_set(out, HEALTH_CURRENT, NULL, "%" PRId64 " available", c.available);
	} else if (!replica_failure(object, HEALTH_PROGRESSING, "ReplicaFailure", out)) {
		deployment_moves(&c, lack, HEALTH_PROGRESSING, out);
	}
}

void health_replicaset(const cJSON *object, struct health_report *out)
{
	struct counts c = count(object);
	const char *lack = NULL;
	if (c.wanted > doc_int(object, "status/fullyLabeledReplicas", 0)) {
		lack = "LessLabelled";
	} else if (c.wanted > c.available) {
		lack = "LessAvailable";
	} else if (c.wanted > c.ready) {
		lack = "LessReady";
	} else if (c.replicas > c.wanted) {
		lack = "ExtraPods";
	}
	if (replica_failure(object, HEALTH_PROGRESSING, "ReplicaFailure", out)) {
		return;
	}
	health_set(out, lack ? HEALTH_PROGRESSING : HEALTH_CURRENT, lack, "%" PRId64 " of %" PRId64 " available", c.available,
	           c.wanted);
}

void health_statefulset(const cJSON *object, struct health_report *out)
{
	if (is(object, "spec/updateStrategy/type", "OnDelete")) {
		health_set(out, HEALTH_CURRENT, NULL, "updates its pods on delete");
		return;
	}
	struct counts c = count(object);
	/* Only the pods from the partition on are updated, and that is all that was asked for. */
	int64_t partition = doc_int(object, "spec/updateStrategy/rollingUpdate/partition", 0);
	int64_t updatable = c.wanted > partition ? c.wanted - partition : 0;
	const char *lack = NULL;
	if (c.wanted > c.replicas) {
		lack = "LessReplicas";
	} else if (c.wanted > c.ready) {
		lack = "LessReady";
	} else if (c.replicas > c.wanted) {
		lack = "ExtraPods";
	} else if (c.updated < updatable) {
		lack = partition > 0 ? "PartitionRollout" : "LessUpdated";
	} else if (doc_int(object, "spec/minReadySeconds", 0) > 0 && c.wanted > c.available) {
		lack = "LessAvailable";
	}
	health_set(out, lack ? HEALTH_PROGRESSING : HEALTH_CURRENT, lack, "%" PRId64 " of %" PRId64 " updated, %" PRId64 " ready",
	           c.updated, updatable, c.ready);
}

void health_daemonset(const cJSON *object, struct health_report *out)
{
	int64_t wanted = doc_int(object, "status/desiredNumberScheduled", -1);
	int64_t updated = doc_int(object, "status/updatedNumberScheduled", 0);
	int64_t available = doc_int(object, "status/numberAvailable", 0);
	const char *lack = NULL;
	if (wanted < 0) {
		health_set(out, HEALTH_PROGRESSING, "NoDesiredNumber", "waiting for the controller");
		return;
	}
	if (wanted > doc_int(object, "status/currentNumberScheduled", 0)) {
		lack = "LessCurrent";
	} else if (wanted > updated && !is(object, "spec/updateStrategy/type", "OnDelete")) {
		lack = "LessUpdated";
	} else if (wanted > available) {
		lack = "LessAvailable";
	} else if (wanted > doc_int(object, "status/numberReady", 0)) {
		lack = "LessReady";
	}
	health_set(out, lack ? HEALTH_PROGRESSING : HEALTH_CURRENT, lack, "%" PRId64 " of %" PRId64 " updated, %" PRId64 " available",
	           updated, wanted, available);
}

/* Unlike kstatus, for which a Job that runs is current: who waits for a migration waits for its end (docs/adr/0005). */
void health_job(const cJSON *object, struct health_report *out)
{
	int64_t succeeded = doc_int(object, "status/succeeded", 0);
	int64_t wanted = doc_int(object, "spec/completions", doc_int(object, "spec/parallelism", 1));
	if (health_condition_is(object, "Complete", "True")) {
		health_set(out, HEALTH_CURRENT, "Complete", "%" PRId64 " of %" PRId64 " succeeded", succeeded, wanted);
	} else if (health_condition_is(object, "Failed", "True")) {
		const cJSON *failed = health_condition(object, "Failed");
		const char *reason = doc_text(failed, "reason");
		const char *message = doc_text(failed, "message");
		health_set(out, HEALTH_FAILED, reason ? reason : "JobFailed", "%s", message ? message : "the job failed");
	} else if (doc_true(object, "spec/suspend") && health_condition_is(object, "Suspended", "True")) {
		health_set(out, HEALTH_CURRENT, "Suspended", "suspended");
	} else if (!doc_text(object, "status/startTime")) {
		health_set(out, HEALTH_PROGRESSING, "JobNotStarted", "not started");
	} else {
		health_set(out, HEALTH_PROGRESSING, "JobRunning", "running, %" PRId64 " of %" PRId64 " succeeded", succeeded, wanted);
	}
}
