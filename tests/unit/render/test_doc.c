#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "render/doc.h"

static cJSON *doc_of(const char *text)
{
	struct err err = ERR_INIT;
	cJSON *doc = doc_parse(text, strlen(text), &err);
	ck_assert_msg(doc != NULL, "%s", err.msg);
	return doc;
}

static void prints(const cJSON *doc, const char *expected)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(4096);
	ck_assert(doc_print(doc, &text));
	ck_assert_str_eq(buf_text(&text), expected);
}

START_TEST(a_path_leads_through_mappings_and_is_case_sensitive)
{
	CLEANUP(doc_freep) cJSON *doc = doc_of("{\"a\":{\"B\":1,\"b\":\"two\",\"bb\":true},\"list\":[{\"x\":1}]}");
	ck_assert_str_eq(doc_text(doc, "a/b"), "two");
	ck_assert_int_eq(doc_int(doc, "a/B", 7), 1);
	ck_assert(doc_true(doc, "a/bb"));
	ck_assert_ptr_null(doc_at(doc, "A/b"));
	ck_assert_ptr_null(doc_at(doc, "list/x"));
	ck_assert_ptr_null(doc_at(doc, "a/b/c"));
	ck_assert_ptr_null(doc_at(NULL, "a"));
}
END_TEST

START_TEST(a_value_of_another_type_reads_as_absent)
{
	CLEANUP(doc_freep) cJSON *doc = doc_of("{\"text\":\"7\",\"number\":7,\"huge\":1e300,\"null\":null,\"yes\":\"true\"}");
	ck_assert_ptr_null(doc_text(doc, "number"));
	ck_assert_ptr_null(doc_text(doc, "null"));
	ck_assert_int_eq(doc_int(doc, "text", -1), -1);
	ck_assert_int_eq(doc_int(doc, "huge", -1), -1);
	ck_assert(!doc_true(doc, "yes"));
}
END_TEST

START_TEST(making_a_mapping_replaces_what_is_no_mapping)
{
	CLEANUP(doc_freep) cJSON *doc = doc_of("{\"metadata\":null,\"spec\":{\"keep\":1}}");
	doc_set_text(doc_make(doc, "metadata/labels"), "app", "web");
	doc_set_text(doc_make(doc, "metadata/labels"), "app", "api");
	doc_set_text(doc_make(doc, "spec"), "more", "x");
	doc_remove(doc_get(doc, "spec"), "keep");
	doc_remove(doc_get(doc, "spec"), "never was");
	prints(doc, "{\"metadata\":{\"labels\":{\"app\":\"api\"}},\"spec\":{\"more\":\"x\"}}");
}
END_TEST

START_TEST(canonical_text_does_not_depend_on_the_order_of_keys_but_on_that_of_lists)
{
	CLEANUP(doc_freep) cJSON *one = doc_of("{\"b\":[{\"y\":1,\"x\":\"\\u0001\"}],\"a\":{}}");
	CLEANUP(doc_freep) cJSON *two = doc_of("{\"a\":{},\"b\":[{\"x\":\"\\u0001\",\"y\":1}]}");
	CLEANUP(doc_freep) cJSON *other = doc_of("{\"a\":{},\"b\":[1,2]}");
	CLEANUP(doc_freep) cJSON *turned = doc_of("{\"a\":{},\"b\":[2,1]}");
	CLEANUP(buf_release) struct buf first = BUF_INIT(4096);
	CLEANUP(buf_release) struct buf second = BUF_INIT(4096);
	ck_assert(doc_print_canonical(one, &first));
	ck_assert(doc_print_canonical(two, &second));
	ck_assert_str_eq(buf_text(&first), "{\"a\":{},\"b\":[{\"x\":\"\\u0001\",\"y\":1}]}");
	ck_assert_str_eq(buf_text(&first), buf_text(&second));
	ck_assert(doc_equal(one, two));
	ck_assert(!doc_equal(other, turned));
}
END_TEST

/* Digests are of it: another text would apply everything anew. */
START_TEST(canonical_text_writes_every_character_as_the_plain_print_does)
{
	for (int c = 1; c < 256; c++) {
		const char text[] = { 'a', (char)c, 'b', '\0' };
		CLEANUP(doc_freep) cJSON *doc = cJSON_CreateObject();
		CLEANUP(buf_release) struct buf plain = BUF_INIT(4096);
		CLEANUP(buf_release) struct buf canonical = BUF_INIT(4096);
		doc_set_text(doc, text, text);
		ck_assert(doc_print(doc, &plain) && doc_print_canonical(doc, &canonical));
		ck_assert_str_eq(buf_text(&canonical), buf_text(&plain));
	}
}
END_TEST

START_TEST(printing_stops_at_the_maximum)
{
	CLEANUP(doc_freep) cJSON *doc = doc_of("{\"a\":[1,2,3],\"b\":{\"c\":\"dddd\"}}");
	for (size_t max = 0; max < strlen("{\"a\":[1,2,3],\"b\":{\"c\":\"dddd\"}}"); max++) {
		struct buf text = BUF_INIT(max);
		ck_assert(!doc_print(doc, &text));
		buf_release(&text);
		text = BUF_INIT(max);
		ck_assert(!doc_print_canonical(doc, &text));
		buf_release(&text);
	}
}
END_TEST

static const char *const broken[] = { "", "{", "{\"a\":}", "{} x", "[1,]", "\"open", "{\"a\":1}{\"b\":2}" };

START_TEST(text_that_is_not_json_is_refused_with_the_byte_and_without_quoting_it)
{
	struct err err = ERR_INIT;
	ck_assert_ptr_null(doc_parse(broken[_i], strlen(broken[_i]), &err));
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert(strstr(err.msg, "not JSON"));
	ck_assert(strstr(err.msg, "at byte"));
	ck_assert_ptr_null(strstr(err.msg, "open"));
}
END_TEST

START_TEST(space_around_a_document_and_a_text_without_an_end_are_fine)
{
	struct err err = ERR_INIT;
	static const char text[] = { ' ', '{', '}', '\n', '\t', 'x' };
	CLEANUP(doc_freep) cJSON *doc = doc_parse(text, sizeof text - 1, &err);
	ck_assert_ptr_nonnull(doc);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("doc");
	tcase_add_test(tcase, a_path_leads_through_mappings_and_is_case_sensitive);
	tcase_add_test(tcase, a_value_of_another_type_reads_as_absent);
	tcase_add_test(tcase, making_a_mapping_replaces_what_is_no_mapping);
	tcase_add_test(tcase, canonical_text_does_not_depend_on_the_order_of_keys_but_on_that_of_lists);
	tcase_add_test(tcase, canonical_text_writes_every_character_as_the_plain_print_does);
	tcase_add_test(tcase, printing_stops_at_the_maximum);
	tcase_add_loop_test(tcase, text_that_is_not_json_is_refused_with_the_byte_and_without_quoting_it, 0, ARRAY_LEN(broken));
	tcase_add_test(tcase, space_around_a_document_and_a_text_without_an_end_are_fine);
	Suite *suite = suite_create("doc");
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
