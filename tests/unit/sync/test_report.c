#include <check.h>
#include <stdlib.h>

#include "sync/report.h"

static struct ident web(void)
{
	return ident_make("apps", "Deployment", "shop", "web");
}

START_TEST(a_later_verdict_replaces_an_earlier_one)
{
	struct report report = REPORT_INIT;
	struct ident id = web();
	report_verdict(&report, &id, VERDICT_WAITING, text_dup("finalizer x"), FAILURE_NONE);
	report_verdict(&report, &id, VERDICT_CREATED, text_dup(""), FAILURE_NONE);
	ck_assert_uint_eq(report.count, 1);
	ck_assert_uint_eq(report.verdicts[VERDICT_WAITING], 0);
	ck_assert_uint_eq(report.verdicts[VERDICT_CREATED], 1);
	ck_assert_str_eq(report_find(&report, &id)->reason, "");
	ck_assert_int_eq(report_exit_code(&report), 0);
	ident_release(&id);
	report_release(&report);
}
END_TEST

START_TEST(of_several_failures_the_first_in_the_order_2_3_5_4_7_6_is_the_exit_code)
{
	static const struct {
		enum failure failure;
		int code;
	} steps[] = {
		{ FAILURE_NONE, 0 },    { FAILURE_ROLLOUT, 6 }, { FAILURE_STOPPED, 7 }, { FAILURE_MANIFESTS, 4 },
		{ FAILURE_CLUSTER, 5 }, { FAILURE_GIT, 3 },     { FAILURE_USAGE, 2 },
	};
	struct report report = REPORT_INIT;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		if (steps[i].failure != FAILURE_NONE) {
			report_fail(&report, steps[i].failure, text_dup("it went wrong"));
		}
		ck_assert_int_eq(report_exit_code(&report), steps[i].code);
	}
	ck_assert_uint_eq(report.error_count, 6);
	report_release(&report);
}
END_TEST

START_TEST(a_warning_is_said_once)
{
	struct report report = REPORT_INIT;
	report_warn(&report, text_dup("careful"));
	report_warn(&report, text_dup("careful"));
	report_warn(&report, text_dup("more"));
	ck_assert_uint_eq(report.warning_count, 2);
	ck_assert_int_eq(report_exit_code(&report), 0);
	report_release(&report);
}
END_TEST

struct heard {
	size_t count;
	enum verdict last;
	bool followed;
};

static void hear(void *context, const struct report *report, const struct report_object *object)
{
	(void)report;
	struct heard *heard = context;
	heard->count++;
	heard->last = object->verdict;
	heard->followed = object->followed;
}

START_TEST(whoever_listens_hears_of_each_verdict_and_each_health)
{
	struct heard heard = { 0 };
	struct report report = REPORT_INIT;
	report.changed = hear;
	report.context = &heard;
	struct ident id = web();
	report_verdict(&report, &id, VERDICT_CHANGED, text_dup("manifest changed"), FAILURE_NONE);
	ck_assert(!heard.followed);
	struct health_report health = { .health = HEALTH_PROGRESSING };
	report_health(&report, &id, &health);
	ck_assert_uint_eq(heard.count, 2);
	ck_assert_int_eq(heard.last, VERDICT_CHANGED);
	ck_assert(heard.followed);
	ident_release(&id);
	report_release(&report);
}
END_TEST

START_TEST(what_stopped_it_is_the_first_that_says_more_than_incomplete)
{
	struct report report = REPORT_INIT;
	report_fail(&report, FAILURE_STOPPED, text_dup("a lock"));
	ck_assert_int_eq(report.stop, STOP_INCOMPLETE);
	report_stop(&report, STOP_PRUNE, text_dup("too many"));
	report_stop(&report, STOP_SOURCE, text_dup("another URL"));
	report_fail(&report, FAILURE_STOPPED, text_dup("a signal"));
	ck_assert_int_eq(report.stop, STOP_PRUNE);
	ck_assert_int_eq(report_exit_code(&report), 7);
	report_release(&report);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("report");
	tcase_add_test(tcase, a_later_verdict_replaces_an_earlier_one);
	tcase_add_test(tcase, of_several_failures_the_first_in_the_order_2_3_5_4_7_6_is_the_exit_code);
	tcase_add_test(tcase, a_warning_is_said_once);
	tcase_add_test(tcase, whoever_listens_hears_of_each_verdict_and_each_health);
	Suite *suite = suite_create("report");
	tcase_add_test(tcase, what_stopped_it_is_the_first_that_says_more_than_incomplete);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
