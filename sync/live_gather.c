/*
 * The reading side of live.h. A query is one request at a time: a GET, or the pages of a LIST one after the other; all queries
 * run side by side.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/clock.h"
#include "sync/listing.h"
#include "sync/live.h"

enum { PAGE = 5000, RESTARTS = 3, SLICE = 1000 };

struct reading {
	struct kube *kube;
	struct live_query *query;
	struct kube_call call;
	struct lives found; /* of the pages so far */
	int restarts;
	bool open; /* in flight */
};

static void done(struct kube_call *call, void *context);

static char *list_path(const struct live_query *query, const char *token)
{
	CLEANUP(text_freep) char *base = resource_path(query->resource, query->ns, NULL);
	struct buf path = BUF_INIT(LIMIT_REPLY_BYTES);
	(void)buf_printf(&path, "%s?limit=%d", base, PAGE);
	if (query->selector) {
		(void)buf_puts(&path, "&labelSelector=");
		(void)kube_escape(&path, query->selector);
	}
	if (token) {
		(void)buf_puts(&path, "&continue=");
		(void)kube_escape(&path, token);
	}
	return buf_detach(&path);
}

static void start(struct reading *reading, const char *token)
{
	const struct live_query *query = reading->query;
	char *path = query->name ? resource_path(query->resource, query->ns, query->name) : list_path(query, token);
	kube_call_release(&reading->call);
	reading->call = kube_call_make("GET", path);
	reading->call.accept = query->name ? KUBE_METADATA : KUBE_METADATA_LIST;
	reading->call.done = done;
	reading->call.context = reading;
	reading->open = true;
	kube_send(reading->kube, &reading->call);
}

/* Takes the metadata of the item over, drops whatever else a server sent. */
static bool add_item(struct reading *reading, cJSON *item, struct err *err)
{
	const struct resource *resource = reading->query->resource;
	cJSON *metadata = cJSON_DetachItemFromObjectCaseSensitive(item, "metadata");
	struct live *live = live_new(resource->group, resource->kind, metadata);
	cJSON_Delete(item);
	if (!live) {
		cJSON_Delete(metadata);
		return err_set(err, ERR_TRANSIENT, "an object without name or uid");
	}
	lives_take(&reading->found, live);
	return true;
}

static bool read_one(struct reading *reading, struct err *err)
{
	cJSON *item = doc_parse(buf_text(&reading->call.reply), reading->call.reply.len, err);
	return item && add_item(reading, item, err);
}

static bool read_items(struct reading *reading, struct listing *listing, struct err *err)
{
	struct err trouble = ERR_INIT;
	for (cJSON *item; (item = listing_next(listing, &trouble)) != NULL;) {
		if (!add_item(reading, item, err)) {
			return false;
		}
	}
	return trouble.kind == ERR_NONE || err_set(err, ERR_TRANSIENT, "%s", trouble.msg);
}

/* *token is the next page's, NULL for none; free() it. */
static bool read_page(struct reading *reading, char **token, struct err *err)
{
	struct listing listing;
	if (!listing_open(&listing, buf_text(&reading->call.reply), reading->call.reply.len, err)) {
		return false;
	}
	bool fine = read_items(reading, &listing, err);
	const char *next = doc_text(listing.metadata, "continue");
	*token = fine && next && *next ? text_dup(next) : NULL;
	listing_release(&listing);
	return fine;
}

static void read_answer(struct reading *reading)
{
	CLEANUP(text_freep) char *token = NULL;
	struct live_query *query = reading->query;
	if (!(query->name ? read_one(reading, &query->err) : read_page(reading, &token, &query->err))) {
		(void)err_wrap(&query->err, "%s", reading->call.path);
	} else if (token) {
		start(reading, token);
	}
}

static void done(struct kube_call *call, void *context)
{
	struct reading *reading = context;
	struct live_query *query = reading->query;
	reading->open = false;
	if (call->status == 410 && !query->name && reading->restarts++ < RESTARTS) {
		lives_release(&reading->found);
		start(reading, NULL);
	} else if (call->status == 401 || call->status == 403) {
		query->denied = true;
	} else if (call->status == 404) {
		query->absent = true;
	} else if (kube_check(call, false, &query->err)) {
		read_answer(reading);
	}
	if (!reading->open) {
		buf_release(&call->reply);
	}
}

static bool finish(struct reading *reading, struct lives *out)
{
	const struct live_query *query = reading->query;
	bool fine = query->err.kind == ERR_NONE;
	for (size_t i = 0; fine && !query->denied && !query->absent && i < reading->found.count; i++) {
		lives_take(out, TAKE(reading->found.items[i]));
	}
	lives_release(&reading->found);
	kube_call_release(&reading->call);
	return fine;
}

bool lives_gather(struct kube *kube, struct live_query *queries, size_t count, struct lives *out)
{
	struct reading *readings = alloc_new(count, sizeof *readings);
	for (size_t i = 0; i < count; i++) {
		queries[i].denied = false;
		queries[i].absent = false;
		queries[i].err = ERR_INIT;
		readings[i] = (struct reading){ .kube = kube, .query = &queries[i] };
		start(&readings[i], NULL);
	}
	while (!kube_run(kube, clock_now() + SLICE)) {
	}
	bool fine = true;
	for (size_t i = 0; i < count; i++) {
		assert(!readings[i].open);
		fine = finish(&readings[i], out) && fine;
	}
	free(readings);
	return fine;
}
