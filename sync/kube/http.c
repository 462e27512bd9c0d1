#include <assert.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/base/map.h"
#include "sync/clock.h"
#include "sync/kube/multi.h"
#include "sync/kube/patience.h"
#include "sync/kube/transfer.h"

/*
 * FREE --start--> RUNNING --answered, failed--> FREE, and the call is done
 *                    ^  |
 *                    |  +--429, 503, connection lost--> WAITING
 *                    +----------------due-------------------+
 *
 * A call that waits keeps its place in flight: the more the server refuses, the less is sent.
 *
 * What curl says has ended stands in `ended` until this client's turn comes: another one may have driven a shared multi.
 */

enum {
	WARNINGS_KEPT = 1000,
	IN_FLIGHT = 16,
	LONGEST_POLL = 1000,
	STOP_POLL = 100, /* how soon the stop flag is noticed */
	FIRST_BACKOFF = 100,
	LONGEST_BACKOFF = 5000,
	TRIES_UNASKED = 4, /* of 429 and 503 that say no time */
	TRIES_UNKNOWN = 3, /* of a server that never answered yet: its address may be wrong */
};

struct http {
	struct kube kube;
	struct kube_multi own; /* where none is shared */
	struct multi_client client;
	struct kube_config config;
	struct kube_options options;
	struct target target;
	struct auth auth;
	struct transfer *transfers;
	size_t places;
	size_t busy;              /* transfers that are not free */
	struct kube_call **queue; /* a ring */
	size_t head;
	size_t queued;
	size_t room;
	struct headers **headers;
	size_t header_count;
	struct map warned; /* the texts reported */
	bool answered;     /* the server answered once */
	uint64_t random;
};

static bool is_stopped(const struct http *http)
{
	return http->kube.stop && *http->kube.stop;
}

/* ---- the queue ---- */

static void push(struct http *http, struct kube_call *call)
{
	if (http->queued == http->room) {
		size_t room = http->room ? 2 * http->room : 64;
		struct kube_call **ring = alloc_new(room, sizeof(struct kube_call *));
		for (size_t i = 0; i < http->queued; i++) {
			ring[i] = http->queue[(http->head + i) % http->room];
		}
		free(http->queue);
		http->queue = ring;
		http->head = 0;
		http->room = room;
	}
	http->queue[(http->head + http->queued++) % http->room] = call;
}

static struct kube_call *pop(struct http *http)
{
	struct kube_call *call = http->queue[http->head];
	http->head = (http->head + 1) % http->room;
	http->queued--;
	return call;
}

static void http_send(struct kube *kube, struct kube_call *call)
{
	struct http *http = (struct http *)kube;
	assert(call->path && call->done && !call->transport);
	call->transport = http;
	call->tries = 0;
	push(http, call);
	multi_wake(&http->client);
}

/* ---- headers ---- */

static void drop_headers(struct http *http, struct headers *headers)
{
	assert(headers->users > 0);
	if (--headers->users || headers->generation == http->auth.generation) {
		return;
	}
	for (size_t i = 0; i < http->header_count; i++) {
		if (http->headers[i] == headers) {
			http->headers[i] = http->headers[--http->header_count];
			headers_free(headers);
			return;
		}
	}
}

static struct headers *take_headers(struct http *http, const struct kube_call *call)
{
	const char *accept = call->accept ? call->accept : KUBE_JSON;
	const char *type = !call->body.len ? NULL : call->content_type ? call->content_type : KUBE_JSON;
	for (size_t i = 0; i < http->header_count; i++) {
		struct headers *headers = http->headers[i];
		if (headers->generation == http->auth.generation && text_same(headers->accept, accept) &&
		    text_same(headers->content_type, type)) {
			headers->users++;
			return headers;
		}
	}
	http->headers = alloc_grow(http->headers, http->header_count + 1, sizeof(struct headers *));
	struct headers *headers = headers_new(&http->target, &http->auth, accept, type);
	headers->users = 1;
	http->headers[http->header_count++] = headers;
	return headers;
}

/* ---- ends ---- */

static void report_warnings(struct http *http, struct transfer *transfer)
{
	const char *text = buf_text(&transfer->warnings);
	const char *end = text + transfer->warnings.len;
	for (; text < end; text += strlen(text) + 1) {
		if (http->options.warning && http->warned.count < WARNINGS_KEPT && !map_has(&http->warned, text)) {
			(void)map_set(&http->warned, text, http);
			http->options.warning(http->options.context, transfer->call->path, text);
		}
	}
	buf_reset(&transfer->warnings);
}

/* The call is the caller's again, and may be gone when `done` returns. */
static void finish(struct http *http, struct transfer *transfer)
{
	struct kube_call *call = transfer->call;
	report_warnings(http, transfer);
	if (transfer->headers) {
		drop_headers(http, transfer->headers);
	}
	transfer->headers = NULL;
	transfer->call = NULL;
	transfer->state = TRANSFER_FREE;
	http->busy--;
	call->transport = NULL;
	call->done(call, call->context);
}

static void finish_with(struct http *http, struct transfer *transfer, const struct err *err)
{
	transfer->call->status = 0;
	transfer->call->err = *err;
	finish(http, transfer);
}

static void fail_call(struct kube_call *call, const struct err *err)
{
	call->transport = NULL;
	call->status = 0;
	call->err = *err;
	call->done(call, call->context);
}

static void stop_waiting(struct http *http)
{
	struct err stopped = ERR_INIT;
	(void)err_set(&stopped, ERR_TRANSIENT, "stopped");
	for (size_t left = http->queued; left; left--) {
		fail_call(pop(http), &stopped);
	}
	for (size_t i = 0; i < http->places; i++) {
		if (http->transfers[i].state == TRANSFER_WAITING) {
			finish_with(http, &http->transfers[i], &stopped);
		}
	}
}

/* ---- tries ---- */

static bool may_send(const struct http *http, const struct kube_call *call, struct err *err)
{
	bool open = !http->options.may_write || call->gives_back || strcmp(call->method, "GET") == 0;
	return open || http->options.may_write(http->options.fence, err);
}

static void start(struct http *http, struct transfer *transfer)
{
	struct err err = ERR_INIT;
	http->auth.stop = http->kube.stop;
	bool ready = may_send(http, transfer->call, &err) && auth_refresh(&http->auth, &err);
	if (ready) {
		struct headers *headers = take_headers(http, transfer->call);
		if (transfer->headers) {
			drop_headers(http, transfer->headers);
		}
		transfer->headers = headers;
		ready = transfer_prepare(transfer, &http->target, &http->auth, &err);
	}
	if (!ready) {
		finish_with(http, transfer, &err);
		return;
	}
	transfer->state = TRANSFER_RUNNING;
	transfer->call->tries++;
	http->kube.stats.requests++;
	CURLMcode code = curl_multi_add_handle(http->client.multi->curl, transfer->easy);
	assert(code == CURLM_OK);
}

static struct transfer *free_place(struct http *http)
{
	for (size_t i = 0; i < http->places; i++) {
		if (http->transfers[i].state == TRANSFER_FREE) {
			return &http->transfers[i];
		}
	}
	return NULL;
}

static void start_due(struct http *http)
{
	if (is_stopped(http)) {
		return;
	}
	for (size_t i = 0; i < http->places; i++) {
		struct transfer *transfer = &http->transfers[i];
		if (transfer->state == TRANSFER_WAITING && clock_now() >= transfer->due) {
			start(http, transfer);
		}
	}
	while (http->queued && http->busy < http->places) {
		struct transfer *transfer = free_place(http);
		assert(transfer);
		struct err err = ERR_INIT;
		if (!transfer->easy && !transfer_init(transfer, &http->target, &err)) {
			transfer_release(transfer);
			fail_call(pop(http), &err);
			continue;
		}
		transfer->client = &http->client;
		transfer->call = pop(http);
		transfer->renewed = false;
		int64_t timeout = transfer->call->timeout ? transfer->call->timeout : http->options.timeout;
		transfer->deadline = clock_now() + timeout;
		http->busy++;
		start(http, transfer);
	}
}

/* Half to all of the doubled time, so that many callers do not come back at once. */
static int64_t backoff(struct http *http, unsigned tries)
{
	int64_t time = FIRST_BACKOFF;
	for (unsigned i = 1; i < tries && time < LONGEST_BACKOFF; i++) {
		time *= 2;
	}
	time = time < LONGEST_BACKOFF ? time : LONGEST_BACKOFF;
	http->random = http->random * 6364136223846793005ULL + 1442695040888963407ULL; /* Knuth's MMIX */
	return time / 2 + (int64_t)((http->random >> 33) % (uint64_t)(time / 2 + 1));
}

/* When to send it again: milliseconds from now, -1 for not at all. */
static int64_t wait_after_answer(struct http *http, const struct transfer *transfer)
{
	int status = transfer->call->status;
	bool busy = status == 429 || status == 503;
	if (transfer->retry_after >= 0 && (busy || status >= 500)) {
		return transfer->retry_after + (transfer->retry_after ? 0 : backoff(http, transfer->call->tries));
	}
	return busy && transfer->call->tries < TRIES_UNASKED ? backoff(http, transfer->call->tries) : -1;
}

static int64_t wait_after_failure(struct http *http, const struct transfer *transfer, CURLcode code)
{
	bool unsent = code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY ||
	              code == CURLE_SSL_CONNECT_ERROR;
	bool lost = code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING || code == CURLE_PARTIAL_FILE ||
	            code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM;
	bool safe = unsent || (lost && strcmp(transfer->call->method, "POST") != 0);
	if (!safe || (!http->answered && transfer->call->tries >= TRIES_UNKNOWN)) {
		return -1;
	}
	return backoff(http, transfer->call->tries);
}

static void refused(struct http *http, struct transfer *transfer)
{
	struct err why = ERR_INIT;
	if (!transfer->renewed && auth_renew(&http->auth, transfer->generation, &why)) {
		transfer->renewed = true;
		start(http, transfer);
		return;
	}
	const struct kube_config *config = &http->config;
	(void)err_set(&transfer->call->err, ERR_DENIED, "'%s' does not accept the %s of %s%s%s%s%s (401)", config->server,
	              auth_kind(&http->auth), config->context ? "user '" : "the service account", config->context ? config->user : "",
	              config->context ? "', context '" : "", config->context ? config->context : "", config->context ? "'" : "");
	if (why.kind != ERR_NONE) {
		transfer->call->err.kind = why.kind;
		(void)err_set(&transfer->call->err, why.kind, "%s", why.msg);
	}
	finish(http, transfer);
}

/* Waits, or gives up where that would pass the call's time. */
static bool put_off(struct http *http, struct transfer *transfer, int64_t wait)
{
	int64_t due = clock_now() + wait;
	if (wait < 0 || due >= transfer->deadline || is_stopped(http)) {
		return false;
	}
	transfer->state = TRANSFER_WAITING;
	transfer->due = due;
	return true;
}

static void answered(struct http *http, struct transfer *transfer, int status)
{
	transfer->call->status = status;
	http->answered = true;
	if (status == 401) {
		refused(http, transfer);
	} else if (!put_off(http, transfer, wait_after_answer(http, transfer))) {
		finish(http, transfer);
	}
}

static void failed(struct http *http, struct transfer *transfer, CURLcode code)
{
	if (!transfer->too_long && put_off(http, transfer, wait_after_failure(http, transfer, code))) {
		return;
	}
	struct err err = ERR_INIT;
	transfer_explain(transfer, &http->target, code, &err);
	finish_with(http, transfer, &err);
}

static bool is_alone(const struct http *http)
{
	return http->client.multi == &http->own;
}

/* What `done` sends may end while others of the list are dealt with: the list is taken first. */
static void collect(struct http *http)
{
	struct transfer *ended = TAKE(http->client.ended);
	while (ended) {
		struct transfer *transfer = ended;
		curl_off_t bytes = 0;
		ended = transfer->next_ended;
		(void)curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
		http->kube.stats.bytes_in += (uint64_t)bytes;
		long status = 0;
		(void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
		double seconds = 0;
		(void)curl_easy_getinfo(transfer->easy, CURLINFO_TOTAL_TIME, &seconds);
		if (http->options.requested) {
			http->options.requested(http->options.host, transfer->call, transfer->result == CURLE_OK ? (int)status : 0, seconds);
		}
		if (transfer->result == CURLE_OK) {
			answered(http, transfer, (int)status);
		} else {
			failed(http, transfer, transfer->result);
		}
	}
}

/* ---- the table ---- */

static int64_t wake_time(const struct http *http, int64_t until)
{
	int64_t wake = clock_now() + (http->kube.stop ? STOP_POLL : LONGEST_POLL);
	wake = until < wake ? until : wake;
	for (size_t i = 0; i < http->places; i++) {
		const struct transfer *transfer = &http->transfers[i];
		if (transfer->state == TRANSFER_WAITING && transfer->due < wake) {
			wake = transfer->due;
		}
	}
	return wake;
}

static bool http_run(struct kube *kube, int64_t until)
{
	struct http *http = (struct http *)kube;
	for (;;) {
		if (is_stopped(http)) {
			stop_waiting(http);
		}
		start_due(http);
		if (is_alone(http)) {
			kube_multi_perform(&http->own);
		}
		collect(http);
		if (!http->busy && !http->queued) {
			return true;
		}
		if (clock_now() >= until) {
			return false;
		}
		if (!http->client.ended && (!http->queued || http->busy == http->places)) {
			multi_wait(&http->client, wake_time(http, until));
		}
	}
}

static void http_sleep(struct kube *kube, int64_t until)
{
	struct http *http = (struct http *)kube;
	if (is_alone(http)) {
		clock_sleep_until(until);
		return;
	}
	while (clock_now() < until && !is_stopped(http)) {
		multi_wait(&http->client, until);
	}
}

static void http_free(struct kube *kube)
{
	struct http *http = (struct http *)kube;
	for (size_t i = 0; http->transfers && i < http->places; i++) {
		if (http->transfers[i].state == TRANSFER_RUNNING) {
			(void)curl_multi_remove_handle(http->client.multi->curl, http->transfers[i].easy);
		}
		if (http->transfers[i].easy) {
			transfer_release(&http->transfers[i]);
		}
	}
	for (size_t i = 0; i < http->header_count; i++) {
		headers_free(http->headers[i]);
	}
	if (is_alone(http)) {
		kube_multi_release(&http->own);
	}
	free(http->headers);
	free(http->transfers);
	free(http->queue);
	map_release(&http->warned);
	target_release(&http->target);
	auth_release(&http->auth);
	kube_config_release(&http->config);
	free(http);
}

static const struct kube_ops ops = { .send = http_send, .run = http_run, .free = http_free, .sleep = http_sleep };

static void set_options(struct http *http, const struct kube_options *options)
{
	http->options = *options;
	http->options.timeout = options->timeout ? options->timeout : kube_patience.call;
	http->places = options->in_flight ? options->in_flight : IN_FLIGHT;
	http->places = http->places < LIMIT_IN_FLIGHT ? http->places : LIMIT_IN_FLIGHT;
}

struct kube *kube_open(struct kube_config *config, const struct kube_options *options, struct err *err)
{
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
	struct http *http = alloc_new(1, sizeof *http);
	http->kube.ops = &ops;
	http->kube.stop = options->stop;
	http->config = *config;
	*config = (struct kube_config){ 0 };
	http->random = (uint64_t)clock_wall_micro();
	set_options(http, options);
	auth_init(&http->auth, &http->config);
	http->client.multi = options->multi ? options->multi : &http->own;
	if (is_alone(http)) {
		kube_multi_init(&http->own);
	}
	bool good = target_init(&http->target, &http->config, options->user_agent, err);
	http->transfers = alloc_new(http->places, sizeof *http->transfers);
	/* The others when they are needed; this one says whether the configuration is fine. */
	good = good && transfer_init(&http->transfers[0], &http->target, err);
	if (!good) {
		http_free(&http->kube);
		return NULL;
	}
	return &http->kube;
}
