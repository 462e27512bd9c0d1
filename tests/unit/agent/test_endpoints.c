/*
 * Real sockets: the client and the endpoints take turns in one process. How long a connection lives, and how fast calls may come,
 * is told by a clock that stands still.
 */
#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/endpoints.h"
#include "agent/listen.h"
#include "render/base/limits.h"
#include "tests/unit/still_clock.c"

#define BODY "Hello, World!"
#define SIGNATURE "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

static struct endpoints *endpoints;
static struct metrics *metrics;
static struct secret token;
static struct bucket bucket;
static bool is_ready;
static bool is_known;
static bool is_elsewhere;
static char polled[600]; /* "NS/NAME@DELAY " of each poll */

static bool ready(void *context, struct buf *why)
{
	ck_assert_ptr_eq(context, &token);
	return is_ready || (buf_puts(why, "Syncs are not listed yet"), false);
}

static void find(void *context, const char *ns, const char *name, struct endpoints_hook *out)
{
	ck_assert_ptr_eq(context, &token);
	out->elsewhere = is_elsewhere;
	if (is_known && strcmp(ns, "shop") == 0 && strcmp(name, "web") == 0) {
		*out = (struct endpoints_hook){ .token = &token, .bucket = &bucket, .elsewhere = is_elsewhere };
	}
}

static void poll_now(void *context, const char *ns, const char *name, int64_t delay)
{
	(void)context;
	size_t len = strlen(polled);
	(void)snprintf(polled + len, sizeof polled - len, "%s/%s@%s ", ns, name, delay ? "later" : "now");
}

static void open_all(const char *address)
{
	const struct endpoints_options options = { .health = address,
		                                       .metrics = address,
		                                       .webhook = address,
		                                       .registry = metrics,
		                                       .ready = ready,
		                                       .find = find,
		                                       .poll = poll_now,
		                                       .context = &token };
	struct err err = ERR_INIT;
	endpoints = endpoints_open(&options, &err);
	ck_assert_msg(endpoints, "%s", err.msg);
}

static void set_up(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
	metrics = metrics_new();
	secret_set(&token, "It's a Secret to Everybody", strlen("It's a Secret to Everybody"));
	bucket = (struct bucket){ 0 };
	is_ready = false;
	is_known = true;
	is_elsewhere = false;
	polled[0] = '\0';
	open_all("127.0.0.1:0");
}

static void tear_down(void)
{
	endpoints_free(endpoints);
	metrics_free(metrics);
	secret_release(&token);
}

/* -1 where it cannot. Asserts nothing: it is also called in a process of its own. */
static int try_dial(enum endpoint endpoint)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in to = { .sin_family = AF_INET,
		                      .sin_port = htons(endpoints_port(endpoints, endpoint)),
		                      .sin_addr = { htonl(INADDR_LOOPBACK) } };
	return connect(fd, (struct sockaddr *)&to, sizeof to) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0 ? fd : -1;
}

static int dial(enum endpoint endpoint)
{
	int fd = try_dial(endpoint);
	ck_assert_int_ge(fd, 0);
	return fd;
}

/* One turn of the loop, as the agent does it. */
static void turn(int fd, short events)
{
	int64_t due = endpoints_due(endpoints);
	int64_t now = clock_now();
	int64_t wait = due <= now ? 0 : due - now > 200 ? 200 : due - now;
	struct pollfd both[] = { { .fd = endpoints_fd(endpoints), .events = POLLIN }, { .fd = fd, .events = events } };
	ck_assert_int_ge(poll(both, 2, (int)wait), 0);
	if (both[0].revents || clock_now() >= endpoints_due(endpoints)) {
		endpoints_run(endpoints);
	}
}

/* Sends as much as is taken, reads until the end; what was answered, free() it. */
static char *talk_on(int fd, const char *bytes, size_t len)
{
	struct buf reply = BUF_INIT(LIMIT_MIB(80));
	char chunk[65536];
	time_t deadline = time(NULL) + 600;
	for (;;) {
		ck_assert_msg(time(NULL) < deadline, "no end of the answer: %s", buf_text(&reply));
		turn(fd, len ? POLLIN | POLLOUT : POLLIN);
		ssize_t n = len ? send(fd, bytes, len < sizeof chunk ? len : sizeof chunk, MSG_NOSIGNAL) : 0;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		} else if (n < 0 && errno != EAGAIN) {
			len = 0;
		}
		n = recv(fd, chunk, sizeof chunk, 0);
		if (n == 0 || (n < 0 && errno != EAGAIN)) {
			break;
		}
		if (n > 0) {
			ck_assert(buf_add(&reply, chunk, (size_t)n));
		}
	}
	(void)close(fd);
	return buf_detach(&reply);
}

static char *talk(enum endpoint endpoint, const char *request)
{
	return talk_on(dial(endpoint), request, strlen(request));
}

static int status_of(const char *reply)
{
	return strncmp(reply, "HTTP/1.1 ", 9) == 0 ? atoi(reply + 9) : 0;
}

static const char *body_of(const char *reply)
{
	const char *end = strstr(reply, "\r\n\r\n");
	return end ? end + 4 : "";
}

static int get(enum endpoint endpoint, const char *path, char **reply)
{
	CLEANUP(text_freep) char *request = text_printf("GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);
	CLEANUP(text_freep) char *whole = talk(endpoint, request);
	int status = status_of(whole);
	if (reply) {
		*reply = text_dup(body_of(whole));
	}
	return status;
}

/* A call; the status of its answer. */
static int call(const char *path, const char *headers, const char *body)
{
	CLEANUP(text_freep)
	char *request = text_printf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n%s\r\n%s", path, strlen(body), headers,
	                            body);
	CLEANUP(text_freep) char *whole = talk(ENDPOINT_WEBHOOK, request);
	return status_of(whole);
}

START_TEST(health_is_ok_and_readiness_says_why_not)
{
	CLEANUP(text_freep) char *body = NULL;
	ck_assert_int_eq(get(ENDPOINT_HEALTH, "/healthz", NULL), 200);
	ck_assert_int_eq(get(ENDPOINT_HEALTH, "/readyz", &body), 503);
	ck_assert_str_eq(body, "Syncs are not listed yet\n");
	is_ready = true;
	ck_assert_int_eq(get(ENDPOINT_HEALTH, "/readyz", NULL), 200);
}
END_TEST

START_TEST(each_endpoint_has_its_own_paths)
{
	ck_assert_int_eq(get(ENDPOINT_HEALTH, "/metrics", NULL), 404);
	ck_assert_int_eq(get(ENDPOINT_METRICS, "/healthz", NULL), 404);
	ck_assert_int_eq(get(ENDPOINT_WEBHOOK, "/metrics", NULL), 404);
	ck_assert_int_eq(get(ENDPOINT_HEALTH, "/", NULL), 404);
	ck_assert_int_eq(get(ENDPOINT_HEALTH, "/%68ealthz", NULL), 404);
	ck_assert_int_eq(get(ENDPOINT_HEALTH, "/healthz/", NULL), 404);
	CLEANUP(text_freep) char *post = talk(ENDPOINT_METRICS, "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
	ck_assert_int_eq(status_of(post), 405);
	ck_assert_ptr_ne(strstr(post, "\r\nAllow: GET, HEAD\r\n"), NULL);
	CLEANUP(text_freep) char *head = talk(ENDPOINT_METRICS, "HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
	ck_assert_int_eq(status_of(head), 200);
	ck_assert_str_eq(body_of(head), "");
}
END_TEST

START_TEST(metrics_are_served_as_text)
{
	CLEANUP(text_freep) char *whole = talk(ENDPOINT_METRICS, "GET /metrics?x=1 HTTP/1.1\r\nHost: x\r\n\r\n");
	ck_assert_int_eq(status_of(whole), 200);
	ck_assert_ptr_ne(strstr(whole, "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"), NULL);
	ck_assert_ptr_ne(strstr(whole, "\r\nConnection: close\r\n"), NULL);
	ck_assert_ptr_ne(strstr(whole, "\nprocess_resident_memory_bytes "), NULL);
}
END_TEST

START_TEST(a_long_answer_arrives_whole)
{
	char name[32];
	for (size_t i = 0; i < 2000; i++) {
		(void)snprintf(name, sizeof name, "s%05zu", i);
		metrics_observe(metrics, METRIC_SYNC_RECONCILE_SECONDS, LABELS("shop", name), 1);
	}
	CLEANUP(text_freep) char *whole = talk(ENDPOINT_METRICS, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
	const char *length = strstr(whole, "Content-Length: ");
	ck_assert_ptr_ne(length, NULL);
	ck_assert_uint_eq(strlen(body_of(whole)), strtoull(length + 16, NULL, 10));
	ck_assert_uint_gt(strlen(whole), LIMIT_MIB(2));
}
END_TEST

START_TEST(a_right_call_means_poll_now)
{
	ck_assert_int_eq(call("/hook/shop/web", "X-Hub-Signature-256: " SIGNATURE "\r\n", BODY), 202);
	ck_assert_str_eq(polled, "shop/web@now ");
	ck_assert_int_eq(call("/hook/shop/web", "X-Gitlab-Token: It's a Secret to Everybody\r\n", ""), 202);
	ck_assert_str_eq(polled, "shop/web@now shop/web@now ");
}
END_TEST

START_TEST(an_unknown_sync_and_a_wrong_signature_look_the_same)
{
	CLEANUP(text_freep)
	char *right = text_printf("POST /hook/shop/none HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n"
	                          "X-Hub-Signature-256: " SIGNATURE "\r\n\r\n" BODY,
	                          strlen(BODY));
	CLEANUP(text_freep)
	char *wrong = text_printf("POST /hook/shop/web HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n"
	                          "X-Hub-Signature-256: sha256=00\r\n\r\n" BODY,
	                          strlen(BODY));
	CLEANUP(text_freep) char *unknown = talk(ENDPOINT_WEBHOOK, right);
	CLEANUP(text_freep) char *refused = talk(ENDPOINT_WEBHOOK, wrong);
	ck_assert_int_eq(status_of(unknown), 403);
	/* But for the date, which may be a second later. */
	char *const both[] = { unknown, refused };
	for (int i = 0; i < 2; i++) {
		char *date = strstr(both[i], "Date: ");
		ck_assert_ptr_ne(date, NULL);
		memset(date, 'x', strcspn(date, "\r"));
	}
	ck_assert_str_eq(unknown, refused);
	ck_assert_int_eq(call("/hook/shop/web", "", BODY), 403);
	ck_assert_str_eq(polled, "");
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MIB(1));
	ck_assert(metrics_write(metrics, &text));
	ck_assert_ptr_ne(strstr(buf_text(&text), "plumb_webhook_requests_total{result=\"refused\"} 3\n"), NULL);
}
END_TEST

START_TEST(what_is_no_call_is_refused)
{
	ck_assert_int_eq(call("/hook/shop", "", ""), 404);
	ck_assert_int_eq(call("/hook/shop/web/", "", ""), 404);
	ck_assert_int_eq(get(ENDPOINT_WEBHOOK, "/hook/shop/web", NULL), 405);
	/* Beyond the library's grammar: it answers, or hangs up; it never polls. */
	static const char *const broken[] = {
		"POST\r\n\r\n",
		"POST /hook/shop/web HTTP/9.9\r\n\r\n",
		"POST /hook/shop/web HTTP/1.1\r\n\r\n",
		"POST /hook/shop/web HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
		"POST /hook/shop/web HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
		"POST /hook/shop/web HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
		"POST /hook/shop/web HTTP/1.1\r\nHost x\r\n: y\r\n\r\n",
		"\x16\x03\x01\x02\x01\x01\xfc\x03\x03\r\n\r\n",
	};
	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		int fd = dial(ENDPOINT_WEBHOOK);
		ck_assert_int_gt(send(fd, broken[i], strlen(broken[i]), 0), 0);
		(void)shutdown(fd, SHUT_WR);
		CLEANUP(text_freep) char *reply = talk_on(fd, "", 0);
		ck_assert_msg(status_of(reply) == 0 || status_of(reply) >= 400, "%zu: %s", i, reply);
	}
	ck_assert_str_eq(polled, "");
}
END_TEST

START_TEST(a_body_that_is_too_large_is_refused)
{
	CLEANUP(text_freep)
	char *announced = text_printf("POST /hook/shop/web HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
	                              "Content-Length: %zu\r\n\r\n",
	                              LIMIT_HOOK_BYTES + 1);
	CLEANUP(text_freep) char *reply = talk(ENDPOINT_WEBHOOK, announced);
	ck_assert_int_eq(status_of(reply), 413);

	/* In pieces, so that nothing announces it: the connection ends before all of it is taken. */
	struct buf chunked = BUF_INIT(LIMIT_MIB(80));
	ck_assert(buf_puts(&chunked, "POST /hook/shop/web HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
	                             "X-Gitlab-Token: It's a Secret to Everybody\r\n\r\n"));
	char *piece = alloc_new(LIMIT_MIB(1), 1);
	for (size_t len = 0; len <= LIMIT_HOOK_BYTES; len += LIMIT_MIB(1)) {
		ck_assert(buf_puts(&chunked, "100000\r\n") && buf_add(&chunked, piece, LIMIT_MIB(1)) && buf_puts(&chunked, "\r\n"));
	}
	free(piece);
	ck_assert(buf_puts(&chunked, "0\r\n\r\n"));
	CLEANUP(text_freep) char *none = talk_on(dial(ENDPOINT_WEBHOOK), chunked.data, chunked.len);
	ck_assert_int_ne(status_of(none), 202);
	buf_release(&chunked);
	ck_assert_str_eq(polled, "");
}
END_TEST

START_TEST(a_large_body_within_the_limit_is_taken_in_pieces)
{
	struct buf whole = BUF_INIT(LIMIT_MIB(80));
	ck_assert(buf_printf(&whole,
	                     "POST /hook/shop/web HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n"
	                     "X-Gitlab-Token: It's a Secret to Everybody\r\n\r\n",
	                     LIMIT_MIB(5)));
	char *body = alloc_new(LIMIT_MIB(5), 1);
	ck_assert(buf_add(&whole, body, LIMIT_MIB(5)));
	free(body);
	CLEANUP(text_freep) char *reply = talk_on(dial(ENDPOINT_WEBHOOK), whole.data, whole.len);
	buf_release(&whole);
	ck_assert_int_eq(status_of(reply), 202);
	ck_assert_str_eq(polled, "shop/web@now ");
}
END_TEST

START_TEST(a_head_that_is_too_large_is_refused)
{
	char *value = alloc_new(2 * LIMIT_HTTP_HEAD + 1, 1);
	memset(value, 'x', 2 * LIMIT_HTTP_HEAD);
	CLEANUP(text_freep) char *header = text_printf("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: %s\r\n\r\n", value);
	CLEANUP(text_freep) char *path = text_printf("GET /%s HTTP/1.1\r\nHost: x\r\n\r\n", value);
	free(value);
	CLEANUP(text_freep) char *one = talk(ENDPOINT_HEALTH, header);
	CLEANUP(text_freep) char *two = talk(ENDPOINT_HEALTH, path);
	ck_assert(status_of(one) == 0 || status_of(one) >= 400);
	ck_assert(status_of(two) == 0 || status_of(two) >= 400);
	ck_assert_int_eq(get(ENDPOINT_HEALTH, "/healthz", NULL), 200);
}
END_TEST

START_TEST(too_many_right_calls_are_one_poll_later)
{
	int accepted = 0;
	int status = 202;
	for (; status == 202 && accepted < 1000; accepted += status == 202) {
		polled[0] = '\0';
		status = call("/hook/shop/web", "X-Hub-Signature-256: " SIGNATURE "\r\n", BODY);
	}
	ck_assert_int_eq(status, 429);
	ck_assert_int_eq(accepted, 100);
	ck_assert_str_eq(polled, "shop/web@later ");
	/* Wrong ones are not told, and take nothing. */
	ck_assert_int_eq(call("/hook/shop/web", "X-Hub-Signature-256: sha256=00\r\n", BODY), 403);
}
END_TEST

START_TEST(a_sync_that_goes_while_its_call_arrives_is_unknown)
{
	int fd = dial(ENDPOINT_WEBHOOK);
	CLEANUP(text_freep)
	char *head = text_printf("POST /hook/shop/web HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n"
	                         "X-Hub-Signature-256: " SIGNATURE "\r\n\r\n",
	                         strlen(BODY));
	ck_assert_int_gt(send(fd, head, strlen(head), 0), 0);
	for (int i = 0; i < 5; i++) {
		turn(fd, POLLIN);
	}
	is_known = false;
	CLEANUP(text_freep) char *reply = talk_on(fd, BODY, strlen(BODY));
	ck_assert_int_eq(status_of(reply), 403);
	ck_assert_str_eq(polled, "");
}
END_TEST

START_TEST(where_another_agent_works_every_call_is_told_so)
{
	is_elsewhere = true;
	ck_assert_int_eq(call("/hook/shop/web", "X-Hub-Signature-256: " SIGNATURE "\r\n", BODY), 503);
	ck_assert_int_eq(call("/hook/shop/none", "", ""), 503);
	ck_assert_str_eq(polled, "");
}
END_TEST

struct stop {
	struct loop *loop;
	int fd;
};

static void stop_loop(void *context)
{
	struct stop *stop = context;
	loop_remove_fd(stop->loop, stop->fd);
	loop_stop(stop->loop);
}

/* A client in a process of its own; once that has ended, nothing can be written to `ended` any more. */
static pid_t ask_apart(int ended)
{
	pid_t child = fork();
	if (child == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		int fd = try_dial(ENDPOINT_HEALTH);
		const char *request = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
		char reply[4096];
		struct pollfd one = { .fd = fd, .events = POLLIN };
		ssize_t n = send(fd, request, strlen(request), 0);
		n = n > 0 && poll(&one, 1, 600000) == 1 ? recv(fd, reply, sizeof reply, 0) : -1;
		_exit(n > 12 && memcmp(reply, "HTTP/1.1 200", 12) == 0 ? 0 : 1);
	}
	(void)close(ended);
	return child;
}

START_TEST(the_loop_of_the_agent_drives_them)
{
	struct err err = ERR_INIT;
	struct loop *loop = loop_new(&err);
	ck_assert_msg(loop, "%s", err.msg);
	endpoints_attach(endpoints, loop);
	int ended[2];
	ck_assert_int_eq(pipe(ended), 0);
	pid_t child = ask_apart(ended[1]);
	struct stop stop = { .loop = loop, .fd = ended[0] };
	loop_add_fd(loop, ended[0], stop_loop, &stop);
	loop_run(loop);
	int status = -1;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	endpoints_free(TAKE(endpoints));
	loop_free(loop);
	(void)close(ended[0]);
}
END_TEST

START_TEST(those_who_say_nothing_keep_nobody_out_for_long)
{
	int silent[LIMIT_HTTP_CONNECTIONS];
	time_t start = time(NULL);
	for (size_t i = 0; i < LIMIT_HTTP_CONNECTIONS; i++) {
		silent[i] = dial(ENDPOINT_HEALTH);
		turn(silent[i], POLLIN);
	}
	int fd = dial(ENDPOINT_HEALTH);
	const char *request = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
	ck_assert_int_gt(send(fd, request, strlen(request), 0), 0);
	for (int i = 0; i < 3; i++) {
		turn(fd, POLLIN);
	}
	char none;
	bool waits = recv(fd, &none, 1, MSG_PEEK) < 0 && errno == EAGAIN;
	ck_assert(waits || time(NULL) - start > 8); /* after ten seconds the library itself makes room */
	/* The other endpoints have places of their own. */
	ck_assert_int_eq(get(ENDPOINT_METRICS, "/metrics", NULL), 200);
	(void)close(silent[7]);
	CLEANUP(text_freep) char *reply = talk_on(fd, "", 0);
	ck_assert_int_eq(status_of(reply), 200);
	for (size_t i = 0; i < LIMIT_HTTP_CONNECTIONS; i++) {
		if (i != 7) {
			(void)close(silent[i]);
		}
	}
}
END_TEST

START_TEST(a_connection_ends_however_slowly_it_speaks)
{
	int fd = dial(ENDPOINT_HEALTH);
	int64_t start = clock_now();
	const char *bytes = "GET /healthz HTTP/1.1\r\nX: ";
	char none;
	while (recv(fd, &none, 1, 0) < 0 && errno == EAGAIN) {
		ck_assert_int_lt(clock_now() - start, 12000);
		(void)send(fd, bytes, strlen(bytes), MSG_NOSIGNAL);
		bytes = "x";
		turn(fd, POLLIN);
		clock_sleep_until(clock_now() + 500);
	}
	ck_assert_int_ge(clock_now() - start, 10000);
	(void)close(fd);
	ck_assert_int_eq(get(ENDPOINT_HEALTH, "/healthz", NULL), 200);
}
END_TEST

START_TEST(addresses_are_read_and_taken_ones_are_named)
{
	struct err err = ERR_INIT;
	static const char *const fine[] = { ":9440", "127.0.0.1:0", "[::1]:8080", "localhost:65535" };
	static const char *const wrong[] = { "",       "9440",    ":",       ":x",   ":70000",   ":-1",
		                                 "::1:80", "[::1]80", "[::1:80", ":80 ", "a:1234567" };
	for (size_t i = 0; i < ARRAY_LEN(fine); i++) {
		ck_assert_msg(listen_check(fine[i], &err), "%s: %s", fine[i], err.msg);
	}
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		ck_assert_msg(!listen_check(wrong[i], &err) && err.kind == ERR_INPUT, "%s", wrong[i]);
	}
	CLEANUP(text_freep) char *taken = text_printf("127.0.0.1:%d", endpoints_port(endpoints, ENDPOINT_HEALTH));
	const struct endpoints_options options = { .health = "", .metrics = taken, .webhook = "" };
	ck_assert_ptr_eq(endpoints_open(&options, &err), NULL);
	ck_assert_int_eq(err.kind, ERR_CONFLICT);
	ck_assert_ptr_ne(strstr(err.msg, taken), NULL);
	ck_assert_ptr_ne(strstr(err.msg, "metrics endpoint"), NULL);
}
END_TEST

START_TEST(what_is_turned_off_is_not_served)
{
	endpoints_free(endpoints);
	open_all("");
	for (int i = 0; i < ENDPOINT_COUNT; i++) {
		ck_assert_uint_eq(endpoints_port(endpoints, (enum endpoint)i), 0);
	}
	ck_assert_int_eq(endpoints_due(endpoints), INT64_MAX);
	endpoints_run(endpoints);
}
END_TEST

START_TEST(every_address_takes_both_families)
{
	endpoints_free(endpoints);
	open_all(":0");
	ck_assert_int_eq(get(ENDPOINT_HEALTH, "/healthz", NULL), 200);
}
END_TEST

START_TEST(an_idle_loop_has_nothing_to_wake_for)
{
	ck_assert_int_eq(get(ENDPOINT_HEALTH, "/healthz", NULL), 200);
	turn(-1, 0);
	ck_assert_int_eq(endpoints_due(endpoints), INT64_MAX);
	struct pollfd one = { .fd = endpoints_fd(endpoints), .events = POLLIN };
	ck_assert_int_eq(poll(&one, 1, 0), 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("endpoints");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, health_is_ok_and_readiness_says_why_not);
	tcase_add_test(tcase, each_endpoint_has_its_own_paths);
	tcase_add_test(tcase, metrics_are_served_as_text);
	tcase_add_test(tcase, a_long_answer_arrives_whole);
	tcase_add_test(tcase, a_right_call_means_poll_now);
	tcase_add_test(tcase, an_unknown_sync_and_a_wrong_signature_look_the_same);
	tcase_add_test(tcase, what_is_no_call_is_refused);
	tcase_add_test(tcase, a_body_that_is_too_large_is_refused);
	tcase_add_test(tcase, a_large_body_within_the_limit_is_taken_in_pieces);
	tcase_add_test(tcase, a_head_that_is_too_large_is_refused);
	tcase_add_test(tcase, too_many_right_calls_are_one_poll_later);
	tcase_add_test(tcase, a_sync_that_goes_while_its_call_arrives_is_unknown);
	tcase_add_test(tcase, where_another_agent_works_every_call_is_told_so);
	tcase_add_test(tcase, the_loop_of_the_agent_drives_them);
	tcase_add_test(tcase, those_who_say_nothing_keep_nobody_out_for_long);
	tcase_add_test(tcase, a_connection_ends_however_slowly_it_speaks);
	tcase_add_test(tcase, addresses_are_read_and_taken_ones_are_named);
	tcase_add_test(tcase, what_is_turned_off_is_not_served);
	tcase_add_test(tcase, every_address_takes_both_families);
	tcase_add_test(tcase, an_idle_loop_has_nothing_to_wake_for);
	Suite *suite = suite_create("endpoints");
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
