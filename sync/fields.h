/*
 * managedFields: who owns which field of an object. A set of fields is the trie that the API server writes as FieldsV1
 * (structured-merge-diff fieldpath/serialize.go): keys f:NAME, k:{json}, v:JSON, i:N, "." for the node itself, {} a leaf.
 */
#ifndef SYNC_FIELDS_H
#define SYNC_FIELDS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "render/base/buf.h"

/* The entry of a manager in metadata.managedFields; operation "Apply" or "Update", subresource "" for none. NULL if none. */
const cJSON *fields_entry(const cJSON *metadata, const char *manager, const char *operation, const char *subresource);

/*
 * Whether `set` (a fieldsV1; NULL: nothing) owns all that the manifest says; the first path it misses goes to missed,
 * "spec.template.spec.containers[name=web].image" (may be NULL). No schema is needed, because the trie tells it: a leaf is owned
 * whole, list elements are found by the key fields that the set names, one that the element leaves out stands for its
 * default and fits anything, and what says nothing (null, an empty mapping or list) may be absent. What the server does not
 * track does not count: apiVersion, kind, metadata.name, .namespace, .uid and their like.
 */
bool fields_cover(const cJSON *set, const cJSON *manifest, struct buf *missed);

/* fields_cover with more to ask and to tell. */
struct fields_check {
	const cJSON *set;
	const cJSON *manifest;
	bool without_replicas;      /* spec.replicas does not count */
	const char *const *without; /* paths as `missed` tells them, that do not count either; NULL-terminated; NULL: none */
	const cJSON *managed;       /* metadata.managedFields, searched for the owner of what is missed; NULL: not searched */
	struct buf *missed;         /* may be NULL */
	const cJSON *owner;         /* answer: the first entry that owns the missed path; NULL if none does */
};

bool fields_check(struct fields_check *check);

/* Tells every path that fields_check would miss, and its owner, NULL for none. */
void fields_each_missed(const struct fields_check *check, void (*each)(void *context, const char *path, const cJSON *owner),
                        void *context);

/*
 * Takes out of the manifest what it says at those of the paths (as fields_check tells them in `missed`, NULL-terminated) that the
 * set does not own.
 */
void fields_strip(cJSON *manifest, const cJSON *set, const char *const *paths);

/*
 * Whether the set owns the path or something below it, given as '/'-separated field names ("spec/replicas"), itself or
 * through a leaf above.
 */
bool fields_own(const cJSON *set, const char *path);

/* New sets, cJSON_Delete them. a or b may be NULL. */
cJSON *fields_union(const cJSON *a, const cJSON *b);
cJSON *fields_minus(const cJSON *a, const cJSON *b);

/* The part of the set that the document names (a manifest, a last-applied-configuration): the rest is left out. */
cJSON *fields_within(const cJSON *set, const cJSON *document);

bool fields_empty(const cJSON *set);

/* Each owned leaf as the user reads it, "spec.template.spec.containers[name=web].image". */
void fields_each(const cJSON *set, void (*each)(void *context, const char *path), void *context);

/*
 * The values that the set names, out of a document of the server: what can be applied by itself, so with the key fields of list
 * elements. cJSON_Delete it.
 */
cJSON *fields_pick(const cJSON *set, const cJSON *document);

/* Gives `to` the values that the set names out of `from`, a document of the same object, with what they need around them. */
void fields_copy(const cJSON *set, const cJSON *from, cJSON *to);

#endif
