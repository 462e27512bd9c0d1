#include "sync/health.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "render/base/buf.h"
#include "render/doc.h"
#include "sync/clock.h"
#include "sync/health_internal.h"

const char *health_text(enum health health)
{
	static const char *const texts[] = {
		[HEALTH_CURRENT] = "current", [HEALTH_PROGRESSING] = "progressing", [HEALTH_PAUSED] = "paused",
		[HEALTH_FAILED] = "failed",   [HEALTH_TERMINATING] = "terminating",
	};
	assert((size_t)health < ARRAY_LEN(texts));
	return texts[health];
}

/* Servers' messages hold line breaks, and cutting them at a size may split a character. */
static void make_line(char *text, size_t size)
{
	size_t len = strlen(text);
	if (len == size - 1) {
		while (len > 0 && ((unsigned char)text[len - 1] & 0xc0) == 0x80) {
			len--;
		}
		if (len > 0 && (unsigned char)text[len - 1] >= 0x80) {
			len--;
		}
		text[len] = '\0';
	}
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f) {
			text[i] = ' ';
		}
	}
	while (len > 0 && text[len - 1] == ' ') {
		text[--len] = '\0';
	}
}

void health_set(struct health_report *out, enum health health, const char *reason, const char *fmt, ...)
{
	struct health_report report = { .health = health };
	(void)snprintf(report.reason, sizeof report.reason, "%s", reason ? reason : "");
	if (fmt) {
		va_list args;
		va_start(args, fmt);
		(void)vsnprintf(report.message, sizeof report.message, fmt, args);
		va_end(args);
	}
	make_line(report.reason, sizeof report.reason);
	make_line(report.message, sizeof report.message);
	*out = report;
}

const cJSON *health_condition(const cJSON *object, const char *type)
{
	const cJSON *condition;
	cJSON_ArrayForEach (condition, doc_at(object, "status/conditions")) {
		const char *found = doc_text(condition, "type");
		if (found && strcmp(found, type) == 0) {
			return condition;
		}
	}
	return NULL;
}

bool health_condition_is(const cJSON *object, const char *type, const char *status)
{
	const char *found = doc_text(health_condition(object, type), "status");
	return found && strcmp(found, status) == 0;
}

int64_t health_age(const cJSON *doc, const char *path)
{
	const char *text = doc_text(doc, path);
	int64_t time = text ? clock_parse(text) : -1;
	return time < 0 ? 0 : clock_wall() - time;
}

static void from_condition(const cJSON *condition, enum health health, struct health_report *out)
{
	const char *message = doc_text(condition, "message");
	health_set(out, health, doc_text(condition, "reason"), "%s", message ? message : "");
}

static void always_current(const cJSON *object, struct health_report *out)
{
	(void)object;
	health_set(out, HEALTH_CURRENT, NULL, NULL);
}

static void claim(const cJSON *object, struct health_report *out)
{
	const char *phase = doc_text(object, "status/phase");
	if (phase && strcmp(phase, "Bound") == 0) {
		health_set(out, HEALTH_CURRENT, NULL, "bound");
		return;
	}
	health_set(out, HEALTH_PROGRESSING, "NotBound", "not bound, phase %s", phase ? phase : "unknown");
}

static void service(const cJSON *object, struct health_report *out)
{
	const char *type = doc_text(object, "spec/type");
	const char *address = doc_text(object, "spec/clusterIP");
	if (type && strcmp(type, "LoadBalancer") == 0 && (!address || !*address)) {
		health_set(out, HEALTH_PROGRESSING, "NoIPAssigned", "no cluster IP yet");
		return;
	}
	health_set(out, HEALTH_CURRENT, NULL, NULL);
}

static void crd(const cJSON *object, struct health_report *out)
{
	const cJSON *names = health_condition(object, "NamesAccepted");
	const cJSON *established = health_condition(object, "Established");
	const char *reason = doc_text(established, "reason");
	if (health_condition_is(object, "NamesAccepted", "False")) {
		from_condition(names, HEALTH_FAILED, out);
	} else if (health_condition_is(object, "Established", "True")) {
		health_set(out, HEALTH_CURRENT, NULL, "established");
	} else if (health_condition_is(object, "Established", "False") && (!reason || strcmp(reason, "Installing") != 0)) {
		from_condition(established, HEALTH_FAILED, out);
	} else {
		health_set(out, HEALTH_PROGRESSING, "Installing", "not established yet");
	}
}

/* For kinds without rules of their own. */
static void by_conditions(const cJSON *object, struct health_report *out)
{
	const cJSON *ready = health_condition(object, "Ready");
	if (ready && !health_condition_is(object, "Ready", "True")) {
		from_condition(ready, HEALTH_PROGRESSING, out);
		return;
	}
	health_set(out, HEALTH_CURRENT, NULL, NULL);
}

/* A Sync of plumb's: as by its conditions, but one that is suspended is at rest, as a paused Deployment is. */
static void sync_resource(const cJSON *object, struct health_report *out)
{
	const cJSON *ready = health_condition(object, "Ready");
	const char *reason = doc_text(ready, "reason");
	if (reason && strcmp(reason, "Suspended") == 0) {
		from_condition(ready, HEALTH_PAUSED, out);
	} else {
		by_conditions(object, out);
	}
}

struct rule {
	const char *group;
	const char *kind;
	void (*judge)(const cJSON *object, struct health_report *out);
	bool observed; /* its controller always writes observedGeneration: none means that it has not come by yet */
};

static const struct rule rules[] = {
	{ "", "ConfigMap", always_current, false },
	{ "", "PersistentVolumeClaim", claim, false },
	{ "", "Pod", health_bare_pod, false },
	{ "", "Secret", always_current, false },
	{ "", "Service", service, false },
	{ "apiextensions.k8s.io", "CustomResourceDefinition", crd, false },
	{ "apps", "DaemonSet", health_daemonset, true },
	{ "apps", "Deployment", health_deployment, true },
	{ "apps", "ReplicaSet", health_replicaset, true },
	{ "apps", "StatefulSet", health_statefulset, true },
	{ "batch", "CronJob", always_current, false },
	{ "batch", "Job", health_job, false },
	{ "plumb.dev", "Sync", sync_resource, true },
	{ "policy", "PodDisruptionBudget", always_current, false },
};

static const struct rule *rule_of(const cJSON *object)
{
	static const struct rule otherwise = { "", "", by_conditions, false };
	const char *version = doc_text(object, "apiVersion");
	const char *kind = doc_text(object, "kind");
	const char *slash = version ? strchr(version, '/') : NULL;
	size_t len = slash ? (size_t)(slash - version) : 0;
	for (size_t i = 0; kind && i < ARRAY_LEN(rules); i++) {
		bool group = strlen(rules[i].group) == len && (len == 0 || memcmp(rules[i].group, version, len) == 0);
		if (group && strcmp(rules[i].kind, kind) == 0) {
			return &rules[i];
		}
	}
	return &otherwise;
}

/* kstatus compares with metadata.generation alone; a read that is older than our apply would then pass for success. */
static bool awaits_controller(const cJSON *object, int64_t generation, bool must_observe)
{
	int64_t own = doc_int(object, "metadata/generation", 0);
	int64_t wanted = own > generation ? own : generation;
	int64_t observed = doc_int(object, "status/observedGeneration", must_observe ? 0 : wanted);
	return observed < wanted || (must_observe && observed == 0);
}

void health_of(const cJSON *object, int64_t generation, struct health_report *out)
{
	const struct rule *rule = rule_of(object);
	if (doc_text(object, "metadata/deletionTimestamp")) {
		const char *finalizer = cJSON_GetStringValue(cJSON_GetArrayItem(doc_at(object, "metadata/finalizers"), 0));
		health_set(out, HEALTH_TERMINATING, "Terminating", "being deleted%s%s", finalizer ? ", waiting for finalizer " : "",
		           finalizer ? finalizer : "");
	} else if (awaits_controller(object, generation, rule->observed)) {
		health_set(out, HEALTH_PROGRESSING, "LatestGenerationNotObserved", "waiting for the controller");
	} else if (health_condition_is(object, "Reconciling", "True")) {
		from_condition(health_condition(object, "Reconciling"), HEALTH_PROGRESSING, out);
	} else if (health_condition_is(object, "Stalled", "True")) {
		from_condition(health_condition(object, "Stalled"), HEALTH_FAILED, out);
	} else {
		rule->judge(object, out);
	}
}
