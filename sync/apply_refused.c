/*
 * What to do about an answer that is no success: wait and try again, take over, recreate, or tell.
 */
#include <stdlib.h>
#include <string.h>

#include "render/doc.h"
#include "sync/apply_impl.h"
#include "sync/names.h"

enum { MOST_RACES = 5 };

static char *said(struct work *work, struct err *err)
{
	(void)!kube_check(&work->call, is_secret(work->id), err);
	return text_dup(err->msg);
}

static void fail(struct work *work)
{
	struct err err = ERR_INIT;
	char *reason = said(work, &err);
	/* An answer is about the object, whatever it says; none is about the server. */
	bool cluster = err.kind == ERR_DENIED || work->call.status == 0;
	work_end(work, VERDICT_FAILED, reason, cluster ? FAILURE_CLUSTER : FAILURE_MANIFESTS);
}

/* --- what passes by itself (safety rule 30) ----------------------------------------------------------------------- */

static bool has(const struct kube_status *status, const char *part)
{
	return strstr(status->message, part) != NULL;
}

/* What it is that will pass, for Secrets, whose message is not shown; NULL where it does not pass. */
static const char *passing(const struct work *work, const struct kube_status *status)
{
	static const struct {
		int status;
		const char *part;
		const char *text;
	} rows[] = {
		{ 403, "exceeded quota", "exceeded quota" },
		{ 403, "status unknown for quota", "a quota is not counted yet" },
		{ 403, "being terminated", "its namespace is being terminated" },
		{ 404, "could not find the requested resource", "the kind is not served yet" },
		{ 409, "being terminated", "its namespace is being terminated" },
		{ 409, "object is being deleted", "it is being deleted" },
		{ 500, "failed calling webhook", "failed calling a webhook" },
		{ 500, "failed to call webhook", "failed calling a webhook" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (work->call.status == rows[i].status && has(status, rows[i].part)) {
			return rows[i].text;
		}
	}
	/* The namespace is made by this very sync. */
	bool lacks = work->call.status == 404 && has(status, "namespaces \"") && has(status, "not found");
	return lacks ? "its namespace is not there yet" : NULL;
}

/* --- other managers ----------------------------------------------------------------------------------------------- */

/* The manager that a cause quotes: conflict with "kubectl" using apps/v1. free() it; NULL if there is none. */
static char *manager_in(const char *message)
{
	const char *begin = message ? strchr(message, '"') : NULL;
	const char *end = begin ? strchr(begin + 1, '"') : NULL;
	return end ? text_dup_len(begin + 1, (size_t)(end - begin - 1)) : NULL;
}

static bool is_field_conflict(const struct kube_status *status)
{
	const cJSON *cause = NULL;
	cJSON_ArrayForEach (cause, status->causes) {
		const char *type = doc_text(cause, "reason");
		type = type ? type : doc_text(cause, "type");
		if (type && strcmp(type, "FieldManagerConflict") == 0) {
			return true;
		}
	}
	return false;
}

char *apply_blocker(const struct kube_status *status, const char *const *take_over)
{
	const cJSON *cause = NULL;
	cJSON_ArrayForEach (cause, status->causes) {
		CLEANUP(text_freep) char *manager = manager_in(doc_text(cause, "message"));
		const char *field = doc_text(cause, "field");
		if (manager && !manager_takeable(manager, take_over)) {
			return text_printf("%s sets %s; %s: force on the manifest takes it over", manager,
			                   field && *field == '.' ? field + 1 : field, NOTE_CONFLICTS);
		}
	}
	return NULL;
}

static void conflict(struct work *work, const struct kube_status *status)
{
	char *who = apply_blocker(status, work->run->apply->take_over);
	if (who) {
		work_end(work, VERDICT_BLOCKED, who, FAILURE_STOPPED);
		return;
	}
	work->checked = true;
	work->force = true;
	/* From the beginning: an object that was made meanwhile has fields to take over, too. */
	work_goto(work, apply_steps, STEP_LIVE);
}

/* The object changed between two steps: read it again. */
static void raced(struct work *work)
{
	if (work->races++ >= MOST_RACES) {
		fail(work);
		return;
	}
	cJSON_Delete(work->live);
	work->live = NULL;
	struct err err = ERR_INIT;
	work_later(work, said(work, &err), FAILURE_MANIFESTS);
	work->late = work->expects != NULL;
	work->at = work->steps == apply_steps ? STEP_SEEN : 0;
	while (work->steps[work->at].needed && !work->steps[work->at].needed(work)) {
		work->at++;
	}
}

/* --- immutable fields --------------------------------------------------------------------------------------------- */

static bool says_immutable(const char *message)
{
	static const char *const words[] = { "immutable",
		                                 "may not change once set",
		                                 "updates to statefulset spec for fields other than",
		                                 "cannot change roleRef",
		                                 "may not be changed",
		                                 "cannot be changed" };
	for (size_t i = 0; message && i < ARRAY_LEN(words); i++) {
		if (strstr(message, words[i])) {
			return true;
		}
	}
	return false;
}

char *apply_immutable(const struct kube_status *status)
{
	struct buf text = BUF_INIT(SIZE_MAX);
	const cJSON *cause = NULL;
	cJSON_ArrayForEach (cause, status->causes) {
		const char *field = doc_text(cause, "field");
		if (!field || !says_immutable(doc_text(cause, "message"))) {
			buf_release(&text);
			return NULL;
		}
		if (!strstr(buf_text(&text), field)) {
			(void)buf_printf(&text, "%s%s", text.len ? "," : "", field);
		}
	}
	return text.len ? buf_detach(&text) : NULL;
}

static bool holds_data(const struct ident *id)
{
	static const char *const kinds[] = { "Namespace", "CustomResourceDefinition", "PersistentVolume", "PersistentVolumeClaim" };
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (strcmp(id->kind, kinds[i]) == 0) {
			return true;
		}
	}
	return false;
}

bool apply_may_recreate(const struct object *object, const char *fields)
{
	const char *allowed = object_annotation(object, NOTE_RECREATE);
	return allowed && strcmp(allowed, fields) == 0 && !holds_data(&object->id);
}

char *apply_recreate_text(const struct ident *id, const char *fields)
{
	CLEANUP(text_freep) char *name = ident_text(id);
	return text_printf("%s is deleted and made anew, with downtime: %s is immutable", name, fields);
}

static void immutable(struct work *work, char *fields)
{
	if (holds_data(work->id)) {
		work_end(work, VERDICT_FAILED, text_printf("%s is immutable, and a %s is never recreated", fields, work->id->kind),
		         FAILURE_MANIFESTS);
		free(fields);
	} else if (!apply_may_recreate(work->action->desired, fields)) {
		work_end(work, VERDICT_FAILED,
		         text_printf("%s is immutable; with the annotation %s: %s it is deleted and made anew, with downtime", fields,
		                     NOTE_RECREATE, fields),
		         FAILURE_MANIFESTS);
		free(fields);
	} else {
		free(work->recreated);
		work->recreated = fields;
		work->recreate = true;
		work_goto(work, recreate_steps, 0);
	}
}

static void refused(struct work *work, const struct kube_status *status)
{
	int code = work->call.status;
	struct err err = ERR_INIT;
	bool waiting = work->waits && code == 404;
	const char *passes = passing(work, status);
	char *fields = code == 422 && !work->recreate ? apply_immutable(status) : NULL;
	if (waiting) {
		work->waits = false;
		work->at++;
		work_next(work);
	} else if (passes) {
		work_later(work, is_secret(work->id) ? text_dup(passes) : said(work, &err), FAILURE_MANIFESTS);
	} else if (code == 404 && (strcmp(work->call.method, "GET") == 0 || strcmp(work->call.method, "DELETE") == 0)) {
		/* Gone since it was listed: then it is made, or there is nothing to delete. */
		work->take_over = false;
		work->late = false;
		text_set(&work->expects, work->expects ? NOT_THERE : NULL);
		work->at++;
		work_next(work);
	} else if (code == 409 && is_field_conflict(status)) {
		conflict(work, status);
	} else if (code == 409) {
		raced(work);
	} else if (fields) {
		immutable(work, fields);
	} else {
		fail(work);
	}
}

void work_refused(struct work *work)
{
	struct kube_status status = kube_status_of(&work->call);
	refused(work, &status);
	kube_status_release(&status);
}
