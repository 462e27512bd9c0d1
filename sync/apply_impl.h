/*
 * Shared by the files of apply.h only. A `work` is one object on its way: a list of steps, each a request, of which
 * those that are not needed are passed over. Works of one run share a window of requests, timers for what is tried
 * again, and the lease.
 *
 *   apply.c           stages, verdicts, what is asked for from outside
 *   apply_run.c       the loop: window, timers, lease, deadline
 *   apply_object.c    the steps of an apply
 *   apply_revision.c  which commit made the pod template, and what to say of it
 *   apply_refused.c   what an answer that is no success means
 *   apply_takeover.c  fields of other managers
 *   apply_delete.c    the steps of a prune and of a recreate
 *   apply_body.c      bodies and paths
 */
#ifndef SYNC_APPLY_IMPL_H
#define SYNC_APPLY_IMPL_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "sync/apply.h"

/*
 * A resource version that no object has: a server-side apply with it makes the object, or conflicts where one is there. All syncs
 * write with one manager, so nothing else tells that another one was faster (safety rule 8).
 */
#define NOT_THERE "1"

struct run;
struct work;

/* One request of a work. */
struct step {
	bool (*needed)(const struct work *work);
	void (*send)(struct work *work);                          /* fills in work->call and calls work_send */
	void (*answered)(struct work *work, const cJSON *answer); /* of a 2xx; then comes the next needed step */
	bool writes;
};

enum work_state {
	WORK_READY,    /* its step may be sent */
	WORK_FLYING,   /* sent */
	WORK_SLEEPING, /* to be tried again at `due` */
	WORK_DONE,
};

struct work {
	struct run *run;
	const struct action *action;
	const struct ident *id;          /* borrowed */
	const struct resource *resource; /* NULL: not served (yet) */
	const struct step *steps;        /* ends with one without send */
	size_t at;
	enum work_state state;
	struct kube_call call;
	int64_t due;
	int64_t pause;        /* before the next try */
	unsigned races;       /* answers that said that the object had changed meanwhile */
	char *trouble;        /* of the last answer that was no success; NULL none */
	enum failure failure; /* that it is when the time is over */
	bool waits;           /* for a deletion to end: at the deadline it is `waiting`, not `failed` */
	/* Of an apply. */
	char *expects; /* the resource version that it must find, or NOT_THERE; NULL: any, it is ours */
	bool late;     /* it was another one: it is to be looked at again */
	cJSON *live;   /* the whole object, where a step read it */
	bool force;
	bool take_over;
	bool absorbs_again;
	bool checked;      /* the first contact was found to conflict with nobody but those that may be taken over */
	char *hash_before; /* of the live pod template; NULL unknown */
	char *hash_wanted; /* of the dry run's */
	char *commit;      /* NOTE_TEMPLATE_COMMIT to write; NULL none */
	char *cause;       /* NOTE_CHANGE_CAUSE to write; NULL none */
	bool recreate;     /* delete and create */
	char *recreated;   /* the immutable field */
	/* Of a deletion. */
	char *uid;
	char *resource_version;
};

struct run {
	struct apply *apply;
	struct work **open; /* all that are not done */
	size_t count;
	size_t cap;
	size_t next; /* none before it is ready but those that were tried */
	size_t flying;
	size_t failed;      /* did not come to a good end */
	int64_t kept;       /* when the lease was last looked after */
	int64_t discovered; /* when discovery was last refreshed */
	int64_t turn;       /* when the next one that is paced may go out */
	int64_t pace;       /* milliseconds between two of them */
	bool lost;          /* the lease */
};

/* --- apply.c */
void apply_follow(struct apply *apply, const struct ident *id, const struct resource *resource, const char *uid,
                  int64_t generation);

/* --- apply_run.c */
struct work *work_new(struct run *run, const struct action *action, const struct ident *id, const struct step *steps);
/* Runs until no work is ready or flying (those that sleep stay), or with `all` until none is left; false when it was
 * stopped. */
bool run_works(struct run *run, bool all);
/* Ends what is still open, with its trouble as the verdict. */
void run_give_up(struct run *run);
void run_release(struct run *run);
bool run_stopped(struct run *run);

void work_send(struct work *work);
/* Goes on with the next needed step, or from this one. */
void work_next(struct work *work);
void work_goto(struct work *work, const struct step *steps, size_t at);
/* Ends it with a verdict; the reason is taken over. */
void work_end(struct work *work, enum verdict verdict, char *reason, enum failure failure);
/* Tries the step again later; the reason is taken over. */
void work_later(struct work *work, char *reason, enum failure failure);

/* --- apply_object.c */
extern const struct step apply_steps[];
enum apply_step { STEP_GONE, STEP_SEEN, STEP_LIVE, STEP_CONTACT, STEP_ABSORB, STEP_HAND_OVER, STEP_DRY_RUN, STEP_APPLY };
bool is_deployment(const struct ident *id);
bool is_secret(const struct ident *id);
/* A label of a whole object or of its metadata alone; NULL: it has none of that name. */
const char *apply_label(const cJSON *object, const char *name);
/* Blocks it where its labels are another sync's than those of the manifest; else this is what the apply must find. */
void apply_look(struct work *work, const cJSON *live);
void apply_call(struct work *work, const char *manager, bool force, bool dry_run);

/* --- apply_revision.c */
/* The hash of the template that the server had after our last apply; NULL where that cannot be told any more. */
const char *revision_recorded(const struct work *work);
/* Chooses commit and cause to write, by what is known so far. */
void revision_choose(struct work *work);
/* After the apply: the row's template, and a revision where it changed. */
void revision_note(struct work *work, const cJSON *answer, struct inventory_row *row);

/* --- apply_refused.c */
void work_refused(struct work *work);

/* --- apply_takeover.c */
/* The JSON patch that gives plumb the fields that may be taken; NULL where there are none. */
cJSON *takeover_patch(const struct work *work);

/* --- apply_delete.c */
extern const struct step prune_steps[];
extern const struct step recreate_steps[];

#endif
