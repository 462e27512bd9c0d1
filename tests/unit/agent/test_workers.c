/*
 * Nothing here waits for a time: a job that is to run long does so until what it is to outlast has happened. Where that never
 * happens, it gives up, and the test fails.
 */
#include <check.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/workers.c" /* that it is closing is seen by nobody else */
#include "sync/clock.h"

enum { PATIENCE = 600000 };

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
	sem_t *begins; /* is told; NULL: nobody */
	sem_t *until;  /* is waited for; NULL: nothing */
	sem_t *ends;   /* is told on the loop; NULL: nobody */
	int64_t started;
	int64_t finished;
	bool gave_up;
	bool last;
};

static void work_on(struct job *job)
{
	struct task *task = (struct task *)job;
	task->started = clock_now();
	if (task->begins) {
		(void)sem_post(task->begins);
	}
	if (task->until) {
		struct timespec until;
		(void)clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += PATIENCE / 1000;
		task->gave_up = sem_timedwait(task->until, &until) != 0;
	}
	task->finished = clock_now();
}

static void told(struct job *job)
{
	struct task *task = (struct task *)job;
	ended[strlen(ended)] = task->name;
	if (task->ends) {
		(void)sem_post(task->ends);
	}
	if (task->last) {
		loop_stop(loop);
	}
}

static void submit(struct task *task, const char *key)
{
	task->job = (struct job){ .key = text_dup(key), .work = work_on, .done = told };
	workers_submit(workers, &task->job);
}

/* A gate that is shut. */
static sem_t *shut(sem_t *gate)
{
	ck_assert_int_eq(sem_init(gate, 0, 0), 0);
	return gate;
}

START_TEST(jobs_of_one_key_run_one_after_the_other_in_their_order)
{
	static sem_t gate;
	static struct task tasks[] = { { .name = 'a' }, { .name = 'b' }, { .name = 'c', .last = true } };
	tasks[0].until = shut(&gate);
	for (size_t i = 0; i < 3; i++) {
		submit(&tasks[i], "key");
	}
	(void)sem_post(&gate); /* not before all are there */
	loop_run(loop);
	ck_assert(!tasks[0].gave_up);
	ck_assert_str_eq(ended, "abc");
	ck_assert_int_ge(tasks[1].started, tasks[0].finished);
	ck_assert_int_ge(tasks[2].started, tasks[1].finished);
}
END_TEST

START_TEST(a_job_that_hangs_does_not_delay_one_of_another_key)
{
	static sem_t gate;
	static struct task slow = { .name = 's', .until = &gate, .last = true };
	static struct task after = { .name = 'a' };
	static struct task quick = { .name = 'q', .ends = &gate };
	(void)shut(&gate);
	submit(&slow, "one");
	submit(&after, "one");
	submit(&quick, "two");
	loop_run(loop);
	ck_assert(!slow.gave_up);
	ck_assert_int_eq(strncmp(ended, "qs", 2), 0); /* `after` may have ended as well by the time the loop stops */
}
END_TEST

static void run_in_fiber(void *context)
{
	struct task *task = context;
	task->job = (struct job){ .key = text_dup("key"), .work = work_on };
	workers_run(workers, &task->job);
	ck_assert_int_gt(task->finished, 0);
	ended[strlen(ended)] = task->name;
}

START_TEST(a_fiber_waits_for_its_job_and_others_run_meanwhile)
{
	static sem_t gate;
	static struct task slow = { .name = 's', .until = &gate };
	static struct task quick = { .name = 'q', .ends = &gate };
	(void)shut(&gate);
	submit(&quick, "another");
	(void)loop_spawn(loop, run_in_fiber, &slow);
	loop_stop(loop);
	loop_run(loop);
	ck_assert(!slow.gave_up);
	ck_assert_str_eq(ended, "qs");
}
END_TEST

START_TEST(it_is_busy_as_long_as_a_job_runs)
{
	static sem_t gate;
	static sem_t began;
	static struct task slow = { .name = 's', .begins = &began, .until = &gate, .last = true };
	(void)shut(&gate);
	(void)shut(&began);
	ck_assert(!workers_busy(workers));
	submit(&slow, "key");
	(void)sem_wait(&began);
	ck_assert(workers_busy(workers));
	(void)sem_post(&gate);
	loop_run(loop);
	ck_assert(!workers_busy(workers));
}
END_TEST

static bool is_closing(void)
{
	(void)pthread_mutex_lock(&workers->lock);
	bool closing = workers->closing;
	(void)pthread_mutex_unlock(&workers->lock);
	return closing;
}

static void work_until_closing(struct job *job)
{
	struct task *task = (struct task *)job;
	int64_t until = clock_now() + PATIENCE;
	(void)sem_post(task->begins);
	while (!is_closing() && clock_now() < until) {
		(void)usleep(1000);
	}
	task->finished = clock_now();
}

START_TEST(what_was_not_begun_is_dropped_at_the_end)
{
	static sem_t began;
	static struct task slow = { .name = 's', .begins = &began };
	static struct task never = { .name = 'n' };
	slow.job = (struct job){ .key = text_dup("key"), .work = work_until_closing, .done = told };
	(void)shut(&began);
	workers_submit(workers, &slow.job);
	submit(&never, "key");
	(void)sem_wait(&began);
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
