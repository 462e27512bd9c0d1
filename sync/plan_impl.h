/*
 * Shared by the files of plan.h only.
 */
#ifndef SYNC_PLAN_IMPL_H
#define SYNC_PLAN_IMPL_H

#include "render/base/map.h"
#include "sync/plan.h"

/* apply_order as a number: stage, then weight of the kind. */
int order_rank(const struct ident *id);

/* What all decisions of one plan look at. */
struct planning {
	struct plan *plan;
	const struct objects *desired;
	const struct lives *live;
	const struct inventory *inventory;
	const struct plan_options *options;
	struct map wanted;     /* ident_key -> struct object: what is desired */
	struct map uids;       /* uid -> struct object: what desired objects are on the server */
	struct map namespaces; /* name -> struct ident of what is in it and stays */
	struct map scaled;     /* "namespace/kind/name" -> the identity of the desired HPA or ScaledObject */
	struct action *first_hook;
	size_t hooks;
};

/* Adds a new action, "" as its reason; borrowed from the plan. */
struct action *planning_add(struct planning *planning, enum action_kind kind, const struct ident *id);

/* Sets kind and reason; the reason is taken over. */
void action_decide(struct action *action, enum action_kind kind, char *reason);

void planning_warn(struct planning *planning, char *text);

/* Decides on a desired object. live, row, digest of the action are set. */
void plan_desired(struct planning *planning, struct action *action);

/* The desired HPA or ScaledObject that scales the object; NULL if none. */
const struct ident *planning_scaler(const struct planning *planning, const struct ident *id);

/* Adds PRUNE, KEEP and FORGET for the rows that are not desired, and applies the brake. */
void plan_dropped(struct planning *planning);

/* Whether the digest is of another format than ours, of another version of plumb: it tells nothing about the manifest. */
bool digest_is_foreign(const char *digest);
bool digest_is_newer(const char *digest);

/* Whose labels a live object has. */
enum claim {
	CLAIM_OURS,
	CLAIM_NONE,  /* no label of plumb's, or half of ours */
	CLAIM_OTHER, /* another sync's */
};

enum claim claim_of(const struct planning *planning, const struct live *live);

/* "NAMESPACE/NAME" of the sync that the labels name; free() it. */
char *claim_text(const struct live *live);

/* plumb's entry, its fieldsV1; NULL if none. */
const cJSON *own_set(const struct live *live);

/* "kubectl's", "kubectl's (scale)": the manager of an entry; free() it. */
char *whose(const cJSON *entry);

/* "made by kubectl-create, helm", or "is there already"; free() it. */
char *makers_text(const struct live *live);

/* The manager that writes spec.replicas by the scale subresource and is no person; NULL if none. Borrowed. */
const char *scaling_manager(const struct live *live);

/* The first entry that owns spec.replicas and is not plumb's; NULL if none. */
const cJSON *replicas_owner(const struct live *live);

/* Whether fields are there of a manager whose fields may be taken at first contact. */
bool any_takeable(const struct live *live, const char *const *take_over);

/* Whether managers that came before plumb or beside it own something of the manifest: they would keep alive what Git drops. */
bool any_leftover(const struct live *live, const cJSON *manifest);

/*
 * The first manager that --take-over names and that still owns something of the manifest, beside plumb: what Git drops would
 * stay its. NULL: none. Borrowed.
 */
const char *named_owner(const struct live *live, const cJSON *manifest, const char *const *take_over);

/* "finalizer X, Y", or "its deletion"; free() it. */
char *deletion_text(const struct live *live);

#endif
