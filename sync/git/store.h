/*
 * The bare repository on this machine that one remote's objects are kept in.
 *
 *     <stores>/<digest of the address>.lock   held while the store is open; the kernel frees it
 *     <stores>/<digest of the address>/       a bare repository
 *         plumb                               format, address and packs: written last, so that a store without it, or
 *                                             with a pack missing that it lists, is broken and made anew
 *
 * Objects come in packs only and a pack is complete when it gets its name, so a kill at any point leaves a store that is
 * sound or known to be broken. Nothing is ever pruned: a commit that a force-push left behind can still be asked about.
 */
#ifndef SYNC_GIT_STORE_H
#define SYNC_GIT_STORE_H

#include <git2.h>
#include <stdbool.h>
#include <stdint.h>

#include "render/base/err.h"

struct store {
	char *dir;
	char *address; /* of the remote, never with credentials */
	int lock;      /* file descriptor, -1 where there is none */
	git_repository *git;
	bool damaged; /* found while reading; it is to be made anew */
};

/* The packs of the store: names without directory and ending ("pack-<id>"), with the bytes of the .pack file. */
struct store_pack {
	char *name;
	uint64_t bytes;
};

struct store_packs {
	struct store_pack *items;
	size_t count;
};

#define STORE_INIT ((struct store){ .lock = -1 })

/* Waits for the lock until the deadline. `stores` NULL: $XDG_CACHE_HOME/plumb or ~/.cache/plumb. */
bool store_open(struct store *store, const char *stores, const char *address, int64_t deadline, struct err *err) MUST_CHECK;
void store_close(struct store *store);

/* Throws the content away; the store is empty and open afterwards. */
bool store_renew(struct store *store, struct err *err) MUST_CHECK;

/* Records the packs that are there after a fetch; the second form records a list of its own. */
bool store_seal(struct store *store, struct err *err) MUST_CHECK;
bool store_seal_packs(struct store *store, const struct store_packs *packs, struct err *err) MUST_CHECK;

/* Marks it damaged, for this process and the next one. For what shows only when an object is read. */
void store_condemn(struct store *store);

/* Whether the recorded commits and their history can be read (as far as a fetch would look). */
bool store_has_history(const struct store *store);

/* The bytes of its packs. */
uint64_t store_bytes(const struct store *store);

/* ERR_LIMIT when it is larger than LIMIT_STORE_BYTES. */
bool store_within_limit(const struct store *store, struct err *err) MUST_CHECK;

/*
 * Makes one pack out of all packs but the largest. All objects stay, reachable or not, and the remote is not asked. (Fetching
 * anew would forget what a force-push left behind and needs the network.)
 */
bool store_repack(struct store *store, int64_t deadline, struct err *err) MUST_CHECK;

bool store_packs(const struct store *store, struct store_packs *out, struct err *err) MUST_CHECK;
void store_packs_release(struct store_packs *packs);

#endif
