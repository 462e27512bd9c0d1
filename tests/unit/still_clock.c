/*
 * A clock that stands still, in place of sync/clock.c: time passes only where somebody sleeps, or where the test says so. What a
 * test says about time then holds on every machine, however slow and busy it is, and takes none.
 *
 * Included by a test, once. Not for what waits for descriptors or threads: they have the kernel's clock.
 */
#include "sync/clock.h"

static int64_t still_now = 1000000;
static _Thread_local int64_t still_late; /* more that has passed, which only this thread knows of */
static int64_t still_micro;              /* so that no two readings of the wall are the same */

int64_t clock_now(void)
{
	return still_now + still_late;
}

int64_t clock_wall_micro(void)
{
	return 2524608000000000 + still_now * 1000 + still_micro++; /* 2050: all that a test has written down is over */
}

int64_t clock_wall(void)
{
	return clock_wall_micro() / 1000000;
}

void clock_sleep_until(int64_t deadline)
{
	still_now = deadline > still_now ? deadline : still_now;
}
