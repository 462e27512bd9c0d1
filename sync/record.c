#include "sync/record.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/digest.h"
#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/clock.h"
#include "sync/names.h"
#include "sync/pack.h"

enum { LINE_BYTES = 1024, NAME_DIGITS = 40, INLINE_REVISIONS = 32 };

static const char *const kinds[] = {
	[RECORD_INTENT] = "intent",
	[RECORD_OUTCOME] = "outcome",
	[RECORD_REVISIONS] = "revisions",
	[RECORD_INVENTORY] = "inventory",
};

const char *record_kind_text(enum record_kind kind)
{
	return kinds[kind];
}

bool record_kind_of(const char *text, enum record_kind *out)
{
	for (size_t i = 0; text && i < RECORD_KINDS; i++) {
		if (strcmp(text, kinds[i]) == 0) {
			*out = (enum record_kind)i;
			return true;
		}
	}
	return false;
}

char *record_anchor_name(const char *sync)
{
	return text_printf("plumb-%s", sync);
}

char *record_name(const char *sync, int64_t number, enum record_kind kind)
{
	return text_printf("plumb-%s-%" PRId64 "-%s", sync, number, kinds[kind]);
}

char *record_inventory_name(const char *sync, const void *bytes, size_t len)
{
	char digest[DIGEST_TEXT];
	digest_of(bytes, len, digest);
	return text_printf("plumb-%s-inv-%.*s", sync, (int)NAME_DIGITS, digest);
}

char *record_part_name(const char *inventory, size_t part, size_t parts)
{
	return parts == 1 ? text_dup(inventory) : text_printf("%s-%zu", inventory, part);
}

static void add_owner(cJSON *metadata, const struct record_place *place)
{
	cJSON *owner = cJSON_CreateObject();
	doc_set_text(owner, "apiVersion", place->owner.api_version);
	doc_set_text(owner, "kind", place->owner.kind);
	doc_set_text(owner, "name", place->owner.name);
	doc_set_text(owner, "uid", place->owner.uid);
	doc_set(owner, "controller", cJSON_CreateTrue());
	cJSON_AddItemToArray(cJSON_AddArrayToObject(metadata, "ownerReferences"), owner);
}

cJSON *record_object(const struct record_place *place, cJSON *data)
{
	cJSON *object = cJSON_CreateObject();
	doc_set_text(object, "apiVersion", "apps/v1");
	doc_set_text(object, "kind", "ControllerRevision");
	cJSON *metadata = doc_make(object, "metadata");
	doc_set_text(metadata, "name", place->name);
	doc_set_text(metadata, "namespace", place->ns);
	cJSON *labels = doc_make(metadata, "labels");
	doc_set_text(labels, LABEL_RECORD_OF, place->sync);
	doc_set_text(labels, LABEL_RECORD, kinds[place->kind]);
	add_owner(metadata, place);
	doc_set(object, "revision", cJSON_CreateNumber((double)place->number));
	doc_set(object, "data", data);
	return object;
}

/* Bytes of the UTF-8 sequence at text; 0 where it is none. */
static size_t sequence(const unsigned char *text)
{
	if (text[0] < 0x80) {
		return 1;
	}
	size_t len = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
	if (text[0] < 0xc2 || text[0] > 0xf4) {
		return 0;
	}
	for (size_t i = 1; i < len; i++) {
		if ((text[i] & 0xc0) != 0x80) {
			return 0;
		}
	}
	bool wrong = (text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
	             (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f);
	return wrong ? 0 : len;
}

char *record_line(const char *text)
{
	struct buf out = BUF_INIT(LINE_BYTES);
	const unsigned char *at = (const unsigned char *)(text ? text : "");
	while (*at) {
		size_t len = sequence(at);
		bool control = (len == 1 && (*at < 0x20 || *at == 0x7f)) || (len == 2 && at[0] == 0xc2 && at[1] < 0xa0);
		if (!(len && !control ? buf_add(&out, at, len) : buf_putc(&out, control ? ' ' : '?'))) {
			break;
		}
		at += len ? len : 1;
	}
	return buf_detach(&out);
}

static void set_line(cJSON *doc, const char *key, const char *text)
{
	CLEANUP(text_freep) char *line = record_line(text);
	doc_set_text(doc, key, line);
}

static void set_time(cJSON *doc, const char *key, int64_t wall)
{
	char text[CLOCK_TEXT];
	clock_text(wall, text);
	doc_set_text(doc, key, text);
}

static void set_number(cJSON *doc, const char *key, int64_t number)
{
	if (number) {
		doc_set(doc, key, cJSON_CreateNumber((double)number));
	}
}

static void set_text(cJSON *doc, const char *key, const char *text)
{
	if (text && *text) {
		doc_set_text(doc, key, text);
	}
}

static cJSON *begin(const struct ledger_sync *sync, const char *writer)
{
	cJSON *data = cJSON_CreateObject();
	doc_set(data, "format", cJSON_CreateNumber(RECORD_FORMAT));
	doc_set(data, "number", cJSON_CreateNumber((double)sync->number));
	doc_set_text(data, "writer", writer);
	return data;
}

cJSON *record_intent(const struct ledger_sync *sync, const char *writer, cJSON *inventory)
{
	cJSON *data = begin(sync, writer);
	doc_set_text(data, "commit", sync->commit);
	set_line(data, "ref", sync->ref);
	doc_set_text(data, "url", sync->url);
	doc_set_text(data, "path", sync->path);
	set_text(data, "targetNamespace", sync->target_ns);
	set_line(data, "author", sync->author);
	set_line(data, "subject", sync->subject);
	set_time(data, "commitTime", sync->commit_time);
	set_time(data, "started", sync->started);
	if (sync->heal) {
		doc_set(data, "heal", cJSON_CreateTrue());
	}
	doc_set(data, "inventory", inventory);
	return data;
}

static cJSON *revision_doc(const struct ledger_revision *revision)
{
	cJSON *doc = cJSON_CreateObject();
	set_text(doc, "group", revision->id.group);
	doc_set_text(doc, "kind", revision->id.kind);
	set_text(doc, "namespace", revision->id.ns);
	doc_set_text(doc, "name", revision->id.name);
	set_text(doc, "uid", revision->uid);
	set_number(doc, "from", revision->from);
	set_number(doc, "to", revision->to);
	set_text(doc, "replicaSet", revision->replicaset);
	set_text(doc, "hash", revision->hash);
	set_text(doc, "healedFrom", revision->healed_from);
	return doc;
}

/* Base64 of the zipped rows; NULL where they are too many for a record. */
static char *pack_revisions(const cJSON *rows)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INVENTORY_BYTES);
	CLEANUP(buf_release) struct buf zipped = BUF_INIT(LIMIT_RECORD_BYTES);
	bool fits = doc_print(rows, &text) && pack_zip(text.data, text.len, &zipped);
	return fits ? pack_base64(zipped.data, zipped.len) : NULL;
}

/* What does not fit is left out: an outcome without some revisions is better than none. */
static void set_packed(cJSON *data, cJSON *rows)
{
	char *packed = pack_revisions(rows);
	while (!packed) {
		for (int keep = cJSON_GetArraySize(rows) * 3 / 4, i = cJSON_GetArraySize(rows); i > keep; i--) {
			cJSON_DeleteItemFromArray(rows, i - 1);
		}
		packed = pack_revisions(rows);
	}
	doc_set_text(data, "revisionsPacked", packed);
	free(packed);
	cJSON_Delete(rows);
}

static void set_revisions(cJSON *data, const struct ledger_sync *sync)
{
	cJSON *rows = cJSON_CreateArray();
	for (size_t i = 0; i < sync->revision_count; i++) {
		cJSON_AddItemToArray(rows, revision_doc(&sync->revisions[i]));
	}
	if (sync->revision_count > INLINE_REVISIONS) {
		set_packed(data, rows);
	} else {
		doc_set(data, "revisions", rows);
	}
}

cJSON *record_outcome(const struct ledger_sync *sync, const char *writer, cJSON *inventory)
{
	assert(sync->result != LEDGER_UNFINISHED);
	cJSON *data = begin(sync, writer);
	doc_set_text(data, "result", ledger_result_text(sync->result));
	set_line(data, "message", sync->message);
	set_time(data, "finished", sync->finished);
	set_text(data, "server", sync->server);
	set_revisions(data, sync);
	if (sync->revisions_pending) {
		doc_set(data, "revisionsPending", cJSON_CreateTrue());
	}
	doc_set(data, "inventory", inventory);
	return data;
}

cJSON *record_revisions(const struct ledger_sync *sync, const char *writer)
{
	cJSON *data = begin(sync, writer);
	set_revisions(data, sync);
	return data;
}
