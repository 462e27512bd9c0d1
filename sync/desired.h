/*
 * Makes of rendered objects what is applied: without what only a server writes, Secrets with `data` alone, in their
 * namespaces, with the labels of the sync. Pure but for the table of kinds that discovery is.
 */
#ifndef SYNC_DESIRED_H
#define SYNC_DESIRED_H

#include "render/object.h"
#include "sync/kube/discovery.h"
#include "sync/report.h"

/*
 * Removes status, creationTimestamp, managedFields, uid, resourceVersion, generation and selfLink, and turns stringData
 * into data (the last one wins, as on the server): ownership of stringData would hide drift of data.
 */
void desired_clean(struct object *object);

/*
 * All of the above on all objects; namespaced ones that name none get `ns`, cluster-scoped ones lose theirs. Whether a
 * kind that is not served yet is namespaced says its CRD among the objects. Errors go to the report: a version that is
 * not served while another one is (safety rule 4), two objects that are one by now. false when there were any.
 */
bool desired_settle(struct objects *desired, struct discovery *discovery, const char *name, const char *ns,
                    struct report *report);

/* The CustomResourceDefinition among the objects that defines the kind; NULL if none. Borrowed. */
const struct object *desired_definition(const struct objects *desired, const char *group, const char *kind);

/* Whether the Namespace is among the objects. */
bool desired_has_namespace(const struct objects *desired, const char *ns);

#endif
