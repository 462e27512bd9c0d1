#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/webhook.h"
#include "render/base/buf.h"

/* Key and body are GitHub's own example ("Validating webhook deliveries"); the sums are openssl's:
 * printf %s BODY | openssl dgst -sha256 -hmac KEY */
#define KEY "It's a Secret to Everybody"
#define BODY "Hello, World!"
#define SUM "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
#define SUM_UPPER "757107EA0EB2509FC211221CCE984B8A37570B6D7586C22C46F4379C8B043E17"
#define PUSH "{\"ref\":\"refs/heads/main\"}"
#define PUSH_SUM "6a42699496d8c4fb346af1c930df527931a321e28ada69dbc5ee82f438517fd2"
#define EMPTY_SUM_OF_K "8bb990c40a7d61cb97597a942125025be50ac8beb74436e3735b98893a7f6620"

/* Headers as pairs, NULL-terminated. */
static bool valid(const char *token, const char *body, const char *const *headers)
{
	struct secret secret = SECRET_INIT;
	if (token) {
		secret_set(&secret, token, strlen(token));
	}
	struct webhook *webhook = webhook_new(token ? &secret : NULL);
	secret_release(&secret);
	for (size_t i = 0; headers[i]; i += 2) {
		webhook_header(webhook, headers[i], headers[i + 1]);
	}
	/* In pieces: it is the same. */
	size_t half = strlen(body) / 2;
	webhook_body(webhook, body, half);
	webhook_body(webhook, body + half, strlen(body) - half);
	bool result = webhook_valid(webhook);
	ck_assert(!webhook_valid(webhook));
	webhook_free(webhook);
	return result;
}

#define HEADERS(...) ((const char *const[]){ __VA_ARGS__, NULL })

START_TEST(signatures_of_every_server_are_known)
{
	ck_assert(valid(KEY, BODY, HEADERS("X-Hub-Signature-256", "sha256=" SUM)));
	ck_assert(valid(KEY, BODY, HEADERS("x-hub-signature-256", "sha256=" SUM)));
	ck_assert(valid(KEY, PUSH, HEADERS("X-Hub-Signature-256", "sha256=" PUSH_SUM)));
	ck_assert(valid(KEY, BODY, HEADERS("X-Gitea-Signature", SUM)));
	ck_assert(valid(KEY, BODY, HEADERS("X-Signature", SUM)));
	ck_assert(valid(KEY, BODY, HEADERS("X-Signature", "sha256=" SUM_UPPER)));
	ck_assert(valid(KEY, "any", HEADERS("X-Gitlab-Token", KEY)));
	ck_assert(valid("k", "", HEADERS("X-Signature", EMPTY_SUM_OF_K)));
	ck_assert(valid(KEY, BODY, HEADERS("Content-Type", "x", "X-Gitea-Signature", SUM, "X-Hub-Signature-256", "sha256=" SUM)));
}
END_TEST

START_TEST(a_wrong_signature_token_or_body_is_refused)
{
	ck_assert(!valid(KEY, BODY "!", HEADERS("X-Hub-Signature-256", "sha256=" SUM)));
	ck_assert(!valid("another", BODY, HEADERS("X-Hub-Signature-256", "sha256=" SUM)));
	ck_assert(!valid(KEY, BODY, HEADERS("X-Hub-Signature-256", "sha256=" PUSH_SUM)));
	ck_assert(!valid(KEY, BODY, HEADERS("X-Gitlab-Token", "It's a Secret to Everybody ")));
	ck_assert(!valid(KEY, BODY, HEADERS("X-Gitlab-Token", "It's a Secret to Everybod")));
	ck_assert(!valid(KEY, BODY, HEADERS("X-Gitlab-Token", "")));
}
END_TEST

START_TEST(a_call_without_a_signature_is_refused)
{
	ck_assert(!valid(KEY, BODY, HEADERS(NULL)));
	ck_assert(!valid(KEY, BODY, HEADERS("Authorization", "Bearer x", "X-Hub-Signature", "sha1=0")));
}
END_TEST

START_TEST(what_is_no_signature_is_refused)
{
	static const char *const values[] = { "",
		                                  "sha256=",
		                                  "sha1=" SUM,
		                                  "SHA256=" SUM,
		                                  "sha256=" SUM "0",
		                                  "sha256=" SUM " ",
		                                  " sha256=" SUM,
		                                  "sha256=sha256=" SUM,
		                                  "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e1",
		                                  "sha256=g57107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17" };
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		ck_assert_msg(!valid(KEY, BODY, HEADERS("X-Hub-Signature-256", values[i])), "%s", values[i]);
		ck_assert_msg(!valid(KEY, BODY, HEADERS("X-Signature", values[i])), "%s", values[i]);
	}
	/* Each server's own form. */
	ck_assert(!valid(KEY, BODY, HEADERS("X-Hub-Signature-256", SUM)));
	ck_assert(!valid(KEY, BODY, HEADERS("X-Gitea-Signature", "sha256=" SUM)));
}
END_TEST

START_TEST(every_signature_that_is_there_has_to_be_right)
{
	ck_assert(!valid(KEY, BODY, HEADERS("X-Hub-Signature-256", "sha256=" SUM, "X-Gitea-Signature", PUSH_SUM)));
	ck_assert(!valid(KEY, BODY, HEADERS("X-Hub-Signature-256", "sha256=" SUM, "X-Gitea-Signature", "")));
	ck_assert(!valid(KEY, BODY, HEADERS("X-Gitlab-Token", KEY, "X-Signature", PUSH_SUM)));
	ck_assert(!valid(KEY, BODY, HEADERS("X-Signature", SUM, "X-Signature", SUM)));
	ck_assert(!valid(KEY, BODY, HEADERS("X-Gitlab-Token", KEY, "X-Gitlab-Token", KEY)));
}
END_TEST

START_TEST(without_a_token_nobody_is_right)
{
	/* What anybody can compute: the HMAC of BODY with an empty key. */
	static const char *const empty_key = "2bbcfa9524f3218c7a34b30e6936f8b1a4516cb097f1a85a1c7d98b5977ec769";
	for (int i = 0; i < 2; i++) {
		const char *token = i ? "" : NULL;
		ck_assert(!valid(token, BODY, HEADERS("X-Hub-Signature-256", "sha256=" SUM)));
		ck_assert(!valid(token, BODY, HEADERS("X-Signature", empty_key)));
		ck_assert(!valid(token, BODY, HEADERS("X-Gitlab-Token", "")));
	}
}
END_TEST

START_TEST(a_path_names_a_sync_and_nothing_else)
{
	struct webhook_name name = { .ns = "untouched" };
	static const char *const wrong[] = { "",
		                                 "/",
		                                 "/hook",
		                                 "/hook/",
		                                 "/hook/shop",
		                                 "/hook/shop/",
		                                 "/hook//web",
		                                 "/hook/shop/web/",
		                                 "/hook/shop/web/x",
		                                 "/hook/Shop/web",
		                                 "/hook/shop/../web",
		                                 "/hook/../shop/web",
		                                 "/hook/shop/web\n",
		                                 "/hook/shop/w%65b",
		                                 "/hook/sh.op/web",
		                                 "/hook/-shop/web",
		                                 "/hook/shop/web-",
		                                 "/hook/shop/.web",
		                                 "/hooks/shop/web",
		                                 "hook/shop/web" };
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		ck_assert_msg(!webhook_path(wrong[i], &name), "%s", wrong[i]);
	}
	char *longer = text_printf("/hook/shop/%0*d", WEBHOOK_NAME, 7);
	ck_assert(!webhook_path(longer, &name));
	free(longer);
	ck_assert_str_eq(name.ns, "untouched");
	ck_assert(webhook_path("/hook/shop-1/web.v2", &name));
	ck_assert_str_eq(name.ns, "shop-1");
	ck_assert_str_eq(name.name, "web.v2");
}
END_TEST

START_TEST(a_bucket_gives_its_burst_and_then_one_at_a_time)
{
	const struct bucket_rate rate = { .burst = 3, .every = 1000 };
	struct bucket bucket = { 0 };
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(bucket_take(&bucket, &rate, 5000), 0);
	}
	ck_assert_int_eq(bucket_take(&bucket, &rate, 5000), 1000);
	ck_assert_int_eq(bucket_take(&bucket, &rate, 5400), 600);
	ck_assert_int_eq(bucket_take(&bucket, &rate, 6000), 0);
	ck_assert_int_eq(bucket_take(&bucket, &rate, 6001), 999);
	/* Rest fills it, and not beyond its burst. */
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(bucket_take(&bucket, &rate, 100000), 0);
	}
	ck_assert_int_gt(bucket_take(&bucket, &rate, 100000), 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("webhook");
	tcase_add_test(tcase, signatures_of_every_server_are_known);
	tcase_add_test(tcase, a_wrong_signature_token_or_body_is_refused);
	tcase_add_test(tcase, a_call_without_a_signature_is_refused);
	tcase_add_test(tcase, what_is_no_signature_is_refused);
	tcase_add_test(tcase, every_signature_that_is_there_has_to_be_right);
	tcase_add_test(tcase, without_a_token_nobody_is_right);
	tcase_add_test(tcase, a_path_names_a_sync_and_nothing_else);
	tcase_add_test(tcase, a_bucket_gives_its_burst_and_then_one_at_a_time);
	Suite *suite = suite_create("webhook");
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
