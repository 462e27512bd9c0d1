/*
 * Runs a plan: server-side apply with manager `plumb`, stage by stage, many objects in flight inside a stage. Each
 * object is a small state machine that ends with a verdict in the report; one that the server refuses stops no other.
 */
#ifndef SYNC_APPLY_H
#define SYNC_APPLY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "render/base/buf.h"
#include "sync/inventory.h"
#include "sync/kube/discovery.h"
#include "sync/kube/kube.h"
#include "sync/lease.h"
#include "sync/ledger.h"
#include "sync/plan.h"
#include "sync/report.h"
#include "sync/rollout.h"

struct apply {
	/* Given; borrowed. */
	struct kube *kube;
	struct discovery *discovery;
	struct lease *lease; /* kept, and no write starts when it is not fresh; NULL: none (unit tests) */
	const struct plan *plan;
	const struct ledger *ledger; /* for the texts of older commits */
	const struct repo_commit *commit;
	const char *server;           /* discovery_digest now */
	const char *const *take_over; /* NULL-terminated, or NULL */
	const char *propagation;      /* of prunes: "Foreground", ... */
	const char *selector;         /* label selector of the sync's objects */
	int64_t deadline;
	bool paced;              /* what is only verified goes out at a pace (safety rule 9) */
	bool takes_up;           /* the sync is one that was killed: what it wrote is not in the inventory */
	const atomic_int *newer; /* as in cycle_options */
	const atomic_int *stop;
	struct report *report;
	struct inventory *inventory; /* rows are set as objects are made, removed as they are pruned */
	/* An object was applied, and this is its metadata now; NULL: nobody wants to know. */
	void (*applied)(void *context, const struct action *action, const cJSON *metadata);
	void *context;
	/* The answer. */
	struct rollout *rollouts; /* what was applied or is in sync, to be waited for; with resource, uid, generation; owned */
	size_t rollout_count;
	size_t rollout_cap;
	struct ledger_revision *revisions; /* of Deployments whose template was changed; owned */
	size_t revision_count;
	size_t revision_cap;
	bool healed_only; /* nothing was written but heals */
	bool stopped;     /* by a signal, the deadline or a lost lease: not everything was tried */
};

/*
 * Applies all but prunes. Verdicts: in sync and KEEP, SKIP, BLOCK at once; FORGET leaves the inventory. true when every
 * desired object is applied (or skipped): the condition for pruning (safety rule 2).
 */
bool apply_objects(struct apply *apply);

/* Deletes what the plan prunes, in its order, and waits (foreground) until it is gone or the deadline comes. true when
 * all went. */
bool apply_prunes(struct apply *apply);

/* PRUNE actions become `kept: reason`. */
void apply_keep_prunes(struct apply *apply, const char *reason);

void apply_release(struct apply *apply);

/*
 * The body of an apply of a desired object: with NOTE_DIGEST, and NOTE_TEMPLATE_COMMIT and NOTE_CHANGE_CAUSE where not
 * NULL (a cause that Git writes wins), without spec.replicas if so asked. false over the limit.
 */
struct apply_notes {
	const char *digest;
	const char *template_commit;
	const char *cause;
	bool drop_replicas;
	const char *const *without; /* paths that `owned` lost and that are left out (fields_strip); NULL none */
	const cJSON *owned;         /* plumb's fields on the live object */
	bool creates;               /* it is not there: with what ignore rules name, whose first value is Git's */
	const char *version;        /* the resource version that the apply must find; NULL: any */
};

bool apply_body(const struct object *object, const struct apply_notes *notes, struct buf *out) MUST_CHECK;

/* "4f2a91c Raise the memory limit (Ana)": at most LIMIT_CAUSE_BYTES, no control characters, good UTF-8; free() it. */
char *apply_cause(const char *commit, const char *subject, const char *author);

/* "/apis/apps/v1/namespaces/x/deployments/y?fieldManager=plumb&force=true[&dryRun=All]"; free() it. */
char *apply_path(const struct resource *resource, const struct ident *id, const char *manager, bool force, bool dry_run);

/* Digest of the pod template of a Deployment as the server answers it; free() it. NULL where there is none. */
char *apply_template_hash(const cJSON *deployment);

/*
 * The first field conflict with a manager whose fields may not be taken: "helm sets data.value; ..."; NULL where there
 * is none. free() it.
 */
char *apply_blocker(const struct kube_status *status, const char *const *take_over);

/* Where all causes are changes of immutable fields: their names, "spec.selector,spec.x"; NULL otherwise. free() it. */
char *apply_immutable(const struct kube_status *status);

/* Whether the manifest lets the object be deleted and made anew for a change of these fields: never where it holds data. */
bool apply_may_recreate(const struct object *object, const char *fields);

/* What is said then: "deployment.apps/web in shop is deleted and made anew, with downtime: ..."; free() it. */
char *apply_recreate_text(const struct ident *id, const char *fields);

#endif
