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

int main(void)
{
	Suite *suite = suite_create("yaml_read");
	TCase *cases = tcase_create("yaml_read");
	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, reads_the_documents_of_a_file_with_their_lines);
	suite_add_tcase(suite, cases);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
