/*
 * Where the API server is and who we are: a kubeconfig as kubectl reads it, or the service account of the pod we run in.
 */
#ifndef SYNC_KUBE_CONFIG_H
#define SYNC_KUBE_CONFIG_H

#include <stdbool.h>

#include "render/base/err.h"
#include "sync/secret.h"

struct kube_config {
	char *server;          /* https://host:port[/prefix], without a trailing slash */
	char *tls_server_name; /* NULL: the host of `server` */
	char *proxy_url;       /* NULL: as curl reads the environment */
	char *ns;              /* the context's namespace, "default" if none */
	char *context;         /* its name; NULL in a cluster */
	char *user;            /* the name of its user; NULL in a cluster */
	struct secret ca;      /* PEM; unset: the system's roots */
	struct secret cert;    /* PEM client certificate, with `key` */
	struct secret key;
	struct secret token;
	char *token_file; /* read again as it rotates; NULL if none */
	char *username;   /* basic authentication with `password`, as old kubeconfigs have it */
	struct secret password;
	char *as_user;          /* impersonation, NULL if none */
	struct kube_exec *exec; /* credential plugin; NULL if none */
};

struct kube_config_options {
	const char *kubeconfig; /* --kubeconfig; NULL: $KUBECONFIG (a list, merged as kubectl does), ~/.kube/config, in-cluster */
	const char *context;    /* --context; NULL: current-context */
	bool allow_exec;        /* only in the CLI (safety rule 31) */
	const struct kube_config *loaded; /* one that is at hand, in place of all of these; NULL: none */
	const char *as_user;              /* acts as that user (impersonation); NULL: as the configuration says */
};

/* Errors name file and field. insecure-skip-tls-verify is refused: TLS is always verified. */
bool kube_config_load(const struct kube_config_options *options, struct kube_config *out, struct err *err) MUST_CHECK;
void kube_config_release(struct kube_config *config);

/* A deep copy; of one without a credential plugin. */
void kube_config_copy(const struct kube_config *config, struct kube_config *out);

#endif
