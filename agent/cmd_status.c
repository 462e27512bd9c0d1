#include <stdlib.h>
#include <string.h>

#include "agent/commands.h"
#include "agent/output.h"
#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/access.h"
#include "sync/clock.h"
#include "sync/names.h"
#include "sync/status.h"
#include "sync/syncresource.h"

enum { CLUSTER = 5, ROLLOUT = 6, STOPPED = 7, VERSION = 1 };

static const char *health_word(const struct status_row *row)
{
	return !row->known ? "unknown" : !row->there ? "missing" : health_text(row->health.health);
}

static bool is_fine(const struct status_row *row)
{
	return row->there && (row->health.health == HEALTH_CURRENT || row->health.health == HEALTH_PAUSED) && !row->kept;
}

static cJSON *row_json(const struct status_row *row)
{
	cJSON *json = cJSON_CreateObject();
	doc_set_text(json, "group", row->id.group);
	doc_set_text(json, "kind", row->id.kind);
	doc_set_text(json, "namespace", row->id.ns);
	doc_set_text(json, "name", row->id.name);
	doc_set_text(json, "health", health_word(row));
	CLEANUP(buf_release) struct buf reason = BUF_INIT(LIMIT_KIB(4));
	output_clean(&reason, row->health.reason);
	output_clean(&reason, *row->health.reason && *row->health.message ? ": " : "");
	output_clean(&reason, row->health.message);
	doc_set_text(json, "healthReason", buf_text(&reason));
	doc_set(json, "kept", cJSON_CreateBool(row->kept));
	doc_set(json, "disabled", cJSON_CreateBool(row->disabled));
	return json;
}

/* What the agent says of the Sync resource. */
static cJSON *resource_json(const cJSON *resource)
{
	struct syncresource_state state;
	syncresource_state(resource, clock_wall(), &state);
	cJSON *json = cJSON_CreateObject();
	doc_set_text(json, "ready", *state.ready ? state.ready : "Unknown");
	doc_set_text(json, "reason", state.reason);
	doc_set_text(json, "message", state.message);
	doc_set(json, "stalled", cJSON_CreateBool(state.stalled));
	doc_set(json, "suspended", cJSON_CreateBool(state.suspended));
	doc_set_text(json, "lastAttemptedCommit", state.attempted);
	doc_set_text(json, "lastAppliedCommit", state.applied);
	doc_set_text(json, "lastHealthyCommit", state.healthy);
	return json;
}

static void put_resource(const cJSON *resource, struct buf *out)
{
	struct syncresource_state state;
	syncresource_state(resource, clock_wall(), &state);
	if (!*state.ready) {
		(void)buf_puts(out, "Sync resource: no agent has looked at its newest generation yet\n");
		return;
	}
	(void)buf_printf(out, "Sync resource: Ready %s, ", state.ready);
	output_clean(out, state.reason);
	(void)buf_printf(out, "%s: ", state.stalled ? ", stalled" : "");
	output_clean(out, state.message);
	(void)buf_putc(out, '\n');
}

static cJSON *status_json(const struct options *options, const struct status *status, const cJSON *resource, int code)
{
	cJSON *json = cJSON_CreateObject();
	doc_set(json, "version", cJSON_CreateNumber(VERSION));
	doc_set_text(doc_make(json, "sync"), "name", options->cycle.name);
	doc_set_text(doc_make(json, "sync"), "namespace", status->ns);
	doc_set(json, "exitCode", cJSON_CreateNumber(code));
	if (resource) {
		doc_set(json, "resource", resource_json(resource));
	}
	if (status->last) {
		char when[CLOCK_TEXT] = "";
		clock_text(status->last->finished ? status->last->finished : status->last->started, when);
		cJSON *last = doc_make(json, "last");
		doc_set(last, "number", cJSON_CreateNumber((double)status->last->number));
		doc_set_text(last, "commit", status->last->commit);
		doc_set_text(last, "when", when);
		doc_set_text(last, "author", status->last->author ? status->last->author : "");
		doc_set_text(last, "subject", status->last->subject ? status->last->subject : "");
		doc_set_text(last, "result", ledger_result_text(status->last->result));
		doc_set_text(last, "message", status->last->message ? status->last->message : "");
	}
	cJSON *rows = cJSON_CreateArray();
	for (size_t i = 0; i < status->count; i++) {
		cJSON_AddItemToArray(rows, row_json(&status->rows[i]));
	}
	doc_set(json, "objects", rows);
	return json;
}

static void put_last(const struct ledger_sync *last, struct buf *out)
{
	char when[OUTPUT_TIME];
	output_time(last->finished ? last->finished : last->started, when);
	(void)buf_printf(out, "sync %lld of %.7s \"", (long long)last->number, last->commit);
	output_clean(out, last->subject ? last->subject : "");
	(void)buf_puts(out, "\" by ");
	output_clean(out, last->author && *last->author ? last->author : "?");
	(void)buf_printf(out, ", %s UTC: %s", when, ledger_result_text(last->result));
	if (last->message && *last->message) {
		(void)buf_puts(out, ": ");
		output_clean(out, last->message);
	}
	(void)buf_putc(out, '\n');
}

static void put_rows(const struct status *status, struct buf *out)
{
	size_t fine = 0;
	size_t disabled = 0;
	for (size_t i = 0; i < status->count; i++) {
		const struct status_row *row = &status->rows[i];
		disabled += row->disabled;
		if (is_fine(row)) {
			fine++;
			continue;
		}
		CLEANUP(text_freep) char *name = ident_text(&row->id);
		output_clean(out, name);
		(void)buf_printf(out, " %s%s", health_word(row), row->kept ? ", kept: not in Git" : "");
		if (*row->health.message) {
			(void)buf_puts(out, ": ");
			output_clean(out, row->health.message);
		}
		(void)buf_putc(out, '\n');
	}
	(void)buf_printf(out, "%zu of %zu objects are healthy", fine, status->count);
	if (disabled) {
		(void)buf_printf(out, "; %zu left alone (%s: disabled)", disabled, NOTE_RECONCILE);
	}
	(void)buf_putc(out, '\n');
}

/* The Sync resource knows why, where there is one. */
static int code_of_resource(const cJSON *resource)
{
	struct syncresource_state state;
	struct report report = REPORT_INIT;
	syncresource_state(resource, clock_wall(), &state);
	report.failures[*state.ready ? syncresource_failure(state.reason) : FAILURE_STOPPED] = true;
	return report_exit_code(&report);
}

static int code_of(const struct status *status, const cJSON *resource)
{
	int code = resource ? code_of_resource(resource) : 0;
	if (code) {
		return code;
	}
	if (!status->last || status->last->result == LEDGER_UNFINISHED || status->last->result == LEDGER_INCOMPLETE ||
	    status->last->result == LEDGER_INTERRUPTED) {
		return STOPPED;
	}
	for (size_t i = 0; i < status->count; i++) {
		if (status->rows[i].known && (!status->rows[i].there || status->rows[i].health.health == HEALTH_FAILED)) {
			return ROLLOUT;
		}
	}
	return status->last->result == LEDGER_FAILED ? ROLLOUT : 0;
}

int command_status(const struct options *options)
{
	struct err err = ERR_INIT;
	CLEANUP(status_release) struct status status = { 0 };
	struct kube_options more = { .stop = options->cycle.stop };
	status.kube = access_open(&options->cycle.access, options->cycle.ns, &more, &status.ns, &err);
	if (!status.kube || !status_read(&status, options->cycle.name, clock_now() + options->cycle.timeout, &err)) {
		output_error(err.msg);
		return CLUSTER;
	}
	CLEANUP(doc_freep) cJSON *resource = syncresource_get(status.kube, status.ns, options->cycle.name, &err);
	int code = code_of(&status, resource);
	if (!status.last && !resource) {
		CLEANUP(text_freep) char *unknown = output_unknown(status.ns, options->cycle.name);
		output_error(unknown);
	}
	if (options->json) {
		return output_json(status_json(options, &status, resource, code)) ? code : 7;
	}
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MIB(64));
	if (resource) {
		put_resource(resource, &text);
	}
	if (status.last) {
		put_last(status.last, &text);
		put_rows(&status, &text);
	}
	return output_text(buf_text(&text)) ? code : 7;
}
