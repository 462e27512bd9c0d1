/*
 * What a request proves its sender with: a token (fixed, from a file that rotates, or of a credential plugin), a password, a
 * client certificate. Kept current: the file is looked at before requests and read again when it changed, and each minute
 * in any case; a plugin runs when its credentials expire or the server refuses them.
 */
#ifndef SYNC_KUBE_AUTH_H
#define SYNC_KUBE_AUTH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "sync/kube/config.h"
#include "sync/kube/exec.h"

struct auth {
	struct kube_config *config; /* borrowed */
	struct secret header;       /* "Authorization: ..."; unset without token and password */
	struct kube_exec_reply plugin;
	const atomic_int *stop; /* a plugin that runs is ended once it is not 0; borrowed, NULL: none */
	unsigned generation;    /* another one whenever header or certificate changed */
	int64_t looked;         /* at the token's file; monotonic, 0 for never */
	int64_t read;
	struct stat file; /* as it was when it was read */
};

/* Reads and runs nothing yet. */
void auth_init(struct auth *auth, struct kube_config *config);
void auth_release(struct auth *auth);

/* Makes the credentials current. */
bool auth_refresh(struct auth *auth, struct err *err) MUST_CHECK;

/* The server refused the credentials of `generation`: true where there are others now. */
bool auth_renew(struct auth *auth, unsigned generation, struct err *err);

/* PEM; unset without a client certificate. Borrowed. */
const struct secret *auth_cert(const struct auth *auth);
const struct secret *auth_key(const struct auth *auth);

/* What kind of credentials these are, for messages: "token", "client certificate", ... */
const char *auth_kind(const struct auth *auth);

#endif
