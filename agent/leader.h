/*
 * Which of several agents works: one coordination.k8s.io Lease, by the rules of client-go's leader election. The clocks of others
 * are not trusted: a holder is gone when its record stayed the same for the duration that it says, by our own clock. The leader
 * renews each `retry`; when that failed for `renew`, it leads no more. Given back at the end, so that the next one need not wait.
 *
 *   FOLLOWS --the Lease is free, ours, or its record is old--> LEADS
 *      ^                                                         |
 *      +----------- not renewed for `renew`, or taken -----------+
 *
 * Fence (safety rule 21): leader_may_write() is true only as long as the last renewal was sent less than `renew` ago; a write
 * that begins then and takes less than `duration` - `renew` ends before anybody else may lead. Writes under the Lease of a sync
 * may take longer: whoever leads next has to have that one first, and it is held longer than it may be written under.
 */
#ifndef AGENT_LEADER_H
#define AGENT_LEADER_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/loop.h"
#include "render/base/err.h"
#include "sync/kube/kube.h"

struct leader;

enum { LEADER_DURATION = 15000, LEADER_RENEW = 10000, LEADER_RETRY = 2000 };

struct leader_options {
	const char *ns;
	const char *name;     /* of the Lease */
	const char *identity; /* ours, unlike any other's */
	int64_t duration;     /* milliseconds; 0: the defaults above */
	int64_t renew;
	int64_t retry;
	void (*changed)(void *context, bool leads);            /* from within a fiber */
	void (*trouble)(void *context, const struct err *err); /* a try failed; each text once. May be NULL. */
	void *context;
};

/* Begins to try, in a fiber. Takes the client over, which has no fence. Strings are copied. */
struct leader *leader_new(struct loop *loop, struct kube *kube, const struct leader_options *options);

/* Gives the Lease back, where it is ours, and ends the fiber; it is gone with it. `changed` is not called any more. */
void leader_end(struct leader *leader);

bool leader_leads(const struct leader *leader);

/* kube_options.may_write, with the leader as fence. */
bool leader_may_write(void *leader, struct err *err);

/* Who leads, "" if nobody is known to; borrowed. */
const char *leader_holder(const struct leader *leader);

#endif
