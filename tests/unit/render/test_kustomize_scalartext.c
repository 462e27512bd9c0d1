#include "golden.h"

#include "render/kustomize/read.h"
#include "render/kustomize/scalartext.h"

static glob_t cases;

START_TEST(a_text_is_written_again_as_goyaml_writes_it)
{
	const char *path = cases.gl_pathv[_i];
	CLEANUP(golden_release) struct golden golden = golden_read(path);
	CLEANUP(arena_release) struct arena arena = ARENA_INIT(LIMIT_MIB(64));
	struct err err = ERR_INIT;
	struct scalartext document;
	struct text out;
	bool good = scalartext_read(&arena, golden.parts[0], strlen(golden.parts[0]), &document, &err) &&
	            scalartext_write(&arena, &document, golden.parts[0], &out, &err);
	const char *line = good ? arena_printf(&arena, "%s\n", out.data) : NULL;
	golden_check(&golden, path, line, err.msg);
}
END_TEST

START_TEST(an_alias_is_known_as_one)
{
	static const char text[] = "a: &x 1\nb: *x\n";
	CLEANUP(arena_release) struct arena arena = ARENA_INIT(LIMIT_MIB(1));
	struct err err = ERR_INIT;
	struct scalartext document;
	ck_assert(scalartext_read(&arena, text, strlen(text), &document, &err));
	ck_assert(!scalartext_is_alias(tree_get(document.root, "a")));
	ck_assert(scalartext_is_alias(tree_get(document.root, "b")));
	ck_assert(!scalartext_is_alias(NULL));
}
END_TEST

START_TEST(a_value_is_written_with_the_quotes_it_had)
{
	static const char text[] = "[plain, 'single', \"double\", '8080', {a: [1]}, \"a\\nb\", null]";
	static const char *const expected[] = { "plain", "'single'", "\"double\"", "'8080'", "{a: [1]}", "\"a\\nb\"", "null" };
	CLEANUP(arena_release) struct arena arena = ARENA_INIT(LIMIT_MIB(1));
	struct err err = ERR_INIT;
	struct scalartext document;
	ck_assert(scalartext_read(&arena, text, strlen(text), &document, &err));
	ck_assert_uint_eq(document.root->count, ARRAY_LEN(expected));
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		ck_assert_str_eq(scalartext_node(&arena, document.root->items[i]), expected[i]);
	}
	/* One that got its text and has no tag is written as it is; a string that looks like something else gets quotes. */
	ck_assert_str_eq(scalartext_node(&arena, tree_new_plain(&arena, "8080")), "8080");
	ck_assert_str_eq(scalartext_node(&arena, tree_new_string(&arena, "8080")), "\"8080\"");
}
END_TEST

START_TEST(what_is_nested_too_deep_is_refused)
{
	CLEANUP(arena_release) struct arena arena = ARENA_INIT(LIMIT_MIB(64));
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MIB(1));
	for (int i = 0; i < 100000; i++) {
		ck_assert(buf_putc(&text, '['));
	}
	struct err err = ERR_INIT;
	struct scalartext document;
	ck_assert(!scalartext_read(&arena, text.data, text.len, &document, &err));
	ck_assert_int_eq(err.kind, ERR_LIMIT);
}
END_TEST

int main(void)
{
	golden_find("kustomize-scalartext", 25, &cases);
	Suite *suite = suite_create("kustomize_scalartext");
	TCase *tests = tcase_create("kustomize_scalartext");
	tcase_add_loop_test(tests, a_text_is_written_again_as_goyaml_writes_it, 0, (int)cases.gl_pathc);
	tcase_add_test(tests, an_alias_is_known_as_one);
	tcase_add_test(tests, a_value_is_written_with_the_quotes_it_had);
	tcase_add_test(tests, what_is_nested_too_deep_is_refused);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	globfree(&cases);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
