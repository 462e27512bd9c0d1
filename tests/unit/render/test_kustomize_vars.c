#include "golden.h"

#include "render/kustomize/decode.h"
#include "render/kustomize/fieldspec.h"
#include "render/kustomize/read.h"
#include "render/kustomize/vars.h"
#include "render/kustomize/write.h"

static glob_t cases;

static struct vars vars_of(struct arena *arena, const char *text)
{
	struct kustomization kustomization;
	struct err err = ERR_INIT;
	struct tree *tree;
	const char *whole = arena_printf(arena, "vars:\n%s", text);
	ck_assert_msg(tree_read_config(arena, "case", whole, strlen(whole), CONFIG_UNIQUE, &tree, &err), "%s", err.msg);
	const struct decoder decoder = { .arena = arena, .file = "case", .strict = true };
	ck_assert_msg(decode(&decoder, &shape_kustomization, tree, &kustomization, &err), "%s", err.msg);
	return kustomization.vars;
}

static bool resolve(const struct build *build, const char *objects, const char *text, struct buf *out, struct err *err)
{
	struct arena *arena = build->arena;
	struct resmap map = RESMAP_INIT(arena);
	ck_assert_msg(resources_read(arena, "case", objects, strlen(objects), &map, err), "%s", err->msg);
	const struct vars vars = vars_of(arena, text);
	struct varset set = { 0 };
	struct field_config config = *field_config_default();
	if (!vars_merge(build, &map, &set, &vars, err) || !vars_resolve(build, &map, &set, &config.var_reference, err)) {
		return false;
	}
	for (size_t i = 0; i < map.count; i++) {
		ck_assert(resource_finish(arena, map.items[i], false, false, err));
		if ((i > 0 && !buf_puts(out, "---\n")) || !tree_write_yaml(arena, map.items[i]->root, out, err)) {
			return false;
		}
	}
	return true;
}

START_TEST(references_become_what_they_become_in_kustomize)
{
	const char *path = cases.gl_pathv[_i];
	CLEANUP(golden_release) struct golden golden = golden_read(path);
	CLEANUP(arena_release) struct arena arena = ARENA_INIT(LIMIT_MIB(64));
	CLEANUP(problems_release) struct problems problems = PROBLEMS_INIT;
	CLEANUP(buf_release) struct buf out = BUF_INIT(LIMIT_MIB(1));
	struct err err = ERR_INIT;
	const struct build build = { .arena = &arena, .problems = &problems, .file = "kustomization.yaml" };
	bool good = resolve(&build, golden.parts[0], golden_part(&golden, "vars"), &out, &err);
	golden_check(&golden, path, good ? buf_text(&out) : NULL, err.msg);
	ck_assert_msg(!strstr(path, "unused") || problems.count == 1, "%s: an unused var is no warning", path);
}
END_TEST

START_TEST(a_set_keeps_names_in_order_and_takes_each_once)
{
	CLEANUP(arena_release) struct arena arena = ARENA_INIT(LIMIT_MIB(1));
	struct err err = ERR_INIT;
	struct var items[] = { { .name = "B" }, { .name = "A" }, { .name = "C" } };
	const struct varset from = { items, ARRAY_LEN(items) };
	struct varset set = { 0 };
	ck_assert(varset_merge(&arena, &set, &from, &err));
	ck_assert_uint_eq(set.count, 3);
	ck_assert_str_eq(set.items[0].name, "A");
	ck_assert_str_eq(set.items[2].name, "C");
	const struct varset again = { items, 1 };
	ck_assert(!varset_merge(&arena, &set, &again, &err));
	ck_assert_str_eq(err.msg, "var 'B' is there twice");
}
END_TEST

int main(void)
{
	golden_find("kustomize-vars", 20, &cases);
	Suite *suite = suite_create("kustomize_vars");
	TCase *tests = tcase_create("kustomize_vars");
	tcase_add_loop_test(tests, references_become_what_they_become_in_kustomize, 0, (int)cases.gl_pathc);
	tcase_add_test(tests, a_set_keeps_names_in_order_and_takes_each_once);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	globfree(&cases);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
