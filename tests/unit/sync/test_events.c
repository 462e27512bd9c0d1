#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/doc.h"
#include "sync/events.h"
#include "tests/unit/fake_kube.h"

#include "tests/unit/fake_kube.c"

#define COMMIT "4f2a91c0000000000000000000000000000000aa"

static struct syncspec spec;
static struct report report;

static void setup(void)
{
	spec = (struct syncspec){
		.ns = text_dup("home"),
		.name = text_dup("shop"),
		.uid = text_dup("u1"),
		.ref_kind = SYNCSPEC_BRANCH,
		.ref = text_dup("main"),
	};
	report = REPORT_INIT;
	(void)snprintf(report.commit.id, sizeof report.commit.id, "%s", COMMIT);
	report.commit.subject = text_dup("Raise the limit");
	report.commit.author = text_dup("Ana");
}

static void teardown(void)
{
	syncspec_release(&spec);
	report_release(&report);
}

static void verdict(const char *kind, const char *name, enum verdict verdict, const char *reason, enum failure failure)
{
	struct ident id = ident_make(strcmp(kind, "Deployment") == 0 ? "apps" : "", kind, "shop", name);
	report_verdict(&report, &id, verdict, text_dup(reason), failure);
	report_uid(&report, &id, "d1");
	ident_release(&id);
}

/* "Normal Sync/shop Synced: text", one a line. */
static char *events(void)
{
	CLEANUP(doc_freep) cJSON *list = events_of(&spec, &report);
	struct buf text = BUF_INIT(100000);
	const cJSON *event = NULL;
	cJSON_ArrayForEach (event, list) {
		(void)buf_printf(&text, "%s %s/%s %s: %s\n", doc_text(event, "type"), doc_text(event, "involvedObject/kind"),
		                 doc_text(event, "involvedObject/name"), doc_text(event, "reason"), doc_text(event, "message"));
	}
	return buf_detach(&text);
}

START_TEST(a_sync_and_its_deployments_are_told_with_the_commit)
{
	verdict("Deployment", "web", VERDICT_CHANGED, "manifest changed", FAILURE_NONE);
	verdict("Deployment", "db", VERDICT_UNCHANGED, "", FAILURE_NONE);
	verdict("ConfigMap", "settings", VERDICT_CREATED, "not there", FAILURE_NONE);
	CLEANUP(text_freep) char *got = events();
	ck_assert_str_eq(got, "Normal Sync/shop Synced: main@sha1:" COMMIT " Raise the limit (Ana): 1 created 1 changed\n"
	                      "Normal Deployment/web Synced: main@sha1:" COMMIT " Raise the limit (Ana)\n");
}
END_TEST

START_TEST(a_heal_says_what_was_undone)
{
	verdict("Deployment", "web", VERDICT_HEALED, "spec.replicas is kubectl's (scale)", FAILURE_NONE);
	CLEANUP(text_freep) char *got = events();
	ck_assert_str_eq(got, "Normal Sync/shop Healed: main@sha1:" COMMIT " Raise the limit (Ana): 1 healed\n"
	                      "Normal Deployment/web Healed: main@sha1:" COMMIT
	                      " Raise the limit (Ana): spec.replicas is kubectl's (scale)\n");
}
END_TEST

START_TEST(a_failure_is_a_warning_with_the_reason_of_the_condition)
{
	verdict("Deployment", "web", VERDICT_CHANGED, "", FAILURE_NONE);
	struct health_report stuck = { .health = HEALTH_FAILED, .reason = "ProgressDeadlineExceeded", .message = "ImagePullBackOff" };
	report_health(&report, &report.objects[0]->id, &stuck);
	report_fail(&report, FAILURE_ROLLOUT, text_dup("deployment.apps/web in shop: ImagePullBackOff"));
	CLEANUP(text_freep) char *got = events();
	ck_assert_str_eq(got, "Warning Sync/shop RolloutFailed: 4f2a91c: deployment.apps/web in shop: ImagePullBackOff\n"
	                      "Warning Deployment/web RolloutFailed: main@sha1:" COMMIT
	                      " Raise the limit (Ana): ProgressDeadlineExceeded: ImagePullBackOff\n");
}
END_TEST

START_TEST(a_cycle_that_changed_nothing_tells_nothing)
{
	verdict("Deployment", "web", VERDICT_UNCHANGED, "", FAILURE_NONE);
	CLEANUP(text_freep) char *got = events();
	ck_assert_str_eq(got, "");
}
END_TEST

START_TEST(equal_events_are_one_and_have_the_uid_that_describe_looks_for)
{
	verdict("Deployment", "web", VERDICT_CHANGED, "", FAILURE_NONE);
	CLEANUP(doc_freep) cJSON *one = events_of(&spec, &report);
	CLEANUP(doc_freep) cJSON *two = events_of(&spec, &report);
	ck_assert(doc_equal(one, two));
	const cJSON *on_deployment = cJSON_GetArrayItem(one, 1);
	ck_assert_str_eq(doc_text(on_deployment, "involvedObject/uid"), "d1");
	ck_assert_str_eq(doc_text(on_deployment, "metadata/namespace"), "shop");
	report.commit.id[39] = 'b';
	CLEANUP(doc_freep) cJSON *other = events_of(&spec, &report);
	ck_assert_str_ne(doc_text(cJSON_GetArrayItem(other, 1), "metadata/name"), doc_text(on_deployment, "metadata/name"));
}
END_TEST

static size_t posts;

/* There are no collections of Events in the fake server: it only counts. */
static void count(struct fake_kube *fake, const struct kube_call *call, void *context)
{
	(void)fake;
	(void)context;
	posts += strcmp(call->method, "POST") == 0;
}

START_TEST(what_was_told_is_not_told_again_soon)
{
	struct err err = ERR_INIT;
	struct events told = EVENTS_INIT;
	struct fake_kube *fake = fake_kube_new();
	fake->before = count;
	posts = 0;
	fake->deny[0] = "POST events";
	ck_assert(!events_tell(&fake->kube, &told, &spec, COMMIT, true, "FetchFailed", "no route", &err));
	err = ERR_INIT;
	ck_assert(events_tell(&fake->kube, &told, &spec, COMMIT, true, "FetchFailed", "no route to host", &err));
	ck_assert_uint_eq(posts, 1);
	ck_assert(!events_tell(&fake->kube, &told, &spec, COMMIT, true, "Suspended", "by hand", &err));
	ck_assert_uint_eq(posts, 2);
	events_release(&told);
	fake_kube_free(fake);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("events");
	TCase *tests = tcase_create("events");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_sync_and_its_deployments_are_told_with_the_commit);
	tcase_add_test(tests, a_heal_says_what_was_undone);
	tcase_add_test(tests, a_failure_is_a_warning_with_the_reason_of_the_condition);
	tcase_add_test(tests, a_cycle_that_changed_nothing_tells_nothing);
	tcase_add_test(tests, equal_events_are_one_and_have_the_uid_that_describe_looks_for);
	tcase_add_test(tests, what_was_told_is_not_told_again_soon);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
