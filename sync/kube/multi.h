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
	/* Gives way until the monotonic time, or until wake(waiter); it may return early. It sets *waiter, which is the client's,
	 * for as long as it waits. */
	void (*wait)(struct kube_multi *multi, void **waiter, int64_t until);
	void (*wake)(struct kube_multi *multi, void *waiter); /* NULL, nobody waits, is fine */
};

struct transfer;

/* What the multi knows of a client: transfers that ended and that the client did not look at yet, and who waits for it. */
struct multi_client {
	struct kube_multi *multi;
	struct transfer *ended;
	void *waiter;
};

/* Lets curl work; wakes the clients whose transfers ended. */
void kube_multi_perform(struct kube_multi *multi);

/* A CURLM for one client alone, which drives it by waiting. */
void kube_multi_init(struct kube_multi *multi);
void kube_multi_release(struct kube_multi *multi);

static inline void multi_wait(struct multi_client *client, int64_t until)
{
	client->multi->wait(client->multi, &client->waiter, until);
}

static inline void multi_wake(struct multi_client *client)
{
	client->multi->wake(client->multi, client->waiter);
}

#endif
