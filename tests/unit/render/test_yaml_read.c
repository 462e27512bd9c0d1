#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "render/yaml.h"

static struct buf read_out;
static struct problems found;

static void add_line(void *context, cJSON *document, size_t line)
{
	struct buf *out = context;
	ck_assert(buf_printf(out, "%zu ", line) && doc_print(document, out) && buf_putc(out, '\n'));
	cJSON_Delete(document);
}

/* The documents as JSON, each with its line in front; then the problems. */
static const char *read_bytes(const char *text, size_t len)
{
	buf_reset(&read_out);
	problems_release(&found);
	yaml_read("f", text, len, add_line, &read_out, &found);
	for (size_t i = 0; i < found.count; i++) {
		ck_assert(buf_printf(&read_out, "%s\n", found.items[i].text));
	}
	return buf_text(&read_out);
}

static const char *read_text(const char *text)
{
	return read_bytes(text, strlen(text));
}

static void setup(void)
{
	read_out = BUF_INIT(LIMIT_MIB(32));
	found = PROBLEMS_INIT;
}

static void teardown(void)
{
	buf_release(&read_out);
	problems_release(&found);
}

START_TEST(reads_the_documents_of_a_file_with_their_lines)
{
	ck_assert_str_eq(read_text("# first\na: b\n---\n\nc: [1, two]\n--- # nothing\n---\nnull\n---\nd: {}\n...\n"),
	                 "2 {\"a\":\"b\"}\n5 {\"c\":[1,\"two\"]}\n10 {\"d\":{}}\n");
}
END_TEST

#define HEAD "apiVersion: v1\nkind: ConfigMap\n"

static const struct {
	const char *text;
	const char *said;
} wrong[] = {
	{ HEAD "data: {a: b, a: c}\n", "f:3: data.a: duplicate key, first in line 3\n" },
	{ HEAD "data: {yes: a, true: b}\n", "f:3: data.true: duplicate key, first in line 3\n" },
	{ HEAD "data:\n\ta: b\n", "f:4: data: tab used as indentation\n" },
	{ HEAD "data: {a: *no}\n", "f:3: data.a: unknown alias: no anchor of that name stands above\n" },
	{ HEAD "data: &a {b: *a}\n", "f:3: data.b: alias inside of the value that it stands for\n" },
	{ HEAD "data: {a: '\xff'}\n", "f:3: bad UTF-8: invalid leading UTF-8 octet\n" },
	{ HEAD "data: [a\n",
	  "f:4: data[1]: did not find expected ',' or ']', while parsing a flow sequence that starts in line 3\n" },
	{ HEAD "data: !!int x\n", "f:3: data: value of another type than its tag says\n" },
	{ HEAD "data: {a: .nan}\n", "f:3: data.a: infinity and not-a-number have no JSON form\n" },
	{ HEAD "data: {[a]: b}\n", "f:3: data: a list, a mapping or nothing as a key\n" },
	{ HEAD "data: {~: b}\n", "f:3: data: null as a key\n" },
	{ HEAD "data: {<<: 3}\n", "f:3: data.<<: what is merged must be a mapping or a list of mappings\n" },
	{ HEAD "data: {a: \"\\u0000\"}\n", "f:3: data.a: text with a NUL character\n" },
	{ HEAD "data: {a: \x01}\n", "f:3: control characters are not allowed\n" },
	{ HEAD "data: {a: !!binary '?'}\n", "f:3: data.a: tagged as binary, but not base64\n" },
	{ "a: b: c\n", "f:1: mapping values are not allowed in this context\n" },
	/* Billions of values in seven lines. */
	{ "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
	  "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n"
	  "g: [*f,*f,*f,*f,*f,*f,*f,*f,*f,*f]\n",
	  "more than 200000 values added by aliases to one document\n" },
};

START_TEST(an_error_names_line_and_field)
{
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		const char *got = read_text(wrong[i].text);
		const char *end = strlen(got) >= strlen(wrong[i].said) ? got + strlen(got) - strlen(wrong[i].said) : got;
		bool whole = wrong[i].said[0] == 'f';
		ck_assert_msg(strcmp(whole ? got : end, wrong[i].said) == 0, "expected '%s', got '%s'", wrong[i].said, got);
	}
}
END_TEST

START_TEST(the_other_documents_of_a_file_are_handed_on)
{
	ck_assert_str_eq(read_text("a: 1\n---\nb: {c: 1, c: 2, d: *no}\n---\ne: 5\n"),
	                 "1 {\"a\":1}\n5 {\"e\":5}\nf:3: b.d: unknown alias: no anchor of that name stands above\n"
	                 "f:3: b.c: duplicate key, first in line 3\n");
}
END_TEST

START_TEST(nesting_is_bounded)
{
	char text[2 * LIMIT_DEPTH + 20];
	memset(text, '[', LIMIT_DEPTH + 5);
	memset(text + LIMIT_DEPTH + 5, ']', LIMIT_DEPTH + 5);
	ck_assert_ptr_nonnull(strstr(read_bytes(text, 2 * LIMIT_DEPTH + 10), "more than 100 levels of nesting"));
}
END_TEST

START_TEST(scalars_are_those_of_goyaml_2)
{
	ck_assert_str_eq(
		read_text("[1, 010, 0o10, 0x1F, 0b11, 1_000, +5, 1e3, .5, 0x, yes, Off, y, tRue, ~, 2001-01-01, 1:30, '1', \"yes\"]\n"),
		"1 [1,8,8,31,3,1000,5,1000,0.5,\"0x\",true,false,true,\"tRue\",null,\"2001-01-01\",\"1:30\",\"1\",\"yes\"]\n");
}
END_TEST

START_TEST(large_integers_keep_their_digits)
{
	ck_assert_str_eq(read_text("[9007199254740993, 18446744073709551615, -9223372036854775808]\n"),
	                 "1 [9007199254740993,18446744073709551615,-9223372036854775808]\n");
}
END_TEST

START_TEST(merges_and_aliases_are_opened)
{
	ck_assert_str_eq(
		read_text("a: &a {x: 1, y: [2]}\nb: {<<: *a, x: 3}\nc: {<<: [{z: 4}, *a]}\nd: *a\n"),
		"1 {\"a\":{\"x\":1,\"true\":[2]},\"b\":{\"x\":3,\"true\":[2]},\"c\":{\"x\":1,\"true\":[2],\"z\":4},\"d\":{\"x\":1,\"true\":[2]}}\n");
}
END_TEST

START_TEST(utf_16_is_read_by_its_mark)
{
	static const char big[] = "\xfe\xff\0a\0:\0 \x26\x3a\0\n";
	ck_assert_str_eq(read_bytes(big, sizeof big - 1), "1 {\"a\":\"\xe2\x98\xba\"}\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("yaml_read");
	TCase *cases = tcase_create("yaml_read");
	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, reads_the_documents_of_a_file_with_their_lines);
	tcase_add_test(cases, an_error_names_line_and_field);
	tcase_add_test(cases, the_other_documents_of_a_file_are_handed_on);
	tcase_add_test(cases, nesting_is_bounded);
	tcase_add_test(cases, scalars_are_those_of_goyaml_2);
	tcase_add_test(cases, large_integers_keep_their_digits);
	tcase_add_test(cases, merges_and_aliases_are_opened);
	tcase_add_test(cases, utf_16_is_read_by_its_mark);
	suite_add_tcase(suite, cases);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
