/*
 * The one loop of the agent: API server (one CURLM for all clients), timers, file descriptors, results of other threads, and
 * the fibers that wait for them. All of it runs on the thread that called loop_run; only loop_post may be called from others.
 *
 *                   +--------------- loop_run: curl_multi_poll(API server, descriptors, eventfd; next timer)
 *                   |                     |
 *     timer, descriptor, posted job       | answers
 *                   v                     v
 *             plain callbacks        fibers: they wait in kube_run, kube_sleep, loop_sleep, loop_park
 *
 * Callbacks run on the loop's own stack and must not wait; whatever waits is a fiber. A fiber may call everything of sync/
 * that takes a `struct kube` which was opened with kube_options.multi = loop_multi(loop).
 */
#ifndef AGENT_LOOP_H
#define AGENT_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/timers.h"
#include "render/base/err.h"
#include "sync/kube/multi.h"

struct loop;

struct loop *loop_new(struct err *err) MUST_CHECK;
/* All fibers have to have returned, all clients and threads to be gone; what they posted last is dropped. NULL is fine. */
void loop_free(struct loop *loop);
void loop_freep(struct loop **loop);

/* For kube_options.multi: a client whose calls the loop drives. It is used by one fiber, or by callbacks only. */
struct kube_multi *loop_multi(struct loop *loop);

/* Runs until loop_stop; returns once every fiber has returned. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
bool loop_stopping(const struct loop *loop);

/* --- fibers ------------------------------------------------------------------------------------------------------- */

struct strand; /* a fiber of the loop; its memory goes when it returns */

/* Starts `run` in a fiber of its own, soon: never from within this call. */
struct strand *loop_spawn(struct loop *loop, void (*run)(void *context), void *context);

/* The fiber that runs now; NULL on the loop's own stack. */
struct strand *loop_strand(const struct loop *loop);

/* In a fiber: waits until the monotonic time, or until it is woken (true: it was). */
bool loop_park(struct loop *loop, int64_t until);

/* Ends the wait of a fiber, whatever it waits for, or the next one that begins. Waits of sync/ look whether what they wait
 * for has come, and go on waiting. NULL is fine. */
void loop_wake(struct loop *loop, struct strand *strand);

/* --- timers, descriptors, other threads --------------------------------------------------------------------------- */

/* `fire` runs on the loop's stack, once a setting. */
void loop_timer_set(struct loop *loop, struct loop_timer *timer, int64_t due);
void loop_timer_clear(struct loop *loop, struct loop_timer *timer);

/* Calls `ready` whenever the descriptor can be read (it may also be an epoll descriptor). */
void loop_add_fd(struct loop *loop, int fd, void (*ready)(void *context), void *context);
void loop_remove_fd(struct loop *loop, int fd);

/* From any thread: `run` will be called on the loop's stack. */
void loop_post(struct loop *loop, void (*run)(void *context), void *context);

#endif
