#include "sync/rollout_internal.h"

#include <assert.h>
#include <stdlib.h>

#include "render/doc.h"
#include "sync/health_internal.h"

/* Whose pods can be asked. */
static bool has_pods(const struct ident *id)
{
	static const char *const kinds[] = { "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet" };
	for (size_t i = 0; text_same(id->group, "apps") && i < ARRAY_LEN(kinds); i++) {
		if (text_same(id->kind, kinds[i])) {
			return true;
		}
	}
	return text_same(id->group, "batch") && text_same(id->kind, "Job");
}

static bool is_deployment(const struct ident *id)
{
	return text_same(id->group, "apps") && text_same(id->kind, "Deployment");
}

/* That pods cannot be made, as the object's condition or its events say it. */
static bool creation_failed(const char *text)
{
	return strncmp(text, "FailedCreate", strlen("FailedCreate")) == 0;
}

struct health_report rollout_compose(const struct follow *follow)
{
	const struct health_report *base = &follow->base;
	struct health_report report = *base;
	if (!follow->hint) {
		return report;
	}
	if (base->health == HEALTH_FAILED && !creation_failed(base->message)) {
		health_set(&report, base->health, base->reason, "%s", follow->hint);
	} else if (creation_failed(follow->hint)) {
		health_set(&report, base->health, "ReplicaFailure", "%s", follow->hint);
	} else {
		health_set(&report, base->health, base->reason, "%s; %s", base->message, follow->hint);
	}
	return report;
}

void rollout_publish(struct wait *wait, struct follow *follow, const struct health_report *report)
{
	struct rollout *rollout = follow->rollout;
	bool differs = rollout->settled || rollout->report.health != report->health ||
	               strcmp(rollout->report.reason, report->reason) != 0 || strcmp(rollout->report.message, report->message) != 0;
	rollout->report = *report;
	if (differs) {
		wait->moved = true;
		if (wait->options->changed) {
			wait->options->changed(wait->options->context, rollout);
		}
	}
}

void rollout_settle(struct wait *wait, struct follow *follow)
{
	struct health_report report = rollout_compose(follow);
	assert(!follow->rollout->settled);
	follow->rollout->settled = true;
	follow->group->open--;
	rollout_publish(wait, follow, &report);
}

void rollout_hint(struct follow *follow, char *hint)
{
	free(follow->hint);
	follow->hint = hint;
}

void rollout_take(struct wait *wait, struct follow *follow, const struct health_report *report)
{
	bool done = report->health == HEALTH_CURRENT || report->health == HEALTH_PAUSED;
	if (done || strcmp(follow->base.message, report->message) != 0) {
		/* It has moved: what the pods said is of yesterday. */
		rollout_hint(follow, NULL);
	}
	follow->base = *report;
	if (done) {
		rollout_settle(wait, follow);
	} else if (report->health != HEALTH_FAILED) {
		struct health_report shown = rollout_compose(follow);
		rollout_publish(wait, follow, &shown);
	} else if (follow->selector) {
		follow->failed = true;
		follow->look_at = 0;
	} else {
		rollout_settle(wait, follow);
	}
}

void rollout_gone(struct wait *wait, struct follow *follow, const char *reason, const char *message)
{
	rollout_hint(follow, NULL);
	health_set(&follow->base, HEALTH_FAILED, reason, "%s", message);
	rollout_settle(wait, follow);
}

/*
 * When a Deployment's replicas change together with its template, its controller scales first and writes the new observed
 * generation with the conditions of the old template: a failure, and the success of zero replicas, are believed the second time.
 * (Of one that this sync did not change the success is believed at once: a thousand of them would be read twice.)
 */
static bool doubtful(struct follow *follow, const cJSON *object, const struct health_report *report)
{
	bool doubt = is_deployment(&follow->rollout->id) &&
	             (report->health == HEALTH_FAILED ||
	              (report->health == HEALTH_CURRENT && !follow->rollout->unchanged && doc_int(object, "spec/replicas", 1) == 0));
	bool first = doubt && !follow->doubted;
	follow->doubted = doubt;
	return first;
}

static void note_revision(struct rollout *rollout, const cJSON *object)
{
	const char *revision = cJSON_GetStringValue(
		doc_get(doc_at(object, "metadata/annotations"), "deployment.kubernetes.io/revision"));
	if (revision && is_deployment(&rollout->id)) {
		rollout->revision = strtoll(revision, NULL, 10);
	}
}

void rollout_judge(struct wait *wait, struct follow *follow, const cJSON *object)
{
	struct rollout *rollout = follow->rollout;
	const char *uid = doc_text(object, "metadata/uid");
	const char *version = doc_text(object, "metadata/resourceVersion");
	rollout->version = version ? strtoull(version, NULL, 10) : 0;
	follow->answered = true;
	follow->lost = false;
	if (rollout->uid && uid && strcmp(rollout->uid, uid) != 0) {
		rollout_gone(wait, follow, "Replaced", "was replaced");
		return;
	}
	if (!rollout->uid && uid) {
		rollout->uid = text_dup(uid); /* from here on it is that one */
	}
	struct health_report report;
	health_of(object, rollout->generation, &report);
	if (strcmp(report.reason, "LatestGenerationNotObserved") != 0) {
		note_revision(rollout, object);
	}
	if (!follow->selector && has_pods(&rollout->id)) {
		follow->selector = pods_selector(object);
	}
	if (doubtful(follow, object, &report)) {
		wait->moved = true;
		return;
	}
	rollout_take(wait, follow, &report);
}
