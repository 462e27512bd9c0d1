/*
 * Shared by the files of rollout: what is followed, and how its report comes about.
 */
#ifndef SYNC_ROLLOUT_INTERNAL_H
#define SYNC_ROLLOUT_INTERNAL_H

#include <string.h>

#include "render/base/map.h"
#include "sync/rollout.h"
#include "sync/rollout_pods.h"

enum {
	ROLLOUT_LONGEST_CALL = 15000, /* milliseconds */
	ROLLOUT_LAST_CHANCE = 50,     /* what a call gets at least, however near the deadline is */
};

/*
 * One object that is followed:
 *
 *   open --poll--> open        progressing, terminating, unanswered
 *   open --poll--> settled     current, paused, gone, replaced, failed without pods
 *   open --poll--> failed --look--> settled
 */
struct follow {
	struct rollout *rollout;
	struct group *group;
	struct kube_call call;
	struct pods_look look;
	struct health_report base; /* what the object itself says */
	char *selector;            /* of its pods; NULL if it has none */
	char *hint;                /* what its pods say; NULL if nothing */
	int64_t look_at;
	bool asked;    /* `call` is in use */
	bool looking;  /* `look` is in use */
	bool seen;     /* in this round's list */
	bool alone;    /* lists do not have it */
	bool answered; /* at least once */
	bool lost;     /* the last poll had no answer */
	bool doubted;  /* the next poll has to say the same */
	bool failed;   /* settles with the next look */
};

/* Those of one kind and namespace. */
struct group {
	struct wait *wait;
	const struct resource *resource;
	const char *ns;
	struct map by_name;
	size_t open;
	struct kube_call pages[2]; /* in turn: one may be read while the next is sent */
	bool used[2];
	unsigned page;
};

struct wait {
	struct kube *kube;
	const struct rollout_options *options;
	struct follow *follows;
	size_t count;
	struct group *groups;
	size_t group_count;
	int64_t poll_at;
	int64_t interval;
	bool moved;       /* in this round */
	int64_t final_at; /* the look before the deadline, so that its message can name the pods' reason */
	bool final;       /* it was taken */
	bool stopped;     /* by alive */
	struct err fatal; /* ends the waiting */
	struct err last;  /* transient */
};

static inline bool is_open(const struct follow *follow)
{
	return !follow->rollout->settled;
}

/* What the object and its pods say, as one report. */
struct health_report rollout_compose(const struct follow *follow);

/* Shows the report; tells options->changed where it differs from the one before. */
void rollout_publish(struct wait *wait, struct follow *follow, const struct health_report *report);

/* Shows what is known for good. */
void rollout_settle(struct wait *wait, struct follow *follow);

/* The object says this now. */
void rollout_take(struct wait *wait, struct follow *follow, const struct health_report *report);

/* It is not there any more, or not the one we applied. */
void rollout_gone(struct wait *wait, struct follow *follow, const char *reason, const char *message);

/* What the pods say now, taken over; NULL for nothing. */
void rollout_hint(struct follow *follow, char *hint);

/* The object as it was read. */
void rollout_judge(struct wait *wait, struct follow *follow, const cJSON *object);

/* Sends what asks for those of the group that are open. */
void rollout_poll(struct wait *wait, struct group *group);

/* For a call that is sent now. */
int64_t rollout_call_timeout(const struct wait *wait);

#endif
