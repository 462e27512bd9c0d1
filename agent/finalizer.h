/*
 * The finalizer that a Sync with `deletionPolicy: Delete` has: as long as it stands, the resource is not gone, and what the
 * Sync made can be taken away first. A Sync with the policy Orphan, the default, has none (safety rule 17).
 */
#ifndef AGENT_FINALIZER_H
#define AGENT_FINALIZER_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "render/base/err.h"
#include "sync/kube/kube.h"
#include "sync/syncspec.h"

#define FINALIZER "plumb.dev/prune"

/* Whether the object has it. */
bool finalizer_is_there(const cJSON *object);

/* Sets or takes it away, by the resource's uid: one that is gone meanwhile is not made anew. In a fiber. */
bool finalizer_set(struct kube *kube, const struct syncspec *spec, bool there, struct err *err) MUST_CHECK;

#endif
