#include "../sync/git_fixture.h"
#include "agent/poller.h"

static struct loop *loop;
static struct workers *workers;
static struct poller *poller;
static int asked;
static int failed;
static int satisfied;
static int readers;
static int enough_asked; /* answers after which the loop stops, whoever is told; 0: it does not */

enum { HOUR = 3600 * 1000 };

static void count(void *context, bool fine, int64_t milliseconds)
{
	(void)context;
	(void)milliseconds;
	asked++;
	failed += !fine;
	if (asked == enough_asked) {
		loop_stop(loop);
	}
}

static void setup(void)
{
	static char stores[300];
	struct err err = ERR_INIT;
	fixture_setup();
	asked = failed = satisfied = readers = enough_asked = 0;
	(void)snprintf(stores, sizeof stores, "%s/stores", fixture_dir);
	loop = loop_new(&err);
	ck_assert_msg(loop != NULL, "%s", err.msg);
	workers = workers_new(loop);
	poller = poller_new(loop, workers, &(struct poller_options){ .store = stores, .timeout = 1200000, .asked = count });
}

static void teardown(void)
{
	workers_free(workers);
	poller_free(poller);
	loop_free(loop);
	fixture_teardown();
}

/* One who wants to know, and stops the loop after `enough` answers. */
struct reader {
	struct poll_want want;
	int answers;
	int enough;
	char commit[41];
	char tree[41];
	bool closed;
	struct err err;
	int64_t first;
	int64_t last;
	struct loop_timer timer; /* set once it has its first answer, where it fires something */
};

static void told(void *context, const struct poll_answer *answer)
{
	struct reader *reader = context;
	reader->last = clock_now();
	reader->first = reader->first ? reader->first : reader->last;
	reader->err = answer->err ? *answer->err : ERR_INIT;
	if (!answer->err) {
		memcpy(reader->commit, answer->commit->id, 41);
		(void)snprintf(reader->tree, sizeof reader->tree, "%s", answer->tree);
		reader->closed = answer->closed;
	}
	if (++reader->answers == 1 && reader->timer.fire) {
		loop_timer_set(loop, &reader->timer, clock_now() + 1500);
	}
	if (reader->answers == reader->enough && ++satisfied == readers) {
		loop_stop(loop);
	}
}

static char *work_url(void)
{
	static char url[300];
	(void)snprintf(url, sizeof url, "%s/work", fixture_dir);
	return url;
}

static void join(struct reader *reader, const char *ref, const char *path, int64_t interval)
{
	reader->want = (struct poll_want){ .ref = ref, .path = path, .interval = interval, .told = told, .context = reader };
	readers++;
	poller_join(poller, &reader->want, work_url(), NULL);
}

static void leave(struct reader *reader)
{
	poller_leave(poller, &reader->want);
}

START_TEST(all_who_share_a_repository_are_answered_by_one_question)
{
	(void)sh("cd work && mkdir app && echo a > app/a && git add . && git commit -q -m app && git checkout -q -b two &&"
	         "git commit -q --allow-empty -m two && git checkout -q main");
	struct reader all[] = { { .enough = 1 }, { .enough = 1 }, { .enough = 1 }, { .enough = 1 } };
	join(&all[0], "refs/heads/main", "app", 60000);
	join(&all[1], "refs/heads/main", "", 60000);
	join(&all[2], "refs/heads/two", "nowhere", 60000);
	join(&all[3], "refs/heads/none", "", 60000);
	loop_run(loop);
	ck_assert_int_eq(asked, 1);
	char id[41];
	id_of("main", id);
	ck_assert_str_eq(all[0].commit, id);
	ck_assert_str_eq(all[1].commit, id);
	ck_assert_str_eq(all[0].tree, sh("git -C work rev-parse main:app"));
	ck_assert_str_eq(all[1].tree, sh("git -C work rev-parse 'main^{tree}'"));
	ck_assert(all[0].closed);
	id_of("two", id);
	ck_assert_str_eq(all[2].commit, id);
	ck_assert_str_eq(all[2].tree, "");
	ck_assert_int_eq(all[3].err.kind, ERR_NOT_FOUND);
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		leave(&all[i]);
	}
}
END_TEST

START_TEST(it_asks_again_each_interval_give_or_take_a_tenth)
{
	struct reader reader = { .enough = 4 };
	int64_t start = clock_now();
	join(&reader, NULL, "", 200);
	loop_run(loop);
	/* The first one may be told late, so it says nothing. */
	ck_assert_int_ge(reader.last - start, 3 * 180);
	ck_assert_int_lt(reader.last - start, 600000);
	leave(&reader);
}
END_TEST

START_TEST(a_link_in_the_tree_is_told)
{
	(void)sh("cd work && mkdir app && ln -s ../other app/link && git add . && git commit -q -m link");
	struct reader reader = { .enough = 1 };
	join(&reader, NULL, "app", 60000);
	loop_run(loop);
	ck_assert(!reader.closed);
	leave(&reader);
}
END_TEST

static void pause_it(void *context)
{
	struct reader *reader = context;
	poller_pause(poller, &reader->want);
}

static void hurry(void *context)
{
	struct reader *reader = context;
	poller_hurry(poller, &reader->want, 0);
	ck_assert_int_le(reader->want.due, clock_now());
}

START_TEST(one_that_is_in_a_hurry_is_answered_at_once)
{
	struct reader reader = { .enough = 2 };
	join(&reader, NULL, "", HOUR);
	/* While the first question is in flight: it may have been asked before the news. */
	struct loop_timer timer = { .fire = hurry, .context = &reader };
	loop_timer_set(loop, &timer, clock_now() + 1);
	loop_run(loop); /* it would be for an hour */
	ck_assert_int_eq(asked, 2);
	leave(&reader);
}
END_TEST

START_TEST(what_fails_is_asked_again_later_and_a_hurry_goes_before_that)
{
	(void)sh("mv work away");
	struct reader reader = { .enough = 2 };
	reader.timer = (struct loop_timer){ .fire = hurry, .context = &reader };
	join(&reader, NULL, "", 100);
	loop_run(loop);
	ck_assert_int_eq(failed, 2);
	ck_assert_int_ne(reader.err.kind, ERR_NONE);
	/* Not after 100 ms, as the interval says. */
	ck_assert_int_ge(reader.last - reader.first, 1500);
	ck_assert_ptr_nonnull(poller_failure(&reader.want));
	leave(&reader);
}
END_TEST

static struct loop_timer resume_timer;

static void resume(void *context)
{
	struct reader *reader = context;
	reader->want.interval = 60000;
	poller_resume(poller, &reader->want);
	poller_resume(poller, &reader->want);
}

static void pause_when_told(void *context, const struct poll_answer *answer)
{
	struct reader *reader = context;
	told(context, answer);
	if (reader->answers == 1) {
		poller_pause(poller, &reader->want);
		poller_pause(poller, &reader->want);
		poller_hurry(poller, &reader->want, 0);
		resume_timer = (struct loop_timer){ .fire = resume, .context = reader };
		loop_timer_set(loop, &resume_timer, clock_now() + 400);
	}
}

START_TEST(for_one_that_is_paused_nobody_is_asked_until_it_is_resumed)
{
	struct reader reader = { .enough = 2 };
	join(&reader, NULL, "", 50);
	reader.want.told = pause_when_told;
	loop_run(loop);
	ck_assert_int_eq(asked, 2);
	ck_assert_int_ge(reader.last - reader.first, 400);
	leave(&reader);
}
END_TEST

START_TEST(one_that_is_paused_while_a_question_is_in_flight_is_not_told)
{
	struct reader reader = { .enough = 1 };
	join(&reader, NULL, "", 50);
	/* Both are due before the loop looks at its clock: first it is asked, then paused, and only then are answers looked for. */
	struct loop_timer timer = { .fire = pause_it, .context = &reader };
	loop_timer_set(loop, &timer, reader.want.due + 1);
	clock_sleep_until(reader.want.due + 2);
	enough_asked = 1;
	loop_run(loop);
	ck_assert_int_eq(asked, 1);
	ck_assert_int_eq(reader.answers, 0);
	leave(&reader);
}
END_TEST

START_TEST(others_who_share_the_repository_go_on_and_what_the_paused_one_wants_is_not_asked)
{
	(void)sh("cd work && git branch two");
	struct reader first = { .enough = 1 };
	struct reader second = { .enough = 3 };
	join(&first, "refs/heads/two", "", 60000);
	join(&second, "refs/heads/main", "", 100);
	poller_pause(poller, &first.want);
	satisfied = 1; /* the first one will not be */
	loop_run(loop);
	ck_assert_int_eq(first.answers, 0);
	ck_assert_int_eq(asked, 3);
	leave(&first);
	leave(&second);
}
END_TEST

static void leave_when_told(void *context, const struct poll_answer *answer)
{
	struct reader *reader = context;
	(void)answer;
	leave(reader);
	loop_stop(loop);
}

START_TEST(one_may_leave_while_it_is_told_and_while_a_question_is_in_flight)
{
	struct reader first = { .enough = 1 };
	struct reader second = { .enough = 1 };
	join(&first, NULL, "", 60000);
	join(&second, NULL, "", 60000);
	leave(&second);
	first.want.told = leave_when_told;
	loop_run(loop);
	ck_assert_int_eq(second.answers, 0);
	ck_assert_ptr_null(first.want.group);
}
END_TEST

START_TEST(what_was_fetched_with_credentials_has_a_store_of_its_own)
{
	struct credentials credentials = CREDENTIALS_INIT;
	secret_set(&credentials.token, "t0k3n", 5);
	(void)snprintf(credentials.digest, sizeof credentials.digest, "0123456789abcdef0123456789abcdef");
	struct reader open = { .enough = 1 };
	struct reader closed = { .enough = 1 };
	join(&open, NULL, "", 60000);
	closed.want = (struct poll_want){ .path = "", .interval = 60000, .told = told, .context = &closed };
	readers++;
	poller_join(poller, &closed.want, work_url(), &credentials);
	ck_assert_str_ne(poller_store(&open.want), poller_store(&closed.want));
	ck_assert_str_ne(poller_key(&open.want), poller_key(&closed.want));
	ck_assert_ptr_null(strstr(poller_key(&closed.want), "t0k3n"));
	loop_run(loop);
	ck_assert_int_eq(asked, 2);
	leave(&open);
	leave(&closed);
	credentials_release(&credentials);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("poller");
	TCase *tests = tcase_create("poller");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, all_who_share_a_repository_are_answered_by_one_question);
	tcase_add_test(tests, it_asks_again_each_interval_give_or_take_a_tenth);
	tcase_add_test(tests, a_link_in_the_tree_is_told);
	tcase_add_test(tests, one_that_is_in_a_hurry_is_answered_at_once);
	tcase_add_test(tests, what_fails_is_asked_again_later_and_a_hurry_goes_before_that);
	tcase_add_test(tests, for_one_that_is_paused_nobody_is_asked_until_it_is_resumed);
	tcase_add_test(tests, one_that_is_paused_while_a_question_is_in_flight_is_not_told);
	tcase_add_test(tests, others_who_share_the_repository_go_on_and_what_the_paused_one_wants_is_not_asked);
	tcase_add_test(tests, one_may_leave_while_it_is_told_and_while_a_question_is_in_flight);
	tcase_add_test(tests, what_was_fetched_with_credentials_has_a_store_of_its_own);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failures = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failures != 0;
}
