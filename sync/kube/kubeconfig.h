/*
 * The files of a kubeconfig and what they decode to, before any file that they point to is read. Several files are merged as
 * kubectl does: the first that has a cluster, user or context of a name gives all of it, the first current-context counts.
 */
#ifndef SYNC_KUBE_KUBECONFIG_H
#define SYNC_KUBE_KUBECONFIG_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "render/base/err.h"
#include "render/base/map.h"
#include "sync/kube/config.h"

struct kubeconfig_entry {
	const char *list; /* "clusters", "users", "contexts" */
	const char *name;
	const char *file; /* relative paths in the entry are relative to its directory */
	const cJSON *value;
};

struct kubeconfig {
	struct kubeconfig_file *files;
	size_t count;
	struct map clusters; /* name -> struct kubeconfig_entry */
	struct map users;
	struct map contexts;
	const char *current; /* NULL if none */
};

#define KUBECONFIG_INIT ((struct kubeconfig){ 0 })

void kubeconfig_release(struct kubeconfig *config);

/* Adds what the text holds; `path` is its file. Errors name file and field or line, never content. */
bool kubeconfig_add(struct kubeconfig *config, const char *path, const char *text, size_t len, struct err *err) MUST_CHECK;

/* Adds a file. One that is not there is ERR_NOT_FOUND. */
bool kubeconfig_add_file(struct kubeconfig *config, const char *path, struct err *err) MUST_CHECK;

/* Files that a configuration points to, absolute or relative to the working directory; NULL where the data is inline. */
struct kubeconfig_paths {
	char *ca;
	char *cert;
	char *key;
};

void kubeconfig_paths_release(struct kubeconfig_paths *paths);

/* Picks the context (NULL: the current one) and decodes it. Reads no file and runs nothing. */
bool kubeconfig_decode(const struct kubeconfig *config, const struct kube_config_options *options, struct kube_config *out,
                       struct kubeconfig_paths *paths, struct err *err) MUST_CHECK;

/* The service account of a pod: token, ca.crt and namespace in `dir`. */
bool kube_config_in_cluster(const char *dir, const char *host, const char *port, struct kube_config *out, struct err *err)
	MUST_CHECK;

/* A file that may be as large as a bundle of certificates. */
bool kube_config_read(const char *path, struct secret *out, struct err *err) MUST_CHECK;

#endif
