#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/kustomize/go_sort.h"
#include "render/kustomize/hash_node.h"
#include "render/kustomize/nonstring.h"
#include "render/kustomize/whole.h"

static struct tree *parse(struct arena *arena, const char *text)
{
	struct err err = ERR_INIT;
	struct parse_source source = { .path = "case", .text = text, .len = strlen(text) };
	struct tree *tree = NULL;
	ck_assert_msg(whole_parse(arena, &source, &tree, &err), "%s", err.msg);
	return tree;
}

static void check_place(const struct tree *node, uint32_t row, uint32_t column)
{
	ck_assert(node && node->notes);
	ck_assert_uint_eq(node->notes->row, row);
	ck_assert_uint_eq(node->notes->column, column);
}

START_TEST(nodes_know_where_they_stood_and_their_comments)
{
	CLEANUP(arena_release) struct arena arena = ARENA_INIT(LIMIT_MIB(64));
	const struct tree *root = parse(&arena, "# of all\n\n# first\na: &x [1,\n  ü, b] # beside\n# below\n\nc: *x\nd:\n");
	check_place(root, 4, 1);
	ck_assert_str_eq(root->items[0]->notes->head, "# first");
	const struct tree *list = tree_get(root, "a");
	check_place(list, 4, 4);
	ck_assert_str_eq(list->notes->line, "# beside");
	check_place(list->items[2], 5, 6);
	/* An alias is a copy of what it stands for, and of its place. */
	check_place(tree_get(root, "c")->items[1], 5, 3);
	check_place(tree_get(root, "d"), 9, 3);
	ck_assert_str_eq(root->items[0]->notes->foot, "# below");
}
END_TEST

/* As kustomize hashes it. */
START_TEST(what_is_hashed_of_a_node_is_goyamls_node_as_json)
{
	CLEANUP(arena_release) struct arena arena = ARENA_INIT(LIMIT_MIB(64));
	CLEANUP(buf_release) struct buf out = BUF_INIT(LIMIT_KIB(64));
	struct err err = ERR_INIT;
	struct tree *root = parse(&arena, "{a: !!str '<'}");
	tree_append(&arena, root->items[1] = tree_new_list(&arena), tree_new_plain(&arena, "x"));
	tree_remove_at(root->items[1], 0, 1);
	ck_assert_msg(hash_node_write(root, &out, &err), "%s", err.msg);
	ck_assert_str_eq(buf_text(&out),
	                 "{\"Kind\":4,\"Style\":32,\"Tag\":\"!!map\",\"Value\":\"\",\"Anchor\":\"\",\"Alias\":null,\"Content\":["
	                 "{\"Kind\":8,\"Style\":0,\"Tag\":\"!!str\",\"Value\":\"a\",\"Anchor\":\"\",\"Alias\":null,\"Content\":null,"
	                 "\"HeadComment\":\"\",\"LineComment\":\"\",\"FootComment\":\"\",\"Line\":1,\"Column\":2},"
	                 "{\"Kind\":2,\"Style\":0,\"Tag\":\"\",\"Value\":\"\",\"Anchor\":\"\",\"Alias\":null,\"Content\":[],"
	                 "\"HeadComment\":\"\",\"LineComment\":\"\",\"FootComment\":\"\",\"Line\":0,\"Column\":0}],"
	                 "\"HeadComment\":\"\",\"LineComment\":\"\",\"FootComment\":\"\",\"Line\":1,\"Column\":1}");
}
END_TEST

/* yaml.v2 decodes each into an interface{}. */
START_TEST(yaml_1_1_tells_what_is_no_string)
{
	static const char *const others[] = {
		"yes", "1",    "~",      "0x1F",    "0o7x: 1", "a: b", "- x", "#c",         "{a: b}",
		"[x]", ".inf", "[.inf]", "!!int 3", " ",       "a:",   "? x", "!!bool yes", "&a",
	};
	static const char *const strings[] = {
		"",   "word",  "a:b", "1:20", "2001-01-01", "'1'", "\"yes\"", "!!str 3", "a #b",    "x ",    "*a",      "%x",
		"@x", "--- x", "...", "1\n",  "<<",         "=",   "!!int x", "!x y",    "a: b: c", "12:3x", "$(NAME)", "&a b",
	};
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		ck_assert_msg(nonstring_text(others[i], strlen(others[i])), "%s", others[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(strings); i++) {
		ck_assert_msg(!nonstring_text(strings[i], strlen(strings[i])), "%s", strings[i]);
	}
}
END_TEST

struct numbered {
	unsigned key;
	unsigned number;
};

static int by_key(const void *a, const void *b)
{
	const struct numbered *left = a;
	const struct numbered *right = b;
	return left->key < right->key ? -1 : left->key > right->key;
}

static unsigned mixed_key(unsigned i, unsigned count, int kind)
{
	const unsigned keys[] = { i * 7 % 5, count - i / 3, i * i % 101, i % 17 == 16 ? 0 : i / 4 };
	return keys[kind];
}

/* The sums are those of a Go program with sort.Sort. */
START_TEST(equals_are_left_in_the_order_that_go_leaves_them_in)
{
	static const struct {
		unsigned count;
		uint32_t sums[4];
	} cases[] = {
		{ 12, { 2934759942u, 2460189754u, 680408876u, 3974904838u } },
		{ 13, { 197628786u, 1691081862u, 3917392804u, 2962965702u } },
		{ 49, { 3043806346u, 2472599512u, 1275135840u, 2539326856u } },
		{ 50, { 2677320801u, 4061849547u, 2839628283u, 581265193u } },
		{ 1000, { 319804938u, 408887236u, 4210876944u, 3883462570u } },
	};
	for (size_t i = 0; i < 4 * ARRAY_LEN(cases); i++) {
		static struct numbered items[1000];
		struct numbered spare;
		unsigned count = cases[i / 4].count;
		for (unsigned k = 0; k < count; k++) {
			items[k] = (struct numbered){ mixed_key(k, count, (int)(i % 4)), k };
		}
		go_sort(items, count, sizeof *items, by_key, &spare);
		uint32_t sum = 0;
		for (unsigned k = 0; k < count; k++) {
			sum = sum * 31 + items[k].number;
		}
		ck_assert_msg(sum == cases[i / 4].sums[i % 4], "%u of kind %zu", count, i % 4);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kustomize_whole");
	TCase *tests = tcase_create("all");
	tcase_add_test(tests, nodes_know_where_they_stood_and_their_comments);
	tcase_add_test(tests, what_is_hashed_of_a_node_is_goyamls_node_as_json);
	tcase_add_test(tests, yaml_1_1_tells_what_is_no_string);
	tcase_add_test(tests, equals_are_left_in_the_order_that_go_leaves_them_in);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
