/*
 * Shared by the files of watch.h only.
 *
 *   watch.c         the watcher: curl multi, epoll, timers
 *   watch_stream.c  one watch: requests, answers, what they mean
 *   watch_line.c    the stream's lines
 */
#ifndef SYNC_KUBE_WATCH_IMPL_H
#define SYNC_KUBE_WATCH_IMPL_H

#include <curl/curl.h>

#include "sync/kube/transfer.h"
#include "sync/kube/watch.h"

enum watch_state {
	WATCH_WAITING,   /* to be started at `due` */
	WATCH_READING,   /* a page of a list is on its way */
	WATCH_FOLLOWING, /* the stream is */
	WATCH_ENDED,
};

struct watch_identity {
	struct watcher *watcher;
	struct watch_identity *next;
	struct kube_config config;
	struct target target;
	struct auth auth;
	bool closed;
};

struct watch {
	struct watch_identity *identity;
	struct watch *next;
	void (*event)(struct watch *watch, struct watch_event *event, void *context);
	void *context;
	char *path;     /* of the list */
	char *selector; /* NULL none */
	enum watch_state state;
	bool closed; /* to be freed in the next sweep */
	int64_t due;
	char *version;      /* of the last event, bookmark or list; NULL none */
	char *page;         /* the list's next page; NULL: the first */
	char *list_version; /* of the list that is being read */
	bool listed;        /* WATCH_LISTED was told, and `version` can be followed */
	unsigned failures;  /* in a row */
	bool renewed;       /* credentials were renewed for this try */
	/* Of the current try. */
	CURL *easy;
	struct headers *headers;
	unsigned generation;      /* of the credentials it was sent with */
	unsigned cert_generation; /* of the client certificate that the handle has */
	int64_t began;
	int64_t retry_after; /* -1 not said */
	bool counted;        /* its status was told to the watcher */
	bool expired;        /* the stream said 410 */
	bool heard;          /* the stream said something */
	int64_t heard_at;    /* when it did last, or answered the request; 0 not in this try */
	struct buf body;     /* of a list or a refusal; of a stream: the begin of a line */
	struct err trouble;  /* why it was broken off */
	char error[CURL_ERROR_SIZE];
};

struct watcher {
	CURLM *multi;
	int epoll;
	int64_t curl_due; /* INT64_MAX: curl wants nothing */
	struct watcher_options options;
	char *user_agent;
	struct watch_identity *identities;
	struct watch *watches;
	struct kube_stats stats;
	uint64_t random;
	bool stepping; /* what is closed now is freed after the step */
};

/* --- watch.c */
/* Half to all of `most`, at random. */
int64_t watcher_jitter(struct watcher *watcher, int64_t most);
void watcher_requested(struct watcher *watcher, const char *verb, int status);

/* --- watch_stream.c */
/* Sends the next request: a page of the list, or the stream. */
void stream_start(struct watch *watch);
/* The transfer ended, and is no longer curl's. */
void stream_ended(struct watch *watch, CURLcode code);
void stream_release(struct watch *watch);

#endif
