/*
 * Makes of rendered objects what is applied: without what only a server writes, Secrets with `data` alone, in their
 * namespaces, with the labels of the sync. Pure but for the table of kinds that discovery is.
 */
#ifndef SYNC_DESIRED_H
#define SYNC_DESIRED_H

#include "render/object.h"
#include "sync/kube/discovery.h"
#include "sync/report.h"
#include "sync/unowned.h"

/*
 * Removes status, creationTimestamp, managedFields, uid, resourceVersion, generation and selfLink, and turns stringData
 * into data (the last one wins, as on the server): ownership of stringData would hide drift of data.
 */
void desired_clean(struct object *object);

/*
 * Whether all that a sync has to know of the object, as long as it does not change, is its identity: for
 * manifests_kept_new. Not so of definitions and of what scales others, which are looked into for the sake of others; of hooks,
 * which no drift knows; of a deadline that is not the default one.
 */
bool desired_may_be_kept(const struct object *object);

struct desired_options {
	const char *name;                    /* of the sync */
	const char *ns;                      /* its namespace */
	const char *target_ns;               /* where all namespaced objects go; NULL: those that name none go to `ns` */
	const struct unowned_rules *unowned; /* NULL: none */
};

/*
 * All of the above on all objects (of those without a document on their identity alone), with the labels of the sync;
 * namespaced ones get their namespace, cluster-scoped ones lose theirs; what ignore rules name is taken out. Whether a kind that
 * is not served yet is namespaced says its CRD among the objects. Errors go to the report: a version that is not served while
 * another one is (safety rule 4), two objects that are one by now. false when there were any.
 */
bool desired_settle(struct objects *desired, struct discovery *discovery, const struct desired_options *options,
                    struct report *report);

/* The CustomResourceDefinition among the objects that defines the kind; NULL if none. Borrowed. */
const struct object *desired_definition(const struct objects *desired, const char *group, const char *kind);

/* Whether the Namespace is among the objects. */
bool desired_has_namespace(const struct objects *desired, const char *ns);

#endif
