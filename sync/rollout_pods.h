/*
 * Why a workload does not get its pods ready: asks its pods, and where there are none the events that tell why none could be
 * made. A hint for messages only: what cannot be read (no right to read pods) is no error.
 */
#ifndef SYNC_ROLLOUT_PODS_H
#define SYNC_ROLLOUT_PODS_H

#include "sync/kube/kube.h"

/* What to ask about; strings are borrowed until the look is released. */
struct pods_target {
	const char *kind; /* "Deployment": only pods of its newest ReplicaSet count */
	const char *ns;
	const char *uid;
	const char *selector; /* label selector of its pods */
	int64_t revision;     /* of a Deployment; 0 unknown */
	bool too_few;         /* it has fewer pods than it wants: failures to create them count, too */
};

enum { PODS_PODS, PODS_SETS, PODS_EVENTS, PODS_CALLS };

struct pods_look {
	struct pods_target target;
	struct kube_call calls[PODS_CALLS];
	bool used[PODS_CALLS];
};

/* spec.selector (matchLabels, matchExpressions) as a label selector; free() it; NULL where there is none. */
char *pods_selector(const cJSON *object);

/* Sends the requests; the look must stay where it is until kube_run says that none is open. */
void pods_ask(struct kube *kube, struct pods_look *look, const struct pods_target *target, int64_t timeout);

/*
 * The worst reason: "pod web-6d4-x: ImagePullBackOff: container web, image ..." or "FailedCreate: ..."; free() it; NULL
 * for none.
 */
char *pods_answer(const struct pods_look *look);

void pods_release(struct pods_look *look);

#endif
