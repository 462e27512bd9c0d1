/*
 * Many clients (kube_open) on one CURLM, driven by an event loop instead of by kube_run itself: connections are shared, and a
 * caller that waits gives way to others. The loop implements `wait` and `wake`, and calls kube_multi_perform whenever curl has
 * something to do.
 *
 * A client of a multi keeps the promise of kube.h: `done` runs from within its kube_run (or kube_sleep), on the stack of who
 * called it. Only the `data` of a streaming call may come from within kube_multi_perform.
 */
#ifndef SYNC_KUBE_MULTI_H
#define SYNC_KUBE_MULTI_H

#include <curl/curl.h>
#include <stdint.h>

struct kube_multi {
	CURLM *curl;
	/* Gives way until the monotonic time or until wake(waiter). *waiter is the client's, NULL when nobody waits: `wait` sets it
	 * while it waits. It may return early. */
	void (*wait)(struct kube_multi *multi, void **waiter, int64_t until);
	void (*wake)(struct kube_multi *multi, void *waiter);
};

/* Lets curl work; wakes the clients whose transfers ended. */
void kube_multi_perform(struct kube_multi *multi);

#endif
