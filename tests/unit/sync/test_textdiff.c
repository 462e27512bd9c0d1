#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "render/base/limits.h"
#include "sync/textdiff.h"

struct pair {
	const char *before;
	const char *after;
};

static const struct pair pairs[] = {
	{ "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\n", "a\nB\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nM\n" },
	{ "a\nb\nc\nd\ne\nf\ng\nh\n", "a\nB\nc\nd\ne\nf\ng\nH\n" },
	{ NULL, "kind: Service\nmetadata:\n  name: web\n" },
	{ "kind: Service\nmetadata:\n  name: web\n", NULL },
	{ NULL, "one\n" },
	{ "one", "one\n" },
	{ "one\n", "one" },
	{ "one\ntwo", "two\ntwo" },
	{ "a\nb\nc\n", "a\nb\nc\nd\n" },
	{ "a\nb\nc\n", "x\na\nb\nc\n" },
	{ "int main(void)\n{\n1\n2\n3\n4\n5\n6\n}\n", "int main(void)\n{\n1\n2\n3\n4\n5\n7\n}\n" },
	{ "", "" },
};

static char *scratch(const char *text)
{
	char *path = text_dup("/tmp/plumb-textdiff-XXXXXX");
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	size_t len = text ? strlen(text) : 0;
	ck_assert_int_eq(write(fd, text ? text : "", len), (ssize_t)len);
	ck_assert_int_eq(close(fd), 0);
	return path;
}

START_TEST(it_says_what_diff_says)
{
	CLEANUP(text_freep) char *before = scratch(pairs[_i].before);
	CLEANUP(text_freep) char *after = scratch(pairs[_i].after);
	CLEANUP(text_freep) char *command = text_printf("diff -u -N --label live/web --label merged/web %s %s", before, after);
	FILE *diff = popen(command, "re");
	ck_assert_ptr_nonnull(diff);
	char expected[4096];
	expected[fread(expected, 1, sizeof expected - 1, diff)] = '\0';
	(void)pclose(diff);
	(void)unlink(before);
	(void)unlink(after);
	CLEANUP(buf_release) struct buf out = BUF_INIT(LIMIT_MIB(1));
	ck_assert(textdiff("live/web", pairs[_i].before, "merged/web", pairs[_i].after, &out));
	ck_assert_str_eq(buf_text(&out), expected);
}
END_TEST

START_TEST(a_full_buffer_is_no_success)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(40);
	ck_assert(!textdiff("a", "one\n", "b", "two and more than fits\n", &out));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("textdiff");
	tcase_add_loop_test(tcase, it_says_what_diff_says, 0, (int)ARRAY_LEN(pairs));
	tcase_add_test(tcase, a_full_buffer_is_no_success);
	Suite *suite = suite_create("textdiff");
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
