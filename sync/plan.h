/*
 * Decides what to do; does nothing. A pure function of desired objects, live metadata, and the inventory of the last sync, so
 * every case is a table in tests/cases/plan. Actions come out in apply order, prunes last and reversed.
 */
#ifndef SYNC_PLAN_H
#define SYNC_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "render/base/buf.h"
#include "render/object.h"
#include "sync/inventory.h"
#include "sync/live.h"

enum action_kind {
	ACTION_NONE,   /* in sync by digest, ownership and generation */
	ACTION_CREATE, /* not there */
	ACTION_CHANGE, /* the manifest changed */
	ACTION_HEAL,   /* somebody changed or deleted what Git sets; also "maybe": apply and see */
	ACTION_ADOPT,  /* first contact with an object that is there and not ours (safety rule 7) */
	ACTION_PRUNE,  /* dropped from Git, to be deleted */
	ACTION_KEEP,   /* dropped from Git, stays in the inventory: the reason says why */
	ACTION_FORGET, /* dropped from Git and gone, or another sync's by now: leaves the inventory without a write */
	ACTION_SKIP,   /* a hook, reconcile disabled, a Job that has run */
	ACTION_WAIT,   /* it is being deleted: apply once it is gone */
	ACTION_BLOCK,  /* another sync owns it */
};

/* Order of writing (design notes 3.6). Prunes run in the reverse order. */
enum stage { STAGE_NAMESPACES, STAGE_DEFINITIONS, STAGE_CLUSTER, STAGE_REST, STAGE_WEBHOOKS, STAGE_COUNT };

enum stage stage_of(const struct ident *id);

/* Apply order inside and between stages: stage, weight of the kind, then identity. As strcmp. */
int apply_order(const struct ident *a, const struct ident *b);

struct action {
	enum action_kind kind;
	enum stage stage;
	const struct object *desired;    /* NULL for PRUNE, KEEP, FORGET; borrowed */
	const struct live *live;         /* NULL where it is not there, or is known and was not read; borrowed */
	const struct inventory_row *row; /* NULL where the inventory has none; borrowed */
	char digest[16];                 /* of the desired object: the value of NOTE_DIGEST; "" of one that is known */
	char *reason;                    /* one line for the user: "spec.replicas is kubectl's (scale)", "not in Git"; never NULL */
	char *field;                     /* HEAL: the first field that was lost; NULL where there is none to name */
	char *manager;                   /* HEAL: whose it is now; of what is yielded: the last one's; NULL unknown */
	char **yielded;                  /* fields left to other managers, NULL-terminated; NULL none (safety rule 12) */
	bool maybe;         /* HEAL only because the generation moved or --verify: no drift is known; CHANGE: no change is known */
	bool take_over;     /* absorb the fields of managers that may be taken over, before the apply */
	bool force;         /* apply with force */
	bool drop_replicas; /* leave spec.replicas out: a controller scales it (safety rule 10) */
	cJSON *gives_up;    /* fields of ours alone that ignore rules name: handed over first; NULL: none */
	bool hand_over;     /* spec.replicas is given up and would be reset: hand it over first (rule 5) */
};

struct plan_options {
	const char *name; /* the sync */
	const char *ns;
	bool prune;
	bool source_changed;          /* --source-changed was given, or the source is the recorded one */
	bool verify;                  /* apply everything (safety rule 9) */
	bool declared;                /* by a Sync resource: texts name its annotation, not flags */
	int prune_limit;              /* percent of the inventory; -1: the default brake (more than 5 and more than 20 %) */
	const char *const *take_over; /* --take-over managers, NULL-terminated; NULL for none */
	bool part;                    /* `desired` is a part of what Git has: nothing is dropped that is not in it */
	/* Fields that plumb yielded to the manager that has them now (contested), NULL-terminated, borrowed; NULL: none. */
	const char *const *(*yielded)(void *context, const struct ident *id);
	/* The desired HPA or ScaledObject that scales the object and may be outside of `desired`; NULL: only those in it count. */
	const struct ident *(*scaler)(void *context, const struct ident *id);
	/* Whether the discovery of the kind's group succeeded; a kind that is not known is never pruned (rule 4). NULL: yes. */
	bool (*kind_known)(void *context, const char *group, const char *kind);
	void *context;
};

struct plan {
	struct action **actions;
	size_t count;
	size_t cap;
	char *brake; /* why prunes were turned into KEEP by a brake; NULL if none was */
	char **warnings;
	size_t warning_count;
};

/*
 * live holds all that was found: by label, by name for what the label list lacked. A desired object that is known is in sync, by
 * the row that the inventory has of it, and no live one is looked for.
 */
struct plan *plan_new(const struct objects *desired, const struct lives *live, const struct inventory *inventory,
                      const struct plan_options *options);
void plan_free(struct plan *plan);
void plan_freep(struct plan **plan);

/*
 * What a desired HPA or ScaledObject scales: the key of "namespace/kind/name"; free() it. NULL where the object is none, or a
 * hook.
 */
char *plan_scale_target(const struct object *object);

/* Whether anything is to be written or deleted. */
bool plan_writes(const struct plan *plan);

/*
 * The value of plumb.dev/digest for an object: a format version and a short digest of its canonical JSON, "1:4f2a91c0b7d2".
 */
void plan_digest(const struct object *object, char out[16]);

/*
 * Whether a field manager's fields may be taken at first contact (safety rule 7): kubectl's but kubectl-rollout, ours,
 * before-first-apply, those named.
 */
bool manager_takeable(const char *manager, const char *const *take_over);

#endif
