#include "agent/timers.h"

#include <assert.h>
#include <stdlib.h>

#include "render/base/buf.h"

static void put(struct timers *timers, size_t place, struct loop_timer *timer)
{
	timers->items[place - 1] = timer;
	timer->place = place;
}

static struct loop_timer *at(const struct timers *timers, size_t place)
{
	return timers->items[place - 1];
}

/* Moves the timer from its place to where it belongs. */
static void settle(struct timers *timers, struct loop_timer *timer)
{
	size_t place = timer->place;
	while (place > 1 && timer->due < at(timers, place / 2)->due) {
		put(timers, place, at(timers, place / 2));
		place /= 2;
	}
	for (;;) {
		size_t child = 2 * place;
		if (child < timers->count && at(timers, child + 1)->due < at(timers, child)->due) {
			child++;
		}
		if (child > timers->count || at(timers, child)->due >= timer->due) {
			break;
		}
		put(timers, place, at(timers, child));
		place = child;
	}
	put(timers, place, timer);
}

void timers_set(struct timers *timers, struct loop_timer *timer, int64_t due)
{
	assert(timer->fire);
	if (!timer->place) {
		if (timers->count == timers->cap) {
			timers->cap = timers->cap ? 2 * timers->cap : 16;
			timers->items = alloc_grow(timers->items, timers->cap, sizeof(struct loop_timer *));
		}
		put(timers, ++timers->count, timer);
	}
	timer->due = due;
	settle(timers, timer);
}

void timers_clear(struct timers *timers, struct loop_timer *timer)
{
	size_t place = timer->place;
	if (!place) {
		return;
	}
	struct loop_timer *last = at(timers, timers->count--);
	timer->place = 0;
	if (last != timer) {
		put(timers, place, last);
		settle(timers, last);
	}
}

struct loop_timer *timers_next(const struct timers *timers)
{
	return timers->count ? timers->items[0] : NULL;
}

void timers_release(struct timers *timers)
{
	free(timers->items);
	*timers = (struct timers){ 0 };
}
