/*
 * The way to the cluster: a configuration as kubectl reads it, and the client that it gives.
 */
#ifndef SYNC_ACCESS_H
#define SYNC_ACCESS_H

#include "sync/kube/config.h"
#include "sync/kube/kube.h"

/*
 * Opens the API server that the options name. *ns becomes `ns`, or where it is NULL the namespace of the context;
 * free() it. NULL and err: the configuration is wrong. No request is sent yet. `more` gives warning, context and stop.
 */
struct kube *access_open(const struct kube_config_options *options, const char *ns, const struct kube_options *more,
                         char **out_ns, struct err *err) MUST_CHECK;

#endif
