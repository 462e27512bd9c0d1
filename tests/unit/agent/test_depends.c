#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "agent/depends.h"
#include "render/base/buf.h"

enum { MOST = 1200 };

static struct syncspec specs[MOST];
static size_t count;
static size_t asked;

static void teardown(void)
{
	for (size_t i = 0; i < count; i++) {
		syncspec_release(&specs[i]);
	}
	count = 0;
	asked = 0;
}

/* A Sync of the namespace shop that depends on those of the same namespace, "b c", or of others, "infra/net". */
static struct syncspec *declare(const char *name, const char *on)
{
	struct syncspec *spec = &specs[count++];
	*spec = SYNCSPEC_INIT;
	spec->ns = text_dup("shop");
	spec->name = text_dup(name);
	CLEANUP(text_freep) char *list = text_dup(on);
	char *rest = NULL;
	for (char *word = strtok_r(list, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		char *slash = strchr(word, '/');
		spec->depends_on = alloc_grow(spec->depends_on, spec->depends_count + 1, sizeof *spec->depends_on);
		spec->depends_on[spec->depends_count++] = (struct syncspec_peer){
			.ns = slash ? text_dup_len(word, (size_t)(slash - word)) : text_dup("shop"),
			.name = text_dup(slash ? slash + 1 : word),
		};
	}
	return spec;
}

static const struct syncspec *find(const void *context, const char *ns, const char *name)
{
	(void)context;
	asked++;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(specs[i].ns, ns) == 0 && strcmp(specs[i].name, name) == 0) {
			return &specs[i];
		}
	}
	return NULL;
}

static const struct depends_graph graph = { .find = find };

static void expect(const struct syncspec *from, const char *cycle)
{
	CLEANUP(text_freep) char *found = depends_cycle(&graph, from);
	if (cycle) {
		ck_assert_msg(found != NULL, "no cycle, instead of %s", cycle);
		ck_assert_str_eq(found, cycle);
	} else {
		ck_assert_msg(found == NULL, "%s", found);
	}
}

START_TEST(two_that_wait_for_each_other_are_a_cycle_that_begins_with_who_asks)
{
	struct syncspec *a = declare("a", "b");
	struct syncspec *b = declare("b", "a");
	expect(a, "shop/a -> shop/b -> shop/a");
	expect(b, "shop/b -> shop/a -> shop/b");
}
END_TEST

START_TEST(one_that_names_itself_is_a_cycle)
{
	expect(declare("a", "a"), "shop/a -> shop/a");
}
END_TEST

START_TEST(who_only_waits_for_a_cycle_is_in_none)
{
	struct syncspec *outside = declare("outside", "a");
	declare("a", "b");
	declare("b", "a");
	expect(outside, NULL);
}
END_TEST

START_TEST(two_ways_to_the_same_sync_are_no_cycle)
{
	struct syncspec *top = declare("top", "left right");
	declare("left", "bottom");
	declare("right", "bottom");
	declare("bottom", "");
	expect(top, NULL);
}
END_TEST

START_TEST(the_way_ends_where_nobody_is_known)
{
	struct syncspec *a = declare("a", "b infra/b missing");
	declare("b", "infra/a");
	expect(a, NULL);
}
END_TEST

START_TEST(the_shortest_cycle_is_named_and_of_several_that_of_the_first_entry)
{
	struct syncspec *a = declare("a", "long right left");
	declare("long", "longer");
	declare("longer", "a");
	declare("left", "a");
	declare("right", "a");
	expect(a, "shop/a -> shop/right -> shop/a");
}
END_TEST

START_TEST(every_sync_is_looked_at_once_however_many_ways_lead_there)
{
	CLEANUP(text_freep) char *all = text_dup("");
	struct syncspec *first = NULL;
	for (int i = 0; i < 60; i++) {
		CLEANUP(text_freep) char *name = text_printf("s%d", i);
		/* Each of all before it: as many ways as there are subsets. */
		struct syncspec *spec = declare(name, all);
		first = spec;
		char *more = text_printf("%s s%d", all, i);
		free(all);
		all = more;
	}
	expect(first, NULL);
	ck_assert_uint_eq(asked, 60 * 59 / 2);
}
END_TEST

START_TEST(a_cycle_of_a_thousand_ends_in_a_line_of_bounded_length)
{
	for (int i = 0; i < 1000; i++) {
		CLEANUP(text_freep) char *name = text_printf("a-rather-long-name-of-a-sync-%d", i);
		CLEANUP(text_freep) char *on = text_printf("a-rather-long-name-of-a-sync-%d", (i + 1) % 1000);
		declare(name, on);
	}
	CLEANUP(text_freep) char *found = depends_cycle(&graph, &specs[7]);
	ck_assert(found != NULL);
	ck_assert_uint_le(strlen(found), 16 * 1024);
	ck_assert_int_eq(strncmp(found, "shop/a-rather-long-name-of-a-sync-7 -> shop/a-rather-long-name-of-a-sync-8 -> ", 60), 0);
}
END_TEST

START_TEST(whom_it_names_it_depends_on)
{
	struct syncspec *a = declare("a", "infra/b c");
	ck_assert(depends_on(a, declare("c", "")));
	ck_assert(!depends_on(a, declare("b", "")));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("depends");
	TCase *tcase = tcase_create("depends");
	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_test(tcase, two_that_wait_for_each_other_are_a_cycle_that_begins_with_who_asks);
	tcase_add_test(tcase, one_that_names_itself_is_a_cycle);
	tcase_add_test(tcase, who_only_waits_for_a_cycle_is_in_none);
	tcase_add_test(tcase, two_ways_to_the_same_sync_are_no_cycle);
	tcase_add_test(tcase, the_way_ends_where_nobody_is_known);
	tcase_add_test(tcase, the_shortest_cycle_is_named_and_of_several_that_of_the_first_entry);
	tcase_add_test(tcase, every_sync_is_looked_at_once_however_many_ways_lead_there);
	tcase_add_test(tcase, a_cycle_of_a_thousand_ends_in_a_line_of_bounded_length);
	tcase_add_test(tcase, whom_it_names_it_depends_on);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
