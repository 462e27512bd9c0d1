/*
 * What a discovery answer says, in one form whichever of the three the server speaks. Versions are in the server's order of
 * preference. Built anew by each refresh; only the resources outlive it.
 */
#ifndef SYNC_KUBE_SERVED_H
#define SYNC_KUBE_SERVED_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "render/base/err.h"
#include "render/base/map.h"
#include "sync/kube/discovery.h"

enum version_state {
	VERSION_READ,
	VERSION_UNREAD, /* without aggregation: its resources were not asked for yet */
	VERSION_UNSURE, /* stale, or asking failed */
};

struct served_version {
	char *name;
	size_t rank;
	enum version_state state;
};

struct served_group {
	char *name;
	struct served_version *versions; /* do not move once the group is made */
	size_t count;
};

/* One kind of a group, in the versions that serve it. */
struct served_kind {
	struct served_hit {
		const struct resource *resource;
		const struct served_version *version;
	} * hits;
	size_t count;
};

struct served {
	struct map groups; /* name -> struct served_group */
	struct map kinds;  /* "group\nKind" -> struct served_kind */
};

#define SERVED_INIT ((struct served){ 0 })

void served_release(struct served *served);

/*
 * Reads an answer of /api or /apis: APIGroupDiscoveryList (apidiscovery.k8s.io/v2, v2beta1), APIVersions or APIGroupList.
 * `resources` keeps the resources: "group\nversion\nkind\nplural" -> struct resource.
 */
bool served_add(struct served *served, const cJSON *doc, struct map *resources, struct err *err) MUST_CHECK;

/* Reads an APIResourceList, the answer for one group version. */
bool served_add_version(struct served *served, struct served_group *group, struct served_version *version, const cJSON *doc,
                        struct map *resources, struct err *err) MUST_CHECK;

/* Borrowed; NULL where there is none. */
const struct served_kind *served_find(const struct served *served, const char *group, const char *kind);

void resources_release(struct map *resources);

#endif
