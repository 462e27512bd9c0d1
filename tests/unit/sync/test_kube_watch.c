#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/clock.h"
#include "sync/kube/watch.h"
#include "sync/kube/watch_line.h"
#include "tls_server.h"

#define META(name, version) "{\"metadata\":{\"name\":\"" name "\",\"uid\":\"u\",\"resourceVersion\":\"" version "\"}}"
#define LIST(version, more, items) \
	"{\"kind\":\"List\",\"metadata\":{\"resourceVersion\":\"" version "\"" more "},\"items\":[" items "]}"
#define EVENT(type, name, version) "{\"type\":\"" type "\",\"object\":" META(name, version) "}\n"
#define EXPIRED \
	"{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"reason\":\"Expired\",\"message\":\"too old\"}}\n"
#define STATUS(text) "{\"kind\":\"Status\",\"message\":\"" text "\"}"

static char reply[64 * 1024];

static const char *whole(const char *status, const char *body)
{
	(void)snprintf(reply, sizeof reply, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s", status, strlen(body), body);
	return reply;
}

/* A stream in chunks of that many bytes, that ends or stays open. */
static const char *stream(const char *body, size_t chunk, bool ends)
{
	struct buf out = BUF_INIT(sizeof reply - 1);
	(void)buf_puts(&out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (size_t left = strlen(body); left; left -= chunk < left ? chunk : left) {
		size_t len = chunk < left ? chunk : left;
		(void)buf_printf(&out, "%zx\r\n%.*s\r\n", len, (int)len, body);
		body += len;
	}
	(void)buf_puts(&out, ends ? "0\r\n\r\n" : "");
	(void)snprintf(reply, sizeof reply, "%s", buf_text(&out));
	buf_release(&out);
	return reply;
}

static bool asks(const char *request, const char *part)
{
	return strstr(request, part) != NULL;
}

static const char *quiet(void)
{
	return stream(EVENT("BOOKMARK", "", "900"), 1000, false);
}

static const char *answer_plain(const char *request)
{
	if (!asks(request, "watch=true")) {
		return asks(request, "continue=page2") ? whole("200 OK", LIST("10", "", META("b", "9")))
		                                       : whole("200 OK", LIST("10", ",\"continue\":\"page2\"", META("a", "8")));
	}
	if (!asks(request, "allowWatchBookmarks=true") || !asks(request, "labelSelector=x%3Dy")) {
		return whole("400 no", "{}");
	}
	if (asks(request, "resourceVersion=10 ")) {
		return stream(EVENT("ADDED", "c", "11") EVENT("MODIFIED", "a", "12") EVENT("DELETED", "b", "13")
		                  EVENT("BOOKMARK", "", "20"),
		              7, true);
	}
	return asks(request, "resourceVersion=20 ") ? stream(EVENT("MODIFIED", "c", "21"), 1000, false) : whole("400 no", "{}");
}

/* The first version is too old: said in the stream, or as a status. */
static const char *answer_compacted(const char *request, bool in_stream)
{
	static int lists;
	if (!asks(request, "watch=true")) {
		return lists++ ? whole("200 OK", LIST("50", "", META("b", "40"))) : whole("200 OK", LIST("10", "", META("a", "8")));
	}
	if (asks(request, "resourceVersion=10 ")) {
		return in_stream ? stream(EXPIRED, 1000, true) : whole("410 Gone", STATUS("too old"));
	}
	return quiet();
}

static const char *answer_shaky(const char *request)
{
	static int tries;
	if (!asks(request, "watch=true")) {
		return tries++ ? whole("200 OK", LIST("10", "", "")) : whole("500 no", STATUS("etcd is away"));
	}
	switch (tries++) {
	case 2:
	case 3: /* curl itself asks again on a connection that it had used before */
		return NULL;
	case 4:
		return stream(EVENT("ADDED", "a", "11") "{\"type\":\"ADDED\"}\n", 1000, true);
	default:
		return asks(request, "resourceVersion=11 ") ? quiet() : whole("400 no", "{}");
	}
}

static const char *answer(const char *path, const char *request, unsigned before)
{
	(void)before;
	if (asks(path, "/plain?")) {
		return answer_plain(request);
	}
	if (asks(path, "/compacted?") || asks(path, "/gone?")) {
		return answer_compacted(request, asks(path, "/compacted?"));
	}
	if (asks(path, "/shaky?")) {
		return answer_shaky(request);
	}
	if (asks(path, "/denied?")) {
		return whole("403 Forbidden", STATUS("you may not"));
	}
	if (asks(path, "/absent?")) {
		return whole("404 Not Found", STATUS("no such kind"));
	}
	if (asks(path, "/empty?") && asks(request, "watch=true")) {
		return stream("", 1, true);
	}
	return asks(request, "watch=true") ? quiet() : whole("200 OK", LIST("10", "", ""));
}

static struct tls_server server;
static struct watcher *watcher;
static struct watch_identity *identity;
static struct buf told;
static struct buf asked;
static atomic_int stop;
static size_t wanted; /* lines */
static bool closes;

static size_t lines(const struct buf *text)
{
	size_t count = 0;
	for (size_t i = 0; i < text->len; i++) {
		count += text->data[i] == '\n';
	}
	return count;
}

static void on_event(struct watch *watch, struct watch_event *event, void *context)
{
	static const char *const names[] = { "listing", "object", "gone", "listed", "trouble", "denied", "absent" };
	const char *name = doc_text(event->metadata, "name");
	(void)buf_printf(&told, "%s%s%s%s%s%s\n", names[event->kind], event->listed ? " in list" : "", name ? " " : "",
	                 name ? name : "", event->version ? " " : "", event->version ? event->version : "");
	if (event->err) {
		ck_assert_int_ne(event->err->kind, ERR_NONE);
		(void)snprintf(context, 500, "%s", event->err->msg);
	}
	stop = lines(&told) >= wanted;
	if (closes && event->kind == WATCH_OBJECT) {
		watch_close(watch);
	}
}

static void on_request(void *context, const char *verb, int status)
{
	(void)context;
	(void)buf_printf(&asked, "%s %d\n", verb, status);
}

static void begin(void)
{
	server = tls_server_start(answer);
	told = BUF_INIT(LIMIT_KIB(64));
	asked = BUF_INIT(LIMIT_KIB(64));
	stop = 0;
	closes = false;
	watcher = watcher_new(&(struct watcher_options){ .requested = on_request });
	struct kube_config config = { .server = text_printf("https://127.0.0.1:%d", server.port) };
	secret_set(&config.ca, server.cert, strlen(server.cert));
	struct err err = ERR_INIT;
	identity = watch_identity_new(watcher, &config, &err);
	ck_assert_msg(identity != NULL, "%s", err.msg);
}

static void finish(void)
{
	watcher_free(watcher);
	tls_server_stop(&server);
	buf_release(&told);
	buf_release(&asked);
}

static char message[500];

/* Until so many requests were sent, and some time more. */
static void run_until_sent(uint64_t count)
{
	for (int i = 0; i < 600 && watcher_stats(watcher).requests < count; i++) {
		watcher_run(watcher, clock_now() + 200, NULL);
	}
	watcher_run(watcher, clock_now() + 300, NULL);
}

static struct watch *open_watch(const char *plural)
{
	struct resource resource = { .group = "", .version = "v1", .kind = "X", .plural = plural, .namespaced = true };
	struct watch_options options = { .resource = &resource, .selector = "x=y", .event = on_event, .context = message };
	return watch_open(identity, &options);
}

static void run_until(size_t count)
{
	wanted = count;
	stop = lines(&told) >= wanted;
	watcher_run(watcher, clock_now() + 600000, &stop);
}

START_TEST(a_list_is_told_page_by_page_and_then_followed_from_its_version)
{
	struct watch *watch = open_watch("plain");
	ck_assert(!watch_synced(watch) && !watch_live(watch));
	run_until(8);
	ck_assert_str_eq(buf_text(&told), "listing\nobject in list a 8\nobject in list b 9\nlisted 10\nobject c 11\nobject a 12\n"
	                                  "gone b 13\nobject c 21\n");
	ck_assert_str_eq(buf_text(&asked), "list 200\nlist 200\nwatch 200\nwatch 200\n");
	ck_assert(watch_synced(watch) && watch_live(watch));
	ck_assert_uint_eq(watcher_stats(watcher).requests, 4);
	ck_assert_uint_gt(watcher_stats(watcher).bytes_in, 500);
}
END_TEST

START_TEST(a_version_that_was_compacted_is_listed_anew)
{
	static const char *const plurals[] = { "compacted", "gone" };
	(void)open_watch(plurals[_i]);
	run_until(7);
	ck_assert_str_eq(buf_text(&told),
	                 "listing\nobject in list a 8\nlisted 10\ntrouble\nlisting\nobject in list b 40\nlisted 50\n");
	ck_assert(strstr(message, "too old"));
}
END_TEST

START_TEST(what_fails_is_tried_again_and_goes_on_where_it_was)
{
	(void)open_watch("shaky");
	run_until(7);
	ck_assert_str_eq(buf_text(&told), "listing\ntrouble\nlisting\nlisted 10\ntrouble\nobject a 11\ntrouble\n");
	run_until_sent(5);
	ck_assert_uint_eq(lines(&told), 7);
	ck_assert_uint_eq(watcher_stats(watcher).requests, 5);
}
END_TEST

START_TEST(what_is_denied_or_not_served_ends_the_watch)
{
	struct watch *watch = open_watch("denied");
	run_until(2);
	ck_assert_str_eq(buf_text(&told), "listing\ndenied\n");
	ck_assert_str_eq(message, "/api/v1/denied: you may not");
	ck_assert(!watch_synced(watch) && !watch_live(watch));
	watch_close(watch);
	(void)open_watch("absent");
	run_until(4);
	ck_assert_str_eq(buf_text(&told), "listing\ndenied\nlisting\nabsent\n");
	ck_assert_int_eq(watcher_due(watcher) == INT64_MAX || watcher_due(watcher) > clock_now(), true);
}
END_TEST

START_TEST(a_watch_that_is_closed_from_within_an_event_tells_nothing_more)
{
	closes = true;
	(void)open_watch("plain");
	run_until(2);
	watcher_run(watcher, clock_now() + 300, NULL);
	ck_assert_str_eq(buf_text(&told), "listing\nobject in list a 8\n");
	ck_assert_uint_eq(watcher_stats(watcher).requests, 1);
}
END_TEST

START_TEST(a_stream_that_says_nothing_costs_nothing)
{
	(void)open_watch("still");
	run_until(2);
	while (lines(&asked) < 2) { /* the stream has begun */
		watcher_run(watcher, clock_now() + 50, NULL);
	}
	watcher_run(watcher, clock_now() + 300, NULL);
	ck_assert_uint_eq(watcher_stats(watcher).requests, 2);
	clock_t before = clock();
	watcher_run(watcher, clock_now() + 1500, NULL);
	ck_assert_int_lt(clock() - before, CLOCKS_PER_SEC / 2);
	ck_assert_uint_eq(watcher_stats(watcher).requests, 2);
}
END_TEST

START_TEST(streams_that_end_at_once_are_not_asked_for_in_a_hot_loop)
{
	(void)open_watch("empty");
	wanted = 1000;
	watcher_run(watcher, clock_now() + 1500, NULL);
	ck_assert_uint_lt(watcher_stats(watcher).requests, 8);
	run_until_sent(3);
	ck_assert_uint_ge(watcher_stats(watcher).requests, 3);
}
END_TEST

START_TEST(the_descriptor_is_readable_when_there_is_something_to_do)
{
	(void)open_watch("plain");
	ck_assert_int_le(watcher_due(watcher), clock_now());
	for (int i = 0; i < 10000 && lines(&told) < 8; i++) {
		struct timeval wait = { .tv_usec = 100000 };
		int64_t left = watcher_due(watcher) - clock_now();
		if (left < 100) {
			wait.tv_usec = left > 0 ? (suseconds_t)left * 1000 : 0;
		}
		fd_set set;
		FD_ZERO(&set);
		FD_SET(watcher_fd(watcher), &set);
		(void)select(watcher_fd(watcher) + 1, &set, NULL, NULL, &wait);
		watcher_step(watcher);
	}
	ck_assert_uint_eq(lines(&told), 8);
}
END_TEST

START_TEST(an_identity_takes_its_watches_with_it)
{
	(void)open_watch("plain");
	(void)open_watch("still");
	run_until(1);
	watch_identity_free(identity);
	size_t before = lines(&told);
	watcher_run(watcher, clock_now() + 200, NULL);
	ck_assert_uint_eq(lines(&told), before);
}
END_TEST

static bool count_line(void *context, const char *line, size_t len, struct err *err)
{
	(void)line;
	*(size_t *)context += len;
	return len < 20 || err_set(err, ERR_TRANSIENT, "long");
}

START_TEST(lines_are_split_wherever_the_chunks_end_and_are_bounded)
{
	static const char text[] = "one\ntwo two\r\n\nthree";
	struct err err = ERR_INIT;
	for (size_t chunk = 1; chunk < sizeof text; chunk++) {
		CLEANUP(buf_release) struct buf rest = BUF_INIT(10);
		size_t sum = 0;
		for (size_t at = 0; at < sizeof text - 1; at += chunk) {
			size_t len = sizeof text - 1 - at < chunk ? sizeof text - 1 - at : chunk;
			ck_assert(watch_line_split(&rest, text + at, len, count_line, &sum, &err));
		}
		ck_assert_uint_eq(sum, 10);
		ck_assert_str_eq(buf_text(&rest), "three");
		ck_assert(!watch_line_split(&rest, "1234567", 7, count_line, &sum, &err));
		ck_assert_int_eq(err.kind, ERR_LIMIT);
		ck_assert(!watch_line_split(&rest, "\n123456789012345678901234567890\n", 32, count_line, &sum, &err));
		ck_assert_int_eq(err.kind, ERR_TRANSIENT);
	}
}
END_TEST

START_TEST(lines_that_are_no_event_are_refused)
{
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"{\"type\":\"ADDED\"}",
		"{\"type\":\"OTHER\",\"object\":{}}",
		"{\"type\":\"ADDED\",\"object\":{\"metadata\":{}}}",
		"{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"resourceVersion\":7}}}",
		"{\"type\":7,\"object\":{}}",
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct watch_line line;
		struct err err = ERR_INIT;
		ck_assert_msg(!watch_line_parse(bad[i], strlen(bad[i]), &line, &err), "%s", bad[i]);
		ck_assert_int_eq(err.kind, ERR_TRANSIENT);
	}
}
END_TEST

START_TEST(an_error_in_the_stream_has_its_code_and_words)
{
	struct watch_line line;
	struct err err = ERR_INIT;
	ck_assert(watch_line_parse(EXPIRED, strlen(EXPIRED), &line, &err));
	ck_assert_int_eq(line.type, WATCH_LINE_ERROR);
	ck_assert_int_eq(line.code, 410);
	ck_assert_str_eq(line.message, "too old");
	watch_line_release(&line);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kube_watch");
	TCase *streams = tcase_create("streams");
	tcase_add_checked_fixture(streams, begin, finish);
	tcase_add_test(streams, a_list_is_told_page_by_page_and_then_followed_from_its_version);
	tcase_add_loop_test(streams, a_version_that_was_compacted_is_listed_anew, 0, 2);
	tcase_add_test(streams, what_fails_is_tried_again_and_goes_on_where_it_was);
	tcase_add_test(streams, what_is_denied_or_not_served_ends_the_watch);
	tcase_add_test(streams, a_watch_that_is_closed_from_within_an_event_tells_nothing_more);
	tcase_add_test(streams, a_stream_that_says_nothing_costs_nothing);
	tcase_add_test(streams, streams_that_end_at_once_are_not_asked_for_in_a_hot_loop);
	tcase_add_test(streams, the_descriptor_is_readable_when_there_is_something_to_do);
	tcase_add_test(streams, an_identity_takes_its_watches_with_it);
	suite_add_tcase(suite, streams);
	TCase *parts = tcase_create("lines");
	tcase_add_test(parts, lines_are_split_wherever_the_chunks_end_and_are_bounded);
	tcase_add_test(parts, lines_that_are_no_event_are_refused);
	tcase_add_test(parts, an_error_in_the_stream_has_its_code_and_words);
	suite_add_tcase(suite, parts);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
