#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sync/clock.h"
#include "sync/kube/exec.h"
#include "sync/kube/kube.h"
#include "tls_server.h"

#define HEAD(status) "HTTP/1.1 " status "\r\nContent-Type: application/json\r\n"
#define JSON(body, length) "Content-Length: " #length "\r\n\r\n" body
#define OK HEAD("200 OK") JSON("{}", 2)
#define BUSY(status, more) HEAD(status) more JSON("{\"kind\":\"Status\",\"message\":\"busy\"}", 34)

static const char *answer_echo(const char *request)
{
	static char reply[8192];
	(void)snprintf(reply, sizeof reply, HEAD("200 OK") "Content-Length: %zu\r\n\r\n%s", strlen(request), request);
	return reply;
}

static const char *answer_date(void)
{
	static char reply[512];
	char date[64];
	time_t then = time(NULL) + 2;
	struct tm parts;
	(void)strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&then, &parts));
	(void)snprintf(reply, sizeof reply, HEAD("503 no") "Retry-After: %s\r\n" JSON("{}", 2), date);
	return reply;
}

static const char *answer(const char *path, const char *request, unsigned before)
{
	if (strncmp(path, "/echo", 5) == 0) {
		return answer_echo(request);
	}
	if (strcmp(path, "/date") == 0) {
		return before ? OK : answer_date();
	}
	if (strcmp(path, "/token") == 0) {
		return strstr(request, "Authorization: Bearer two\r\n") ? OK : HEAD("401 no") JSON("{}", 2);
	}
	static const struct {
		const char *path;
		unsigned times; /* then it is OK */
		const char *reply;
	} table[] = {
		{ "/seconds", 1, BUSY("429 Too Many Requests", "Retry-After: 1\r\n") },
		{ "/never", 99, BUSY("429 Too Many Requests", "Retry-After: 1000\r\n") },
		{ "/unasked", 99, BUSY("503 Service Unavailable", "") },
		{ "/drop", 1, NULL },
		{ "/drop2", 1, NULL },
		{ "/half", 1, HEAD("200 OK") "Content-Length: 100\r\nConnection: close\r\n\r\n{\"half" },
		{ "/long", 99, HEAD("200 OK") JSON("0123456789012345", 16) },
		{ "/hang", 99, "hang" },
		{ "/broken", 99, BUSY("500 Internal Server Error", "") },
		{ "/warn", 99,
		  HEAD("200 OK") "ETag: \"e1\"\r\nWarning: 299 - \"old \\\"x\\\"\"\r\nwarning: 299 - \"two\"\r\n" JSON("{}", 2) },
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (strcmp(table[i].path, path) == 0) {
			return before < table[i].times ? table[i].reply : OK;
		}
	}
	return OK;
}

static struct tls_server server;

static void start_server(void)
{
	server = tls_server_start(answer);
}

static void stop_server(void)
{
	tls_server_stop(&server);
}

static struct kube_config config_of(const char *host)
{
	struct kube_config config = {
		.server = text_printf("https://%s:%d", host, server.port),
		.ns = text_dup("default"),
		.context = text_dup("ctx"),
		.user = text_dup("ana"),
	};
	secret_set(&config.ca, server.cert, strlen(server.cert));
	return config;
}

static struct kube *open_with(struct kube_config *config, struct kube_options options)
{
	struct err err = ERR_INIT;
	options.in_flight = options.in_flight ? options.in_flight : 1;
	struct kube *kube = kube_open(config, &options, &err);
	ck_assert_msg(kube != NULL, "%s", err.msg);
	ck_assert_ptr_null(config->server);
	return kube;
}

static struct kube *open_kube(void)
{
	struct kube_config config = config_of("127.0.0.1");
	return open_with(&config, (struct kube_options){ 0 });
}

START_TEST(sends_what_an_api_server_expects_and_no_more)
{
	struct err err = ERR_INIT;
	struct kube_config config = config_of("127.0.0.1");
	secret_set(&config.token, "t0k3n", 5);
	config.as_user = text_dup("joe");
	struct kube *kube = open_with(&config, (struct kube_options){ 0 });
	struct kube_call get = kube_call_make("GET", text_dup("/echo?limit=1"));
	ck_assert_msg(kube_do(kube, &get, &err), "%s", err.msg);
	ck_assert_ptr_nonnull(strstr(get.reply.data, "GET /echo?limit=1 HTTP/1.1\r\n"));
	ck_assert_ptr_nonnull(strstr(get.reply.data, "\r\nUser-Agent: plumb/" PLUMB_VERSION " (linux/"));
	ck_assert_ptr_nonnull(strstr(get.reply.data, "\r\nAccept: application/json\r\n"));
	ck_assert_ptr_nonnull(strstr(get.reply.data, "\r\nAuthorization: Bearer t0k3n\r\n"));
	ck_assert_ptr_nonnull(strstr(get.reply.data, "\r\nImpersonate-User: joe\r\n"));
	ck_assert_ptr_null(strcasestr(get.reply.data, "content-"));
	struct kube_call patch = kube_call_make("PATCH", text_dup("/echo"));
	patch.content_type = KUBE_APPLY;
	patch.accept = KUBE_METADATA;
	ck_assert(buf_puts(&patch.body, "{\"a\":1}"));
	ck_assert(kube_do(kube, &patch, &err));
	ck_assert_ptr_nonnull(strstr(patch.reply.data, "PATCH /echo HTTP/1.1\r\n"));
	ck_assert_ptr_nonnull(strstr(patch.reply.data, "\r\nContent-Type: " KUBE_APPLY "\r\n"));
	ck_assert_ptr_nonnull(strstr(patch.reply.data, "\r\nAccept: " KUBE_METADATA "\r\n"));
	ck_assert_ptr_nonnull(strstr(patch.reply.data, "\r\n\r\n{\"a\":1}"));
	ck_assert_ptr_null(strcasestr(patch.reply.data, "expect"));
	kube_call_release(&get);
	kube_call_release(&patch);
	struct kube_call delete = kube_call_make("DELETE", text_dup("/echo"));
	ck_assert(kube_do(kube, &delete, &err));
	ck_assert_ptr_nonnull(strstr(delete.reply.data, "DELETE /echo HTTP/1.1\r\n"));
	ck_assert_ptr_null(strcasestr(delete.reply.data, "content-"));
	kube_call_release(&delete);
	kube_free(kube);
}
END_TEST

/* Runs one call, with a body where the method has one; its answer is released. */
static int once(struct kube *kube, const char *method, const char *path, int64_t timeout, unsigned *tries, struct err *err)
{
	struct kube_call call = kube_call_make(method, text_dup(path));
	call.timeout = timeout;
	if (strncmp(method, "P", 1) == 0) {
		ck_assert(buf_puts(&call.body, "{\"body\":1}"));
	}
	bool good = kube_do(kube, &call, err);
	ck_assert(good == (call.status == 200));
	int status = call.status;
	*tries = call.tries;
	kube_call_release(&call);
	return status;
}

START_TEST(comes_back_when_the_server_says)
{
	struct kube *kube = open_kube();
	struct err err = ERR_INIT;
	unsigned tries = 0;
	int64_t start = clock_now();
	ck_assert_int_eq(once(kube, "POST", "/seconds", 0, &tries, &err), 200);
	ck_assert_uint_eq(tries, 2);
	ck_assert_int_ge(clock_now() - start, 1000);
	start = clock_now();
	ck_assert_int_eq(once(kube, "PATCH", "/date", 0, &tries, &err), 200);
	ck_assert_uint_eq(tries, 2);
	ck_assert_int_ge(clock_now() - start, 900);
	kube_free(kube);
}
END_TEST

START_TEST(does_not_wait_past_the_calls_time_nor_for_ever)
{
	struct kube *kube = open_kube();
	struct err err = ERR_INIT;
	unsigned tries = 0;
	int64_t start = clock_now();
	ck_assert_int_eq(once(kube, "GET", "/never", 900000, &tries, &err), 429);
	ck_assert_str_eq(err.msg, "busy");
	ck_assert_int_lt(clock_now() - start, 700000);
	ck_assert_int_eq(once(kube, "GET", "/unasked", 0, &tries, &err), 503);
	ck_assert_uint_eq(tries, 4);
	ck_assert_int_eq(once(kube, "GET", "/broken", 0, &tries, &err), 500);
	ck_assert_uint_eq(tries, 1);
	start = clock_now();
	ck_assert_int_eq(once(kube, "GET", "/hang", 300, &tries, &err), 0);
	ck_assert_int_eq(err.kind, ERR_TRANSIENT);
	ck_assert_ptr_nonnull(strstr(err.msg, "no answer from 'https://127.0.0.1:"));
	ck_assert_int_lt(clock_now() - start, 500000);
	kube_free(kube);
}
END_TEST

START_TEST(sends_again_after_a_lost_connection_where_that_is_safe)
{
	static const char *const methods[] = { "GET", "PUT", "PATCH", "DELETE" };
	unsigned tries = 0;
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		struct err err = ERR_INIT;
		struct kube *kube = open_kube();
		ck_assert_int_eq(once(kube, methods[i], "/drop", 0, &tries, &err), 200);
		kube_free(kube);
		stop_server();
		start_server();
	}
	struct err err = ERR_INIT;
	struct kube *kube = open_kube();
	ck_assert_int_eq(once(kube, "GET", "/half", 0, &tries, &err), 200);
	ck_assert_uint_eq(tries, 2);
	ck_assert_int_eq(once(kube, "POST", "/drop", 0, &tries, &err), 0); /* on a connection used before */
	ck_assert_uint_eq(tries, 1);
	ck_assert_int_eq(err.kind, ERR_TRANSIENT);
	ck_assert_int_eq(once(kube, "POST", "/drop", 0, &tries, &err), 200);
	kube_free(kube);
	kube = open_kube();
	ck_assert_int_eq(once(kube, "POST", "/drop2", 0, &tries, &err), 0); /* on a new one */
	ck_assert_uint_eq(tries, 1);
	kube_free(kube);
}
END_TEST

START_TEST(an_answer_over_its_maximum_is_refused)
{
	struct kube *kube = open_kube();
	struct err err = ERR_INIT;
	struct kube_call call = kube_call_make("GET", text_dup("/long"));
	call.reply.max = 15;
	ck_assert(!kube_do(kube, &call, &err));
	ck_assert_int_eq(err.kind, ERR_LIMIT);
	kube_call_release(&call);
	call = kube_call_make("GET", text_dup("/long"));
	call.reply.max = 16;
	ck_assert_msg(kube_do(kube, &call, &err), "%s", err.msg);
	kube_call_release(&call);
	kube_free(kube);
}
END_TEST

START_TEST(says_what_is_wrong_with_a_certificate_or_an_address)
{
	struct err err = ERR_INIT;
	unsigned tries = 0;
	struct kube_config other = config_of("127.0.0.1");
	other.tls_server_name = text_dup("wrong.example");
	struct kube *kube = open_with(&other, (struct kube_options){ 0 });
	ck_assert_int_eq(once(kube, "GET", "/", 0, &tries, &err), 0);
	ck_assert_int_eq(err.kind, ERR_DENIED);
	ck_assert_ptr_nonnull(strstr(err.msg, "wrong.example"));
	ck_assert_uint_eq(tries, 1);
	kube_free(kube);
	struct kube_config unknown = config_of("127.0.0.1");
	secret_release(&unknown.ca);
	kube = open_with(&unknown, (struct kube_options){ 0 });
	ck_assert_int_eq(once(kube, "GET", "/", 0, &tries, &err), 0);
	ck_assert_int_eq(err.kind, ERR_DENIED);
	ck_assert_ptr_nonnull(strstr(err.msg, "self-signed"));
	kube_free(kube);
	struct kube_config nobody = config_of("127.0.0.1");
	free(nobody.server);
	nobody.server = text_dup("https://127.0.0.1:1");
	kube = open_with(&nobody, (struct kube_options){ 0 });
	ck_assert_int_eq(once(kube, "POST", "/", 0, &tries, &err), 0);
	ck_assert_int_eq(err.kind, ERR_TRANSIENT);
	ck_assert_str_eq(err.msg, "cannot connect to 'https://127.0.0.1:1': Connection refused");
	kube_free(kube);
}
END_TEST

START_TEST(the_certificate_is_checked_against_the_tls_server_name)
{
	struct err err = ERR_INIT;
	struct kube_config config = config_of("127.0.0.2");
	free(config.server);
	config.server = text_printf("https://127.0.0.1:%d/prefix", server.port);
	config.tls_server_name = text_dup("kubernetes");
	struct kube *kube = open_with(&config, (struct kube_options){ 0 });
	struct kube_call call = kube_call_make("GET", text_dup("/echo"));
	ck_assert_msg(kube_do(kube, &call, &err), "%s", err.msg);
	kube_call_release(&call);
	kube_free(kube);
}
END_TEST

START_TEST(a_token_file_that_rotates_is_read_again)
{
	char path[] = "/tmp/test_kube_http.XXXXXX";
	int fd = mkstemp(path);
	ck_assert_int_eq(write(fd, "one", 3), 3);
	struct err err = ERR_INIT;
	unsigned tries = 0;
	struct kube_config config = config_of("127.0.0.1");
	config.token_file = text_dup(path);
	struct kube *kube = open_with(&config, (struct kube_options){ 0 });
	ck_assert_int_eq(once(kube, "GET", "/token", 0, &tries, &err), 401);
	ck_assert_int_eq(err.kind, ERR_DENIED);
	ck_assert_ptr_nonnull(strstr(err.msg, "does not accept the token file of user 'ana', context 'ctx'"));
	ck_assert_int_eq(pwrite(fd, "two", 3, 0), 3);
	ck_assert_int_eq(once(kube, "GET", "/token", 0, &tries, &err), 200);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(once(kube, "GET", "/token", 0, &tries, &err), 200);
	(void)close(fd);
	kube_free(kube);
}
END_TEST

START_TEST(a_plugin_whose_token_is_refused_runs_once_more)
{
	char path[] = "/tmp/test_kube_http.XXXXXX";
	ck_assert_ptr_nonnull(mkdtemp(path));
	struct kube_exec *exec = alloc_new(1, sizeof *exec);
	exec->api_version = text_dup("client.authentication.k8s.io/v1");
	exec->command = text_dup("sh");
	exec->args = alloc_new(4, sizeof *exec->args);
	exec->args[0] = text_dup("sh");
	exec->args[1] = text_dup("-c");
	exec->args[2] = text_printf("t=one; [ -e %s/ran ] && t=two; echo >> %s/ran; echo '{\"kind\":\"ExecCredential\","
	                            "\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{\"token\":\"'$t'\"}}'",
	                            path, path);
	exec->env = alloc_new(1, sizeof *exec->env);
	struct kube_config config = config_of("127.0.0.1");
	config.exec = exec;
	struct err err = ERR_INIT;
	unsigned tries = 0;
	struct kube *kube = open_with(&config, (struct kube_options){ 0 });
	ck_assert_int_eq(once(kube, "GET", "/token", 0, &tries, &err), 200);
	ck_assert_uint_eq(tries, 2);
	ck_assert_int_eq(once(kube, "GET", "/token", 0, &tries, &err), 200);
	ck_assert_uint_eq(tries, 1);
	kube_free(kube);
	CLEANUP(text_freep) char *ran = text_printf("%s/ran", path);
	ck_assert_int_eq(unlink(ran), 0);
	ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

static void note_warning(void *context, const char *path, const char *text)
{
	ck_assert_str_eq(path, "/warn");
	ck_assert(buf_printf(context, "%s|", text));
}

START_TEST(reports_each_warning_once_and_keeps_the_etag)
{
	struct buf seen = BUF_INIT(1000);
	struct err err = ERR_INIT;
	struct kube_config config = config_of("127.0.0.1");
	struct kube *kube = open_with(&config, (struct kube_options){ .warning = note_warning, .context = &seen });
	for (int i = 0; i < 2; i++) {
		struct kube_call call = kube_call_make("GET", text_dup("/warn"));
		ck_assert(kube_do(kube, &call, &err));
		ck_assert_str_eq(call.etag, "\"e1\"");
		kube_call_release(&call);
	}
	ck_assert_str_eq(buf_text(&seen), "old \"x\"|two|");
	buf_release(&seen);
	kube_free(kube);
}
END_TEST

struct chain {
	struct kube *kube;
	int left;
	int done;
};

/* Frees the call that is done and sends another one. */
static void send_next(struct kube_call *call, void *context)
{
	struct chain *chain = context;
	ck_assert_int_eq(call->status, 200);
	kube_call_release(call);
	free(call);
	chain->done++;
	if (chain->left > 0) {
		chain->left--;
		struct kube_call *next = alloc_new(1, sizeof *next);
		*next = kube_call_make("GET", text_dup("/"));
		next->done = send_next;
		next->context = chain;
		kube_send(chain->kube, next);
	}
}

START_TEST(calls_may_be_sent_and_freed_from_within_done)
{
	struct kube_config config = config_of("127.0.0.1");
	struct chain chain = { .kube = open_with(&config, (struct kube_options){ 0 }), .left = 50 };
	for (int i = 0; i < 100; i++) {
		struct kube_call *call = alloc_new(1, sizeof *call);
		*call = kube_call_make("GET", text_dup("/"));
		call->done = send_next;
		call->context = &chain;
		kube_send(chain.kube, call);
	}
	ck_assert(kube_run(chain.kube, clock_now() + 600000));
	ck_assert_int_eq(chain.done, 150);
	ck_assert_uint_eq(chain.kube->stats.requests, 150);
	ck_assert_uint_eq(chain.kube->stats.bytes_in, 300);
	kube_free(chain.kube);
}
END_TEST

static void note_stop(struct kube_call *call, void *context)
{
	if (call->status == 0 && strcmp(call->err.msg, "stopped") == 0) {
		++*(int *)context;
	}
}

START_TEST(once_stopped_nothing_new_is_sent)
{
	atomic_int stop = 0;
	int stopped = 0;
	struct kube_config config = config_of("127.0.0.1");
	struct kube *kube = open_with(&config, (struct kube_options){ .stop = &stop });
	struct kube_call calls[3];
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		calls[i] = kube_call_make("GET", text_dup("/never"));
		calls[i].timeout = 2000000;
		calls[i].done = note_stop;
		calls[i].context = &stopped;
		kube_send(kube, &calls[i]);
	}
	while (kube->stats.bytes_in == 0) {
		ck_assert(!kube_run(kube, clock_now() + 50)); /* until the first waits for its Retry-After */
	}
	stop = 1;
	ck_assert(kube_run(kube, clock_now() + 600000));
	ck_assert_int_eq(stopped, 3);
	ck_assert_uint_eq(kube->stats.requests, 1);
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		kube_call_release(&calls[i]);
	}
	kube_free(kube);
}
END_TEST

START_TEST(a_client_with_calls_in_flight_can_be_freed)
{
	int stopped = 0;
	struct kube *kube = open_kube();
	struct kube_call call = kube_call_make("GET", text_dup("/hang"));
	call.done = note_stop;
	call.context = &stopped;
	kube_send(kube, &call);
	ck_assert(!kube_run(kube, clock_now() + 200));
	kube_free(kube);
	kube_call_release(&call);
}
END_TEST

START_TEST(a_configuration_that_cannot_work_is_refused_and_freed)
{
	struct err err = ERR_INIT;
	struct kube_config config = config_of("127.0.0.1");
	free(config.server);
	config.server = text_dup("https://user:pw@host");
	ck_assert_ptr_null(kube_open(&config, &(struct kube_options){ 0 }, &err));
	ck_assert_ptr_null(config.server);
	ck_assert_ptr_null(strstr(err.msg, "pw@"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kube_http");
	TCase *tests = tcase_create("kube_http");
	tcase_add_checked_fixture(tests, start_server, stop_server);
	tcase_add_test(tests, sends_what_an_api_server_expects_and_no_more);
	tcase_add_test(tests, comes_back_when_the_server_says);
	tcase_add_test(tests, does_not_wait_past_the_calls_time_nor_for_ever);
	tcase_add_test(tests, sends_again_after_a_lost_connection_where_that_is_safe);
	tcase_add_test(tests, an_answer_over_its_maximum_is_refused);
	tcase_add_test(tests, says_what_is_wrong_with_a_certificate_or_an_address);
	tcase_add_test(tests, the_certificate_is_checked_against_the_tls_server_name);
	tcase_add_test(tests, a_token_file_that_rotates_is_read_again);
	tcase_add_test(tests, a_plugin_whose_token_is_refused_runs_once_more);
	tcase_add_test(tests, reports_each_warning_once_and_keeps_the_etag);
	tcase_add_test(tests, calls_may_be_sent_and_freed_from_within_done);
	tcase_add_test(tests, once_stopped_nothing_new_is_sent);
	tcase_add_test(tests, a_client_with_calls_in_flight_can_be_freed);
	tcase_add_test(tests, a_configuration_that_cannot_work_is_refused_and_freed);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
