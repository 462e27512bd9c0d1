#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/base/map.h"
#include "render/kustomize/kustomize.h"

/* A tree in memory that counts how often each of its files is read. */
struct counted {
	struct files files;
	struct files *inner;
	struct map reads; /* size_t * by path */
};

static struct counted *tree;
static struct problems problems;
static struct buf out;

static bool count_list(struct files *files, const char *path, struct files_entries *entries, struct err *err)
{
	return files_list(((struct counted *)files)->inner, path, entries, err);
}

static bool count_read(struct files *files, const char *path, struct buf *text, struct err *err)
{
	struct counted *own = (struct counted *)files;
	size_t *count = map_get(&own->reads, path);
	if (!count) {
		count = alloc_new(1, sizeof *count);
		(void)map_set(&own->reads, path, count);
	}
	++*count;
	return files_read(own->inner, path, text, err);
}

static bool count_find(struct files *files, const char *path, struct buf *real, enum files_kind *kind, struct err *err)
{
	return files_find(((struct counted *)files)->inner, path, real, kind, err);
}

static void count_free(struct files *files)
{
	struct counted *own = (struct counted *)files;
	files_free(own->inner);
	for (size_t i = 0; i < own->reads.count; i++) {
		free(own->reads.entries[i].value);
	}
	map_release(&own->reads);
	free(own);
}

static const struct files_ops COUNTED = { .list = count_list, .read = count_read, .find = count_find, .free = count_free };

static void set_up(void)
{
	tree = alloc_new(1, sizeof *tree);
	tree->files.ops = &COUNTED;
	tree->inner = files_mem_new();
	problems = PROBLEMS_INIT;
	out = BUF_INIT(LIMIT_MIB(16));
}

static void tear_down(void)
{
	files_free(&tree->files);
	problems_release(&problems);
	buf_release(&out);
}

static void add(const char *path, const char *text)
{
	files_mem_add(tree->inner, path, text, strlen(text));
}

static void add_configmap(const char *path, const char *name)
{
	CLEANUP(text_freep) char *text = text_printf("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: %s\n", name);
	add(path, text);
}

static bool build(const char *dir, enum load_restriction restriction)
{
	struct kustomize_source source = { .files = &tree->files, .dir = dir, .from = "", .restriction = restriction };
	return kustomize_print(&source, &out, &problems);
}

static void builds(const char *dir, const char *expected)
{
	bool good = build(dir, LOAD_ROOT_ONLY);
	ck_assert_msg(good, "%s", problems.count ? problems.items[problems.count - 1].text : "");
	ck_assert_str_eq(buf_text(&out), expected);
}

static void says(enum problem_severity severity, const char *text)
{
	for (size_t i = 0; i < problems.count; i++) {
		if (problems.items[i].severity == severity && strcmp(problems.items[i].text, text) == 0) {
			return;
		}
	}
	ck_abort_msg("expected: %s\nsaid:     %s", text, problems.count ? problems.items[problems.count - 1].text : "nothing");
}

static void refuses(const char *dir, const char *error)
{
	ck_assert(!build(dir, LOAD_ROOT_ONLY));
	says(PROBLEM_ERROR, error);
	ck_assert_uint_eq(out.len, 0);
}

/* --- what is built ------------------------------------------------------------------------------------------------ */

START_TEST(builds_an_overlay_of_a_base)
{
	add_configmap("base/a.yaml", "a");
	add("base/kustomization.yaml", "resources: [a.yaml]\n");
	add("over/kustomization.yaml", "resources: [../base]\nnamePrefix: my-\nnamespace: shop\n");
	builds("over", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: my-a\n  namespace: shop\n");
}
END_TEST

START_TEST(reads_a_base_once_that_two_overlays_name)
{
	add_configmap("base/a.yaml", "a");
	add("base/kustomization.yaml", "resources: [a.yaml]\n");
	add("one/kustomization.yaml", "resources: [../base]\nnamePrefix: one-\n");
	add("two/kustomization.yaml", "resources: [../base]\nnamePrefix: two-\n");
	add("top/kustomization.yaml", "resources: [../one, ../two]\n");
	builds("top", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one-a\n---\n"
	              "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: two-a\n");
	ck_assert_uint_eq(*(size_t *)map_get(&tree->reads, "base/a.yaml"), 1);
	ck_assert_uint_eq(*(size_t *)map_get(&tree->reads, "base/kustomization.yaml"), 1);
}
END_TEST

START_TEST(lets_a_component_work_on_what_its_parent_has)
{
	add_configmap("a.yaml", "a");
	add("kustomization.yaml", "resources: [a.yaml]\ncomponents: [c]\nnamePrefix: p-\n");
	add("c/kustomization.yaml", "kind: Component\nnameSuffix: -c\n");
	builds("", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: p-a-c\n");
}
END_TEST

START_TEST(gives_nothing_for_no_resources)
{
	add("kustomization.yaml", "resources: []\n");
	builds("", "");
}
END_TEST

/* --- what is refused ---------------------------------------------------------------------------------------------- */

START_TEST(names_the_nearest_field_of_an_unknown_one)
{
	add("kustomization.yaml", "resources: []\nnamePrefixx: a\n");
	refuses("", "kustomization.yaml:2: unknown field 'namePrefixx' of a kustomization, did you mean 'namePrefix'?");
}
END_TEST

START_TEST(names_the_place_of_a_value_of_the_wrong_type)
{
	add("kustomization.yaml", "images:\n- name: a\n  newTag: 1.0\n");
	refuses("", "kustomization.yaml:3: images[0].newTag: must be a string: put the value in quotes");
}
END_TEST

START_TEST(names_every_kustomization_on_the_way_to_an_error)
{
	add("base/kustomization.yaml", "resources: [gone.yaml]\n");
	add("over/kustomization.yaml", "resources: [../base]\n");
	refuses("over",
	        "over/kustomization.yaml: resources[0]: base/kustomization.yaml: resources[0]: 'base/gone.yaml' does not exist");
}
END_TEST

START_TEST(says_what_to_do_instead_of_fetching)
{
	add("kustomization.yaml", "resources: ['https://example.com/a.yaml']\n");
	refuses("", "kustomization.yaml: resources[0]: 'https://example.com/a.yaml' lies on another machine, and a build fetches "
	            "nothing: add a copy of it to the repository and name that");
}
END_TEST

START_TEST(takes_what_looks_like_a_repository_for_one)
{
	static const char *const urls[] = { "github.com/org/repo",        "github.com/org/repo//base?ref=v1", "git@host:org/repo.git",
		                                "ssh://git@host/org/repo",    "git::https://host/org/repo",       "file:///srv/repo.git",
		                                "https://host/org/repo//base" };
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		ck_assert_msg(loader_is_repository(urls[i]), "%s", urls[i]);
	}
	static const char *const paths[] = { "../base",   "base",          "a/b.git/c", "host/org/repo",
		                                 "user@host", "/srv/repo.git", "github.com" };
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		ck_assert_msg(!loader_is_repository(paths[i]), "%s", paths[i]);
	}
}
END_TEST

START_TEST(refuses_charts_and_programs)
{
	add("helm/kustomization.yaml", "helmCharts: [{name: x}]\n");
	refuses("helm", "helm/kustomization.yaml: helmCharts: charts are not rendered here: run 'helm template' and name what it "
	                "prints in resources");
	add("run/kustomization.yaml", "transformers: [t.yaml]\n");
	add("run/t.yaml", "apiVersion: example.com/v1\nkind: Magic\nmetadata:\n  name: m\n");
	refuses("run", "run/t.yaml:1: kind Magic is no builtin one (apiVersion: builtin) but a program or container to run, and a "
	               "build runs nothing: run it beforehand and name what it prints in resources");
}
END_TEST

START_TEST(refuses_circles_and_parents)
{
	add("a/kustomization.yaml", "resources: [../b]\n");
	add("b/kustomization.yaml", "resources: [../a]\n");
	refuses("a", "a/kustomization.yaml: resources[0]: b/kustomization.yaml: resources[0]: a circle: 'a' contains 'a', which is "
	             "being read already");
	add("c/d/kustomization.yaml", "resources: [..]\n");
	refuses("c/d", "c/d/kustomization.yaml: resources[0]: a circle: 'c' contains 'c/d', which is being read already");
}
END_TEST

START_TEST(keeps_files_to_their_kustomization_unless_told_otherwise)
{
	add_configmap("a.yaml", "a");
	add("k/kustomization.yaml", "resources: [../a.yaml]\n");
	refuses("k",
	        "k/kustomization.yaml: resources[0]: '../a.yaml' is not in or below the directory of the kustomization that names "
	        "it: move it there, or allow it with --load-restrictor LoadRestrictionsNone");
	ck_assert(build("k", LOAD_ANY));
	add("k/kustomization.yaml", "resources: [../../a.yaml]\n");
	ck_assert(!build("k", LOAD_ANY));
	says(PROBLEM_ERROR, "k/kustomization.yaml: resources[0]: '../../a.yaml' leads out of the tree that may be read");
}
END_TEST

START_TEST(names_both_files_of_an_object_that_is_there_twice)
{
	add_configmap("a.yaml", "x");
	add_configmap("b.yaml", "x");
	add("kustomization.yaml", "resources: [a.yaml, b.yaml]\n");
	refuses("", "kustomization.yaml: resources[1]: ConfigMap.v1.[noGrp]/x.[noNs] is there twice: from a.yaml and from b.yaml");
}
END_TEST

START_TEST(refuses_keys_that_json_has_not)
{
	add("a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\nspec:\n  1: x\n");
	add("kustomization.yaml", "resources: [a.yaml]\n");
	refuses("", "a.yaml: ConfigMap.v1.[noGrp]/a.[noNs]: spec: line 6: key '1' must be a string: put it in quotes");
}
END_TEST

/* --- what is bounded ---------------------------------------------------------------------------------------------- */

START_TEST(ends_at_kustomizations_that_are_too_deep)
{
	for (size_t i = 0; i < LIMIT_TREE_DEPTH + 2; i++) {
		CLEANUP(text_freep) char *path = text_printf("d%zu/kustomization.yaml", i);
		CLEANUP(text_freep) char *text = text_printf("resources: [../d%zu]\n", i + 1);
		add(path, text);
	}
	ck_assert(!build("d0", LOAD_ROOT_ONLY));
	ck_assert_uint_eq(problems.errors, 1);
}
END_TEST

START_TEST(ends_at_bases_that_are_named_over_and_over)
{
	/* Each level names the next one by two ways: 2^40 visits. */
	for (size_t i = 0; i < 40; i++) {
		static const char *const sides[] = { "l", "r" };
		for (size_t side = 0; side < 2; side++) {
			CLEANUP(text_freep) char *path = text_printf("%s%zu/kustomization.yaml", sides[side], i);
			CLEANUP(text_freep) char *text = text_printf("resources: [../l%zu, ../r%zu]\n", i + 1, i + 1);
			add(path, text);
		}
	}
	add("l40/kustomization.yaml", "resources: []\n");
	add("r40/kustomization.yaml", "resources: []\n");
	ck_assert(!build("l0", LOAD_ROOT_ONLY));
	ck_assert_ptr_nonnull(strstr(problems.items[0].text, "directories in one build"));
}
END_TEST

START_TEST(bounds_what_aliases_add)
{
	struct buf text = BUF_INIT(LIMIT_MIB(1));
	ck_assert(buf_puts(&text, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"));
	for (int i = 1; i < 9; i++) {
		ck_assert(buf_printf(&text, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i, i - 1, i - 1, i - 1,
		                     i - 1, i - 1, i - 1, i - 1, i - 1));
	}
	add("a.yaml", buf_text(&text));
	buf_release(&text);
	add("kustomization.yaml", "resources: [a.yaml]\n");
	ck_assert(!build("", LOAD_ROOT_ONLY));
	ck_assert_ptr_nonnull(strstr(problems.items[0].text, "values added by aliases"));
}
END_TEST

START_TEST(bounds_the_colons_that_libyaml_refuses)
{
	enum { MENDS = 8 };
	struct buf text = BUF_INIT(LIMIT_MIB(1));
	(void)buf_puts(&text, "kind: A\nmetadata: {name: a}\nlist: [");
	for (size_t i = 0; i < MENDS + 2; i++) {
		(void)buf_puts(&text, "a:,");
	}
	(void)buf_printf(&text, "]\n#%*s\n", (int)(LIMIT_MEND_BYTES / MENDS), "");
	add("a.yaml", buf_text(&text));
	buf_release(&text);
	add("kustomization.yaml", "resources: [a.yaml]\n");
	ck_assert(!build("", LOAD_ROOT_ONLY));
	ck_assert_ptr_nonnull(strstr(problems.items[0].text, "a.yaml:3: found unexpected ':'"));
}
END_TEST

START_TEST(names_a_generated_object_that_lost_its_former_names)
{
	add("kustomization.yaml", "namePrefix: p-\n"
	                          "namespace: 'c,d'\n"
	                          "configMapGenerator: [{name: a, options: {disableNameSuffixHash: true}}]\n");
	refuses("", "ConfigMap.v1.[noGrp]/p-a.c,d: its former names are lost: a comma in its kind, name or namespace, or a patch of "
	            "its metadata");
}
END_TEST

/* --- what is warned of -------------------------------------------------------------------------------------------- */

START_TEST(warns_of_deprecated_fields_and_targets_that_select_nothing)
{
	add_configmap("base/a.yaml", "a");
	add("base/kustomization.yaml", "resources: [a.yaml]\n");
	add("over/kustomization.yaml",
	    "bases: [../base]\ncommonLabels: {a: b}\npatches:\n- target: {kind: Nothing}\n  patch: '- {op: remove, path: /x}'\n");
	ck_assert(build("over", LOAD_ROOT_ONLY));
	says(PROBLEM_WARNING, "over/kustomization.yaml: bases: is deprecated: use resources instead");
	says(PROBLEM_WARNING, "over/kustomization.yaml: commonLabels: is deprecated: use labels instead");
	ck_assert_uint_eq(problems.count, 3);
	ck_assert_ptr_nonnull(strstr(problems.items[2].text, "over/kustomization.yaml: patches[0]: "));
}
END_TEST

static Suite *suite(void)
{
	Suite *all = suite_create("kustomize_build");
	TCase *tests = tcase_create("build");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 800);
	tcase_add_test(tests, builds_an_overlay_of_a_base);
	tcase_add_test(tests, reads_a_base_once_that_two_overlays_name);
	tcase_add_test(tests, lets_a_component_work_on_what_its_parent_has);
	tcase_add_test(tests, gives_nothing_for_no_resources);
	tcase_add_test(tests, names_the_nearest_field_of_an_unknown_one);
	tcase_add_test(tests, names_the_place_of_a_value_of_the_wrong_type);
	tcase_add_test(tests, names_every_kustomization_on_the_way_to_an_error);
	tcase_add_test(tests, says_what_to_do_instead_of_fetching);
	tcase_add_test(tests, takes_what_looks_like_a_repository_for_one);
	tcase_add_test(tests, refuses_charts_and_programs);
	tcase_add_test(tests, refuses_circles_and_parents);
	tcase_add_test(tests, keeps_files_to_their_kustomization_unless_told_otherwise);
	tcase_add_test(tests, names_both_files_of_an_object_that_is_there_twice);
	tcase_add_test(tests, refuses_keys_that_json_has_not);
	tcase_add_test(tests, ends_at_kustomizations_that_are_too_deep);
	tcase_add_test(tests, ends_at_bases_that_are_named_over_and_over);
	tcase_add_test(tests, bounds_what_aliases_add);
	tcase_add_test(tests, bounds_the_colons_that_libyaml_refuses);
	tcase_add_test(tests, names_a_generated_object_that_lost_its_former_names);
	tcase_add_test(tests, warns_of_deprecated_fields_and_targets_that_select_nothing);
	suite_add_tcase(all, tests);
	return all;
}

int main(void)
{
	SRunner *runner = srunner_create(suite());
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
