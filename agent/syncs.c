#include <stdlib.h>
#include <string.h>

#include "agent/agent_impl.h"
#include "agent/depends.h"
#include "agent/finalizer.h"
#include "sync/clock.h"

/* The place of the key, or where it would be. */
static size_t place_of(const struct agent *agent, const char *key)
{
	size_t low = 0;
	size_t high = agent->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (strcmp(agent->syncs[middle]->key, key) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

struct agent_sync *syncs_find(const struct agent *agent, const char *ns, const char *name)
{
	CLEANUP(text_freep) char *key = text_printf("%s/%s", ns, name);
	size_t at = place_of(agent, key);
	return at < agent->count && strcmp(agent->syncs[at]->key, key) == 0 ? agent->syncs[at] : NULL;
}

static void fire(void *context)
{
	sync_consider(context);
}

static struct agent_sync *add(struct agent *agent, const struct syncspec *spec)
{
	struct agent_sync *sync = alloc_new(1, sizeof *sync);
	sync->agent = agent;
	sync->key = text_printf("%s/%s", spec->ns, spec->name);
	sync->status = SYNCSTATUS_INIT;
	sync->drift = drift_new(spec->ns, spec->name);
	sync->timer = (struct loop_timer){ .fire = fire, .context = sync };
	sync->attempt.generation = -1;
	size_t at = place_of(agent, sync->key);
	agent->syncs = alloc_grow(agent->syncs, agent->count + 1, sizeof(struct agent_sync *));
	memmove(&agent->syncs[at + 1], &agent->syncs[at], (agent->count - at) * sizeof(struct agent_sync *));
	agent->syncs[at] = sync;
	agent->count++;
	metrics_set(agent->metrics, METRIC_SYNCS, NULL, (double)agent->count);
	return sync;
}

static void leave_source(struct agent_sync *sync)
{
	if (sync->joined) {
		poller_leave(sync->agent->poller, sync->joined);
		sync->joined = NULL;
	}
}

void sync_free(struct agent_sync *sync)
{
	leave_source(sync);
	agent_unwatch(sync->agent, sync);
	loop_timer_clear(sync->agent->loop, &sync->timer);
	drift_free(sync->drift);
	manifests_kept_free(sync->kept);
	ledger_cache_release(&sync->ledger);
	syncstatus_release(&sync->status);
	syncspec_release(&sync->spec);
	syncspec_release(&sync->next);
	credentials_release(&sync->credentials);
	secret_release(&sync->hook_token);
	lease_sight_release(&sync->sight);
	repo_commit_release(&sync->head);
	free(sync->attempt.request);
	free(sync->attempt.approval);
	free(sync->waits);
	free(sync->cycle);
	free(sync->told_waits);
	free(sync->key);
	free(sync);
}

/* --- who waits for whom ------------------------------------------------------------------------------------------- */

static const struct syncspec *find_spec(const void *agent, const char *ns, const char *name)
{
	const struct agent_sync *sync = syncs_find(agent, ns, name);
	return sync ? &sync->spec : NULL;
}

static void look_for_cycle(struct agent_sync *sync)
{
	const struct depends_graph graph = { .find = find_spec, .context = sync->agent };
	free(sync->cycle);
	sync->cycle = sync->spec.depends_count ? depends_cycle(&graph, &sync->spec) : NULL;
}

/*
 * This one came, waits for others than before, or (NULL) one is gone. Cycles that are there now and were not before lead
 * through it: others than those that name it, and those that were in one, are looked at only where there is such a cycle.
 */
static void relate(struct agent *agent, struct agent_sync *changed)
{
	if (changed) {
		look_for_cycle(changed);
	}
	bool all = changed && changed->cycle;
	for (size_t i = 0; i < agent->count; i++) {
		struct agent_sync *sync = agent->syncs[i];
		bool concerned = sync->cycle || all || (changed && depends_on(&sync->spec, &changed->spec));
		if (sync != changed && sync->spec.depends_count && concerned) {
			look_for_cycle(sync);
			sync_consider(sync);
		}
	}
}

/* --- seen, changed, gone ------------------------------------------------------------------------------------------ */

static bool same_peers(const struct syncspec *a, const struct syncspec *b)
{
	bool same = a->depends_count == b->depends_count;
	for (size_t i = 0; same && i < a->depends_count; i++) {
		same = text_same(a->depends_on[i].ns, b->depends_on[i].ns) && text_same(a->depends_on[i].name, b->depends_on[i].name);
	}
	return same;
}

static bool same_source(const struct syncspec *a, const struct syncspec *b)
{
	return text_same(a->url, b->url) && text_same(a->ref_full, b->ref_full) && text_same(a->path, b->path) &&
	       text_same(a->secret, b->secret) && text_same(a->webhook_secret, b->webhook_secret) &&
	       text_same(a->service_account, b->service_account) && a->interval == b->interval;
}

void sync_configure_drift(struct agent_sync *sync)
{
	drift_configure(sync->drift, &(struct drift_options){ .detect = sync->spec.heal.mode == SYNCSPEC_DETECT,
	                                                      .suspended = sync_is_suspended(sync) || sync->spec.deleting,
	                                                      .delay = sync->spec.heal.delay,
	                                                      .changed = agent_drift_changed,
	                                                      .context = sync });
}

/* What it is to be now. The commit that is known stays where the source does. */
static void take_spec(struct agent_sync *sync, struct syncspec *spec)
{
	bool known = sync->spec.name != NULL;
	/* What objects become of the files that are kept may be another thing now. */
	manifests_kept_free(sync->kept);
	sync->kept = NULL;
	if (!known || !same_source(&sync->spec, spec)) {
		leave_source(sync);
		sync->join_failures = 0;
	}
	if (known && !(text_same(sync->spec.url, spec->url) && text_same(sync->spec.ref_full, spec->ref_full))) {
		repo_commit_release(&sync->head);
		sync->head = (struct repo_commit){ 0 };
	}
	/* The poller holds strings of the old one no more. */
	if (sync->joined) {
		sync->joined->ref = spec->ref_full;
		sync->joined->path = spec->path;
	}
	bool asked = known && spec->requested_at && !text_same(sync->spec.requested_at, spec->requested_at);
	bool related = known && same_peers(&sync->spec, spec);
	syncspec_release(&sync->spec);
	sync->spec = *spec;
	*spec = SYNCSPEC_INIT;
	sync->invalid = false;
	sync_configure_drift(sync);
	if (!related) {
		relate(sync->agent, sync);
	}
	if (asked && sync->joined) {
		poller_hurry(sync->agent->poller, sync->joined, 0);
	}
}

void sync_take_next(struct agent_sync *sync)
{
	if (sync->next.name) {
		struct syncspec next = sync->next;
		sync->next = SYNCSPEC_INIT;
		take_spec(sync, &next);
	}
}

void sync_rejoin(struct agent_sync *sync)
{
	leave_source(sync);
	sync->join_failures = 0;
	sync_consider(sync);
}

static bool is_other(const struct syncspec *a, const struct syncspec *b)
{
	return a->generation != b->generation || !text_same(a->uid, b->uid) || !text_same(a->requested_at, b->requested_at) ||
	       !text_same(a->approved_commit, b->approved_commit) || a->suspend_until != b->suspend_until ||
	       a->deleting != b->deleting;
}

void syncs_see(struct agent *agent, struct syncspec *spec, const cJSON *object)
{
	struct agent_sync *sync = syncs_find(agent, spec->ns, spec->name);
	if (sync && sync->spec.uid && strcmp(sync->spec.uid, spec->uid) != 0) {
		/* Another resource of the same name. */
		syncs_gone(agent, spec->ns, spec->name);
		sync = NULL;
	}
	if (!sync) {
		sync = add(agent, spec);
		syncstatus_load(&sync->status, cJSON_GetObjectItemCaseSensitive(object, "status"));
		/* What was asked for before this agent began was done by the one before. */
		text_set(&sync->attempt.request, syncstatus_handled_request(&sync->status));
	}
	sync->finalized = finalizer_is_there(object);
	const struct syncspec *last = sync->next.name ? &sync->next : &sync->spec;
	if (last->name && !is_other(last, spec)) {
		syncspec_release(spec);
		return;
	}
	if (sync->strand) {
		syncspec_release(&sync->next);
		sync->next = *spec;
		*spec = SYNCSPEC_INIT;
	} else {
		take_spec(sync, spec);
	}
	sync_consider(sync);
}

void syncs_refuse(struct agent *agent, const cJSON *document, const struct problems *problems)
{
	struct syncspec spec = SYNCSPEC_INIT;
	syncspec_identity(document, &spec);
	struct agent_sync *sync = syncs_find(agent, spec.ns, spec.name);
	if (!sync) {
		sync = add(agent, &spec);
		syncstatus_load(&sync->status, cJSON_GetObjectItemCaseSensitive(document, "status"));
	}
	if (!sync->spec.name) {
		sync->spec = spec;
		relate(agent, sync);
	} else {
		syncspec_release(&spec);
	}
	sync->invalid = true;
	syncstatus_invalid(&sync->status, document, problems, clock_wall());
	sync->dirty = true;
	const struct log_about about = { .ns = sync->spec.ns, .name = sync->spec.name };
	for (size_t i = 0; i < problems->count; i++) {
		log_event(&agent->log, LEVEL_ERROR, &about, "%s", problems->items[i].text);
	}
	sync_consider(sync);
}

static void drop(struct agent_sync *sync)
{
	struct agent *agent = sync->agent;
	metrics_forget_sync(agent->metrics, sync->spec.ns ? sync->spec.ns : "", sync->spec.name ? sync->spec.name : "");
	sync->gone = true;
	/* One of the same name may come while its turn ends. */
	agent_unwatch(agent, sync);
	if (sync->strand) {
		sync_consider(sync);
	} else {
		sync_free(sync);
	}
}

void syncs_gone(struct agent *agent, const char *ns, const char *name)
{
	struct agent_sync *sync = syncs_find(agent, ns, name);
	if (!sync) {
		return;
	}
	size_t at = place_of(agent, sync->key);
	agent->count--;
	memmove(&agent->syncs[at], &agent->syncs[at + 1], (agent->count - at) * sizeof(struct agent_sync *));
	metrics_set(agent->metrics, METRIC_SYNCS, NULL, (double)agent->count);
	drop(sync);
	relate(agent, NULL);
	syncs_released(agent);
}

void syncs_drop_all(struct agent *agent)
{
	while (agent->count) {
		drop(agent->syncs[--agent->count]);
	}
	metrics_set(agent->metrics, METRIC_SYNCS, NULL, 0);
}

void syncs_released(struct agent *agent)
{
	for (size_t i = 0; i < agent->count; i++) {
		if (agent->syncs[i]->spec.depends_count) {
			sync_consider(agent->syncs[i]);
		}
	}
}
