/*
 * What `plumb wait` and `plumb reconcile --wait` share.
 */
#ifndef AGENT_WAITING_H
#define AGENT_WAITING_H

#include "agent/options.h"
#include "sync/kube/kube.h"

/*
 * Waits for the commit of the options, or for Ready; with a request only for what comes after the agent acted on it. Prints how
 * it ended; returns the exit code.
 */
int waiting_run(const struct options *options, struct kube *kube, const char *ns, const char *request);

#endif
