/*
 * One place in flight: an easy handle that is set up once and used for one try after the other, and what its callbacks
 * collected. Knows curl; knows nothing of queues and retries.
 */
#ifndef SYNC_KUBE_TRANSFER_H
#define SYNC_KUBE_TRANSFER_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "render/base/buf.h"
#include "sync/kube/auth.h"
#include "sync/kube/kube.h"

/* Where requests go, shared by all transfers. */
struct target {
	const struct kube_config *config;
	char *base;                 /* in front of each path */
	char *host_header;          /* NULL: curl's own */
	struct curl_slist *connect; /* tls-server-name: names the certificate's host in the URL, connects to the real one */
	char *user_agent;
	char *proxy; /* NULL: as curl reads the environment */
};

bool target_init(struct target *target, const struct kube_config *config, const char *user_agent, struct err *err) MUST_CHECK;
void target_release(struct target *target);

/* What all handles to a target have in common: protocols, TLS, how connections are made and kept, the proxy. */
CURLcode target_set(const struct target *target, CURL *easy);

/* The client certificate, where there is one; copied. */
void target_set_cert(CURL *easy, const struct auth *auth);

/* Request headers that many calls share. */
struct headers {
	struct curl_slist *list;
	char *accept;
	char *content_type;  /* NULL without a body */
	unsigned generation; /* of the credentials in it */
	unsigned users;
};

struct headers *headers_new(const struct target *target, const struct auth *auth, const char *accept, const char *content_type);
void headers_free(struct headers *headers);

enum transfer_state { TRANSFER_FREE, TRANSFER_RUNNING, TRANSFER_WAITING };

struct transfer {
	CURL *easy;
	enum transfer_state state;
	struct kube_call *call; /* NULL while free */
	struct headers *headers;
	unsigned generation;      /* of the credentials it was sent with */
	unsigned cert_generation; /* of the client certificate that the handle has */
	int64_t deadline;         /* of the call, monotonic */
	int64_t due;              /* while waiting: when it is sent again */
	bool renewed;             /* credentials were renewed for this call */
	struct multi_client *client;
	CURLcode result; /* once it is among the client's that ended */
	struct transfer *next_ended;
	/* Of the current try. */
	struct buf url;
	int64_t retry_after; /* milliseconds, -1 if not said */
	struct buf warnings; /* texts, each with a NUL */
	bool too_long;       /* the reply passed its maximum */
	size_t sent;         /* bytes of the body that curl has fetched, where it fetches them */
	char error[CURL_ERROR_SIZE];
};

/* Of one that is all zero; to be released on failure too. */
bool transfer_init(struct transfer *transfer, const struct target *target, struct err *err) MUST_CHECK;
void transfer_release(struct transfer *transfer);

/* Prepares the handle for one try of the call. ERR_LIMIT when the path is too long. */
bool transfer_prepare(struct transfer *transfer, const struct target *target, const struct auth *auth, struct err *err)
	MUST_CHECK;

/* Why there is no answer, as an error for people: names the server, quotes no header. */
void transfer_explain(const struct transfer *transfer, const struct target *target, CURLcode code, struct err *err);

#endif
