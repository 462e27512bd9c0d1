/*
 * Judged by Git itself: each set of rules is written as .gitignore into a temporary repository, and what `git check-ignore`
 * says of each path must be what the rules say. The paths are not there, so that their last name is that of a file.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "render/base/buf.h"
#include "render/ignore.h"

static char dir[] = "/tmp/plumb-ignore-XXXXXX";

static const char *const paths[] = {
	"a",
	"b",
	"ab",
	"a.b",
	"foo",
	"foobar",
	"foo.yaml",
	"!a",
	"#a",
	"a b",
	"a ",
	"A",
	"a\\b",
	"[a]",
	"a*",
	"-",
	"]",
	"^",
	"a/a",
	"a/b",
	"a/foo",
	"a/foo.yaml",
	"a/b/a",
	"a/b/foo.yaml",
	"a/b/c/d",
	"b/a",
	"foo/a",
	"foo/a/b",
	"foo/bar",
	"foo/bar/a",
	"foobar/a",
	"foox/y/bar",
	"foo/x/y/bar",
	"x/foo/bar",
	"x/y/foo/bar/z",
	"x/.secret",
	".a",
	".a/b",
	"ab/ab/ab",
	"b/b/b/b/b/b/b/a",
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
	"\xc3\xa4",
	"x/\xc3\xa4.yaml",
	"a1",
	"a_",
	"1",
};

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	CLEANUP(text_freep) char *command = text_printf("git -c init.defaultBranch=main init -q %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static void teardown(void)
{
	CLEANUP(text_freep) char *command = text_printf("rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static void write_file(const char *name, const char *bytes, size_t len)
{
	CLEANUP(text_freep) char *path = text_printf("%s/%s", dir, name);
	FILE *file = fopen(path, "wbe");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
	ck_assert_int_eq(fclose(file), 0);
}

/* Per path 'x' for left out, '.' for not. */
static void what_git_says(char *said)
{
	CLEANUP(text_freep)
	char *command = text_printf(
		"cd %s && GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null git -c core.excludesFile=/dev/null "
		"check-ignore --no-index -z -v -n --stdin <paths",
		dir);
	FILE *git = popen(command, "re");
	ck_assert_ptr_nonnull(git);
	char *field = NULL;
	size_t cap = 0;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		for (int n = 0; n < 4; n++) {
			ck_assert_int_ge(getdelim(&field, &cap, '\0', git), 0);
			said[i] = n == 2 ? (*field && *field != '!' ? 'x' : '.') : said[i];
		}
	}
	free(field);
	ck_assert_int_ge(pclose(git), 0);
}

/* As a tree is walked: what is below an ignored directory is not looked at. */
static bool is_out(const struct ignore_rules *rules, const char *path)
{
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		CLEANUP(text_freep) char *parent = text_dup_len(path, (size_t)(slash - path));
		if (ignore_rules_say(rules, parent, true) == IGNORE_OUT) {
			return true;
		}
	}
	return ignore_rules_say(rules, path, false) == IGNORE_OUT;
}

static void same_as_git(const char *text, size_t len)
{
	char said[ARRAY_LEN(paths)] = { 0 };
	write_file(".gitignore", text, len);
	what_git_says(said);
	struct ignore_rules rules = IGNORE_RULES_INIT;
	ignore_rules_add(&rules, text, len);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		bool out = is_out(&rules, paths[i]);
		ck_assert_msg(out == (said[i] == 'x'), "'%s' is %s, other than in Git, by: %s", paths[i], out ? "out" : "in", text);
	}
	ignore_rules_release(&rules);
}

static void write_paths(void)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(65536);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		ck_assert(buf_add(&text, paths[i], strlen(paths[i]) + 1));
	}
	write_file("paths", text.data, text.len);
}

static const char *const rules_of_git[] = {
	"",
	"\n\n# a\n",
	"a",
	"a/",
	"/a",
	"/a/",
	"a/b",
	"/a/b",
	"a/b/",
	"*",
	"/*",
	"*/",
	"*\n!a",
	"*\n!a/\n!b\n!a/b",
	"a\n!a/b",
	"*\n!*/\n!*.yaml",
	"/*\n!/foo\n/foo/*\n!/foo/bar",
	"!a",
	"a\n!a",
	"!a\na",
	"\\!a",
	"\\#a",
	"#a",
	"a ",
	"a\\ ",
	"a b",
	"a  \n",
	"a \\ \n",
	"a\r\nb\r\n",
	"\r\n",
	"\xef\xbb\xbf"
	"a\nb",
	"a\n\xef\xbb\xbf"
	"b",
	"*.yaml",
	"foo*",
	"*foo",
	"*o*",
	"f?o",
	"?",
	"??",
	"a?b",
	"a*b",
	"foo/*",
	"foo/*/b",
	"foo/*/",
	"foo/**",
	"foo/**/",
	"**/foo",
	"**/foo/bar",
	"foo/**/bar",
	"a/**/foo.yaml",
	"**",
	"/**",
	"**/",
	"/**/",
	"**/a",
	"**/a/",
	"a/**/**/foo.yaml",
	"foo**",
	"foo**/bar",
	"**foo",
	"**foo/bar",
	"f**/bar",
	"a/***",
	"***/a",
	"***",
	"a/**b",
	"x/**/z",
	"*/foo",
	"*/*",
	"*/*/*",
	"*/**",
	"?/a",
	"a?a",
	"a[/]a",
	"a/[ab]",
	"[ab]",
	"[!ab]",
	"[^ab]",
	"[a-c]",
	"[c-a]",
	"[]]",
	"[]a]",
	"[!]a]",
	"[a-]",
	"[-a]",
	"[\\]]",
	"[\\a-\\c]",
	"[a",
	"a[",
	"[",
	"[]",
	"[!]",
	"[[:alpha:]]",
	"a[[:digit:]]",
	"a[[:nothing:]]",
	"[[:alpha:][:digit:]]",
	"[[:alpha]",
	"[[:]",
	"[a[:digit:]-]",
	"a[[:punct:]]",
	"[A-Z]",
	"[[:upper:]]",
	"[[]a]",
	"\\a",
	"a\\",
	"\\",
	"\\\\",
	"a\\\\b",
	"a\\b",
	"a\\*",
	"\\[a]",
	"\\[a\\]",
	"/",
	"//",
	"!",
	"!/",
	"//a",
	"a//",
	"a//b",
	"./a",
	"../a",
	"a/../b",
	".a",
	".*",
	".a/",
	"b/b/**/a",
	"**/b/**/b/**/b/**/a",
	"*a*a*a*a*a*a*a*a*a*a*a*a*b",
	"*a*a*a*a*a*a*a*a*a*a*a*a*c",
	"\xc3\xa4",
	"?.yaml",
	"??.yaml",
	"[\xc3]",
	"**\\/a",
	"a/**\\/foo",
	"foo/b*r",
	"/foo/?ar",
	"!*",
	"a/b\n!a",
};

START_TEST(reads_each_form_of_a_rule_as_git_does)
{
	write_paths();
	for (size_t i = 0; i < ARRAY_LEN(rules_of_git); i++) {
		same_as_git(rules_of_git[i], strlen(rules_of_git[i]));
	}
	same_as_git("a\0b\nb", 5);
}
END_TEST

START_TEST(reads_random_rules_as_git_does)
{
	write_paths();
	static const char alphabet[] = "aaabbfo***?/?/[]!^-\\. \n\n";
	unsigned long long state = 42;
	for (int run = 0; run < 300; run++) {
		char text[24] = "";
		size_t len = 0;
		do {
			state = state * 6364136223846793005ULL + 1442695040888963407ULL;
			text[len++] = alphabet[(state >> 33) % (sizeof alphabet - 1)];
		} while (len < sizeof text - 1 && (state >> 50) % 10);
		same_as_git(text, len);
	}
}
END_TEST

START_TEST(the_last_rule_that_matches_decides_and_none_says_nothing)
{
	static const char text[] = "*.yaml\n!keep.yaml\n/top\n";
	struct ignore_rules rules = IGNORE_RULES_INIT;
	ignore_rules_add(&rules, text, strlen(text));
	ck_assert_int_eq(ignore_rules_say(&rules, "x/a.yaml", false), IGNORE_OUT);
	ck_assert_int_eq(ignore_rules_say(&rules, "x/keep.yaml", false), IGNORE_IN);
	ck_assert_int_eq(ignore_rules_say(&rules, "x/top", false), IGNORE_UNSAID);
	ck_assert_int_eq(ignore_rules_say(&rules, "top", true), IGNORE_OUT);
	ignore_rules_add(&rules, "keep.yaml", 9);
	ck_assert_int_eq(ignore_rules_say(&rules, "keep.yaml", false), IGNORE_OUT);
	ignore_rules_release(&rules);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ignore");
	TCase *tests = tcase_create("ignore");
	tcase_add_unchecked_fixture(tests, setup, teardown);
	tcase_add_test(tests, reads_each_form_of_a_rule_as_git_does);
	tcase_add_test(tests, reads_random_rules_as_git_does);
	tcase_add_test(tests, the_last_rule_that_matches_decides_and_none_says_nothing);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
