/*
 * Which kinds the API server serves, read once a run: two requests where the server aggregates discovery (1.26 on; Accept
 * apidiscovery.k8s.io/v2, v2beta1), else /api, /apis and one request a group version that is asked for.
 */
#ifndef SYNC_KUBE_DISCOVERY_H
#define SYNC_KUBE_DISCOVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "render/base/digest.h"
#include "render/base/err.h"
#include "sync/kube/kube.h"

struct resource {
	const char *group; /* all borrowed from the discovery, valid until it is freed (a refresh keeps them) */
	const char *version;
	const char *kind;
	const char *plural;
	bool namespaced;
	bool listable; /* verbs */
	bool patchable;
	bool deletable;
	bool scalable; /* has the scale subresource */
};

struct discovery;

struct discovery *discovery_new(struct kube *kube, int64_t deadline, struct err *err) MUST_CHECK;
void discovery_free(struct discovery *discovery);
void discovery_freep(struct discovery **discovery);

/*
 * What a discovery knows, for another client: many syncs of one program ask once. What one of them reads again is then known to
 * `base` too, from which later ones are made. One thread; the resources are valid until the last of them is freed.
 */
struct discovery *discovery_share(struct discovery *base, struct kube *kube);

/* When it was read, monotonic milliseconds; 0 where something of it was not, as of an aggregated API that is down. */
int64_t discovery_time(const struct discovery *discovery);

/* Reads it again (a CRD arrived). Resources handed out before stay valid. */
bool discovery_refresh(struct discovery *discovery, int64_t deadline, struct err *err) MUST_CHECK;

enum discovery_answer {
	DISCOVERY_FOUND,
	DISCOVERY_OTHER_VERSION, /* the kind is served, not in this version: *out is the preferred one that is */
	DISCOVERY_ABSENT,        /* the group answered and has no such kind, or there is no such group */
	DISCOVERY_UNKNOWN,       /* discovery of the group failed or is stale (an aggregated API that is down): never read as gone */
};

/* version NULL: the server's preferred one. *out is set but for ABSENT and UNKNOWN. */
enum discovery_answer discovery_find(struct discovery *discovery, const char *group, const char *version, const char *kind,
                                     const struct resource **out);

/* A digest of all that the server said: equal as long as it serves the same. */
void discovery_digest(const struct discovery *discovery, char out[DIGEST_TEXT]);

/* "/apis/apps/v1/namespaces/NS/deployments/NAME", escaped; ns NULL or "" for all namespaces and cluster-scoped, name NULL for the list. free() it. */
char *resource_path(const struct resource *resource, const char *ns, const char *name);

#endif
