#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/base/macros.h"
#include "render/doc.h"
#include "render/yaml.h"

/* e2e/local_yaml.sh judges the writer with kustomize itself; these are its rules. */
static const struct {
	const char *json;
	const char *yaml;
} pairs[] = {
	{ "{\"b\":1,\"a\":{\"c\":[1,{\"d\":2,\"e\":3}]}}", "a:\n  c:\n  - 1\n  - d: 2\n    e: 3\nb: 1\n" },
	{ "{\"a10\":1,\"a2\":2,\"10\":3,\"9\":4}", "\"9\": 4\n\"10\": 3\na2: 2\na10: 1\n" },
	{ "{\"a\":{},\"b\":[],\"c\":null,\"d\":\"\"}", "a: {}\nb: []\nc: null\nd: \"\"\n" },
	{ "{\"a\":\"1\",\"b\":\"yes\",\"c\":\"null\",\"d\":\"1e3\",\"e\":\"0x1F\",\"f\":\"2001-01-01\"}",
	  "a: \"1\"\nb: \"yes\"\nc: \"null\"\nd: \"1e3\"\ne: \"0x1F\"\nf: \"2001-01-01\"\n" },
	{ "{\"a\":\"b: c\",\"d\":\" e\",\"f\":\"#g\",\"h\":\"it's: x\"}", "a: 'b: c'\nd: ' e'\nf: '#g'\nh: 'it''s: x'\n" },
	{ "{\"a\":\"one\\ntwo\\n\",\"b\":\"one\\ntwo\",\"c\":\"one\\n\\n\"}",
	  "a: |\n  one\n  two\nb: |-\n  one\n  two\nc: |+\n  one\n\n" },
	{ "{\"a\":\"tab\\there\",\"b\":\"bell\\u0007\"}", "a: \"tab\\there\"\nb: \"bell\\a\"\n" },
	{ "{\"a\":[[1,2],[]]}", "a:\n- - 1\n  - 2\n- []\n" },
	{ "{\"n\":1.5e-7}", "\"n\": 1.5e-07\n" },
};

START_TEST(documents_are_written_as_kustomize_writes_them)
{
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		struct err err = ERR_INIT;
		CLEANUP(doc_freep) cJSON *document = doc_parse(pairs[i].json, strlen(pairs[i].json), &err);
		ck_assert_msg(document != NULL, "%s", err.msg);
		CLEANUP(buf_release) struct buf out = BUF_INIT(LIMIT_MIB(1));
		ck_assert(yaml_write(document, &out));
		ck_assert_str_eq(buf_text(&out), pairs[i].yaml);
	}
}
END_TEST

START_TEST(a_buffer_that_is_full_stays_as_it_was)
{
	struct err err = ERR_INIT;
	static const char json[] = "{\"a\":\"a long text that does not fit\"}";
	CLEANUP(doc_freep) cJSON *document = doc_parse(json, strlen(json), &err);
	CLEANUP(buf_release) struct buf out = BUF_INIT(20);
	ck_assert(buf_puts(&out, "before"));
	ck_assert(!yaml_write(document, &out));
	ck_assert_str_eq(buf_text(&out), "before");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("yaml_write");
	tcase_add_test(tcase, documents_are_written_as_kustomize_writes_them);
	tcase_add_test(tcase, a_buffer_that_is_full_stays_as_it_was);
	Suite *suite = suite_create("yaml_write");
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
