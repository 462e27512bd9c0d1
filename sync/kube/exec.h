/*
 * Credential plugins, as kubectl runs them: a program prints an ExecCredential of client.authentication.k8s.io/v1 or v1beta1.
 * No shell is involved; its output is bounded and its time is.
 * https://kubernetes.io/docs/reference/config-api/client-authentication.v1/
 */
#ifndef SYNC_KUBE_EXEC_H
#define SYNC_KUBE_EXEC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "render/base/err.h"
#include "sync/secret.h"

enum kube_exec_interactive { EXEC_NEVER, EXEC_IF_AVAILABLE, EXEC_ALWAYS };

struct kube_exec {
	char *api_version;
	char *command;      /* with a slash: a path; else looked up in PATH */
	char **args;        /* NULL-terminated, args[0] is the command */
	char **env;         /* NULL-terminated "NAME=value", on top of our own environment */
	char *install_hint; /* NULL if none */
	char *cluster;      /* JSON of spec.cluster; NULL without provideClusterInfo */
	enum kube_exec_interactive interactive;
};

void kube_exec_free(struct kube_exec *exec);

struct kube_exec_reply {
	struct secret token; /* one of token and certificate is set, or both */
	struct secret cert;
	struct secret key;
	int64_t expires; /* seconds since 1970; -1: when the server says 401 */
};

void kube_exec_reply_release(struct kube_exec_reply *reply);

/*
 * Runs it and waits, `timeout` milliseconds at most, and not once *stop (NULL: none) is not 0. Its stderr is ours, its stdin too
 * where it is interactive.
 */
bool kube_exec_run(const struct kube_exec *exec, int64_t timeout, const atomic_int *stop, struct kube_exec_reply *out,
                   struct err *err) MUST_CHECK;

/* Reads what a plugin printed. The text is never quoted. */
bool kube_exec_parse(const struct kube_exec *exec, const char *text, size_t len, struct kube_exec_reply *out, struct err *err)
	MUST_CHECK;

#endif
