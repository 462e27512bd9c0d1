#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sync/access.h"
#include "tests/unit/dir_fixture.h"

#define CLUSTER "clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\n"
#define USER "users: [{name: u, user: {token: hunter2}}]\n"
#define CONTEXTS \
	"contexts: [{name: x, context: {cluster: c, user: u, namespace: shop}}, {name: w, context: {cluster: c, user: u}}]\n"

/* Opens what this kubeconfig names. */
static struct kube *open_as(const char *text, const char *context, const char *ns, char **out_ns, struct err *err)
{
	CLEANUP(text_freep) char *path = put("config", text);
	const struct kube_config_options options = { .kubeconfig = path, .context = context };
	return access_open(&options, ns, &(struct kube_options){ 0 }, out_ns, err);
}

START_TEST(the_namespace_is_the_one_asked_for_else_that_of_the_context_else_default)
{
	static const struct {
		const char *context, *ns, *expected;
	} cases[] = {
		{ "x", "mine", "mine" },
		{ "x", NULL, "shop" },
		{ "w", "mine", "mine" },
		{ "w", NULL, "default" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(text_freep) char *ns = text_dup("before");
		struct err err = ERR_INIT;
		struct kube *kube = open_as(CLUSTER USER CONTEXTS, cases[i].context, cases[i].ns, &ns, &err);
		ck_assert_msg(kube != NULL, "%zu: %s", i, err.msg);
		ck_assert_str_eq(ns, cases[i].expected);
		kube_free(kube);
	}
}
END_TEST

START_TEST(opening_sends_nothing)
{
	CLEANUP(text_freep) char *ns = NULL;
	struct err err = ERR_INIT;
	struct kube *kube = open_as(CLUSTER USER CONTEXTS, "x", NULL, &ns, &err);
	ck_assert_msg(kube != NULL, "%s", err.msg);
	ck_assert_uint_eq(kube->stats.requests, 0);
	kube_free(kube);
}
END_TEST

START_TEST(a_configuration_that_is_wrong_is_named_and_leaves_the_namespace)
{
	static const struct {
		const char *text, *context, *message;
	} cases[] = {
		{ CLUSTER USER CONTEXTS, "z", "'z'" },
		{ "clusters: [{name: c, cluster: {server: 'http://k'}}]\n" USER CONTEXTS, "x", "server must be an https:// address" },
		{ "clusters: [{name: c, cluster: {server: 'https://k', insecure-skip-tls-verify: true}}]\n" USER CONTEXTS, "x",
		  "insecure-skip-tls-verify is refused" },
		{ CLUSTER "users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: plugin, "
		          "interactiveMode: Never}}}]\n" CONTEXTS,
		  "x", "plugin" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(text_freep) char *ns = text_dup("before");
		struct err err = ERR_INIT;
		ck_assert_msg(!open_as(cases[i].text, cases[i].context, "mine", &ns, &err), "%zu", i);
		ck_assert_msg(strstr(err.msg, cases[i].message) != NULL, "%zu: %s", i, err.msg);
		ck_assert_ptr_null(strstr(err.msg, "hunter2"));
		ck_assert_str_eq(ns, "before");
	}
}
END_TEST

START_TEST(without_any_configuration_the_error_says_so)
{
	char *ns = NULL;
	struct err err = ERR_INIT;
	ck_assert_ptr_null(access_open(&(struct kube_config_options){ 0 }, NULL, &(struct kube_options){ 0 }, &ns, &err));
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_ptr_nonnull(strstr(err.msg, "KUBECONFIG"));
	ck_assert_ptr_null(ns);
}
END_TEST

START_TEST(a_configuration_at_hand_is_used_and_stays_its_owners)
{
	struct kube_config loaded = { .server = text_dup("https://127.0.0.1:1"), .ns = text_dup("team") };
	secret_set(&loaded.token, "hunter2", 7);
	CLEANUP(text_freep) char *ns = NULL;
	struct err err = ERR_INIT;
	const struct kube_config_options options = { .loaded = &loaded };
	struct kube *kube = access_open(&options, NULL, &(struct kube_options){ 0 }, &ns, &err);
	ck_assert_msg(kube != NULL, "%s", err.msg);
	ck_assert_str_eq(ns, "team");
	kube_free(kube);
	ck_assert_str_eq(loaded.token.text, "hunter2");
	ck_assert_str_eq(loaded.server, "https://127.0.0.1:1");
	kube_config_release(&loaded);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("access");
	TCase *tests = tcase_create("access");
	tcase_add_checked_fixture(tests, make_home, remove_dir);
	tcase_add_test(tests, the_namespace_is_the_one_asked_for_else_that_of_the_context_else_default);
	tcase_add_test(tests, opening_sends_nothing);
	tcase_add_test(tests, a_configuration_that_is_wrong_is_named_and_leaves_the_namespace);
	tcase_add_test(tests, without_any_configuration_the_error_says_so);
	tcase_add_test(tests, a_configuration_at_hand_is_used_and_stays_its_owners);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
