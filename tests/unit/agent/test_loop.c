#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../sync/tls_server.h"
#include "agent/loop.h"
#include "sync/clock.h"
#include "sync/kube/kube.h"

static struct loop *loop;

/* What happened, one letter each. */
static struct {
	char text[64];
	size_t len;
} told;

static void make_loop(void)
{
	memset(&told, 0, sizeof told);
	struct err err = ERR_INIT;
	loop = loop_new(&err);
	ck_assert_msg(loop != NULL, "%s", err.msg);
}

static void free_loop(void)
{
	loop_freep(&loop);
}

static void tell(char c)
{
	ck_assert_uint_lt(told.len, sizeof told.text - 1);
	told.text[told.len++] = c;
}

/* --- timers and fibers -------------------------------------------------------------------------------------------- */

static void fire(void *context)
{
	tell(*(const char *)context);
}

static void fire_and_stop(void *context)
{
	fire(context);
	loop_stop(loop);
}

START_TEST(timers_fire_in_the_order_of_their_time)
{
	int64_t now = clock_now();
	static const int late[] = { 50, 10, 40, 20, 30 };
	static char names[] = "51423";
	struct loop_timer timers[5];
	for (size_t i = 0; i < 5; i++) {
		timers[i] = (struct loop_timer){ .fire = late[i] == 50 ? fire_and_stop : fire, .context = &names[i] };
		loop_timer_set(loop, &timers[i], now + late[i]);
	}
	loop_run(loop);
	ck_assert_str_eq(told.text, "12345");
	ck_assert_int_ge(clock_now(), now + 50);
}
END_TEST

START_TEST(a_timer_that_is_cleared_does_not_fire_and_one_that_is_set_again_fires_once)
{
	int64_t now = clock_now();
	struct loop_timer a = { .fire = fire, .context = (char[]){ "a" } };
	struct loop_timer b = { .fire = fire, .context = (char[]){ "b" } };
	struct loop_timer c = { .fire = fire_and_stop, .context = (char[]){ "c" } };
	loop_timer_set(loop, &a, now + 5);
	loop_timer_set(loop, &c, now + 20);
	loop_timer_set(loop, &b, now + 1);
	loop_timer_set(loop, &b, now + 10);
	loop_timer_clear(loop, &a);
	loop_timer_clear(loop, &a);
	loop_run(loop);
	ck_assert_str_eq(told.text, "bc");
}
END_TEST

START_TEST(timers_come_out_sorted_whatever_the_order_they_were_set_cleared_and_set_again)
{
	enum { MANY = 300 };
	static struct loop_timer items[MANY];
	struct timers timers = { 0 };
	unsigned random = 1;
	for (int round = 0; round < 5000; round++) {
		random = random * 1103515245U + 12345U;
		struct loop_timer *timer = &items[random / 65536 % MANY];
		timer->fire = fire;
		if (random % 3 == 0) {
			timers_clear(&timers, timer);
		} else {
			timers_set(&timers, timer, (int64_t)(random / 7 % 1000));
		}
	}
	ck_assert_uint_gt(timers.count, MANY / 4);
	int64_t last = 0;
	for (struct loop_timer *next; (next = timers_next(&timers));) {
		ck_assert_int_ge(next->due, last);
		last = next->due;
		timers_clear(&timers, next);
	}
	timers_release(&timers);
}
END_TEST

struct sleep {
	struct strand *strand;
	bool woken;
};

static void sleep_until_woken(void *context)
{
	struct sleep *sleep = context;
	sleep->woken = loop_park(loop, INT64_MAX);
	tell('s');
}

static void sleep_often(void *context)
{
	struct sleep *other = context;
	for (int i = 0; i < 3; i++) {
		ck_assert(!loop_park(loop, clock_now() + 10));
		tell('q');
	}
	loop_wake(loop, other->strand);
}

START_TEST(one_that_sleeps_long_does_not_delay_another)
{
	struct sleep slow = { 0 };
	slow.strand = loop_spawn(loop, sleep_until_woken, &slow);
	(void)loop_spawn(loop, sleep_often, &slow);
	loop_stop(loop);
	loop_run(loop);
	ck_assert_str_eq(told.text, "qqqs");
	ck_assert(slow.woken);
}
END_TEST

static void wake(void *context)
{
	loop_wake(loop, context);
}

START_TEST(one_that_is_woken_does_not_sleep_on)
{
	struct sleep sleep = { 0 };
	sleep.strand = loop_spawn(loop, sleep_until_woken, &sleep);
	struct loop_timer timer = { .fire = wake, .context = sleep.strand };
	loop_timer_set(loop, &timer, clock_now() + 20);
	loop_stop(loop);
	loop_run(loop);
	ck_assert(sleep.woken);
}
END_TEST

static void wake_myself(void *context)
{
	(void)context;
	loop_wake(loop, loop_strand(loop));
	ck_assert(loop_park(loop, INT64_MAX));
	loop_wake(loop, loop_strand(loop));
}

START_TEST(a_fiber_may_wake_itself_and_end)
{
	(void)loop_spawn(loop, wake_myself, NULL);
	loop_stop(loop);
	loop_run(loop);
}
END_TEST

/* --- threads and descriptors -------------------------------------------------------------------------------------- */

static void posted(void *context)
{
	int *count = context;
	if (++*count == 1000) {
		loop_stop(loop);
	}
}

static void *post_many(void *context)
{
	for (int i = 0; i < 250; i++) {
		loop_post(loop, posted, context);
	}
	return NULL;
}

START_TEST(what_threads_post_arrives_on_the_loop)
{
	pthread_t threads[4];
	int count = 0;
	for (size_t i = 0; i < 4; i++) {
		ck_assert_int_eq(pthread_create(&threads[i], NULL, post_many, &count), 0);
	}
	loop_run(loop);
	for (size_t i = 0; i < 4; i++) {
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	}
	ck_assert_int_eq(count, 1000);
}
END_TEST

static void read_one(void *context)
{
	int fd = *(const int *)context;
	char c = 0;
	ck_assert_int_eq(read(fd, &c, 1), 1);
	tell(c);
	if (c == 'z') {
		loop_remove_fd(loop, fd);
		loop_stop(loop);
	}
}

START_TEST(a_descriptor_that_can_be_read_calls_back)
{
	int ends[2];
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], "xyz", 3), 3);
	loop_add_fd(loop, ends[0], read_one, &ends[0]);
	loop_run(loop);
	ck_assert_str_eq(told.text, "xyz");
	(void)close(ends[0]);
	(void)close(ends[1]);
}
END_TEST

/* --- the API server ----------------------------------------------------------------------------------------------- */

/* The server has one connection at a time: each is closed for the next one. */
#define REPLY(status) "HTTP/1.1 " status "\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"

static const char *answer(const char *path, const char *request, unsigned before)
{
	(void)request;
	if (strcmp(path, "/busy") == 0 && before < 2) {
		return "HTTP/1.1 429 no\r\nConnection: close\r\nContent-Type: application/json\r\nRetry-After: 0\r\nContent-Length: 2\r\n\r\n{}";
	}
	return REPLY("200 OK");
}

static struct tls_server server;

static void start_server(void)
{
	server = tls_server_start(answer);
	make_loop();
}

static void stop_server(void)
{
	free_loop();
	tls_server_stop(&server);
}

static struct kube *open_client(const struct kube_options *more)
{
	struct err err = ERR_INIT;
	struct kube_config config = { 0 };
	config.server = text_printf("https://127.0.0.1:%d", server.port);
	secret_set(&config.ca, server.cert, strlen(server.cert));
	struct kube_options options = *more;
	options.multi = loop_multi(loop);
	struct kube *kube = kube_open(&config, &options, &err);
	ck_assert_msg(kube != NULL, "%s", err.msg);
	return kube;
}

struct client {
	const char *path;
	int calls;
	int answered;
};

static void ask(void *context)
{
	struct client *client = context;
	struct err err = ERR_INIT;
	struct kube *kube = open_client(&(struct kube_options){ 0 });
	for (int i = 0; i < client->calls; i++) {
		struct kube_call call = kube_call_make("GET", text_dup(client->path));
		ck_assert_msg(kube_do(kube, &call, &err), "%s", err.msg);
		client->answered++;
		kube_call_release(&call);
		kube_sleep(kube, clock_now() + 1);
	}
	kube_free(kube);
}

START_TEST(clients_of_many_fibers_share_one_multi)
{
	struct client clients[] = { { "/one", 5, 0 }, { "/two", 5, 0 }, { "/busy", 3, 0 } };
	for (size_t i = 0; i < ARRAY_LEN(clients); i++) {
		(void)loop_spawn(loop, ask, &clients[i]);
	}
	loop_stop(loop);
	loop_run(loop);
	for (size_t i = 0; i < ARRAY_LEN(clients); i++) {
		ck_assert_int_eq(clients[i].answered, clients[i].calls);
	}
}
END_TEST

static bool refuse(void *fence, struct err *err)
{
	return *(const bool *)fence || err_set(err, ERR_CONFLICT, "not the leader");
}

static void write_fenced(void *context)
{
	bool *leads = context;
	struct err err = ERR_INIT;
	struct kube *kube = open_client(&(struct kube_options){ .may_write = refuse, .fence = leads });
	struct kube_call read_call = kube_call_make("GET", text_dup("/x"));
	ck_assert(kube_do(kube, &read_call, &err));
	kube_call_release(&read_call);
	struct kube_call write_call = kube_call_make("PATCH", text_dup("/x"));
	ck_assert(!kube_do(kube, &write_call, &err));
	ck_assert_str_eq(err.msg, "not the leader");
	kube_call_release(&write_call);
	struct kube_call back = kube_call_make("DELETE", text_dup("/x"));
	back.gives_back = true;
	ck_assert(kube_do(kube, &back, &err));
	kube_call_release(&back);
	*leads = true;
	struct kube_call again = kube_call_make("PATCH", text_dup("/x"));
	ck_assert(kube_do(kube, &again, &err));
	kube_call_release(&again);
	kube_free(kube);
}

START_TEST(no_write_leaves_while_the_fence_is_closed)
{
	bool leads = false;
	(void)loop_spawn(loop, write_fenced, &leads);
	loop_stop(loop);
	loop_run(loop);
	ck_assert(leads);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("loop");
	TCase *tests = tcase_create("loop");
	tcase_add_checked_fixture(tests, make_loop, free_loop);
	tcase_add_test(tests, timers_fire_in_the_order_of_their_time);
	tcase_add_test(tests, a_timer_that_is_cleared_does_not_fire_and_one_that_is_set_again_fires_once);
	tcase_add_test(tests, timers_come_out_sorted_whatever_the_order_they_were_set_cleared_and_set_again);
	tcase_add_test(tests, one_that_sleeps_long_does_not_delay_another);
	tcase_add_test(tests, one_that_is_woken_does_not_sleep_on);
	tcase_add_test(tests, a_fiber_may_wake_itself_and_end);
	tcase_add_test(tests, what_threads_post_arrives_on_the_loop);
	tcase_add_test(tests, a_descriptor_that_can_be_read_calls_back);
	suite_add_tcase(suite, tests);
	TCase *net = tcase_create("api server");
	tcase_add_checked_fixture(net, start_server, stop_server);
	tcase_add_test(net, clients_of_many_fibers_share_one_multi);
	tcase_add_test(net, no_write_leaves_while_the_fence_is_closed);
	suite_add_tcase(suite, net);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
