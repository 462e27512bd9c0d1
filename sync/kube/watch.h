/*
 * Watches: what changes on the server, as a stream of metadata (PartialObjectMetadata), for as many kinds and identities as
 * one program follows. They have a curl multi of their own and so connections of their own: the API server allows
 * LIMIT_IN_FLIGHT streams on one, curl opens another where they are full. Nothing here blocks, no thread is started.
 *
 *   LISTING --listed--> FOLLOWING --the server's timeout--> FOLLOWING, from the last resourceVersion
 *      ^  |                 |  |
 *      |  +--failed--+      |  +--connection lost, 5xx--> WAITING --due--> FOLLOWING, or LISTING where no list was complete
 *      |             v      |
 *      +--due-- WAITING     +--410: the version was compacted--> LISTING
 *
 * 401 (after new credentials were looked for), 403 and 404 end a watch; its owner decides what then. What waits is tried again
 * with backoff, or when Retry-After says so.
 *
 * Events are told from within watcher_step, in the server's order. A list is told as WATCH_LISTING, its objects, WATCH_LISTED:
 * what an owner knows and the list did not name is gone. Between a list and the next one only changes are told.
 */
#ifndef SYNC_KUBE_WATCH_H
#define SYNC_KUBE_WATCH_H

#include <cjson/cJSON.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "render/base/err.h"
#include "sync/kube/config.h"
#include "sync/kube/discovery.h"
#include "sync/kube/kube.h"

struct watcher; /* all watches of a program */

struct watcher_options {
	const char *user_agent; /* NULL: plumb's */
	/* A request ended: "list" or "watch", and its status, 0 without an answer. For metrics; may be NULL. */
	void (*requested)(void *context, const char *verb, int status);
	void *context;
};

struct watcher *watcher_new(const struct watcher_options *options);
/* Closes all watches and identities that are left. */
void watcher_free(struct watcher *watcher);
void watcher_freep(struct watcher **watcher);

/*
 * For an event loop: readable as soon as there is something to do (an epoll file descriptor, as curl_multi_poll takes it);
 * and the monotonic time of the next timer, INT64_MAX for none.
 */
int watcher_fd(const struct watcher *watcher);
int64_t watcher_due(const struct watcher *watcher);

/* Does what there is to do. Events are told from within; watches may be opened and closed there. */
void watcher_step(struct watcher *watcher);

/* For programs without a loop: steps until the monotonic time `until`, or until *stop is not 0 (stop may be NULL). */
void watcher_run(struct watcher *watcher, int64_t until, const atomic_int *stop);

/* Requests sent, lists included, and bytes received, of all that ever ran. */
struct kube_stats watcher_stats(const struct watcher *watcher);

/* Where to and as whom (impersonation is part of the configuration). Watches of one identity share connections. */
struct watch_identity;

/* Takes the configuration over; it is gone with the identity, on failure too. */
struct watch_identity *watch_identity_new(struct watcher *watcher, struct kube_config *config, struct err *err) MUST_CHECK;
/* Closes its watches too. NULL is fine. */
void watch_identity_free(struct watch_identity *identity);

enum watch_event_kind {
	WATCH_LISTING, /* a list begins */
	WATCH_OBJECT,  /* it is there: named by a list, made or changed */
	WATCH_GONE,    /* deleted, or it does not match the selector any more */
	WATCH_LISTED,  /* the list is complete */
	WATCH_TROUBLE, /* err says what; the watch goes on by itself */
	WATCH_DENIED,  /* 401 or 403, err says more; the watch has ended */
	WATCH_ABSENT,  /* 404: the kind is not served; the watch has ended */
};

struct watch_event {
	enum watch_event_kind kind;
	bool listed;           /* OBJECT: by a list, so it may be as old as the cache that answered */
	cJSON *metadata;       /* OBJECT and GONE (as it was last); set it to NULL to take it over */
	const char *version;   /* OBJECT, GONE: its resourceVersion; LISTED: the list's */
	const struct err *err; /* TROUBLE, DENIED, ABSENT */
	bool expired;          /* TROUBLE: the version was compacted, a list follows */
};

struct watch;

struct watch_options {
	const struct resource *resource; /* not kept */
	const char *ns;                  /* NULL: the whole cluster, or cluster-scoped */
	const char *selector;            /* a label selector; NULL: all */
	/* Told from watcher_step only. */
	void (*event)(struct watch *watch, struct watch_event *event, void *context);
	void *context;
};

/* Begins with the next step. The strings of the options are copied. */
struct watch *watch_open(struct watch_identity *identity, const struct watch_options *options);

/* Nothing is told any more. Allowed from within an event, also for the watch it is about; NULL is fine. */
void watch_close(struct watch *watch);

/* The list was complete, and the stream runs or is to be taken up again where it was. */
bool watch_synced(const struct watch *watch);

/*
 * The list was complete, the stream runs, and the server was heard of within the last two minutes: it sends a bookmark each
 * minute. What it told before this moment was told on; what it tells meanwhile is as late as an event is.
 */
bool watch_live(const struct watch *watch);

#endif
