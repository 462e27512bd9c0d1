#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"
#include "render/base/digest.h"
#include "render/base/err.h"
#include "render/base/map.h"
#include "render/base/near.h"

START_TEST(a_buffer_refuses_to_pass_its_maximum_and_keeps_what_it_had)
{
	struct buf buf = BUF_INIT(5);
	ck_assert(buf_puts(&buf, "abc"));
	ck_assert(!buf_printf(&buf, "%d", 1234));
	ck_assert_str_eq(buf_text(&buf), "abc");
	ck_assert(buf_printf(&buf, "%d", 12));
	ck_assert_str_eq(buf_text(&buf), "abc12");
	buf_release(&buf);
}
END_TEST

START_TEST(a_map_keeps_insertion_order_and_replaces)
{
	struct map map = MAP_INIT;
	char key[16];
	static int values[100];
	for (int i = 0; i < 100; i++) {
		(void)snprintf(key, sizeof key, "k%d", i);
		ck_assert_ptr_null(map_set(&map, key, &values[i]));
	}
	ck_assert_ptr_eq(map_set(&map, "k7", &values[0]), &values[7]);
	ck_assert_ptr_eq(map_get(&map, "k7"), &values[0]);
	ck_assert_ptr_null(map_get(&map, "k100"));
	ck_assert_str_eq(map.entries[42].key, "k42");
	ck_assert_uint_eq(map.count, 100);
	map_release(&map);
}
END_TEST

START_TEST(wrapping_an_error_puts_context_in_front_and_keeps_the_kind)
{
	struct err err = ERR_INIT;
	ck_assert(!err_set(&err, ERR_LIMIT, "more than %d", 3));
	ck_assert(!err_wrap(&err, "file '%s'", "a.yaml"));
	ck_assert_str_eq(err.msg, "file 'a.yaml': more than 3");
	ck_assert_int_eq(err.kind, ERR_LIMIT);
}
END_TEST

START_TEST(a_digest_is_sha256)
{
	char out[DIGEST_TEXT];
	digest_of("abc", 3, out);
	ck_assert_str_eq(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
END_TEST

START_TEST(the_nearest_word_is_found_and_a_far_one_is_not)
{
	static const char *const words[] = { "namePrefix", "nameSuffix", "namespace", "url" };
	ck_assert_str_eq(near_word("nameprefix", words, ARRAY_LEN(words)), "namePrefix");
	ck_assert_str_eq(near_word("namespaces", words, ARRAY_LEN(words)), "namespace");
	ck_assert_str_eq(near_word("uri", words, ARRAY_LEN(words)), "url");
	ck_assert_ptr_null(near_word("images", words, ARRAY_LEN(words)));
	ck_assert_ptr_null(near_word("", words, ARRAY_LEN(words)));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base");
	TCase *tests = tcase_create("base");
	tcase_add_test(tests, a_buffer_refuses_to_pass_its_maximum_and_keeps_what_it_had);
	tcase_add_test(tests, a_map_keeps_insertion_order_and_replaces);
	tcase_add_test(tests, wrapping_an_error_puts_context_in_front_and_keeps_the_kind);
	tcase_add_test(tests, a_digest_is_sha256);
	tcase_add_test(tests, the_nearest_word_is_found_and_a_far_one_is_not);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
