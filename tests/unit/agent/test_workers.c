#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/workers.h"
#include "render/base/buf.h"
#include "sync/clock.h"

static struct loop *loop;
static struct workers *workers;

/* What ends is told in this order; on the loop only. */
static char ended[64];

static void setup(void)
{
	memset(ended, 0, sizeof ended);
	struct err err = ERR_INIT;
	loop = loop_new(&err);
	ck_assert_msg(loop != NULL, "%s", err.msg);
	workers = workers_new(loop);
}

static void teardown(void)
{
	workers_free(workers);
	loop_free(loop);
}

struct task {
	struct job job;
	char name;
	int64_t time;
	int64_t started;
	int64_t finished;
	bool last;
};

static void work(struct job *job)
{
	struct task *task = (struct task *)job;
	task->started = clock_now();
	clock_sleep_until(task->started + task->time);
	task->finished = clock_now();
}

static void done(struct job *job)
{
	struct task *task = (struct task *)job;
	ended[strlen(ended)] = task->name;
	if (task->last) {
		loop_stop(loop);
	}
}

static void submit(struct task *task, const char *key)
{
	task->job = (struct job){ .key = text_dup(key), .work = work, .done = done };
	workers_submit(workers, &task->job);
}

START_TEST(jobs_of_one_key_run_one_after_the_other_in_their_order)
{
	static struct task tasks[] = { { .name = 'a', .time = 40 },
		                           { .name = 'b', .time = 10 },
		                           { .name = 'c', .time = 1, .last = true } };
	for (size_t i = 0; i < 3; i++) {
		submit(&tasks[i], "key");
	}
	loop_run(loop);
	ck_assert_str_eq(ended, "abc");
	ck_assert_int_ge(tasks[1].started, tasks[0].finished);
	ck_assert_int_ge(tasks[2].started, tasks[1].finished);
}
END_TEST

START_TEST(a_job_that_hangs_does_not_delay_one_of_another_key)
{
	static struct task slow = { .name = 's', .time = 1000, .last = true };
	static struct task after = { .name = 'a', .time = 1 };
	static struct task quick = { .name = 'q', .time = 1 };
	submit(&slow, "one");
	submit(&after, "one");
	submit(&quick, "two");
	loop_run(loop);
	ck_assert_int_eq(strncmp(ended, "qs", 2), 0); /* `after` may have ended as well by the time the loop stops */
	ck_assert_int_lt(quick.finished, slow.finished - 500);
}
END_TEST

static void run_in_fiber(void *context)
{
	struct task *task = context;
	task->job = (struct job){ .key = text_dup("key"), .work = work };
	workers_run(workers, &task->job);
	ck_assert_int_gt(task->finished, 0);
	ended[strlen(ended)] = task->name;
}

START_TEST(a_fiber_waits_for_its_job_and_others_run_meanwhile)
{
	static struct task slow = { .name = 's', .time = 300 };
	static struct task quick = { .name = 'q', .time = 1 };
	submit(&quick, "another");
	(void)loop_spawn(loop, run_in_fiber, &slow);
	loop_stop(loop);
	loop_run(loop);
	ck_assert_str_eq(ended, "qs");
}
END_TEST

START_TEST(it_is_busy_as_long_as_a_job_runs)
{
	static struct task slow = { .name = 's', .time = 200, .last = true };
	ck_assert(!workers_busy(workers));
	submit(&slow, "key");
	(void)usleep(50000);
	ck_assert(workers_busy(workers));
	loop_run(loop);
	ck_assert(!workers_busy(workers));
}
END_TEST

START_TEST(what_was_not_begun_is_dropped_at_the_end)
{
	static struct task slow = { .name = 's', .time = 2000 };
	static struct task never = { .name = 'n', .time = 1 };
	submit(&slow, "key");
	submit(&never, "key");
	(void)usleep(20000);
	workers_free(workers);
	workers = NULL;
	ck_assert_int_gt(slow.finished, 0);
	ck_assert_int_eq(never.started, 0);
	free(never.job.key);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("workers");
	TCase *tests = tcase_create("workers");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, jobs_of_one_key_run_one_after_the_other_in_their_order);
	tcase_add_test(tests, a_job_that_hangs_does_not_delay_one_of_another_key);
	tcase_add_test(tests, a_fiber_waits_for_its_job_and_others_run_meanwhile);
	tcase_add_test(tests, it_is_busy_as_long_as_a_job_runs);
	tcase_add_test(tests, what_was_not_begun_is_dropped_at_the_end);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
