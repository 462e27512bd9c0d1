#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "render/base/limits.h"
#include "sync/secret.h"
#include "tests/unit/dir_fixture.h"

START_TEST(a_secret_is_a_copy_of_its_own)
{
	struct secret secret = SECRET_INIT;
	char text[] = "hunter2 and more";
	ck_assert(!secret_is_set(&secret));
	secret_set(&secret, text, strlen("hunter2"));
	memset(text, 'x', sizeof text - 1);
	ck_assert(secret_is_set(&secret));
	ck_assert_str_eq(secret.text, "hunter2");
	ck_assert_uint_eq(secret.len, strlen("hunter2"));
	secret_release(&secret);
}
END_TEST

START_TEST(one_is_set_from_a_part_of_itself)
{
	struct secret secret = SECRET_INIT;
	secret_set(&secret, "hunter2", 7);
	secret_set(&secret, secret.text + 4, 3);
	ck_assert_str_eq(secret.text, "er2");
	ck_assert_uint_eq(secret.len, 3);
	secret_release(&secret);
}
END_TEST

START_TEST(one_that_is_released_is_unset_and_may_be_released_again)
{
	struct secret secret = SECRET_INIT;
	secret_set(&secret, "hunter2", 7);
	secret_release(&secret);
	ck_assert(!secret_is_set(&secret));
	ck_assert_uint_eq(secret.len, 0);
	secret_release(&secret);
}
END_TEST

START_TEST(a_file_is_read_without_the_line_breaks_at_its_end_only)
{
	static const struct {
		const char *text;
		const char *expected;
	} cases[] = {
		{ "hunter2", "hunter2" },     { "hunter2\n", "hunter2" },         { "hunter2\r\n\n\r", "hunter2" },
		{ "one\ntwo\n", "one\ntwo" }, { "\n hunter2 \n", "\n hunter2 " },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(text_freep) char *path = put_bytes("token", cases[i].text, strlen(cases[i].text));
		CLEANUP(secret_release) struct secret secret = SECRET_INIT;
		struct err err = ERR_INIT;
		ck_assert_msg(secret_read_file(&secret, path, &err), "%zu: %s", i, err.msg);
		ck_assert_str_eq(secret.text, cases[i].expected);
		ck_assert_uint_eq(secret.len, strlen(cases[i].expected));
	}
}
END_TEST

START_TEST(a_file_with_nothing_in_it_or_none_at_all_is_named_and_changes_nothing)
{
	struct secret secret = SECRET_INIT;
	secret_set(&secret, "before", 6);
	CLEANUP(text_freep) char *path = put_bytes("token", "\r\n\n", 3);
	struct err err = ERR_INIT;
	ck_assert(!secret_read_file(&secret, path, &err));
	ck_assert_int_eq(err.kind, ERR_INPUT);
	CLEANUP(text_freep) char *empty = text_printf("'%s' is empty", path);
	ck_assert_str_eq(err.msg, empty);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert(!secret_read_file(&secret, path, &err));
	ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.msg, path));
	ck_assert_str_eq(secret.text, "before");
	secret_release(&secret);
}
END_TEST

START_TEST(a_directory_is_no_secret)
{
	struct secret secret = SECRET_INIT;
	struct err err = ERR_INIT;
	ck_assert(!secret_read_file(&secret, dir, &err));
	ck_assert_ptr_nonnull(strstr(err.msg, dir));
	ck_assert(!secret_is_set(&secret));
}
END_TEST

START_TEST(a_file_may_be_as_long_as_the_limit_and_not_longer)
{
	char *text = alloc_new(LIMIT_TOKEN_BYTES + 1, 1);
	memset(text, 'x', LIMIT_TOKEN_BYTES + 1);
	struct secret secret = SECRET_INIT;
	struct err err = ERR_INIT;
	CLEANUP(text_freep) char *path = put_bytes("token", text, LIMIT_TOKEN_BYTES);
	ck_assert_msg(secret_read_file(&secret, path, &err), "%s", err.msg);
	ck_assert_uint_eq(secret.len, LIMIT_TOKEN_BYTES);
	free(put_bytes("token", text, LIMIT_TOKEN_BYTES + 1));
	ck_assert(!secret_read_file(&secret, path, &err));
	ck_assert_int_eq(err.kind, ERR_LIMIT);
	ck_assert_ptr_nonnull(strstr(err.msg, path));
	ck_assert_ptr_nonnull(strstr(err.msg, "longer than 65536 bytes"));
	ck_assert_ptr_null(strstr(err.msg, "xxx"));
	secret_release(&secret);
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("secret");
	TCase *tests = tcase_create("secret");
	tcase_add_checked_fixture(tests, make_dir, remove_dir);
	tcase_add_test(tests, a_secret_is_a_copy_of_its_own);
	tcase_add_test(tests, one_is_set_from_a_part_of_itself);
	tcase_add_test(tests, one_that_is_released_is_unset_and_may_be_released_again);
	tcase_add_test(tests, a_file_is_read_without_the_line_breaks_at_its_end_only);
	tcase_add_test(tests, a_file_with_nothing_in_it_or_none_at_all_is_named_and_changes_nothing);
	tcase_add_test(tests, a_directory_is_no_secret);
	tcase_add_test(tests, a_file_may_be_as_long_as_the_limit_and_not_longer);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
