#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/ledger_impl.h"
#include "sync/names.h"
#include "sync/replicasets.h"

/* What is to go; calls are made as they are found. */
struct sweep {
	struct ledger *ledger;
	bool *evict; /* by index of the sync */
	struct kube_call *calls;
	size_t count;
	size_t cap;
};

static void release_sweep(struct sweep *sweep)
{
	for (size_t i = 0; i < sweep->count; i++) {
		kube_call_release(&sweep->calls[i]);
	}
	free(sweep->calls);
	free(sweep->evict);
}

/* Marks what is beyond the limit: syncs and heals are counted apart. */
static size_t mark_beyond_limit(struct sweep *sweep)
{
	const struct ledger *ledger = sweep->ledger;
	unsigned kept[2] = { 0 };
	size_t marked = 0;
	for (size_t i = ledger->count; i > 0; i--) {
		sweep->evict[i - 1] = kept[ledger->syncs[i - 1].heal]++ >= ledger->limit;
		marked += sweep->evict[i - 1];
	}
	return marked;
}

/* The newest record holds the current inventory; the last healthy sync, and the last healthy heal, are what one goes back to. */
static void spare_needed(struct sweep *sweep)
{
	const struct ledger *ledger = sweep->ledger;
	bool healthy[2] = { false };
	for (size_t i = ledger->count; i > 0; i--) {
		const struct ledger_sync *sync = &ledger->syncs[i - 1];
		bool last_healthy = sync->result == LEDGER_HEALTHY && !healthy[sync->heal];
		healthy[sync->heal] = healthy[sync->heal] || last_healthy;
		if (i == ledger->count || last_healthy) {
			sweep->evict[i - 1] = false;
		}
	}
}

/*
 * Revisions that are still to be found out keep their record, since it may map to a ReplicaSet; but not for ever, as where
 * ReplicaSets may not be read.
 */
static void spare_pending(struct sweep *sweep)
{
	const struct ledger *ledger = sweep->ledger;
	size_t newer = 0;
	for (size_t i = ledger->count; i > 0; i--) {
		if (ledger->syncs[i - 1].revisions_pending && newer < 2 * (size_t)ledger->limit) {
			sweep->evict[i - 1] = false;
		}
		newer++;
	}
}

/*
 * A living ReplicaSet maps to a revision by hash and number, and to the heal that undid it by number. Hash alone would keep every
 * heal that went back to the same ReplicaSet.
 */
static bool lives(const struct replicasets *sets, const struct ledger_revision *revision)
{
	if (!revision->hash || !revision->uid) {
		return false;
	}
	if (!map_has(&sets->namespaces, revision->id.ns)) {
		return true; /* it could not be looked at */
	}
	for (const struct replicaset *set = replicasets_first(sets, revision->uid); set; set = replicasets_next(sets, set)) {
		bool made = set->revision == revision->to && strcmp(set->hash, revision->hash) == 0;
		if (made || (revision->healed_from && set->revision == revision->from)) {
			return true;
		}
	}
	return false;
}

static void collect_wanted(const struct sweep *sweep, struct replicasets_wanted *wanted)
{
	for (size_t i = 0; i < sweep->ledger->count; i++) {
		const struct ledger_sync *sync = &sweep->ledger->syncs[i];
		for (size_t j = 0; sweep->evict[i] && j < sync->revision_count; j++) {
			if (sync->revisions[j].hash) {
				replicasets_want(wanted, &sync->revisions[j].id);
			}
		}
	}
}

static void spare_living(struct sweep *sweep)
{
	const struct ledger *ledger = sweep->ledger;
	CLEANUP(replicasets_wanted_release) struct replicasets_wanted wanted = { 0 };
	collect_wanted(sweep, &wanted);
	if (!wanted.deployments.count) {
		return;
	}
	CLEANUP(replicasets_release) struct replicasets sets = REPLICASETS_INIT;
	struct err unread = ERR_INIT;
	if (!replicasets_gather(ledger->objects, &wanted, &sets, &unread)) {
		/* `lives` spares what is in namespaces that were not read. */
		unread.kind = ERR_NONE;
	}
	for (size_t i = 0; i < ledger->count; i++) {
		const struct ledger_sync *sync = &ledger->syncs[i];
		for (size_t j = 0; sweep->evict[i] && j < sync->revision_count; j++) {
			sweep->evict[i] = !lives(&sets, &sync->revisions[j]);
		}
	}
}

static void add_delete(struct sweep *sweep, const char *name, const char *uid)
{
	if (sweep->count == sweep->cap) {
		sweep->cap = sweep->cap ? 2 * sweep->cap : 16;
		sweep->calls = alloc_grow(sweep->calls, sweep->cap, sizeof *sweep->calls);
	}
	struct kube_call *call = &sweep->calls[sweep->count++];
	*call = kube_call_make("DELETE", ledger_path(sweep->ledger, name));
	CLEANUP(doc_freep) cJSON *options = cJSON_CreateObject();
	doc_set_text(options, "apiVersion", "v1");
	doc_set_text(options, "kind", "DeleteOptions");
	if (uid) {
		doc_set_text(doc_make(options, "preconditions"), "uid", uid);
	}
	call->content_type = KUBE_JSON;
	call->body = BUF_INIT(LIMIT_KIB(4));
	if (!doc_print(options, &call->body)) {
		abort();
	}
}

static void delete_records(struct sweep *sweep)
{
	struct ledger *ledger = sweep->ledger;
	for (size_t i = 0; i < ledger->count; i++) {
		const struct ledger_entry *entry = &ledger->entries[i];
		for (size_t kind = 0; sweep->evict[i] && kind < RECORD_KINDS; kind++) {
			if (entry->has[kind]) {
				CLEANUP(text_freep) char *name = record_name(ledger->name, ledger->syncs[i].number, (enum record_kind)kind);
				add_delete(sweep, name, entry->uids[kind]);
			}
		}
	}
	for (size_t i = 0; i < ledger->stray_count; i++) {
		add_delete(sweep, ledger->strays[i].name, ledger->strays[i].uid);
	}
}

static void use_base(const struct delta_base *base, struct map *used)
{
	for (size_t i = 0; base->name && i < base->parts; i++) {
		CLEANUP(text_freep) char *name = record_part_name(base->name, i, base->parts);
		(void)map_set(used, name, used);
	}
}

static void collect_used(const struct sweep *sweep, struct map *used)
{
	const struct ledger *ledger = sweep->ledger;
	use_base(&ledger->ref, used);
	for (size_t i = 0; i < ledger->count; i++) {
		for (size_t j = 0; !sweep->evict[i] && j < ARRAY_LEN(ledger->entries[i].bases); j++) {
			use_base(&ledger->entries[i].bases[j], used);
		}
	}
}

static char *inventories_path(const struct ledger *ledger)
{
	CLEANUP(text_freep) char *collection = ledger_path(ledger, NULL);
	CLEANUP(text_freep) char *selector = text_printf(LABEL_RECORD_OF "=%s," LABEL_RECORD "=inventory", ledger->name);
	struct buf escaped = BUF_INIT(LIMIT_KIB(8));
	if (!kube_escape(&escaped, selector)) {
		abort();
	}
	char *path = text_printf("%s?labelSelector=%s", collection, buf_text(&escaped));
	buf_release(&escaped);
	return path;
}

/* Those too that a sync wrote which was killed before its intent. */
static void delete_inventories(struct sweep *sweep)
{
	CLEANUP(kube_call_release) struct kube_call call = kube_call_make("GET", inventories_path(sweep->ledger));
	call.accept = KUBE_METADATA_LIST;
	struct err ignored = ERR_INIT;
	if (!kube_do(sweep->ledger->kube, &call, &ignored)) {
		return;
	}
	CLEANUP(doc_freep) cJSON *doc = doc_parse(buf_text(&call.reply), call.reply.len, &ignored);
	CLEANUP(map_release) struct map used = MAP_INIT;
	collect_used(sweep, &used);
	const cJSON *item = NULL;
	cJSON_ArrayForEach (item, doc_get(doc, "items")) {
		const char *name = doc_text(item, "metadata/name");
		if (name && !map_has(&used, name)) {
			add_delete(sweep, name, doc_text(item, "metadata/uid"));
		}
	}
}

/* What failed to go is found again by the next ledger that is opened. */
static void forget_evicted(struct sweep *sweep)
{
	struct ledger *ledger = sweep->ledger;
	size_t kept = 0;
	for (size_t i = 0; i < ledger->count; i++) {
		if (sweep->evict[i]) {
			ledger_sync_release(&ledger->syncs[i]);
			ledger_entry_release(&ledger->entries[i]);
			continue;
		}
		ledger->syncs[kept] = ledger->syncs[i];
		ledger->entries[kept++] = ledger->entries[i];
	}
	ledger->count = kept;
	for (size_t i = 0; i < ledger->stray_count; i++) {
		free(ledger->strays[i].name);
		free(ledger->strays[i].uid);
	}
	ledger->stray_count = 0;
}

void ledger_trim(struct ledger *ledger)
{
	/* A record that we cannot read may refer to anything. */
	if (ledger->newer_format) {
		return;
	}
	CLEANUP(release_sweep) struct sweep sweep = { .ledger = ledger, .evict = alloc_new(ledger->count, sizeof(bool)) };
	size_t marked = mark_beyond_limit(&sweep);
	if (ledger->hurried && marked <= ledger->limit) {
		return;
	}
	if (marked) {
		spare_needed(&sweep);
		spare_pending(&sweep);
		spare_living(&sweep);
	}
	delete_records(&sweep);
	if (!sweep.count) {
		return;
	}
	if (!ledger->unreadable) {
		delete_inventories(&sweep);
	}
	ledger_send_all(ledger->kube, sweep.calls, sweep.count);
	forget_evicted(&sweep);
}
