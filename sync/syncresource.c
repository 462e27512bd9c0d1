#include "sync/syncresource.h"

#include <string.h>

#include "render/doc.h"
#include "sync/syncspec.h"
#include "sync/syncstatus.h"

static char *path_of(const char *ns, const char *name, const char *query)
{
	return text_printf("/apis/" SYNCSPEC_API_VERSION "/namespaces/%s/" SYNCSPEC_PLURAL "/%s%s", ns, name, query);
}

static void not_found(const char *ns, const char *name, struct err *err)
{
	if (err->kind == ERR_NOT_FOUND) {
		(void)err_set(err, ERR_NOT_FOUND, "there is no Sync resource %s in %s", name, ns);
	}
}

cJSON *syncresource_get(struct kube *kube, const char *ns, const char *name, struct err *err)
{
	struct kube_call call = kube_call_make("GET", path_of(ns, name, ""));
	cJSON *object = NULL;
	if (kube_do(kube, &call, err)) {
		object = doc_parse(buf_text(&call.reply), call.reply.len, err);
	} else {
		not_found(ns, name, err);
	}
	kube_call_release(&call);
	return object;
}

bool syncresource_patch(struct kube *kube, const char *ns, const char *name, const cJSON *patch, struct err *err)
{
	struct kube_call call = kube_call_make("PATCH", path_of(ns, name, "?fieldManager=" MANAGER_CLI));
	call.content_type = KUBE_MERGE_PATCH;
	call.accept = KUBE_METADATA;
	bool fine = doc_print(patch, &call.body) && kube_do(kube, &call, err);
	if (!fine) {
		not_found(ns, name, err);
	}
	kube_call_release(&call);
	return fine;
}

/* --- how it stands ------------------------------------------------------------------------------------------------ */

static const cJSON *condition_of(const cJSON *object, const char *type)
{
	const cJSON *condition = NULL;
	cJSON_ArrayForEach (condition, doc_at(object, "status/conditions")) {
		const char *its = doc_text(condition, "type");
		if (its && strcmp(its, type) == 0) {
			return condition;
		}
	}
	return NULL;
}

static const char *text_or_none(const cJSON *object, const char *path)
{
	const char *text = doc_text(object, path);
	return text ? text : "";
}

void syncresource_state(const cJSON *object, int64_t wall, struct syncresource_state *out)
{
	const cJSON *ready = condition_of(object, "Ready");
	bool current = doc_int(ready, "observedGeneration", -1) >= doc_int(object, "metadata/generation", 0);
	*out = (struct syncresource_state){
		.ready = current ? text_or_none(ready, "status") : "",
		.reason = current ? text_or_none(ready, "reason") : "",
		.message = current ? text_or_none(ready, "message") : "",
		.stalled = current && condition_of(object, "Stalled") != NULL,
		.attempted = text_or_none(object, "status/lastAttemptedCommit"),
		.applied = text_or_none(object, "status/lastAppliedCommit"),
		.healthy = text_or_none(object, "status/lastHealthyCommit"),
		.handled = text_or_none(object, "status/lastHandledRequest"),
		.waits = doc_true(object, "spec/wait"),
		.suspended = syncspec_suspended(object, wall),
	};
}

enum failure syncresource_failure(const char *reason)
{
	static const struct {
		const char *reason;
		enum failure failure;
	} rows[] = {
		{ REASON_SUCCEEDED, FAILURE_NONE },      { REASON_FETCH, FAILURE_GIT },
		{ REASON_MANIFESTS, FAILURE_MANIFESTS }, { REASON_APPLY, FAILURE_MANIFESTS },
		{ REASON_CLUSTER, FAILURE_CLUSTER },     { REASON_CREDENTIALS, FAILURE_CLUSTER },
		{ REASON_ROLLOUT, FAILURE_ROLLOUT },     { REASON_ROLLOUT_TIMEOUT, FAILURE_ROLLOUT },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(rows[i].reason, reason) == 0) {
			return rows[i].failure;
		}
	}
	return FAILURE_STOPPED;
}

/* --- waiting ------------------------------------------------------------------------------------------------------ */

static bool is_commit(const char *text, const char *commit)
{
	return *text && strncmp(text, commit, strlen(commit)) == 0;
}

static bool was_good(const char *result, bool waits)
{
	return strcmp(result, report_result_text(RESULT_HEALTHY)) == 0 ||
	       (!waits && strcmp(result, report_result_text(RESULT_APPLIED)) == 0);
}

static bool in_history(const cJSON *object, const char *commit, bool waits)
{
	const cJSON *entry = NULL;
	cJSON_ArrayForEach (entry, doc_at(object, "status/history")) {
		if (is_commit(text_or_none(entry, "commit"), commit) && was_good(text_or_none(entry, "result"), waits)) {
			return true;
		}
	}
	return false;
}

enum syncresource_progress syncresource_progress(const cJSON *object, const char *commit, int64_t wall)
{
	struct syncresource_state state;
	syncresource_state(object, wall, &state);
	bool ready = strcmp(state.ready, "True") == 0;
	if (!commit) {
		return ready ? SYNCRESOURCE_DONE : state.stalled ? SYNCRESOURCE_FAILED : SYNCRESOURCE_MOVING;
	}
	if (is_commit(state.waits ? state.healthy : state.applied, commit) || in_history(object, commit, state.waits)) {
		return SYNCRESOURCE_DONE;
	}
	/* A refused spec is stalled whatever the commit is. */
	bool refused = state.stalled && strcmp(state.reason, REASON_INVALID_SPEC) == 0;
	return refused || (state.stalled && is_commit(state.attempted, commit)) ? SYNCRESOURCE_FAILED : SYNCRESOURCE_MOVING;
}
