/*
 * What the ledger's own files share; nobody else includes it.
 *
 *   ledger.c        what is asked of it, and memory
 *   ledger_read.c   from the API server into memory
 *   ledger_owner.c  what the records belong to
 *   ledger_write.c  begin, finish, settle
 *   ledger_trim.c   what falls out of the limit
 */
#ifndef SYNC_LEDGER_IMPL_H
#define SYNC_LEDGER_IMPL_H

#include "sync/delta.h"
#include "sync/ledger.h"
#include "sync/record.h"

/* Beside each sync: what stands on the server. */
struct ledger_entry {
	bool has[RECORD_KINDS];
	char *uids[RECORD_KINDS];
	struct delta_base bases[2]; /* that the intent and the outcome name */
	int64_t verified;           /* of the outcome's annotation */
};

/* A record whose sync is gone: a trim that was killed. It goes with the next one. */
struct ledger_stray {
	char *name;
	char *uid;
};

enum { LEDGER_WRITER = 17 };

struct ledger {
	struct kube *kube;
	struct kube *objects; /* as in ledger_options */
	struct ledger_cache *cache;
	char *ns;
	char *name;
	unsigned limit;
	char writer[LEDGER_WRITER]; /* tells our records from another process's with the same content */
	char *sync_uid;             /* as in ledger_options */
	char *anchor_uid;           /* NULL as long as there is none */
	struct ledger_sync *syncs;  /* oldest first, with entries beside them */
	struct ledger_entry *entries;
	size_t count;
	size_t cap;
	struct ledger_stray *strays;
	size_t stray_count;
	int64_t top;  /* the highest number seen, also on records that cannot be read */
	bool hurried; /* as in ledger_hurry */
	bool newer_format;
	bool unreadable; /* a record was skipped: what it refers to is not known */
	struct delta_base ref;
	struct inventory base;
	struct inventory current;
};

/* The collection's path, or one record's; free() it. */
char *ledger_path(const struct ledger *ledger, const char *name);

/* Appends an empty sync with its entry; returns its index. */
size_t ledger_push(struct ledger *ledger, int64_t number);

/* Index of the sync with that number; count where there is none. */
size_t ledger_index(const struct ledger *ledger, int64_t number);

void ledger_entry_release(struct ledger_entry *entry);

/* The whole ledger into an empty one. */
bool ledger_read(struct ledger *ledger, struct err *err) MUST_CHECK;

/* Sends all and waits for all; each call then has its answer. */
void ledger_send_all(struct kube *kube, struct kube_call *calls, size_t count);

/* A POST that is tried again where it is not known whether it arrived. *reply is the caller's to delete. */
bool ledger_post(struct kube *kube, const char *collection, const cJSON *object, cJSON **reply, struct err *err) MUST_CHECK;
cJSON *ledger_get(struct kube *kube, const char *path, struct err *err) MUST_CHECK;

/* Makes the anchor where one is needed. */
bool ledger_ensure_owner(struct ledger *ledger, struct err *err) MUST_CHECK;

/* The owner, with strings borrowed from the ledger and `anchor`, the anchor's name. */
struct record_owner ledger_owner(const struct ledger *ledger, const char *anchor);

/* Deletes what is over the limit; best effort. */
void ledger_trim(struct ledger *ledger);

#endif
