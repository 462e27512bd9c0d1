#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/clock.h"
#include "sync/ledger_impl.h"
#include "sync/names.h"
#include "sync/pack.h"

/* A record as listed; everything is borrowed from the list. */
struct item {
	int64_t number;
	enum record_kind kind;
	const cJSON *object;
	const cJSON *data; /* NULL where it cannot be read by us */
};

struct items {
	struct item *rows;
	size_t count;
};

/* The items of one number, by kind. */
struct group {
	int64_t number;
	const struct item *items[RECORD_KINDS];
};

static void items_release(struct items *items)
{
	free(items->rows);
}

static void ignore(struct kube_call *call, void *context)
{
	(void)call;
	(void)context;
}

void ledger_send_all(struct kube *kube, struct kube_call *calls, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		calls[i].done = ignore;
		kube_send(kube, &calls[i]);
	}
	while (!kube_run(kube, INT64_MAX)) {
	}
}

char *ledger_path(const struct ledger *ledger, const char *name)
{
	struct buf path = BUF_INIT(LIMIT_KIB(8));
	bool fits = buf_puts(&path, "/apis/apps/v1/namespaces/") && kube_escape(&path, ledger->ns) &&
	            buf_puts(&path, "/controllerrevisions") && (!name || (buf_putc(&path, '/') && kube_escape(&path, name)));
	if (!fits) {
		abort();
	}
	return buf_detach(&path);
}

static char *list_path(const struct ledger *ledger)
{
	CLEANUP(text_freep) char *collection = ledger_path(ledger, NULL);
	CLEANUP(text_freep) char *selector = text_printf(LABEL_RECORD_OF "=%s," LABEL_RECORD " notin (inventory)", ledger->name);
	struct buf escaped = BUF_INIT(LIMIT_KIB(8));
	if (!kube_escape(&escaped, selector)) {
		abort();
	}
	char *path = text_printf("%s?labelSelector=%s", collection, buf_text(&escaped));
	buf_release(&escaped);
	return path;
}

static void release_calls(struct kube_call *calls, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		kube_call_release(&calls[i]);
	}
	free(calls);
}

static cJSON *read_list(const struct ledger *ledger, const struct kube_call *call, struct err *err)
{
	if (!kube_check(call, false, err)) {
		(void)err_wrap(err, "cannot read the records of '%s'", ledger->name);
		return NULL;
	}
	cJSON *doc = doc_parse(buf_text(&call->reply), call->reply.len, err);
	if (!doc) {
		(void)err_wrap(err, "the list of records");
	}
	return doc;
}

/*
 * One LIST; NULL with ERR_NOT_FOUND where the namespace's collection is not there. Beside it is asked whether the base that the
 * cache has is still there: without it nobody else could read the ledger, so it must not be gone unnoticed.
 */
static cJSON *list(struct ledger *ledger, struct err *err)
{
	struct ledger_cache *cache = ledger->cache;
	size_t parts = cache && cache->name ? cache->parts : 0;
	struct kube_call *calls = alloc_new(1 + parts, sizeof *calls);
	calls[0] = kube_call_make("GET", list_path(ledger));
	for (size_t i = 0; i < parts; i++) {
		CLEANUP(text_freep) char *name = record_part_name(cache->name, i, parts);
		calls[1 + i] = kube_call_make("GET", ledger_path(ledger, name));
		calls[1 + i].accept = KUBE_METADATA;
	}
	ledger_send_all(ledger->kube, calls, 1 + parts);
	for (size_t i = 0; i < parts; i++) {
		if (calls[1 + i].status != 200) {
			ledger_cache_release(cache);
		}
	}
	cJSON *doc = read_list(ledger, &calls[0], err);
	release_calls(calls, 1 + parts);
	return doc;
}

/* What cannot be read is remembered, so that its number is not given out again and nothing that it may need is deleted. */
static const cJSON *readable(struct ledger *ledger, const cJSON *object)
{
	const cJSON *data = doc_get(object, "data");
	int64_t format = doc_int(data, "format", 0);
	if (format > RECORD_FORMAT) {
		ledger->newer_format = true;
		return NULL;
	}
	if (format != RECORD_FORMAT) {
		ledger->unreadable = true;
		return NULL;
	}
	return data;
}

static bool item_of(struct ledger *ledger, const cJSON *object, struct item *out)
{
	const char *label = cJSON_GetStringValue(doc_get(doc_at(object, "metadata/labels"), LABEL_RECORD));
	const char *name = doc_text(object, "metadata/name");
	int64_t number = doc_int(object, "revision", 0);
	enum record_kind kind = RECORD_INTENT;
	if (!name || number < 1 || !record_kind_of(label, &kind)) {
		return false;
	}
	CLEANUP(text_freep) char *expected = record_name(ledger->name, number, kind);
	if (strcmp(name, expected) != 0) {
		return false;
	}
	*out = (struct item){ .number = number, .kind = kind, .object = object, .data = readable(ledger, object) };
	return true;
}

static int by_number(const void *a, const void *b)
{
	const struct item *left = a;
	const struct item *right = b;
	if (left->number != right->number) {
		return left->number < right->number ? -1 : 1;
	}
	return (int)left->kind - (int)right->kind;
}

static struct items collect(struct ledger *ledger, const cJSON *doc)
{
	const cJSON *objects = doc_get(doc, "items");
	struct items items = { .rows = alloc_new((size_t)cJSON_GetArraySize(objects), sizeof(struct item)) };
	const cJSON *object = NULL;
	cJSON_ArrayForEach (object, objects) {
		if (item_of(ledger, object, &items.rows[items.count])) {
			items.count++;
		} else {
			ledger->unreadable = true;
		}
	}
	qsort(items.rows, items.count, sizeof(struct item), by_number);
	return items;
}

static const char *anchor_of(const struct ledger *ledger, const cJSON *object)
{
	CLEANUP(text_freep) char *name = record_anchor_name(ledger->name);
	const cJSON *owner = NULL;
	cJSON_ArrayForEach (owner, doc_at(object, "metadata/ownerReferences")) {
		const char *kind = doc_text(owner, "kind");
		const char *owner_name = doc_text(owner, "name");
		if (kind && strcmp(kind, "ConfigMap") == 0 && owner_name && strcmp(owner_name, name) == 0) {
			return doc_text(owner, "uid");
		}
	}
	return NULL;
}

static void add_stray(struct ledger *ledger, const struct item *item)
{
	const char *uid = doc_text(item->object, "metadata/uid");
	ledger->strays = alloc_grow(ledger->strays, ledger->stray_count + 1, sizeof *ledger->strays);
	ledger->strays[ledger->stray_count++] = (struct ledger_stray){
		.name = text_dup(doc_text(item->object, "metadata/name")),
		.uid = uid ? text_dup(uid) : NULL,
	};
}

static void note_item(struct ledger_entry *entry, const struct item *item)
{
	const char *uid = doc_text(item->object, "metadata/uid");
	entry->has[item->kind] = true;
	entry->uids[item->kind] = uid ? text_dup(uid) : NULL;
	struct delta_base base = { 0 };
	if (item->kind < ARRAY_LEN(entry->bases) && delta_ref(doc_get(item->data, "inventory"), &base)) {
		entry->bases[item->kind] = base;
	}
}

static void set_verified(struct ledger_entry *entry, const struct item *outcome)
{
	const cJSON *notes = doc_at(outcome->object, "metadata/annotations");
	const char *text = cJSON_GetStringValue(doc_get(notes, NOTE_VERIFIED_AT));
	int64_t wall = text ? clock_parse(text) : 0;
	entry->verified = wall > 0 ? wall : 0;
}

/* An outcome that is there and cannot be read must not look like a sync that was killed: nobody could finish it. */
static void read_outcome(struct ledger *ledger, struct ledger_sync *sync, const struct item *item)
{
	if (item->data && record_read_outcome(item->data, sync)) {
		return;
	}
	ledger->unreadable = ledger->unreadable || item->data;
	sync->result = LEDGER_INTERRUPTED;
	free(sync->message);
	sync->message = text_dup("its outcome cannot be read");
}

static void read_group(struct ledger *ledger, const struct group *group)
{
	const struct item *intent = group->items[RECORD_INTENT];
	struct ledger_sync sync = { .number = group->number };
	if (!intent || !intent->data || !record_read_intent(intent->data, &sync)) {
		ledger->unreadable = ledger->unreadable || intent;
		for (size_t i = 0; !intent && i < RECORD_KINDS; i++) {
			if (group->items[i] && group->items[i]->data) {
				add_stray(ledger, group->items[i]);
			}
		}
		return;
	}
	size_t at = ledger_push(ledger, group->number);
	for (size_t i = 0; i < RECORD_KINDS; i++) {
		if (group->items[i]) {
			note_item(&ledger->entries[at], group->items[i]);
		}
	}
	if (group->items[RECORD_OUTCOME]) {
		read_outcome(ledger, &sync, group->items[RECORD_OUTCOME]);
		set_verified(&ledger->entries[at], group->items[RECORD_OUTCOME]);
	}
	const struct item *revisions = group->items[RECORD_REVISIONS];
	if (revisions && !(revisions->data && record_read_revisions(revisions->data, &sync))) {
		ledger->unreadable = true;
	}
	ledger->syncs[at] = sync;
}

/* The newest inventory: an outcome's before its intent's. */
static const struct item *newest_inventory(const struct items *items)
{
	for (size_t i = items->count; i > 0; i--) {
		const struct item *item = &items->rows[i - 1];
		if (item->kind != RECORD_REVISIONS && item->data && doc_get(item->data, "inventory")) {
			return item;
		}
	}
	return NULL;
}

/* Only the newest sync can be unfinished; the outcome of an older one was lost to a trim that was killed. */
static void close_older(struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->count; i++) {
		struct ledger_sync *sync = &ledger->syncs[i];
		if (sync->result == LEDGER_UNFINISHED && sync->number != ledger->top) {
			sync->result = LEDGER_INTERRUPTED;
		}
	}
}

static void read_items(struct ledger *ledger, const struct items *items)
{
	for (size_t i = 0; i < items->count;) {
		struct group group = { .number = items->rows[i].number };
		for (; i < items->count && items->rows[i].number == group.number; i++) {
			group.items[items->rows[i].kind] = &items->rows[i];
			const char *uid = anchor_of(ledger, items->rows[i].object);
			free(ledger->anchor_uid);
			ledger->anchor_uid = uid ? text_dup(uid) : NULL;
		}
		ledger->top = group.number;
		read_group(ledger, &group);
	}
	close_older(ledger);
}

static bool add_part(const struct kube_call *call, struct buf *bytes, struct err *err)
{
	if (!kube_check(call, false, err)) {
		return false;
	}
	CLEANUP(doc_freep) cJSON *doc = doc_parse(buf_text(&call->reply), call->reply.len, err);
	if (!doc) {
		return false;
	}
	int64_t format = doc_int(doc, "data/format", 0);
	if (format > RECORD_FORMAT) {
		return err_set(err, ERR_LIMIT, "format %" PRId64 " is newer than %d, the newest known", format, (int)RECORD_FORMAT);
	}
	const char *text = doc_text(doc, "data/bytes");
	return text && pack_unbase64(text, bytes) ? true : err_set(err, ERR_INPUT, "damaged: no base64");
}

/* The parts, in flight together, joined. */
static bool fetch_base(struct ledger *ledger, const struct delta_base *ref, struct buf *bytes, struct err *err)
{
	struct kube_call *calls = alloc_new(ref->parts, sizeof *calls);
	for (size_t i = 0; i < ref->parts; i++) {
		CLEANUP(text_freep) char *name = record_part_name(ref->name, i, ref->parts);
		calls[i] = kube_call_make("GET", ledger_path(ledger, name));
	}
	ledger_send_all(ledger->kube, calls, ref->parts);
	bool good = true;
	for (size_t i = 0; good && i < ref->parts; i++) {
		good = add_part(&calls[i], bytes, err);
	}
	release_calls(calls, ref->parts);
	return good;
}

static bool load_base(struct ledger *ledger, const struct delta_base *ref, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = BUF_INIT(LIMIT_INVENTORY_BYTES);
	if (!fetch_base(ledger, ref, &bytes, err)) {
		return false;
	}
	CLEANUP(text_freep) char *name = record_inventory_name(ledger->name, buf_text(&bytes), bytes.len);
	if (strcmp(name, ref->name) != 0) {
		return err_set(err, ERR_INPUT, "damaged: its content is not the one that its name says");
	}
	return inventory_unpack(bytes.data, bytes.len, &ledger->base, err);
}

static bool find_base(struct ledger *ledger, struct err *err)
{
	struct ledger_cache *cache = ledger->cache;
	if (!cache || !cache->name || strcmp(cache->name, ledger->ref.name) != 0) {
		return load_base(ledger, &ledger->ref, err);
	}
	inventory_unflatten(&cache->base, &ledger->base);
	return true;
}

/* An inventory that cannot be read stops the sync: rows that are lost leave objects that nobody prunes. */
static bool read_inventory(struct ledger *ledger, const struct item *item, struct err *err)
{
	const char *record = doc_text(item->object, "metadata/name");
	const cJSON *doc = doc_get(item->data, "inventory");
	if (!delta_ref(doc, &ledger->ref)) {
		return err_set(err, ERR_INPUT, "controllerrevision '%s': its inventory is damaged", record);
	}
	if (ledger->ref.name && !find_base(ledger, err)) {
		(void)err_wrap(err, "controllerrevision '%s', the inventory of '%s'", ledger->ref.name, record);
		text_set(&ledger->ref.name, NULL);
		return false;
	}
	if (!delta_apply(doc, &ledger->base, &ledger->current, err)) {
		return err_wrap(err, "controllerrevision '%s', its inventory", record);
	}
	return true;
}

bool ledger_read(struct ledger *ledger, struct err *err)
{
	struct err listing = ERR_INIT;
	CLEANUP(doc_freep) cJSON *doc = list(ledger, &listing);
	if (!doc && listing.kind == ERR_NOT_FOUND) {
		return true;
	}
	if (!doc) {
		*err = listing;
		return false;
	}
	CLEANUP(items_release) struct items items = collect(ledger, doc);
	read_items(ledger, &items);
	const struct item *newest = newest_inventory(&items);
	return newest ? read_inventory(ledger, newest, err) : true;
}
