/*
 * Each file of cases/health holds an object and what plumb says of it:
 *   {"about": "one line", "generation": 0, "object": {...}, "health": "progressing", "reason": "LessUpdated", "message": "..."}
 * A case with "pod": true is asked for the pod's own reason; "health": null there means that it has none.
 */
#include <check.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"
#include "render/doc.h"
#include "sync/health.h"
#include "tests/unit/still_clock.c"

enum { LIMIT_CASE = 65536 };

static glob_t cases;

static cJSON *read_case(const char *path)
{
	FILE *file = fopen(path, "re");
	ck_assert_msg(file != NULL, "cannot open %s", path);
	char *text = alloc_new(1, LIMIT_CASE);
	size_t len = fread(text, 1, LIMIT_CASE, file);
	(void)fclose(file);
	struct err err = ERR_INIT;
	cJSON *doc = doc_parse(text, len, &err);
	ck_assert_msg(doc != NULL, "%s: %s", path, err.msg);
	free(text);
	return doc;
}

static const char *or_none(const char *text)
{
	return text ? text : "";
}

START_TEST(the_report_is_that_of_the_case)
{
	const char *path = cases.gl_pathv[_i];
	CLEANUP(doc_freep) cJSON *doc = read_case(path);
	const char *health = doc_text(doc, "health");
	struct health_report report = { 0 };
	bool found = true;
	if (doc_true(doc, "pod")) {
		found = health_of_pod(doc_get(doc, "object"), &report);
	} else {
		health_of(doc_get(doc, "object"), doc_int(doc, "generation", 0), &report);
	}
	ck_assert_msg(found == (health != NULL), "%s: %s: %s", path, report.reason, report.message);
	if (found) {
		ck_assert_msg(strcmp(health_text(report.health), health) == 0, "%s: %s: %s: %s", path, health_text(report.health),
		              report.reason, report.message);
		ck_assert_msg(strcmp(report.reason, or_none(doc_text(doc, "reason"))) == 0, "%s: reason %s", path, report.reason);
		ck_assert_msg(strcmp(report.message, or_none(doc_text(doc, "message"))) == 0, "%s: message %s", path, report.message);
	}
}
END_TEST

START_TEST(the_message_is_one_line_of_whole_characters)
{
	char message[400] = "line\nbreak ";
	while (strlen(message) < 300) {
		(void)strcat(message, "\xe2\x82\xac");
	}
	CLEANUP(doc_freep)
	cJSON *shop = cJSON_Parse("{\"apiVersion\":\"example.org/v1\",\"kind\":\"Shop\","
	                          "\"status\":{\"conditions\":[{\"type\":\"Stalled\",\"status\":\"True\"}]}}");
	doc_set_text(cJSON_GetArrayItem(doc_at(shop, "status/conditions"), 0), "message", message);
	struct health_report report;
	health_of(shop, 0, &report);
	ck_assert_int_eq(report.health, HEALTH_FAILED);
	ck_assert_ptr_null(strchr(report.message, '\n'));
	ck_assert_uint_eq((strlen(report.message) - strlen("line break ")) % 3, 0);
	ck_assert_uint_gt(strlen(report.message), 250);
}
END_TEST

static cJSON *aged(const char *json, const char *path, const char *key, int64_t seconds)
{
	char time[CLOCK_TEXT];
	clock_text(clock_wall() - seconds, time);
	cJSON *doc = cJSON_Parse(json);
	ck_assert_ptr_nonnull(doc);
	cJSON *at = doc_at(doc, path);
	doc_set_text(cJSON_IsArray(at) ? cJSON_GetArrayItem(at, 0) : at, key, time);
	return doc;
}

START_TEST(a_pod_has_fifteen_seconds_to_find_a_node)
{
	static const char pending[] =
		"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{},\"status\":{\"phase\":\"Pending\","
		"\"conditions\":[{\"type\":\"PodScheduled\",\"status\":\"False\",\"reason\":\"Unschedulable\"}]}}";
	CLEANUP(doc_freep) cJSON *young = aged(pending, "metadata", "creationTimestamp", 14);
	CLEANUP(doc_freep) cJSON *old = aged(pending, "metadata", "creationTimestamp", 15);
	struct health_report report;
	health_of(young, 0, &report);
	ck_assert_int_eq(report.health, HEALTH_PROGRESSING);
	health_of(old, 0, &report);
	ck_assert_int_eq(report.health, HEALTH_FAILED);
}
END_TEST

START_TEST(a_pod_that_just_started_is_not_called_unready)
{
	static const char running[] = "{\"status\":{\"phase\":\"Running\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"False\"}],"
								  "\"containerStatuses\":[{\"name\":\"web\",\"state\":{\"running\":{}},\"ready\":false}]}}";
	CLEANUP(doc_freep) cJSON *young = aged(running, "status/conditions", "lastTransitionTime", 4);
	CLEANUP(doc_freep) cJSON *old = aged(running, "status/conditions", "lastTransitionTime", 5);
	struct health_report report;
	ck_assert(!health_of_pod(young, &report));
	ck_assert(health_of_pod(old, &report));
	ck_assert_str_eq(report.reason, "Unready");
}
END_TEST

START_TEST(any_json_is_judged_without_harm)
{
	static const char *const texts[] = {
		"null",
		"[]",
		"{}",
		"{\"apiVersion\":7,\"kind\":[]}",
		"{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"status\":7}",
		"{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"status\":{\"conditions\":[7],\"containerStatuses\":[null,7]}}"
	};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		CLEANUP(doc_freep) cJSON *doc = cJSON_Parse(texts[i]);
		struct health_report report;
		health_of(doc, 1, &report);
		(void)health_of_pod(doc, &report);
	}
}
END_TEST

int main(void)
{
	if (glob("cases/health/*.json", 0, NULL, &cases) != 0) {
		(void)fprintf(stderr, "no cases in cases/health\n");
		return EXIT_FAILURE;
	}
	TCase *tcase = tcase_create("health");
	tcase_add_loop_test(tcase, the_report_is_that_of_the_case, 0, (int)cases.gl_pathc);
	tcase_add_test(tcase, the_message_is_one_line_of_whole_characters);
	tcase_add_test(tcase, a_pod_has_fifteen_seconds_to_find_a_node);
	tcase_add_test(tcase, a_pod_that_just_started_is_not_called_unready);
	tcase_add_test(tcase, any_json_is_judged_without_harm);
	Suite *suite = suite_create("health");
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	globfree(&cases);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
