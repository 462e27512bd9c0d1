#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/doc.h"
#include "sync/syncstatus.h"
#include "tests/unit/fake_kube.h"

#include "tests/unit/fake_kube.c"

#define COMMIT "4f2a91c0000000000000000000000000000000aa"
#define LATER "5a00000000000000000000000000000000000bbb"
#define OBJECT "/apis/plumb.dev/v1alpha1/namespaces/shop/syncs/shop/status"

static struct syncspec spec;
static struct syncstatus status;
static struct report report;

static void setup(void)
{
	spec = (struct syncspec){
		.ns = text_dup("shop"),
		.name = text_dup("shop"),
		.uid = text_dup("u1"),
		.generation = 3,
		.ref_kind = SYNCSPEC_BRANCH,
		.ref = text_dup("main"),
		.wait = true,
	};
	status = SYNCSTATUS_INIT;
	report = REPORT_INIT;
}

static void teardown(void)
{
	syncspec_release(&spec);
	syncstatus_release(&status);
	report_release(&report);
}

static const char *condition(const char *type, const char *field)
{
	const cJSON *at = NULL;
	cJSON_ArrayForEach (at, doc_get(status.now, "conditions")) {
		if (strcmp(doc_text(at, "type"), type) == 0) {
			return doc_text(at, field);
		}
	}
	return "absent";
}

static const char *text(const char *path)
{
	const char *value = doc_text(status.now, path);
	return value ? value : "";
}

/* A cycle of the commit in which the Deployment got the verdict. */
static void cycle(const char *commit, enum report_result result, enum verdict verdict, int64_t number)
{
	struct ident web = { (char[]){ "apps" }, (char[]){ "Deployment" }, (char[]){ "shop" }, (char[]){ "web" } };
	report_release(&report);
	(void)snprintf(report.commit.id, sizeof report.commit.id, "%s", commit);
	report.commit.subject = text_dup("Raise the limit");
	report.result = result;
	report.number = number;
	report_verdict(&report, &web, verdict, text_dup("because"), FAILURE_NONE);
}

static void health(enum health health)
{
	struct health_report said = { .health = health, .reason = "ProgressDeadlineExceeded" };
	report_health(&report, &report.objects[0]->id, &said);
}

START_TEST(a_healthy_cycle_is_ready_and_names_its_commit_three_times)
{
	cycle(COMMIT, RESULT_HEALTHY, VERDICT_CHANGED, 7);
	syncstatus_from_report(&status, &spec, &report, 1000);
	ck_assert_str_eq(condition("Ready", "status"), "True");
	ck_assert_str_eq(condition("Ready", "reason"), "Succeeded");
	ck_assert_str_eq(condition("Ready", "message"), "main@sha1:4f2a91c, 1 object, healthy");
	ck_assert_str_eq(condition("Reconciling", "status"), "absent");
	ck_assert_str_eq(condition("Stalled", "status"), "absent");
	ck_assert_str_eq(text("lastAttemptedCommit"), COMMIT);
	ck_assert_str_eq(text("lastAppliedCommit"), COMMIT);
	ck_assert_str_eq(text("lastHealthyCommit"), COMMIT);
	ck_assert_int_eq(doc_int(status.now, "observedGeneration", 0), 3);
	ck_assert_int_eq(doc_int(status.now, "inventory/count", 0), 1);
	ck_assert(syncstatus_is_ready(&status, &spec));
	spec.generation = 4;
	ck_assert(!syncstatus_is_ready(&status, &spec));
}
END_TEST

START_TEST(who_does_not_wait_learns_nothing_of_health)
{
	spec.wait = false;
	cycle(COMMIT, RESULT_APPLIED, VERDICT_CHANGED, 7);
	syncstatus_from_report(&status, &spec, &report, 1000);
	ck_assert_str_eq(text("lastAppliedCommit"), COMMIT);
	ck_assert_str_eq(text("lastHealthyCommit"), "");
}
END_TEST

START_TEST(a_commit_on_its_way_is_reconciling_and_no_longer_ready)
{
	cycle(COMMIT, RESULT_HEALTHY, VERDICT_CHANGED, 7);
	syncstatus_from_report(&status, &spec, &report, 1000);
	syncstatus_progress(&status, &spec, LATER, "applying", 1100);
	ck_assert_str_eq(condition("Ready", "status"), "Unknown");
	ck_assert_str_eq(condition("Reconciling", "status"), "True");
	ck_assert_str_eq(condition("Reconciling", "message"), "5a00000: applying");
	ck_assert_str_eq(text("lastAttemptedCommit"), LATER);
	ck_assert_str_eq(text("lastAppliedCommit"), COMMIT);
}
END_TEST

START_TEST(a_failed_rollout_is_applied_and_stalled_but_not_healthy)
{
	cycle(COMMIT, RESULT_FAILED, VERDICT_CHANGED, 7);
	health(HEALTH_FAILED);
	report_fail(&report, FAILURE_ROLLOUT, text_dup("deployment.apps/web in shop: ProgressDeadlineExceeded"));
	syncstatus_from_report(&status, &spec, &report, 1000);
	ck_assert_str_eq(condition("Ready", "status"), "False");
	ck_assert_str_eq(condition("Ready", "reason"), "RolloutFailed");
	ck_assert_str_eq(condition("Stalled", "status"), "True");
	ck_assert_str_eq(condition("Ready", "message"), "4f2a91c: deployment.apps/web in shop: ProgressDeadlineExceeded");
	ck_assert_str_eq(text("lastAppliedCommit"), COMMIT);
	ck_assert_str_eq(text("lastHealthyCommit"), "");
}
END_TEST

START_TEST(a_rollout_that_is_only_slow_is_tried_again)
{
	cycle(COMMIT, RESULT_FAILED, VERDICT_CHANGED, 7);
	health(HEALTH_PROGRESSING);
	report_fail(&report, FAILURE_ROLLOUT, text_dup("not healthy within the timeout"));
	syncstatus_from_report(&status, &spec, &report, 1000);
	ck_assert_str_eq(condition("Ready", "reason"), "RolloutTimeout");
	ck_assert_str_eq(condition("Reconciling", "status"), "True");
	ck_assert_str_eq(condition("Stalled", "status"), "absent");
}
END_TEST

START_TEST(each_failure_has_its_reason)
{
	static const struct {
		enum failure failure;
		enum stop stop;
		enum verdict verdict;
		const char *reason;
		bool stalled;
	} rows[] = {
		{ FAILURE_GIT, STOP_NONE, VERDICT_UNCHANGED, "FetchFailed", false },
		{ FAILURE_CLUSTER, STOP_NONE, VERDICT_UNCHANGED, "ClusterFailed", false },
		{ FAILURE_MANIFESTS, STOP_NONE, VERDICT_UNCHANGED, "ManifestsFailed", true },
		{ FAILURE_MANIFESTS, STOP_NONE, VERDICT_FAILED, "ApplyFailed", false },
		{ FAILURE_STOPPED, STOP_PRUNE, VERDICT_KEPT, "PruneBlocked", true },
		{ FAILURE_STOPPED, STOP_SOURCE, VERDICT_KEPT, "SourceChanged", true },
		{ FAILURE_STOPPED, STOP_REWIND, VERDICT_UNCHANGED, "RewindRefused", true },
		{ FAILURE_STOPPED, STOP_INCOMPLETE, VERDICT_BLOCKED, "Blocked", true },
		{ FAILURE_STOPPED, STOP_INCOMPLETE, VERDICT_WAITING, "Incomplete", false },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cycle(COMMIT, RESULT_FAILED, rows[i].verdict, 1);
		if (rows[i].failure == FAILURE_STOPPED) {
			report_stop(&report, rows[i].stop, text_dup("why"));
		} else {
			report_fail(&report, rows[i].failure, text_dup("why"));
		}
		syncstatus_from_report(&status, &spec, &report, 1000);
		ck_assert_str_eq(condition("Ready", "status"), "False");
		ck_assert_str_eq(condition("Ready", "reason"), rows[i].reason);
		ck_assert_str_eq(condition("Stalled", "status"), rows[i].stalled ? "True" : "absent");
		ck_assert_str_eq(condition("Reconciling", "status"), rows[i].stalled ? "absent" : "True");
	}
}
END_TEST

START_TEST(what_the_brake_keeps_is_applied_all_the_same)
{
	cycle(COMMIT, RESULT_INCOMPLETE, VERDICT_CHANGED, 7);
	report_stop(&report, STOP_PRUNE, text_dup("would prune 7 of 9 objects"));
	syncstatus_from_report(&status, &spec, &report, 1000);
	ck_assert_str_eq(text("lastAppliedCommit"), COMMIT);
	ck_assert_str_eq(condition("Ready", "status"), "False");
}
END_TEST

START_TEST(a_blocked_or_waiting_object_is_not_applied)
{
	cycle(COMMIT, RESULT_INCOMPLETE, VERDICT_BLOCKED, 7);
	syncstatus_from_report(&status, &spec, &report, 1000);
	cycle(COMMIT, RESULT_INCOMPLETE, VERDICT_WAITING, 7);
	syncstatus_from_report(&status, &spec, &report, 1000);
	ck_assert_str_eq(text("lastAppliedCommit"), "");
}
END_TEST

START_TEST(the_transition_time_moves_only_with_the_status)
{
	cycle(COMMIT, RESULT_HEALTHY, VERDICT_CHANGED, 7);
	syncstatus_from_report(&status, &spec, &report, 1000);
	cycle(LATER, RESULT_HEALTHY, VERDICT_CHANGED, 8);
	syncstatus_from_report(&status, &spec, &report, 2000);
	ck_assert_str_eq(condition("Ready", "lastTransitionTime"), "1970-01-01T00:16:40Z");
	syncstatus_failed(&status, &spec, REASON_FETCH, "no", 3000);
	ck_assert_str_eq(condition("Ready", "lastTransitionTime"), "1970-01-01T00:50:00Z");
}
END_TEST

START_TEST(history_has_an_entry_for_each_commit_and_result_and_no_heals)
{
	for (int i = 0; i < 8; i++) {
		CLEANUP(text_freep) char *commit = text_printf("%040d", i);
		cycle(commit, RESULT_HEALTHY, VERDICT_CHANGED, i + 1);
		syncstatus_from_report(&status, &spec, &report, 1000 + i);
		cycle(commit, RESULT_HEALTHY, VERDICT_HEALED, 100 + i);
		syncstatus_from_report(&status, &spec, &report, 1000 + i);
		cycle(commit, RESULT_UNCHANGED, VERDICT_UNCHANGED, 0);
		syncstatus_from_report(&status, &spec, &report, 1000 + i);
	}
	const cJSON *history = doc_get(status.now, "history");
	ck_assert_int_eq(cJSON_GetArraySize(history), 5);
	ck_assert_int_eq(doc_int(history->child, "sync", 0), 8);
	ck_assert_str_eq(doc_text(history->child, "subject"), "Raise the limit");
}
END_TEST

START_TEST(suspended_is_neither_ready_nor_stalled_and_keeps_the_commits)
{
	cycle(COMMIT, RESULT_HEALTHY, VERDICT_CHANGED, 7);
	syncstatus_from_report(&status, &spec, &report, 1000);
	spec.suspend_until = 5000;
	syncstatus_suspended(&status, &spec, 2000);
	ck_assert_str_eq(condition("Ready", "status"), "Unknown");
	ck_assert_str_eq(condition("Ready", "reason"), "Suspended");
	ck_assert_str_eq(condition("Ready", "message"),
	                 "suspended until 1970-01-01T01:23:20Z at 4f2a91c: neither new commits nor drift are acted on");
	ck_assert_str_eq(condition("Reconciling", "status"), "absent");
	ck_assert_str_eq(text("lastHealthyCommit"), COMMIT);
}
END_TEST

START_TEST(drift_that_is_only_detected_takes_ready_away_and_gives_it_back)
{
	cycle(COMMIT, RESULT_HEALTHY, VERDICT_CHANGED, 7);
	syncstatus_from_report(&status, &spec, &report, 1000);
	syncstatus_drifted(&status, &spec, 2, "deployment.apps/web in shop", 2000);
	ck_assert_str_eq(condition("Ready", "status"), "False");
	ck_assert_str_eq(condition("Ready", "message"), "4f2a91c: 2 objects drifted, first deployment.apps/web in shop");
	syncstatus_drifted(&status, &spec, 0, "", 3000);
	ck_assert_str_eq(condition("Ready", "status"), "True");
	syncstatus_failed(&status, &spec, REASON_FETCH, "no", 4000);
	syncstatus_drifted(&status, &spec, 2, "x", 5000);
	ck_assert_str_eq(condition("Ready", "reason"), "FetchFailed");
}
END_TEST

START_TEST(an_invalid_spec_is_stalled_with_all_that_is_wrong)
{
	struct err err = ERR_INIT;
	const char *json = "{\"metadata\":{\"name\":\"shop\",\"namespace\":\"shop\",\"generation\":9}}";
	CLEANUP(doc_freep) cJSON *document = doc_parse(json, strlen(json), &err);
	struct problems problems = PROBLEMS_INIT;
	problems_add(&problems, PROBLEM_ERROR, NULL, 0, "spec.source", "is missing");
	problems_add(&problems, PROBLEM_ERROR, NULL, 0, "spec.x", "unknown field");
	syncstatus_invalid(&status, document, &problems, 1000);
	problems_release(&problems);
	ck_assert_str_eq(condition("Stalled", "reason"), "InvalidSpec");
	ck_assert_str_eq(condition("Ready", "message"), "spec.source: is missing; spec.x: unknown field");
	ck_assert_int_eq(doc_int(status.now, "observedGeneration", 0), 9);
}
END_TEST

START_TEST(a_message_is_one_line_of_bounded_length)
{
	char long_text[4000];
	memset(long_text, 'x', sizeof long_text - 1);
	long_text[sizeof long_text - 1] = '\0';
	long_text[3] = '\n';
	syncstatus_failed(&status, &spec, REASON_FETCH, long_text, 1000);
	ck_assert_uint_eq(strlen(condition("Ready", "message")), 1027);
	ck_assert_ptr_null(strchr(condition("Ready", "message"), '\n'));
}
END_TEST

START_TEST(what_did_not_change_is_not_written_again)
{
	struct err err = ERR_INIT;
	struct fake_kube *fake = fake_kube_new();
	fake_kube_put(fake, OBJECT, "{\"metadata\":{\"name\":\"shop\",\"namespace\":\"shop\"}}");
	ck_assert(syncstatus_write(&fake->kube, &spec, &status, &err));
	ck_assert_uint_eq(fake_kube_requests(fake, ""), 0);
	cycle(COMMIT, RESULT_HEALTHY, VERDICT_CHANGED, 7);
	syncstatus_from_report(&status, &spec, &report, 1000);
	ck_assert(syncstatus_write(&fake->kube, &spec, &status, &err));
	ck_assert_uint_eq(fake_kube_requests(fake, "PATCH " OBJECT "?fieldManager=plumb-agent&force=true"), 1);
	ck_assert_str_eq(doc_text(fake_kube_get(fake, OBJECT), "status/lastHealthyCommit"), COMMIT);
	cycle(COMMIT, RESULT_UNCHANGED, VERDICT_UNCHANGED, 0);
	syncstatus_from_report(&status, &spec, &report, 2000);
	ck_assert(syncstatus_write(&fake->kube, &spec, &status, &err));
	ck_assert_uint_eq(fake_kube_requests(fake, "PATCH"), 1);
	fake_kube_free(fake);
}
END_TEST

START_TEST(a_sync_that_is_gone_is_told)
{
	struct err err = ERR_INIT;
	struct fake_kube *fake = fake_kube_new();
	syncstatus_suspended(&status, &spec, 1000);
	ck_assert(!syncstatus_write(&fake->kube, &spec, &status, &err));
	ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
	fake_kube_free(fake);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("syncstatus");
	TCase *tests = tcase_create("syncstatus");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_healthy_cycle_is_ready_and_names_its_commit_three_times);
	tcase_add_test(tests, who_does_not_wait_learns_nothing_of_health);
	tcase_add_test(tests, a_commit_on_its_way_is_reconciling_and_no_longer_ready);
	tcase_add_test(tests, a_failed_rollout_is_applied_and_stalled_but_not_healthy);
	tcase_add_test(tests, a_rollout_that_is_only_slow_is_tried_again);
	tcase_add_test(tests, each_failure_has_its_reason);
	tcase_add_test(tests, what_the_brake_keeps_is_applied_all_the_same);
	tcase_add_test(tests, a_blocked_or_waiting_object_is_not_applied);
	tcase_add_test(tests, the_transition_time_moves_only_with_the_status);
	tcase_add_test(tests, history_has_an_entry_for_each_commit_and_result_and_no_heals);
	tcase_add_test(tests, suspended_is_neither_ready_nor_stalled_and_keeps_the_commits);
	tcase_add_test(tests, drift_that_is_only_detected_takes_ready_away_and_gives_it_back);
	tcase_add_test(tests, an_invalid_spec_is_stalled_with_all_that_is_wrong);
	tcase_add_test(tests, a_message_is_one_line_of_bounded_length);
	tcase_add_test(tests, what_did_not_change_is_not_written_again);
	tcase_add_test(tests, a_sync_that_is_gone_is_told);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
