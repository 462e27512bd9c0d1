#include "sync/git/http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "render/base/buf.h"
#include "render/base/limits.h"
#include "sync/clock.h"
#include "sync/git/http_error.h"
#include "sync/git/http_tls.h"
#include "sync/git/patience.h"
#include "sync/git/url.h"

static const char REFS_PATH[] = "/info/refs?service=git-upload-pack";
static const char PACK_PATH[] = "/git-upload-pack";
static const char REFS_TYPE[] = "application/x-git-upload-pack-advertisement";
static const char PACK_TYPE[] = "application/x-git-upload-pack-result";

/* Servers look for "git/" before they speak the smart protocol. */
static const char AGENT[] = "git/2.0 (plumb " PLUMB_VERSION ")";

enum {
	MOST_REDIRECTS = 5,
	MOST_RETRIES = 5,
	POLL_MS = 500,
	PAUSE_BYTES = 256 * 1024, /* of the answer that wait to be read */
	ERROR_BYTES = 64 * 1024,  /* of a page that says what is wrong: not shown, read so that the connection stays good */
};

#define CA_BYTES LIMIT_MIB(4)
#define ASK_BYTES LIMIT_MIB(16)

struct http {
	const struct repo_source *source;
	const char *origin;
	const char *shown;
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers[2]; /* of the GET, of the POST */
	struct buf ca;
	char *base;   /* where the redirects led to */
	bool trusted; /* it is still the host that the user named */
	int64_t deadline;
	bool post;
	struct buf ask; /* body of the POST */
	bool sent;
	bool added; /* the easy handle is in the multi handle */
	bool done;
	CURLcode result;
	struct buf answer;
	size_t taken; /* of the answer */
	bool paused;
	bool over; /* the answer passed LIMIT_GIT_REPLY_BYTES */
	uint64_t received;
	uint64_t dropped; /* of a page that is not wanted */
	int64_t alive;    /* when something last moved */
	curl_off_t moved;
	int redirects;
	int retries;
	char reason[CURL_ERROR_SIZE];
};

static long status_of(const struct http *http)
{
	long status = 0;
	(void)curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static bool type_fits(const struct http *http)
{
	char *type = NULL;
	(void)curl_easy_getinfo(http->easy, CURLINFO_CONTENT_TYPE, &type);
	const char *expected = http->post ? PACK_TYPE : REFS_TYPE;
	size_t len = strlen(expected);
	return type && strncasecmp(type, expected, len) == 0 && (type[len] == '\0' || type[len] == ';' || type[len] == ' ');
}

static bool is_wanted(const struct http *http)
{
	return status_of(http) == 200 && type_fits(http);
}

/* Bytes that wait are bounded: when enough are here the transfer pauses until they are read. */
static size_t take_bytes(char *bytes, size_t size, size_t count, void *payload)
{
	struct http *http = payload;
	size_t len = size * count;
	if (!is_wanted(http)) {
		http->dropped += len;
		return http->dropped > ERROR_BYTES ? 0 : len;
	}
	if (http->answer.len - http->taken >= PAUSE_BYTES) {
		http->paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	http->received += len;
	http->over = http->received > LIMIT_GIT_REPLY_BYTES;
	return !http->over && buf_add(&http->answer, bytes, len) ? len : 0;
}

static void set_always(struct http *http)
{
	(void)curl_easy_setopt(http->easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(http->easy, CURLOPT_QUICK_EXIT, 1L);
	(void)curl_easy_setopt(http->easy, CURLOPT_NOPROGRESS, 1L);
	(void)curl_easy_setopt(http->easy, CURLOPT_USERAGENT, AGENT);
	(void)curl_easy_setopt(http->easy, CURLOPT_ERRORBUFFER, http->reason);
	(void)curl_easy_setopt(http->easy, CURLOPT_WRITEFUNCTION, take_bytes);
	(void)curl_easy_setopt(http->easy, CURLOPT_WRITEDATA, http);
	(void)curl_easy_setopt(http->easy, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(http->easy, CURLOPT_PROTOCOLS_STR, "https,http");
	if (http->source->proxy) {
		(void)curl_easy_setopt(http->easy, CURLOPT_PROXY, http->source->proxy);
	}
	http_tls_set(http->easy, http->source, &http->ca);
}

/* http:// is a server of this machine: no proxy is to see what goes there. */
static void set_place(struct http *http)
{
	CLEANUP(text_freep) char *url = text_printf("%s%s", http->base, http->post ? PACK_PATH : REFS_PATH);
	(void)curl_easy_setopt(http->easy, CURLOPT_URL, url);
	bool plain = strncasecmp(http->base, "http:", 5) == 0;
	(void)curl_easy_setopt(http->easy, CURLOPT_NOPROXY, plain ? "*" : NULL);
	const struct secret *secret = secret_is_set(&http->source->token) ? &http->source->token : &http->source->password;
	const char *user = http->source->username ? http->source->username : "x-access-token";
	bool send = http->trusted && secret_is_set(secret);
	bool bearer = http->source->bearer && secret == &http->source->token;
	(void)curl_easy_setopt(http->easy, CURLOPT_HTTPAUTH, (long)(bearer ? CURLAUTH_BEARER : CURLAUTH_BASIC));
	(void)curl_easy_setopt(http->easy, CURLOPT_XOAUTH2_BEARER, send && bearer ? secret->text : NULL);
	(void)curl_easy_setopt(http->easy, CURLOPT_USERNAME, send && !bearer ? user : NULL);
	(void)curl_easy_setopt(http->easy, CURLOPT_PASSWORD, send && !bearer ? secret->text : NULL);
}

static void set_request(struct http *http)
{
	if (http->post) {
		(void)curl_easy_setopt(http->easy, CURLOPT_POST, 1L);
		(void)curl_easy_setopt(http->easy, CURLOPT_POSTFIELDS, buf_text(&http->ask));
		(void)curl_easy_setopt(http->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)http->ask.len);
	} else {
		(void)curl_easy_setopt(http->easy, CURLOPT_HTTPGET, 1L);
	}
	/* A pack is compressed already. */
	(void)curl_easy_setopt(http->easy, CURLOPT_ACCEPT_ENCODING, http->post ? NULL : "gzip");
	(void)curl_easy_setopt(http->easy, CURLOPT_HTTPHEADER, http->headers[http->post]);
}

static void forget_request(struct http *http)
{
	if (http->added) {
		(void)curl_multi_remove_handle(http->multi, http->easy);
	}
	buf_reset(&http->answer);
	http->taken = 0;
	http->received = 0;
	http->dropped = 0;
	http->moved = 0;
	http->added = false;
	http->sent = false;
	http->done = false;
	http->paused = false;
	http->over = false;
	http->result = CURLE_OK;
	http->reason[0] = '\0';
}

static int64_t time_left(const struct http *http)
{
	int64_t left = http->deadline - clock_now();
	return left > 0 ? left : 0;
}

static void send_request(struct http *http)
{
	forget_request(http);
	set_place(http);
	set_request(http);
	(void)curl_easy_setopt(http->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)fetch_patience.connect);
	(void)curl_multi_add_handle(http->multi, http->easy);
	http->added = true;
	http->sent = true;
	http->alive = clock_now();
}

static bool transfer_failed(const struct http *http, struct err *err)
{
	if (http->over || http->result == CURLE_WRITE_ERROR) {
		return err_set(err, ERR_LIMIT, "the answer of '%s' has more than %zu MiB", http->shown, LIMIT_GIT_REPLY_BYTES >> 20);
	}
	return http_error_of_curl(http->shown, http->result, http->reason, err);
}

static bool no_time(const struct http *http, struct err *err)
{
	int64_t now = clock_now();
	if (now >= http->deadline) {
		(void)err_set(err, ERR_TRANSIENT, "'%s' took too long to answer", http->shown);
		return true;
	}
	if (now - http->alive >= fetch_patience.stall) {
		(void)err_set(err, ERR_TRANSIENT, "'%s' sent nothing for %d seconds", http->shown, (int)(fetch_patience.stall / 1000));
		return true;
	}
	return false;
}

static void note_progress(struct http *http)
{
	curl_off_t down = 0;
	curl_off_t up = 0;
	(void)curl_easy_getinfo(http->easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
	(void)curl_easy_getinfo(http->easy, CURLINFO_SIZE_UPLOAD_T, &up);
	if (down + up != http->moved) {
		http->moved = down + up;
		http->alive = clock_now();
	}
}

/* Lets curl work until there is something to read or the request is done. */
static bool pump(struct http *http, struct err *err)
{
	while (http->taken == http->answer.len && !http->done) {
		if (no_time(http, err)) {
			return false;
		}
		if (http->paused) {
			http->paused = false;
			http->alive = clock_now();
			(void)curl_easy_pause(http->easy, CURLPAUSE_CONT);
		}
		int running = 0;
		(void)curl_multi_perform(http->multi, &running);
		int left = 0;
		for (CURLMsg *msg = curl_multi_info_read(http->multi, &left); msg; msg = curl_multi_info_read(http->multi, &left)) {
			http->done = msg->msg == CURLMSG_DONE;
			http->result = msg->data.result;
		}
		note_progress(http);
		if (!http->done && http->taken == http->answer.len) {
			int64_t wait = time_left(http);
			(void)curl_multi_poll(http->multi, NULL, 0, (int)(wait < POLL_MS ? wait : POLL_MS), NULL);
		}
	}
	return true;
}

static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static bool follow_redirect(struct http *http, struct err *err)
{
	char *target = NULL;
	(void)curl_easy_getinfo(http->easy, CURLINFO_REDIRECT_URL, &target);
	size_t len = target ? strlen(target) : 0;
	size_t end = strlen(REFS_PATH);
	if (!target || http->post || ++http->redirects > MOST_REDIRECTS) {
		return err_set(err, ERR_INPUT, "'%s' redirects %s", http->shown, !target || http->post ? "to nowhere" : "too often");
	}
	CLEANUP(text_freep) char *shown = repo_public_url(target);
	if (!url_http_allowed(target, err) || (strncasecmp(http->base, "https:", 6) == 0 && strncasecmp(target, "https:", 6) != 0)) {
		return err_set(err, ERR_INPUT, "'%s' redirects to '%s', which is not a plain https:// address", http->shown, shown);
	}
	if (len <= end || strcmp(target + len - end, REFS_PATH) != 0) {
		return err_set(err, ERR_INPUT, "'%s' redirects to '%s', which is no Git repository", http->shown, shown);
	}
	/* Not before the next fetch are credentials sent again, even if this leads back. */
	http->trusted = http->trusted && url_same_origin(http->origin, target);
	free(http->base);
	http->base = text_dup_len(target, len - end);
	return true;
}

/* Whether the server said when to come back, and that has been waited for. */
static bool waited(struct http *http)
{
	curl_off_t seconds = 0;
	(void)curl_easy_getinfo(http->easy, CURLINFO_RETRY_AFTER, &seconds);
	long status = status_of(http);
	int64_t now = clock_now();
	if (http->source->retry_after && seconds > 0) {
		*http->source->retry_after = (int64_t)seconds * 1000;
		return false;
	}
	if ((status != 429 && status != 503) || seconds <= 0 || seconds > (http->deadline - now) / 1000 ||
	    ++http->retries > MOST_RETRIES) {
		return false;
	}
	clock_sleep_until(now + (int64_t)seconds * 1000);
	return true;
}

static bool refused(const struct http *http, long status, struct err *err)
{
	curl_off_t seconds = 0;
	(void)curl_easy_getinfo(http->easy, CURLINFO_RETRY_AFTER, &seconds);
	const struct http_outcome outcome = {
		.source = http->source,
		.shown = http->shown,
		.trusted = http->trusted,
		.status = status,
		.wait = (int64_t)seconds,
	};
	return http_error_of_status(&outcome, err);
}

/* Sends the request until its answer is what was asked for: through redirects, and the waits that the server wants. */
static bool get_answer(struct http *http, struct err *err)
{
	for (;;) {
		send_request(http);
		if (!pump(http, err)) {
			return false;
		}
		if (http->answer.len || (http->done && http->result == CURLE_OK && is_wanted(http))) {
			return true;
		}
		long status = status_of(http);
		bool page_too_long = http->result == CURLE_WRITE_ERROR && http->dropped > ERROR_BYTES;
		if (http->result != CURLE_OK && !page_too_long) {
			return transfer_failed(http, err);
		}
		if (is_redirect(status)) {
			if (!follow_redirect(http, err)) {
				return false;
			}
		} else if (!waited(http)) {
			return refused(http, status, err);
		}
	}
}

bool http_read(struct http *http, void *bytes, size_t len, size_t *got, struct err *err)
{
	if (!http->sent && !get_answer(http, err)) {
		return false;
	}
	if (http->taken == http->answer.len) {
		buf_reset(&http->answer);
		http->taken = 0;
		if (!pump(http, err)) {
			return false;
		}
	}
	size_t here = http->answer.len - http->taken;
	if (here == 0 && http->result != CURLE_OK) {
		return transfer_failed(http, err);
	}
	*got = here < len ? here : len;
	if (*got) {
		memcpy(bytes, http->answer.data + http->taken, *got);
		http->taken += *got;
	}
	return true;
}

bool http_write(struct http *http, const void *bytes, size_t len, struct err *err)
{
	return buf_add(&http->ask, bytes, len)
	           ? true
	           : err_set(err, ERR_LIMIT, "the request to '%s' has more than %zu bytes", http->shown, http->ask.max);
}

static void prepare(struct http *http, bool post)
{
	forget_request(http);
	buf_reset(&http->ask);
	http->post = post;
	http->redirects = 0;
	http->retries = 0;
}

void http_get_refs(struct http *http)
{
	prepare(http, false);
}

void http_post(struct http *http)
{
	prepare(http, true);
}

void http_begin(struct http *http, int64_t deadline)
{
	prepare(http, false);
	free(http->base);
	http->base = text_dup(http->origin);
	http->trusted = true;
	http->deadline = deadline;
}

static struct curl_slist *header_list(const char *const *lines, size_t count)
{
	struct curl_slist *list = NULL;
	for (size_t i = 0; i < count; i++) {
		struct curl_slist *longer = curl_slist_append(list, lines[i]);
		if (!longer) {
			abort();
		}
		list = longer;
	}
	return list;
}

struct http *http_new(const struct repo_source *source, const char *address, const char *shown, struct err *err)
{
	static const char *const get[] = { "Accept: application/x-git-upload-pack-advertisement" };
	static const char *const post[] = { "Content-Type: application/x-git-upload-pack-request",
		                                "Accept: application/x-git-upload-pack-result", "Expect:" };
	if (source->username && strchr(source->username, ':')) {
		(void)err_set(err, ERR_INPUT, "a Git user name cannot hold ':'");
		return NULL;
	}
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
	struct http *http = alloc_new(1, sizeof *http);
	*http = (struct http){
		.source = source,
		.origin = address,
		.shown = shown,
		.multi = curl_multi_init(),
		.easy = curl_easy_init(),
		.headers = { header_list(get, ARRAY_LEN(get)), header_list(post, ARRAY_LEN(post)) },
		.ca = BUF_INIT(CA_BYTES),
		.ask = BUF_INIT(ASK_BYTES),
		.answer = BUF_INIT(PAUSE_BYTES + LIMIT_MIB(1)),
	};
	if (!http->multi || !http->easy) {
		abort();
	}
	if (!http_tls_read(source, &http->ca, err)) {
		http_free(http);
		return NULL;
	}
	set_always(http);
	http_begin(http, 0);
	return http;
}

void http_free(struct http *http)
{
	if (!http) {
		return;
	}
	forget_request(http);
	curl_easy_cleanup(http->easy);
	(void)curl_multi_cleanup(http->multi);
	curl_slist_free_all(http->headers[0]);
	curl_slist_free_all(http->headers[1]);
	buf_release(&http->ca);
	buf_release(&http->ask);
	buf_release(&http->answer);
	free(http->base);
	free(http);
	curl_global_cleanup();
}
