/*
 * One watch: a list page by page, then the stream from its resourceVersion. What an answer means is decided in stream_ended and
 * the functions above it; nothing is sent from there, only `state` and `due` are set.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/clock.h"
#include "sync/kube/headers.h"
#include "sync/kube/patience.h"
#include "sync/kube/watch_impl.h"
#include "sync/kube/watch_line.h"
#include "sync/listing.h"

enum {
	STREAM_SECONDS = 600, /* the server is asked to end a stream after half to all of it, as client-go does */
	STREAM_GRACE = 30000, /* milliseconds that it may be late */
	SHORT_STREAM = 1000,  /* one that ends sooner without a word is a failure */
	FIRST_BACKOFF = 200,
	LONGEST_BACKOFF = 10000,
	MOST_REFUSALS = 3, /* of a version to follow, whatever the reason: then it is listed anew */
	RECEIVE_BYTES = 16 * 1024,
	SPARE_BYTES = 64 * 1024, /* what a quiet watch keeps of its buffer */
};

static bool is_closed(const struct watch *watch)
{
	return watch->closed || watch->identity->closed;
}

static void tell(struct watch *watch, struct watch_event *event)
{
	if (!is_closed(watch)) {
		watch->event(watch, event, watch->context);
	}
	cJSON_Delete(event->metadata);
}

static void tell_kind(struct watch *watch, enum watch_event_kind kind, const struct err *err)
{
	struct watch_event event = { .kind = kind, .err = err };
	tell(watch, &event);
}

static void again(struct watch *watch, int64_t wait)
{
	watch->state = WATCH_WAITING;
	watch->due = clock_now() + wait;
}

/* Half to all of the doubled time, so that many do not come back at once. */
static int64_t backoff(struct watch *watch)
{
	int64_t time = FIRST_BACKOFF;
	for (unsigned i = 1; i < watch->failures && time < LONGEST_BACKOFF; i++) {
		time *= 2;
	}
	time = time < LONGEST_BACKOFF ? time : LONGEST_BACKOFF;
	return watcher_jitter(watch->identity->watcher, time);
}

static void list_anew(struct watch *watch)
{
	watch->listed = false;
	text_set(&watch->page, NULL);
	text_set(&watch->version, NULL);
	text_set(&watch->list_version, NULL);
}

/* It is tried again later. */
static void fail(struct watch *watch, const struct err *err)
{
	watch->failures++;
	int64_t wait = watch->retry_after >= 0 ? watch->retry_after + FIRST_BACKOFF : backoff(watch);
	again(watch, wait < LONGEST_BACKOFF ? wait : LONGEST_BACKOFF);
	struct watch_event event = { .kind = WATCH_TROUBLE, .err = err, .expired = watch->expired };
	tell(watch, &event);
}

static void end(struct watch *watch, enum watch_event_kind kind, const struct err *err)
{
	watch->state = WATCH_ENDED;
	watch->listed = false;
	buf_release(&watch->body);
	tell_kind(watch, kind, err);
}

/* --- requests ----------------------------------------------------------------------------------------------------- */

static size_t on_header(char *line, size_t size, size_t count, void *context)
{
	struct watch *watch = context;
	size_t len = size * count;
	const char *value = NULL;
	size_t value_len = 0;
	if (header_is(line, len, "retry-after", &value, &value_len)) {
		watch->retry_after = header_retry_after(value, value_len, clock_wall());
	}
	long status = 0;
	(void)curl_easy_getinfo(watch->easy, CURLINFO_RESPONSE_CODE, &status);
	if (len <= 2 && status >= 200 && !watch->counted) {
		watch->counted = true;
		watch->heard_at = status == 200 ? clock_now() : 0;
		watcher_requested(watch->identity->watcher, watch->state == WATCH_READING ? "list" : "watch", (int)status);
	}
	return len;
}

static bool told_line(struct watch *watch, struct watch_line *line, struct err *err)
{
	if (line->type == WATCH_LINE_ERROR) {
		watch->expired = line->code == 410;
		return err_set(err, ERR_TRANSIENT, "the server ended the stream (%d): %s", line->code, line->message);
	}
	text_set(&watch->version, line->version);
	watch->heard = true;
	watch->heard_at = clock_now();
	watch->failures = 0;
	if (line->type != WATCH_LINE_BOOKMARK) {
		struct watch_event event = {
			.kind = line->type == WATCH_LINE_SET ? WATCH_OBJECT : WATCH_GONE,
			.metadata = cJSON_DetachItemViaPointer(doc_get(line->doc, "object"), line->metadata),
			.version = watch->version,
		};
		tell(watch, &event);
	}
	return !is_closed(watch);
}

static bool on_line(void *context, const char *text, size_t len, struct err *err)
{
	struct watch *watch = context;
	struct watch_line line;
	if (!watch_line_parse(text, len, &line, err)) {
		return false;
	}
	bool good = told_line(watch, &line, err);
	watch_line_release(&line);
	return good;
}

static bool is_stream(const struct watch *watch)
{
	long status = 0;
	(void)curl_easy_getinfo(watch->easy, CURLINFO_RESPONSE_CODE, &status);
	return watch->state == WATCH_FOLLOWING && status == 200;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
	struct watch *watch = context;
	size_t len = size * count;
	watch->identity->watcher->stats.bytes_in += len;
	bool good = false;
	if (is_closed(watch)) {
		return 0;
	}
	if (!is_stream(watch)) {
		good = buf_add(&watch->body, bytes, len) ||
		       err_set(&watch->trouble, ERR_LIMIT, "the server's answer is longer than %zu bytes", watch->body.max);
	} else {
		good = watch_line_split(&watch->body, bytes, len, on_line, watch, &watch->trouble);
		if (!watch->body.len && watch->body.cap > SPARE_BYTES) {
			buf_release(&watch->body);
		}
	}
	return good ? len : 0;
}

static void open_handle(struct watch *watch)
{
	watch->easy = curl_easy_init();
	if (!watch->easy) {
		abort();
	}
	CURLcode code = target_set(&watch->identity->target, watch->easy);
	code = code ? code : curl_easy_setopt(watch->easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BYTES);
	code = code ? code : curl_easy_setopt(watch->easy, CURLOPT_ERRORBUFFER, watch->error);
	code = code ? code : curl_easy_setopt(watch->easy, CURLOPT_HEADERFUNCTION, on_header);
	code = code ? code : curl_easy_setopt(watch->easy, CURLOPT_HEADERDATA, watch);
	code = code ? code : curl_easy_setopt(watch->easy, CURLOPT_WRITEFUNCTION, on_body);
	code = code ? code : curl_easy_setopt(watch->easy, CURLOPT_WRITEDATA, watch);
	code = code ? code : curl_easy_setopt(watch->easy, CURLOPT_PRIVATE, watch);
	assert(code == CURLE_OK);
}

static char *url_of(struct watch *watch, int64_t *timeout)
{
	struct buf url = BUF_INIT(SIZE_MAX);
	(void)buf_printf(&url, "%s%s?", watch->identity->target.base, watch->path);
	if (watch->selector) {
		(void)buf_puts(&url, "labelSelector=");
		(void)kube_escape(&url, watch->selector);
		(void)buf_putc(&url, '&');
	}
	if (watch->listed) {
		int64_t seconds = watcher_jitter(watch->identity->watcher, STREAM_SECONDS);
		*timeout = seconds * 1000 + STREAM_GRACE;
		(void)buf_printf(&url, "watch=true&allowWatchBookmarks=true&timeoutSeconds=%d&resourceVersion=", (int)seconds);
		(void)kube_escape(&url, watch->version);
	} else {
		*timeout = kube_patience.page;
		(void)buf_printf(&url, "limit=%d", LIMIT_LIST_PAGE);
		if (watch->page) {
			(void)buf_puts(&url, "&continue=");
			(void)kube_escape(&url, watch->page);
		}
	}
	return buf_detach(&url);
}

static void reset_try(struct watch *watch)
{
	watch->began = clock_now();
	watch->retry_after = -1;
	watch->counted = false;
	watch->expired = false;
	watch->heard = false;
	watch->heard_at = 0;
	watch->trouble = ERR_INIT;
	watch->error[0] = '\0';
	buf_reset(&watch->body);
	watch->body.max = watch->listed ? LIMIT_OBJECT_BYTES : LIMIT_REPLY_BYTES;
}

static void set_credentials(struct watch *watch)
{
	struct watch_identity *identity = watch->identity;
	if (watch->headers) {
		headers_free(watch->headers);
	}
	watch->headers = headers_new(&identity->target, &identity->auth, watch->listed ? KUBE_METADATA : KUBE_METADATA_LIST, NULL);
	(void)curl_easy_setopt(watch->easy, CURLOPT_HTTPHEADER, watch->headers->list);
	if (watch->cert_generation != identity->auth.generation) {
		target_set_cert(watch->easy, &identity->auth);
		watch->cert_generation = identity->auth.generation;
	}
	watch->generation = identity->auth.generation;
}

void stream_start(struct watch *watch)
{
	struct watch_identity *identity = watch->identity;
	struct err err = ERR_INIT;
	reset_try(watch);
	if (!auth_refresh(&identity->auth, &err)) {
		fail(watch, &err);
		return;
	}
	if (!watch->easy) {
		open_handle(watch);
	}
	set_credentials(watch);
	int64_t timeout = 0;
	CLEANUP(text_freep) char *url = url_of(watch, &timeout);
	(void)curl_easy_setopt(watch->easy, CURLOPT_URL, url);
	(void)curl_easy_setopt(watch->easy, CURLOPT_TIMEOUT_MS, (long)timeout);
	watch->state = watch->listed ? WATCH_FOLLOWING : WATCH_READING;
	if (!watch->listed && !watch->page) {
		tell_kind(watch, WATCH_LISTING, NULL);
	}
	identity->watcher->stats.requests++;
	CURLMcode code = curl_multi_add_handle(identity->watcher->multi, watch->easy);
	assert(code == CURLM_OK);
}

/* --- lists -------------------------------------------------------------------------------------------------------- */

static bool tell_items(struct watch *watch, struct listing *listing, struct err *err)
{
	for (cJSON *item; (item = listing_next(listing, err)) != NULL;) {
		cJSON *metadata = cJSON_DetachItemFromObjectCaseSensitive(item, "metadata");
		struct watch_event event = {
			.kind = WATCH_OBJECT, .listed = true, .metadata = metadata, .version = doc_text(metadata, "resourceVersion")
		};
		cJSON_Delete(item);
		if (event.version) {
			tell(watch, &event);
		} else {
			cJSON_Delete(metadata);
		}
	}
	return err->kind == ERR_NONE;
}

static bool read_page(struct watch *watch, struct err *err)
{
	struct listing listing;
	if (!listing_open(&listing, buf_text(&watch->body), watch->body.len, err)) {
		return false;
	}
	bool good = tell_items(watch, &listing, err);
	const char *next = doc_text(listing.metadata, "continue");
	const char *version = doc_text(listing.metadata, "resourceVersion");
	text_set(&watch->page, good && next && *next ? next : NULL);
	if (good && version && *version) {
		text_set(&watch->list_version, version);
	} else if (good) {
		good = err_set(err, ERR_TRANSIENT, "the server's list has no resourceVersion");
	}
	listing_release(&listing);
	return good;
}

static void got_page(struct watch *watch)
{
	struct err err = ERR_INIT;
	bool good = read_page(watch, &err);
	buf_release(&watch->body);
	if (!good) {
		list_anew(watch);
		fail(watch, &err);
		return;
	}
	again(watch, 0);
	if (!watch->page) {
		watch->listed = true;
		text_set(&watch->version, watch->list_version);
		struct watch_event event = { .kind = WATCH_LISTED, .version = watch->version };
		tell(watch, &event);
	}
}

/* --- ends --------------------------------------------------------------------------------------------------------- */

/* The server's words on a status that is no success. */
static void explain(const struct watch *watch, long status, struct err *err)
{
	struct kube_call call = { .status = (int)status, .reply = watch->body };
	if (!kube_check(&call, false, err)) {
		(void)err_wrap(err, "%s", watch->path);
	}
}

static void refused(struct watch *watch, long status)
{
	struct err err = ERR_INIT;
	struct watch_identity *identity = watch->identity;
	explain(watch, status, &err);
	buf_reset(&watch->body);
	if (status == 401 && !watch->renewed && auth_renew(&identity->auth, watch->generation, &err)) {
		watch->renewed = true;
		again(watch, 0);
	} else if (status == 401 || status == 403) {
		end(watch, WATCH_DENIED, &err);
	} else if (status == 404) {
		end(watch, WATCH_ABSENT, &err);
	} else {
		watch->expired = status == 410;
		if (watch->expired || watch->failures + 1 >= MOST_REFUSALS) {
			list_anew(watch);
		}
		fail(watch, &err);
	}
}

static void lost(struct watch *watch, CURLcode code)
{
	struct err err = watch->trouble;
	if (err.kind == ERR_NONE) {
		(void)err_set(&err, ERR_TRANSIENT, "the watch of '%s' was lost: %s", watch->path,
		              watch->error[0] ? watch->error : curl_easy_strerror(code));
	}
	if (watch->expired || (watch->trouble.kind != ERR_NONE && watch->failures + 1 >= MOST_REFUSALS)) {
		list_anew(watch);
	}
	if (!watch->counted) {
		watcher_requested(watch->identity->watcher, watch->state == WATCH_READING ? "list" : "watch", 0);
	}
	fail(watch, &err);
}

/* The server's own end of a stream, after the time it was asked for or when it is shut down. */
static void closed(struct watch *watch)
{
	if (watch->heard || clock_now() - watch->began >= SHORT_STREAM) {
		watch->failures = 0;
		again(watch, 0);
		return;
	}
	struct err err = ERR_INIT;
	(void)err_set(&err, ERR_TRANSIENT, "the server ended the watch of '%s' at once", watch->path);
	fail(watch, &err);
}

void stream_ended(struct watch *watch, CURLcode code)
{
	long status = 0;
	(void)curl_easy_getinfo(watch->easy, CURLINFO_RESPONSE_CODE, &status);
	bool reading = watch->state == WATCH_READING;
	bool timed_out = code == CURLE_OPERATION_TIMEDOUT && !reading && status == 200;
	if (code != CURLE_OK && !timed_out) {
		lost(watch, code);
	} else if (status != 200) {
		refused(watch, status);
	} else {
		watch->renewed = false;
		if (reading) {
			got_page(watch);
		} else {
			closed(watch);
		}
	}
}

void stream_release(struct watch *watch)
{
	if (watch->easy) {
		curl_easy_cleanup(watch->easy);
	}
	if (watch->headers) {
		headers_free(watch->headers);
	}
	buf_release(&watch->body);
	free(watch->path);
	free(watch->selector);
	free(watch->version);
	free(watch->page);
	free(watch->list_version);
}
