/*
 * Who waits for whom: ways along dependsOn. Pure.
 */
#ifndef AGENT_DEPENDS_H
#define AGENT_DEPENDS_H

#include <stdbool.h>

#include "sync/syncspec.h"

struct depends_graph {
	/* The Sync of that name; NULL: none is known, and the way ends there. */
	const struct syncspec *(*find)(const void *context, const char *ns, const char *name);
	const void *context;
};

/*
 * The shortest way from a Sync along dependsOn back to itself, as "shop/a -> shop/b -> shop/a"; of several as short the one
 * of the earlier entry. NULL: none leads back. free() it.
 */
char *depends_cycle(const struct depends_graph *graph, const struct syncspec *from);

/* An entry of dependsOn names that Sync. */
bool depends_on(const struct syncspec *spec, const struct syncspec *other);

#endif
