/*
 * Judged by kyaml's copy of Kubernetes' label selectors: the table was made with it.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/kustomize/labelselector.h"

/* What each of these has, in the order of a row's answers. */
static struct pair web[] = { { "app", "web" }, { "n", "5" }, { "x/y", "in" } };
static struct pair words[] = { { "app", "" }, { "in", "in" }, { "n", "-7" } };
static struct pair other[] = { { "a", "b" } };

static const struct pairs labels[] = {
	{ web, ARRAY_LEN(web), true },
	{ words, ARRAY_LEN(words), true },
	{ other, ARRAY_LEN(other), true },
};

static const struct {
	const char *selector;
	const char *answers; /* NULL: upstream refuses it */
} rows[] = {
	{ "", "xxx" },
	{ " ", "xxx" },
	{ "app", "xx." },
	{ "app,n", "xx." },
	{ "!app", "..x" },
	{ "! app", "..x" },
	{ "!", NULL },
	{ "app=web", "x.." },
	{ "app==web", "x.." },
	{ "app = web", "x.." },
	{ "app!=web", ".xx" },
	{ "app=", ".x." },
	{ "app==", ".x." },
	{ "app!=", "x.x" },
	{ "app=,n", ".x." },
	{ "app in (web)", "x.." },
	{ "app in (web,api)", "x.." },
	{ "app notin (web)", ".xx" },
	{ "app in ()", ".x." },
	{ "app in (,)", ".x." },
	{ "app in (,web)", "xx." },
	{ "app in (web,)", "xx." },
	{ "app in (web,,b)", "xx." },
	{ "app in (web b)", NULL },
	{ "app in web", NULL },
	{ "app in (web", NULL },
	{ "app in", NULL },
	{ "in", ".x." },
	{ "in in (in)", ".x." },
	{ "in=in", ".x." },
	{ "notin", "..." },
	{ "notin in (a)", "..." },
	{ "x/y in (in)", "x.." },
	{ "n>3", "x.." },
	{ "n<6", "xx." },
	{ "n > 3", "x.." },
	{ "n>-8", NULL },
	{ "n<", NULL },
	{ "n>x", NULL },
	{ "n>99999999999999999999", NULL },
	{ "app===web", NULL },
	{ "app=!web", NULL },
	{ "!app=web", NULL },
	{ "!app in (web)", NULL },
	{ "app web", NULL },
	{ "app,", NULL },
	{ "app,,n", NULL },
	{ ",app", NULL },
	{ "(app)", NULL },
	{ "app=web,n=5", "x.." },
	{ "app=web,n=6", "..." },
	{ "app\t=\nweb", "x.." },
	{ "a=b", "..x" },
	{ "a=b,app", "..." },
	{ "x.y-z/w", "..." },
	{ "/x", NULL },
	{ "x/", NULL },
	{ "x/y/z", NULL },
	{ "X.y/z", NULL },
	{ "a..b/c", NULL },
	{ "-a/b", NULL },
	{ "-a", NULL },
	{ "a-", NULL },
	{ "a_b.c", "..." },
	{ "é", NULL },
	{ "app=é", NULL },
	{ "app=a b", NULL },
	{ "app=-x", NULL },
	{ "app=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "..." },
	{ "app=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL },
	{ "*", NULL },
	{ "app=*", NULL },
};

START_TEST(selects_and_refuses_what_kubernetes_does)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(arena_release) struct arena arena = ARENA_INIT(LIMIT_MIB(1));
		struct err err = ERR_INIT;
		struct labelselector *selector = labelselector_new(&arena, rows[i].selector, &err);
		ck_assert_msg((selector != NULL) == (rows[i].answers != NULL), "'%s': %s", rows[i].selector, err.msg);
		for (size_t n = 0; selector && n < ARRAY_LEN(labels); n++) {
			bool matches = labelselector_matches(selector, &labels[n]);
			ck_assert_msg(matches == (rows[i].answers[n] == 'x'), "'%s' on %zu: %d", rows[i].selector, n, matches);
		}
	}
}
END_TEST

START_TEST(an_error_names_the_selector_and_what_is_wrong_in_it)
{
	static const char *const wrong[][2] = {
		{ "app in web", "label selector 'app in web': found 'web' where '(' is expected" },
		{ "app=web,", "label selector 'app=web,': found 'the end' where a label's name is expected" },
		{ "n>x", "label selector 'n>x': 'x' is no integer, behind > or <" },
		{ "a b", "label selector 'a b': found 'b' where '=', '==', '!=', 'in', 'notin' is expected" },
		{ "A/b/c", "label selector 'A/b/c': 'A/b/c' is no label's name" },
	};
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		CLEANUP(arena_release) struct arena arena = ARENA_INIT(LIMIT_MIB(1));
		struct err err = ERR_INIT;
		ck_assert_ptr_null(labelselector_new(&arena, wrong[i][0], &err));
		ck_assert_str_eq(err.msg, wrong[i][1]);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kustomize_labelselector");
	TCase *tests = tcase_create("kustomize_labelselector");
	tcase_add_test(tests, selects_and_refuses_what_kubernetes_does);
	tcase_add_test(tests, an_error_names_the_selector_and_what_is_wrong_in_it);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
