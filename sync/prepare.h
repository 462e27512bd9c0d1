/*
 * All of a sync that comes before the first write: fetch, render, discovery, ledger, live metadata, plan. What `plumb
 * diff` and `plumb sync` share.
 */
#ifndef SYNC_PREPARE_H
#define SYNC_PREPARE_H

#include "render/base/map.h"
#include "render/files.h"
#include "render/object.h"
#include "sync/cycle.h"
#include "sync/git/repo.h"
#include "sync/kube/discovery.h"
#include "sync/kube/kube.h"
#include "sync/ledger.h"
#include "sync/live.h"
#include "sync/plan.h"
#include "sync/scalers.h"
#include "sync/source.h"

struct wishes;

/* Everything is owned by it, but what is said to be borrowed. */
struct prepared {
	const struct cycle_options *options; /* borrowed */
	struct report *report;               /* borrowed */
	const atomic_int *stop;              /* of the clients; borrowed */
	int64_t started;
	int64_t deadline;
	struct kube *kube;    /* of the objects */
	struct kube *records; /* of ledger, lease and Sync: the same, or one of the program's own identity */
	struct discovery *discovery;
	struct source *source;  /* borrowed where it is the host's */
	char *ns;               /* of the sync */
	bool namespace_missing; /* --create-namespace has to make it */
	struct objects desired; /* with namespaces and the labels of the sync; without digest and cause */
	struct ledger *ledger;
	/* Desired objects of which the drift and the watches know that the server has them so are `known`: they are not read again,
	 * and the plan says of them that they are in sync. Never all that a pass verifies, takes up or makes again. */
	size_t known;
	struct map unsure;     /* "group/Kind" of what could not be read: never taken for gone */
	struct wishes *wishes; /* what was asked for so far; NULL before */
	struct lives lives;
	struct scalers scalers;     /* the HPAs that were looked for */
	struct plan *plan;          /* its actions borrow from desired, lives, and the ledger's inventory */
	struct inventory inventory; /* a copy of the ledger's: the plan borrows its rows */
	bool source_same;           /* URL and path are the recorded ones */
	bool target_same;           /* and the namespace where all objects go */
	bool verifying;             /* this run verifies all (safety rule 9) */
	char server[DIGEST_TEXT];   /* discovery_digest */
};

void prepared_release(struct prepared *prepared);

/* Fetches and renders: no cluster is needed. false: the report says why. `deadline` is set from the timeout. */
bool prepare_render(const struct cycle_options *options, struct report *report, struct prepared *out);

/* Then everything up to the plan; reads only. false: the report says why. */
bool prepare_plan(struct prepared *prepared);

/* Both; a program that has no loop reads of the cluster meanwhile what does not depend on the commit. */
bool prepare_all(const struct cycle_options *options, struct report *report, struct prepared *out);

/* Reads ledger and live objects again and plans anew: another writer was there meanwhile. */
bool prepare_again(struct prepared *prepared);

/*
 * The kind's resource in that version (NULL or not served: the version that the server prefers); NULL where the server
 * does not serve the kind (yet).
 */
const struct resource *prepared_resource(struct prepared *prepared, const struct ident *id, const char *version);

/* "plumb.dev/name=NAME,plumb.dev/namespace=NS"; free() it. */
char *prepared_selector(const struct prepared *prepared);

#endif
