#include "tests/unit/sync/apply_fixture.h"

/* --- applies ------------------------------------------------------------------------------------------------------ */

START_TEST(a_new_deployment_carries_its_commit_and_begins_a_row)
{
	act(ACTION_CREATE, STAGE_REST, WEB(""), NULL);
	struct line lines[] = { { "PATCH", DEPLOYMENTS "web?", "fieldManager=plumb&force=false", 201, ANSWER("u1", "5", "1"),
		                      false } };
	RUN(lines);
	ck_assert(applied);
	expect("web", VERDICT_CREATED, "");
	CLEANUP(doc_freep) cJSON *json = body(0);
	const cJSON *notes = doc_at(json, "metadata/annotations");
	ck_assert_str_eq(cJSON_GetStringValue(doc_get(notes, NOTE_DIGEST)), actions[0]->digest);
	ck_assert_str_eq(cJSON_GetStringValue(doc_get(notes, NOTE_TEMPLATE_COMMIT)), COMMIT);
	ck_assert_str_eq(cJSON_GetStringValue(doc_get(notes, NOTE_CHANGE_CAUSE)), "4f2a91c Raise the limit (Ana)");
	const struct inventory_row *row = inventory_find(&inventory, &objects[0]->id);
	ck_assert_ptr_nonnull(row);
	ck_assert_str_eq(row->uid, "u1");
	ck_assert_int_eq(row->generation, 1);
	ck_assert_str_eq(row->template_commit, COMMIT);
	ck_assert_uint_eq(apply.revision_count, 1);
	ck_assert_int_eq(apply.revisions[0].from, 0);
	ck_assert_uint_eq(apply.rollout_count, 1);
}
END_TEST

START_TEST(one_that_is_refused_stops_no_other)
{
	act(ACTION_CREATE, STAGE_REST, CONFIG("bad", "1"), NULL);
	act(ACTION_CREATE, STAGE_REST, CONFIG("good", "1"), NULL);
	struct line lines[] = {
		{ "PATCH", CONFIGMAPS "bad?", NULL, 400, STATUS("BadRequest", "data.value: wrong", ""), false },
		{ "PATCH", CONFIGMAPS "good?", NULL, 201, ANSWER("u2", "5", "1"), false },
	};
	RUN(lines);
	ck_assert(!applied);
	expect("bad", VERDICT_FAILED, "data.value: wrong");
	expect("good", VERDICT_CREATED, "");
	ck_assert_int_eq(report_exit_code(&report), 4);
	ck_assert_ptr_null(inventory_find(&inventory, &objects[0]->id));
}
END_TEST

START_TEST(missing_rights_are_the_clusters_failure)
{
	act(ACTION_CREATE, STAGE_REST, CONFIG("cm", "1"), NULL);
	struct line lines[] = { { "PATCH", CONFIGMAPS "cm?", NULL, 403, STATUS("Forbidden", "cannot patch resource", ""), false } };
	RUN(lines);
	expect("cm", VERDICT_FAILED, "cannot patch resource");
	ck_assert_int_eq(report_exit_code(&report), 5);
}
END_TEST

START_TEST(what_passes_by_itself_is_tried_again)
{
	act(ACTION_CREATE, STAGE_REST, CONFIG("cm", "1"), NULL);
	struct line lines[] = {
		{ "PATCH", CONFIGMAPS "cm?", NULL, 403, STATUS("Forbidden", "exceeded quota: small", ""), false },
		{ "PATCH", CONFIGMAPS "cm?", NULL, 500, STATUS("InternalError", "failed calling webhook x", ""), false },
		{ "PATCH", CONFIGMAPS "cm?", NULL, 201, ANSWER("u1", "5", "1"), false },
	};
	RUN(lines);
	ck_assert(applied);
	expect("cm", VERDICT_CREATED, "");
	ck_assert_int_eq(report_exit_code(&report), 0);
}
END_TEST

START_TEST(stages_follow_each_other)
{
	act(ACTION_CREATE, STAGE_WEBHOOKS,
	    "{\"apiVersion\":\"admissionregistration.k8s.io/v1\",\"kind\":\"ValidatingWebhookConfiguration\",\"metadata\":{\"name\":\"hook\"}}",
	    NULL);
	act(ACTION_CREATE, STAGE_REST, CONFIG("cm", "1"), NULL);
	act(ACTION_CREATE, STAGE_NAMESPACES, "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"shop\"}}", NULL);
	struct line lines[] = {
		{ "PATCH", "/api/v1/namespaces/shop?", NULL, 201, ANSWER("u1", "5", "1"), false },
		{ "PATCH", CONFIGMAPS "cm?", NULL, 201, ANSWER("u2", "6", "1"), false },
		{ "PATCH", "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/hook?", NULL, 201,
		  ANSWER("u3", "7", "1"), false },
	};
	RUN(lines);
	ck_assert(sent(0, "PATCH", "namespaces/shop?") && sent(1, "PATCH", "configmaps") && sent(2, "PATCH", "webhook"));
}
END_TEST

START_TEST(a_kind_that_nobody_serves_fails_at_the_deadline)
{
	act(ACTION_CREATE, STAGE_REST,
	    "{\"apiVersion\":\"x.example/v1\",\"kind\":\"Thing\",\"metadata\":{\"name\":\"t\",\"namespace\":\"shop\"}}", NULL);
	apply.deadline = clock_now() + 400;
	run(NULL, 0);
	ck_assert_int_eq(clock_now(), apply.deadline);
	ck_assert(!applied);
	expect("t", VERDICT_FAILED, "does not serve the kind Thing of x.example/v1");
	ck_assert_uint_eq(script.logged, 0);
}
END_TEST

/* --- who else is there -------------------------------------------------------------------------------------------- */

START_TEST(fields_of_an_unknown_manager_block)
{
	struct action *action = act(
		ACTION_ADOPT, STAGE_REST, CONFIG("cm", "1"),
		"{\"uid\":\"u1\",\"resourceVersion\":\"4\",\"managedFields\":[{\"manager\":\"helm\",\"operation\":\"Update\"}]}");
	action->take_over = true;
	struct line lines[] = {
		{ "GET", CONFIGMAPS "cm", NULL, 200, "{\"metadata\":{\"uid\":\"u1\",\"resourceVersion\":\"4\"}}", false },
		{ "PATCH", CONFIGMAPS "cm?", "force=false&dryRun=All", 409,
		  STATUS(
			  "Conflict", "Apply failed",
			  "{\"type\":\"FieldManagerConflict\",\"message\":\"conflict with \\\"helm\\\" using v1\",\"field\":\".data.value\"}"),
		  false },
	};
	RUN(lines);
	ck_assert(!applied);
	expect("cm", VERDICT_BLOCKED, "helm sets data.value");
	ck_assert_int_eq(report_exit_code(&report), 7);
}
END_TEST

#define CHANGED STATUS("Conflict", "the object has been modified", "")
#define OUR_CONFIG "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"cm\",\"namespace\":\"shop\"," OURS "}}"

static void expect_version(size_t i, const char *version)
{
	CLEANUP(doc_freep) cJSON *sent_body = body(i);
	ck_assert_str_eq(doc_text(sent_body, "metadata/resourceVersion"), version);
}

START_TEST(what_another_sync_made_meanwhile_is_left_to_it)
{
	act(ACTION_CREATE, STAGE_REST, OUR_CONFIG, NULL);
	struct line lines[] = {
		{ "PATCH", CONFIGMAPS "cm?", "force=false", 409, CHANGED, false },
		{ "GET", CONFIGMAPS "cm", NULL, 200, LIVE_OF("other"), false },
	};
	RUN(lines);
	ck_assert(!applied);
	expect("cm", VERDICT_BLOCKED, "owned by shop/other");
	ck_assert_int_eq(report_exit_code(&report), 7);
	expect_version(0, "1");
}
END_TEST

START_TEST(what_nobody_owns_that_was_made_meanwhile_is_adopted_as_it_was_seen)
{
	act(ACTION_CREATE, STAGE_REST, OUR_CONFIG, NULL);
	struct line lines[] = {
		{ "PATCH", CONFIGMAPS "cm?", "force=false", 409, CHANGED, false },
		{ "GET", CONFIGMAPS "cm", NULL, 200, "{\"metadata\":{\"uid\":\"u1\",\"resourceVersion\":\"5\"}}", false },
		{ "PATCH", CONFIGMAPS "cm?", "force=false", 200, ANSWER("u1", "6", "0"), false },
	};
	RUN(lines);
	expect("cm", VERDICT_ADOPTED, "it was made meanwhile");
	expect_version(2, "5");
}
END_TEST

START_TEST(what_another_sync_adopted_meanwhile_is_left_to_it)
{
	(void)act(ACTION_ADOPT, STAGE_REST, OUR_CONFIG,
	          "{\"uid\":\"u1\",\"resourceVersion\":\"4\",\"managedFields\":[{\"manager\":\"kubectl\"}]}");
	struct line lines[] = {
		{ "PATCH", CONFIGMAPS "cm?", "force=false", 409, CHANGED, false },
		{ "GET", CONFIGMAPS "cm", NULL, 200, LIVE_OF("other"), false },
	};
	RUN(lines);
	expect("cm", VERDICT_BLOCKED, "owned by shop/other");
	expect_version(0, "4");
}
END_TEST

START_TEST(what_went_meanwhile_is_made)
{
	(void)act(ACTION_ADOPT, STAGE_REST, OUR_CONFIG,
	          "{\"uid\":\"u1\",\"resourceVersion\":\"4\",\"managedFields\":[{\"manager\":\"kubectl\"}]}");
	struct line lines[] = {
		{ "PATCH", CONFIGMAPS "cm?", "force=false", 409, CHANGED, false },
		{ "GET", CONFIGMAPS "cm", NULL, 404, STATUS("NotFound", "cm not found", ""), false },
		{ "PATCH", CONFIGMAPS "cm?", "force=false", 201, ANSWER("u2", "6", "0"), false },
	};
	RUN(lines);
	ck_assert(applied);
	expect("cm", VERDICT_CREATED, "it was not there");
	expect_version(2, "1");
}
END_TEST

START_TEST(kubectls_fields_become_plumbs_before_the_first_apply)
{
	struct action *action = act(
		ACTION_ADOPT, STAGE_REST, CONFIG("cm", "1"),
		"{\"uid\":\"u1\",\"resourceVersion\":\"4\",\"managedFields\":[{\"manager\":\"kubectl\",\"operation\":\"Apply\"}]}");
	action->take_over = true;
	struct line lines[] = {
		{ "GET", CONFIGMAPS "cm", NULL, 200,
		  "{\"metadata\":{\"uid\":\"u1\",\"resourceVersion\":\"4\",\"managedFields\":["
		  "{\"manager\":\"kubectl\",\"operation\":\"Apply\",\"fieldsV1\":{\"f:data\":{\"f:old\":{},\"f:value\":{}}}},"
		  "{\"manager\":\"helm\",\"operation\":\"Update\",\"fieldsV1\":{\"f:data\":{\"f:helms\":{}}}}]}}",
		  false },
		{ "PATCH", CONFIGMAPS "cm?", "force=false&dryRun=All", 200, ANSWER("u1", "4", "0"), false },
		{ "PATCH", CONFIGMAPS "cm", NULL, 200, ANSWER("u1", "5", "0"), false },
		{ "PATCH", CONFIGMAPS "cm?", "fieldManager=plumb", 200, ANSWER("u1", "6", "0"), false },
	};
	RUN(lines);
	ck_assert(applied);
	expect("cm", VERDICT_ADOPTED, "why");
	CLEANUP(doc_freep) cJSON *patch = body(2);
	const cJSON *entries = doc_get(cJSON_GetArrayItem(patch, 0), "value");
	ck_assert_str_eq(doc_text(cJSON_GetArrayItem(patch, 0), "path"), "/metadata/managedFields");
	ck_assert_int_eq(cJSON_GetArraySize(entries), 2);
	ck_assert_str_eq(doc_text(cJSON_GetArrayItem(entries, 0), "manager"), "helm");
	ck_assert_str_eq(doc_text(cJSON_GetArrayItem(entries, 1), "manager"), "plumb");
	ck_assert_ptr_nonnull(doc_at(cJSON_GetArrayItem(entries, 1), "fieldsV1/f:data/f:old"));
	ck_assert_str_eq(doc_text(cJSON_GetArrayItem(patch, 1), "path"), "/metadata/resourceVersion");
	ck_assert_str_eq(doc_text(cJSON_GetArrayItem(patch, 1), "value"), "4");
}
END_TEST

START_TEST(replicas_are_handed_over_before_they_are_given_up)
{
	struct action *action = act(
		ACTION_CHANGE, STAGE_REST, WEB(""),
		"{\"uid\":\"u1\",\"resourceVersion\":\"4\",\"generation\":1,\"managedFields\":[{\"manager\":\"plumb\",\"operation\":\"Apply\"}]}");
	action->hand_over = true;
	struct line lines[] = {
		{ "GET", DEPLOYMENTS "web", NULL, 200,
		  "{\"metadata\":{\"uid\":\"u1\",\"resourceVersion\":\"4\"},\"spec\":{\"replicas\":7}}", false },
		{ "PATCH", DEPLOYMENTS "web?", "fieldManager=plumb-handover&force=true", 200, ANSWER("u1", "5", "1"), false },
		{ "PATCH", DEPLOYMENTS "web?", "dryRun=All", 200, ANSWER("u1", "5", "1"), false },
		{ "PATCH", DEPLOYMENTS "web?", "fieldManager=plumb&", 200, ANSWER("u1", "6", "2"), false },
	};
	RUN(lines);
	expect("web", VERDICT_CHANGED, "why");
	ck_assert(sent(1, "PATCH", "plumb-handover"));
	CLEANUP(doc_freep) cJSON *json = body(1);
	ck_assert_int_eq(doc_int(json, "spec/replicas", 0), 7);
	ck_assert_int_eq(cJSON_GetArraySize(doc_get(json, "spec")), 1);
	CLEANUP(doc_freep) cJSON *own = body(3);
	ck_assert_ptr_null(doc_at(own, "spec/replicas"));
}
END_TEST

/* --- looking ------------------------------------------------------------------------------------------------------ */

#define MANAGED(generation, time) \
	"\"generation\":" generation ",\"managedFields\":[{\"manager\":\"plumb\",\"operation\":\"Apply\",\"time\":\"" time \
	"\",\"fieldsV1\":{\"f:data\":{\"f:value\":{}}}}]"

#define MANAGED_ANSWER "{\"uid\":\"u1\",\"resourceVersion\":\"4\"," MANAGED("3", "2026-11-24T02:00:00Z") "}"

static void look(const char *answer)
{
	struct action *action = act(ACTION_HEAL, STAGE_REST, CONFIG("cm", "1"),
	                            "{\"uid\":\"u1\",\"resourceVersion\":\"4\"," MANAGED("3", "2026-11-24T02:00:00Z") "}");
	action->maybe = true;
	struct line lines[] = { { "PATCH", CONFIGMAPS "cm?", NULL, 200, answer, false } };
	RUN(lines);
}

START_TEST(an_apply_that_changes_nothing_is_no_heal)
{
	look("{\"metadata\":{\"uid\":\"u1\",\"resourceVersion\":\"4\"," MANAGED("3", "2026-11-24T02:00:00Z") "}}");
	expect("cm", VERDICT_UNCHANGED, "in sync");
}
END_TEST

START_TEST(nor_is_one_after_somebody_elses_write)
{
	look("{\"metadata\":{\"uid\":\"u1\",\"resourceVersion\":\"9\"," MANAGED("3", "2026-11-24T02:00:00Z") "}}");
	expect("cm", VERDICT_UNCHANGED, "in sync");
}
END_TEST

START_TEST(one_in_the_second_of_the_apply_before_is_told_by_its_generation)
{
	look("{\"metadata\":{\"uid\":\"u1\",\"resourceVersion\":\"9\"," MANAGED("4", "2026-11-24T02:00:00Z") "}}");
	expect("cm", VERDICT_HEALED, "why");
}
END_TEST

START_TEST(one_that_changes_something_is)
{
	look("{\"metadata\":{\"uid\":\"u1\",\"resourceVersion\":\"9\"," MANAGED("3", "2026-11-24T02:30:00Z") "}}");
	expect("cm", VERDICT_HEALED, "why");
}
END_TEST

/* Two that are only looked at and one that changed. */
static int64_t time_of_looks(void)
{
	static const char live[] = MANAGED_ANSWER;
	static const char answer[] = "{\"metadata\":" MANAGED_ANSWER "}";
	act(ACTION_HEAL, STAGE_REST, CONFIG("one", "1"), live)->maybe = true;
	act(ACTION_HEAL, STAGE_REST, CONFIG("two", "1"), live)->maybe = true;
	act(ACTION_CHANGE, STAGE_REST, CONFIG("new", "1"), live);
	struct line lines[] = {
		{ "PATCH", CONFIGMAPS "one?", NULL, 200, answer, false },
		{ "PATCH", CONFIGMAPS "two?", NULL, 200, answer, false },
		{ "PATCH", CONFIGMAPS "new?", NULL, 200, answer, false },
	};
	int64_t start = clock_now();
	RUN(lines);
	expect("two", VERDICT_UNCHANGED, "in sync");
	return clock_now() - start;
}

START_TEST(what_is_only_verified_goes_out_at_a_pace_and_is_overtaken)
{
	apply.paced = true;
	ck_assert_int_eq(time_of_looks(), 5);
	ck_assert(sent(0, "PATCH", "one?"));
	ck_assert(sent(1, "PATCH", "new?"));
	ck_assert(sent(2, "PATCH", "two?"));
}
END_TEST

START_TEST(all_of_it_takes_no_more_than_half_of_the_time_that_is_left)
{
	apply.paced = true;
	apply.deadline = clock_now() + 4;
	ck_assert_int_eq(time_of_looks(), 1);
}
END_TEST

START_TEST(what_is_asked_for_goes_out_at_once)
{
	ck_assert_int_eq(time_of_looks(), 0);
}
END_TEST

/* --- texts -------------------------------------------------------------------------------------------------------- */

START_TEST(a_cause_is_one_short_line)
{
	CLEANUP(text_freep) char *plain = apply_cause(COMMIT, "Raise the limit", "Ana");
	ck_assert_str_eq(plain, "4f2a91c Raise the limit (Ana)");
	CLEANUP(text_freep) char *bare = apply_cause(COMMIT, "x\ny\x1b", "");
	ck_assert_str_eq(bare, "4f2a91c x y ");
	char subject[2001];
	for (size_t i = 0; i < 2000; i += 2) {
		memcpy(subject + i, "\xc3\xbc", 2);
	}
	subject[2000] = '\0';
	CLEANUP(text_freep) char *cause = apply_cause(COMMIT, subject, subject);
	ck_assert_uint_le(strlen(cause), LIMIT_CAUSE_BYTES);
	/* No character was split. */
	const char *at = cause + 8;
	while (strncmp(at, "\xc3\xbc", 2) == 0) {
		at += 2;
	}
	ck_assert_int_eq(strncmp(at, " (\xc3\xbc", 4), 0);
}
END_TEST

START_TEST(a_cause_that_git_writes_wins)
{
	act(ACTION_CREATE, STAGE_REST, WEB(",\"annotations\":{\"" NOTE_CHANGE_CAUSE "\":\"mine\"}"), NULL);
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MIB(1));
	const struct apply_notes notes = { .digest = "1:x", .template_commit = COMMIT, .cause = "plumb's" };
	ck_assert(apply_body(objects[0], &notes, &text));
	ck_assert_ptr_nonnull(strstr(buf_text(&text), "\"mine\""));
	ck_assert_ptr_null(strstr(buf_text(&text), "plumb's"));
}
END_TEST

START_TEST(what_a_server_says_of_a_secret_is_not_repeated)
{
	act(ACTION_CREATE, STAGE_REST,
	    "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"s\",\"namespace\":\"shop\"}}", NULL);
	struct line lines[] = { { "PATCH", "/api/v1/namespaces/shop/secrets/s?", NULL, 422,
		                      STATUS("Invalid", "data.key: hunter2 is wrong", "{\"message\":\"hunter2\",\"field\":\"data.key\"}"),
		                      false } };
	RUN(lines);
	ck_assert_ptr_null(strstr(told("s")->reason, "hunter2"));
	ck_assert_ptr_nonnull(strstr(told("s")->reason, "data.key"));
	for (size_t i = 0; i < report.error_count; i++) {
		ck_assert_ptr_null(strstr(report.errors[i], "hunter2"));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("apply");
	TCase *tests = tcase_create("apply");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_new_deployment_carries_its_commit_and_begins_a_row);
	tcase_add_test(tests, one_that_is_refused_stops_no_other);
	tcase_add_test(tests, missing_rights_are_the_clusters_failure);
	tcase_add_test(tests, what_passes_by_itself_is_tried_again);
	tcase_add_test(tests, stages_follow_each_other);
	tcase_add_test(tests, a_kind_that_nobody_serves_fails_at_the_deadline);
	tcase_add_test(tests, fields_of_an_unknown_manager_block);
	tcase_add_test(tests, what_another_sync_made_meanwhile_is_left_to_it);
	tcase_add_test(tests, what_nobody_owns_that_was_made_meanwhile_is_adopted_as_it_was_seen);
	tcase_add_test(tests, what_another_sync_adopted_meanwhile_is_left_to_it);
	tcase_add_test(tests, what_went_meanwhile_is_made);
	tcase_add_test(tests, kubectls_fields_become_plumbs_before_the_first_apply);
	tcase_add_test(tests, replicas_are_handed_over_before_they_are_given_up);
	tcase_add_test(tests, an_apply_that_changes_nothing_is_no_heal);
	tcase_add_test(tests, nor_is_one_after_somebody_elses_write);
	tcase_add_test(tests, one_in_the_second_of_the_apply_before_is_told_by_its_generation);
	tcase_add_test(tests, one_that_changes_something_is);
	tcase_add_test(tests, what_is_only_verified_goes_out_at_a_pace_and_is_overtaken);
	tcase_add_test(tests, all_of_it_takes_no_more_than_half_of_the_time_that_is_left);
	tcase_add_test(tests, what_is_asked_for_goes_out_at_once);
	tcase_add_test(tests, a_cause_is_one_short_line);
	tcase_add_test(tests, a_cause_that_git_writes_wins);
	tcase_add_test(tests, what_a_server_says_of_a_secret_is_not_repeated);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
