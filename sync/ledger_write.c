#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/clock.h"
#include "sync/ledger_impl.h"
#include "sync/names.h"
#include "sync/pack.h"

enum { POST_TRIES = 2, POST_WAIT = 50, MOST_PARTS = 64 };

static void fill_body(struct kube_call *call, const cJSON *object)
{
	call->content_type = KUBE_JSON;
	call->body = BUF_INIT(LIMIT_OBJECT_BYTES);
	if (!doc_print(object, &call->body)) {
		abort(); /* all that goes in is bounded far below */
	}
}

static char *post_path(const char *collection)
{
	return text_printf("%s?fieldManager=" MANAGER_PLUMB, collection);
}

/* The client does not send a POST again by itself; here it is safe: names are deterministic, what is there is compared. */
bool ledger_post(struct kube *kube, const char *collection, const cJSON *object, cJSON **reply, struct err *err)
{
	for (unsigned i = 1;; i++) {
		CLEANUP(kube_call_release) struct kube_call call = kube_call_make("POST", post_path(collection));
		fill_body(&call, object);
		struct err failure = ERR_INIT;
		if (kube_do(kube, &call, &failure)) {
			*reply = doc_parse(buf_text(&call.reply), call.reply.len, err);
			return *reply != NULL;
		}
		if (call.status != 0 || i == POST_TRIES) {
			*err = failure;
			return false;
		}
		kube_sleep(kube, clock_now() + POST_WAIT);
	}
}

cJSON *ledger_get(struct kube *kube, const char *path, struct err *err)
{
	CLEANUP(kube_call_release) struct kube_call call = kube_call_make("GET", text_dup(path));
	return kube_do(kube, &call, err) ? doc_parse(buf_text(&call.reply), call.reply.len, err) : NULL;
}

/*
 * Creates a record; `object` is taken over. One of that name that is there is ours when its data is the same: our own POST
 * whose answer was lost. *uid gets its uid; what is there instead of ours goes to *other where the caller wants it.
 */
static bool create(struct ledger *ledger, cJSON *object, char **uid, cJSON **other, struct err *err)
{
	CLEANUP(doc_freep) cJSON *ours = object;
	CLEANUP(doc_freep) cJSON *reply = NULL;
	const char *name = doc_text(ours, "metadata/name");
	CLEANUP(text_freep) char *collection = ledger_path(ledger, NULL);
	struct err failure = ERR_INIT;
	if (!ledger_post(ledger->kube, collection, ours, &reply, &failure)) {
		if (failure.kind == ERR_CONFLICT) {
			CLEANUP(text_freep) char *path = ledger_path(ledger, name);
			reply = ledger_get(ledger->kube, path, &failure);
		}
		if (!reply) {
			*err = failure;
			return err_wrap(err, "cannot record '%s'", name);
		}
		if (!doc_equal(doc_get(reply, "data"), doc_get(ours, "data"))) {
			if (other) {
				*other = TAKE(reply);
			}
			return err_set(err, ERR_CONFLICT, "another process recorded '%s' first", name);
		}
	}
	const char *text = doc_text(reply, "metadata/uid");
	*uid = text ? text_dup(text) : NULL;
	return true;
}

static struct record_place place_of(const struct ledger *ledger, const char *name, enum record_kind kind, int64_t number)
{
	return (struct record_place){
		.ns = ledger->ns,
		.sync = ledger->name,
		.name = name,
		.kind = kind,
		.number = number,
	};
}

static cJSON *part_object(const struct ledger *ledger, const char *name, const struct buf *part)
{
	CLEANUP(text_freep) char *text = pack_base64(part->data, part->len);
	cJSON *data = cJSON_CreateObject();
	doc_set(data, "format", cJSON_CreateNumber(RECORD_FORMAT));
	doc_set_text(data, "bytes", text);
	CLEANUP(text_freep) char *anchor = record_anchor_name(ledger->name);
	struct record_place place = place_of(ledger, name, RECORD_INVENTORY, 1);
	place.owner = ledger_owner(ledger, anchor);
	return record_object(&place, data);
}

static struct kube_call part_call(const struct ledger *ledger, const struct delta_base *ref, const struct buf *bytes, size_t i)
{
	CLEANUP(text_freep) char *collection = ledger_path(ledger, NULL);
	CLEANUP(text_freep) char *name = record_part_name(ref->name, i, ref->parts);
	size_t start = i * LIMIT_RECORD_BYTES;
	size_t len = bytes->len - start < LIMIT_RECORD_BYTES ? bytes->len - start : LIMIT_RECORD_BYTES;
	struct buf part = { .data = bytes->data + start, .len = len };
	CLEANUP(doc_freep) cJSON *object = part_object(ledger, name, &part);
	struct kube_call call = kube_call_make("POST", post_path(collection));
	fill_body(&call, object);
	return call;
}

/* Sends all parts; false where one failed, *lost when all failures are connections that were lost. */
static bool send_parts(struct ledger *ledger, const struct delta_base *ref, const struct buf *bytes, bool *lost, struct err *err)
{
	struct kube_call *calls = alloc_new(ref->parts, sizeof *calls);
	for (size_t i = 0; i < ref->parts; i++) {
		calls[i] = part_call(ledger, ref, bytes, i);
	}
	ledger_send_all(ledger->kube, calls, ref->parts);
	bool good = true;
	*lost = true;
	for (size_t i = 0; i < ref->parts; i++) {
		/* Named by its content, so one that is there already is the same. */
		if (calls[i].status != 409 && !kube_check(&calls[i], false, err)) {
			good = false;
			*lost = *lost && calls[i].status == 0;
		}
		kube_call_release(&calls[i]);
	}
	free(calls);
	return good;
}

/* The inventory as a new base. */
static bool write_base(struct ledger *ledger, const struct inventory *now, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = BUF_INIT(MOST_PARTS * LIMIT_RECORD_BYTES);
	if (!inventory_pack(now, &bytes)) {
		return err_set(err, ERR_LIMIT, "an inventory of %zu objects is larger than %zu bytes", now->count, bytes.max);
	}
	struct delta_base ref = {
		.name = record_inventory_name(ledger->name, bytes.data, bytes.len),
		.parts = (bytes.len + LIMIT_RECORD_BYTES - 1) / LIMIT_RECORD_BYTES,
	};
	bool lost = false;
	if (!send_parts(ledger, &ref, &bytes, &lost, err) && !(lost && send_parts(ledger, &ref, &bytes, &lost, err))) {
		(void)err_wrap(err, "cannot record the inventory '%s'", ref.name);
		free(ref.name);
		return false;
	}
	free(ledger->ref.name);
	ledger->ref = ref;
	inventory_copy(now, &ledger->base);
	return true;
}

/* The document of an inventory, with a new base where the changes are too many to stand in the record. */
static cJSON *write_inventory(struct ledger *ledger, const struct inventory *now, struct err *err)
{
	if (delta_count(&ledger->base, now) > LIMIT_DELTA_ROWS && !write_base(ledger, now, err)) {
		return NULL;
	}
	return delta_doc(&ledger->ref, &ledger->base, now);
}

static void note_base(struct ledger *ledger, size_t at, enum record_kind kind)
{
	struct delta_base *base = &ledger->entries[at].bases[kind];
	free(base->name);
	*base = (struct delta_base){ .name = ledger->ref.name ? text_dup(ledger->ref.name) : NULL, .parts = ledger->ref.parts };
}

static void note_record(struct ledger *ledger, size_t at, enum record_kind kind, char *uid)
{
	struct ledger_entry *entry = &ledger->entries[at];
	entry->has[kind] = true;
	free(entry->uids[kind]);
	entry->uids[kind] = uid;
}

static cJSON *object_of(const struct ledger *ledger, int64_t number, enum record_kind kind, cJSON *data)
{
	CLEANUP(text_freep) char *name = record_name(ledger->name, number, kind);
	CLEANUP(text_freep) char *anchor = record_anchor_name(ledger->name);
	struct record_place place = place_of(ledger, name, kind, number);
	place.owner = ledger_owner(ledger, anchor);
	return record_object(&place, data);
}

/* Writes the outcome of the sync at `at` as it stands in memory. */
static bool write_outcome(struct ledger *ledger, size_t at, const struct ledger_sync *outcome, const struct inventory *now,
                          struct err *err)
{
	cJSON *doc = write_inventory(ledger, now, err);
	if (!doc) {
		return false;
	}
	cJSON *data = record_outcome(outcome, ledger->writer, doc);
	char *uid = NULL;
	if (!create(ledger, object_of(ledger, outcome->number, RECORD_OUTCOME, data), &uid, NULL, err)) {
		return false;
	}
	note_record(ledger, at, RECORD_OUTCOME, uid);
	note_base(ledger, at, RECORD_OUTCOME);
	return true;
}

static bool interrupt(struct ledger *ledger, size_t at, struct err *err)
{
	struct ledger_sync *sync = &ledger->syncs[at];
	char message[] = "it was stopped before its end";
	const struct ledger_sync outcome = {
		.number = sync->number,
		.finished = clock_wall(),
		.result = LEDGER_INTERRUPTED,
		.message = message,
	};
	if (!write_outcome(ledger, at, &outcome, &ledger->current, err)) {
		return false;
	}
	sync->result = outcome.result;
	sync->finished = outcome.finished;
	free(sync->message);
	sync->message = text_dup(message);
	return true;
}

static bool covers(const struct inventory *all, const struct inventory *part)
{
	for (size_t i = 0; i < part->count; i++) {
		if (!inventory_find(all, &part->rows[i]->id)) {
			return false;
		}
	}
	return true;
}

/* An unfinished heal is not taken up by a sync that changes more: it would stay outside the history. */
static bool continues(const struct ledger *ledger, const struct ledger_sync *open, const struct ledger_sync *sync,
                      const struct inventory *inventory_union)
{
	return text_alike(open->commit, sync->commit) && text_alike(open->path, sync->path) &&
	       text_alike(open->target_ns, sync->target_ns) && text_alike(open->url, sync->url) && (!open->heal || sync->heal) &&
	       covers(&ledger->current, inventory_union);
}

static void copy_texts(const struct ledger_sync *from, struct ledger_sync *to)
{
	to->commit = text_dup(from->commit);
	to->ref = text_dup(from->ref ? from->ref : "");
	to->author = record_line(from->author);
	to->subject = record_line(from->subject);
	to->url = text_dup(from->url ? from->url : "");
	to->path = text_dup(from->path ? from->path : "");
	text_set(&to->target_ns, from->target_ns);
	to->message = text_dup("");
	to->commit_time = from->commit_time;
	to->started = from->started;
	to->heal = from->heal;
}

/* Callers may give back what ledger_inventory gave them. */
static void set_current(struct ledger *ledger, const struct inventory *now)
{
	if (now != &ledger->current) {
		inventory_copy(now, &ledger->current);
	}
}

static bool write_intent(struct ledger *ledger, struct ledger_sync *sync, const struct inventory *inventory_union,
                         struct err *err)
{
	cJSON *doc = write_inventory(ledger, inventory_union, err);
	if (!doc) {
		return false;
	}
	struct ledger_sync intent = *sync;
	intent.number = ledger->top + 1;
	intent.started = clock_wall();
	cJSON *data = record_intent(&intent, ledger->writer, doc);
	char *uid = NULL;
	if (!create(ledger, object_of(ledger, intent.number, RECORD_INTENT, data), &uid, NULL, err)) {
		return false;
	}
	sync->number = intent.number;
	sync->started = intent.started;
	ledger->top = intent.number;
	size_t at = ledger_push(ledger, intent.number);
	copy_texts(sync, &ledger->syncs[at]);
	note_record(ledger, at, RECORD_INTENT, uid);
	note_base(ledger, at, RECORD_INTENT);
	set_current(ledger, inventory_union);
	return true;
}

bool ledger_begin(struct ledger *ledger, struct ledger_sync *sync, const struct inventory *inventory_union, struct err *err)
{
	assert(sync->commit);
	struct ledger_sync *open = ledger->count ? &ledger->syncs[ledger->count - 1] : NULL;
	bool unfinished = open && open->result == LEDGER_UNFINISHED;
	if (unfinished && continues(ledger, open, sync, inventory_union)) {
		sync->number = open->number;
		sync->started = open->started;
		sync->heal = open->heal;
		return true;
	}
	return ledger_ensure_owner(ledger, err) && (!unfinished || interrupt(ledger, ledger->count - 1, err)) &&
	       write_intent(ledger, sync, inventory_union, err);
}

static void keep_outcome(struct ledger *ledger, size_t at, const struct ledger_sync *from)
{
	struct ledger_sync *to = &ledger->syncs[at];
	to->result = from->result;
	to->finished = from->finished;
	free(to->message);
	to->message = record_line(from->message);
	free(to->server);
	to->server = from->server ? text_dup(from->server) : NULL;
	record_set_revisions(to, from->revisions, from->revision_count);
}

bool ledger_finish(struct ledger *ledger, struct ledger_sync *sync, const struct inventory *now, struct err *err)
{
	size_t at = ledger_index(ledger, sync->number);
	assert(at + 1 == ledger->count && ledger->syncs[at].result == LEDGER_UNFINISHED);
	assert(sync->result != LEDGER_UNFINISHED);
	if (!ledger_ensure_owner(ledger, err)) {
		return false;
	}
	sync->finished = clock_wall();
	sync->revisions_pending = false;
	for (size_t i = 0; i < sync->revision_count; i++) {
		sync->revisions_pending = sync->revisions_pending || !record_revision_known(&sync->revisions[i]);
	}
	if (!write_outcome(ledger, at, sync, now, err)) {
		return false;
	}
	keep_outcome(ledger, at, sync);
	set_current(ledger, now);
	ledger_trim(ledger);
	return true;
}

static bool same_deployment(const struct ledger_revision *a, const struct ledger_revision *b)
{
	return ident_equal(&a->id, &b->id) && text_alike(a->uid, b->uid);
}

/* The sync's revisions with those that have become known in their place; shallow. free() the array. */
static struct ledger_revision *merge(const struct ledger_sync *sync, const struct ledger_revision *known, size_t count)
{
	struct ledger_revision *rows = alloc_new(sync->revision_count, sizeof *rows);
	for (size_t i = 0; i < sync->revision_count; i++) {
		rows[i] = sync->revisions[i];
		for (size_t j = 0; j < count; j++) {
			rows[i] = same_deployment(&rows[i], &known[j]) ? known[j] : rows[i];
		}
	}
	return rows;
}

bool ledger_settle(struct ledger *ledger, int64_t number, const struct ledger_revision *revisions, size_t count, struct err *err)
{
	size_t at = ledger_index(ledger, number);
	if (at == ledger->count || ledger->syncs[at].result == LEDGER_UNFINISHED) {
		return err_set(err, ERR_NOT_FOUND, "no finished sync %lld", (long long)number);
	}
	if (!ledger_ensure_owner(ledger, err)) {
		return false;
	}
	struct ledger_sync *sync = &ledger->syncs[at];
	struct ledger_revision *rows = merge(sync, revisions, count);
	const struct ledger_sync settled = { .number = number, .revisions = rows, .revision_count = sync->revision_count };
	cJSON *data = record_revisions(&settled, ledger->writer);
	CLEANUP(doc_freep) cJSON *theirs = NULL;
	char *uid = NULL;
	bool written = create(ledger, object_of(ledger, number, RECORD_REVISIONS, data), &uid, &theirs, err);
	if (written) {
		note_record(ledger, at, RECORD_REVISIONS, uid);
		record_set_revisions(sync, rows, sync->revision_count);
		sync->revisions_pending = false;
	} else if (theirs && record_read_revisions(doc_get(theirs, "data"), sync)) {
		/* Somebody else, a `plumb history` perhaps, found them first. */
		const char *their_uid = doc_text(theirs, "metadata/uid");
		note_record(ledger, at, RECORD_REVISIONS, their_uid ? text_dup(their_uid) : NULL);
		written = true;
	}
	free(rows);
	return written;
}

bool ledger_mark_verified(struct ledger *ledger, int64_t wall, struct err *err)
{
	const struct ledger_sync *last = ledger_last(ledger);
	size_t at = last ? (size_t)(last - ledger->syncs) : 0;
	if (!last || !ledger->entries[at].has[RECORD_OUTCOME]) {
		return true;
	}
	char text[CLOCK_TEXT];
	clock_text(wall, text);
	CLEANUP(doc_freep) cJSON *patch = cJSON_CreateObject();
	doc_set_text(doc_make(patch, "metadata/annotations"), NOTE_VERIFIED_AT, text);
	CLEANUP(text_freep) char *name = record_name(ledger->name, last->number, RECORD_OUTCOME);
	CLEANUP(text_freep) char *path = ledger_path(ledger, name);
	CLEANUP(kube_call_release) struct kube_call call = kube_call_make("PATCH", post_path(path));
	fill_body(&call, patch);
	call.content_type = KUBE_MERGE_PATCH;
	call.accept = KUBE_METADATA;
	if (!kube_do(ledger->kube, &call, err)) {
		return err_wrap(err, "cannot annotate '%s'", name);
	}
	ledger->entries[at].verified = wall;
	return true;
}
