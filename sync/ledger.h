/*
 * What each sync did, as ControllerRevisions in the sync's namespace (safety rules 22-27). The API server refuses any change
 * of a record's data, so history cannot be rewritten; outcomes are records of their own.
 *
 *   plumb-NAME              ConfigMap, the anchor: controller ownerReference of all records, where no Sync resource is it
 *   plumb-NAME-N-intent     before the first write: commit, source, union of old and new inventory
 *   plumb-NAME-N-outcome    after it: result, inventory, Deployment revisions as far as known
 *   plumb-NAME-N-revisions  the revisions, where the outcome had to go without them
 *   plumb-NAME-inv-DIGEST[-PART]  an inventory, shared by the records that have the same
 *
 * An intent without an outcome is a sync that was killed: `unfinished`. Names are deterministic, so creating is the
 * compare-and-swap. A record's inventory is a base (a record of its own) and at most LIMIT_DELTA_ROWS changes inline.
 */
#ifndef SYNC_LEDGER_H
#define SYNC_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "render/base/err.h"
#include "sync/inventory.h"
#include "sync/kube/kube.h"

/* A Deployment revision that a sync made. */
struct ledger_revision {
	struct ident id;
	char *uid;         /* of the Deployment */
	int64_t from;      /* revision before; 0 none */
	int64_t to;        /* revision made; 0 not known yet, or never made where the sync is no longer pending */
	char *replicaset;  /* its name; NULL not known yet */
	char *hash;        /* pod-template-hash; NULL not known yet */
	char *healed_from; /* a heal: the managers whose change was undone, "kubectl-set"; NULL otherwise */
};

enum ledger_result {
	LEDGER_UNFINISHED,  /* no outcome yet */
	LEDGER_APPLIED,     /* everything applied, rollouts not waited for */
	LEDGER_HEALTHY,     /* and every rollout was seen healthy */
	LEDGER_FAILED,      /* objects failed, or a rollout did */
	LEDGER_INCOMPLETE,  /* stopped by a brake, a block, a signal or the timeout */
	LEDGER_INTERRUPTED, /* was killed; the next sync wrote this */
};

const char *ledger_result_text(enum ledger_result result);

struct ledger_sync {
	int64_t number; /* counts up from 1 */
	char *commit;   /* 40 hex digits */
	char *ref;      /* as the user gave it */
	char *author;
	char *subject;
	int64_t commit_time; /* seconds since 1970 */
	int64_t started;
	int64_t finished; /* 0 unfinished */
	char *url;        /* without credentials */
	char *path;
	char *target_ns; /* where all namespaced objects go; NULL: none */
	bool heal;       /* only healed: outside the history limit */
	enum ledger_result result;
	char *message; /* one line with the result; "" for none */
	char *server;  /* discovery_digest at that time: template hashes hold as long as it is the same; NULL unfinished */
	struct ledger_revision *revisions;
	size_t revision_count;
	bool revisions_pending; /* number, ReplicaSet or hash of one are not known yet, and may still come */
};

struct ledger;

/*
 * The base of the inventory that a program read or wrote last, so that only its being there need be asked as long as records name
 * the same: its name is a digest of its content. All zero at first.
 */
struct ledger_cache {
	char *name;
	size_t parts;
	struct buf base; /* inventory_flatten */
};

void ledger_cache_release(struct ledger_cache *cache);

struct ledger_options {
	const char *ns;
	const char *name;
	unsigned history_limit;     /* 0: 20 */
	const char *sync_uid;       /* of the Sync resource of this name, which then is the records' controller; NULL: the anchor */
	struct ledger_cache *cache; /* of this sync's ledger, and to outlive it; NULL: none */
	struct kube *objects;       /* reads ReplicaSets, where the records are another identity's matter; NULL: as the rest */
};

/*
 * Reads all records: one LIST, and one GET for the current inventory. A missing ledger is an empty one. Records that make no
 * sense are skipped; an inventory that is damaged or missing is an error that names it: without it nothing could be pruned
 * safely. (Who deletes the anchor begins a new ledger.)
 */
struct ledger *ledger_open(struct kube *kube, const struct ledger_options *options, struct err *err) MUST_CHECK;
void ledger_free(struct ledger *ledger);
void ledger_freep(struct ledger **ledger);

/* Oldest first. Borrowed, and valid until the next ledger_begin, ledger_finish or ledger_settle, as all below. */
const struct ledger_sync *ledger_syncs(const struct ledger *ledger, size_t *count);

/* The newest one with an outcome, heals included; NULL if none. Borrowed. */
const struct ledger_sync *ledger_last(const struct ledger *ledger);

/* The newest sync, if it has no outcome (it was killed) and is not a heal; NULL otherwise. */
const struct ledger_sync *ledger_unfinished(const struct ledger *ledger);

/* The current inventory: of the newest record, the union where it is unfinished. Borrowed. */
const struct inventory *ledger_inventory(const struct ledger *ledger);

/* A record with a format newer than ours was seen: nothing may be pruned. */
bool ledger_newer_format(const struct ledger *ledger);

/*
 * Before the first write: anchor (if missing), inventory (if it differs from the last one's in more than LIMIT_DELTA_ROWS rows),
 * intent. `sync` gives the texts; number, started and heal are set in it. ERR_CONFLICT when another process made that number
 * first, or a ConfigMap of the anchor's name is somebody else's: read everything again.
 *
 * `inventory_union` holds the old inventory and all that is about to be made; rows that are not known to exist have no uid. It
 * may be what ledger_inventory gave. When the unfinished sync is of the same commit, path and URL, and its intent has all these
 * rows, it is taken up under its number without a request (a heal then becomes the sync that it finishes); else it gets the
 * outcome "interrupted" first.
 */
bool ledger_begin(struct ledger *ledger, struct ledger_sync *sync, const struct inventory *inventory_union, struct err *err)
	MUST_CHECK;

/*
 * After the last write: the outcome with result, message, revisions and server of `sync`, and the inventory as it is now;
 * finished and revisions_pending are set in it. Then trims, as best it can: history_limit syncs stay and as many heals, and
 * beyond that the newest record, the last healthy ones, those with revisions that are pending, and those that a living
 * ReplicaSet maps to.
 */
bool ledger_finish(struct ledger *ledger, struct ledger_sync *sync, const struct inventory *now, struct err *err) MUST_CHECK;

/* Something newer waits for this sync to end: ledger_finish leaves the trim to the next one, as long as not more than
 * history_limit records are too many. */
void ledger_hurry(struct ledger *ledger);

/*
 * Revisions of a finished sync that have become known; those that are not given stay as they are, and nothing of it is pending
 * any more. What another process recorded first is taken over.
 */
bool ledger_settle(struct ledger *ledger, int64_t number, const struct ledger_revision *revisions, size_t count, struct err *err)
	MUST_CHECK;

/* Remembers on the newest outcome (annotation plumb.dev/verified-at) that all was verified now; and when that was, 0 never. */
bool ledger_mark_verified(struct ledger *ledger, int64_t wall, struct err *err) MUST_CHECK;
int64_t ledger_verified(const struct ledger *ledger);

void ledger_sync_release(struct ledger_sync *sync);
void ledger_revision_release(struct ledger_revision *revision);

#endif
