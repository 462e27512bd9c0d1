#include "golden.h"

#include "render/kustomize/merge.h"
#include "render/kustomize/read.h"
#include "render/kustomize/write.h"

static glob_t cases;

static struct tree *read_one(struct arena *arena, const char *text)
{
	struct trees trees = { 0 };
	struct err err = ERR_INIT;
	ck_assert_msg(tree_read(arena, "case", text, strlen(text), &trees, &err), "%s", err.msg);
	ck_assert_uint_eq(trees.count, 1);
	return trees.items[0];
}

static bool merge(struct arena *arena, const struct schema *schema, const char *object, const char *patch, struct buf *out,
                  struct err *err)
{
	struct tree *merged;
	if (!merge_apply(arena, schema, read_one(arena, object), read_one(arena, patch), &merged, err)) {
		return false;
	}
	return !merged || tree_write_yaml(arena, merged, out, err);
}

START_TEST(an_object_is_merged_as_kustomize_merges_it)
{
	const char *path = cases.gl_pathv[_i];
	CLEANUP(golden_release) struct golden golden = golden_read(path);
	CLEANUP(arena_release) struct arena arena = ARENA_INIT(LIMIT_MIB(16));
	CLEANUP(buf_release) struct buf out = BUF_INIT(LIMIT_MIB(1));
	struct err err = ERR_INIT;
	bool good = merge(&arena, NULL, golden.parts[0], golden_part(&golden, "patch"), &out, &err);
	golden_check(&golden, path, good ? buf_text(&out) : NULL, err.msg);
}
END_TEST

static void refuses(const char *object, const char *patch, const char *message)
{
	CLEANUP(arena_release) struct arena arena = ARENA_INIT(LIMIT_MIB(16));
	CLEANUP(buf_release) struct buf out = BUF_INIT(LIMIT_MIB(1));
	struct err err = ERR_INIT;
	ck_assert(!merge(&arena, NULL, object, patch, &out, &err));
	ck_assert_str_eq(err.msg, message);
}

START_TEST(errors_name_the_field_and_the_line_of_the_patch)
{
	refuses("kind: A\nspec:\n  a:\n    b: 1\n", "kind: A\nspec:\n  a:\n    b: [s3cret]\n",
	        "field 'spec.a.b' (line 4 of the patch): the patch has a list where the object has a scalar");
	refuses("kind: A\nspec: {a: {b: 1}}\n", "kind: A\nspec:\n  a:\n    $patch: remove\n",
	        "field 'spec.a' (line 4 of the patch): $patch must be delete, replace or merge");
}
END_TEST

START_TEST(lists_that_would_take_forever_to_merge_are_refused)
{
	CLEANUP(arena_release) struct arena arena = ARENA_INIT(LIMIT_MIB(256));
	struct tree *sides[2];
	for (size_t side = 0; side < 2; side++) {
		struct tree *secrets = tree_new_list(&arena);
		for (size_t i = 0; i < 20000; i++) {
			struct tree *item = tree_new_map(&arena);
			tree_set_string(&arena, item, "name", arena_printf(&arena, "%zu-%zu", side, i));
			tree_append(&arena, secrets, item);
		}
		sides[side] = tree_new_map(&arena);
		tree_set_string(&arena, sides[side], "apiVersion", "v1");
		tree_set_string(&arena, sides[side], "kind", "ServiceAccount");
		tree_set(&arena, sides[side], "secrets", secrets);
	}
	struct tree *merged;
	struct err err = ERR_INIT;
	ck_assert(!merge_apply(&arena, NULL, sides[0], sides[1], &merged, &err));
	ck_assert_int_eq(err.kind, ERR_LIMIT);
}
END_TEST

int main(void)
{
	golden_find("kustomize-merge", 30, &cases);
	TCase *tcase = tcase_create("kustomize_merge");
	tcase_add_loop_test(tcase, an_object_is_merged_as_kustomize_merges_it, 0, (int)cases.gl_pathc);
	tcase_add_test(tcase, errors_name_the_field_and_the_line_of_the_patch);
	tcase_add_test(tcase, lists_that_would_take_forever_to_merge_are_refused);
	Suite *suite = suite_create("kustomize_merge");
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	globfree(&cases);
	return failed != 0;
}
