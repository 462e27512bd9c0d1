/*
 * The ReplicaSets that the cluster has, as far as their metadata tells: which Deployment owns each, its revision number, its
 * template hash, and the commit that the Deployment's annotation named when it was made or used again.
 */
#ifndef SYNC_REPLICASETS_H
#define SYNC_REPLICASETS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "render/base/err.h"
#include "render/base/map.h"
#include "sync/kube/kube.h"
#include "sync/ledger.h"

struct replicaset {
	char *ns;
	char *name;
	char *owner;      /* uid of the controller; "" for none */
	char *hash;       /* label pod-template-hash; "" for none */
	char *commit;     /* annotation plumb.dev/template-commit; "" for none */
	int64_t revision; /* 0 for none */
	int64_t created;  /* seconds since 1970 */
	size_t next;      /* the owner's next one, index + 1; 0 for none */
};

struct replicasets {
	struct replicaset *items;
	size_t count;
	size_t cap;
	struct map by_owner;   /* uid -> index + 1 of its first */
	struct map namespaces; /* that were read, as far as they were wanted */
};

#define REPLICASETS_INIT ((struct replicasets){ 0 })

void replicasets_release(struct replicasets *sets);

/* Adds one by its document, whole or metadata only; false where it has no name. */
bool replicasets_add(struct replicasets *sets, const cJSON *object);

/* The Deployments whose ReplicaSets are looked for. */
struct replicasets_wanted {
	struct map deployments; /* ident_key -> struct ident, borrowed */
	struct map namespaces;  /* of them */
};

void replicasets_want(struct replicasets_wanted *wanted, const struct ident *deployment);
void replicasets_wanted_release(struct replicasets_wanted *wanted);

/*
 * Reads at least those of the wanted Deployments, metadata only. Of a few Deployments each by its selector; where that is not all
 * that is asked, or one is not there, lists of the namespaces in pages: a few namespaces each by itself, many by one list of the
 * cluster unless that is denied. false with the first error where a namespace could not be read; what was read is in `sets` then
 * too, and `sets->namespaces` tells.
 */
bool replicasets_gather(struct kube *kube, const struct replicasets_wanted *wanted, struct replicasets *sets, struct err *err)
	MUST_CHECK;

/* The owner's first and next one; NULL behind the last. Borrowed. */
const struct replicaset *replicasets_first(const struct replicasets *sets, const char *owner);
const struct replicaset *replicasets_next(const struct replicasets *sets, const struct replicaset *set);

/*
 * The ReplicaSet that a sync's revision made; NULL where it is not there (yet). By number and hash where they are known, else
 * the lowest number above `from` that carries the commit: later ones that carry it too are copies, made by somebody
 * else's change.
 */
const struct replicaset *replicasets_match(const struct replicasets *sets, const struct ledger_revision *revision,
                                           const char *commit);

/* Fills in number, name and hash. */
void replicaset_note(const struct replicaset *set, struct ledger_revision *revision);

#endif
