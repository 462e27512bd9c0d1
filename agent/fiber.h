/*
 * A fiber: a function with a stack of its own that can be left in the middle and entered again, so that code which waits
 * reads from top to bottom while one thread runs many of it. Knows nothing of what is waited for: agent/loop.h does.
 *
 * A fiber runs on the thread that enters it, and never on two. Its stack is FIBER_STACK bytes between guard pages, of
 * which only what is touched takes memory. Sanitizers are told about every switch.
 */
#ifndef AGENT_FIBER_H
#define AGENT_FIBER_H

#include <stdbool.h>
#include <stddef.h>

#define FIBER_STACK ((size_t)256 * 1024)

struct fiber;

/* Not entered yet. Aborts without memory, as all allocations do. */
struct fiber *fiber_new(void (*run)(void *context), void *context);

/* Runs it until it leaves or returns; false once it has returned. Not from within a fiber. */
bool fiber_enter(struct fiber *fiber);

/* From within: back to who entered it. Returns when it is entered again. */
void fiber_leave(struct fiber *fiber);

/* Only of one that has returned, or was never entered: a stack in use holds what nobody else would free. NULL is fine. */
void fiber_free(struct fiber *fiber);

#endif
