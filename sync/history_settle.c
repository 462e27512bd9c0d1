#include <stdlib.h>
#include <string.h>

#include "sync/history.h"
#include "sync/record.h"
#include "sync/replicasets.h"

static void want(const struct ledger_sync *sync, struct replicasets_wanted *wanted)
{
	for (size_t i = 0; i < sync->revision_count; i++) {
		if (!record_revision_known(&sync->revisions[i])) {
			replicasets_want(wanted, &sync->revisions[i].id);
		}
	}
}

/* Fills in what is there; true where nothing is left to be found. */
static bool resolve(const struct replicasets *sets, const char *commit, struct ledger_revision *revision)
{
	if (record_revision_known(revision)) {
		return true;
	}
	const struct replicaset *set = replicasets_match(sets, revision, commit);
	if (set) {
		replicaset_note(set, revision);
	}
	return set != NULL;
}

bool history_resolve(struct kube *kube, struct ledger_sync *sync, struct err *err)
{
	CLEANUP(replicasets_wanted_release) struct replicasets_wanted wanted = { 0 };
	want(sync, &wanted);
	if (!wanted.deployments.count) {
		return true;
	}
	CLEANUP(replicasets_release) struct replicasets sets = REPLICASETS_INIT;
	bool good = replicasets_gather(kube, &wanted, &sets, err);
	for (size_t i = 0; i < sync->revision_count; i++) {
		(void)resolve(&sets, sync->commit, &sync->revisions[i]);
	}
	return good;
}

/* The Deployment is not, or no longer, the one that the sync changed. */
static bool is_gone(const struct ledger *ledger, const struct ledger_revision *revision)
{
	const struct inventory_row *row = inventory_find(ledger_inventory(ledger), &revision->id);
	return !row || !revision->uid || !*revision->uid || (row->uid && *row->uid && strcmp(row->uid, revision->uid) != 0);
}

/* A newer sync changed the template again: the controller went straight to that one. */
static bool is_superseded(const struct ledger_sync *syncs, size_t count, size_t at, const struct ledger_revision *revision)
{
	for (size_t i = at + 1; i < count; i++) {
		for (size_t j = 0; syncs[i].result != LEDGER_UNFINISHED && j < syncs[i].revision_count; j++) {
			const struct ledger_revision *newer = &syncs[i].revisions[j];
			if (ident_equal(&newer->id, &revision->id) && newer->uid && strcmp(newer->uid, revision->uid) == 0) {
				return true;
			}
		}
	}
	return false;
}

struct settling {
	struct ledger *ledger;
	const struct replicasets *sets;
	const struct ledger_sync *syncs;
	size_t count;
};

/* Resolves copies of a sync's revisions; true where none is left open. */
static bool resolve_all(const struct settling *settling, size_t at, struct ledger_revision *rows)
{
	const struct ledger_sync *sync = &settling->syncs[at];
	bool settled = true;
	for (size_t i = 0; i < sync->revision_count; i++) {
		bool read = map_has(&settling->sets->namespaces, rows[i].id.ns);
		settled = (resolve(settling->sets, sync->commit, &rows[i]) || is_gone(settling->ledger, &rows[i]) ||
		           (read && is_superseded(settling->syncs, settling->count, at, &rows[i]))) &&
		          settled;
	}
	return settled;
}

/* false on an error that is more than a missing right. */
static bool settle_one(const struct settling *settling, size_t at, size_t *settled, struct err *err)
{
	const struct ledger_sync *sync = &settling->syncs[at];
	size_t count = sync->revision_count;
	struct ledger_revision *rows = alloc_new(count, sizeof *rows);
	for (size_t i = 0; i < count; i++) {
		rows[i] = record_revision_dup(&sync->revisions[i]);
	}
	struct err failure = ERR_INIT;
	bool complete = resolve_all(settling, at, rows);
	bool written = complete && ledger_settle(settling->ledger, sync->number, rows, count, &failure);
	for (size_t i = 0; i < count; i++) {
		ledger_revision_release(&rows[i]);
	}
	free(rows);
	*settled += written;
	if (complete && !written && failure.kind != ERR_DENIED) {
		*err = failure;
		return false;
	}
	return true;
}

static bool settle_all(const struct settling *settling, size_t *settled, struct err *err)
{
	for (size_t i = 0; i < settling->count; i++) {
		bool pending = settling->syncs[i].revisions_pending && settling->syncs[i].result != LEDGER_UNFINISHED;
		if (pending && !settle_one(settling, i, settled, err)) {
			return false;
		}
	}
	return true;
}

bool history_settle(struct kube *kube, struct ledger *ledger, size_t *settled, struct err *err)
{
	*settled = 0;
	size_t count = 0;
	const struct ledger_sync *syncs = ledger_syncs(ledger, &count);
	CLEANUP(replicasets_wanted_release) struct replicasets_wanted wanted = { 0 };
	for (size_t i = 0; i < count; i++) {
		if (syncs[i].revisions_pending) {
			want(&syncs[i], &wanted);
		}
	}
	if (!wanted.deployments.count) {
		return true;
	}
	CLEANUP(replicasets_release) struct replicasets sets = REPLICASETS_INIT;
	struct err unread = ERR_INIT;
	if (!replicasets_gather(kube, &wanted, &sets, &unread) && unread.kind != ERR_DENIED) {
		*err = unread;
		return false;
	}
	const struct settling settling = { .ledger = ledger, .sets = &sets, .syncs = syncs, .count = count };
	return settle_all(&settling, settled, err);
}
