/*
 * The documented JSON objects, each with a `version` that counts up when a member changes its meaning
 * (docs/operations.md).
 */
#include "agent/output.h"

#include <stdlib.h>

#include "render/doc.h"
#include "sync/clock.h"

enum { VERSION = 1 };

static void set_number(cJSON *mapping, const char *key, int64_t value)
{
	doc_set(mapping, key, cJSON_CreateNumber((double)value));
}

static void set_text(cJSON *mapping, const char *key, const char *text)
{
	CLEANUP(buf_release) struct buf clean = BUF_INIT(SIZE_MAX);
	output_clean(&clean, text ? text : "");
	doc_set_text(mapping, key, buf_text(&clean));
}

static void set_time(cJSON *mapping, const char *key, int64_t wall)
{
	char text[CLOCK_TEXT] = "";
	if (wall > 0) {
		clock_text(wall, text);
	}
	doc_set_text(mapping, key, text);
}

static cJSON *object_json(const struct report_object *object)
{
	cJSON *json = cJSON_CreateObject();
	set_text(json, "group", object->id.group);
	set_text(json, "kind", object->id.kind);
	set_text(json, "namespace", object->id.ns);
	set_text(json, "name", object->id.name);
	doc_set_text(json, "verdict", verdict_text(object->verdict));
	set_text(json, "reason", object->reason);
	doc_set_text(json, "health", object->followed ? health_text(object->health.health) : "");
	const struct health_report *health = &object->health;
	CLEANUP(text_freep)
	char *reason = text_printf("%s%s%s", object->followed ? health->reason : "",
	                           object->followed && *health->reason && *health->message ? ": " : "",
	                           object->followed ? health->message : "");
	set_text(json, "healthReason", reason);
	return json;
}

static cJSON *texts_json(char *const *texts, size_t count)
{
	cJSON *list = cJSON_CreateArray();
	for (size_t i = 0; i < count; i++) {
		CLEANUP(buf_release) struct buf clean = BUF_INIT(SIZE_MAX);
		output_clean(&clean, texts[i]);
		cJSON_AddItemToArray(list, cJSON_CreateString(buf_text(&clean)));
	}
	return list;
}

static cJSON *commit_json(const struct report *report)
{
	cJSON *json = cJSON_CreateObject();
	set_text(json, "id", report->commit.id);
	set_text(json, "ref", report->ref);
	set_text(json, "author", report->commit.author);
	set_text(json, "subject", report->commit.subject);
	set_time(json, "when", report->commit.when);
	return json;
}

cJSON *output_sync_json(const struct report *report)
{
	cJSON *json = cJSON_CreateObject();
	set_number(json, "version", VERSION);
	doc_set_text(json, "command", "sync");
	cJSON *sync = doc_make(json, "sync");
	set_text(sync, "name", report->name);
	set_text(sync, "namespace", report->ns);
	doc_set(json, "commit", commit_json(report));
	set_number(json, "number", report->number);
	doc_set_text(json, "result", report_result_text(report->result));
	set_number(json, "exitCode", report_exit_code(report));
	cJSON *objects = cJSON_CreateArray();
	for (size_t i = 0; i < report->count; i++) {
		cJSON_AddItemToArray(objects, object_json(report->objects[i]));
	}
	doc_set(json, "objects", objects);
	cJSON *counts = doc_make(json, "counts");
	for (int verdict = 0; verdict < VERDICT_COUNT; verdict++) {
		set_number(counts, verdict_text((enum verdict)verdict), (int64_t)report->verdicts[verdict]);
	}
	doc_set(json, "warnings", texts_json(report->warnings, report->warning_count));
	doc_set(json, "errors", texts_json(report->errors, report->error_count));
	set_number(json, "requests", (int64_t)report->requests);
	return json;
}

static cJSON *deployments_json(const struct ledger_sync *sync)
{
	cJSON *list = cJSON_CreateArray();
	for (size_t i = 0; i < sync->revision_count; i++) {
		const struct ledger_revision *revision = &sync->revisions[i];
		cJSON *json = cJSON_CreateObject();
		set_text(json, "namespace", revision->id.ns);
		set_text(json, "name", revision->id.name);
		set_number(json, "from", revision->from);
		set_number(json, "to", revision->to);
		set_text(json, "replicaset", revision->replicaset);
		cJSON_AddItemToArray(list, json);
	}
	return list;
}

cJSON *output_syncs_json(const struct ledger *ledger)
{
	cJSON *json = cJSON_CreateObject();
	set_number(json, "version", VERSION);
	cJSON *list = cJSON_CreateArray();
	size_t count = 0;
	const struct ledger_sync *syncs = ledger_syncs(ledger, &count);
	for (size_t i = 0; i < count; i++) {
		const struct ledger_sync *sync = &syncs[i];
		cJSON *row = cJSON_CreateObject();
		set_number(row, "number", sync->number);
		set_text(row, "commit", sync->commit);
		set_time(row, "when", sync->finished ? sync->finished : sync->started);
		set_text(row, "author", sync->author);
		doc_set_text(row, "result", ledger_result_text(sync->result));
		doc_set(row, "heal", cJSON_CreateBool(sync->heal));
		set_text(row, "subject", sync->subject);
		doc_set(row, "deployments", deployments_json(sync));
		cJSON_AddItemToArray(list, row);
	}
	doc_set(json, "syncs", list);
	return json;
}

static cJSON *revision_json(const struct history_row *row)
{
	const struct ledger_sync *sync = row->sync;
	cJSON *json = cJSON_CreateObject();
	set_number(json, "revision", row->revision);
	if (sync) {
		set_text(json, "commit", sync->commit);
		doc_set(json, "drift", cJSON_CreateNull());
	} else {
		doc_set(json, "commit", cJSON_CreateNull());
		set_text(json, "drift", row->drift);
	}
	set_time(json, "when", sync ? sync->started : row->created);
	set_text(json, "author", sync ? sync->author : "");
	set_text(json, "image", row->image);
	set_text(json, "replicaset", row->replicaset);
	set_number(json, "replicas", row->replicas);
	set_text(json, "subject", sync ? sync->subject : "");
	doc_set(json, "current", cJSON_CreateBool(row->current));
	return json;
}

cJSON *output_revisions_json(const char *ns, const char *name, const struct history *history)
{
	cJSON *json = cJSON_CreateObject();
	set_number(json, "version", VERSION);
	cJSON *deployment = doc_make(json, "deployment");
	set_text(deployment, "namespace", ns);
	set_text(deployment, "name", name);
	cJSON *list = cJSON_CreateArray();
	for (size_t i = 0; i < history->count; i++) {
		cJSON_AddItemToArray(list, revision_json(&history->rows[i]));
	}
	doc_set(json, "revisions", list);
	return json;
}
