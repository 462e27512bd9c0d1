#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "render/doc.h"
#include "sync/health_internal.h"

/* kstatus gives the scheduler 15 seconds; a probe gets some time too before a pod counts as unready. */
enum { SCHEDULE_SECONDS = 15, UNREADY_SECONDS = 5 };

static bool is(const cJSON *object, const char *path, const char *wanted)
{
	const char *text = doc_text(object, path);
	return text && strcmp(text, wanted) == 0;
}

static const cJSON *named(const cJSON *list, const char *name)
{
	const cJSON *item;
	cJSON_ArrayForEach (item, list) {
		if (is(item, "name", name)) {
			return item;
		}
	}
	return NULL;
}

/* One container of a pod: its status, and the spec that says the image as the user wrote it (the status may say a digest). */
struct container {
	const cJSON *spec;
	const cJSON *status;
	char text[160]; /* "container web, image registry.example/web:1" */
};

static struct container container_of(const cJSON *status, const cJSON *specs)
{
	const char *name = doc_text(status, "name");
	struct container container = { .spec = named(specs, name ? name : ""), .status = status };
	const char *image = doc_text(container.spec, "image");
	(void)snprintf(container.text, sizeof container.text, "container %s, image %s", name ? name : "?", image ? image : "?");
	return container;
}

/* How it ended: "exit code 137 (OOMKilled)". Never terminated.message, which is content of the container's log. */
static void ending(const cJSON *terminated, char *out, size_t size)
{
	const char *reason = doc_text(terminated, "reason");
	bool plain = !reason || strcmp(reason, "Error") == 0;
	(void)snprintf(out, size, "exit code %" PRId64 "%s%s%s", doc_int(terminated, "exitCode", -1), plain ? "" : " (",
	               plain ? "" : reason, plain ? "" : ")");
}

/* Waiting reasons that say that something is wrong; the others (ContainerCreating, PodInitializing) are on the way. */
static bool stuck(const char *reason)
{
	static const char *const reasons[] = {
		"CrashLoopBackOff",   "CreateContainerConfigError", "CreateContainerError", "ErrImageNeverPull",
		"ErrImagePull",       "ImageInspectError",          "ImagePullBackOff",     "InvalidImageName",
		"PostStartHookError", "PreCreateHookError",         "PreStartHookError",    "RegistryUnavailable",
		"RunContainerError",  "SignatureValidationFailed",
	};
	for (size_t i = 0; reason && i < ARRAY_LEN(reasons); i++) {
		if (strcmp(reason, reasons[i]) == 0) {
			return true;
		}
	}
	return false;
}

static bool waits(const struct container *c, struct health_report *out)
{
	const cJSON *waiting = doc_at(c->status, "state/waiting");
	const char *reason = doc_text(waiting, "reason");
	const char *message = doc_text(waiting, "message");
	const cJSON *last = doc_at(c->status, "lastState/terminated");
	if (!stuck(reason)) {
		return false;
	}
	char how[64] = "";
	if (last) {
		ending(last, how, sizeof how);
		health_set(out, HEALTH_FAILED, reason, "%s: %s", c->text, how);
	} else if (message && strcmp(reason, "CreateContainerConfigError") == 0) {
		/* Names the ConfigMap, Secret or key that is missing; other messages may quote the command. */
		health_set(out, HEALTH_FAILED, reason, "%s: %s", c->text, message);
	} else {
		health_set(out, HEALTH_FAILED, reason, "%s", c->text);
	}
	return true;
}

static bool ended(const struct container *c, struct health_report *out)
{
	const cJSON *terminated = doc_at(c->status, "state/terminated");
	bool again = false;
	if (!terminated && !doc_true(c->status, "ready")) {
		/* It runs again, and has not become ready since it crashed. */
		terminated = doc_at(c->status, "lastState/terminated");
		again = true;
	}
	if (!terminated || doc_int(terminated, "exitCode", 0) == 0) {
		return false;
	}
	char how[64];
	ending(terminated, how, sizeof how);
	const char *reason = doc_text(terminated, "reason");
	if (again) {
		health_set(out, HEALTH_FAILED, reason ? reason : "Error", "%s: %s, restarted %" PRId64 " times", c->text, how,
		           doc_int(c->status, "restartCount", 0));
	} else {
		health_set(out, HEALTH_FAILED, reason ? reason : "Error", "%s: %s", c->text, how);
	}
	return true;
}

/* It runs, and a probe keeps it from being ready. */
static bool probed(const struct container *c, struct health_report *out)
{
	if (!doc_at(c->status, "state/running") || doc_true(c->status, "ready")) {
		return false;
	}
	const cJSON *started = doc_get(c->status, "started");
	const char *why = "not ready";
	if (doc_get(c->spec, "startupProbe") && !cJSON_IsTrue(started)) {
		why = "its startup probe has not succeeded";
	} else if (doc_get(c->spec, "readinessProbe")) {
		why = "its readiness probe has not succeeded";
	}
	health_set(out, HEALTH_PROGRESSING, "Unready", "%s: %s", c->text, why);
	return true;
}

typedef bool container_check(const struct container *container, struct health_report *out);

/* Init containers first: the others wait for them. */
static bool any_container(const cJSON *pod, container_check *check, struct health_report *out)
{
	static const char *const lists[][2] = {
		{ "status/initContainerStatuses", "spec/initContainers" },
		{ "status/containerStatuses", "spec/containers" },
	};
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		const cJSON *status;
		cJSON_ArrayForEach (status, doc_at(pod, lists[i][0])) {
			struct container container = container_of(status, doc_at(pod, lists[i][1]));
			if (check(&container, out)) {
				return true;
			}
		}
	}
	return false;
}

static bool unschedulable(const cJSON *pod, struct health_report *out)
{
	const cJSON *condition = health_condition(pod, "PodScheduled");
	if (!health_condition_is(pod, "PodScheduled", "False") || !is(condition, "reason", "Unschedulable")) {
		return false;
	}
	const char *message = doc_text(condition, "message");
	message = message ? message : "no node takes it";
	/* Its first sentence: the rest is about preemption. */
	const char *stop = strstr(message, ". ");
	health_set(out, HEALTH_FAILED, "Unschedulable", "%.*s", (int)(stop ? stop - message : (ptrdiff_t)strnlen(message, 1000)),
	           message);
	return true;
}

static bool unready(const cJSON *pod, struct health_report *out)
{
	if (!is(pod, "status/phase", "Running") || !health_condition_is(pod, "Ready", "False") ||
	    health_age(health_condition(pod, "Ready"), "lastTransitionTime") < UNREADY_SECONDS) {
		return false;
	}
	if (any_container(pod, probed, out)) {
		return true;
	}
	const char *message = doc_text(health_condition(pod, "Ready"), "message");
	health_set(out, HEALTH_PROGRESSING, "Unready", "%s", message ? message : "not ready");
	return true;
}

/* Evicted, NodeLost, DeadlineExceeded...: the pod as a whole. */
static bool failed_whole(const cJSON *pod, struct health_report *out)
{
	const char *reason = doc_text(pod, "status/reason");
	const char *message = doc_text(pod, "status/message");
	if (!is(pod, "status/phase", "Failed") || !reason) {
		return false;
	}
	health_set(out, HEALTH_FAILED, reason, "%s", message ? message : "the pod failed");
	return true;
}

bool health_of_pod(const cJSON *pod, struct health_report *out)
{
	if (doc_text(pod, "metadata/deletionTimestamp") || is(pod, "status/phase", "Succeeded") ||
	    health_condition_is(pod, "Ready", "True")) {
		return false;
	}
	return failed_whole(pod, out) || any_container(pod, waits, out) || any_container(pod, ended, out) ||
	       unschedulable(pod, out) || unready(pod, out);
}

static bool crash_loops(const struct container *c, struct health_report *out)
{
	return is(c->status, "state/waiting/reason", "CrashLoopBackOff") && waits(c, out);
}

/* A Pod that was applied itself: kstatus' rules, where one that has ended counts as current however it ended. */
void health_bare_pod(const cJSON *object, struct health_report *out)
{
	const char *phase = doc_text(object, "status/phase");
	if (is(object, "status/phase", "Succeeded")) {
		health_set(out, HEALTH_CURRENT, "PodCompleted", "completed");
	} else if (is(object, "status/phase", "Failed")) {
		health_set(out, HEALTH_CURRENT, "PodCompleted", "completed, but not successfully");
	} else if (is(object, "status/phase", "Running") && health_condition_is(object, "Ready", "True")) {
		health_set(out, HEALTH_CURRENT, NULL, "ready");
	} else if (is(object, "status/phase", "Running")) {
		if (!any_container(object, crash_loops, out)) {
			health_set(out, HEALTH_PROGRESSING, "PodRunningNotReady", "running, not ready");
		}
	} else if (unschedulable(object, out)) {
		out->health = health_age(object, "metadata/creationTimestamp") < SCHEDULE_SECONDS ? HEALTH_PROGRESSING : HEALTH_FAILED;
	} else {
		health_set(out, HEALTH_PROGRESSING, "PodPending", "%s", phase ? "pending" : "not seen by a node yet");
	}
}
