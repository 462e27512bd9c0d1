/*
 * Whether a POST to /hook/NAMESPACE/NAME comes from somebody who knows the Sync's token. The payload is never parsed nor kept:
 * it goes through HMAC-SHA256 piece by piece, and a valid call means "poll now".
 *
 *     X-Hub-Signature-256: sha256=HEX    GitHub, Gitea, Forgejo
 *     X-Gitea-Signature: HEX             Gitea, Forgejo
 *     X-Signature: sha256=HEX or HEX     anybody: openssl dgst -sha256 -hmac TOKEN
 *     X-Gitlab-Token: TOKEN              GitLab
 *
 * At least one, and every one that is there has to be right; one of them twice is wrong. Comparing takes the same time for
 * every wrong value. Where there is no Sync, or none with a webhook, the same work is done with a key that nobody knows, so that
 * the answer and its time tell nothing.
 */
#ifndef AGENT_WEBHOOK_H
#define AGENT_WEBHOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync/secret.h"

/* "/hook/NAMESPACE/NAME" with names that Kubernetes allows; true: both are set. */
enum { WEBHOOK_NAME = 254 };
struct webhook_name {
	char ns[WEBHOOK_NAME];
	char name[WEBHOOK_NAME];
};
bool webhook_path(const char *path, struct webhook_name *out);

struct webhook;

/* A call begins; `token` is borrowed until this returns; NULL or empty: nobody can be right. */
struct webhook *webhook_new(const struct secret *token);
void webhook_free(struct webhook *webhook); /* NULL is fine */

/* A header of the call, all of them before the body; those that are not in the table are passed over. */
void webhook_header(struct webhook *webhook, const char *name, const char *value);

/* A piece of the body. */
void webhook_body(struct webhook *webhook, const void *bytes, size_t len);

/* The call is over: was it right? To be asked once. */
bool webhook_valid(struct webhook *webhook);

/*
 * A bucket of tokens, all zero when it is made: full with `burst`, one more each `every` milliseconds. Time is the monotonic
 * clock's.
 */
struct bucket {
	int64_t filled; /* when it will be full again; 0: it is */
};
struct bucket_rate {
	int64_t burst;
	int64_t every;
};
/* Takes a token: 0, or where there is none the milliseconds until there is one. */
int64_t bucket_take(struct bucket *bucket, const struct bucket_rate *rate, int64_t now);

#endif
