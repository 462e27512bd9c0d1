/*
 * What the server has, as far as metadata tells: lists and reads of PartialObjectMetadata only.
 */
#ifndef SYNC_LIVE_H
#define SYNC_LIVE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "render/base/map.h"
#include "render/object.h"
#include "sync/kube/discovery.h"
#include "sync/kube/kube.h"

struct live {
	struct ident id;
	cJSON *meta;     /* .metadata */
	const char *uid; /* borrowed from meta */
	const char *resource_version;
	int64_t generation; /* 0 for kinds without one */
	bool deleting;      /* has a deletionTimestamp */
};

/*
 * Takes the metadata over; NULL (and it stays the caller's) where name or uid is missing. To save memory, what nobody needs of
 * it goes: the annotation kubectl.kubernetes.io/last-applied-configuration, and whose fields the status is.
 */
struct live *live_new(const char *group, const char *kind, cJSON *metadata) MUST_CHECK;
void live_free(struct live *live);

/* Borrowed; NULL where absent. */
const char *live_label(const struct live *live, const char *key);
const char *live_annotation(const struct live *live, const char *key);

/* All that is known, by identity. */
struct lives {
	struct live **items;
	size_t count;
	size_t cap;
	struct map by_key;
};

#define LIVES_INIT ((struct lives){ 0 })

void lives_release(struct lives *lives);
const struct live *lives_find(const struct lives *lives, const struct ident *id);

/* Takes it over; one of the same identity is replaced. */
void lives_take(struct lives *lives, struct live *live);

/* What to read: a list of a kind by label selector, or one object by name. */
struct live_query {
	const struct resource *resource;
	const char *ns;       /* NULL: all namespaces, or cluster-scoped */
	const char *name;     /* not NULL: that object */
	const char *selector; /* not NULL: a label selector */
	bool denied;          /* answer: 401 or 403 */
	bool absent;          /* answer: 404 (of a name: it is not there) */
	struct err err;       /* answer: any other failure */
};

/*
 * Runs all queries, many in flight, and adds what they find to out. Lists are read in pages (limit 5000 with continue, begun
 * anew on 410). A LIST adds all of its objects or, where one of its pages failed, none. true when every query was
 * answered or denied or absent; a failed one has its err set.
 */
bool lives_gather(struct kube *kube, struct live_query *queries, size_t count, struct lives *out);

#endif
