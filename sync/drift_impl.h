/*
 * Shared by the files of drift.h only.
 *
 *   drift.c        rows, what cycles tell
 *   drift_see.c    what events mean
 *   drift_heal.c   when a heal is due: delay, budget, fights
 */
#ifndef SYNC_DRIFT_IMPL_H
#define SYNC_DRIFT_IMPL_H

#include "render/base/map.h"
#include "sync/drift.h"
#include "sync/plan.h"

/* A field that others took from us, and how that went on. */
struct fight {
	char *field; /* "": the object as a whole, by deletion */
	char *manager;
	unsigned lost;   /* heals that were undone */
	bool healed;     /* the last one was not undone yet */
	int64_t when;    /* of the last heal */
	int64_t yielded; /* until then it is left to the manager; 0: it is not */
};

/* What only objects have that drifted once. */
struct healing {
	int64_t found_full; /* the buckets: when each would be full again (GCRA) */
	int64_t maybe_full;
	unsigned failures; /* heals that failed in a row */
	bool taken;        /* by drift_take, until drift_healed */
	int64_t taken_at;
	enum drift_state taken_state;
	char *taken_field; /* as of drift_take; NULL as in the row */
	char *taken_manager;
	struct fight *fights;
	size_t fight_count;
	const char **yields; /* fields of the fights that are yielded, NULL-terminated, borrowed from them; NULL: none */
	bool yields_more;    /* since the last look at the object */
};

struct drift_row {
	struct ident id;
	char *version; /* as it is desired: "v1" of apps/v1 */
	void *packed;  /* the manifest, compressed */
	size_t packed_len;
	char digest[16];
	struct object_origin origin; /* what it was made of */
	bool wanted;                 /* while drift_desire runs */
	bool applied;                /* this manifest was, as far as is known */
	bool named;                  /* by the list that is being read */
	uint64_t answered;           /* resourceVersion of our last answer, or of the last plan that found it in sync */
	char *uid;                   /* with that answer; NULL none yet */
	int64_t generation;
	uint64_t newest;  /* of all events and answers, whatever they meant */
	uint64_t healthy; /* the version that was healthy; 0 none */
	uint64_t later;   /* the newest event while it was not applied */
	bool sure;        /* what was seen or answered last is all of the manifest, by the plan's rules, with nothing left out */
	/* What the last event told. */
	enum drift_state state;
	uint64_t seen;
	char *reason;
	char *field;   /* NULL: none to name */
	char *manager; /* NULL: unknown */
	unsigned lost;
	int64_t since;
	int64_t due;
	struct healing *healing; /* NULL: never drifted */
};

struct drift {
	char *ns;
	char *name;
	struct drift_options options;
	unsigned busy;
	struct drift_row **rows;
	size_t count;
	size_t cap;
	struct map by_key; /* ident_key -> row */
	struct map scaled; /* plan_scale_target -> identity of the desired HPA or ScaledObject */
	struct inventory inventory;
	struct repo_commit commit;
	char *ref;
	size_t counts[DRIFT_STATES];
};

struct finding {
	enum drift_state state;
	const char *reason;
	const char *field;
	const char *manager;
};

/* --- drift.c */
struct drift_row *drift_find(const struct drift *drift, const struct ident *id);
/* The desired object, NULL where the memory of it is damaged (it never is). */
struct object *row_unpack(const struct drift_row *row);
void row_tell(struct drift *drift, const struct drift_row *row);
/* Sets the state, schedules and tells of it where it is another one. */
void row_set(struct drift *drift, struct drift_row *row, const struct finding *finding, int64_t now);
void row_clear(struct drift *drift, struct drift_row *row);

/* --- drift_see.c */
/* The plan left a field to a controller because of what was lost to it, not only because of its kind. */
bool row_yields(const struct drift_row *row, const struct action *action);
/* "contested: MANAGER: FIELD"; free() it. */
char *drift_contested(const struct action *action);

/* --- drift_known.c */
/* An event or an answer of the object came, of that version; 0: not known. */
void row_hear(struct drift_row *row, uint64_t version);
/* What was decided or applied is all of the manifest: no field is left to somebody else. */
bool action_is_whole(const struct action *action);

/* --- drift_heal.c */
/* What the row has is news: who lost what to whom, and when it is to be healed. Fills in row->lost and row->due. */
void heal_schedule(struct drift *drift, struct drift_row *row, int64_t now);
void healing_free(struct healing *healing);
/* Another manifest: old fights are over. */
void healing_forget(struct healing *healing);

#endif
