#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/log.h"
#include "render/base/buf.h"
#include "render/base/limits.h"
#include "render/doc.h"

static int ends[2];
static char line[3 * 8192];

static void set_up(void)
{
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
}

static void tear_down(void)
{
	(void)close(ends[0]);
	(void)close(ends[1]);
}

/* What stands in the pipe, in `line`; its length. */
static size_t said(void)
{
	ssize_t n = read(ends[0], line, sizeof line - 1);
	line[n < 0 ? 0 : n] = '\0';
	return n < 0 ? 0 : (size_t)n;
}

static struct log make(enum log_format format)
{
	return (struct log){ .fd = ends[1], .format = format, .least = LEVEL_INFO };
}

static cJSON *parsed(void)
{
	struct err err = ERR_INIT;
	ck_assert_uint_gt(said(), 0);
	ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
	cJSON *doc = doc_parse(line, strlen(line), &err);
	ck_assert_msg(doc, "%s: %s", err.msg, line);
	return doc;
}

START_TEST(an_event_is_one_line_of_json_with_what_it_is_about)
{
	struct log log = make(LOG_JSON);
	const struct log_about about = { .ns = "shop", .name = "web", .commit = "4f2a91c", .object = "Deployment/shop/web" };
	log_event(&log, LEVEL_WARNING, &about, "healed %d of %s", 2, "3");
	CLEANUP(doc_freep) cJSON *doc = parsed();
	const char *time = doc_text(doc, "time");
	ck_assert_uint_eq(strlen(time), strlen("2026-11-24T02:41:58.123Z"));
	ck_assert(time[4] == '-' && time[10] == 'T' && time[19] == '.' && time[23] == 'Z');
	ck_assert_str_eq(doc_text(doc, "level"), "warning");
	ck_assert_str_eq(doc_text(doc, "sync"), "shop/web");
	ck_assert_str_eq(doc_text(doc, "commit"), "4f2a91c");
	ck_assert_str_eq(doc_text(doc, "object"), "Deployment/shop/web");
	ck_assert_str_eq(doc_text(doc, "msg"), "healed 2 of 3");
	ck_assert_int_eq(cJSON_GetArraySize(doc), 6);
}
END_TEST

START_TEST(members_that_are_not_set_do_not_appear)
{
	struct log log = make(LOG_JSON);
	log_event(&log, LEVEL_INFO, NULL, "started");
	CLEANUP(doc_freep) cJSON *plain = parsed();
	ck_assert_int_eq(cJSON_GetArraySize(plain), 3);
	const struct log_about about = { .name = "web", .commit = "" };
	log_event(&log, LEVEL_INFO, &about, "from a file");
	CLEANUP(doc_freep) cJSON *named = parsed();
	ck_assert_int_eq(cJSON_GetArraySize(named), 4);
	ck_assert_str_eq(doc_text(named, "sync"), "web");
}
END_TEST

START_TEST(no_text_makes_a_line_or_a_member_of_its_own)
{
	struct log log = make(LOG_JSON);
	const char *hostile = "a\n{\"level\":\"error\"}\r\t\x1b[31m \"q\" \\ \x7f \xc2\x9b \xe2\x80\xa8 \xff gr\xc3\xbc\xc3\x9f";
	log_event(&log, LEVEL_INFO, &(struct log_about){ .object = "x\",\"y\":\"\n" }, "%s", hostile);
	CLEANUP(doc_freep) cJSON *doc = parsed();
	ck_assert_ptr_eq(strpbrk(line, "\r\t\x1b\x7f"), NULL);
	ck_assert_ptr_eq(strstr(line, "\xc2\x9b"), NULL);
	ck_assert_ptr_eq(strstr(line, "\xe2\x80\xa8"), NULL);
	ck_assert_ptr_ne(strstr(line, "\\u009b"), NULL);
	ck_assert_ptr_ne(strstr(line, "\\u2028"), NULL);
	ck_assert_ptr_ne(strstr(line, "\xef\xbf\xbd gr\xc3\xbc\xc3\x9f"), NULL);
	ck_assert_str_eq(doc_text(doc, "object"), "x\",\"y\":\"\n");
	ck_assert_int_eq(cJSON_GetArraySize(doc), 4);
	log.format = LOG_TEXT;
	log_event(&log, LEVEL_INFO, NULL, "%s", hostile);
	ck_assert_uint_gt(said(), 0);
	ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
	ck_assert_ptr_eq(strpbrk(line, "\r\t\x1b\x7f"), NULL);
}
END_TEST

START_TEST(words_for_a_terminal_say_the_message_first)
{
	struct log log = make(LOG_TEXT);
	log_event(&log, LEVEL_ERROR, &(struct log_about){ .ns = "shop", .name = "web" }, "cannot fetch '%s'", "x");
	ck_assert_uint_gt(said(), 0);
	ck_assert_str_eq(line + strlen("2026-11-24T02:41:58.123Z"), " error   cannot fetch 'x' sync=shop/web\n");
}
END_TEST

/* The cut is between characters, also in the middle of an escape. */
START_TEST(a_line_has_a_longest_length)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_KIB(64));
	while (text.len < 4 * LIMIT_LOG_LINE) {
		(void)buf_puts(&text, "\x01\xc3\xbc\"");
	}
	const struct log_about about = { .ns = buf_text(&text), .name = "x", .commit = buf_text(&text), .object = buf_text(&text) };
	for (size_t shift = 0; shift < 8; shift++) {
		struct log log = make(LOG_JSON);
		log_event(&log, LEVEL_INFO, &about, "%s", buf_text(&text) + 4 * shift);
		ck_assert_uint_le(said(), LIMIT_LOG_LINE);
		struct err err = ERR_INIT;
		CLEANUP(doc_freep) cJSON *doc = doc_parse(line, strlen(line), &err);
		ck_assert_msg(doc, "%s", err.msg);
		const char *message = doc_text(doc, "msg");
		ck_assert_str_eq(message + strlen(message) - 3, "...");
		log.format = LOG_TEXT;
		log_event(&log, LEVEL_INFO, &about, "%.*s", (int)(1000 + shift), buf_text(&text));
		ck_assert_uint_le(said(), LIMIT_LOG_LINE);
		ck_assert_int_eq(line[strlen(line) - 1], '\n');
		ck_assert_ptr_ne(strstr(line, " object="), NULL);
	}
}
END_TEST

START_TEST(what_is_below_the_level_is_left_out)
{
	struct log log = make(LOG_JSON);
	log_event(&log, LEVEL_DEBUG, NULL, "detail");
	ck_assert_uint_eq(said(), 0);
	log.least = LEVEL_ERROR;
	log_event(&log, LEVEL_WARNING, NULL, "odd");
	ck_assert_uint_eq(said(), 0);
	log_event(&log, LEVEL_ERROR, NULL, "bad");
	ck_assert_uint_gt(said(), 0);
}
END_TEST

START_TEST(what_nobody_reads_is_dropped_and_counted)
{
	struct log log = make(LOG_JSON);
	for (int i = 0; i < 10000 && !log.dropped; i++) {
		log_event(&log, LEVEL_INFO, NULL, "a line that fills the pipe in the end");
	}
	ck_assert_uint_eq(log.dropped, 1);
}
END_TEST

START_TEST(formats_and_levels_are_known_by_their_words)
{
	enum log_format format = LOG_JSON;
	enum log_level level = LEVEL_ERROR;
	struct err err = ERR_INIT;
	ck_assert(log_parse_format("text", &format, &err) && format == LOG_TEXT);
	ck_assert(log_parse_level("debug", &level, &err) && level == LEVEL_DEBUG);
	ck_assert(!log_parse_format("yaml", &format, &err));
	ck_assert_str_eq(err.msg, "no log format 'yaml': json, text");
	ck_assert(!log_parse_level("loud", &level, &err));
	ck_assert_str_eq(err.msg, "no log level 'loud': debug, info, warning, error");
	ck_assert(format == LOG_TEXT && level == LEVEL_DEBUG);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("log");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, an_event_is_one_line_of_json_with_what_it_is_about);
	tcase_add_test(tcase, members_that_are_not_set_do_not_appear);
	tcase_add_test(tcase, no_text_makes_a_line_or_a_member_of_its_own);
	tcase_add_test(tcase, words_for_a_terminal_say_the_message_first);
	tcase_add_test(tcase, a_line_has_a_longest_length);
	tcase_add_test(tcase, what_is_below_the_level_is_left_out);
	tcase_add_test(tcase, what_nobody_reads_is_dropped_and_counted);
	tcase_add_test(tcase, formats_and_levels_are_known_by_their_words);
	Suite *suite = suite_create("log");
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
