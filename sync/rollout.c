#include "sync/rollout.h"

#include <stdlib.h>

#include "render/base/map.h"
#include "sync/clock.h"
#include "sync/health_internal.h"
#include "sync/rollout_internal.h"

enum {
	FIRST_POLL = 100,    /* milliseconds, all of them */
	SHORTEST_POLL = 200, /* after something moved */
	LONGEST_POLL = 1000,
	SLICE = 100,       /* alive is asked that often */
	FIRST_LOOK = 2000, /* at the pods of what still moves */
	NEXT_LOOK = 5000,
	LATER_LOOK = 500,  /* when a round has its share */
	FINAL_LOOK = 1000, /* before the deadline, so that its message can name the pods' reason */
	LOOKS = 16,        /* in one round, apart from the final one */
};

void rollout_release(struct rollout *rollout)
{
	ident_release(&rollout->id);
	free(rollout->uid);
	rollout->uid = NULL;
}

static void look(struct wait *wait, struct follow *follow)
{
	const struct rollout *rollout = follow->rollout;
	const char *reason = follow->base.reason;
	struct pods_target target = {
		.kind = rollout->id.kind,
		.ns = rollout->id.ns,
		.uid = rollout->uid,
		.selector = follow->selector,
		.revision = rollout->revision,
		.too_few = strcmp(reason, "LessReplicas") == 0 || strcmp(reason, "LessCurrent") == 0,
	};
	follow->looking = true;
	pods_ask(wait->kube, &follow->look, &target, rollout_call_timeout(wait));
}

static void look_around(struct wait *wait, int64_t now)
{
	bool final = !wait->final && now >= wait->final_at;
	size_t looks = 0;
	for (size_t i = 0; i < wait->count; i++) {
		struct follow *follow = &wait->follows[i];
		bool due = follow->failed || final || follow->look_at <= now;
		if (!is_open(follow) || !follow->selector || !due) {
			continue;
		}
		if (!follow->failed && !final && looks == LOOKS) {
			follow->look_at = now + LATER_LOOK;
			continue;
		}
		look(wait, follow);
		follow->look_at = now + NEXT_LOOK;
		looks++;
	}
	wait->final = wait->final || final;
}

static void looked(struct wait *wait, struct follow *follow)
{
	char *hint = pods_answer(&follow->look);
	pods_release(&follow->look);
	follow->looking = false;
	if (!is_open(follow)) {
		free(hint); /* became well meanwhile */
		return;
	}
	rollout_hint(follow, hint);
	if (follow->failed) {
		rollout_settle(wait, follow);
	} else {
		struct health_report report = rollout_compose(follow);
		rollout_publish(wait, follow, &report);
	}
}

static bool alive(struct wait *wait)
{
	const struct rollout_options *options = wait->options;
	if (!wait->stopped && options->alive && !options->alive(options->context)) {
		wait->stopped = true;
	}
	return !wait->stopped;
}

/* Calls cannot be taken back: they are driven to their end, which the deadline bounds. */
static void drive(struct wait *wait)
{
	while (!kube_run(wait->kube, clock_now() + SLICE)) {
		(void)alive(wait);
	}
}

static void plan_next(struct wait *wait)
{
	wait->interval = wait->moved ? SHORTEST_POLL : wait->interval * 3 / 2;
	wait->interval = wait->interval < LONGEST_POLL ? wait->interval : LONGEST_POLL;
	int64_t now = clock_now();
	int64_t last = wait->options->deadline - SLICE;
	wait->poll_at = now + wait->interval;
	if (now < last - SLICE && wait->poll_at > last) {
		wait->poll_at = last;
	}
}

static void run_round(struct wait *wait)
{
	int64_t now = clock_now();
	bool poll = now >= wait->poll_at;
	wait->moved = false;
	for (size_t i = 0; poll && i < wait->group_count; i++) {
		rollout_poll(wait, &wait->groups[i]);
	}
	look_around(wait, now);
	drive(wait);
	for (size_t i = 0; i < wait->count; i++) {
		struct follow *follow = &wait->follows[i];
		if (follow->asked) {
			kube_call_release(&follow->call);
			follow->asked = false;
		}
		if (follow->looking) {
			looked(wait, follow);
		}
	}
	if (poll) {
		plan_next(wait);
	}
}

/* When the next round is due; 0 when none is open. */
static int64_t next_round(const struct wait *wait)
{
	int64_t next = 0;
	for (size_t i = 0; i < wait->count; i++) {
		const struct follow *follow = &wait->follows[i];
		if (!is_open(follow)) {
			continue;
		}
		int64_t at = follow->selector && follow->look_at < wait->poll_at ? follow->look_at : wait->poll_at;
		at = at > 0 ? at : 1;
		next = next == 0 || at < next ? at : next;
	}
	return next > wait->final_at && !wait->final ? wait->final_at : next;
}

/* false when it is over. */
static bool rest(struct wait *wait, int64_t until)
{
	int64_t end = until < wait->options->deadline ? until : wait->options->deadline;
	for (int64_t now = clock_now(); now < end; now = clock_now()) {
		if (!alive(wait)) {
			return false;
		}
		if (wait->options->idle) {
			wait->options->idle(wait->options->context);
		}
		kube_sleep(wait->kube, end - now < SLICE ? end : now + SLICE);
	}
	return alive(wait) && clock_now() < wait->options->deadline;
}

static struct group *group_of(struct wait *wait, struct map *groups, const struct rollout *rollout)
{
	const struct resource *resource = rollout->resource;
	CLEANUP(text_freep)
	char *key = text_printf("%s/%s/%s/%s", resource->group, resource->version, resource->plural, rollout->id.ns);
	struct group *group = map_get(groups, key);
	if (!group) {
		group = &wait->groups[wait->group_count++];
		*group = (struct group){ .wait = wait, .resource = resource, .ns = rollout->id.ns, .by_name = MAP_INIT };
		(void)map_set(groups, key, group);
	}
	return group;
}

static void begin(struct wait *wait, struct rollout *rollouts, size_t count)
{
	CLEANUP(map_release) struct map groups = MAP_INIT;
	wait->follows = alloc_new(count ? count : 1, sizeof *wait->follows);
	wait->groups = alloc_new(count ? count : 1, sizeof *wait->groups);
	int64_t now = clock_now();
	for (size_t i = 0; i < count; i++) {
		if (rollouts[i].settled) {
			continue;
		}
		struct follow *follow = &wait->follows[wait->count++];
		health_set(&rollouts[i].report, HEALTH_PROGRESSING, NULL, "waiting");
		*follow = (struct follow){ .rollout = &rollouts[i], .base = rollouts[i].report, .look_at = now + FIRST_LOOK };
		follow->group = group_of(wait, &groups, &rollouts[i]);
		follow->group->open++;
		(void)map_set(&follow->group->by_name, rollouts[i].id.name, follow);
	}
	wait->poll_at = now + FIRST_POLL;
	wait->interval = SHORTEST_POLL;
	/* Not before the first poll, which tells the pods' selector. */
	int64_t first = wait->poll_at + FIRST_POLL / 4;
	int64_t final = wait->options->deadline - FINAL_LOOK;
	wait->final_at = final > first ? final : first;
}

static void end(struct wait *wait)
{
	for (size_t i = 0; i < wait->count; i++) {
		free(wait->follows[i].selector);
		free(wait->follows[i].hint);
	}
	for (size_t i = 0; i < wait->group_count; i++) {
		struct group *group = &wait->groups[i];
		map_release(&group->by_name);
		for (size_t page = 0; page < ARRAY_LEN(group->pages); page++) {
			if (group->used[page]) {
				kube_call_release(&group->pages[page]);
			}
		}
	}
	free(wait->follows);
	free(wait->groups);
}

/* The deadline has come: what is open keeps its health and says what it waited for. */
static void expire(struct wait *wait)
{
	for (size_t i = 0; i < wait->count; i++) {
		struct follow *follow = &wait->follows[i];
		if (!is_open(follow)) {
			continue;
		}
		if (follow->failed) {
			rollout_settle(wait, follow);
			continue;
		}
		struct health_report report = rollout_compose(follow);
		if (!follow->answered && wait->last.kind != ERR_NONE) {
			health_set(&report, report.health, "Timeout", "%s", wait->last.msg);
		} else {
			health_set(&report, report.health, "Timeout", "%s", *report.message ? report.message : report.reason);
		}
		rollout_publish(wait, follow, &report);
	}
}

/* Nothing that is open could be read any more. */
static bool out_of_reach(const struct wait *wait)
{
	size_t open = 0;
	for (size_t i = 0; i < wait->count; i++) {
		if (is_open(&wait->follows[i])) {
			open++;
			if (!wait->follows[i].lost) {
				return false;
			}
		}
	}
	return open > 0;
}

static bool all_well(const struct rollout *rollouts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!rollouts[i].settled || rollouts[i].report.health == HEALTH_FAILED) {
			return false;
		}
	}
	return true;
}

bool rollout_wait(struct kube *kube, struct rollout *rollouts, size_t count, const struct rollout_options *options,
                  struct err *err)
{
	struct wait wait = { .kube = kube, .options = options };
	begin(&wait, rollouts, count);
	int64_t next = next_round(&wait);
	while (next && wait.fatal.kind == ERR_NONE && rest(&wait, next)) {
		run_round(&wait);
		next = next_round(&wait);
	}
	if (!wait.stopped && wait.fatal.kind == ERR_NONE) {
		expire(&wait);
	}
	bool well = wait.fatal.kind == ERR_NONE && all_well(rollouts, count);
	if (wait.fatal.kind != ERR_NONE) {
		*err = wait.fatal;
	} else if (!wait.stopped && out_of_reach(&wait)) {
		*err = wait.last;
	}
	end(&wait);
	return well;
}
