/* Whole kustomizations, a file each part of a case: what the transformers do together with names and layers. */
#include "golden.h"

#include "render/kustomize/kustomize.h"

static glob_t cases;

/* Every part in front of the last is a file of the tree. */
static struct files *files_of(const struct golden *golden)
{
	struct files *files = files_mem_new();
	for (size_t i = 1; i + 1 < golden->count; i++) {
		files_mem_add(files, golden->names[i], golden->parts[i], strlen(golden->parts[i]));
	}
	return files;
}

START_TEST(a_kustomization_is_built_as_kustomize_builds_it)
{
	const char *path = cases.gl_pathv[_i];
	CLEANUP(golden_release) struct golden golden = golden_read(path);
	struct files *files = files_of(&golden);
	struct kustomize_source source = { .files = files, .dir = "", .from = "" };
	struct problems problems = PROBLEMS_INIT;
	CLEANUP(buf_release) struct buf out = BUF_INIT(LIMIT_MIB(1));
	bool built = kustomize_print(&source, &out, &problems);
	golden_check(&golden, path, built ? buf_text(&out) : NULL, problems.count ? problems.items[0].text : "");
	problems_release(&problems);
	files_free(files);
}
END_TEST

int main(void)
{
	golden_find("kustomize-transformers", 30, &cases);
	TCase *tcase = tcase_create("kustomize_transformers");
	tcase_add_loop_test(tcase, a_kustomization_is_built_as_kustomize_builds_it, 0, (int)cases.gl_pathc);
	Suite *suite = suite_create("kustomize_transformers");
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	globfree(&cases);
	return failed != 0;
}
