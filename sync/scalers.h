/*
 * The HorizontalPodAutoscalers on the server, Git's or not: what they scale is theirs (safety rule 10). Read only where a plan
 * would heal replicas.
 */
#ifndef SYNC_SCALERS_H
#define SYNC_SCALERS_H

#include "render/base/map.h"
#include "sync/kube/discovery.h"
#include "sync/kube/kube.h"
#include "sync/plan.h"

struct scalers {
	struct map namespaces; /* that were read */
	struct map targets;    /* "namespace/kind/name" -> struct ident of the HPA, owned */
};

#define SCALERS_INIT ((struct scalers){ 0 })

void scalers_release(struct scalers *scalers);

/*
 * Reads the HPAs of the namespaces where the plan heals spec.replicas, unless they were read before. *news: one of them scales
 * what the plan heals, so that it is to be made anew. A server without them, or one that denies to tell, has none. false: it
 * failed.
 */
bool scalers_read(struct scalers *scalers, struct kube *kube, struct discovery *discovery, const struct plan *plan, bool *news,
                  struct err *err) MUST_CHECK;

/* NULL: none is known. Borrowed. */
const struct ident *scalers_find(const struct scalers *scalers, const struct ident *id);

#endif
