#include "sync/ledger.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "sync/clock.h"
#include "sync/ledger_impl.h"

enum { DEFAULT_LIMIT = 20 };

static const char *const results[] = {
	[LEDGER_UNFINISHED] = "unfinished", [LEDGER_APPLIED] = "applied",       [LEDGER_HEALTHY] = "healthy",
	[LEDGER_FAILED] = "failed",         [LEDGER_INCOMPLETE] = "incomplete", [LEDGER_INTERRUPTED] = "interrupted",
};

const char *ledger_result_text(enum ledger_result result)
{
	return results[result];
}

void ledger_revision_release(struct ledger_revision *revision)
{
	ident_release(&revision->id);
	free(revision->uid);
	free(revision->replicaset);
	free(revision->hash);
	free(revision->healed_from);
	*revision = (struct ledger_revision){ 0 };
}

void ledger_sync_release(struct ledger_sync *sync)
{
	free(sync->commit);
	free(sync->ref);
	free(sync->author);
	free(sync->subject);
	free(sync->url);
	free(sync->path);
	free(sync->target_ns);
	free(sync->message);
	free(sync->server);
	for (size_t i = 0; i < sync->revision_count; i++) {
		ledger_revision_release(&sync->revisions[i]);
	}
	free(sync->revisions);
	*sync = (struct ledger_sync){ 0 };
}

void ledger_entry_release(struct ledger_entry *entry)
{
	for (size_t i = 0; i < RECORD_KINDS; i++) {
		free(entry->uids[i]);
	}
	free(entry->bases[0].name);
	free(entry->bases[1].name);
	*entry = (struct ledger_entry){ 0 };
}

void ledger_cache_release(struct ledger_cache *cache)
{
	free(cache->name);
	buf_release(&cache->base);
	*cache = (struct ledger_cache){ 0 };
}

static void keep_base(const struct ledger *ledger)
{
	struct ledger_cache *cache = ledger->cache;
	if (!cache || !ledger->ref.name || (cache->name && strcmp(cache->name, ledger->ref.name) == 0)) {
		return;
	}
	ledger_cache_release(cache);
	cache->name = text_dup(ledger->ref.name);
	cache->parts = ledger->ref.parts;
	cache->base = BUF_INIT(SIZE_MAX);
	inventory_flatten(&ledger->base, &cache->base);
}

void ledger_free(struct ledger *ledger)
{
	if (!ledger) {
		return;
	}
	keep_base(ledger);
	for (size_t i = 0; i < ledger->count; i++) {
		ledger_sync_release(&ledger->syncs[i]);
		ledger_entry_release(&ledger->entries[i]);
	}
	free(ledger->syncs);
	free(ledger->entries);
	for (size_t i = 0; i < ledger->stray_count; i++) {
		free(ledger->strays[i].name);
		free(ledger->strays[i].uid);
	}
	free(ledger->strays);
	free(ledger->ns);
	free(ledger->name);
	free(ledger->anchor_uid);
	free(ledger->sync_uid);
	free(ledger->ref.name);
	inventory_release(&ledger->base);
	inventory_release(&ledger->current);
	free(ledger);
}

void ledger_freep(struct ledger **ledger)
{
	ledger_free(*ledger);
	*ledger = NULL;
}

static void choose_writer(char out[LEDGER_WRITER])
{
	uint64_t bits = 0;
	if (getrandom(&bits, sizeof bits, 0) != (ssize_t)sizeof bits) {
		bits = (uint64_t)clock_wall_micro();
	}
	(void)snprintf(out, LEDGER_WRITER, "%016" PRIx64, bits);
}

struct ledger *ledger_open(struct kube *kube, const struct ledger_options *options, struct err *err)
{
	struct ledger *ledger = alloc_new(1, sizeof *ledger);
	ledger->kube = kube;
	ledger->objects = options->objects ? options->objects : kube;
	ledger->cache = options->cache;
	text_set(&ledger->sync_uid, options->sync_uid);
	ledger->ns = text_dup(options->ns);
	ledger->name = text_dup(options->name);
	ledger->limit = options->history_limit ? options->history_limit : DEFAULT_LIMIT;
	choose_writer(ledger->writer);
	if (!ledger_read(ledger, err)) {
		ledger_free(ledger);
		return NULL;
	}
	return ledger;
}

size_t ledger_push(struct ledger *ledger, int64_t number)
{
	assert(ledger->count == 0 || ledger->syncs[ledger->count - 1].number < number);
	if (ledger->count == ledger->cap) {
		ledger->cap = ledger->cap ? 2 * ledger->cap : 64;
		ledger->syncs = alloc_grow(ledger->syncs, ledger->cap, sizeof *ledger->syncs);
		ledger->entries = alloc_grow(ledger->entries, ledger->cap, sizeof *ledger->entries);
	}
	ledger->syncs[ledger->count] = (struct ledger_sync){ .number = number };
	ledger->entries[ledger->count] = (struct ledger_entry){ 0 };
	return ledger->count++;
}

size_t ledger_index(const struct ledger *ledger, int64_t number)
{
	size_t i = 0;
	while (i < ledger->count && ledger->syncs[i].number != number) {
		i++;
	}
	return i;
}

const struct ledger_sync *ledger_syncs(const struct ledger *ledger, size_t *count)
{
	*count = ledger->count;
	return ledger->syncs;
}

const struct ledger_sync *ledger_last(const struct ledger *ledger)
{
	for (size_t i = ledger->count; i > 0; i--) {
		if (ledger->syncs[i - 1].result != LEDGER_UNFINISHED) {
			return &ledger->syncs[i - 1];
		}
	}
	return NULL;
}

const struct ledger_sync *ledger_unfinished(const struct ledger *ledger)
{
	const struct ledger_sync *newest = ledger->count ? &ledger->syncs[ledger->count - 1] : NULL;
	return newest && newest->result == LEDGER_UNFINISHED && !newest->heal ? newest : NULL;
}

const struct inventory *ledger_inventory(const struct ledger *ledger)
{
	return &ledger->current;
}

void ledger_hurry(struct ledger *ledger)
{
	ledger->hurried = true;
}

bool ledger_newer_format(const struct ledger *ledger)
{
	return ledger->newer_format;
}

int64_t ledger_verified(const struct ledger *ledger)
{
	int64_t newest = 0;
	for (size_t i = 0; i < ledger->count; i++) {
		newest = ledger->entries[i].verified > newest ? ledger->entries[i].verified : newest;
	}
	return newest;
}
