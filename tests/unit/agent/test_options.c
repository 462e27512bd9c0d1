#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/options.h"
#include "render/base/buf.h"
#include "render/base/macros.h"
#include "sync/syncspec.h"

enum { MOST = 24 };

static struct options options;
static struct err err;

/* The words of a command line, split at spaces. */
static bool parse(const char *text)
{
	static char line[1000];
	static char program[] = "plumb";
	static char *argv[MOST];
	int argc = 0;
	options_release(&options);
	err.msg[0] = 0;
	ck_assert_uint_lt((size_t)snprintf(line, sizeof line, "%s", text), sizeof line);
	argv[argc++] = program;
	for (char *word = strtok(line, " "); word && argc < MOST; word = strtok(NULL, " ")) {
		argv[argc++] = word;
	}
	return options_parse(argc, argv, &options, &err);
}

static void set_up(void)
{
	(void)unsetenv("PLUMB_GIT_TOKEN");
	options = (struct options){ 0 };
}

static void tear_down(void)
{
	options_release(&options);
}

static const struct {
	const char *text;
	long milliseconds; /* -1: refused */
} durations[] = {
	{ "0", 0 },
	{ "0s", 0 },
	{ "300ms", 300 },
	{ "5s", 5000 },
	{ "5m", 300000 },
	{ "1m30s", 90000 },
	{ "1.5h", 5400000 },
	{ ".5s", 500 },
	{ "1h1m1s", 3661000 },
	{ "", -1 },
	{ "5", -1 },
	{ "5 m", -1 },
	{ "-5s", -1 },
	{ "s", -1 },
	{ ".s", -1 },
	{ "1.2.3s", -1 },
	{ "5x", -1 },
	{ "1e3s", -1 },
	{ "0x10s", -1 },
	{ "nan", -1 },
	{ "infs", -1 },
	{ "5m3", -1 },
	{ "99999999h", 359999996400000 }, /* over the limit below */
};

START_TEST(a_duration_is_what_go_reads)
{
	for (size_t i = 0; i < ARRAY_LEN(durations); i++) {
		int64_t got = -1;
		bool fine = syncspec_duration(durations[i].text, &got);
		bool wanted = durations[i].milliseconds >= 0 && durations[i].milliseconds < 1000000000000;
		ck_assert_msg(fine == wanted, "'%s': %s", durations[i].text, fine ? "taken" : "refused");
		ck_assert_msg(!fine || got == durations[i].milliseconds, "'%s': %lld", durations[i].text, (long long)got);
	}
}
END_TEST

START_TEST(flags_are_read_in_each_of_their_forms)
{
	ck_assert_msg(
		parse("sync --repo=https://git.example/a.git --ref v1 --path prod --name shop -n web --prune --wait --timeout=90s "
	          "--prune-limit 50 --prune-propagation background --history-limit 7"),
		"%s", err.msg);
	ck_assert_int_eq(options.command, COMMAND_SYNC);
	ck_assert_str_eq(options.cycle.source.url, "https://git.example/a.git");
	ck_assert_str_eq(options.cycle.ref, "v1");
	ck_assert_str_eq(options.cycle.path, "prod");
	ck_assert_str_eq(options.cycle.name, "shop");
	ck_assert_str_eq(options.cycle.ns, "web");
	ck_assert(options.cycle.prune && options.cycle.wait && !options.json);
	ck_assert_int_eq(options.cycle.timeout, 90000);
	ck_assert_int_eq(options.cycle.prune_limit, 50);
	ck_assert_str_eq(options.cycle.prune_propagation, "Background");
	ck_assert_uint_eq(options.cycle.history_limit, 7);
	ck_assert_msg(parse("status --name shop -nweb -o=json"), "%s", err.msg);
	ck_assert_str_eq(options.cycle.ns, "web");
	ck_assert(options.json);
	ck_assert_msg(parse("history deployment/web --name shop"), "%s", err.msg);
	ck_assert_str_eq(options.argument, "deployment/web");
	ck_assert_msg(parse("render -- -dir"), "%s", err.msg);
	ck_assert_str_eq(options.argument, "-dir");
}
END_TEST

START_TEST(what_is_not_said_has_a_careful_default)
{
	ck_assert_msg(parse("sync --repo a --name shop"), "%s", err.msg);
	ck_assert(!options.cycle.prune && !options.cycle.wait && !options.cycle.create_namespace && !options.cycle.allow_rewind);
	ck_assert_int_eq(options.cycle.prune_limit, -1);
	ck_assert_int_eq(options.cycle.timeout, 5 * 60 * 1000);
	ck_assert(!options.cycle.take_over && !options.cycle.ns && !options.cycle.source_changed);
}
END_TEST

START_TEST(a_list_grows_with_each_flag)
{
	ck_assert_msg(parse("sync --repo a --name shop --take-over kustomize-controller --take-over=argocd-controller"), "%s",
	              err.msg);
	ck_assert_str_eq(options.cycle.take_over[0], "kustomize-controller");
	ck_assert_str_eq(options.cycle.take_over[1], "argocd-controller");
	ck_assert_ptr_null(options.cycle.take_over[2]);
}
END_TEST

static const struct {
	const char *line;
	const char *said;
} wrong[] = {
	{ "", "a command is missing" },
	{ "apply", "unknown command 'apply'" },
	{ "sync", "--repo and --name are missing" },
	{ "sync --repo a", "--name is missing" },
	{ "sync --name a", "--repo is missing" },
	{ "status", "NAME is missing" },
	{ "sync --repo a --name shop --purge", "unknown flag --purge" },
	{ "status --name shop --prune", "unknown flag --prune" },
	{ "sync --repo a --name shop -x", "unknown flag -x" },
	{ "sync --repo a --name", "--name wants a value" },
	{ "sync --repo a --name shop --prune=yes", "--prune takes no value" },
	{ "sync --repo a --name Shop", "--name: 'Shop'" },
	{ "sync --repo a --name -shop", "--name: '-shop'" },
	{ "sync --repo a --name a234567890a234567890a234567890a234567890a234567890a234567890", "--name: " },
	{ "sync --repo a --name shop -n a_b", "--namespace: 'a_b'" },
	{ "sync --repo a --name shop --timeout 5", "--timeout: '5' is not a DURATION: such as 90s" },
	{ "sync --repo a --name shop --prune-limit 101", "--prune-limit: '101' is not a PERCENT: a whole number from 0 to 100" },
	{ "sync --repo a --name shop --history-limit 0", "--history-limit: '0' is not a N: a whole number from 1" },
	{ "sync --repo a --name shop --prune-propagation gone", "--prune-propagation: 'gone'" },
	{ "sync --repo a --name shop -o yaml", "--output: 'yaml'" },
	{ "sync --repo= --name shop", "--repo: ''" },
	{ "suspend", "NAME is missing" },
	{ "suspend shop --for soon", "--for: 'soon'" },
	{ "resume shop db", "unexpected argument 'db'" },
	{ "reconcile shop --commit abcdef0", "unknown flag --commit" },
	{ "wait shop --commit main", "--commit: 'main' is no commit id" },
	{ "wait shop --commit abc", "--commit: 'abc' is no commit id" },
	{ "suspend -f a.yaml", "unknown flag -f" },
	{ "sync -f /no/such/file", "is not the document of a Sync" },
	{ "sync -f a.yaml --repo b", "--repo stands in 'a.yaml'" },
	{ "sync --repo a --name shop more", "unexpected argument 'more'" },
	{ "history --name shop deployment/a deployment/b", "unexpected argument 'deployment/b'" },
	{ "render", "render wants a directory or --repo" },
	{ "render a --repo b", "render takes a directory or --repo, not both" },
	{ "sync --repo a --name shop --git-password-file /no/such/file", "--git-password-file: " },
	{ "sync --repo a --name shop --git-token-file /no/such/file", "--git-token-file: " },
};

START_TEST(wrong_usage_is_said_in_one_line)
{
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		ck_assert_msg(!parse(wrong[i].line), "'%s' was taken", wrong[i].line);
		ck_assert_msg(strstr(err.msg, wrong[i].said) != NULL, "'%s': expected '%s', got '%s'", wrong[i].line, wrong[i].said,
		              err.msg);
		ck_assert_ptr_null(strchr(err.msg, '\n'));
	}
}
END_TEST

static void write_file(char *name, const char *text)
{
	int fd = mkstemp(name);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd);
}

START_TEST(secrets_come_from_files_and_from_the_environment)
{
	char password[] = "/tmp/plumb-options.XXXXXX";
	write_file(password, "hunter2\n");
	CLEANUP(text_freep) char *line = text_printf("sync --repo a --name shop --git-username ana --git-password-file %s", password);
	ck_assert_msg(parse(line), "%s", err.msg);
	ck_assert_str_eq(options.cycle.source.username, "ana");
	ck_assert_str_eq(options.cycle.source.password.text, "hunter2");
	CLEANUP(text_freep) char *alone = text_printf("sync --repo a --name shop --git-password-file %s", password);
	ck_assert(!parse(alone));
	ck_assert_ptr_nonnull(strstr(err.msg, "--git-username"));
	ck_assert_ptr_null(strstr(err.msg, "hunter2"));
	(void)setenv("PLUMB_GIT_TOKEN", "tok", 1);
	ck_assert_msg(parse("sync --repo a --name shop"), "%s", err.msg);
	ck_assert_str_eq(options.cycle.source.token.text, "tok");
	ck_assert_msg(getenv("PLUMB_GIT_TOKEN") == NULL, "the token is still in the environment");
	(void)unlink(password);
}
END_TEST

START_TEST(help_lists_the_flags_of_its_command_only)
{
	ck_assert(parse("status --help") && options.help);
	CLEANUP(text_freep) char *status = options_help(COMMAND_STATUS);
	ck_assert_ptr_nonnull(strstr(status, "--name NAME"));
	ck_assert_ptr_null(strstr(status, "--prune"));
	CLEANUP(text_freep) char *sync = options_help(COMMAND_SYNC);
	ck_assert_ptr_nonnull(strstr(sync, "--prune-limit"));
	CLEANUP(text_freep) char *all = options_help(COMMAND_NONE);
	ck_assert_ptr_nonnull(strstr(all, "plumb history"));
	ck_assert(parse("--version") && options.version);
}
END_TEST

/* A file of the document; its name is static until the next call. */
static const char *sync_file(const char *document)
{
	static char path[] = "/tmp/plumb-options-XXXXXX";
	memcpy(path + strlen(path) - 6, "XXXXXX", 6);
	int file = mkstemp(path);
	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(write(file, document, strlen(document)), (ssize_t)strlen(document));
	ck_assert_int_eq(close(file), 0);
	return path;
}

#define DOCUMENT \
	"apiVersion: plumb.dev/v1alpha1\nkind: Sync\nmetadata: {name: shop, namespace: prod}\nspec:\n" \
	"  source: {url: 'https://git.example/shop.git', ref: {branch: main}, path: web}\n  prune: true\n  timeout: 90s\n"

START_TEST(a_file_says_what_flags_would_say)
{
	const char *path = sync_file(DOCUMENT);
	CLEANUP(text_freep) char *line = text_printf("sync -f %s", path);
	ck_assert(parse(line));
	ck_assert_str_eq(options.cycle.source.url, "https://git.example/shop.git");
	ck_assert_str_eq(options.cycle.ref, "refs/heads/main");
	ck_assert_str_eq(options.cycle.path, "web");
	ck_assert_str_eq(options.cycle.name, "shop");
	ck_assert_str_eq(options.cycle.ns, "prod");
	ck_assert(options.cycle.prune && options.cycle.wait);
	ck_assert_int_eq(options.cycle.timeout, 90000);
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

START_TEST(flags_beside_a_file_add_to_it_but_do_not_contradict_it)
{
	const char *path = sync_file(DOCUMENT);
	CLEANUP(text_freep) char *line = text_printf("sync -f %s --timeout 10s --verify -n prod", path);
	ck_assert(parse(line));
	ck_assert_int_eq(options.cycle.timeout, 10000);
	ck_assert(options.cycle.verify);
	options_release(&options);
	CLEANUP(text_freep) char *other = text_printf("status -f %s -n test", path);
	ck_assert(!parse(other));
	ck_assert_ptr_nonnull(strstr(err.msg, "says metadata.namespace prod"));
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

START_TEST(all_that_is_wrong_in_a_file_is_kept)
{
	const char *path = sync_file("apiVersion: plumb.dev/v1alpha1\nkind: Sync\nmetadata: {name: shop}\nspec: {prune: 1}\n");
	CLEANUP(text_freep) char *line = text_printf("sync -f %s", path);
	ck_assert(!parse(line));
	ck_assert_uint_eq(options.problems.count, 2);
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

START_TEST(verbs_take_the_name_of_a_sync)
{
	ck_assert(parse("suspend shop --for 2h -n prod"));
	ck_assert_str_eq(options.cycle.name, "shop");
	ck_assert_int_eq(options.suspend_for, 2 * 60 * 60 * 1000);
	options_release(&options);
	ck_assert(parse("wait shop --commit 4f2a91c"));
	ck_assert_str_eq(options.commit, "4f2a91c");
	options_release(&options);
	ck_assert(parse("reconcile shop --wait"));
	ck_assert(options.cycle.wait);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("options");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_duration_is_what_go_reads);
	tcase_add_test(tcase, flags_are_read_in_each_of_their_forms);
	tcase_add_test(tcase, what_is_not_said_has_a_careful_default);
	tcase_add_test(tcase, a_list_grows_with_each_flag);
	tcase_add_test(tcase, wrong_usage_is_said_in_one_line);
	tcase_add_test(tcase, secrets_come_from_files_and_from_the_environment);
	tcase_add_test(tcase, a_file_says_what_flags_would_say);
	tcase_add_test(tcase, flags_beside_a_file_add_to_it_but_do_not_contradict_it);
	tcase_add_test(tcase, all_that_is_wrong_in_a_file_is_kept);
	tcase_add_test(tcase, verbs_take_the_name_of_a_sync);
	tcase_add_test(tcase, help_lists_the_flags_of_its_command_only);
	Suite *suite = suite_create("options");
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
