/*
 * A Sync's targetNamespace: namespaced objects move there, whatever namespace they name, as with Kustomize's `namespace:`. What
 * refers by namespace to an object that moves follows it.
 */
#ifndef SYNC_TARGET_H
#define SYNC_TARGET_H

#include "render/object.h"

/*
 * References to ServiceAccounts and Services among the objects: subjects of RoleBindings and ClusterRoleBindings, services of
 * admission webhooks, of API services and of conversions. A ServiceAccount called "default" always moves, being in every
 * namespace. Before the objects themselves are moved: which one is meant is told by its namespace (or that it names none).
 */
void target_references(struct objects *objects, const char *target);

#endif
