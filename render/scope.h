/*
 * Which of Kubernetes' own kinds are cluster-scoped, for rendering without a server to ask.
 */
#ifndef RENDER_SCOPE_H
#define RENDER_SCOPE_H

#include <stdbool.h>

enum scope { SCOPE_NAMESPACED, SCOPE_CLUSTER, SCOPE_UNKNOWN /* a kind of somebody else's group */ };

enum scope scope_of(const char *group, const char *kind);

#endif
