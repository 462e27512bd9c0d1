/*
 * Time. Deadlines are absolute monotonic milliseconds; wall time is only ever shown or recorded.
 */
#ifndef SYNC_CLOCK_H
#define SYNC_CLOCK_H

#include <stdint.h>

/* Milliseconds of the monotonic clock. */
int64_t clock_now(void);

/* Seconds since 1970, UTC. */
int64_t clock_wall(void);

/* Microseconds since 1970, UTC: what a Lease's MicroTime holds. */
int64_t clock_wall_micro(void);

/* Sleeps until the deadline, or less when a signal arrives. */
void clock_sleep_until(int64_t deadline);

enum { CLOCK_TEXT = 32 };

/* RFC 3339 in UTC: "2026-11-24T02:41:58Z". */
void clock_text(int64_t wall, char out[CLOCK_TEXT]);

/* metav1.MicroTime, what a Lease holds: RFC 3339 with six digits. */
void clock_micro_text(int64_t micro, char out[CLOCK_TEXT]);

/* RFC 3339 with or without fraction and offset; -1 where it is none. */
int64_t clock_parse(const char *text);

#endif
