/*
 * The API server as a table of functions: calls are sent, many are in flight, their `done` runs on the caller's thread from
 * within kube_run. The real one is libcurl multi over HTTP/2 (kube_open); tests and decorators (trace, fault) put their own
 * table in front.
 *
 * Every call ends: answered, failed, or past its timeout. 429 and 503 are sent again after Retry-After, lost connections where
 * the method makes it safe (GET, PUT, PATCH, DELETE), with backoff and within the call's timeout; what `done` sees is final.
 * A server that never answered yet is given up after three tries: its address may be wrong. 429 and 503 without Retry-After
 * end after four.
 */
#ifndef SYNC_KUBE_KUBE_H
#define SYNC_KUBE_KUBE_H

#include <cjson/cJSON.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "render/base/buf.h"
#include "render/base/err.h"
#include "sync/clock.h"
#include "sync/kube/config.h"

#define KUBE_JSON "application/json"
#define KUBE_APPLY "application/apply-patch+yaml"
#define KUBE_JSON_PATCH "application/json-patch+json"
#define KUBE_MERGE_PATCH "application/merge-patch+json"
/* Accept values; each falls back to plain JSON where the server does not know it. */
#define KUBE_METADATA "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
#define KUBE_METADATA_LIST "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"

/* One request and its answer. The caller owns it, and it must stay where it is until `done`. */
struct kube_call {
	const char *method;       /* "GET" ... borrowed */
	char *path;               /* with the query, "/api/v1/namespaces/x/pods?limit=1"; owned */
	const char *content_type; /* of the body; borrowed; used only with one */
	const char *accept;       /* borrowed; NULL: KUBE_JSON */
	struct buf body;          /* owned; free to be released once done */
	int64_t timeout;          /* milliseconds from its first sending, all tries; 0: the client's default */
	bool gives_back;          /* what it takes away is our own, and nothing is written after it: no fence keeps it */
	void (*done)(struct kube_call *call, void *context);
	void *context;
	/* The answer. */
	int status; /* HTTP status; 0 when there was none, `err` then says why (and of a 401 whose credentials) */
	struct buf reply;
	struct err err;
	char *etag; /* NULL if none */
	unsigned tries;
	void *transport; /* of the table that runs it */
};

/* Everything zero but method, path (taken over) and the maxima of body (LIMIT_OBJECT_BYTES) and reply. */
struct kube_call kube_call_make(const char *method, char *path);
void kube_call_release(struct kube_call *call);

struct kube;

struct kube_ops {
	void (*send)(struct kube *kube, struct kube_call *call);
	bool (*run)(struct kube *kube, int64_t until);
	void (*free)(struct kube *kube);
	void (*sleep)(struct kube *kube, int64_t until); /* NULL: clock_sleep_until */
};

struct kube_stats {
	uint64_t requests; /* sent, tries counted */
	uint64_t bytes_in;
};

/* Implementations embed this first. */
struct kube {
	const struct kube_ops *ops;
	struct kube_stats stats;
	const atomic_int *stop; /* as in kube_options; may be taken away once what was begun has to be finished */
};

/* Queues the call. May be used from within `done`. */
static inline void kube_send(struct kube *kube, struct kube_call *call)
{
	kube->ops->send(kube, call);
}

/* Drives until no call is queued or in flight (true), or the monotonic time `until` has come (false; call it again). */
static inline bool kube_run(struct kube *kube, int64_t until)
{
	return kube->ops->run(kube, until);
}

/* Sleeps until the monotonic time, or less; where an event loop drives the client, others work meanwhile. All waiting between
 * calls goes through here. */
static inline void kube_sleep(struct kube *kube, int64_t until)
{
	if (kube->ops->sleep) {
		kube->ops->sleep(kube, until);
	} else {
		clock_sleep_until(until);
	}
}

struct kube_multi;

struct kube_options {
	unsigned in_flight; /* most requests at a time; 0: 16 */
	int64_t timeout;    /* of a call, milliseconds; 0: 30,000 */
	const char *user_agent;
	/* A `Warning:` header of the server, its text unquoted; each distinct text once. May be NULL. */
	void (*warning)(void *context, const char *path, const char *text);
	void *context;
	/* A try of a call ended: its HTTP status, 0 without an answer, and how long it took. May be NULL. */
	void (*requested)(void *host, const struct kube_call *call, int status, double seconds);
	void *host;
	/* Not NULL: once it is not 0, nothing new is sent and what waits fails with ERR_TRANSIENT "stopped". A signal handler or
	 * another thread may set it. */
	const atomic_int *stop;
	struct kube_multi *multi; /* sync/kube/multi.h; NULL: a CURLM of its own. Has to outlive the client. */
	/* Asked before each try of a call that is no GET; on false it fails with that error unsent (safety rule 21). May be NULL. */
	bool (*may_write)(void *fence, struct err *err);
	void *fence;
};

/* Takes the configuration over. Opens no connection yet. */
struct kube *kube_open(struct kube_config *config, const struct kube_options *options, struct err *err) MUST_CHECK;
/* Calls that are still queued or in flight are dropped without `done`; they stay the caller's. */
void kube_free(struct kube *kube);
void kube_freep(struct kube **kube);

/* Sends one call and waits for its answer: true when the status is 2xx, else err from kube_check. */
bool kube_do(struct kube *kube, struct kube_call *call, struct err *err) MUST_CHECK;

/* A metav1.Status that the server answered with, as far as it matters. Strings are borrowed from `doc`. */
struct kube_status {
	cJSON *doc;
	const char *reason;  /* "Conflict", "Invalid", ...; "" if none */
	const char *message; /* "" if none */
	const cJSON *causes; /* details.causes: [{type, message, field}]; NULL if none */
};

/* Parses an answer that is not 2xx; an answer that is no Status gives empty texts. */
struct kube_status kube_status_of(const struct kube_call *call);
void kube_status_release(struct kube_status *status);

/*
 * true for 2xx; else sets err: 401/403 ERR_DENIED, 404 ERR_NOT_FOUND, 409 ERR_CONFLICT, 400/405/415/422 ERR_INPUT
 * (also the 500 of a server-side apply with a field that the kind does not have), the rest ERR_TRANSIENT, with the server's
 * message, one line. With `hide` the message is replaced by reason and field names: for Secrets, whose values the server may
 * quote.
 */
bool kube_check(const struct kube_call *call, bool hide, struct err *err) MUST_CHECK;

/* Percent-encodes one path segment or query value onto the buffer. */
bool kube_escape(struct buf *out, const char *text);

#endif
