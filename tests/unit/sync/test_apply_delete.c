/*
 * Objects that are made anew, and those that go.
 */
#include "tests/unit/sync/apply_fixture.h"

/* --- immutable ---------------------------------------------------------------------------------------------------- */

#define IMMUTABLE \
	STATUS("Invalid", "web is invalid", \
	       "{\"reason\":\"FieldValueInvalid\",\"message\":\"Invalid value: field is immutable\",\"field\":\"spec.selector\"}")
#define LIVE_WEB \
	"{\"uid\":\"u1\",\"resourceVersion\":\"4\",\"generation\":1," OURS \
	",\"managedFields\":[{\"manager\":\"plumb\",\"operation\":\"Apply\"}]}"

START_TEST(an_immutable_field_names_the_annotation_that_allows_a_recreate)
{
	act(ACTION_CHANGE, STAGE_REST, WEB(""), LIVE_WEB);
	struct line lines[] = {
		{ "GET", DEPLOYMENTS "web", NULL, 200, ANSWER("u1", "4", "1"), false },
		{ "PATCH", DEPLOYMENTS "web?", "dryRun=All", 422, IMMUTABLE, false },
	};
	RUN(lines);
	expect("web", VERDICT_FAILED, "spec.selector is immutable; with the annotation " NOTE_RECREATE ": spec.selector");
}
END_TEST

START_TEST(a_recreate_proves_the_new_object_before_it_deletes_the_old)
{
	act(ACTION_CHANGE, STAGE_REST, WEB(",\"annotations\":{\"" NOTE_RECREATE "\":\"spec.selector\"}"), LIVE_WEB);
	struct line lines[] = {
		{ "GET", DEPLOYMENTS "web", NULL, 200, ANSWER("u1", "4", "1"), false },
		{ "PATCH", DEPLOYMENTS "web?", "dryRun=All", 422, IMMUTABLE, false },
		{ "PATCH", DEPLOYMENTS "web-plumb-trial?", "dryRun=All", 201, ANSWER("x", "", "1"), false },
		{ "GET", DEPLOYMENTS "web", NULL, 200, ANSWER("u1", "8", "1"), false },
		{ "DELETE", DEPLOYMENTS "web", NULL, 200, ANSWER("u1", "8", "1"), false },
		{ "GET", DEPLOYMENTS "web", NULL, 404, STATUS("NotFound", "web not found", ""), false },
		{ "PATCH", DEPLOYMENTS "web?", "force=true", 201, ANSWER("u2", "9", "1"), false },
	};
	RUN(lines);
	ck_assert(applied);
	expect("web", VERDICT_CHANGED, "recreated: spec.selector");
	ck_assert_uint_eq(report.warning_count, 1);
	CLEANUP(doc_freep) cJSON *options = body(4);
	ck_assert_str_eq(doc_text(options, "propagationPolicy"), "Foreground");
	ck_assert_str_eq(doc_text(options, "preconditions/uid"), "u1");
	ck_assert_str_eq(doc_text(options, "preconditions/resourceVersion"), "8");
}
END_TEST

START_TEST(what_another_sync_took_meanwhile_is_not_deleted_for_a_recreate)
{
	act(ACTION_CHANGE, STAGE_REST, WEB("," OURS ",\"annotations\":{\"" NOTE_RECREATE "\":\"spec.selector\"}"), LIVE_WEB);
	struct line lines[] = {
		{ "GET", DEPLOYMENTS "web", NULL, 200, ANSWER("u1", "4", "1"), false },
		{ "PATCH", DEPLOYMENTS "web?", "dryRun=All", 422, IMMUTABLE, false },
		{ "PATCH", DEPLOYMENTS "web-plumb-trial?", "dryRun=All", 201, ANSWER("x", "", "1"), false },
		{ "GET", DEPLOYMENTS "web", NULL, 200, LIVE_OF("other"), false },
	};
	RUN(lines);
	expect("web", VERDICT_BLOCKED, "owned by shop/other");
}
END_TEST

START_TEST(an_object_that_would_not_be_accepted_anew_is_not_deleted)
{
	act(ACTION_CHANGE, STAGE_REST, WEB(",\"annotations\":{\"" NOTE_RECREATE "\":\"spec.selector\"}"), LIVE_WEB);
	struct line lines[] = {
		{ "GET", DEPLOYMENTS "web", NULL, 200, ANSWER("u1", "4", "1"), false },
		{ "PATCH", DEPLOYMENTS "web?", "dryRun=All", 422, IMMUTABLE, false },
		{ "PATCH", DEPLOYMENTS "web-plumb-trial?", "dryRun=All", 422, STATUS("Invalid", "spec.template: bad", ""), false },
	};
	RUN(lines);
	expect("web", VERDICT_FAILED, "spec.template: bad");
}
END_TEST

/* No field of a Namespace is immutable today; PersistentVolumes, claims and CRDs are in tests/e2e/immutable.sh. */
START_TEST(a_namespace_is_never_made_anew)
{
	act(ACTION_CHANGE, STAGE_NAMESPACES,
	    "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"x\",\"annotations\":{\"" NOTE_RECREATE
	    "\":\"spec.selector\"}}}",
	    LIVE_WEB);
	struct line lines[] = { { "PATCH", "/api/v1/namespaces/x?", NULL, 422, IMMUTABLE, false } };
	RUN(lines);
	ck_assert(!applied);
	expect("x", VERDICT_FAILED, "spec.selector is immutable, and a Namespace is never recreated");
}
END_TEST

/* --- prunes ------------------------------------------------------------------------------------------------------- */

START_TEST(a_prune_proves_what_it_deletes_and_waits_until_it_is_gone)
{
	prune(act(ACTION_NONE, STAGE_REST, CONFIG("cm", "1"), "{\"uid\":\"u1\",\"resourceVersion\":\"4\"," OURS "}"));
	struct line lines[] = {
		{ "DELETE", CONFIGMAPS "cm", NULL, 200, ANSWER("u1", "5", "0"), false },
		{ "GET", CONFIGMAPS "cm", NULL, 200, "{\"metadata\":{\"uid\":\"u1\",\"finalizers\":[\"foregroundDeletion\"]}}", false },
		{ "GET", CONFIGMAPS "cm", NULL, 404, STATUS("NotFound", "cm not found", ""), false },
	};
	script.lines = lines;
	script.count = ARRAY_LEN(lines);
	ck_assert(apply_prunes(&apply));
	expect("cm", VERDICT_PRUNED, "why");
	CLEANUP(doc_freep) cJSON *options = body(0);
	ck_assert_str_eq(doc_text(options, "propagationPolicy"), "Foreground");
	ck_assert_str_eq(doc_text(options, "preconditions/uid"), "u1");
	ck_assert_str_eq(doc_text(options, "preconditions/resourceVersion"), "4");
	ck_assert_uint_eq(inventory.count, 0);
}
END_TEST

START_TEST(an_object_that_lost_our_labels_meanwhile_is_kept)
{
	prune(act(ACTION_NONE, STAGE_REST, CONFIG("cm", "1"), "{\"uid\":\"u1\",\"resourceVersion\":\"4\"," OURS "}"));
	struct line lines[] = {
		{ "DELETE", CONFIGMAPS "cm", NULL, 409, STATUS("Conflict", "the object has been modified", ""), false },
		{ "GET", CONFIGMAPS "cm", NULL, 200, "{\"metadata\":{\"uid\":\"u1\",\"resourceVersion\":\"7\"}}", false },
	};
	script.lines = lines;
	script.count = ARRAY_LEN(lines);
	(void)apply_prunes(&apply);
	expect("cm", VERDICT_KEPT, "no longer proven to be ours");
	ck_assert_uint_eq(script.logged, 2);
	ck_assert_uint_eq(inventory.count, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("apply_delete");
	TCase *tests = tcase_create("apply_delete");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, an_immutable_field_names_the_annotation_that_allows_a_recreate);
	tcase_add_test(tests, a_recreate_proves_the_new_object_before_it_deletes_the_old);
	tcase_add_test(tests, what_another_sync_took_meanwhile_is_not_deleted_for_a_recreate);
	tcase_add_test(tests, an_object_that_would_not_be_accepted_anew_is_not_deleted);
	tcase_add_test(tests, a_namespace_is_never_made_anew);
	tcase_add_test(tests, a_prune_proves_what_it_deletes_and_waits_until_it_is_gone);
	tcase_add_test(tests, an_object_that_lost_our_labels_meanwhile_is_kept);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
