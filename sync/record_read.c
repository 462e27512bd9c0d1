#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/clock.h"
#include "sync/pack.h"
#include "sync/record.h"

static char *get_text(const cJSON *doc, const char *key)
{
	const char *text = doc_text(doc, key);
	return text_dup(text ? text : "");
}

static char *get_text_or_null(const cJSON *doc, const char *key)
{
	const char *text = doc_text(doc, key);
	return text && *text ? text_dup(text) : NULL;
}

static int64_t get_time(const cJSON *doc, const char *key)
{
	const char *text = doc_text(doc, key);
	int64_t wall = text ? clock_parse(text) : -1;
	return wall < 0 ? 0 : wall;
}

bool record_read_intent(const cJSON *data, struct ledger_sync *sync)
{
	const char *commit = doc_text(data, "commit");
	if (!commit || !*commit) {
		return false;
	}
	sync->commit = text_dup(commit);
	sync->ref = get_text(data, "ref");
	sync->url = get_text(data, "url");
	sync->path = get_text(data, "path");
	sync->target_ns = get_text_or_null(data, "targetNamespace");
	sync->author = get_text(data, "author");
	sync->subject = get_text(data, "subject");
	sync->message = text_dup("");
	sync->commit_time = get_time(data, "commitTime");
	sync->started = get_time(data, "started");
	sync->heal = doc_true(data, "heal");
	sync->result = LEDGER_UNFINISHED;
	return true;
}

static struct ledger_revision revision_of(const cJSON *doc)
{
	return (struct ledger_revision){
		.id = { get_text(doc, "group"), get_text(doc, "kind"), get_text(doc, "namespace"), get_text(doc, "name") },
		.uid = get_text(doc, "uid"),
		.from = doc_int(doc, "from", 0),
		.to = doc_int(doc, "to", 0),
		.replicaset = get_text_or_null(doc, "replicaSet"),
		.hash = get_text_or_null(doc, "hash"),
		.healed_from = get_text_or_null(doc, "healedFrom"),
	};
}

static cJSON *unpack_revisions(const char *packed)
{
	CLEANUP(buf_release) struct buf zipped = BUF_INIT(LIMIT_INVENTORY_BYTES);
	struct err ignored = ERR_INIT;
	return pack_unbase64(packed, &zipped) ? pack_unzip_doc(zipped.data, zipped.len, &ignored) : NULL;
}

static void take_revisions(struct ledger_sync *sync, struct ledger_revision *revisions, size_t count)
{
	for (size_t i = 0; i < sync->revision_count; i++) {
		ledger_revision_release(&sync->revisions[i]);
	}
	free(sync->revisions);
	sync->revisions = revisions;
	sync->revision_count = count;
}

static bool read_rows(const cJSON *rows, struct ledger_sync *sync)
{
	if (!cJSON_IsArray(rows)) {
		return false;
	}
	struct ledger_revision *revisions = alloc_new((size_t)cJSON_GetArraySize(rows), sizeof *revisions);
	size_t count = 0;
	const cJSON *row = NULL;
	cJSON_ArrayForEach (row, rows) {
		if (doc_text(row, "kind") && doc_text(row, "name")) {
			revisions[count++] = revision_of(row);
		}
	}
	take_revisions(sync, revisions, count);
	return true;
}

static bool read_revisions(const cJSON *data, struct ledger_sync *sync)
{
	const char *packed = doc_text(data, "revisionsPacked");
	if (!packed) {
		return read_rows(doc_get(data, "revisions"), sync);
	}
	CLEANUP(doc_freep) cJSON *rows = unpack_revisions(packed);
	return read_rows(rows, sync);
}

static bool result_of(const char *text, enum ledger_result *out)
{
	for (enum ledger_result i = LEDGER_APPLIED; text && i <= LEDGER_INTERRUPTED; i++) {
		if (strcmp(text, ledger_result_text(i)) == 0) {
			*out = i;
			return true;
		}
	}
	return false;
}

bool record_read_outcome(const cJSON *data, struct ledger_sync *sync)
{
	enum ledger_result result = LEDGER_UNFINISHED;
	if (!result_of(doc_text(data, "result"), &result) || !read_revisions(data, sync)) {
		return false;
	}
	sync->result = result;
	free(sync->message);
	sync->message = get_text(data, "message");
	sync->finished = get_time(data, "finished");
	free(sync->server);
	sync->server = get_text_or_null(data, "server");
	sync->revisions_pending = doc_true(data, "revisionsPending");
	return true;
}

bool record_read_revisions(const cJSON *data, struct ledger_sync *sync)
{
	if (!read_revisions(data, sync)) {
		return false;
	}
	sync->revisions_pending = false;
	return true;
}

static char *dup_or_null(const char *text)
{
	return text ? text_dup(text) : NULL;
}

struct ledger_revision record_revision_dup(const struct ledger_revision *revision)
{
	return (struct ledger_revision){
		.id = ident_dup(&revision->id),
		.uid = text_dup(revision->uid ? revision->uid : ""),
		.from = revision->from,
		.to = revision->to,
		.replicaset = dup_or_null(revision->replicaset),
		.hash = dup_or_null(revision->hash),
		.healed_from = dup_or_null(revision->healed_from),
	};
}

bool record_revision_known(const struct ledger_revision *revision)
{
	return revision->to && revision->hash && revision->replicaset;
}

void record_set_revisions(struct ledger_sync *sync, const struct ledger_revision *revisions, size_t count)
{
	struct ledger_revision *copies = alloc_new(count, sizeof *copies);
	bool pending = false;
	for (size_t i = 0; i < count; i++) {
		copies[i] = record_revision_dup(&revisions[i]);
		pending = pending || !record_revision_known(&copies[i]);
	}
	take_revisions(sync, copies, count);
	sync->revisions_pending = pending;
}
