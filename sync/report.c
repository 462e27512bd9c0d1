#include "sync/report.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_OBJECTS = 64 };

static const char *const verdict_names[VERDICT_COUNT] = {
	[VERDICT_CREATED] = "created", [VERDICT_CHANGED] = "changed",     [VERDICT_HEALED] = "healed", [VERDICT_ADOPTED] = "adopted",
	[VERDICT_PRUNED] = "pruned",   [VERDICT_UNCHANGED] = "unchanged", [VERDICT_KEPT] = "kept",     [VERDICT_SKIPPED] = "skipped",
	[VERDICT_WAITING] = "waiting", [VERDICT_BLOCKED] = "blocked",     [VERDICT_FAILED] = "failed",
};

static const char *const result_names[] = {
	[RESULT_UNCHANGED] = "unchanged", [RESULT_APPLIED] = "applied",       [RESULT_HEALTHY] = "healthy",
	[RESULT_FAILED] = "failed",       [RESULT_INCOMPLETE] = "incomplete",
};

static const int exit_codes[FAILURE_COUNT] = {
	[FAILURE_USAGE] = 2,   [FAILURE_GIT] = 3,     [FAILURE_MANIFESTS] = 4,
	[FAILURE_CLUSTER] = 5, [FAILURE_ROLLOUT] = 6, [FAILURE_STOPPED] = 7,
};

const char *verdict_text(enum verdict verdict)
{
	return verdict_names[verdict];
}

const char *report_result_text(enum report_result result)
{
	return result_names[result];
}

static void texts_release(char **texts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(texts[i]);
	}
	free(texts);
}

void report_release(struct report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		ident_release(&report->objects[i]->id);
		free(report->objects[i]->reason);
		free(report->objects[i]->uid);
		free(report->objects[i]);
	}
	free(report->objects);
	map_release(&report->by_key);
	texts_release(report->warnings, report->warning_count);
	texts_release(report->errors, report->error_count);
	repo_commit_release(&report->commit);
	free(report->ref);
	free(report->name);
	free(report->ns);
	*report = REPORT_INIT;
}

/* The object of that identity, made where it is new. */
static struct report_object *object_of(struct report *report, const struct ident *id, bool *is_new)
{
	CLEANUP(text_freep) char *key = ident_key(id);
	struct report_object *object = map_get(&report->by_key, key);
	*is_new = !object;
	if (object) {
		return object;
	}
	if (report->count == report->cap) {
		report->cap = report->cap ? 2 * report->cap : FIRST_OBJECTS;
		report->objects = alloc_grow(report->objects, report->cap, sizeof(struct report_object *));
	}
	object = alloc_new(1, sizeof *object);
	object->id = ident_dup(id);
	object->reason = text_dup("");
	report->objects[report->count++] = object;
	(void)map_set(&report->by_key, key, object);
	return object;
}

static void tell(struct report *report, const struct report_object *object)
{
	if (report->changed) {
		report->changed(report->context, report, object);
	}
}

/* What is only incomplete comes behind what says more. */
static void note_stop(struct report *report, enum stop stop)
{
	report->stop = report->stop > STOP_INCOMPLETE ? report->stop : stop;
}

void report_verdict(struct report *report, const struct ident *id, enum verdict verdict, char *reason, enum failure failure)
{
	bool is_new = false;
	struct report_object *object = object_of(report, id, &is_new);
	if (!is_new) {
		report->verdicts[object->verdict]--;
	}
	report->verdicts[verdict]++;
	report->failures[failure] = true;
	if (failure == FAILURE_STOPPED) {
		note_stop(report, STOP_INCOMPLETE);
	}
	object->verdict = verdict;
	free(object->reason);
	object->reason = reason;
	tell(report, object);
}

/* It is counted as unchanged until somebody says more. */
static struct report_object *object_so_far(struct report *report, const struct ident *id)
{
	bool is_new = false;
	struct report_object *object = object_of(report, id, &is_new);
	if (is_new) {
		object->verdict = VERDICT_UNCHANGED;
		report->verdicts[VERDICT_UNCHANGED]++;
	}
	return object;
}

void report_uid(struct report *report, const struct ident *id, const char *uid)
{
	text_set(&object_so_far(report, id)->uid, uid);
}

void report_health(struct report *report, const struct ident *id, const struct health_report *health)
{
	struct report_object *object = object_so_far(report, id);
	object->followed = true;
	object->health = *health;
	tell(report, object);
}

const struct report_object *report_find(const struct report *report, const struct ident *id)
{
	CLEANUP(text_freep) char *key = ident_key(id);
	return map_get(&report->by_key, key);
}

void report_warn(struct report *report, char *text)
{
	for (size_t i = 0; i < report->warning_count; i++) {
		if (strcmp(report->warnings[i], text) == 0) {
			free(text);
			return;
		}
	}
	report->warnings = alloc_grow(report->warnings, report->warning_count + 1, sizeof(char *));
	report->warnings[report->warning_count++] = text;
}

void report_stop(struct report *report, enum stop stop, char *text)
{
	note_stop(report, stop);
	report_fail(report, FAILURE_STOPPED, text);
}

static void add_error(struct report *report, char *text)
{
	report->errors = alloc_grow(report->errors, report->error_count + 1, sizeof(char *));
	report->errors[report->error_count++] = text;
}

void report_fail(struct report *report, enum failure failure, char *text)
{
	report->failures[failure] = true;
	if (failure == FAILURE_STOPPED) {
		note_stop(report, STOP_INCOMPLETE);
	}
	add_error(report, text);
}

void report_take(struct report *report, struct report *from)
{
	for (size_t i = 0; i < from->warning_count; i++) {
		report_warn(report, TAKE(from->warnings[i]));
	}
	for (size_t i = 0; i < from->error_count; i++) {
		add_error(report, TAKE(from->errors[i]));
	}
	for (size_t i = 0; i < FAILURE_COUNT; i++) {
		report->failures[i] = report->failures[i] || from->failures[i];
	}
	if (from->stop) {
		note_stop(report, from->stop);
	}
	if (from->ns) {
		text_set(&report->ns, from->ns);
	}
}

bool report_err(struct report *report, enum failure failure, const struct err *err)
{
	report_fail(report, failure, text_dup(err->msg));
	return false;
}

enum failure failure_of(const struct err *err)
{
	return err->kind == ERR_DENIED || err->kind == ERR_TRANSIENT ? FAILURE_CLUSTER : FAILURE_MANIFESTS;
}

void report_phase(struct report *report, const char *text)
{
	if (report->phase) {
		report->phase(report->context, report, text);
	}
}

int report_exit_code(const struct report *report)
{
	static const enum failure order[] = { FAILURE_USAGE,     FAILURE_GIT,     FAILURE_CLUSTER,
		                                  FAILURE_MANIFESTS, FAILURE_STOPPED, FAILURE_ROLLOUT };
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		if (report->failures[order[i]]) {
			return exit_codes[order[i]];
		}
	}
	return 0;
}
