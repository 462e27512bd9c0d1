#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sync/kube/config.h"
#include "sync/kube/exec.h"
#include "sync/kube/kubeconfig.h"
#include "tests/unit/dir_fixture.h"

#define CONTEXT "contexts: [{name: x, context: {cluster: c, user: u, namespace: shop}}]\ncurrent-context: x\n"
#define CLUSTER "clusters: [{name: c, cluster: {server: 'https://k:6443'}}]\n"
#define USER "users: [{name: u, user: {token: t0k3n}}]\n"

static bool load(const char *text, const char *context, struct kube_config *out, struct err *err)
{
	CLEANUP(text_freep) char *path = put("config", text);
	return kube_config_load(&(struct kube_config_options){ .kubeconfig = path, .context = context, .allow_exec = true }, out,
	                        err);
}

START_TEST(reads_the_current_context_and_the_one_asked_for)
{
	static const char text[] =
		"clusters:\n- {name: c, cluster: {server: 'https://k:6443/prefix/', tls-server-name: sni, proxy-url: 'http://p:1'}}\n"
		"- {name: d, cluster: {server: 'other:6443', unknown: [1]}}\n"
		"users:\n- {name: u, user: {token: t0k3n, as: ana}}\n- {name: v, user: {username: joe, password: pw}}\n"
		"contexts:\n- {name: x, context: {cluster: c, user: u, namespace: shop}}\n- {name: w, context: {cluster: d, user: v}}\n"
		"current-context: x\npreferences: {}\n";
	struct kube_config config = { 0 };
	struct err err = ERR_INIT;
	ck_assert_msg(load(text, NULL, &config, &err), "%s", err.msg);
	ck_assert_str_eq(config.server, "https://k:6443/prefix");
	ck_assert_str_eq(config.tls_server_name, "sni");
	ck_assert_str_eq(config.proxy_url, "http://p:1");
	ck_assert_str_eq(config.ns, "shop");
	ck_assert_str_eq(config.context, "x");
	ck_assert_str_eq(config.user, "u");
	ck_assert_str_eq(config.token.text, "t0k3n");
	ck_assert_str_eq(config.as_user, "ana");
	kube_config_release(&config);
	ck_assert(load(text, "w", &config, &err));
	ck_assert_str_eq(config.server, "https://other:6443");
	ck_assert_str_eq(config.ns, "default");
	ck_assert_str_eq(config.username, "joe");
	ck_assert_str_eq(config.password.text, "pw");
	kube_config_release(&config);
}
END_TEST

START_TEST(of_several_files_the_first_one_counts)
{
	CLEANUP(text_freep) char *a = put("a", "users: [{name: u, user: {token: first}}]\ncurrent-context: x\n");
	CLEANUP(text_freep) char *b = put("b", "users: [{name: u, user: {token: second, as: nobody}}]\n" CLUSTER CONTEXT);
	CLEANUP(text_freep) char *list = text_printf(":%s/missing:%s::%s", dir, a, b);
	struct kube_config config = { 0 };
	struct err err = ERR_INIT;
	ck_assert_int_eq(setenv("KUBECONFIG", list, 1), 0);
	ck_assert_msg(kube_config_load(&(struct kube_config_options){ 0 }, &config, &err), "%s", err.msg);
	ck_assert_str_eq(config.token.text, "first");
	ck_assert_ptr_null(config.as_user);
	kube_config_release(&config);
	ck_assert_int_eq(setenv("KUBECONFIG", "/nowhere/a:/nowhere/b", 1), 0);
	ck_assert(!kube_config_load(&(struct kube_config_options){ 0 }, &config, &err));
	ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
}
END_TEST

START_TEST(paths_are_relative_to_the_file_that_names_them)
{
	CLEANUP(text_freep) char *sub = text_printf("%s/sub", dir);
	ck_assert_int_eq(mkdir(sub, 0700), 0);
	free(put("sub/ca.crt", "CA"));
	free(put("sub/token", "from-file\n"));
	free(put("sub/cert", "CERT"));
	free(put("sub/config",
	         "clusters: [{name: c, cluster: {server: 'https://k', certificate-authority: ca.crt}}]\n"
	         "users: [{name: u, user: {tokenFile: ./token, client-certificate: cert, client-key-data: S0VZ}}]\n" CONTEXT));
	CLEANUP(text_freep) char *path = text_printf("%s/sub/config", dir);
	struct kube_config config = { 0 };
	struct err err = ERR_INIT;
	ck_assert_msg(kube_config_load(&(struct kube_config_options){ .kubeconfig = path }, &config, &err), "%s", err.msg);
	ck_assert_str_eq(config.ca.text, "CA");
	ck_assert_str_eq(config.cert.text, "CERT");
	ck_assert_str_eq(config.key.text, "KEY");
	ck_assert_str_eq(config.token.text, "from-file");
	CLEANUP(text_freep) char *token = text_printf("%s/sub/./token", dir);
	ck_assert_str_eq(config.token_file, token);
	kube_config_release(&config);
}
END_TEST

START_TEST(what_is_wrong_is_refused_with_file_and_field_and_without_content)
{
	static const struct {
		const char *text;
		const char *message; /* a part of it */
	} cases[] = {
		{ "clusters: [{name: c, cluster: {server: 'https://k', insecure-skip-tls-verify: true}}]\n" USER CONTEXT,
		  "clusters 'c': insecure-skip-tls-verify is refused" },
		{ "clusters: [{name: c, cluster: {server: 'http://k'}}]\n" USER CONTEXT,
		  "clusters 'c': server must be an https:// address" },
		{ "clusters: [{name: c, cluster: {}}]\n" USER CONTEXT, "clusters 'c': server is missing" },
		{ CLUSTER "users: [{name: u, user: {token: [hunter2]}}]\n" CONTEXT, "users 'u': token must be a string" },
		{ CLUSTER "users: [{name: u, user: {token: \"hunter2\\r\\nX: y\"}}]\n" CONTEXT, "token holds a control character" },
		{ CLUSTER "users: [{name: u, user: {client-key-data: hunter2!, client-certificate: a}}]\n" CONTEXT,
		  "users 'u': client-key-data is not base64" },
		{ CLUSTER "users: [{name: u, user: {client-certificate-data: aHVudGVyMg==}}]\n" CONTEXT, "client-key is missing" },
		{ CLUSTER "users: [{name: u, user: {tokenFile: nowhere}}]\n" CONTEXT, "nowhere': No such file" },
		{ CLUSTER "users: [{name: u, user: {auth-provider: {name: gcp}}}]\n" CONTEXT, "auth-provider is no longer supported" },
		{ CLUSTER "users: [{name: u, user: {exec: {command: x}}}]\n" CONTEXT, "exec.apiVersion must be" },
		{ CLUSTER "users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: x}}}]\n" CONTEXT,
		  "exec.interactiveMode must be" },
		{ CLUSTER USER "users2: []\ncurrent-context: x\n", "no context 'x'" },
		{ CLUSTER USER "contexts: [{name: x, context: {cluster: gone, user: u}}]\ncurrent-context: x\n",
		  "there is no cluster 'gone'" },
		{ CLUSTER USER "contexts: []\n", "no current-context" },
		{ "clusters: {}\n", "clusters must be a list" },
		{ "clusters: [{cluster: {}}]\n", "an entry without a name" },
		{ "users: [{name: u}, {name: u}]\n", "'u' is there twice" },
		{ "- hunter2\n", "must be a mapping" },
		{ "a: b\nc: {hunter2\n", "not valid YAML" },
		{ "", "no current-context" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct kube_config config = { 0 };
		struct err err = ERR_INIT;
		ck_assert_msg(!load(cases[i].text, NULL, &config, &err), "%s", cases[i].message);
		ck_assert_msg(strstr(err.msg, cases[i].message), "'%s' is not in '%s'", cases[i].message, err.msg);
		ck_assert_msg(!strstr(err.msg, "hunter2"), "%s", err.msg);
	}
}
END_TEST

START_TEST(a_credential_plugin_is_for_the_command_line_only)
{
	static const char text[] =
		"clusters: [{name: c, cluster: {server: 'https://k', certificate-authority-data: Q0E=,\n"
		"  extensions: [{name: client.authentication.k8s.io/exec, extension: {audience: a}}]}}]\n"
		"users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: ./p,\n"
		"  args: [-a, b], env: [{name: 'N', value: v}], installHint: get it, provideClusterInfo: true}}}]\n" CONTEXT;
	struct kube_config config = { 0 };
	struct err err = ERR_INIT;
	ck_assert_msg(load(text, NULL, &config, &err), "%s", err.msg);
	CLEANUP(text_freep) char *command = text_printf("%s/./p", dir);
	ck_assert_str_eq(config.exec->command, command);
	ck_assert_str_eq(config.exec->args[2], "b");
	ck_assert_str_eq(config.exec->env[0], "N=v");
	ck_assert_int_eq(config.exec->interactive, EXEC_IF_AVAILABLE);
	ck_assert_str_eq(config.exec->cluster,
	                 "{\"server\":\"https://k\",\"config\":{\"audience\":\"a\"},\"certificate-authority-data\":\"Q0E=\"}");
	kube_config_release(&config);
	CLEANUP(text_freep) char *path = put("config", text);
	ck_assert(!kube_config_load(&(struct kube_config_options){ .kubeconfig = path }, &config, &err));
	ck_assert_ptr_nonnull(strstr(err.msg, "only from the command line"));
}
END_TEST

START_TEST(in_a_pod_the_service_account_is_used)
{
	free(put("token", "sa-token"));
	free(put("namespace", "prod"));
	struct kube_config config = { 0 };
	struct err err = ERR_INIT;
	ck_assert(!kube_config_in_cluster(dir, "10.96.0.1", "443", &config, &err));
	ck_assert_ptr_nonnull(strstr(err.msg, "ca.crt"));
	free(put("ca.crt", "CA"));
	ck_assert(kube_config_in_cluster(dir, "10.96.0.1", "443", &config, &err));
	ck_assert_str_eq(config.server, "https://10.96.0.1:443");
	ck_assert_str_eq(config.ns, "prod");
	ck_assert_str_eq(config.token.text, "sa-token");
	ck_assert_ptr_nonnull(config.token_file);
	kube_config_release(&config);
	ck_assert(kube_config_in_cluster(dir, "fd00::1", "443", &config, &err));
	ck_assert_str_eq(config.server, "https://[fd00::1]:443");
	kube_config_release(&config);
}
END_TEST

START_TEST(without_any_configuration_the_error_says_where_it_was_looked_for)
{
	struct kube_config config = { 0 };
	struct err err = ERR_INIT;
	ck_assert(!kube_config_load(&(struct kube_config_options){ 0 }, &config, &err));
	ck_assert_ptr_nonnull(strstr(err.msg, "no cluster"));
	ck_assert_ptr_nonnull(strstr(err.msg, dir));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kube_config");
	TCase *tests = tcase_create("kube_config");
	tcase_add_checked_fixture(tests, make_home, remove_dir);
	tcase_add_test(tests, reads_the_current_context_and_the_one_asked_for);
	tcase_add_test(tests, of_several_files_the_first_one_counts);
	tcase_add_test(tests, paths_are_relative_to_the_file_that_names_them);
	tcase_add_test(tests, what_is_wrong_is_refused_with_file_and_field_and_without_content);
	tcase_add_test(tests, a_credential_plugin_is_for_the_command_line_only);
	tcase_add_test(tests, in_a_pod_the_service_account_is_used);
	tcase_add_test(tests, without_any_configuration_the_error_says_where_it_was_looked_for);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
