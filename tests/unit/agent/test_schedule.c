#include <check.h>
#include <stdlib.h>

#include "agent/schedule.h"

enum { NOW = 1000000, MINUTE = 60000, HOUR = 60 * MINUTE };

/* At rest: synced a while ago, nothing is new. */
static struct schedule_facts at_rest(void)
{
	return (struct schedule_facts){
		.joined = true,
		.has_head = true,
		.ended = NOW - MINUTE,
		.interval = MINUTE,
		.verify = HOUR,
		.heal_due = INT64_MAX,
		.resume = INT64_MAX,
	};
}

static void expect(const struct schedule_facts *facts, enum turn turn, int64_t at)
{
	struct schedule next = schedule_next(facts, NOW);
	ck_assert_int_eq(next.turn, turn);
	ck_assert_int_eq(next.at, at);
}

START_TEST(at_rest_only_the_verification_is_due)
{
	struct schedule_facts facts = at_rest();
	expect(&facts, TURN_SYNC, NOW - MINUTE + HOUR);
	facts.verify = 0;
	expect(&facts, TURN_NONE, INT64_MAX);
}
END_TEST

START_TEST(a_new_commit_a_changed_spec_and_the_first_commit_are_taken_at_once)
{
	struct schedule_facts facts = at_rest();
	facts.new_head = true;
	expect(&facts, TURN_SYNC, NOW);
	facts = at_rest();
	facts.asked = true;
	expect(&facts, TURN_SYNC, NOW);
	facts = (struct schedule_facts){
		.joined = true, .has_head = true, .new_head = true, .heal_due = INT64_MAX, .resume = INT64_MAX
	};
	expect(&facts, TURN_SYNC, NOW);
}
END_TEST

START_TEST(a_new_commit_does_not_wait_for_the_backoff_of_the_one_before)
{
	struct schedule_facts facts = at_rest();
	facts.failures = 9;
	facts.stalled = true;
	facts.new_head = true;
	expect(&facts, TURN_SYNC, NOW);
}
END_TEST

START_TEST(what_failed_is_tried_again_each_time_later)
{
	struct schedule_facts facts = at_rest();
	facts.failures = 1;
	expect(&facts, TURN_SYNC, facts.ended + 5000);
	facts.failures = 2;
	expect(&facts, TURN_SYNC, facts.ended + 10000);
	facts.failures = 50;
	expect(&facts, TURN_SYNC, facts.ended + MINUTE);
	facts.stalled = true;
	expect(&facts, TURN_SYNC, facts.ended + 5 * MINUTE);
}
END_TEST

START_TEST(drift_is_healed_when_it_is_due_also_after_a_failed_sync_and_while_waiting_for_others)
{
	struct schedule_facts facts = at_rest();
	facts.heal_due = NOW + 500;
	expect(&facts, TURN_HEAL, NOW + 500);
	facts.failures = 3;
	facts.waits = true;
	expect(&facts, TURN_HEAL, NOW + 500);
	facts.heal_due = NOW - 5;
	facts.waits = false;
	expect(&facts, TURN_HEAL, NOW - 5);
}
END_TEST

START_TEST(what_is_new_goes_before_a_heal)
{
	struct schedule_facts facts = at_rest();
	facts.heal_due = NOW;
	facts.new_head = true;
	expect(&facts, TURN_SYNC, NOW);
}
END_TEST

START_TEST(one_that_waits_for_others_takes_nothing_new)
{
	struct schedule_facts facts = at_rest();
	facts.waits = true;
	facts.new_head = true;
	facts.asked = true;
	expect(&facts, TURN_NONE, INT64_MAX);
}
END_TEST

START_TEST(one_that_is_suspended_does_nothing_until_it_is_resumed)
{
	struct schedule_facts facts = at_rest();
	facts.suspended = true;
	facts.new_head = true;
	facts.heal_due = NOW;
	expect(&facts, TURN_NONE, INT64_MAX);
	facts.resume = NOW + HOUR;
	expect(&facts, TURN_NONE, NOW + HOUR);
}
END_TEST

START_TEST(one_that_is_being_deleted_is_deleted_also_when_suspended)
{
	struct schedule_facts facts = at_rest();
	facts.deleting = true;
	facts.suspended = true;
	expect(&facts, TURN_DELETE, NOW);
	facts.failures = 2;
	expect(&facts, TURN_DELETE, facts.ended + 10000);
}
END_TEST

START_TEST(before_it_is_polled_its_secrets_are_read_and_drift_is_healed_meanwhile)
{
	struct schedule_facts facts = at_rest();
	facts.joined = false;
	expect(&facts, TURN_JOIN, NOW);
	facts.failures = 1;
	facts.ended = NOW;
	expect(&facts, TURN_JOIN, NOW + 5000);
	facts.asked = true;
	expect(&facts, TURN_JOIN, NOW + 5000);
	facts.heal_due = NOW + 100;
	expect(&facts, TURN_HEAL, NOW + 100);
}
END_TEST

START_TEST(jitter_stays_within_a_tenth_and_backoff_within_its_most)
{
	int64_t least = INT64_MAX;
	int64_t most = 0;
	for (uint64_t i = 0; i < 1000; i++) {
		int64_t at = schedule_jitter(MINUTE, i * 7919 << 13);
		least = at < least ? at : least;
		most = at > most ? at : most;
	}
	ck_assert_int_ge(least, 54000);
	ck_assert_int_lt(least, 55000);
	ck_assert_int_le(most, 66000);
	ck_assert_int_gt(most, 65000);
	ck_assert_int_eq(schedule_jitter(0, 12345), 0);
	ck_assert_int_eq(schedule_backoff(1, HOUR), 5000);
	ck_assert_int_eq(schedule_backoff(4000000000U, HOUR), HOUR);
	ck_assert_int_eq(schedule_backoff(100, 0), MINUTE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("schedule");
	TCase *tests = tcase_create("schedule");
	tcase_add_test(tests, at_rest_only_the_verification_is_due);
	tcase_add_test(tests, a_new_commit_a_changed_spec_and_the_first_commit_are_taken_at_once);
	tcase_add_test(tests, a_new_commit_does_not_wait_for_the_backoff_of_the_one_before);
	tcase_add_test(tests, what_failed_is_tried_again_each_time_later);
	tcase_add_test(tests, drift_is_healed_when_it_is_due_also_after_a_failed_sync_and_while_waiting_for_others);
	tcase_add_test(tests, what_is_new_goes_before_a_heal);
	tcase_add_test(tests, one_that_waits_for_others_takes_nothing_new);
	tcase_add_test(tests, one_that_is_suspended_does_nothing_until_it_is_resumed);
	tcase_add_test(tests, one_that_is_being_deleted_is_deleted_also_when_suspended);
	tcase_add_test(tests, before_it_is_polled_its_secrets_are_read_and_drift_is_healed_meanwhile);
	tcase_add_test(tests, jitter_stays_within_a_tenth_and_backoff_within_its_most);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
