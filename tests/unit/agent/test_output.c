#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "agent/output.h"
#include "render/base/macros.h"
#include "render/doc.h"

#define COMMIT "4f2a91c0b7d24f2a91c0b7d24f2a91c0b7d24f2a"

static struct report report;

static void set_up(void)
{
	report = REPORT_INIT;
}

static void tear_down(void)
{
	report_release(&report);
}

static void tell(const char *kind, const char *name, enum verdict verdict, const char *reason, enum failure failure)
{
	struct ident id = ident_make("apps", kind, "shop", name);
	report_verdict(&report, &id, verdict, text_dup(reason), failure);
	ident_release(&id);
}

static void fill(void)
{
	report.commit = (struct repo_commit){ .author = text_dup("Ana"), .subject = text_dup("Raise the limit"), .when = 1700000000 };
	memcpy(report.commit.id, COMMIT, sizeof COMMIT);
	report.ref = text_dup("main");
	report.name = text_dup("shop");
	report.ns = text_dup("shop");
	report.number = 7;
	report.result = RESULT_APPLIED;
	report.requests = 12;
	tell("Deployment", "web", VERDICT_CHANGED, "manifest changed", FAILURE_NONE);
	tell("Deployment", "db", VERDICT_UNCHANGED, "in sync", FAILURE_NONE);
}

START_TEST(control_characters_do_not_reach_a_terminal)
{
	static const char *const pairs[][2] = {
		{ "plain", "plain" },
		{ "a\nb\tc", "a?b?c" },
		{ "\x1b[31mred\x1b[0m", "?[31mred?[0m" },
		{ "del\x7f", "del?" },
		{ "c1 \xc2\x9b!", "c1 ?!" },
		{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
		{ "", "" },
	};
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		CLEANUP(buf_release) struct buf out = BUF_INIT(1000);
		output_clean(&out, pairs[i][0]);
		ck_assert_str_eq(buf_text(&out), pairs[i][1]);
	}
}
END_TEST

START_TEST(columns_are_as_wide_as_their_widest_cell)
{
	static const char *const cells[] = { "A", "B", "C", "long", "\xc3\xbc", "x", "l", "mm", "y\nz" };
	CLEANUP(buf_release) struct buf out = BUF_INIT(1000);
	output_table(cells, ARRAY_LEN(cells), 3, &out);
	ck_assert_str_eq(buf_text(&out), "A     B   C\nlong  \xc3\xbc   x\nl     mm  y?z\n");
}
END_TEST

START_TEST(a_sync_in_words_leaves_out_what_is_unchanged)
{
	fill();
	tell("Deployment", "evil", VERDICT_FAILED, "no\x1b[2J", FAILURE_MANIFESTS);
	CLEANUP(buf_release) struct buf out = BUF_INIT(10000);
	output_sync_text(&report, 1234, &out);
	ck_assert_str_eq(buf_text(&out), "deployment.apps/web in shop changed: manifest changed\n"
	                                 "deployment.apps/evil in shop failed: no?[2J\n"
	                                 "4f2a91c \"Raise the limit\": 1 changed, 1 unchanged, 1 failed; applied in 1.2 s\n");
}
END_TEST

/* The members that docs/operations.md promises. */
START_TEST(a_sync_in_json_has_its_documented_members)
{
	fill();
	struct ident id = ident_make("apps", "Deployment", "shop", "web");
	struct health_report health = { .health = HEALTH_FAILED,
		                            .reason = "ImagePullBackOff",
		                            .message = "pod web-1: no such image" };
	report_health(&report, &id, &health);
	ident_release(&id);
	report_warn(&report, text_dup("old\x07"));
	report_fail(&report, FAILURE_ROLLOUT, text_dup("web: ImagePullBackOff"));
	CLEANUP(doc_freep) cJSON *json = output_sync_json(&report);
	CLEANUP(text_freep) char *text = cJSON_PrintUnformatted(json);
	ck_assert_str_eq(
		text,
		"{\"version\":1,\"command\":\"sync\",\"sync\":{\"name\":\"shop\",\"namespace\":\"shop\"},"
		"\"commit\":{\"id\":\"" COMMIT "\",\"ref\":\"main\",\"author\":\"Ana\",\"subject\":\"Raise the limit\","
		"\"when\":\"2023-11-14T22:13:20Z\"},\"number\":7,\"result\":\"applied\",\"exitCode\":6,\"objects\":["
		"{\"group\":\"apps\",\"kind\":\"Deployment\",\"namespace\":\"shop\",\"name\":\"web\",\"verdict\":\"changed\","
		"\"reason\":\"manifest changed\",\"health\":\"failed\",\"healthReason\":\"ImagePullBackOff: pod web-1: no such image\"},"
		"{\"group\":\"apps\",\"kind\":\"Deployment\",\"namespace\":\"shop\",\"name\":\"db\",\"verdict\":\"unchanged\","
		"\"reason\":\"in sync\",\"health\":\"\",\"healthReason\":\"\"}],"
		"\"counts\":{\"created\":0,\"changed\":1,\"healed\":0,\"adopted\":0,\"unchanged\":1,\"pruned\":0,\"kept\":0,\"skipped\":0,"
		"\"waiting\":0,\"blocked\":0,\"failed\":0},\"warnings\":[\"old?\"],\"errors\":[\"web: ImagePullBackOff\"],\"requests\":12}");
}
END_TEST

START_TEST(revisions_name_their_commit_or_whose_drift_they_are)
{
	struct ledger_sync sync = { .number = 3,
		                        .commit = (char[]){ COMMIT },
		                        .author = (char[]){ "Ana" },
		                        .subject = (char[]){ "Raise\x1b" },
		                        .started = 1700000000 };
	struct history_row rows[] = {
		{ .revision = 3,
		  .drift = (char[]){ "kubectl-set" },
		  .image = (char[]){ "evil:1" },
		  .replicas = 2,
		  .created = 1700000060,
		  .current = true },
		{ .revision = 2, .sync = &sync, .image = (char[]){ "web:2" }, .replicaset = (char[]){ "web-6d4" } },
		{ .revision = 1, .drift = (char[]){ "" }, .image = (char[]){ "web:1" } },
	};
	const struct history history = { .rows = rows, .count = ARRAY_LEN(rows) };
	CLEANUP(buf_release) struct buf out = BUF_INIT(10000);
	output_revisions_text(&history, &out);
	ck_assert_str_eq(buf_text(&out),
	                 "REVISION  COMMIT               WHEN              AUTHOR  IMAGE   REPLICASET  REPLICAS  SUBJECT\n"
	                 "3 *       drift (kubectl-set)  2023-11-14 22:14  -       evil:1  -           2         \n"
	                 "2         4f2a91c              2023-11-14 22:13  Ana     web:2   web-6d4     0         Raise?\n"
	                 "1         drift                -                 -       web:1   -           0         \n");
	CLEANUP(doc_freep) cJSON *json = output_revisions_json("shop", "web", &history);
	ck_assert_str_eq(doc_text(cJSON_GetArrayItem(doc_get(json, "revisions"), 0), "drift"), "kubectl-set");
	ck_assert(cJSON_IsNull(doc_get(cJSON_GetArrayItem(doc_get(json, "revisions"), 0), "commit")));
	ck_assert_str_eq(doc_text(cJSON_GetArrayItem(doc_get(json, "revisions"), 1), "commit"), COMMIT);
	ck_assert_str_eq(doc_text(json, "deployment/name"), "web");
}
END_TEST

START_TEST(a_time_that_is_not_known_is_a_dash)
{
	char text[OUTPUT_TIME];
	output_time(1700000000, text);
	ck_assert_str_eq(text, "2023-11-14 22:13");
	output_time(0, text);
	ck_assert_str_eq(text, "-");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("output");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, control_characters_do_not_reach_a_terminal);
	tcase_add_test(tcase, columns_are_as_wide_as_their_widest_cell);
	tcase_add_test(tcase, a_sync_in_words_leaves_out_what_is_unchanged);
	tcase_add_test(tcase, a_sync_in_json_has_its_documented_members);
	tcase_add_test(tcase, revisions_name_their_commit_or_whose_drift_they_are);
	tcase_add_test(tcase, a_time_that_is_not_known_is_a_dash);
	Suite *suite = suite_create("output");
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
