/*
 * Syncs from the API server: a watch of their metadata says which are other than before, these are read. What an agent writes
 * into status is seen by that watch too, but causes nothing.
 *
 *   start --served--> watching --event--> wanted --read--> syncs_see, syncs_refuse
 *     ^                  |
 *     +--denied, absent--+
 */
#include <stdlib.h>
#include <string.h>

#include "agent/agent_impl.h"
#include "render/base/limits.h"
#include "render/base/map.h"
#include "render/doc.h"
#include "sync/clock.h"
#include "sync/kube/watch.h"

enum { AGAIN = 10000, FEW = 8 };

struct origin {
	struct agent *agent;
	struct strand *strand;
	struct watcher *watcher;
	struct watch_identity *identity;
	struct watch *watch;
	struct loop_timer timer;
	const struct resource *resource;
	struct map seen;   /* NAMESPACE/NAME -> text of what counts of its metadata; NULL: gone */
	struct map wanted; /* NAMESPACE/NAME -> not NULL: to be read */
	struct map listed; /* while a list is told */
	size_t wanting;
	int64_t again; /* to be begun anew, not before; 0: no */
	bool ended;
	bool synced;
};

/* --- what the watch says ------------------------------------------------------------------------------------------ */

static char *key_of(const cJSON *metadata)
{
	const char *ns = doc_text(metadata, "namespace");
	const char *name = doc_text(metadata, "name");
	return text_printf("%s/%s", ns ? ns : "", name ? name : "");
}

/* What the next turn may depend on; not the resourceVersion, which each write of status changes. free() it. */
static char *text_of(const cJSON *metadata)
{
	CLEANUP(buf_release) struct buf notes = BUF_INIT(LIMIT_OBJECT_BYTES);
	const cJSON *annotations = doc_get(metadata, "annotations");
	const cJSON *finalizers = doc_get(metadata, "finalizers");
	(void)(annotations && doc_print(annotations, &notes));
	(void)(finalizers && doc_print(finalizers, &notes));
	const char *uid = doc_text(metadata, "uid");
	const char *deleted = doc_text(metadata, "deletionTimestamp");
	return text_printf("%s %lld %s %s", uid ? uid : "", (long long)doc_int(metadata, "generation", 0), deleted ? deleted : "",
	                   buf_text(&notes));
}

static void want(struct origin *origin, const char *key)
{
	if (!map_set(&origin->wanted, key, origin)) {
		origin->wanting++;
	}
	loop_wake(origin->agent->loop, origin->strand);
}

static void see(struct origin *origin, const cJSON *metadata)
{
	CLEANUP(text_freep) char *key = key_of(metadata);
	char *text = text_of(metadata);
	const char *before = map_get(&origin->seen, key);
	(void)map_set(&origin->listed, key, origin);
	if (before && strcmp(before, text) == 0) {
		free(text);
		return;
	}
	free(map_set(&origin->seen, key, text));
	want(origin, key);
}

static void gone(struct origin *origin, const char *key)
{
	CLEANUP(text_freep) char *ns = text_dup(key);
	char *slash = strchr(ns, '/');
	*slash = '\0';
	free(map_set(&origin->seen, key, NULL));
	syncs_gone(origin->agent, ns, slash + 1);
}

static void listed(struct origin *origin)
{
	for (size_t i = 0; i < origin->seen.count; i++) {
		const struct map_entry *entry = &origin->seen.entries[i];
		if (entry->value && !map_has(&origin->listed, entry->key)) {
			gone(origin, entry->key);
		}
	}
	origin->synced = true;
}

static void restart(struct origin *origin, const struct err *err)
{
	log_event(&origin->agent->log, LEVEL_ERROR, NULL, "Syncs cannot be watched: %s", err->msg);
	origin->again = clock_now() + AGAIN;
	loop_wake(origin->agent->loop, origin->strand);
}

static void told(struct watch *watch, struct watch_event *event, void *context)
{
	struct origin *origin = context;
	(void)watch;
	switch (event->kind) {
	case WATCH_LISTING:
		map_release(&origin->listed);
		origin->listed = MAP_INIT;
		break;
	case WATCH_OBJECT:
		see(origin, event->metadata);
		break;
	case WATCH_GONE: {
		CLEANUP(text_freep) char *key = key_of(event->metadata);
		gone(origin, key);
		break;
	}
	case WATCH_LISTED:
		listed(origin);
		break;
	case WATCH_TROUBLE:
		log_event(&origin->agent->log, LEVEL_WARNING, NULL, "Syncs: %s", event->err->msg);
		break;
	case WATCH_DENIED:
	case WATCH_ABSENT:
		restart(origin, event->err);
		break;
	}
}

static void step(void *context)
{
	struct origin *origin = context;
	watcher_step(origin->watcher);
	int64_t due = watcher_due(origin->watcher);
	if (due < INT64_MAX) {
		loop_timer_set(origin->agent->loop, &origin->timer, due);
	} else {
		loop_timer_clear(origin->agent->loop, &origin->timer);
	}
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static void take(struct origin *origin, const cJSON *document)
{
	struct problems problems = PROBLEMS_INIT;
	struct syncspec spec = SYNCSPEC_INIT;
	if (syncspec_read(document, &(struct syncspec_source){ 0 }, &spec, &problems)) {
		syncs_see(origin->agent, &spec, document);
	} else {
		syncs_refuse(origin->agent, document, &problems);
	}
	syncspec_release(&spec);
	problems_release(&problems);
}

/* One, or with `name` NULL all. */
static bool read_some(struct origin *origin, struct kube *kube, const char *ns, const char *name, struct err *err)
{
	CLEANUP(kube_call_release) struct kube_call call = kube_call_make("GET", resource_path(origin->resource, ns, name));
	if (!kube_do(kube, &call, err)) {
		return err->kind == ERR_NOT_FOUND;
	}
	CLEANUP(doc_freep) cJSON *doc = doc_parse(buf_text(&call.reply), call.reply.len, err);
	if (!doc || origin->ended) {
		return origin->ended;
	}
	if (name) {
		take(origin, doc);
		return true;
	}
	const cJSON *item = NULL;
	cJSON_ArrayForEach (item, doc_get(doc, "items")) {
		take(origin, item);
	}
	return true;
}

static bool read_each(struct origin *origin, struct kube *kube, const struct map *wanted, struct err *err)
{
	for (size_t i = 0; i < wanted->count && !origin->ended; i++) {
		CLEANUP(text_freep) char *ns = text_dup(wanted->entries[i].key);
		char *slash = strchr(ns, '/');
		*slash = '\0';
		if (!read_some(origin, kube, ns, slash + 1, err)) {
			return false;
		}
	}
	return true;
}

static void read_wanted(struct origin *origin)
{
	struct err err = ERR_INIT;
	struct map wanted = origin->wanted;
	size_t count = origin->wanting;
	origin->wanted = MAP_INIT;
	origin->wanting = 0;
	struct kube *kube = agent_client(origin->agent, NULL, &err);
	bool fine = kube && (count > FEW ? read_some(origin, kube, origin->agent->options.watch_ns, NULL, &err)
	                                 : read_each(origin, kube, &wanted, &err));
	kube_free(kube);
	if (!fine && !origin->ended) {
		log_event(&origin->agent->log, LEVEL_WARNING, NULL, "Syncs cannot be read: %s", err.msg);
		for (size_t i = 0; i < wanted.count; i++) {
			want(origin, wanted.entries[i].key);
		}
		(void)loop_park(origin->agent->loop, clock_now() + AGAIN / 10);
	}
	map_release(&wanted);
}

/* --- the fiber ---------------------------------------------------------------------------------------------------- */

static bool find_resource(struct origin *origin, struct err *err)
{
	struct agent *agent = origin->agent;
	if (!agent_discover(agent, err)) {
		return false;
	}
	enum discovery_answer answer = discovery_find(agent->discovery, SYNCSPEC_GROUP, SYNCSPEC_VERSION, SYNCSPEC_KIND,
	                                              &origin->resource);
	if (answer != DISCOVERY_FOUND && discovery_refresh(agent->discovery, clock_now() + AGAIN, err)) {
		answer = discovery_find(agent->discovery, SYNCSPEC_GROUP, SYNCSPEC_VERSION, SYNCSPEC_KIND, &origin->resource);
	}
	return answer == DISCOVERY_FOUND ||
	       err_set(err, ERR_NOT_FOUND, "the server has no kind Sync (%s): the CRD is to be installed", SYNCSPEC_API_VERSION);
}

static bool open_watch(struct origin *origin, struct err *err)
{
	struct agent *agent = origin->agent;
	struct kube_config config = { 0 };
	watch_identity_free(origin->identity);
	origin->identity = NULL;
	origin->watch = NULL;
	kube_config_copy(&agent->config, &config);
	origin->identity = find_resource(origin, err) ? watch_identity_new(origin->watcher, &config, err) : NULL;
	kube_config_release(&config);
	if (!origin->identity) {
		return false;
	}
	const struct watch_options options = {
		.resource = origin->resource, .ns = agent->options.watch_ns, .event = told, .context = origin
	};
	origin->watch = watch_open(origin->identity, &options);
	step(origin);
	return true;
}

static void begin(struct origin *origin)
{
	struct err err = ERR_INIT;
	if (open_watch(origin, &err)) {
		origin->again = 0;
	} else {
		restart(origin, &err);
	}
}

static void release(struct origin *origin)
{
	loop_remove_fd(origin->agent->loop, watcher_fd(origin->watcher));
	loop_timer_clear(origin->agent->loop, &origin->timer);
	watcher_free(origin->watcher);
	for (size_t i = 0; i < origin->seen.count; i++) {
		free(origin->seen.entries[i].value);
	}
	map_release(&origin->seen);
	map_release(&origin->wanted);
	map_release(&origin->listed);
	free(origin);
}

static void run(void *context)
{
	struct origin *origin = context;
	begin(origin);
	while (!origin->ended) {
		if (origin->again && clock_now() >= origin->again) {
			begin(origin);
		} else if (origin->wanting && !origin->again) {
			read_wanted(origin);
		} else {
			(void)loop_park(origin->agent->loop, origin->again ? origin->again : INT64_MAX);
		}
	}
	struct agent *agent = origin->agent;
	release(origin);
	agent_turn_ended(agent);
}

void syncs_api_start(struct agent *agent)
{
	struct origin *origin = alloc_new(1, sizeof *origin);
	origin->agent = agent;
	const struct watcher_options options = { .requested = agent_watched, .context = agent };
	origin->watcher = watcher_new(&options);
	origin->timer = (struct loop_timer){ .fire = step, .context = origin };
	loop_add_fd(agent->loop, watcher_fd(origin->watcher), step, origin);
	agent->origin = origin;
	agent->turns++;
	origin->strand = loop_spawn(agent->loop, run, origin);
}

void syncs_api_stop(struct agent *agent)
{
	struct origin *origin = agent->origin;
	if (origin) {
		origin->ended = true;
		loop_wake(agent->loop, origin->strand);
		agent->origin = NULL;
	}
}

void syncs_api_reload(struct agent *agent)
{
	struct origin *origin = agent->origin;
	if (origin) {
		origin->again = 1;
		loop_wake(agent->loop, origin->strand);
	}
}

bool syncs_api_synced(const struct agent *agent)
{
	const struct origin *origin = agent->origin;
	return origin && origin->synced && !origin->wanting;
}
