/*
 * When a heal is due, and when it is not any more.
 */
#include "tests/unit/sync/drift_fixture.h"

START_TEST(detect_and_suspension_only_tell)
{
	synced(web);
	options.detect = _i == 0;
	options.suspended = _i == 1;
	drift_configure(drift, &options);
	see_image_taken("kubectl-set");
	ck_assert_uint_eq(drift_count(drift, DRIFT_FOUND), 1);
	ck_assert_int_eq(drift_due(drift), INT64_MAX);
	options.detect = false;
	options.suspended = false;
	drift_configure(drift, &options);
	ck_assert_int_eq(drift_due(drift), now + 1000);
}
END_TEST

START_TEST(a_heal_that_is_undone_by_the_same_manager_comes_later_each_time)
{
	synced(web);
	int64_t waits[6];
	for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
		see_image_taken("kubectl-set");
		waits[i] = drift_due(drift) - now;
		now = drift_due(drift);
		ck_assert_uint_eq(heal(VERDICT_HEALED), 1);
		now += 100;
	}
	static const int64_t wanted[] = { 1000, 2000, 3000, 5000, 9000, 17000 };
	ck_assert_mem_eq(waits, wanted, sizeof wanted);
	ck_assert(strstr(buf_text(&told), "(fight) [kubectl-set]"));
}
END_TEST

START_TEST(a_heal_that_lasted_is_not_undone)
{
	synced(web);
	for (int i = 0; i < 4; i++) {
		see_image_taken("kubectl-set");
		ck_assert_int_eq(drift_due(drift) - now, 1000);
		now += 1000;
		ck_assert_uint_eq(heal(VERDICT_HEALED), 1);
		now += 11 * MINUTE;
	}
	ck_assert(!strstr(buf_text(&told), "fight"));
}
END_TEST

/* Drift and heal, twice undone. */
static void lose_twice(const char *manager)
{
	for (int i = 0; i < 2; i++) {
		see_image_taken(manager);
		now = drift_due(drift);
		ck_assert_uint_eq(heal(VERDICT_HEALED), 1);
		now += 100;
	}
	buf_reset(&told);
	see_image_taken(manager);
}

START_TEST(plumb_yields_to_a_controller_that_took_a_field_twice)
{
	synced(web);
	lose_twice("image-bot");
	check_told("web drifted: " IMAGE_PATH " is image-bot's (fight) [image-bot]\n"
	           "web contested: contested: image-bot: " IMAGE_PATH " (fight) [image-bot]\n");
	ck_assert_uint_eq(drift_count(drift, DRIFT_CONTESTED), 1);
	ck_assert_int_gt(drift_due(drift), now + 50 * MINUTE);
	const char *const *yielded = drift_yielded(drift, &desired("Deployment")->id);
	ck_assert_str_eq(yielded[0], IMAGE_PATH);
	ck_assert_ptr_null(yielded[1]);
	/* Its further writes are not answered. */
	see_image_taken("image-bot");
	check_told("");
	/* After a while it is tried once more. */
	now = drift_due(drift);
	ck_assert_uint_eq(heal(VERDICT_HEALED), 1);
	ck_assert_ptr_null(drift_yielded(drift, &desired("Deployment")->id));
}
END_TEST

START_TEST(plumb_does_not_yield_to_a_person)
{
	synced(web);
	lose_twice("kubectl-set");
	ck_assert_uint_eq(drift_count(drift, DRIFT_FOUND), 1);
	ck_assert_ptr_null(drift_yielded(drift, &desired("Deployment")->id));
}
END_TEST

START_TEST(beside_a_field_that_was_yielded_others_are_healed)
{
	synced(web);
	lose_twice("image-bot");
	buf_reset(&told);
	cJSON *metadata = metadata_of(desired("Deployment"), IMAGE);
	take_out(doc_get(cJSON_GetArrayItem(doc_get(metadata, "managedFields"), 0), "fieldsV1"), "spec/replicas");
	add_entry(metadata, "image-bot", "Update", NULL, parse(OWNS_IMAGE));
	add_entry(metadata, "kubectl", "Update", "scale", parse(OWNS_REPLICAS));
	see_as("Deployment", metadata);
	check_told("web drifted: spec.replicas is kubectl's (scale) [kubectl]\n");
	now = drift_due(drift);
	ck_assert_uint_eq(heal(VERDICT_HEALED), 1);
	ck_assert_ptr_nonnull(drift_yielded(drift, &desired("Deployment")->id));
}
END_TEST

START_TEST(a_new_manifest_ends_the_contest)
{
	synced(web);
	lose_twice("image-bot");
	static const char *const next[] = { DEPLOYMENT("web", "web:2", ""), NULL };
	synced(next);
	ck_assert_ptr_null(drift_yielded(drift, &desired("Deployment")->id));
	ck_assert_uint_eq(drift_count(drift, DRIFT_CONTESTED), 0);
}
END_TEST

START_TEST(a_deletion_that_comes_again_is_slowed_down_too)
{
	synced(web);
	see_gone("Deployment");
	now = drift_due(drift);
	ck_assert_uint_eq(heal(VERDICT_HEALED), 1);
	see_gone("Deployment");
	ck_assert_int_eq(drift_due(drift), now + 2000);
}
END_TEST

START_TEST(an_object_has_a_budget_of_heals_that_refills_with_time)
{
	static const char *const managers[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k" };
	synced(web);
	options.delay = 0;
	drift_configure(drift, &options);
	for (size_t i = 0; i < ARRAY_LEN(managers); i++) {
		see_image_taken(managers[i]);
		int64_t wait = drift_due(drift) - now;
		ck_assert_msg(i < 10 ? wait <= 0 : wait == MINUTE / 2, "heal %zu after %lld", i, (long long)wait);
		now = wait > 0 ? now + wait : now;
		ck_assert_uint_eq(heal(VERDICT_HEALED), 1);
	}
	now += 10 * MINUTE;
	see_image_taken("l");
	ck_assert_int_le(drift_due(drift), now);
}
END_TEST

START_TEST(a_heal_that_failed_is_tried_again_later_each_time)
{
	synced(web);
	see_image_taken("kubectl-set");
	int64_t wanted[] = { 1000, 1000, 2000, 4000, 8000 };
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		ck_assert_int_eq(drift_due(drift) - now, wanted[i]);
		now = drift_due(drift);
		ck_assert_uint_eq(heal(VERDICT_FAILED), 1);
	}
	now = drift_due(drift);
	ck_assert_uint_eq(heal(VERDICT_HEALED), 1);
	ck_assert_int_eq(drift_due(drift), INT64_MAX);
}
END_TEST

START_TEST(what_is_undone_while_the_heal_is_under_way_is_found_again)
{
	synced(web);
	see_image_taken("kubectl-set");
	now += 1000;
	struct objects objects = drift_take(drift, now);
	ck_assert_uint_eq(objects.count, 1);
	struct report outcome = REPORT_INIT;
	apply("Deployment");
	now += 10;
	see_image_taken("kubectl-set");
	report_verdict(&outcome, &objects.items[0]->id, VERDICT_HEALED, text_dup(""), FAILURE_NONE);
	drift_healed(drift, &outcome, now);
	ck_assert_int_eq(drift_due(drift), now + 2000);
	report_release(&outcome);
	objects_release(&objects);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("drift_heal");
	TCase *tests = tcase_create("drift_heal");
	tcase_add_checked_fixture(tests, begin, finish);
	tcase_add_loop_test(tests, detect_and_suspension_only_tell, 0, 2);
	tcase_add_test(tests, a_heal_that_is_undone_by_the_same_manager_comes_later_each_time);
	tcase_add_test(tests, a_heal_that_lasted_is_not_undone);
	tcase_add_test(tests, plumb_yields_to_a_controller_that_took_a_field_twice);
	tcase_add_test(tests, plumb_does_not_yield_to_a_person);
	tcase_add_test(tests, beside_a_field_that_was_yielded_others_are_healed);
	tcase_add_test(tests, a_new_manifest_ends_the_contest);
	tcase_add_test(tests, a_deletion_that_comes_again_is_slowed_down_too);
	tcase_add_test(tests, an_object_has_a_budget_of_heals_that_refills_with_time);
	tcase_add_test(tests, a_heal_that_failed_is_tried_again_later_each_time);
	tcase_add_test(tests, what_is_undone_while_the_heal_is_under_way_is_found_again);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
