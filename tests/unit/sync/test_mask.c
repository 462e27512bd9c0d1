#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/mask.h"

static void expect(const cJSON *doc, const char *json)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MIB(1));
	ck_assert(doc_print(doc, &text));
	ck_assert_str_eq(buf_text(&text), json);
}

/* The same pair of objects as `kubectl diff` of 1.36 shows it: equal and one-sided values alike. */
START_TEST(values_are_masked_as_kubectl_does)
{
	CLEANUP(doc_freep)
	cJSON *before = cJSON_Parse("{\"kind\":\"Secret\",\"data\":{\"differs\":\"dHdv\",\"goes\":\"dGhyZWU=\",\"same\":\"b25l\"}}");
	CLEANUP(doc_freep)
	cJSON *after = cJSON_Parse(
		"{\"kind\":\"Secret\",\"data\":{\"comes\":\"Zm91cg==\",\"differs\":\"Y2hhbmdlZA==\",\"same\":\"b25l\"}}");
	mask_secrets(before, after);
	expect(before, "{\"kind\":\"Secret\",\"data\":{\"differs\":\"*** (before)\",\"goes\":\"***\",\"same\":\"***\"}}");
	expect(after, "{\"kind\":\"Secret\",\"data\":{\"comes\":\"***\",\"differs\":\"*** (after)\",\"same\":\"***\"}}");
}
END_TEST

START_TEST(a_missing_side_is_allowed)
{
	CLEANUP(doc_freep) cJSON *one = cJSON_Parse("{\"kind\":\"Secret\",\"data\":{\"a\":\"b25l\"},\"stringData\":{\"b\":\"two\"}}");
	CLEANUP(doc_freep) cJSON *other = cJSON_Duplicate(one, true);
	mask_secrets(NULL, one);
	mask_secrets(other, NULL);
	mask_secrets(NULL, NULL);
	expect(one, "{\"kind\":\"Secret\",\"data\":{\"a\":\"***\"},\"stringData\":{\"b\":\"***\"}}");
	expect(other, "{\"kind\":\"Secret\",\"data\":{\"a\":\"***\"},\"stringData\":{\"b\":\"***\"}}");
}
END_TEST

START_TEST(copies_of_the_object_in_annotations_are_masked_and_other_annotations_are_not)
{
	CLEANUP(doc_freep)
	cJSON *before = cJSON_Parse(
		"{\"kind\":\"Secret\",\"metadata\":{\"annotations\":{\"kubectl.kubernetes.io/last-applied-configuration\":\"{\\\"data\\\":1}\","
		"\"kapp.k14s.io/original\":\" {\\\"data\\\":1}\",\"team\":\"shop\",\"empty\":\"\"}}}");
	CLEANUP(doc_freep)
	cJSON *after = cJSON_Parse(
		"{\"kind\":\"Secret\",\"metadata\":{\"annotations\":{\"kubectl.kubernetes.io/last-applied-configuration\":\"{\\\"data\\\":2}\","
		"\"team\":\"bank\"}}}");
	mask_secrets(before, after);
	expect(
		before,
		"{\"kind\":\"Secret\",\"metadata\":{\"annotations\":{\"kubectl.kubernetes.io/last-applied-configuration\":\"*** (before)\","
		"\"kapp.k14s.io/original\":\"***\",\"team\":\"shop\",\"empty\":\"\"}}}");
	expect(
		after,
		"{\"kind\":\"Secret\",\"metadata\":{\"annotations\":{\"kubectl.kubernetes.io/last-applied-configuration\":\"*** (after)\","
		"\"team\":\"bank\"}}}");
}
END_TEST

START_TEST(values_of_any_type_are_masked)
{
	CLEANUP(doc_freep)
	cJSON *before = cJSON_Parse(
		"{\"kind\":\"Secret\",\"data\":{\"a\":7,\"b\":{\"c\":\"x\"},\"d\":null},\"stringData\":\"hunter2\"}");
	CLEANUP(doc_freep) cJSON *after = cJSON_Parse("{\"kind\":\"Secret\",\"data\":[\"hunter2\"]}");
	mask_secrets(before, after);
	expect(before, "{\"kind\":\"Secret\",\"data\":{\"a\":\"***\",\"b\":\"***\",\"d\":\"***\"},\"stringData\":\"***\"}");
	expect(after, "{\"kind\":\"Secret\",\"data\":\"***\"}");
}
END_TEST

START_TEST(other_kinds_are_left_alone)
{
	static const char map[] = "{\"kind\":\"ConfigMap\",\"data\":{\"a\":\"b\"},\"metadata\":{\"annotations\":{\"x\":\"{}\"}}}";
	CLEANUP(doc_freep) cJSON *before = cJSON_Parse(map);
	CLEANUP(doc_freep) cJSON *after = cJSON_Parse(map);
	mask_secrets(before, after);
	expect(before, map);
	expect(after, map);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("mask");
	tcase_add_test(tcase, values_are_masked_as_kubectl_does);
	tcase_add_test(tcase, a_missing_side_is_allowed);
	tcase_add_test(tcase, copies_of_the_object_in_annotations_are_masked_and_other_annotations_are_not);
	tcase_add_test(tcase, values_of_any_type_are_masked);
	tcase_add_test(tcase, other_kinds_are_left_alone);
	Suite *suite = suite_create("mask");
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
