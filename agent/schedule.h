/*
 * When a Sync has its turn, and for what. Pure: facts and the time in, the next turn out. All times are monotonic milliseconds.
 *
 *   delete > join > sync (something new) > heal > sync (again after a failure, or to verify)
 *
 * A Sync that is suspended has none but deletion. One that waits for others heals what it has, but takes nothing new.
 */
#ifndef AGENT_SCHEDULE_H
#define AGENT_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

enum turn {
	TURN_NONE,
	TURN_DELETE, /* the resource is going, and what it made with it */
	TURN_JOIN,   /* read the Secrets that it names, and have its source polled */
	TURN_SYNC,
	TURN_HEAL,
};

struct schedule_facts {
	bool suspended;
	bool deleting;     /* and its finalizer is there */
	bool waits;        /* for Syncs that are not ready */
	bool joined;       /* its source is polled */
	bool has_head;     /* a commit is known */
	bool new_head;     /* other than the one attempted last */
	bool asked;        /* spec, request or approval are others than those attempted last */
	bool stalled;      /* the last attempt failed, and trying again helps only if the cluster changed */
	unsigned failures; /* attempts in a row that failed; as long as it is not joined, attempts to join */
	int64_t ended;     /* of the last attempt; 0: there was none */
	int64_t interval;  /* of the spec */
	int64_t verify;    /* after the last attempt; 0: never */
	int64_t heal_due;  /* INT64_MAX: nothing is */
	int64_t resume;    /* when the suspension ends by itself; INT64_MAX: not */
};

struct schedule {
	enum turn turn;
	int64_t at; /* now or before: at once. INT64_MAX: only when a fact changes */
};

struct schedule schedule_next(const struct schedule_facts *facts, int64_t now);

/* How long to wait after that many failures: doubling from 5 s up to `most` (at least a minute). */
int64_t schedule_backoff(unsigned failures, int64_t most);

/* Between 90 and 110 percent of the interval; `random` is any number. */
int64_t schedule_jitter(int64_t interval, uint64_t random);

#endif
