#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "agent/fiber.h"

struct steps {
	struct fiber *fiber;
	int done;
	int wanted;
};

static void count(void *context)
{
	struct steps *steps = context;
	while (steps->done < steps->wanted) {
		steps->done++;
		fiber_leave(steps->fiber);
	}
}

START_TEST(a_fiber_goes_on_where_it_left)
{
	struct steps steps = { .wanted = 3 };
	steps.fiber = fiber_new(count, &steps);
	for (int i = 1; i <= 3; i++) {
		ck_assert(fiber_enter(steps.fiber));
		ck_assert_int_eq(steps.done, i);
	}
	ck_assert(!fiber_enter(steps.fiber));
	fiber_free(steps.fiber);
}
END_TEST

START_TEST(many_fibers_keep_their_stacks_apart)
{
	enum { MANY = 500 };
	static struct steps steps[MANY];
	for (int i = 0; i < MANY; i++) {
		steps[i] = (struct steps){ .wanted = i % 7 };
		steps[i].fiber = fiber_new(count, &steps[i]);
	}
	for (int round = 0; round < 7; round++) {
		for (int i = 0; i < MANY; i++) {
			if (round <= steps[i].wanted) {
				ck_assert(fiber_enter(steps[i].fiber) == (round < steps[i].wanted));
			}
		}
	}
	for (int i = 0; i < MANY; i++) {
		ck_assert_int_eq(steps[i].done, i % 7);
		fiber_free(steps[i].fiber);
	}
}
END_TEST

static void fill(void *context)
{
	struct steps *steps = context;
	char room[FIBER_STACK / 2];
	memset(room, 'x', sizeof room);
	fiber_leave(steps->fiber);
	for (size_t i = 0; i < sizeof room; i++) {
		steps->done += room[i] == 'x';
	}
}

START_TEST(half_of_the_stack_may_be_one_variable)
{
	struct steps steps = { 0 };
	steps.fiber = fiber_new(fill, &steps);
	ck_assert(fiber_enter(steps.fiber));
	ck_assert(!fiber_enter(steps.fiber));
	ck_assert_int_eq(steps.done, (int)(FIBER_STACK / 2));
	fiber_free(steps.fiber);
}
END_TEST

START_TEST(one_that_was_never_entered_is_freed)
{
	struct steps steps = { 0 };
	fiber_free(fiber_new(count, &steps));
	fiber_free(NULL);
}
END_TEST

START_TEST(one_that_is_still_running_is_not_freed)
{
	struct steps steps = { .wanted = 2 };
	steps.fiber = fiber_new(count, &steps);
	ck_assert(fiber_enter(steps.fiber));
	fiber_free(steps.fiber);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fiber");
	TCase *tests = tcase_create("fiber");
	tcase_add_test(tests, a_fiber_goes_on_where_it_left);
	tcase_add_test(tests, many_fibers_keep_their_stacks_apart);
	tcase_add_test(tests, half_of_the_stack_may_be_one_variable);
	tcase_add_test(tests, one_that_was_never_entered_is_freed);
	const char *fork = getenv("CK_FORK");
	if (!fork || strcmp(fork, "no") != 0) {
		tcase_add_test_raise_signal(tests, one_that_is_still_running_is_not_freed, SIGABRT);
	}
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
