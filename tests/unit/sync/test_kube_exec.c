#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sync/clock.h"
#include "sync/kube/exec.h"
#include "tests/unit/dir_fixture.h"

#define V1 "client.authentication.k8s.io/v1"

enum { PATIENCE = 600000 }; /* with those that do not hang */

/* A plugin made of this script. Freed with kube_exec_free. */
static struct kube_exec *plugin(const char *script)
{
	struct kube_exec *exec = alloc_new(1, sizeof *exec);
	exec->api_version = text_dup(V1);
	exec->command = text_printf("%s/plugin", dir);
	exec->args = alloc_new(3, sizeof *exec->args);
	exec->args[0] = text_dup(exec->command);
	exec->args[1] = text_dup("two words");
	exec->env = alloc_new(2, sizeof *exec->env);
	exec->env[0] = text_dup("PLUGIN_ENV=set");
	exec->cluster = text_dup("{\"server\":\"https://k\"}");
	exec->interactive = EXEC_NEVER;
	FILE *file = fopen(exec->command, "we");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fprintf(file, "#!/bin/sh\n%s\n", script), 0);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod(exec->command, 0700), 0);
	return exec;
}

#define PRINT(status) "echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1 "\",\"status\":" status "}'"

START_TEST(gives_arguments_environment_and_cluster_and_takes_the_token)
{
	struct kube_exec *exec = plugin(
		"[ \"$1\" = 'two words' ] && [ \"$PLUGIN_ENV\" = set ] || exit 3\n"
		"[ \"$KUBERNETES_EXEC_INFO\" = '{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1
		"\",\"spec\":{\"cluster\":{\"server\":\"https://k\"},\"interactive\":false}}' ] || exit 4\n"
		"[ -z \"$(cat)\" ] || exit 5\n" PRINT("{\"token\":\"t\",\"expirationTimestamp\":\"2023-11-14T22:13:20Z\"}"));
	struct kube_exec_reply reply = { .expires = -1 };
	struct err err = ERR_INIT;
	ck_assert_msg(kube_exec_run(exec, PATIENCE, NULL, &reply, &err), "%s", err.msg);
	ck_assert_str_eq(reply.token.text, "t");
	ck_assert_int_eq(reply.expires, 1700000000);
	kube_exec_reply_release(&reply);
	kube_exec_free(exec);
}
END_TEST

START_TEST(takes_a_client_certificate)
{
	struct kube_exec *exec = plugin(PRINT("{\"clientCertificateData\":\"C\",\"clientKeyData\":\"K\"}"));
	struct kube_exec_reply reply = { .expires = -1 };
	struct err err = ERR_INIT;
	ck_assert_msg(kube_exec_run(exec, PATIENCE, NULL, &reply, &err), "%s", err.msg);
	ck_assert_str_eq(reply.cert.text, "C");
	ck_assert_str_eq(reply.key.text, "K");
	ck_assert(!secret_is_set(&reply.token));
	ck_assert_int_eq(reply.expires, -1);
	kube_exec_reply_release(&reply);
	kube_exec_free(exec);
}
END_TEST

START_TEST(an_answer_that_is_none_is_refused_and_not_quoted)
{
	static const struct {
		const char *script;
		const char *message;
	} cases[] = {
		{ "echo hunter2", "did not print JSON" },
		{ "echo '{\"kind\":\"Status\",\"hunter2\":1}'", "did not print an ExecCredential of " V1 },
		{ PRINT("{}"), "neither token nor clientCertificateData" },
		{ PRINT("{\"clientKeyData\":\"hunter2\"}"), "only one of" },
		{ PRINT("{\"token\":\"hunter2\\\\nX\"}"), "control character" },
		{ PRINT("{\"token\":\"hunter2\",\"expirationTimestamp\":\"soon\"}"), "no time" },
		{ "exit 7", "exit code 7" },
		{ "kill -9 $$", "was killed" },
		{ "yes hunter2", "more than" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct kube_exec *exec = plugin(cases[i].script);
		struct kube_exec_reply reply = { .expires = -1 };
		struct err err = ERR_INIT;
		ck_assert(!kube_exec_run(exec, PATIENCE, NULL, &reply, &err));
		ck_assert_msg(strstr(err.msg, cases[i].message), "'%s' is not in '%s'", cases[i].message, err.msg);
		ck_assert_ptr_null(strstr(err.msg, "hunter2"));
		kube_exec_free(exec);
	}
}
END_TEST

START_TEST(one_that_hangs_is_ended_with_its_children)
{
	struct kube_exec *exec = plugin("sleep 1000 & sleep 1000");
	struct kube_exec_reply reply = { .expires = -1 };
	struct err err = ERR_INIT;
	int64_t start = clock_now();
	ck_assert(!kube_exec_run(exec, 200, NULL, &reply, &err));
	ck_assert_int_eq(err.kind, ERR_TRANSIENT);
	ck_assert_int_lt(clock_now() - start, 500000);
	kube_exec_free(exec);
}
END_TEST

START_TEST(one_that_is_waited_for_can_be_stopped)
{
	static const atomic_int stop = 1;
	struct kube_exec *exec = plugin("sleep 1000");
	struct kube_exec_reply reply = { .expires = -1 };
	struct err err = ERR_INIT;
	int64_t start = clock_now();
	ck_assert(!kube_exec_run(exec, 1000000, &stop, &reply, &err));
	ck_assert_str_eq(err.msg, "stopped");
	ck_assert_int_lt(clock_now() - start, 500000);
	kube_exec_free(exec);
}
END_TEST

START_TEST(one_that_is_missing_gives_its_install_hint)
{
	struct kube_exec *exec = plugin("");
	struct kube_exec_reply reply = { .expires = -1 };
	struct err err = ERR_INIT;
	ck_assert_int_eq(unlink(exec->command), 0);
	exec->install_hint = text_dup("get it\nthere");
	ck_assert(!kube_exec_run(exec, PATIENCE, NULL, &reply, &err));
	/* valgrind makes vfork a fork, and the reason is lost */
	ck_assert_msg(strstr(err.msg, "No such file") || strstr(err.msg, "code 127"), "%s", err.msg);
	ck_assert_ptr_nonnull(strstr(err.msg, "get it there"));
	kube_exec_free(exec);
}
END_TEST

START_TEST(one_that_needs_a_terminal_is_not_run_without)
{
	struct kube_exec *exec = plugin(PRINT("{\"token\":\"t\"}"));
	struct kube_exec_reply reply = { .expires = -1 };
	struct err err = ERR_INIT;
	exec->interactive = EXEC_ALWAYS;
	ck_assert_ptr_nonnull(freopen("/dev/null", "r", stdin));
	ck_assert(!kube_exec_run(exec, PATIENCE, NULL, &reply, &err));
	ck_assert_ptr_nonnull(strstr(err.msg, "needs a terminal"));
	kube_exec_free(exec);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kube_exec");
	TCase *tests = tcase_create("kube_exec");
	tcase_add_checked_fixture(tests, make_dir, remove_dir);
	tcase_add_test(tests, gives_arguments_environment_and_cluster_and_takes_the_token);
	tcase_add_test(tests, takes_a_client_certificate);
	tcase_add_test(tests, an_answer_that_is_none_is_refused_and_not_quoted);
	tcase_add_test(tests, one_that_hangs_is_ended_with_its_children);
	tcase_add_test(tests, one_that_is_waited_for_can_be_stopped);
	tcase_add_test(tests, one_that_is_missing_gives_its_install_hint);
	tcase_add_test(tests, one_that_needs_a_terminal_is_not_run_without);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
