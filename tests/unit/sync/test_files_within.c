#include <check.h>
#include <string.h>

#include "render/base/limits.h"
#include "sync/files_within.h"

static struct files *tree(void)
{
	struct files *files = files_mem_new();
	files_mem_add(files, "app/a.yaml", "a", 1);
	files_mem_add(files, "app/deep/b.yaml", "b", 1);
	files_mem_add(files, "app2/c.yaml", "c", 1);
	files_mem_add(files, "top.yaml", "t", 1);
	return files;
}

/* Whether reading that path of the tree is seen as outside of `dir`. */
static bool is_outside(const char *dir, const char *path)
{
	CLEANUP(files_freep) struct files *all = tree();
	bool outside = true;
	CLEANUP(files_freep) struct files *files = files_within_new(all, dir, &outside);
	ck_assert(!outside);
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_KIB(1));
	struct err err = ERR_INIT;
	bool read = files_read(files, path, &text, &err);
	ck_assert_msg(read || err.kind != ERR_NONE, "no error");
	return outside;
}

START_TEST(what_is_in_the_directory_is_inside)
{
	ck_assert(!is_outside("app", "app/a.yaml"));
	ck_assert(!is_outside("app", "app/deep/b.yaml"));
	ck_assert(!is_outside("app", "app"));
	ck_assert(!is_outside("", "top.yaml"));
	ck_assert(!is_outside("", "app/a.yaml"));
}
END_TEST

START_TEST(what_is_beside_it_is_outside_also_where_it_is_not_there)
{
	ck_assert(is_outside("app", "top.yaml"));
	ck_assert(is_outside("app", "app2/c.yaml"));
	ck_assert(is_outside("app", "nowhere.yaml"));
	ck_assert(is_outside("app", "app/../top.yaml"));
	ck_assert(is_outside("app", ""));
}
END_TEST

START_TEST(once_outside_it_stays_so)
{
	CLEANUP(files_freep) struct files *all = tree();
	bool outside = false;
	CLEANUP(files_freep) struct files *files = files_within_new(all, "app", &outside);
	struct err err = ERR_INIT;
	CLEANUP(files_entries_release) struct files_entries entries = { 0 };
	ck_assert(files_list(files, "app2", &entries, &err));
	ck_assert(outside);
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_KIB(1));
	ck_assert(files_read(files, "app/a.yaml", &text, &err));
	ck_assert_str_eq(buf_text(&text), "a");
	ck_assert(outside);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("files_within");
	TCase *tests = tcase_create("files_within");
	tcase_add_test(tests, what_is_in_the_directory_is_inside);
	tcase_add_test(tests, what_is_beside_it_is_outside_also_where_it_is_not_there);
	tcase_add_test(tests, once_outside_it_stays_so);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
