#include "sync/prepare.h"

#include <stdio.h>

#include "sync/clock.h"
#include "tests/unit/sync/prepare_fixture.h"

START_TEST(what_does_not_render_is_told_whole_and_asks_the_cluster_nothing)
{
	push('1', "apiVersion: v1\nkind: ConfigMap\n---\nkind: ConfigMap\nmetadata:\n  name: a\n");
	ck_assert(!plans());
	ck_assert_uint_eq(scene.report.error_count, 2);
	ck_assert(told("all.yaml:1: ") && told("metadata.name"));
	ck_assert(told("all.yaml:4: ") && told("apiVersion"));
	ck_assert_int_eq(report_exit_code(&scene.report), 4);
	ck_assert_uint_eq(fake_kube_requests(scene.fake, ""), 0);
}
END_TEST

START_TEST(a_directory_without_manifests_is_an_error)
{
	push('1', NULL);
	ck_assert(!plans());
	ck_assert(told("no manifests in '.'"));
	ck_assert_int_eq(report_exit_code(&scene.report), 4);
	ck_assert_uint_eq(fake_kube_requests(scene.fake, ""), 0);
}
END_TEST

START_TEST(a_plan_of_new_objects_only_reads)
{
	push('1', CONFIG("a", "1") CONFIG("b", "1"));
	ck_assert(plans());
	ck_assert_uint_eq(planned(ACTION_CREATE), 2);
	ck_assert_uint_eq(prepared.plan->count, 2);
	ck_assert(prepared.source_same && prepared.target_same && !prepared.namespace_missing);
	ck_assert_uint_eq(writes(), 0);
}
END_TEST

START_TEST(the_namespace_of_the_sync_has_to_be_there_or_to_be_asked_for)
{
	push('1', CONFIG("a", "1"));
	fake_kube_remove(scene.fake, "/api/v1/namespaces/shop");
	ck_assert(!plans());
	ck_assert(told("namespace 'shop' of the sync is not there: --create-namespace makes it"));
	ck_assert_uint_eq(writes(), 0);
	scene.options.create_namespace = true;
	ck_assert(plans());
	ck_assert(prepared.namespace_missing);
	ck_assert_uint_eq(writes(), 0);
}
END_TEST

START_TEST(a_namespace_that_is_nowhere_is_told_with_the_place_of_its_object)
{
	static const char lost[] = CONFIG("a", "1") "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: b\n  namespace: far\n";
	static const char found[] = CONFIG("a", "1") "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: b\n  namespace: far\n"
												 "---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: far\n";
	push('1', lost);
	ck_assert(!plans());
	ck_assert(told("all.yaml:9: configmap/b in far: namespace 'far' is neither there nor in the manifests"));
	ck_assert_uint_eq(writes(), 0);
	push('2', found);
	ck_assert(plans());
	ck_assert_uint_eq(planned(ACTION_CREATE), 3);
}
END_TEST

START_TEST(a_commit_that_does_not_descend_is_refused_unless_that_is_allowed)
{
	push('2', CONFIG("a", "2"));
	ck_assert_int_eq(sync_now(), RESULT_APPLIED);
	push('1', CONFIG("a", "1"));
	scene.descends = false;
	ck_assert(!plans());
	ck_assert_int_eq(scene.report.stop, STOP_REWIND);
	ck_assert(told("commit 1111111 does not descend from 2222222, which sync 1 was of: --allow-rewind allows it"));
	ck_assert_int_eq(report_exit_code(&scene.report), 7);
	ck_assert_uint_eq(writes(), 0);
	scene.options.allow_rewind = true;
	ck_assert(plans());
	ck_assert_uint_eq(planned(ACTION_CHANGE), 1);
}
END_TEST

START_TEST(the_commit_that_was_synced_last_is_asked_of_nobody)
{
	push('1', CONFIG("a", "1"));
	ck_assert_int_eq(sync_now(), RESULT_APPLIED);
	scene.descends = false;
	ck_assert(plans());
	ck_assert_uint_eq(planned(ACTION_NONE), 1);
}
END_TEST

START_TEST(another_source_than_the_recorded_one_prunes_nothing_unless_that_is_allowed)
{
	push('1', CONFIG("a", "1") CONFIG("b", "1"));
	ck_assert_int_eq(sync_now(), RESULT_APPLIED);
	push('2', CONFIG("a", "1"));
	scene.options.source.url = "https://git.example.org/other.git";
	ck_assert(plans());
	ck_assert(!prepared.source_same);
	ck_assert_uint_eq(planned(ACTION_PRUNE), 0);
	ck_assert_uint_eq(planned(ACTION_KEEP), 1);
	ck_assert_uint_eq(scene.report.warning_count, 1);
	ck_assert_ptr_nonnull(strstr(scene.report.warnings[0], "sync 1 was of https://git.example.org/shop.git, path '.'"));
	scene.options.source_changed = true;
	ck_assert(plans());
	ck_assert_uint_eq(planned(ACTION_PRUNE), 1);
}
END_TEST

START_TEST(a_path_that_is_only_written_otherwise_is_the_same_source)
{
	push('1', CONFIG("a", "1") CONFIG("b", "1"));
	ck_assert_int_eq(sync_now(), RESULT_APPLIED);
	push('2', CONFIG("a", "1"));
	scene.options.path = "./";
	ck_assert(plans());
	ck_assert(prepared.source_same);
	ck_assert_uint_eq(planned(ACTION_PRUNE), 1);
}
END_TEST

START_TEST(what_may_not_be_read_is_never_taken_for_gone)
{
	push('1', CONFIG("a", "1") CONFIG("b", "1"));
	ck_assert_int_eq(sync_now(), RESULT_APPLIED);
	push('2', CONFIG("a", "1"));
	scene.fake->deny[0] = "GET /configmaps";
	ck_assert(plans());
	ck_assert(map_has(&prepared.unsure, "/ConfigMap"));
	ck_assert_uint_eq(planned(ACTION_KEEP), 1);
	ck_assert_uint_eq(planned(ACTION_PRUNE) + planned(ACTION_FORGET), 0);
}
END_TEST

enum { NAMES = 20, INTERVAL = 1000 };

/* How many of some syncs verify, all of them verified that long ago, with the same interval. */
static size_t verifying_after(int64_t seconds)
{
	size_t verifying = 0;
	scene.options.verify_interval = (int64_t)INTERVAL * 1000;
	for (int i = 0; i < NAMES; i++) {
		char name[32];
		struct err err = ERR_INIT;
		(void)snprintf(name, sizeof name, "shop-%d", i);
		scene.options.name = name;
		ck_assert(plans());
		ck_assert(ledger_mark_verified(prepared.ledger, clock_wall() - seconds, &err));
		ck_assert(plans());
		verifying += prepared.verifying;
	}
	return verifying;
}

START_TEST(syncs_of_one_interval_do_not_verify_at_the_same_time)
{
	for (int i = 0; i < NAMES; i++) {
		char name[32];
		(void)snprintf(name, sizeof name, "shop-%d", i);
		scene.options.name = name;
		char manifest[128];
		(void)snprintf(manifest, sizeof manifest, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: of-%d\n", i);
		push('1', manifest);
		ck_assert_int_eq(sync_now(), RESULT_APPLIED);
	}
	ck_assert_uint_eq(verifying_after(INTERVAL / 10 * 9 - 100), 0);
	size_t some = verifying_after(INTERVAL);
	ck_assert(some > 0 && some < NAMES);
	ck_assert_uint_eq(verifying_after(INTERVAL / 10 * 11 + 1), NAMES);
}
END_TEST

START_TEST(a_plan_made_again_sees_what_was_written_meanwhile)
{
	push('1', CONFIG("a", "1"));
	ck_assert(plans());
	ck_assert_uint_eq(planned(ACTION_CREATE), 1);
	(void)fake_kube_put(scene.fake, CONFIGMAPS "a", "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\"}");
	ck_assert(prepare_again(&prepared));
	ck_assert_uint_eq(planned(ACTION_CREATE), 0);
	ck_assert_uint_eq(planned(ACTION_ADOPT), 1);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("prepare");
	tcase_add_checked_fixture(tcase, prepare_begin, prepare_end);
	tcase_add_test(tcase, what_does_not_render_is_told_whole_and_asks_the_cluster_nothing);
	tcase_add_test(tcase, a_directory_without_manifests_is_an_error);
	tcase_add_test(tcase, a_plan_of_new_objects_only_reads);
	tcase_add_test(tcase, the_namespace_of_the_sync_has_to_be_there_or_to_be_asked_for);
	tcase_add_test(tcase, a_namespace_that_is_nowhere_is_told_with_the_place_of_its_object);
	tcase_add_test(tcase, a_commit_that_does_not_descend_is_refused_unless_that_is_allowed);
	tcase_add_test(tcase, the_commit_that_was_synced_last_is_asked_of_nobody);
	tcase_add_test(tcase, another_source_than_the_recorded_one_prunes_nothing_unless_that_is_allowed);
	tcase_add_test(tcase, a_path_that_is_only_written_otherwise_is_the_same_source);
	tcase_add_test(tcase, what_may_not_be_read_is_never_taken_for_gone);
	tcase_add_test(tcase, syncs_of_one_interval_do_not_verify_at_the_same_time);
	tcase_add_test(tcase, a_plan_made_again_sees_what_was_written_meanwhile);
	Suite *suite = suite_create("prepare");
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
