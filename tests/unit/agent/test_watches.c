#include <arpa/inet.h>
#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/watches.h"
#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/clock.h"
#include "sync/prepare.h"
#include "tests/unit/fake_kube.c"

/*
 * An API server that lets the agent see ConfigMaps of the whole cluster, but Deployments only in single namespaces and as the
 * Sync's user. Each connection is served by a process of its own: streams stay open. None of them asserts: they share Check's
 * file of messages with the test.
 */
static pid_t server;
static int port;
static int asked; /* requests that came, a line each */

static const char *denied = "HTTP/1.1 403 no\r\nContent-Length: 2\r\n\r\n{}";
static const char *list = "HTTP/1.1 200 OK\r\nContent-Length: 47\r\n\r\n{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[]}";
static const char *stream = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

static const char *answer(const char *request)
{
	bool deployments = strstr(request, "/deployments") != NULL;
	bool single = strstr(request, "/namespaces/") != NULL;
	bool as_user = strstr(request, "Impersonate-User: robot") != NULL;
	if ((deployments && !(single && as_user)) || strstr(request, "/namespaces/closed/")) {
		return denied;
	}
	return strstr(request, "watch=true") ? stream : list;
}

static void serve_connection(int fd, int log)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	char request[4096];
	size_t len = 0;
	for (ssize_t n; (n = read(fd, request + len, sizeof request - 1 - len)) > 0;) {
		len += (size_t)n;
		request[len] = '\0';
		if (strstr(request, "\r\n\r\n")) {
			char path[256] = "";
			(void)sscanf(request, "GET %255[^? ]", path);
			CLEANUP(text_freep)
			char *line = text_printf("%s %s%s\n", strstr(request, "watch=true") ? "watch" : "list", path,
			                         strstr(request, "Impersonate-User") ? " as robot" : "");
			const char *reply = answer(request);
			if (write(log, line, strlen(line)) < 0 || write(fd, reply, strlen(reply)) < 0) {
				_exit(1);
			}
			len = 0;
		}
	}
	_exit(0);
}

static void start_server(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, size), 0);
	ck_assert_int_eq(listen(listener, 16), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	port = ntohs(address.sin_port);
	int pipes[2];
	ck_assert_int_eq(pipe(pipes), 0);
	asked = pipes[0];
	server = fork();
	if (server == 0) {
		(void)signal(SIGCHLD, SIG_IGN);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* nothing of it outlives the test */
		for (;;) {
			int fd = accept(listener, NULL, NULL);
			if (fork() == 0) {
				serve_connection(fd, pipes[1]);
			}
			(void)close(fd);
		}
	}
	ck_assert_int_gt(server, 0);
	(void)close(listener);
	(void)close(pipes[1]);
}

static struct watches *watches;
static struct drift *drift;
static struct prepared prepared;
static struct report report;
static struct fake_kube *fake;
static struct discovery *discovery;
static struct kube_config config;
static struct buf due;
static struct buf trouble;

static void on_due(void *context, const char *key)
{
	(void)context;
	(void)buf_printf(&due, "%s\n", key);
}

static void on_trouble(void *context, const char *text)
{
	(void)context;
	(void)buf_printf(&trouble, "%s\n", text);
}

#define KINDS \
	"{\"kind\":\"APIGroupDiscoveryList\",\"apiVersion\":\"apidiscovery.k8s.io/v2\",\"items\":[{\"metadata\":{\"name\":\"\"},\"versions\":[" \
	"{\"version\":\"v1\",\"resources\":[" KIND("configmaps", "ConfigMap", "") "," KIND("secrets", "Secret", "") "]}]}]}"
#define APPS \
	"{\"kind\":\"APIGroupDiscoveryList\",\"apiVersion\":\"apidiscovery.k8s.io/v2\",\"items\":[{\"metadata\":{\"name\":\"apps\"},\"versions\":[" \
	"{\"version\":\"v1\",\"resources\":[" KIND("deployments", "Deployment", "apps") "]}]}]}"
#define KIND(plural, kind, group) \
	"{\"resource\":\"" plural "\",\"responseKind\":{\"group\":\"" group "\",\"version\":\"v1\",\"kind\":\"" kind \
	"\"},\"scope\":\"Namespaced\",\"verbs\":[\"get\",\"list\",\"watch\",\"patch\",\"delete\"]}"

static void begin(void)
{
	start_server();
	fake = fake_kube_new();
	(void)fake_kube_put(fake, "/api", KINDS);
	(void)fake_kube_put(fake, "/apis", APPS);
	struct err err = ERR_INIT;
	discovery = discovery_new(&fake->kube, clock_now() + 60000, &err);
	ck_assert_msg(discovery != NULL, "%s", err.msg);
	config = (struct kube_config){ .server = text_printf("http://127.0.0.1:%d", port) };
	due = BUF_INIT(LIMIT_KIB(4));
	trouble = BUF_INIT(LIMIT_KIB(4));
	struct watches_options options = { .access = { .loaded = &config }, .due = on_due, .trouble = on_trouble };
	watches = watches_new(&options);
	drift = drift_new("shop", "shop");
	report = REPORT_INIT;
	prepared = (struct prepared){ .report = &report };
}

static void finish(void)
{
	watches_free(watches);
	drift_free(drift);
	objects_release(&prepared.desired);
	discovery_free(discovery);
	fake_kube_free(fake);
	kube_config_release(&config);
	buf_release(&due);
	buf_release(&trouble);
	(void)kill(server, SIGKILL);
	(void)waitpid(server, NULL, 0);
	(void)close(asked);
}

static void want(const char *version, const char *kind, const char *ns)
{
	struct err err = ERR_INIT;
	CLEANUP(text_freep)
	char *text = text_printf("{\"apiVersion\":\"%s\",\"kind\":\"%s\",\"metadata\":{\"name\":\"x\",\"namespace\":\"%s\"}}",
	                         version, kind, ns);
	cJSON *json = doc_parse(text, strlen(text), &err);
	objects_take(&prepared.desired, object_new(json, NULL, 0, NULL));
	drift_desire(drift, &prepared);
}

/* One step at least, however late that is. */
static void run(int64_t time)
{
	int64_t end = clock_now() + time;
	int64_t now = clock_now();
	do {
		int64_t wake = watches_due(watches) < end ? watches_due(watches) : end;
		struct pollfd fd = { .fd = watches_fd(watches), .events = POLLIN };
		(void)poll(&fd, 1, wake > now ? (int)(wake - now) : 0);
		watches_step(watches);
		now = clock_now();
	} while (now < end);
}

static void run_until_synced(size_t count)
{
	for (int i = 0; i < 1000 && watches_synced(watches) < count; i++) {
		run(50);
	}
	ck_assert_uint_eq(watches_synced(watches), count);
	run(50);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t count_lines(const char *text)
{
	size_t count = 0;
	for (; *text; text++) {
		count += *text == '\n';
	}
	return count;
}

/* The requests, sorted: streams are independent of one another. */
static void check_asked(const char *wanted)
{
	char text[4096] = "";
	size_t len = 0;
	for (int i = 0; i < 600 && count_lines(text) < count_lines(wanted); i++) {
		struct pollfd fd = { .fd = asked, .events = POLLIN };
		ssize_t n = poll(&fd, 1, 0) > 0 ? read(asked, text + len, sizeof text - 1 - len) : 0;
		len += n > 0 ? (size_t)n : 0;
		text[len] = '\0';
		run(n > 0 ? 0 : 100);
	}
	char *lines[64];
	size_t count = 0;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		lines[count++] = line;
	}
	qsort(lines, count, sizeof *lines, by_text);
	CLEANUP(buf_release) struct buf sorted = BUF_INIT(sizeof text);
	for (size_t i = 0; i < count; i++) {
		(void)buf_printf(&sorted, "%s\n", lines[i]);
	}
	ck_assert_str_eq(buf_text(&sorted), wanted);
}

START_TEST(a_kind_is_watched_once_for_the_cluster_where_that_is_allowed)
{
	want("v1", "ConfigMap", "a");
	want("v1", "ConfigMap", "b");
	watches_sync(watches, "shop/shop", drift, "robot", discovery);
	run_until_synced(1);
	check_asked("list /api/v1/configmaps\nwatch /api/v1/configmaps\n");
	ck_assert_uint_eq(watches_count(watches), 1);
	ck_assert(strncmp(buf_text(&due), "shop/shop\n", 10) == 0);
	watches_sync(watches, "shop/shop", drift, "robot", discovery);
	run(100);
	ck_assert_uint_eq(watches_stats(watches).requests, 2);
}
END_TEST

START_TEST(what_is_denied_is_watched_by_namespace_with_the_rights_of_the_sync)
{
	want("apps/v1", "Deployment", "a");
	want("apps/v1", "Deployment", "b");
	watches_sync(watches, "shop/shop", drift, "robot", discovery);
	run_until_synced(2);
	check_asked("list /apis/apps/v1/deployments\nlist /apis/apps/v1/namespaces/a/deployments as robot\n"
	            "list /apis/apps/v1/namespaces/b/deployments as robot\nwatch /apis/apps/v1/namespaces/a/deployments as robot\n"
	            "watch /apis/apps/v1/namespaces/b/deployments as robot\n");
	ck_assert_str_eq(buf_text(&trouble), "");
}
END_TEST

START_TEST(what_is_denied_there_too_is_said_and_not_asked_for_again_at_once)
{
	want("apps/v1", "Deployment", "closed");
	watches_sync(watches, "shop/shop", drift, "robot", discovery);
	check_asked("list /apis/apps/v1/deployments\nlist /apis/apps/v1/namespaces/closed/deployments as robot\n");
	for (int i = 0; i < 600 && !trouble.len; i++) {
		run(100);
	}
	ck_assert(strncmp(buf_text(&trouble), "not watched: /apis/apps/v1/namespaces/closed/deployments", 55) == 0);
	watches_sync(watches, "shop/shop", drift, "robot", discovery);
	run(100);
	ck_assert_uint_eq(watches_stats(watches).requests, 2);
	ck_assert_uint_eq(watches_count(watches), 0);
	ck_assert_int_gt(watches_due(watches), clock_now() + 60000);
}
END_TEST

START_TEST(secrets_are_never_asked_for_cluster_wide)
{
	want("v1", "Secret", "a");
	watches_sync(watches, "shop/shop", drift, NULL, discovery);
	run_until_synced(1);
	check_asked("list /api/v1/namespaces/a/secrets\nwatch /api/v1/namespaces/a/secrets\n");
}
END_TEST

START_TEST(what_nobody_desires_any_more_is_not_watched)
{
	want("v1", "ConfigMap", "a");
	want("v1", "Secret", "a");
	watches_sync(watches, "shop/shop", drift, NULL, discovery);
	run_until_synced(2);
	check_asked("list /api/v1/configmaps\nlist /api/v1/namespaces/a/secrets\nwatch /api/v1/configmaps\n"
	            "watch /api/v1/namespaces/a/secrets\n");
	objects_release(&prepared.desired);
	prepared.desired = OBJECTS_INIT;
	want("v1", "ConfigMap", "a");
	watches_sync(watches, "shop/shop", drift, NULL, discovery);
	run(50);
	ck_assert_uint_eq(watches_count(watches), 1);
	watches_forget(watches, "shop/shop");
	run(50);
	ck_assert_uint_eq(watches_count(watches), 0);
	ck_assert_uint_eq(watches_stats(watches).requests, 4);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("watches");
	TCase *tests = tcase_create("watches");
	tcase_add_checked_fixture(tests, begin, finish);
	tcase_add_test(tests, a_kind_is_watched_once_for_the_cluster_where_that_is_allowed);
	tcase_add_test(tests, what_is_denied_is_watched_by_namespace_with_the_rights_of_the_sync);
	tcase_add_test(tests, what_is_denied_there_too_is_said_and_not_asked_for_again_at_once);
	tcase_add_test(tests, secrets_are_never_asked_for_cluster_wide);
	tcase_add_test(tests, what_nobody_desires_any_more_is_not_watched);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
