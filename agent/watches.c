#include "agent/watches.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/map.h"
#include "render/doc.h"
#include "sync/clock.h"
#include "sync/kube/watch.h"
#include "sync/live.h"
#include "sync/names.h"

enum {
	DENIED_AGAIN = 10 * 60 * 1000,
	ABSENT_AGAIN = 60 * 1000,
};

/* A kind and namespace that a Sync has objects in. All owned. */
struct place {
	char *group;
	char *version;
	char *kind;
	char *plural;
	char *ns; /* "" cluster-scoped */
};

struct follower {
	char *key;
	struct drift *drift;
	char *as_user; /* NULL: none */
	struct place *places;
	size_t place_count;
	bool touched; /* in this step */
};

struct identity {
	char *as_user; /* NULL: the agent's own */
	struct watch_identity *identity;
};

struct stream {
	struct watches *watches;
	char *key;
	char *group;
	char *kind;
	char *ns; /* NULL: the whole cluster */
	struct watch *watch;
	bool needed;
	bool denied;   /* the last try was, and no list was complete since */
	int64_t again; /* it ended, and is tried anew then; INT64_MAX: it runs */
};

struct watches {
	struct watches_options options;
	struct watcher *watcher;
	struct follower **followers;
	size_t follower_count;
	struct stream **streams;
	size_t stream_count;
	struct identity *identities;
	size_t identity_count;
	bool dirty; /* streams are to be opened or closed */
};

/* --- followers ---------------------------------------------------------------------------------------------------- */

static void drop_places(struct follower *follower)
{
	for (size_t i = 0; i < follower->place_count; i++) {
		struct place *place = &follower->places[i];
		free(place->group);
		free(place->version);
		free(place->kind);
		free(place->plural);
		free(place->ns);
	}
	free(follower->places);
	follower->places = NULL;
	follower->place_count = 0;
}

static void follower_free(struct follower *follower)
{
	drop_places(follower);
	free(follower->key);
	free(follower->as_user);
	free(follower);
}

static struct follower *find_follower(const struct watches *watches, const char *key)
{
	for (size_t i = 0; i < watches->follower_count; i++) {
		if (strcmp(watches->followers[i]->key, key) == 0) {
			return watches->followers[i];
		}
	}
	return NULL;
}

static struct follower *follower_of(struct watches *watches, const char *key)
{
	struct follower *follower = find_follower(watches, key);
	if (!follower) {
		follower = alloc_new(1, sizeof *follower);
		follower->key = text_dup(key);
		watches->followers = alloc_grow(watches->followers, watches->follower_count + 1, sizeof *watches->followers);
		watches->followers[watches->follower_count++] = follower;
	}
	return follower;
}

struct gathering {
	struct follower *follower;
	struct discovery *discovery;
};

static void add_place(void *context, const char *group, const char *kind, const char *version, const char *ns)
{
	struct gathering *gathering = context;
	struct follower *follower = gathering->follower;
	const struct resource *resource = NULL;
	enum discovery_answer answer = discovery_find(gathering->discovery, group, version, kind, &resource);
	if ((answer != DISCOVERY_FOUND && answer != DISCOVERY_OTHER_VERSION) || !resource->listable) {
		return;
	}
	follower->places = alloc_grow(follower->places, follower->place_count + 1, sizeof *follower->places);
	follower->places[follower->place_count++] = (struct place){
		.group = text_dup(group),
		.version = text_dup(resource->version),
		.kind = text_dup(kind),
		.plural = text_dup(resource->plural),
		.ns = text_dup(resource->namespaced ? ns : ""),
	};
}

void watches_sync(struct watches *watches, const char *key, struct drift *drift, const char *as_user, struct discovery *discovery)
{
	struct follower *follower = follower_of(watches, key);
	struct gathering gathering = { .follower = follower, .discovery = discovery };
	follower->drift = drift;
	text_set(&follower->as_user, as_user);
	drop_places(follower);
	drift_places(drift, add_place, &gathering);
	watches->dirty = true;
}

void watches_forget(struct watches *watches, const char *key)
{
	for (size_t i = 0; i < watches->follower_count; i++) {
		if (strcmp(watches->followers[i]->key, key) == 0) {
			follower_free(watches->followers[i]);
			watches->followers[i] = watches->followers[--watches->follower_count];
			watches->dirty = true;
			return;
		}
	}
}

/* --- events ------------------------------------------------------------------------------------------------------- */

static void tell_trouble(const struct stream *stream, const char *what, const struct err *err)
{
	const struct watches *watches = stream->watches;
	if (watches->options.trouble) {
		CLEANUP(text_freep) char *text = text_printf("%s: %s", what, err->msg);
		watches->options.trouble(watches->options.context, text);
	}
}

static void tell_restart(const struct stream *stream, const char *reason)
{
	const struct watches *watches = stream->watches;
	if (watches->options.restarted) {
		watches->options.restarted(watches->options.context, reason);
	}
}

static void saw(struct stream *stream, struct watch_event *event)
{
	struct watches *watches = stream->watches;
	struct live *live = live_new(stream->group, stream->kind, event->metadata);
	if (!live) {
		return;
	}
	event->metadata = NULL; /* it is the live object's */
	struct drift_sight sight = {
		.id = &live->id,
		.live = event->kind == WATCH_OBJECT ? live : NULL,
		.version = strtoull(event->version, NULL, 10),
	};
	for (size_t i = 0; i < watches->follower_count; i++) {
		struct follower *follower = watches->followers[i];
		follower->touched = drift_see(follower->drift, &sight, clock_now()) || follower->touched;
	}
	live_free(live);
}

static void listed(struct stream *stream, const struct watch_event *event)
{
	struct watches *watches = stream->watches;
	uint64_t version = strtoull(event->version, NULL, 10);
	for (size_t i = 0; i < watches->follower_count; i++) {
		struct follower *follower = watches->followers[i];
		drift_listed(follower->drift, stream->group, stream->kind, stream->ns, version, clock_now());
		follower->touched = true;
	}
	/* Those of single namespaces are not needed any more. */
	watches->dirty = watches->dirty || stream->denied;
	stream->denied = false;
}

static void listing(struct stream *stream)
{
	const struct watches *watches = stream->watches;
	for (size_t i = 0; i < watches->follower_count; i++) {
		drift_listing(watches->followers[i]->drift, stream->group, stream->kind, stream->ns);
	}
}

static void on_event(struct watch *watch, struct watch_event *event, void *context)
{
	(void)watch;
	struct stream *stream = context;
	struct watches *watches = stream->watches;
	switch (event->kind) {
	case WATCH_LISTING:
		listing(stream);
		break;
	case WATCH_OBJECT:
	case WATCH_GONE:
		saw(stream, event);
		break;
	case WATCH_LISTED:
		listed(stream, event);
		break;
	case WATCH_TROUBLE:
		tell_restart(stream, event->expired ? "expired" : "error");
		tell_trouble(stream, "watch", event->err);
		break;
	case WATCH_DENIED:
	case WATCH_ABSENT:
		stream->denied = event->kind == WATCH_DENIED;
		stream->again = clock_now() + (stream->denied ? DENIED_AGAIN : ABSENT_AGAIN);
		watches->dirty = true;
		if (stream->ns || !stream->denied) {
			tell_trouble(stream, "not watched", event->err);
		}
		break;
	}
}

/* --- streams ------------------------------------------------------------------------------------------------------ */

static bool same_user(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static struct watch_identity *identity_of(struct watches *watches, const char *as_user, struct err *err)
{
	for (size_t i = 0; i < watches->identity_count; i++) {
		if (same_user(watches->identities[i].as_user, as_user)) {
			return watches->identities[i].identity;
		}
	}
	struct kube_config config = { 0 };
	struct kube_config_options access = watches->options.access;
	access.as_user = as_user;
	if (!kube_config_load(&access, &config, err)) {
		return NULL;
	}
	struct watch_identity *identity = watch_identity_new(watches->watcher, &config, err);
	if (identity) {
		watches->identities = alloc_grow(watches->identities, watches->identity_count + 1, sizeof *watches->identities);
		watches->identities[watches->identity_count++] = (struct identity){ .as_user = as_user ? text_dup(as_user) : NULL,
			                                                                .identity = identity };
	}
	return identity;
}

static struct stream *find_stream(const struct watches *watches, const char *key)
{
	for (size_t i = 0; i < watches->stream_count; i++) {
		if (strcmp(watches->streams[i]->key, key) == 0) {
			return watches->streams[i];
		}
	}
	return NULL;
}

static void stream_free(struct stream *stream)
{
	watch_close(stream->watch);
	free(stream->key);
	free(stream->group);
	free(stream->kind);
	free(stream->ns);
	free(stream);
}

/* Opens it, or opens it anew once its time has come. */
static void run_stream(struct stream *stream, const struct place *place, const char *as_user)
{
	struct watches *watches = stream->watches;
	struct err err = ERR_INIT;
	if (stream->again > clock_now()) {
		return;
	}
	watch_close(stream->watch);
	stream->watch = NULL;
	stream->again = INT64_MAX;
	struct watch_identity *identity = identity_of(watches, as_user, &err);
	if (!identity) {
		stream->denied = true;
		stream->again = clock_now() + DENIED_AGAIN;
		tell_trouble(stream, "not watched", &err);
		return;
	}
	struct resource resource = {
		.group = place->group, .version = place->version, .kind = place->kind, .plural = place->plural, .namespaced = *place->ns
	};
	struct watch_options options = {
		.resource = &resource, .ns = stream->ns, .selector = LABEL_NAME, .event = on_event, .context = stream
	};
	stream->watch = watch_open(identity, &options);
}

/* The stream of the place with that identity; ns NULL: of the whole cluster. It is needed. */
static struct stream *need_stream(struct watches *watches, const struct place *place, const char *ns, const char *as_user)
{
	CLEANUP(text_freep)
	char *key = text_printf("%s/%s/%s/%s", place->group, place->kind, ns ? ns : "*", as_user ? as_user : "");
	struct stream *stream = find_stream(watches, key);
	if (!stream) {
		stream = alloc_new(1, sizeof *stream);
		stream->watches = watches;
		stream->key = text_dup(key);
		stream->group = text_dup(place->group);
		stream->kind = text_dup(place->kind);
		stream->ns = ns ? text_dup(ns) : NULL;
		watches->streams = alloc_grow(watches->streams, watches->stream_count + 1, sizeof *watches->streams);
		watches->streams[watches->stream_count++] = stream;
	}
	stream->needed = true;
	run_stream(stream, place, as_user);
	return stream;
}

static bool is_secret(const struct place *place)
{
	return !*place->group && strcmp(place->kind, "Secret") == 0;
}

static void need_place(struct watches *watches, const struct follower *follower, const struct place *place)
{
	if (!is_secret(place)) {
		const struct stream *whole = need_stream(watches, place, NULL, NULL);
		if (!whole->denied) {
			return;
		}
	}
	(void)need_stream(watches, place, *place->ns ? place->ns : NULL, follower->as_user);
}

static void clean(struct watches *watches)
{
	size_t left = 0;
	watches->dirty = false;
	for (size_t i = 0; i < watches->stream_count; i++) {
		watches->streams[i]->needed = false;
	}
	for (size_t i = 0; i < watches->follower_count; i++) {
		const struct follower *follower = watches->followers[i];
		for (size_t j = 0; j < follower->place_count; j++) {
			need_place(watches, follower, &follower->places[j]);
		}
	}
	for (size_t i = 0; i < watches->stream_count; i++) {
		struct stream *stream = watches->streams[i];
		if (stream->needed) {
			watches->streams[left++] = stream;
		} else {
			stream_free(stream);
		}
	}
	watches->stream_count = left;
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */

struct watches *watches_new(const struct watches_options *options)
{
	struct watches *watches = alloc_new(1, sizeof *watches);
	watches->options = *options;
	watches->watcher = watcher_new(&(struct watcher_options){ .requested = options->requested, .context = options->context });
	return watches;
}

void watches_free(struct watches *watches)
{
	if (!watches) {
		return;
	}
	for (size_t i = 0; i < watches->stream_count; i++) {
		stream_free(watches->streams[i]);
	}
	for (size_t i = 0; i < watches->follower_count; i++) {
		follower_free(watches->followers[i]);
	}
	for (size_t i = 0; i < watches->identity_count; i++) {
		free(watches->identities[i].as_user);
	}
	watcher_free(watches->watcher);
	free(watches->streams);
	free(watches->followers);
	free(watches->identities);
	free(watches);
}

int watches_fd(const struct watches *watches)
{
	return watcher_fd(watches->watcher);
}

int64_t watches_due(const struct watches *watches)
{
	int64_t due = watches->dirty ? 0 : watcher_due(watches->watcher);
	for (size_t i = 0; i < watches->stream_count; i++) {
		due = watches->streams[i]->again < due ? watches->streams[i]->again : due;
	}
	return due;
}

static bool any_again(const struct watches *watches)
{
	int64_t now = clock_now();
	for (size_t i = 0; i < watches->stream_count; i++) {
		if (watches->streams[i]->again <= now) {
			return true;
		}
	}
	return false;
}

void watches_step(struct watches *watches)
{
	if (watches->dirty || any_again(watches)) {
		clean(watches);
	}
	watcher_step(watches->watcher);
	if (watches->dirty) {
		clean(watches);
	}
	for (size_t i = 0; i < watches->follower_count; i++) {
		struct follower *follower = watches->followers[i];
		if (follower->touched) {
			follower->touched = false;
			watches->options.due(watches->options.context, follower->key);
		}
	}
}

bool watches_live(const struct watches *watches, const char *group, const char *kind, const char *ns)
{
	for (size_t i = 0; i < watches->stream_count; i++) {
		const struct stream *stream = watches->streams[i];
		bool covers = !stream->ns || strcmp(stream->ns, ns) == 0;
		if (covers && strcmp(stream->group, group) == 0 && strcmp(stream->kind, kind) == 0 && stream->watch &&
		    watch_live(stream->watch)) {
			return true;
		}
	}
	return false;
}

size_t watches_count(const struct watches *watches)
{
	size_t count = 0;
	for (size_t i = 0; i < watches->stream_count; i++) {
		count += watches->streams[i]->again == INT64_MAX;
	}
	return count;
}

size_t watches_synced(const struct watches *watches)
{
	size_t count = 0;
	for (size_t i = 0; i < watches->stream_count; i++) {
		count += watches->streams[i]->watch && watch_synced(watches->streams[i]->watch);
	}
	return count;
}

struct kube_stats watches_stats(const struct watches *watches)
{
	return watcher_stats(watches->watcher);
}
