#include "agent/schedule.h"

enum { FIRST_BACKOFF = 5000, LEAST_LONGEST = 60 * 1000, STALLED_BACKOFF = 5 * 60 * 1000 };

int64_t schedule_backoff(unsigned failures, int64_t most)
{
	int64_t wait = FIRST_BACKOFF;
	most = most < LEAST_LONGEST ? LEAST_LONGEST : most;
	for (unsigned i = 1; i < failures && wait < most; i++) {
		wait *= 2;
	}
	return wait < most ? wait : most;
}

int64_t schedule_jitter(int64_t interval, uint64_t random)
{
	int64_t tenth = interval / 10;
	return interval - tenth + (int64_t)((random >> 16) % (uint64_t)(2 * tenth + 1));
}

/* After a failure, when it is tried again; INT64_MAX where the last attempt did not fail. */
static int64_t retry_at(const struct schedule_facts *facts)
{
	if (!facts->failures) {
		return INT64_MAX;
	}
	int64_t stalled = facts->interval > STALLED_BACKOFF ? facts->interval : STALLED_BACKOFF;
	return facts->ended + (facts->stalled ? stalled : schedule_backoff(facts->failures, facts->interval));
}

static int64_t verify_at(const struct schedule_facts *facts)
{
	return facts->verify && facts->ended && !facts->failures ? facts->ended + facts->verify : INT64_MAX;
}

static int64_t sync_at(const struct schedule_facts *facts, int64_t now)
{
	if (!facts->has_head || facts->waits) {
		return INT64_MAX;
	}
	/* What is new is taken at once: a commit or a spec that mends what failed must not wait for the backoff. */
	if (facts->new_head || facts->asked) {
		return now;
	}
	int64_t retry = retry_at(facts);
	int64_t verify = verify_at(facts);
	return retry < verify ? retry : verify;
}

static struct schedule join(const struct schedule_facts *facts, int64_t now)
{
	return (struct schedule){ TURN_JOIN, facts->failures ? retry_at(facts) : now };
}

struct schedule schedule_next(const struct schedule_facts *facts, int64_t now)
{
	if (facts->deleting) {
		bool again = facts->failures && !facts->asked;
		return (struct schedule){ TURN_DELETE, again ? retry_at(facts) : now };
	}
	if (facts->suspended) {
		return (struct schedule){ TURN_NONE, facts->resume };
	}
	if (!facts->joined && join(facts, now).at <= now) {
		return join(facts, now);
	}
	int64_t sync = facts->joined ? sync_at(facts, now) : join(facts, now).at;
	enum turn turn = facts->joined ? TURN_SYNC : TURN_JOIN;
	bool urgent = facts->joined && sync == now;
	if (facts->heal_due < sync || (facts->heal_due <= now && !urgent)) {
		return (struct schedule){ TURN_HEAL, facts->heal_due };
	}
	return sync == INT64_MAX ? (struct schedule){ TURN_NONE, INT64_MAX } : (struct schedule){ turn, sync };
}
