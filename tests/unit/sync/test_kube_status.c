#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "sync/kube/headers.h"
#include "sync/kube/kube.h"

#define INVALID_SECRET \
	"{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"reason\":\"Invalid\",\"code\":422," \
	"\"message\":\"Secret \\\"s\\\" is invalid: data[pass]: Invalid value: \\\"hunter2\\\":\\n not good\"," \
	"\"details\":{\"causes\":[{\"reason\":\"FieldValueInvalid\",\"message\":\"hunter2\",\"field\":\"data[pass]\"}," \
	"{\"message\":\"hunter2\",\"field\":\"type\"}]}}"

static struct kube_call answer(int status, const char *reply)
{
	struct kube_call call = kube_call_make("GET", NULL);
	call.status = status;
	ck_assert(buf_puts(&call.reply, reply));
	return call;
}

START_TEST(the_status_decides_what_can_be_done_about_it)
{
	static const struct {
		int status;
		enum err_kind kind;
	} cases[] = {
		{ 401, ERR_DENIED },    { 403, ERR_DENIED },    { 404, ERR_NOT_FOUND }, { 409, ERR_CONFLICT },
		{ 400, ERR_INPUT },     { 405, ERR_INPUT },     { 415, ERR_INPUT },     { 422, ERR_INPUT },
		{ 429, ERR_TRANSIENT }, { 500, ERR_TRANSIENT }, { 503, ERR_TRANSIENT }, { 302, ERR_TRANSIENT },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = ERR_INIT;
		struct kube_call call = answer(cases[i].status, "");
		ck_assert(!kube_check(&call, false, &err));
		ck_assert_int_eq(err.kind, cases[i].kind);
		ck_assert_ptr_nonnull(strstr(err.msg, "HTTP"));
		kube_call_release(&call);
	}
	struct err err = ERR_INIT;
	struct kube_call unknown = answer(500, "{\"kind\":\"Status\",\"message\":\"failed to create typed patch object (/q; apps/v1, "
	                                       "Kind=Deployment): .spec.foo: field not declared in schema\"}");
	ck_assert(!kube_check(&unknown, false, &err));
	ck_assert_int_eq(err.kind, ERR_INPUT);
	kube_call_release(&unknown);
	err = ERR_INIT;
	struct kube_call created = answer(201, "{}");
	ck_assert(kube_check(&created, false, &err));
	ck_assert_int_eq(err.kind, ERR_NONE);
	kube_call_release(&created);
}
END_TEST

START_TEST(the_servers_message_is_shown_in_one_line)
{
	struct err err = ERR_INIT;
	struct kube_call call = answer(422, INVALID_SECRET);
	ck_assert(!kube_check(&call, false, &err));
	ck_assert_str_eq(err.msg, "Secret \"s\" is invalid: data[pass]: Invalid value: \"hunter2\": not good");
	kube_call_release(&call);
}
END_TEST

START_TEST(a_hidden_message_shows_reason_and_fields_and_no_value)
{
	struct err err = ERR_INIT;
	struct kube_call call = answer(422, INVALID_SECRET);
	ck_assert(!kube_check(&call, true, &err));
	ck_assert_str_eq(err.msg, "Invalid: data[pass], type");
	kube_call_release(&call);
	struct kube_call plain = answer(500, "cannot decode hunter2");
	ck_assert(!kube_check(&plain, true, &err));
	ck_assert_str_eq(err.msg, "HTTP 500");
	kube_call_release(&plain);
}
END_TEST

START_TEST(an_answer_that_is_no_status_gives_empty_texts)
{
	static const char *const replies[] = { "", "<html>502</html>", "{\"kind\":\"Pod\",\"message\":\"x\"}", "{", "[1]" };
	for (size_t i = 0; i < ARRAY_LEN(replies); i++) {
		struct kube_call call = answer(502, replies[i]);
		struct kube_status status = kube_status_of(&call);
		ck_assert_str_eq(status.reason, "");
		ck_assert_str_eq(status.message, "");
		ck_assert_ptr_null(status.causes);
		kube_status_release(&status);
		kube_call_release(&call);
	}
}
END_TEST

START_TEST(escapes_what_would_end_a_path_segment)
{
	struct buf out = BUF_INIT(100);
	ck_assert(kube_escape(&out, "system:node/a b%\xc3\xa4-._~"));
	ck_assert_str_eq(buf_text(&out), "system%3Anode%2Fa%20b%25%C3%A4-._~");
	buf_release(&out);
	struct buf small = BUF_INIT(4);
	ck_assert(!kube_escape(&small, "//"));
	buf_release(&small);
}
END_TEST

static int64_t retry_after(const char *value)
{
	return header_retry_after(value, strlen(value), 1700000000);
}

START_TEST(reads_retry_after_as_seconds_or_date)
{
	ck_assert_int_eq(retry_after("7"), 7000);
	ck_assert_int_eq(retry_after("0"), 0);
	ck_assert_int_eq(retry_after("Tue, 14 Nov 2023 22:13:30 GMT"), 10000);
	ck_assert_int_eq(retry_after("Tue, 14 Nov 2023 22:13:00 GMT"), 0);
	ck_assert_int_eq(retry_after("soon"), -1);
	ck_assert_int_eq(retry_after(""), -1);
	ck_assert_int_eq(retry_after("99999999999999999999"), 86400000);
}
END_TEST

/* The texts, each followed by '|'. */
static char *warnings(const char *value)
{
	struct buf out = BUF_INIT(1000);
	header_warnings(value, strlen(value), &out);
	for (size_t i = 0; i < out.len; i++) {
		out.data[i] = out.data[i] ? out.data[i] : '|';
	}
	return buf_detach(&out);
}

START_TEST(reads_the_texts_of_a_warning_header)
{
	static const char *const cases[][2] = {
		{ "299 - \"unknown field \\\"spec.x\\\"\"", "unknown field \"spec.x\"|" },
		{ "299 - \"a, b\", 299 k8s \"c\"", "a, b|c|" },
		{ "299 - \"a\" \"Tue, 14 Nov 2023 22:13:30 GMT\", 299 - \"b\"", "a|b|" },
		{ "299 - \"a\tb\"", "a b|" },
		{ "299 - \"no end", "" },
		{ "299 - \"no end\\", "" },
		{ "299 - \"\"", "" },
		{ "299 -", "" },
		{ "299 - \"a\" \"half", "a|" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *texts = warnings(cases[i][0]);
		ck_assert_str_eq(texts, cases[i][1]);
		free(texts);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kube_status");
	TCase *tests = tcase_create("kube_status");
	tcase_add_test(tests, the_status_decides_what_can_be_done_about_it);
	tcase_add_test(tests, the_servers_message_is_shown_in_one_line);
	tcase_add_test(tests, a_hidden_message_shows_reason_and_fields_and_no_value);
	tcase_add_test(tests, an_answer_that_is_no_status_gives_empty_texts);
	tcase_add_test(tests, escapes_what_would_end_a_path_segment);
	tcase_add_test(tests, reads_retry_after_as_seconds_or_date);
	tcase_add_test(tests, reads_the_texts_of_a_warning_header);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
