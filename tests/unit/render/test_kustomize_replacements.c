#include "golden.h"

#include "render/kustomize/decode.h"
#include "render/kustomize/read.h"
#include "render/kustomize/replacements.h"
#include "render/kustomize/reread.h"
#include "render/kustomize/write.h"

static glob_t cases;

static struct replacements replacements_of(struct arena *arena, const char *text)
{
	struct kustomization kustomization;
	struct err err = ERR_INIT;
	struct tree *tree;
	const char *whole = arena_printf(arena, "replacements:\n%s", text);
	ck_assert_msg(tree_read_config(arena, "case", whole, strlen(whole), CONFIG_UNIQUE, &tree, &err), "%s", err.msg);
	const struct decoder decoder = { .arena = arena, .file = "case", .strict = true };
	ck_assert_msg(decode(&decoder, &shape_kustomization, tree, &kustomization, &err), "%s", err.msg);
	return kustomization.replacements;
}

static struct resmap objects_of(struct arena *arena, const char *text)
{
	struct err err = ERR_INIT;
	struct resmap map = RESMAP_INIT(arena);
	ck_assert_msg(resources_read(arena, "case", text, strlen(text), &map, &err), "%s", err.msg);
	return map;
}

static bool print_all(struct arena *arena, const struct resmap *map, struct buf *out, struct err *err)
{
	for (size_t i = 0; i < map->count; i++) {
		ck_assert(resource_finish(arena, map->items[i], false, false, err));
		if (!reread_tree(arena, map->items[i]->root, err) || (i > 0 && !buf_puts(out, "---\n")) ||
		    !tree_write_yaml(arena, map->items[i]->root, out, err)) {
			return false;
		}
	}
	return true;
}

static bool replace(struct arena *arena, struct problems *problems, const char *objects, const char *replacements,
                    struct buf *out, struct err *err)
{
	const struct build build = { .arena = arena, .problems = problems, .file = "kustomization.yaml" };
	struct resmap map = objects_of(arena, objects);
	const struct replacements_config config = { replacements_of(arena, replacements) };
	return replacements_transform(&build, &map, &config, err) && print_all(arena, &map, out, err);
}

START_TEST(values_are_copied_as_kustomize_copies_them)
{
	const char *path = cases.gl_pathv[_i];
	CLEANUP(golden_release) struct golden golden = golden_read(path);
	CLEANUP(arena_release) struct arena arena = ARENA_INIT(LIMIT_MIB(64));
	CLEANUP(problems_release) struct problems problems = PROBLEMS_INIT;
	CLEANUP(buf_release) struct buf out = BUF_INIT(LIMIT_MIB(1));
	struct err err = ERR_INIT;
	bool good = replace(&arena, &problems, golden.parts[0], golden_part(&golden, "replacements"), &out, &err);
	golden_check(&golden, path, good ? buf_text(&out) : NULL, err.msg);
	/* What is lost, or for nothing, is said. */
	bool silent = !strstr(path, "lost") && !strstr(path, "nothing") && !strstr(path, "invalid") &&
	              !strstr(path, "default-is-not");
	ck_assert_msg(!silent || problems.count == (strstr(path, "name-is-anchored") ? 1 : 0), "%s: warns", path);
	ck_assert_msg(silent || !good || problems.count == 1, "%s: does not warn", path);
}
END_TEST

static void refuses(const char *objects, const char *replacements, const char *message)
{
	CLEANUP(arena_release) struct arena arena = ARENA_INIT(LIMIT_MIB(64));
	CLEANUP(problems_release) struct problems problems = PROBLEMS_INIT;
	CLEANUP(buf_release) struct buf out = BUF_INIT(LIMIT_MIB(1));
	struct err err = ERR_INIT;
	ck_assert(!replace(&arena, &problems, objects, replacements, &out, &err));
	ck_assert_str_eq(err.msg, message);
}

START_TEST(an_error_names_the_replacement_the_target_and_the_field)
{
	static const char pod[] = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {a: s3cret}\n";
	refuses(
		pod, "- sourceValue: x\n  targets:\n  - {select: {kind: Pod}, fieldPaths: [spec.b]}\n",
		"replacement 1: targets[0]: 'Pod.v1.[noGrp]/p.[noNs]' field 'spec.b': there is no such field (options: {create: true} makes "
		"it)");
	refuses(
		pod, "- sourceValue: x\n  targets:\n  - {select: {kind: Pod}, fieldPaths: [spec.a.b]}\n",
		"replacement 1: targets[0]: 'Pod.v1.[noGrp]/p.[noNs]' field 'spec.a.b': 'b' is looked for in something that is no mapping");
	refuses(pod, "- source: {kind: Pod, fieldPath: spec.b}\n  targets:\n  - {select: {kind: Pod}}\n",
	        "replacement 1: source 'Pod.[noVer].[noGrp]/[noName].[noNs]' has no value at fieldPath 'spec.b'");
	refuses(pod, "- sourceValue: x\n  targets:\n  - {select: {kind: '('}}\n",
	        "replacement 1: targets[0]: select: kind: invalid regular expression '(': a missing )");
}
END_TEST

START_TEST(an_item_that_its_own_expression_does_not_match_is_not_made_for_ever)
{
	refuses(
		"apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {l: []}\n",
		"- sourceValue: x\n  targets:\n  - {select: {kind: Pod}, fieldPaths: ['spec.l.[name=^a+$].v'], options: {create: true}}\n",
		"replacement 1: targets[0]: 'Pod.v1.[noGrp]/p.[noNs]' field 'spec.l.[name=^a+$].v': an item made for '[name=^a+$]' does not "
		"match it");
}
END_TEST

int main(void)
{
	golden_find("kustomize-replacements", 70, &cases);
	Suite *suite = suite_create("kustomize_replacements");
	TCase *tests = tcase_create("kustomize_replacements");
	tcase_add_loop_test(tests, values_are_copied_as_kustomize_copies_them, 0, (int)cases.gl_pathc);
	tcase_add_test(tests, an_error_names_the_replacement_the_target_and_the_field);
	tcase_add_test(tests, an_item_that_its_own_expression_does_not_match_is_not_made_for_ever);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	globfree(&cases);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
