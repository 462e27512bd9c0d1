/*
 * What the limit takes away, and what it spares.
 */
#include "tests/unit/sync/ledger_fixture.h"

static bool has_number(const struct ledger *ledger, int64_t number)
{
	size_t count = 0;
	const struct ledger_sync *syncs = ledger_syncs(ledger, &count);
	size_t i = 0;
	while (i < count && syncs[i].number != number) {
		i++;
	}
	return i < count;
}

START_TEST(the_limit_spares_the_last_healthy_sync_and_counts_heals_apart)
{
	struct ledger *ledger = open_limited(3);
	sync_heal(ledger, COMMIT_A, false, LEDGER_HEALTHY);
	sync_heal(ledger, COMMIT_A, false, LEDGER_HEALTHY);
	for (int i = 0; i < 5; i++) {
		sync_heal(ledger, COMMIT_A, true, LEDGER_APPLIED);
	}
	ck_assert(has_number(ledger, 1) && has_number(ledger, 2) && has_number(ledger, 7));
	ck_assert(!has_number(ledger, 4));
	for (int i = 0; i < 4; i++) {
		sync_heal(ledger, COMMIT_B, false, LEDGER_FAILED);
	}
	ck_assert(!has_number(ledger, 1) && has_number(ledger, 2) && !has_number(ledger, 8) && has_number(ledger, 9));
	size_t count = 0;
	(void)ledger_syncs(ledger, &count);
	ck_assert_uint_eq(count, 7);
	ledger_free(ledger);
	ledger = open_limited(3);
	(void)ledger_syncs(ledger, &count);
	ck_assert_uint_eq(count, 7);
	ck_assert_uint_eq(fake_kube_count(fake, RECORDS), 14);
	ledger_free(ledger);
}
END_TEST

static void sync_revision(struct ledger *ledger, int64_t to, const char *hash)
{
	struct inventory now = INVENTORY_INIT;
	struct ledger_sync sync = sync_of(COMMIT_A);
	sync.result = LEDGER_APPLIED;
	add_revision(&sync, "web", "deploy-uid", to - 1, to, hash);
	must_sync(ledger, &sync, &now);
}

START_TEST(a_record_that_a_living_replicaset_maps_to_is_spared)
{
	(void)fake_kube_put(fake, SETS "/web-bbb",
	                    "{\"metadata\":{\"annotations\":{\"deployment.kubernetes.io/revision\":\"2\"},"
	                    "\"labels\":{\"pod-template-hash\":\"bbb\"},\"ownerReferences\":"
	                    "[{\"controller\":true,\"uid\":\"deploy-uid\"}]}}");
	struct ledger *ledger = open_limited(1);
	sync_revision(ledger, 1, "aaa");
	sync_revision(ledger, 2, "bbb");
	sync_revision(ledger, 3, "bbb");
	sync_revision(ledger, 4, "ccc");
	ck_assert(!has_number(ledger, 3));
	ck_assert(!has_number(ledger, 1) && has_number(ledger, 2) && has_number(ledger, 4));
	ck_assert_ptr_null(fake_kube_get(fake, RECORDS "/plumb-web-1-intent"));
	ck_assert_ptr_null(fake_kube_get(fake, RECORDS "/plumb-web-1-outcome"));
	fake_kube_remove(fake, SETS "/web-bbb");
	sync_revision(ledger, 5, "ddd");
	ck_assert(!has_number(ledger, 2) && !has_number(ledger, 4));
	fake->deny[0] = "GET replicasets";
	sync_revision(ledger, 6, "eee");
	ck_assert(has_number(ledger, 5) && has_number(ledger, 6));
	ledger_free(ledger);
}
END_TEST

START_TEST(what_a_trim_that_was_killed_left_is_not_unfinished_and_goes_with_the_next)
{
	struct ledger *ledger = open_limited(3);
	for (int i = 0; i < 3; i++) {
		sync_heal(ledger, COMMIT_A, false, LEDGER_APPLIED);
	}
	ledger_free(ledger);
	fake_kube_remove(fake, RECORDS "/plumb-web-1-intent");
	fake_kube_remove(fake, RECORDS "/plumb-web-2-outcome");
	ledger = open_limited(3);
	size_t count = 0;
	const struct ledger_sync *syncs = ledger_syncs(ledger, &count);
	ck_assert_uint_eq(count, 2);
	ck_assert_int_eq(syncs[0].number, 2);
	ck_assert_int_eq(syncs[0].result, LEDGER_INTERRUPTED);
	sync_heal(ledger, COMMIT_B, false, LEDGER_APPLIED);
	ck_assert_ptr_null(fake_kube_get(fake, RECORDS "/plumb-web-1-outcome"));
	ck_assert_uint_eq(fake_kube_count(fake, RECORDS), 5);
	ledger_free(ledger);
}
END_TEST

START_TEST(replicasets_are_listed_only_when_something_would_go)
{
	struct ledger *ledger = open_limited(2);
	sync_revision(ledger, 1, "aaa");
	sync_revision(ledger, 2, "bbb");
	ck_assert_uint_eq(fake_kube_requests(fake, "GET " SETS), 0);
	sync_revision(ledger, 3, "ccc");
	ck_assert_uint_eq(fake_kube_requests(fake, "GET " SETS), 1);
	ledger_free(ledger);
}
END_TEST

START_TEST(one_that_is_hurried_leaves_the_trim_to_the_next_within_bounds)
{
	struct ledger *ledger = open_limited(2);
	size_t count = 0;
	ledger_hurry(ledger);
	for (int i = 0; i < 4; i++) {
		sync_heal(ledger, COMMIT_A, false, LEDGER_HEALTHY);
	}
	(void)ledger_syncs(ledger, &count);
	ck_assert_uint_eq(count, 4);
	sync_heal(ledger, COMMIT_A, false, LEDGER_HEALTHY);
	(void)ledger_syncs(ledger, &count);
	ck_assert_uint_eq(count, 2);
	sync_heal(ledger, COMMIT_A, false, LEDGER_HEALTHY);
	ledger_free(ledger);
	ledger = open_limited(2);
	sync_heal(ledger, COMMIT_A, false, LEDGER_HEALTHY);
	(void)ledger_syncs(ledger, &count);
	ck_assert_uint_eq(count, 2);
	ledger_free(ledger);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ledger_trim");
	TCase *tests = tcase_create("ledger_trim");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, the_limit_spares_the_last_healthy_sync_and_counts_heals_apart);
	tcase_add_test(tests, a_record_that_a_living_replicaset_maps_to_is_spared);
	tcase_add_test(tests, what_a_trim_that_was_killed_left_is_not_unfinished_and_goes_with_the_next);
	tcase_add_test(tests, replicasets_are_listed_only_when_something_would_go);
	tcase_add_test(tests, one_that_is_hurried_leaves_the_trim_to_the_next_within_bounds);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
