/*
 * Shared by the files of replicasets.h only.
 */
#ifndef SYNC_REPLICASETS_IMPL_H
#define SYNC_REPLICASETS_IMPL_H

#include "sync/replicasets.h"

/* Adds those of the wanted Deployments. false: one could not be read, or is gone; what was added is not all then. */
bool replicasets_gather_few(struct kube *kube, const struct replicasets_wanted *wanted, struct replicasets *sets) MUST_CHECK;

#endif
