#include "sync/ahead.h"

#include "tests/unit/sync/prepare_fixture.h"

static atomic_int stop;

static void begin(void)
{
	prepare_begin();
	stop = 0;
	scene.options.stop = &stop;
}

static bool at_once(void)
{
	prepare_anew();
	return prepare_all(&scene.options, &scene.report, &prepared);
}

static void check_plan(void)
{
	ck_assert_uint_eq(planned(ACTION_CHANGE), 1);
	ck_assert_uint_eq(planned(ACTION_CREATE), 1);
	ck_assert_uint_eq(planned(ACTION_PRUNE), 1);
	ck_assert_uint_eq(prepared.lives.count, 2);
}

START_TEST(the_plan_is_the_same_and_nothing_is_asked_twice)
{
	push('1', CONFIG("a", "1") CONFIG("b", "1"));
	ck_assert_int_eq(sync_now(), RESULT_APPLIED);
	push('2', CONFIG("a", "2") CONFIG("c", "1"));
	ck_assert(plans());
	check_plan();
	size_t requests = fake_kube_requests(scene.fake, "");
	ck_assert(at_once());
	check_plan();
	ck_assert_uint_eq(fake_kube_requests(scene.fake, ""), requests);
	ck_assert_uint_eq(writes(), 0);
}
END_TEST

/* Of the objects with our label the inventory has not: one is desired, one is nobody's business. */
START_TEST(what_the_inventory_lacks_counts_where_it_is_desired)
{
	static const char *const labelled =
		"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"labels\":{\"plumb.dev/name\":\"shop\","
		"\"plumb.dev/namespace\":\"shop\"}}}";
	push('1', CONFIG("a", "1"));
	ck_assert_int_eq(sync_now(), RESULT_APPLIED);
	(void)fake_kube_put(scene.fake, CONFIGMAPS "new", labelled);
	(void)fake_kube_put(scene.fake, CONFIGMAPS "other", labelled);
	push('2', CONFIG("a", "1") CONFIG("new", "1"));
	ck_assert(at_once());
	ck_assert_uint_eq(prepared.lives.count, 2);
	ck_assert_uint_eq(planned(ACTION_CREATE), 0);
	ck_assert_uint_eq(planned(ACTION_PRUNE), 0);
}
END_TEST

START_TEST(what_does_not_render_is_all_that_is_told_and_ends_the_reading)
{
	push('1', "apiVersion: v1\nkind: ConfigMap\n");
	scene.hangs = true;
	ck_assert(!at_once());
	ck_assert_uint_eq(scene.report.error_count, 1);
	ck_assert_int_eq(report_exit_code(&scene.report), 4);
}
END_TEST

static void interrupt(void)
{
	stop = 1;
}

START_TEST(a_signal_ends_the_reading)
{
	push('1', CONFIG("a", "1"));
	scene.hangs = true;
	scene.rendering = interrupt;
	ck_assert(!at_once());
	ck_assert_uint_eq(scene.report.error_count, 1);
	ck_assert_str_eq(scene.report.errors[0], "stopped");
	ck_assert_int_eq(report_exit_code(&scene.report), 5);
}
END_TEST

START_TEST(what_the_cluster_refuses_is_told)
{
	push('1', CONFIG("a", "1"));
	scene.fake->deny[0] = "GET /apis";
	ck_assert(!at_once());
	ck_assert_uint_eq(scene.report.error_count, 1);
	ck_assert_int_eq(report_exit_code(&scene.report), 5);
	ck_assert_str_eq(scene.report.ns, "shop");
}
END_TEST

/* The other thread does not notice. */
static void take_a_minute(void)
{
	still_late = 60000;
}

START_TEST(what_is_old_by_then_is_read_again)
{
	push('1', CONFIG("a", "1"));
	ck_assert_int_eq(sync_now(), RESULT_APPLIED);
	scene.options.timeout = 600000;
	scene.rendering = take_a_minute;
	ck_assert(at_once());
	ck_assert_uint_eq(planned(ACTION_NONE), 1);
	ck_assert_uint_eq(fake_kube_requests(scene.fake, "GET /apis/apps/v1/namespaces/shop/controllerrevisions?"), 2);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("ahead");
	tcase_add_checked_fixture(tcase, begin, prepare_end);
	tcase_add_test(tcase, the_plan_is_the_same_and_nothing_is_asked_twice);
	tcase_add_test(tcase, what_the_inventory_lacks_counts_where_it_is_desired);
	tcase_add_test(tcase, what_does_not_render_is_all_that_is_told_and_ends_the_reading);
	tcase_add_test(tcase, a_signal_ends_the_reading);
	tcase_add_test(tcase, what_the_cluster_refuses_is_told);
	tcase_add_test(tcase, what_is_old_by_then_is_read_again);
	Suite *suite = suite_create("ahead");
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
