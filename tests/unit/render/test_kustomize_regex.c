/*
 * Judged by Go's regexp (1.26): the table was made with it. An expression that has no answers is one that Go refuses.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"
#include "render/base/limits.h"
#include "render/base/macros.h"
#include "render/kustomize/regex.h"

struct expression {
	const char *pattern;
	const char *answers; /* x for a match, . for none, in the order of texts */
};

static const char *const texts[] = {
	"",
	"a",
	"b",
	"B",
	"ab",
	"aa",
	"aaa",
	"abc",
	"a.b",
	"axb",
	"WEB",
	"web",
	"weB",
	"web-12",
	"\n",
	"a\nb",
	"a\n",
	"K",
	"\xe2\x84\xaa",
	"\xc3\xa9",
	"\xc3\x89",
	"\xce\xb1",
	"a]",
	"-",
	"^",
	"a b",
	"a#b",
	"{2}",
	"a{",
	"a{,2}",
	"a{00}",
	"a*",
	"A",
	"1",
	"_",
	".",
	"\t",
	"nginx:1.2",
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaac",
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	"xxy",
	":a",
};

static const struct expression expressions[] = {
	{ "", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" },
	{ "a", ".x..xxxxxx.....xx.....x..xx.xxxx......x..x" },
	{ "a|b", ".xx.xxxxxx.x.x.xx.....x..xx.xxxx......x..x" },
	{ "ab*", ".x..xxxxxx.....xx.....x..xx.xxxx......x..x" },
	{ "a+?", ".x..xxxxxx.....xx.....x..xx.xxxx......x..x" },
	{ "a??", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" },
	{ "(a)", ".x..xxxxxx.....xx.....x..xx.xxxx......x..x" },
	{ "(?:a)", ".x..xxxxxx.....xx.....x..xx.xxxx......x..x" },
	{ "(?P<n>a)", ".x..xxxxxx.....xx.....x..xx.xxxx......x..x" },
	{ "(?<n>a)", ".x..xxxxxx.....xx.....x..xx.xxxx......x..x" },
	{ "(?P<>a)", NULL },
	{ "(?P<n-m>a)", NULL },
	{ "(?P=n)", NULL },
	{ "(?'n'a)", NULL },
	{ "(?i)web", "..........xxxx............................" },
	{ "(?i)k", ".................xx......................." },
	{ "(?i:we)b", "...........x.x............................" },
	{ "we(?i)B", "...........xxx............................" },
	{ "w(?i:E)b", "...........x.x............................" },
	{ "(w(?i)e|b)B", "............x............................." },
	{ "(?s).", ".xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" },
	{ "(?m)^b$", "..x............x.........................." },
	{ "^b$", "..x......................................." },
	{ "a$", ".x...xx..................................x" },
	{ "a\\z", ".x...xx..................................x" },
	{ "a\\Z", NULL },
	{ "\\Aa", ".x..xxxxxx.....xx.....x..xx.xxxx......x..." },
	{ "\\ba", ".x..xxxxxx.....xx.....x..xx.xxxx......x..x" },
	{ "a\\B", "....xxxx.x............................x..." },
	{ "(?U)a+", ".x..xxxxxx.....xx.....x..xx.xxxx......x..x" },
	{ "(?-i)a", ".x..xxxxxx.....xx.....x..xx.xxxx......x..x" },
	{ "(?i-s:a)", ".x..xxxxxx.....xx.....x..xx.xxxxx.....x..x" },
	{ "(?-)", NULL },
	{ "(?)", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" },
	{ "(?i", NULL },
	{ "(?x)a", NULL },
	{ "(?=a)", NULL },
	{ "(?!a)", NULL },
	{ "(?<=a)b", NULL },
	{ "(?<!a)b", NULL },
	{ "(?>a)", NULL },
	{ "a++", NULL },
	{ "a*+", NULL },
	{ "a**", NULL },
	{ "a{2}{3}", NULL },
	{ "a{2}*", NULL },
	{ "a(?i)*", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" },
	{ "a\\Q\\E*", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" },
	{ "a*\\Q\\E*", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" },
	{ "*a", NULL },
	{ "+", NULL },
	{ "?", NULL },
	{ "|*", NULL },
	{ "(*a)", NULL },
	{ "(*UTF8)a", NULL },
	{ "()*", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" },
	{ "^*", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" },
	{ "(?:^|b)+", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" },
	{ "\\b+", ".xxxxxxxxxxxxx.xxx....x..xxxxxxxxxx..xxxxx" },
	{ "a{2}", ".....xx...............................x..." },
	{ "a{2,}", ".....xx...............................x..." },
	{ "a{2,3}", ".....xx...............................x..." },
	{ "a{,2}", ".............................x............" },
	{ "a{", "............................xxx..........." },
	{ "a{x", ".........................................." },
	{ "{2}", NULL },
	{ "a{1001}", NULL },
	{ "a{1000}", ".........................................." },
	{ "(a{100}){10}", ".........................................." },
	{ "(a{100}){11}", NULL },
	{ "(a{3,2})", NULL },
	{ "a{3,2}", NULL },
	{ "a{0}", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" },
	{ "a{00}", "..............................x..........." },
	{ "a{1,", ".........................................." },
	{ "[a-c]", ".xx.xxxxxx.x.x.xx.....x..xx.xxxx......x..x" },
	{ "[^a-c]", "...x....xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.xxx" },
	{ "[c-a]", NULL },
	{ "[a-\\d]", NULL },
	{ "[]a]", ".x..xxxxxx.....xx.....x..xx.xxxx......x..x" },
	{ "[^]a]", "..xxx..xxxxxxxxxxxxxxx.xxxxxxxxxxxxxxxxxxx" },
	{ "[]", NULL },
	{ "[a", NULL },
	{ "a]", "......................x..................." },
	{ "[a-]", ".x..xxxxxx...x.xx.....xx.xx.xxxx......x..x" },
	{ "[-a]", ".x..xxxxxx...x.xx.....xx.xx.xxxx......x..x" },
	{ "[a\\]b]", ".xx.xxxxxx.x.x.xx.....x..xx.xxxx......x..x" },
	{ "[[:alpha:]]", ".xxxxxxxxxxxxx.xxx....x..xx.xxxxx....xxxxx" },
	{ "[[:^alpha:]]", "........x....xxxx.xxxxxxxxxxxxxx.xxxxx...x" },
	{ "[[:word:]-]", ".xxxxxxxxxxxxx.xxx....xx.xxxxxxxxxx..xxxxx" },
	{ "[[:nope:]]", NULL },
	{ "[[:alpha]", ".x..xxxxxx.....xx.....x..xx.xxxx.....xx..x" },
	{ "[:alpha:]", ".x..xxxxxx.....xx.....x..xx.xxxx.....xx..x" },
	{ "[[.a.]]", "......................x..................." },
	{ "[[=a=]]", "......................x..................." },
	{ "[\\w.-]+", ".xxxxxxxxxxxxx.xxx....xx.xxxxxxxxxxx.xxxxx" },
	{ "[^\\W]", ".xxxxxxxxxxxxx.xxx....x..xxxxxxxxxx..xxxxx" },
	{ "[\\S\\s]", ".xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" },
	{ "[\\b]", NULL },
	{ "\\d+", ".............x.............x.xx..x...x...." },
	{ "\\D", ".xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.xxxxxxxx" },
	{ "\\s", "..............xxx........x..........x....." },
	{ "\\S", ".xxxxxxxxxxxxx.xxxxxxxxxxxxxxxxxxxxx.xxxxx" },
	{ "\\w+", ".xxxxxxxxxxxxx.xxx....x..xxxxxxxxxx..xxxxx" },
	{ "\\W", "........x....xxxx.xxxxxxxxxxxxxx...xxx...x" },
	{ "(?i)\\w", ".xxxxxxxxxxxxx.xxxx...x..xxxxxxxxxx..xxxxx" },
	{ "(?i)[\\W]", "........x....xxxx..xxxxxxxxxxxxx...xxx...x" },
	{ "(?i)[^\\W]", ".xxxxxxxxxxxxx.xxxx...x..xxxxxxxxxx..xxxxx" },
	{ "\\h", NULL },
	{ "\\R", NULL },
	{ "\\X", NULL },
	{ "\\K", NULL },
	{ "\\G", NULL },
	{ "\\C", NULL },
	{ "\\N", NULL },
	{ "\\e", NULL },
	{ "\\cA", NULL },
	{ "\\1", NULL },
	{ "(a)\\1", NULL },
	{ "\\101", "................................x........." },
	{ "\\0", ".........................................." },
	{ "\\8", NULL },
	{ "\\x41", "................................x........." },
	{ "\\x{41}", "................................x........." },
	{ "\\x4", NULL },
	{ "\\x{}", NULL },
	{ "\\x{110000}", NULL },
	{ "\\x{d800}", ".........................................." },
	{ "[\\x{d000}-\\x{e000}]", ".........................................." },
	{ "\\_", "..................................x......." },
	{ "\\-", ".............x.........x.................." },
	{ "\\/", ".........................................." },
	{ "\\q", NULL },
	{ "\\\xc3\xa9", NULL },
	{ "\\", NULL },
	{ "\\Qa.b\\E", "........x................................." },
	{ "\\Qa.b", "........x................................." },
	{ "\\E", NULL },
	{ "\\pL", ".xxxxxxxxxxxxx.xxxxxxxx..xx.xxxxx....xxxxx" },
	{ "\\p{L}", ".xxxxxxxxxxxxx.xxxxxxxx..xx.xxxxx....xxxxx" },
	{ "\\p{Letter}", ".xxxxxxxxxxxxx.xxxxxxxx..xx.xxxxx....xxxxx" },
	{ "\\p{letter}", ".xxxxxxxxxxxxx.xxxxxxxx..xx.xxxxx....xxxxx" },
	{ "\\p{Greek}", ".....................x...................." },
	{ "\\p{Grek}", NULL },
	{ "\\p{^Greek}", ".xxxxxxxxxxxxxxxxxxxx.xxxxxxxxxxxxxxxxxxxx" },
	{ "\\PL", "........x....xxxx.....xxxxxxxxxx.xxxxx...x" },
	{ "\\p{Nope}", NULL },
	{ "\\p{Any}", ".xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" },
	{ "\\pX", NULL },
	{ "\\p{Lu", NULL },
	{ "[\\p{Greek}a]", ".x..xxxxxx.....xx....xx..xx.xxxx......x..x" },
	{ "[\\PL]", "........x....xxxx.....xxxxxxxxxx.xxxxx...x" },
	{ "[^\\PL]", ".xxxxxxxxxxxxx.xxxxxxxx..xx.xxxxx....xxxxx" },
	{ "a(b", NULL },
	{ "a)b", NULL },
	{ "(a|b", NULL },
	{ "a||b", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" },
	{ "|", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" },
	{ "(|a)+b", "..x.x..xxx.x.x.x.........xx..............." },
	{ "(a|ab)(c|bcd)", ".......x..............................x..." },
	{ "(a*)*b", "..x.x..xxx.x.x.x.........xx..............." },
	{ "(x+x+)+y", "........................................x." },
	{ "a.b", "........xx...............xx..............." },
	{ "a\\.b", "........x................................." },
	{ "^web-[0-9]+$", ".............x............................" },
	{ "^(?:web|api)$", "...........x.............................." },
	{ ".*", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" },
	{ "nginx(:[a-zA-Z0-9_.{}-]*)?$", ".....................................x...." },
	{ "\xc3\xa9", "...................x......................" },
	{ "[\xc3\xa9]", "...................x......................" },
	{ "(?i)\xc3\x89", "...................xx....................." },
	{ "\xff", NULL },
	{ "a#b", "..........................x..............." },
	{ "(?#c)a", NULL },
	{ "a b", ".........................x................" },
};

static bool matches(const struct regex *regex, const char *text)
{
	struct err err = ERR_INIT;
	bool found = false;
	ck_assert_msg(regex_match(regex, text, strlen(text), &found, &err), "%s", err.msg);
	return found;
}

START_TEST(takes_refuses_and_matches_what_go_does)
{
	for (size_t i = 0; i < ARRAY_LEN(expressions); i++) {
		CLEANUP(arena_release) struct arena arena = ARENA_INIT(LIMIT_MIB(64));
		struct err err = ERR_INIT;
		const char *pattern = expressions[i].pattern;
		struct regex *regex = regex_new(&arena, pattern, &err);
		ck_assert_msg((regex != NULL) == (expressions[i].answers != NULL), "'%s': %s", pattern, regex ? "taken" : err.msg);
		for (size_t t = 0; regex && t < ARRAY_LEN(texts); t++) {
			bool found = matches(regex, texts[t]);
			ck_assert_msg(found == (expressions[i].answers[t] == 'x'), "'%s' on '%s': %d", pattern, texts[t], found);
		}
	}
}
END_TEST

static void put_rune(char *out, unsigned rune)
{
	size_t more = rune < 0x80 ? 0 : rune < 0x800 ? 1 : rune < 0x10000 ? 2 : 3;
	static const unsigned first[] = { 0, 0xc0, 0xe0, 0xf0 };
	out[0] = (char)(first[more] | rune >> (6 * more));
	for (size_t i = 1; i <= more; i++) {
		out[i] = (char)(0x80 | (rune >> (6 * (more - i)) & 0x3f));
	}
	out[more + 1] = '\0';
}

/* Where letters have cases, where properties end, and what is new in Unicode 15. */
START_TEST(properties_are_those_of_go)
{
	static const unsigned blocks[][2] = {
		{ 0x1, 0x5ff },       { 0x1c80, 0x1cff },   { 0x1d00, 0x218f },   { 0x2c00, 0x2d2f },   { 0xa640, 0xa7ff },
		{ 0xab30, 0xabbf },   { 0xd7f0, 0xd7ff },   { 0xe000, 0xe00f },   { 0x10400, 0x105ff }, { 0x11efe, 0x11f5f },
		{ 0x1342e, 0x13456 }, { 0x1d400, 0x1d7cf }, { 0x1df00, 0x1df2f }, { 0x1e030, 0x1e08f }, { 0x10fff0, 0x10ffff },
	};
	static const struct {
		const char *pattern;
		unsigned long count; /* of what matches, and the sum of it */
		unsigned long sum;
	} rows[] = {
		{ "\\p{Lu}", 1530, 69859171 },
		{ "(?i)\\p{Lu}", 2684, 89261793 },
		{ "(?i)\\P{Lu}", 2862, 150548974 },
		{ "(?i)[\\p{Ll}1]", 3085, 103804060 },
		{ "(?i)[^\\P{Ll}\\x{400}-\\x{4ff}]", 2828, 103460091 },
		{ "(?i)\\p{Lt}", 66, 442675 },
		{ "(?i)[^\\p{^Lt}]", 66, 442675 },
		{ "(?i)\\pL", 4173, 186816991 },
		{ "(?i)[\\p{Mn}k]", 335, 3820035 },
		{ "(?i)\\p{Greek}", 370, 2163568 },
		{ "(?i)\\P{Common}", 4070, 121668490 },
		{ "(?i)[\\p{ASCII}]", 129, 17001 },
		{ "\\p{Kawi}", 86, 6322400 },
		{ "\\p{LC}", 3555, 157411378 },
		{ "[^\\p{Lo}]", 5173, 220000825 },
		{ "\\p{C}", 516, 40215504 },
		{ "[\\P{Cn}]", 5166, 217584806 },
		{ "\\p{Assigned}", 5166, 217584806 },
		{ "\\p{Any}", 5546, 239810767 },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(arena_release) struct arena arena = ARENA_INIT(LIMIT_MIB(64));
		struct err err = ERR_INIT;
		struct regex *regex = regex_new(&arena, rows[i].pattern, &err);
		ck_assert_msg(regex != NULL, "%s", err.msg);
		unsigned long count = 0;
		unsigned long sum = 0;
		for (size_t b = 0; b < ARRAY_LEN(blocks); b++) {
			for (unsigned rune = blocks[b][0]; rune <= blocks[b][1]; rune++) {
				char text[8];
				put_rune(text, rune);
				bool found = matches(regex, text);
				count += found;
				sum += found ? rune : 0;
			}
		}
		ck_assert_msg(count == rows[i].count && sum == rows[i].sum, "'%s': %lu %lu", rows[i].pattern, count, sum);
	}
}
END_TEST

START_TEST(a_whole_match_is_anchored_around_the_expression_as_text)
{
	static const struct {
		const char *pattern;
		const char *text;
		char answer; /* R for refused */
	} rows[] = {
		{ "web", "web", 'x' },   { "web", "web2", '.' },    { "web", "a-web", '.' },  { "web", "web\n", '.' },
		{ "a|b", "b", 'x' },     { "a|b", "ab", '.' },      { "a.b", "axb", 'x' },    { "web.*", "web-1", 'x' },
		{ "", "anything", 'x' }, { "a)|(?:b", "ax", 'x' },  { "a)|(?:b", "xb", 'x' }, { "\\Qweb", "web", 'R' },
		{ "web\\", "web", 'R' }, { "(?i)WEB", "web", 'x' }, { "*", "web", 'R' },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(arena_release) struct arena arena = ARENA_INIT(LIMIT_MIB(64));
		struct err err = ERR_INIT;
		struct regex *regex = regex_new_whole(&arena, rows[i].pattern, &err);
		char answer = !regex ? 'R' : matches(regex, rows[i].text) ? 'x' : '.';
		ck_assert_msg(answer == rows[i].answer, "'%s' on '%s': %c", rows[i].pattern, rows[i].text, answer);
	}
}
END_TEST

START_TEST(an_error_names_the_expression_and_what_is_wrong)
{
	static const char *const rows[][2] = {
		{ "a(b", "invalid regular expression 'a(b': a missing )" },
		{ "[a", "invalid regular expression '[a': a missing ]" },
		{ "a++", "invalid regular expression 'a++': two repetitions behind each other (RE2 has no possessive quantifiers)" },
		{ "(?=a)", "invalid regular expression '(?=a)': behind (? only the flags i, m, s, U, a name or : may stand (RE2 has no "
		           "lookaround)" },
		{ "(a)\\1", "invalid regular expression '(a)\\1': no such escape: '\\1'" },
		{ "(?i)\\p{Lx}", "invalid regular expression '(?i)\\p{Lx}': no such class: '\\p{Lx}'" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(arena_release) struct arena arena = ARENA_INIT(LIMIT_MIB(64));
		struct err err = ERR_INIT;
		ck_assert_ptr_null(regex_new(&arena, rows[i][0], &err));
		ck_assert_str_eq(err.msg, rows[i][1]);
		ck_assert_int_eq(err.kind, ERR_INPUT);
	}
}
END_TEST

/* Ten nested groups, each of which may take the letter: PCRE2 would try 2^30 ways. */
START_TEST(a_match_that_takes_too_many_steps_ends_with_an_error_or_an_answer_in_time)
{
	CLEANUP(arena_release) struct arena arena = ARENA_INIT(LIMIT_MIB(64));
	struct err err = ERR_INIT;
	struct regex *regex = regex_new(&arena, "^((((a?)*b?)*c?)*d?)*$", &err);
	ck_assert_ptr_nonnull(regex);
	bool found = true;
	static const char text[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaax";
	bool answered = regex_match(regex, text, strlen(text), &found, &err);
	ck_assert(answered ? !found : err.kind == ERR_LIMIT);
}
END_TEST

START_TEST(what_is_over_a_limit_is_refused_and_the_limit_is_named)
{
	CLEANUP(arena_release) struct arena arena = ARENA_INIT(LIMIT_MIB(64));
	struct err err = ERR_INIT;
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MIB(1));
	for (size_t i = 0; i <= LIMIT_REGEX_BYTES; i++) {
		ck_assert(buf_putc(&text, 'a'));
	}
	ck_assert_ptr_null(regex_new(&arena, buf_text(&text), &err));
	ck_assert_int_eq(err.kind, ERR_LIMIT);
	ck_assert_ptr_nonnull(strstr(err.msg, "longer than 8192 bytes"));
	for (size_t i = 0; i < LIMIT_REGEX_BYTES; i++) {
		text.data[i] = i <= LIMIT_REGEX_DEPTH ? '(' : i < 2 * LIMIT_REGEX_DEPTH + 2 ? ')' : 'a';
	}
	text.data[LIMIT_REGEX_BYTES] = '\0';
	ck_assert_ptr_null(regex_new(&arena, buf_text(&text), &err));
	ck_assert_ptr_nonnull(strstr(err.msg, "more than 200 groups"));
	buf_reset(&text);
	for (ck_assert(buf_puts(&text, "(?i)")); text.len + 6 <= LIMIT_REGEX_BYTES;) {
		ck_assert(buf_puts(&text, "\\p{Lu}"));
	}
	ck_assert_ptr_null(regex_new(&arena, buf_text(&text), &err));
	ck_assert_ptr_nonnull(strstr(err.msg, "too many classes"));
	ck_assert_ptr_null(regex_new(&arena, "(?:aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff){1000}", &err));
	ck_assert_int_eq(err.kind, ERR_LIMIT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kustomize_regex");
	TCase *tests = tcase_create("kustomize_regex");
	tcase_add_test(tests, takes_refuses_and_matches_what_go_does);
	tcase_add_test(tests, properties_are_those_of_go);
	tcase_add_test(tests, a_whole_match_is_anchored_around_the_expression_as_text);
	tcase_add_test(tests, an_error_names_the_expression_and_what_is_wrong);
	tcase_add_test(tests, a_match_that_takes_too_many_steps_ends_with_an_error_or_an_answer_in_time);
	tcase_add_test(tests, what_is_over_a_limit_is_refused_and_the_limit_is_named);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
