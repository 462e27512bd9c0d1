#include "golden.h"

#include "render/kustomize/json_read.h"
#include "render/kustomize/jsonpatch.h"
#include "render/kustomize/read.h"
#include "render/kustomize/write.h"

static glob_t cases;

static bool patch(struct arena *arena, const char *object, const char *text, struct buf *out, struct err *err)
{
	struct trees trees = { 0 };
	ck_assert_msg(tree_read(arena, "case", object, strlen(object), &trees, err), "%s", err->msg);
	struct jsonpatch operations;
	struct tree *patched;
	return jsonpatch_read(arena, "patch", text, strlen(text), &operations, err) &&
	       jsonpatch_apply(arena, &operations, trees.items[0], &patched, err) && tree_write_yaml(arena, patched, out, err);
}

START_TEST(an_object_is_patched_as_kustomize_patches_it)
{
	const char *path = cases.gl_pathv[_i];
	CLEANUP(golden_release) struct golden golden = golden_read(path);
	CLEANUP(arena_release) struct arena arena = ARENA_INIT(LIMIT_MIB(16));
	CLEANUP(buf_release) struct buf out = BUF_INIT(LIMIT_MIB(1));
	struct err err = ERR_INIT;
	bool good = patch(&arena, golden.parts[0], golden_part(&golden, "patch"), &out, &err);
	golden_check(&golden, path, good ? buf_text(&out) : NULL, err.msg);
}
END_TEST

static void refuses(const char *text, const char *message)
{
	CLEANUP(arena_release) struct arena arena = ARENA_INIT(LIMIT_MIB(16));
	CLEANUP(buf_release) struct buf out = BUF_INIT(LIMIT_MIB(1));
	struct err err = ERR_INIT;
	ck_assert(!patch(&arena, "kind: A\nspec: {a: [1], password: s3cret}\n", text, &out, &err));
	ck_assert_str_eq(err.msg, message);
}

START_TEST(errors_name_the_operation_its_number_and_its_path_and_no_value)
{
	refuses("- {op: add, path: /a, value: 1}\n- {op: remove, path: /spec/b}\n",
	        "operation 2 of the JSON patch: remove '/spec/b': the object has no '/spec/b'");
	refuses("- {op: test, path: /spec/password, value: other}\n",
	        "operation 1 of the JSON patch: test '/spec/password': the object has another value there");
	refuses("- {op: add, path: /spec/a/7, value: 1}\n",
	        "operation 1 of the JSON patch: add '/spec/a/7': '7' is no index of the list: it has 1 items");
	refuses("- {op: put, path: /spec/a}\n",
	        "operation 1 of the JSON patch: 'op' must be add, remove, replace, move, copy or test");
	refuses("- {op: move, path: /spec/a}\n", "operation 1 of the JSON patch: move '/spec/a': 'from' must be given, as a text");
}
END_TEST

START_TEST(what_is_no_list_of_operations_is_refused)
{
	refuses("op: add\n", "a JSON patch must be a list of operations");
	refuses("- add\n", "operation 1 of the JSON patch must be a mapping");
	refuses("[{\"op\": \"add\",}]", "line 1: not JSON: the name of a member must be a string");
	refuses("[{\"op\":\n\"add\"}] x", "line 2: not JSON: more text behind the value");
}
END_TEST

START_TEST(copies_that_double_each_time_end_at_a_limit)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MIB(1));
	ck_assert(buf_puts(&text, "- {op: add, path: /x, value: [[1, 2, 3, 4]]}\n"));
	for (size_t i = 0; i < 60; i++) {
		ck_assert(buf_puts(&text, "- {op: copy, from: /x, path: /y}\n- {op: add, path: /x/-, value: 1}\n"
		                          "- {op: move, from: /y, path: /x/-}\n"));
	}
	CLEANUP(arena_release) struct arena arena = ARENA_INIT(LIMIT_MIB(1024));
	CLEANUP(buf_release) struct buf out = BUF_INIT(LIMIT_MIB(1));
	struct err err = ERR_INIT;
	ck_assert(!patch(&arena, "kind: A\n", buf_text(&text), &out, &err));
	ck_assert_int_eq(err.kind, ERR_LIMIT);
}
END_TEST

START_TEST(json_is_read_as_strictly_as_go_reads_it)
{
	static const char *const good[] = { "{}", " [1, -0, 1.5e-3, \"\\u00e9\\n\", null, true] ", "\"\\ud83d\\ude00\"",
		                                "{\"a\":{\"b\":[]}}" };
	static const char *const bad[] = { "",       "[1,]",       "{a: 1}", "01",      "1.",  "+1",      "\"a",
		                               "\"\t\"", "nul",        "[1 2]",  "{\"a\"}", "'a'", "\"\\x\"", "\"\\u12\"",
		                               "[",      "{\"a\":1,}", "-",      "1e",      "]",   "\"\x80\"" };
	CLEANUP(arena_release) struct arena arena = ARENA_INIT(LIMIT_MIB(16));
	struct tree *tree;
	struct err err = ERR_INIT;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		ck_assert_msg(json_read(&arena, good[i], strlen(good[i]), 0, &tree, &err), "%s: %s", good[i], err.msg);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ck_assert_msg(!json_read(&arena, bad[i], strlen(bad[i]), 0, &tree, &err), "%s", bad[i]);
	}
	ck_assert(json_read(&arena, good[2], strlen(good[2]), 0, &tree, &err));
	ck_assert_str_eq(json_decode(&arena, tree)->text, "\xF0\x9F\x98\x80");
}
END_TEST

int main(void)
{
	golden_find("kustomize-jsonpatch", 20, &cases);
	TCase *tcase = tcase_create("kustomize_jsonpatch");
	tcase_add_loop_test(tcase, an_object_is_patched_as_kustomize_patches_it, 0, (int)cases.gl_pathc);
	tcase_add_test(tcase, errors_name_the_operation_its_number_and_its_path_and_no_value);
	tcase_add_test(tcase, what_is_no_list_of_operations_is_refused);
	tcase_add_test(tcase, copies_that_double_each_time_end_at_a_limit);
	tcase_add_test(tcase, json_is_read_as_strictly_as_go_reads_it);
	Suite *suite = suite_create("kustomize_jsonpatch");
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	globfree(&cases);
	return failed != 0;
}
