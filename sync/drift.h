/*
 * What a sync keeps, and which of it is not as Git has it: an index of its desired objects, fed by cycles (what was applied), by
 * watches (what is there now) and by heals. It does no I/O and reads no clock; `now` is monotonic milliseconds. One per Sync.
 *
 * It holds no live object: an object costs its manifest, compressed, its row of the inventory and some numbers. What an event
 * means is decided by the rules of sync/plan.h, on the metadata that the event brings.
 *
 *   NONE <--in sync-- FOUND, MAYBE --due, budget--> healing --answered--> NONE
 *                       ^     |                        |
 *                       |     +--lost twice to one controller--> CONTESTED (safety rule 12)
 *                       +------------failed, or undone by somebody------+
 *
 * Never healed: while a cycle or a heal of the Sync runs (drift_begin, drift_end); an object of which no apply is known to have
 * succeeded; what an event tells that is older than our last answer of that object. A heal is due after the delay. Each object
 * has a bucket of heals that refills with time; who undoes a heal is named, and each time the next one is later.
 */
#ifndef SYNC_DRIFT_H
#define SYNC_DRIFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "render/object.h"
#include "sync/git/repo.h"
#include "sync/inventory.h"
#include "sync/live.h"

struct action;
struct plan;
struct prepared;
struct report;

enum drift_state {
	DRIFT_NONE,      /* as Git has it, as far as is known */
	DRIFT_MAYBE,     /* its generation moved: an apply will tell */
	DRIFT_FOUND,     /* changed or deleted by somebody */
	DRIFT_CONTESTED, /* a field is left to a controller that took it twice */
	DRIFT_WAITING,   /* it is being deleted */
	DRIFT_BLOCKED,   /* another sync's label is on it */
	DRIFT_DISABLED,  /* plumb.dev/reconcile: disabled and its aliases, here or on the live object (safety rule 13) */
	DRIFT_STATES,
};

const char *drift_state_text(enum drift_state state);

/* One object, as status, metrics, logs and events tell of it. Borrowed, for the time of the call. */
struct drift_note {
	const struct ident *id;
	enum drift_state state;
	const char
		*reason; /* as in a plan: "spec.replicas is kubectl's (scale)", "deleted"; "contested: MANAGER: FIELD"; "" of NONE */
	const char *manager; /* who has or took what was lost; NULL unknown */
	unsigned lost;       /* heals of that field that this manager undid: more than 0 is a fight */
	int64_t since;       /* when that state was first seen */
	int64_t due;         /* when it is to be healed; INT64_MAX: not by itself */
};

struct drift_options {
	bool detect;    /* heal.mode Detect: nothing is ever due */
	bool suspended; /* nor here; what is found meanwhile is due afterwards */
	int64_t delay;  /* heal.delay, milliseconds */
	/* A note's state, reason or count of lost heals is another one; may be NULL. Not to call the drift from. */
	void (*changed)(void *context, const struct drift_note *note);
	void *context;
};

struct drift;

struct drift *drift_new(const char *ns, const char *name);
void drift_free(struct drift *drift); /* NULL is fine */
void drift_freep(struct drift **drift);

void drift_configure(struct drift *drift, const struct drift_options *options);

/* --- from cycles and heals: options.drift of cycle_sync calls these ---------------------------------------------- */

/* Between them nothing is due; they nest. */
void drift_begin(struct drift *drift);
void drift_end(struct drift *drift);

/* Whether the document of an object that has none is here: of what was desired before, and made of the same. */
bool drift_holds(const struct drift *drift, const struct object *object);

/* Gives it that document. */
void drift_complete(const struct drift *drift, struct object *object);

/*
 * All that Git has is in prepared->desired (what has no document there is held), and nothing live was read yet: what is
 * desired is kept, what is not is forgotten, with the report's commit.
 */
void drift_desire(struct drift *drift, const struct prepared *prepared);

/* The server answered our apply of the action's object: it is as desired, and older events of it say nothing. */
void drift_applied(struct drift *drift, const struct action *action, const cJSON *metadata);

/*
 * Whether the server has the desired object as it is, so that a plan need not read it: by our last answer or a plan, and by all
 * that the watch told since, nothing is other than desired or left out of it, and the inventory's row (NULL: none) names the same
 * object in the same generation (safety rule 9). True only where the watch of the place is live, which the caller has to see to.
 */
bool drift_knows(const struct drift *drift, const struct object *object, const struct inventory_row *row);

/*
 * The object was healthy in that version (0 unknown), and whether it still is, since nothing was told of it that is newer: each
 * change of its status is. With the same condition as drift_knows.
 */
void drift_healthy(struct drift *drift, const struct ident *id, uint64_t version);
bool drift_is_healthy(const struct drift *drift, const struct ident *id);

/* A plan (which may be a part) was applied: what it found in sync is as desired, what it left alone is told by its state. */
void drift_settle(struct drift *drift, const struct plan *plan, const struct inventory *inventory);

/* The inventory is another one by now. */
void drift_inventory(struct drift *drift, const struct inventory *inventory);

/* --- from watches -------------------------------------------------------------------------------------------------- */

struct drift_sight {
	const struct ident *id;
	struct live *live; /* borrowed; NULL: it was deleted, or does not match the watch's selector any more */
	uint64_t version;  /* resourceVersion of the event, 0 unknown */
};

/* Whether the object is one of this Sync's. Says nothing about others. */
bool drift_see(struct drift *drift, const struct drift_sight *sight, int64_t now);

/* A list: objects of that kind (and namespace, NULL: all) that were not seen between these two are gone. */
void drift_listing(struct drift *drift, const char *group, const char *kind, const char *ns);
void drift_listed(struct drift *drift, const char *group, const char *kind, const char *ns, uint64_t version, int64_t now);

/* --- healing ------------------------------------------------------------------------------------------------------- */

/* When the next heal is due; INT64_MAX: none, or not as long as things are as they are. */
int64_t drift_due(const struct drift *drift);

/* Takes what is due, as desired objects that are yours, and spends their budget. Empty where nothing is. */
struct objects drift_take(struct drift *drift, int64_t now);

/* The same for the cycle that runs: it heals by itself while it waits. */
struct objects drift_take_within(struct drift *drift, int64_t now);

/* Ends what drift_take began: by the report's verdicts; what has no good one is tried again, each time later. */
void drift_healed(struct drift *drift, const struct report *report, int64_t now);

/* For plans over a part of the objects: plan_options.yielded and .scaler, with the drift as their context. */
const char *const *drift_yielded(void *drift, const struct ident *id);
const struct ident *drift_scaler(void *drift, const struct ident *id);

/* --- what there is ------------------------------------------------------------------------------------------------- */

size_t drift_count(const struct drift *drift, enum drift_state state);
size_t drift_objects(const struct drift *drift);

/* Those that are not NONE. */
void drift_each(const struct drift *drift, void (*each)(void *context, const struct drift_note *note), void *context);

/* The kinds and namespaces of what is desired, each once: what is to be watched. `ns` "" for cluster-scoped. */
void drift_places(const struct drift *drift,
                  void (*each)(void *context, const char *group, const char *kind, const char *version, const char *ns),
                  void *context);

/* Of the last plan; id "" before the first one. Borrowed. */
const struct repo_commit *drift_commit(const struct drift *drift);
const char *drift_ref(const struct drift *drift);

/* Bytes that the index holds, as far as it knows. */
size_t drift_bytes(const struct drift *drift);

#endif
