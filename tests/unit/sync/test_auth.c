#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sync/clock.h"
#include "sync/kube/auth.h"
#include "tests/unit/dir_fixture.h"

#define V1 "client.authentication.k8s.io/v1"
#define BEARER "Authorization: Bearer "

enum { HOUR = 3600000 };

/* As the kubelet and others do: another file takes the name. */
static void replace(const char *name, const char *text)
{
	CLEANUP(text_freep) char *fresh = put("fresh", text);
	CLEANUP(text_freep) char *path = text_printf("%s/%s", dir, name);
	ck_assert_int_eq(rename(fresh, path), 0);
}

/* The last look at the file was that long ago, and the last reading of it; below 0 it is of now, however slow the test is. */
static void looked_ago(struct auth *auth, int64_t look, int64_t read)
{
	auth->looked = clock_now() - look;
	auth->read = clock_now() - read;
}

static void refresh(struct auth *auth)
{
	struct err err = ERR_INIT;
	ck_assert_msg(auth_refresh(auth, &err), "%s", err.msg);
}

START_TEST(a_fixed_token_is_a_bearer_header_and_stays)
{
	struct kube_config config = { 0 };
	secret_set(&config.token, "t0k3n", 5);
	struct auth auth;
	struct err err = ERR_INIT;
	auth_init(&auth, &config);
	ck_assert_str_eq(auth.header.text, BEARER "t0k3n");
	ck_assert_uint_eq(auth.header.len, strlen(auth.header.text));
	ck_assert_str_eq(auth_kind(&auth), "token");
	unsigned generation = auth.generation;
	refresh(&auth);
	ck_assert_uint_eq(auth.generation, generation);
	ck_assert(!auth_renew(&auth, generation, &err));
	ck_assert_int_eq(err.kind, ERR_NONE);
	auth_release(&auth);
	kube_config_release(&config);
}
END_TEST

START_TEST(a_password_is_sent_as_basic_and_a_token_goes_before_it)
{
	struct kube_config config = { .username = text_dup("Aladdin") };
	secret_set(&config.password, "open sesame", 11);
	struct auth auth;
	auth_init(&auth, &config);
	/* RFC 7617, section 2 */
	ck_assert_str_eq(auth.header.text, "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
	ck_assert_uint_eq(auth.header.len, strlen(auth.header.text));
	ck_assert_str_eq(auth_kind(&auth), "password");
	auth_release(&auth);
	secret_release(&config.password);
	auth_init(&auth, &config);
	ck_assert_str_eq(auth.header.text, "Authorization: Basic QWxhZGRpbjo=");
	auth_release(&auth);
	secret_set(&config.token, "t0k3n", 5);
	auth_init(&auth, &config);
	ck_assert_str_eq(auth.header.text, BEARER "t0k3n");
	ck_assert_str_eq(auth_kind(&auth), "token");
	auth_release(&auth);
	kube_config_release(&config);
}
END_TEST

START_TEST(a_client_certificate_needs_no_header)
{
	struct kube_config config = { 0 };
	struct auth auth;
	auth_init(&auth, &config);
	ck_assert_str_eq(auth_kind(&auth), "no credentials");
	ck_assert(!secret_is_set(auth_cert(&auth)));
	secret_set(&config.cert, "CERT", 4);
	secret_set(&config.key, "KEY", 3);
	refresh(&auth);
	ck_assert_str_eq(auth_kind(&auth), "client certificate");
	ck_assert_str_eq(auth_cert(&auth)->text, "CERT");
	ck_assert_str_eq(auth_key(&auth)->text, "KEY");
	ck_assert(!secret_is_set(&auth.header));
	auth_release(&auth);
	kube_config_release(&config);
}
END_TEST

START_TEST(a_token_file_is_read_again_when_another_takes_its_name)
{
	struct kube_config config = { .token_file = put("token", "first\n") };
	struct auth auth;
	auth_init(&auth, &config);
	ck_assert(!secret_is_set(&auth.header));
	refresh(&auth);
	ck_assert_str_eq(auth.header.text, BEARER "first");
	ck_assert_str_eq(auth_kind(&auth), "token file");
	unsigned generation = auth.generation;
	replace("token", "other\n");
	looked_ago(&auth, -HOUR, -HOUR);
	refresh(&auth);
	ck_assert_str_eq(auth.header.text, BEARER "first"); /* looked at a moment ago */
	looked_ago(&auth, HOUR, -HOUR);
	refresh(&auth);
	ck_assert_str_eq(auth.header.text, BEARER "other");
	ck_assert_uint_ne(auth.generation, generation);
	auth_release(&auth);
	kube_config_release(&config);
}
END_TEST

START_TEST(a_token_of_a_volume_is_read_again_when_the_link_to_its_directory_moves)
{
	static const char *const names[] = { "one", "two" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		CLEANUP(text_freep) char *path = text_printf("%s/%s", dir, names[i]);
		CLEANUP(text_freep) char *file = text_printf("%s/token", names[i]);
		ck_assert_int_eq(mkdir(path, 0700), 0);
		free(put(file, names[i]));
	}
	CLEANUP(text_freep) char *data = text_printf("%s/..data", dir);
	CLEANUP(text_freep) char *fresh = text_printf("%s/..data_tmp", dir);
	ck_assert_int_eq(symlink("one", data), 0);
	struct kube_config config = { .token_file = text_printf("%s/..data/token", dir) };
	struct auth auth;
	auth_init(&auth, &config);
	refresh(&auth);
	ck_assert_str_eq(auth.header.text, BEARER "one");
	ck_assert_int_eq(symlink("two", fresh), 0);
	ck_assert_int_eq(rename(fresh, data), 0);
	looked_ago(&auth, HOUR, -HOUR);
	refresh(&auth);
	ck_assert_str_eq(auth.header.text, BEARER "two");
	auth_release(&auth);
	kube_config_release(&config);
}
END_TEST

/* Writes into the file that is there and gives it its old times: nothing shows that it changed. */
static void change_unseen(const char *path, const char *text)
{
	struct stat before;
	ck_assert_int_eq(stat(path, &before), 0);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, text, strlen(text), 0), (ssize_t)strlen(text));
	const struct timespec times[] = { before.st_atim, before.st_mtim };
	ck_assert_int_eq(futimens(fd, times), 0);
	ck_assert_int_eq(close(fd), 0);
}

START_TEST(a_token_file_that_looks_the_same_is_read_again_after_a_minute)
{
	struct kube_config config = { .token_file = put("token", "first") };
	struct auth auth;
	auth_init(&auth, &config);
	refresh(&auth);
	change_unseen(config.token_file, "other");
	looked_ago(&auth, HOUR, -HOUR);
	refresh(&auth);
	ck_assert_str_eq(auth.header.text, BEARER "first");
	looked_ago(&auth, HOUR, HOUR);
	refresh(&auth);
	ck_assert_str_eq(auth.header.text, BEARER "other");
	auth_release(&auth);
	kube_config_release(&config);
}
END_TEST

START_TEST(the_same_token_in_another_file_is_no_new_generation)
{
	struct kube_config config = { .token_file = put("token", "first") };
	struct auth auth;
	struct err err = ERR_INIT;
	auth_init(&auth, &config);
	refresh(&auth);
	unsigned generation = auth.generation;
	replace("token", "first\n");
	looked_ago(&auth, HOUR, HOUR);
	refresh(&auth);
	ck_assert_uint_eq(auth.generation, generation);
	ck_assert(!auth_renew(&auth, generation, &err)); /* so a refused one is final */
	ck_assert_int_eq(err.kind, ERR_NONE);
	auth_release(&auth);
	kube_config_release(&config);
}
END_TEST

START_TEST(a_refused_token_is_looked_for_at_once)
{
	struct kube_config config = { .token_file = put("token", "first") };
	struct auth auth;
	struct err err = ERR_INIT;
	auth_init(&auth, &config);
	refresh(&auth);
	unsigned refused = auth.generation;
	change_unseen(config.token_file, "other");
	looked_ago(&auth, -HOUR, -HOUR);
	ck_assert_msg(auth_renew(&auth, refused, &err), "%s", err.msg);
	ck_assert_str_eq(auth.header.text, BEARER "other");
	unsigned generation = auth.generation;
	change_unseen(config.token_file, "third");
	ck_assert(auth_renew(&auth, refused, &err)); /* of a request sent before: there are others already */
	ck_assert_uint_eq(auth.generation, generation);
	ck_assert_str_eq(auth.header.text, BEARER "other");
	auth_release(&auth);
	kube_config_release(&config);
}
END_TEST

START_TEST(a_token_stays_in_use_while_its_file_is_away_or_empty)
{
	struct kube_config config = { .token_file = put("token", "first") };
	struct auth auth;
	auth_init(&auth, &config);
	refresh(&auth);
	ck_assert_int_eq(unlink(config.token_file), 0);
	looked_ago(&auth, HOUR, HOUR);
	refresh(&auth);
	ck_assert_str_eq(auth.header.text, BEARER "first");
	free(put("token", "\n"));
	looked_ago(&auth, HOUR, HOUR);
	refresh(&auth);
	ck_assert_str_eq(auth.header.text, BEARER "first");
	replace("token", "other");
	looked_ago(&auth, HOUR, -HOUR);
	refresh(&auth);
	ck_assert_str_eq(auth.header.text, BEARER "other");
	auth_release(&auth);
	kube_config_release(&config);
}
END_TEST

START_TEST(a_token_file_that_was_never_good_is_named_and_not_quoted)
{
	struct kube_config config = { .token_file = text_printf("%s/token", dir) };
	struct auth auth;
	struct err err = ERR_INIT;
	auth_init(&auth, &config);
	ck_assert(!auth_refresh(&auth, &err));
	ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.msg, config.token_file));
	free(put("token", "hunter2\r\nX-Evil: yes\n"));
	looked_ago(&auth, HOUR, HOUR);
	ck_assert(!auth_refresh(&auth, &err));
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_ptr_nonnull(strstr(err.msg, config.token_file));
	ck_assert_ptr_nonnull(strstr(err.msg, "control character"));
	ck_assert_ptr_null(strstr(err.msg, "hunter2"));
	ck_assert(!secret_is_set(&auth.header));
	auth_release(&auth);
	kube_config_release(&config);
}
END_TEST

/* A configuration with a plugin that counts its runs in the file `runs` and prints the file `status`. */
static struct kube_config with_plugin(void)
{
	CLEANUP(text_freep)
	char *script = text_printf("#!/bin/sh\necho run >>'%s/runs'\ncat <<X\n{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1
	                           "\",\"status\":$(cat '%s/status')}\nX\n",
	                           dir, dir);
	struct kube_exec *exec = alloc_new(1, sizeof *exec);
	exec->api_version = text_dup(V1);
	exec->command = put("plugin", script);
	exec->args = alloc_new(2, sizeof *exec->args);
	exec->args[0] = text_dup(exec->command);
	exec->env = alloc_new(1, sizeof *exec->env);
	exec->interactive = EXEC_NEVER;
	ck_assert_int_eq(chmod(exec->command, 0700), 0);
	return (struct kube_config){ .exec = exec };
}

static int runs(void)
{
	CLEANUP(text_freep) char *path = text_printf("%s/runs", dir);
	struct stat info;
	return stat(path, &info) == 0 ? (int)((size_t)info.st_size / strlen("run\n")) : 0;
}

START_TEST(a_plugin_runs_once_and_again_when_its_token_is_refused)
{
	struct kube_config config = with_plugin();
	struct auth auth;
	struct err err = ERR_INIT;
	auth_init(&auth, &config);
	ck_assert_str_eq(auth_kind(&auth), "credential plugin");
	free(put("status", "{\"token\":\"first\"}"));
	refresh(&auth);
	refresh(&auth);
	ck_assert_int_eq(runs(), 1);
	ck_assert_str_eq(auth.header.text, BEARER "first");
	unsigned refused = auth.generation;
	free(put("status", "{\"token\":\"other\"}"));
	ck_assert_msg(auth_renew(&auth, refused, &err), "%s", err.msg);
	ck_assert_str_eq(auth.header.text, BEARER "other");
	ck_assert(auth_renew(&auth, refused, &err));
	ck_assert_int_eq(runs(), 2);
	auth_release(&auth);
	kube_config_release(&config);
}
END_TEST

START_TEST(a_plugin_runs_again_when_its_credentials_expired_and_not_before)
{
	struct kube_config config = with_plugin();
	struct auth auth;
	auth_init(&auth, &config);
	free(put("status", "{\"token\":\"first\",\"expirationTimestamp\":\"2001-01-01T00:00:00Z\"}"));
	refresh(&auth);
	free(put("status", "{\"token\":\"other\",\"expirationTimestamp\":\"9001-01-01T00:00:00Z\"}"));
	refresh(&auth);
	ck_assert_str_eq(auth.header.text, BEARER "other");
	refresh(&auth);
	ck_assert_int_eq(runs(), 2);
	auth_release(&auth);
	kube_config_release(&config);
}
END_TEST

START_TEST(a_certificate_of_a_plugin_takes_the_place_of_the_configured_one)
{
	struct kube_config config = with_plugin();
	secret_set(&config.cert, "CERT", 4);
	secret_set(&config.key, "KEY", 3);
	struct auth auth;
	struct err err = ERR_INIT;
	auth_init(&auth, &config);
	free(put("status", "{\"token\":\"first\"}"));
	refresh(&auth);
	ck_assert_str_eq(auth_cert(&auth)->text, "CERT");
	ck_assert_str_eq(auth_key(&auth)->text, "KEY");
	unsigned generation = auth.generation;
	free(put("status", "{\"clientCertificateData\":\"C\",\"clientKeyData\":\"K\"}"));
	ck_assert_msg(auth_renew(&auth, generation, &err), "%s", err.msg);
	ck_assert_str_eq(auth_cert(&auth)->text, "C");
	ck_assert_str_eq(auth_key(&auth)->text, "K");
	ck_assert(!secret_is_set(&auth.header)); /* the token went with the old credentials */
	ck_assert_uint_ne(auth.generation, generation);
	auth_release(&auth);
	kube_config_release(&config);
}
END_TEST

START_TEST(a_plugin_that_fails_leaves_what_there_was)
{
	struct kube_config config = with_plugin();
	struct auth auth;
	struct err err = ERR_INIT;
	auth_init(&auth, &config);
	free(put("status", "{\"token\":\"first\"}"));
	refresh(&auth);
	unsigned generation = auth.generation;
	free(put("status", "hunter2"));
	ck_assert(!auth_renew(&auth, generation, &err));
	ck_assert_int_ne(err.kind, ERR_NONE);
	ck_assert_ptr_null(strstr(err.msg, "hunter2"));
	ck_assert_uint_eq(auth.generation, generation);
	ck_assert_str_eq(auth.header.text, BEARER "first");
	auth_release(&auth);
	kube_config_release(&config);
}
END_TEST

START_TEST(a_token_beside_a_plugin_is_used_instead_of_it)
{
	struct kube_config config = with_plugin();
	secret_set(&config.token, "t0k3n", 5);
	struct auth auth;
	struct err err = ERR_INIT;
	auth_init(&auth, &config);
	refresh(&auth);
	ck_assert(!auth_renew(&auth, auth.generation, &err));
	ck_assert_int_eq(runs(), 0);
	ck_assert_str_eq(auth.header.text, BEARER "t0k3n");
	ck_assert_str_eq(auth_kind(&auth), "token");
	auth_release(&auth);
	kube_config_release(&config);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("auth");
	TCase *tests = tcase_create("auth");
	tcase_add_checked_fixture(tests, make_dir, remove_dir);
	tcase_add_test(tests, a_fixed_token_is_a_bearer_header_and_stays);
	tcase_add_test(tests, a_password_is_sent_as_basic_and_a_token_goes_before_it);
	tcase_add_test(tests, a_client_certificate_needs_no_header);
	tcase_add_test(tests, a_token_file_is_read_again_when_another_takes_its_name);
	tcase_add_test(tests, a_token_of_a_volume_is_read_again_when_the_link_to_its_directory_moves);
	tcase_add_test(tests, a_token_file_that_looks_the_same_is_read_again_after_a_minute);
	tcase_add_test(tests, the_same_token_in_another_file_is_no_new_generation);
	tcase_add_test(tests, a_refused_token_is_looked_for_at_once);
	tcase_add_test(tests, a_token_stays_in_use_while_its_file_is_away_or_empty);
	tcase_add_test(tests, a_token_file_that_was_never_good_is_named_and_not_quoted);
	tcase_add_test(tests, a_plugin_runs_once_and_again_when_its_token_is_refused);
	tcase_add_test(tests, a_plugin_runs_again_when_its_credentials_expired_and_not_before);
	tcase_add_test(tests, a_certificate_of_a_plugin_takes_the_place_of_the_configured_one);
	tcase_add_test(tests, a_plugin_that_fails_leaves_what_there_was);
	tcase_add_test(tests, a_token_beside_a_plugin_is_used_instead_of_it);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
