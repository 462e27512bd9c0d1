/*
 * The agent's HTTP endpoints, on libmicrohttpd without a thread of its own: whoever runs the event loop polls one descriptor
 * and calls endpoints_run when it is readable, or when it is due.
 *
 *     health   GET /healthz /readyz        200 "ok", or 503 with why not
 *     metrics  GET /metrics                the text of metrics.h
 *     webhook  POST /hook/NAMESPACE/NAME   202; 403 for all that is not right; 413, 429; 503 where another agent works
 *
 * Each has an address, a limit of connections (32) and of request head (16 KiB) of its own. A connection carries one
 * request and lives at most 10 seconds, however slowly it speaks. The body of a webhook call passes by (webhook.h), at most
 * LIMIT_HOOK_BYTES; other requests have none.
 *
 *     int fd = endpoints_fd(e);                          in the loop's set, for reading
 *     int64_t due = endpoints_due(e);                    the loop wakes by then
 *     if (readable || clock_now() >= due) endpoints_run(e);
 *
 * which is what endpoints_attach does with the agent's loop.
 */
#ifndef AGENT_ENDPOINTS_H
#define AGENT_ENDPOINTS_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/loop.h"
#include "agent/metrics.h"
#include "agent/webhook.h"
#include "render/base/buf.h"
#include "render/base/err.h"
#include "sync/secret.h"

#define ENDPOINTS_HEALTH ":9440"
#define ENDPOINTS_METRICS ":8080"
#define ENDPOINTS_WEBHOOK ":9292"

/* What a webhook call is for. */
struct endpoints_hook {
	const struct secret *token; /* borrowed until the callback's caller returns to the loop; NULL: no such Sync or no webhook */
	struct bucket *bucket;      /* of the Sync, lives with it; all zero when it is made. NULL: not limited */
	bool elsewhere;             /* another agent works, this one knows no Syncs: 503, whatever the call is */
};

struct endpoints_options {
	/* ":9440", "127.0.0.1:9440", "[::1]:9440"; port 0: any. NULL: the default; "": not served. */
	const char *health;
	const char *metrics;
	const char *webhook;
	struct metrics *registry; /* served, and counts webhook calls; borrowed */

	/* Whether the loop works (/healthz), and whether it can do its job: caches are filled (/readyz). Says why not, one line, to
	 * `why`. NULL: always. A standby is ready. */
	bool (*alive)(void *context, struct buf *why);
	bool (*ready)(void *context, struct buf *why);

	/* The Sync of a call; fills `out` where it has a webhook and its token is known. */
	void (*find)(void *context, const char *ns, const char *name, struct endpoints_hook *out);
	/* A valid call: poll the Sync's source `delay` milliseconds from now; 0 unless its bucket was empty, when one poll that is
	 * late stands for all of them (the caller got a 429). Called for a Sync that find() knew just now. */
	void (*poll)(void *context, const char *ns, const char *name, int64_t delay);
	/* The metrics are asked for: what is only looked up then may be set now. NULL: nothing is. */
	void (*scrape)(void *context);
	void *context;
};

struct endpoints;

/* Listens. Options are copied; what they point to is borrowed. ERR_CONFLICT or ERR_DENIED: the address cannot be had. */
struct endpoints *endpoints_open(const struct endpoints_options *options, struct err *err) MUST_CHECK;
void endpoints_free(struct endpoints *endpoints); /* NULL is fine */
void endpoints_freep(struct endpoints **endpoints);

int endpoints_fd(const struct endpoints *endpoints);
/* Monotonic milliseconds; INT64_MAX: only when the descriptor is readable. */
int64_t endpoints_due(const struct endpoints *endpoints);
/* Never blocks; the callbacks run within. */
void endpoints_run(struct endpoints *endpoints);

/* The loop drives them from now on, until endpoints_free or loop_free. */
void endpoints_attach(struct endpoints *endpoints, struct loop *loop);

enum endpoint { ENDPOINT_HEALTH, ENDPOINT_METRICS, ENDPOINT_WEBHOOK, ENDPOINT_COUNT };
/* The port that it listens on; 0 where it does not. For tests and for the log. */
uint16_t endpoints_port(const struct endpoints *endpoints, enum endpoint endpoint);

#endif
