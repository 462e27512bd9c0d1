#include "sync/syncstatus.h"

#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/clock.h"
#include "sync/names.h"

enum { HISTORY_MOST = 5, SHORT_ID = 7, MESSAGE_BYTES = 1024 };

enum more { MORE_NONE, MORE_RECONCILING, MORE_STALLED };

/* What the conditions are made of. */
struct finding {
	const char *ready; /* "True", "False", "Unknown" */
	const char *reason;
	const char *text;
	enum more more;
	int64_t generation;
	int64_t wall;
};

void syncstatus_release(struct syncstatus *status)
{
	cJSON_Delete(status->now);
	cJSON_Delete(status->written);
	*status = SYNCSTATUS_INIT;
}

void syncstatus_load(struct syncstatus *status, const cJSON *object_status)
{
	syncstatus_release(status);
	if (cJSON_IsObject(object_status) && object_status->child) {
		status->now = cJSON_Duplicate(object_status, 1);
		status->written = cJSON_Duplicate(object_status, 1);
	}
}

/* --- conditions --------------------------------------------------------------------------------------------------- */

static const cJSON *find_condition(const cJSON *conditions, const char *type)
{
	const cJSON *condition = NULL;
	cJSON_ArrayForEach (condition, conditions) {
		const char *its = doc_text(condition, "type");
		if (its && strcmp(its, type) == 0) {
			return condition;
		}
	}
	return NULL;
}

/* One line of bounded length; cut between characters. free() it. */
static char *one_line(const char *text)
{
	size_t len = strlen(text);
	bool cut = len > MESSAGE_BYTES;
	len = cut ? MESSAGE_BYTES : len;
	while (cut && len && ((unsigned char)text[len] & 0xC0) == 0x80) {
		len--;
	}
	char *line = text_printf("%.*s%s", (int)len, text, cut ? "..." : "");
	for (char *c = line; *c; c++) {
		*c = (unsigned char)*c < ' ' || *c == 0x7f ? ' ' : *c;
	}
	return line;
}

static cJSON *make_condition(const cJSON *before, const char *type, const char *value, const struct finding *finding)
{
	char now[CLOCK_TEXT];
	clock_text(finding->wall, now);
	CLEANUP(text_freep) char *text = one_line(finding->text);
	const cJSON *old = find_condition(before, type);
	const char *old_value = doc_text(old, "status");
	const char *since = old_value && strcmp(old_value, value) == 0 ? doc_text(old, "lastTransitionTime") : NULL;
	cJSON *condition = cJSON_CreateObject();
	doc_set_text(condition, "type", type);
	doc_set_text(condition, "status", value);
	doc_set(condition, "observedGeneration", cJSON_CreateNumber((double)finding->generation));
	doc_set_text(condition, "lastTransitionTime", since ? since : now);
	doc_set_text(condition, "reason", finding->reason);
	doc_set_text(condition, "message", text);
	return condition;
}

static void conclude(struct syncstatus *status, const struct finding *finding)
{
	status->now = status->now ? status->now : cJSON_CreateObject();
	const cJSON *before = doc_get(status->now, "conditions");
	cJSON *conditions = cJSON_CreateArray();
	cJSON_AddItemToArray(conditions, make_condition(before, "Ready", finding->ready, finding));
	if (finding->more != MORE_NONE) {
		const char *type = finding->more == MORE_STALLED ? "Stalled" : "Reconciling";
		cJSON_AddItemToArray(conditions, make_condition(before, type, "True", finding));
	}
	doc_set(status->now, "conditions", conditions);
	doc_set(status->now, "observedGeneration", cJSON_CreateNumber((double)finding->generation));
}

bool syncstatus_is_stalled(const char *reason)
{
	static const char *const stalled[] = { REASON_INVALID_SPEC,  REASON_MANIFESTS,      REASON_ROLLOUT, REASON_BLOCKED,
		                                   REASON_PRUNE_BLOCKED, REASON_SOURCE_CHANGED, REASON_REWIND,  REASON_CYCLE };
	for (size_t i = 0; i < ARRAY_LEN(stalled); i++) {
		if (strcmp(stalled[i], reason) == 0) {
			return true;
		}
	}
	return false;
}

/* --- what happened ------------------------------------------------------------------------------------------------ */

static void set_text(struct syncstatus *status, const char *key, const char *text)
{
	status->now = status->now ? status->now : cJSON_CreateObject();
	doc_set_text(status->now, key, text);
}

void syncstatus_progress(struct syncstatus *status, const struct syncspec *spec, const char *commit, const char *text,
                         int64_t wall)
{
	if (commit && *commit) {
		set_text(status, "lastAttemptedCommit", commit);
	}
	CLEANUP(text_freep) char *revision = commit && *commit ? text_printf("%.*s: %s", SHORT_ID, commit, text) : text_dup(text);
	conclude(status, &(struct finding){ .ready = "Unknown",
	                                    .reason = REASON_PROGRESSING,
	                                    .text = revision,
	                                    .more = MORE_RECONCILING,
	                                    .generation = spec->generation,
	                                    .wall = wall });
}

void syncstatus_failed(struct syncstatus *status, const struct syncspec *spec, const char *reason, const char *text, int64_t wall)
{
	conclude(status, &(struct finding){ .ready = "False",
	                                    .reason = reason,
	                                    .text = text,
	                                    .more = syncstatus_is_stalled(reason) ? MORE_STALLED : MORE_RECONCILING,
	                                    .generation = spec->generation,
	                                    .wall = wall });
}

void syncstatus_suspended(struct syncstatus *status, const struct syncspec *spec, int64_t wall)
{
	char until[CLOCK_TEXT] = "";
	bool ends = !spec->suspend && spec->suspend_until != INT64_MAX;
	if (ends) {
		clock_text(spec->suspend_until, until);
	}
	const char *applied = syncstatus_applied(status);
	CLEANUP(text_freep)
	char *text = text_printf("suspended%s%s%s%.*s: neither new commits nor drift are acted on", ends ? " until " : "", until,
	                         *applied ? " at " : "", SHORT_ID, applied);
	conclude(status,
	         &(struct finding){
				 .ready = "Unknown", .reason = REASON_SUSPENDED, .text = text, .generation = spec->generation, .wall = wall });
}

void syncstatus_depends(struct syncstatus *status, const struct syncspec *spec, const char *text, int64_t wall)
{
	syncstatus_failed(status, spec, REASON_DEPENDENCY, text, wall);
}

void syncstatus_invalid(struct syncstatus *status, const cJSON *document, const struct problems *problems, int64_t wall)
{
	struct buf text = BUF_INIT(LIMIT_KIB(16));
	for (size_t i = 0; i < problems->count; i++) {
		if (problems->items[i].severity == PROBLEM_ERROR) {
			(void)buf_printf(&text, "%s%s", text.len ? "; " : "", problems->items[i].text);
		}
	}
	conclude(status, &(struct finding){ .ready = "False",
	                                    .reason = REASON_INVALID_SPEC,
	                                    .text = buf_text(&text),
	                                    .more = MORE_STALLED,
	                                    .generation = doc_int(document, "metadata/generation", 0),
	                                    .wall = wall });
	buf_release(&text);
}

void syncstatus_handled(struct syncstatus *status, const char *request)
{
	set_text(status, "lastHandledRequest", request);
}

/* --- a cycle that ended ------------------------------------------------------------------------------------------- */

static bool any_failed_rollout(const struct report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		const struct report_object *object = report->objects[i];
		if (object->followed && object->health.health == HEALTH_FAILED) {
			return true;
		}
	}
	return false;
}

static const char *reason_of_stop(enum stop stop)
{
	switch (stop) {
	case STOP_PRUNE:
		return REASON_PRUNE_BLOCKED;
	case STOP_SOURCE:
		return REASON_SOURCE_CHANGED;
	case STOP_REWIND:
		return REASON_REWIND;
	case STOP_NAME:
		return REASON_BLOCKED;
	case STOP_NONE:
	case STOP_INCOMPLETE:
		break;
	}
	return NULL;
}

/* As exit codes do, but what is only incomplete comes last: the rest says why it is. */
const char *syncstatus_reason(const struct report *report)
{
	const char *stopped = reason_of_stop(report->stop);
	if (report->failures[FAILURE_USAGE]) {
		return REASON_INVALID_SPEC;
	}
	if (report->failures[FAILURE_GIT]) {
		return REASON_FETCH;
	}
	if (report->failures[FAILURE_CLUSTER]) {
		return REASON_CLUSTER;
	}
	if (report->failures[FAILURE_MANIFESTS]) {
		return report->verdicts[VERDICT_FAILED] ? REASON_APPLY : REASON_MANIFESTS;
	}
	if (stopped || report->verdicts[VERDICT_BLOCKED]) {
		return stopped ? stopped : REASON_BLOCKED;
	}
	if (report->failures[FAILURE_ROLLOUT]) {
		return any_failed_rollout(report) ? REASON_ROLLOUT : REASON_ROLLOUT_TIMEOUT;
	}
	return report->failures[FAILURE_STOPPED] ? REASON_INCOMPLETE : REASON_SUCCEEDED;
}

/* Every desired object is on the server as Git has it; what a brake kept from being pruned does not count. */
static bool is_applied(const struct report *report)
{
	bool stopped = report->failures[FAILURE_STOPPED] && report->stop != STOP_PRUNE && report->stop != STOP_SOURCE;
	return *report->commit.id && report->count && !stopped && !report->failures[FAILURE_GIT] &&
	       !report->failures[FAILURE_CLUSTER] && !report->failures[FAILURE_MANIFESTS] && !report->verdicts[VERDICT_BLOCKED] &&
	       !report->verdicts[VERDICT_WAITING] && !report->verdicts[VERDICT_FAILED];
}

static bool is_healthy(const struct syncspec *spec, const struct report *report)
{
	return spec->wait && is_applied(report) && (report->result == RESULT_HEALTHY || report->result == RESULT_UNCHANGED);
}

static size_t inventory_count(const struct report *report)
{
	return report->count - report->verdicts[VERDICT_PRUNED] - report->verdicts[VERDICT_BLOCKED] -
	       report->verdicts[VERDICT_SKIPPED] - report->verdicts[VERDICT_FAILED];
}

static char *success_text(const struct syncspec *spec, const struct report *report)
{
	CLEANUP(text_freep) char *id = text_printf("%.*s", SHORT_ID, report->commit.id);
	CLEANUP(text_freep) char *revision = syncspec_revision(spec, id);
	size_t count = inventory_count(report);
	return text_printf("%s, %zu object%s%s", revision, count, count == 1 ? "" : "s", is_healthy(spec, report) ? ", healthy" : "");
}

char *syncstatus_failure(const struct report *report)
{
	const char *first = report->error_count ? report->errors[0] : "objects failed";
	/* Errors of objects stand in their verdicts. */
	for (size_t i = 0; i < report->count && !report->error_count; i++) {
		const struct report_object *object = report->objects[i];
		if (object->verdict == VERDICT_FAILED || object->verdict == VERDICT_BLOCKED || object->verdict == VERDICT_WAITING) {
			CLEANUP(text_freep) char *name = ident_text(&object->id);
			return text_printf("%.*s: %s: %s", SHORT_ID, report->commit.id, name, object->reason);
		}
	}
	size_t rest = report->error_count > 1 ? report->error_count - 1 : 0;
	CLEANUP(text_freep) char *more = rest ? text_printf("; %zu more", rest) : text_dup("");
	return *report->commit.id ? text_printf("%.*s: %s%s", SHORT_ID, report->commit.id, first, more)
	                          : text_printf("%s%s", first, more);
}

/* One entry for each commit and result, newest first; a heal of the same says nothing new. */
static void remember(struct syncstatus *status, const struct report *report, int64_t wall)
{
	const char *result = report_result_text(report->result);
	cJSON *history = doc_get(status->now, "history");
	const cJSON *newest = cJSON_GetArrayItem(history, 0);
	const char *commit = doc_text(newest, "commit");
	const char *was = doc_text(newest, "result");
	if (!report->number || (commit && was && strcmp(commit, report->commit.id) == 0 && strcmp(was, result) == 0)) {
		return;
	}
	char when[CLOCK_TEXT];
	clock_text(wall, when);
	cJSON *entry = cJSON_CreateObject();
	doc_set_text(entry, "commit", report->commit.id);
	doc_set_text(entry, "subject", report->commit.subject ? report->commit.subject : "");
	doc_set(entry, "sync", cJSON_CreateNumber((double)report->number));
	doc_set_text(entry, "result", result);
	doc_set_text(entry, "time", when);
	if (!history) {
		history = cJSON_CreateArray();
		doc_set(status->now, "history", history);
	}
	cJSON_InsertItemInArray(history, 0, entry);
	while (cJSON_GetArraySize(history) > HISTORY_MOST) {
		cJSON_DeleteItemFromArray(history, HISTORY_MOST);
	}
}

void syncstatus_from_report(struct syncstatus *status, const struct syncspec *spec, const struct report *report, int64_t wall)
{
	bool fine = report_exit_code(report) == 0;
	status->now = status->now ? status->now : cJSON_CreateObject();
	if (*report->commit.id) {
		set_text(status, "lastAttemptedCommit", report->commit.id);
	}
	if (is_applied(report)) {
		set_text(status, "lastAppliedCommit", report->commit.id);
		doc_set(doc_make(status->now, "inventory"), "count", cJSON_CreateNumber((double)inventory_count(report)));
	}
	if (is_healthy(spec, report)) {
		set_text(status, "lastHealthyCommit", report->commit.id);
	}
	remember(status, report, wall);
	const char *reason = syncstatus_reason(report);
	CLEANUP(text_freep) char *text = fine ? success_text(spec, report) : syncstatus_failure(report);
	conclude(status, &(struct finding){ .ready = fine ? "True" : "False",
	                                    .reason = reason,
	                                    .text = text,
	                                    .more = fine                            ? MORE_NONE
	                                            : syncstatus_is_stalled(reason) ? MORE_STALLED
	                                                                            : MORE_RECONCILING,
	                                    .generation = spec->generation,
	                                    .wall = wall });
}

/* Only a Sync that was in order becomes drifted, and back: a failure says more. */
void syncstatus_drifted(struct syncstatus *status, const struct syncspec *spec, size_t count, const char *text, int64_t wall)
{
	const cJSON *ready = find_condition(doc_get(status->now, "conditions"), "Ready");
	const char *reason = doc_text(ready, "reason");
	bool drifted = reason && strcmp(reason, REASON_DRIFTED) == 0;
	bool in_order = reason && strcmp(reason, REASON_SUCCEEDED) == 0;
	const char *applied = syncstatus_applied(status);
	if (!(count ? drifted || in_order : drifted)) {
		return;
	}
	CLEANUP(text_freep)
	char *said = count
	                 ? text_printf("%.*s: %zu object%s drifted, first %s", SHORT_ID, applied, count, count == 1 ? "" : "s", text)
	                 : text_printf("%.*s, no drift any more", SHORT_ID, applied);
	conclude(status, &(struct finding){ .ready = count ? "False" : "True",
	                                    .reason = count ? REASON_DRIFTED : REASON_SUCCEEDED,
	                                    .text = said,
	                                    .generation = spec->generation,
	                                    .wall = wall });
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

bool syncstatus_is_ready(const struct syncstatus *status, const struct syncspec *spec)
{
	const cJSON *ready = find_condition(doc_get(status->now, "conditions"), "Ready");
	const char *value = doc_text(ready, "status");
	return value && strcmp(value, "True") == 0 && doc_int(ready, "observedGeneration", -1) == spec->generation;
}

static const char *ready_text(const cJSON *status, const char *field)
{
	const char *text = doc_text(find_condition(doc_get(status, "conditions"), "Ready"), field);
	return text ? text : "";
}

const char *syncstatus_now(const struct syncstatus *status, const char *field)
{
	return ready_text(status->now, field);
}

const char *syncstatus_written(const struct syncstatus *status, const char *field)
{
	return ready_text(status->written, field);
}

static const char *text_at(const struct syncstatus *status, const char *key)
{
	const char *text = doc_text(status->now, key);
	return text ? text : "";
}

const char *syncstatus_applied(const struct syncstatus *status)
{
	return text_at(status, "lastAppliedCommit");
}

const char *syncstatus_healthy(const struct syncstatus *status)
{
	return text_at(status, "lastHealthyCommit");
}

const char *syncstatus_handled_request(const struct syncstatus *status)
{
	return text_at(status, "lastHandledRequest");
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static cJSON *body_of(const struct syncspec *spec, const struct syncstatus *status)
{
	cJSON *body = cJSON_CreateObject();
	doc_set_text(body, "apiVersion", SYNCSPEC_API_VERSION);
	doc_set_text(body, "kind", SYNCSPEC_KIND);
	cJSON *metadata = doc_make(body, "metadata");
	doc_set_text(metadata, "name", spec->name);
	doc_set_text(metadata, "namespace", spec->ns);
	if (*spec->uid) {
		doc_set_text(metadata, "uid", spec->uid);
	}
	doc_set(body, "status", cJSON_Duplicate(status->now, 1));
	return body;
}

bool syncstatus_write(struct kube *kube, const struct syncspec *spec, struct syncstatus *status, struct err *err)
{
	if (!status->now || (status->written && doc_equal(status->now, status->written))) {
		return true;
	}
	struct kube_call call = kube_call_make("PATCH", text_printf("/apis/" SYNCSPEC_API_VERSION "/namespaces/%s/" SYNCSPEC_PLURAL
	                                                            "/%s/status?fieldManager=" MANAGER_STATUS "&force=true",
	                                                            spec->ns, spec->name));
	call.content_type = KUBE_APPLY;
	call.accept = KUBE_METADATA;
	CLEANUP(doc_freep) cJSON *body = body_of(spec, status);
	/* While the answer is awaited others may set `now` anew. */
	CLEANUP(doc_freep) cJSON *sent = cJSON_Duplicate(status->now, 1);
	bool fine = doc_print(body, &call.body) ? kube_do(kube, &call, err) : err_set(err, ERR_LIMIT, "the status is too large");
	if (fine) {
		cJSON_Delete(status->written);
		status->written = TAKE(sent);
	} else {
		/* Another uid: another Sync of that name. */
		err->kind = err->kind == ERR_CONFLICT ? ERR_NOT_FOUND : err->kind;
		(void)err_wrap(err, "status of the Sync %s in %s", spec->name, spec->ns);
	}
	kube_call_release(&call);
	return fine;
}
