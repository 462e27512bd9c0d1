/*
 * The timers of a loop, the next one first: a binary heap of what its users embed.
 */
#ifndef AGENT_TIMERS_H
#define AGENT_TIMERS_H

#include <stddef.h>
#include <stdint.h>

/* All zero is one that is not set. */
struct loop_timer {
	void (*fire)(void *context);
	void *context;
	int64_t due;  /* monotonic milliseconds; meaningless while not set */
	size_t place; /* in the heap, from 1; 0: not set */
};

struct timers {
	struct loop_timer **items;
	size_t count;
	size_t cap;
};

/* Sets it, or sets it anew. */
void timers_set(struct timers *timers, struct loop_timer *timer, int64_t due);
void timers_clear(struct timers *timers, struct loop_timer *timer);

/* The next one; NULL if none is set. */
struct loop_timer *timers_next(const struct timers *timers);

void timers_release(struct timers *timers);

#endif
