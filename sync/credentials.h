/*
 * What a Sync's Secrets hold: the credentials of its repository, with Flux's keys (username, password, bearerToken, ca.crt,
 * tls.crt, tls.key), and the token of its webhook. Read from the Sync's own namespace only, as the identity that applies its
 * objects: who can write a Sync gets no Secret to see that its service account may not read (safety rule 29).
 */
#ifndef SYNC_CREDENTIALS_H
#define SYNC_CREDENTIALS_H

#include <stdbool.h>

#include "render/base/digest.h"
#include "render/base/err.h"
#include "sync/git/repo.h"
#include "sync/kube/kube.h"
#include "sync/secret.h"

struct credentials {
	char *username; /* NULL: none */
	struct secret password;
	struct secret token;
	struct secret ca;
	struct secret cert;
	struct secret key;
	char digest[DIGEST_TEXT]; /* of all of it: equal for equal credentials; never shown. "" where there are none */
};

#define CREDENTIALS_INIT ((struct credentials){ 0 })

void credentials_release(struct credentials *credentials);
void credentials_copy(const struct credentials *credentials, struct credentials *out);

/* ERR_NOT_FOUND: there is no such Secret; ERR_INPUT: it has none of the keys, or one without the other. No value is quoted. */
bool credentials_read(struct kube *kube, const char *ns, const char *name, struct credentials *out, struct err *err) MUST_CHECK;

/* One key of a Secret. */
bool credentials_read_key(struct kube *kube, const char *ns, const char *name, const char *key, struct secret *out,
                          struct err *err) MUST_CHECK;

/* Lends them to the source. */
void credentials_lend(const struct credentials *credentials, struct repo_source *source);

#endif
