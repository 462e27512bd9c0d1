#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "render/doc.h"
#include "render/yaml.h"
#include "sync/syncspec.h"

#define HEAD "apiVersion: plumb.dev/v1alpha1\nkind: Sync\nmetadata: {name: shop, namespace: shop}\nspec:\n"
#define SOURCE "  source: {url: 'https://git.example/shop.git'}\n"

static struct syncspec spec;
static struct problems problems;
static const char *text;
static bool fine;

static void setup(void)
{
	spec = SYNCSPEC_INIT;
	problems = PROBLEMS_INIT;
}

static void teardown(void)
{
	syncspec_release(&spec);
	problems_release(&problems);
}

static void take(void *context, cJSON *document, size_t line)
{
	(void)context;
	struct syncspec_source source = { .path = "sync.yaml", .text = text, .len = strlen(text), .line = line };
	fine = syncspec_read(document, &source, &spec, &problems);
	cJSON_Delete(document);
}

static bool read_text(const char *yaml)
{
	teardown();
	setup();
	fine = false;
	text = yaml;
	yaml_read("sync.yaml", yaml, strlen(yaml), take, NULL, &problems);
	return fine;
}

static const char *problem(size_t index)
{
	return index < problems.count ? problems.items[index].text : "";
}

/* Refused with exactly this one problem. */
static void refused(const char *yaml, const char *said)
{
	ck_assert_msg(!read_text(yaml), "accepted: %s", yaml);
	ck_assert_str_eq(problem(0), said);
	ck_assert_uint_eq(problems.count, 1);
}

START_TEST(what_is_not_given_has_the_documented_default)
{
	ck_assert(read_text(HEAD SOURCE));
	ck_assert_str_eq(spec.ns, "shop");
	ck_assert_str_eq(spec.name, "shop");
	ck_assert_str_eq(spec.path, ".");
	ck_assert_int_eq(spec.ref_kind, SYNCSPEC_HEAD);
	ck_assert_ptr_null(spec.ref_full);
	ck_assert_int_eq(spec.interval, 60000);
	ck_assert_int_eq(spec.timeout, 300000);
	ck_assert(!spec.prune && spec.wait && !spec.suspend);
	ck_assert_int_eq(spec.heal.mode, SYNCSPEC_ENFORCE);
	ck_assert_int_eq(spec.heal.delay, 1000);
	ck_assert_int_eq(spec.deletion, SYNCSPEC_ORPHAN);
	ck_assert_ptr_null(spec.target_ns);
	ck_assert_ptr_null(spec.service_account);
}
END_TEST

START_TEST(every_field_arrives)
{
	ck_assert(read_text(HEAD
	                    "  source: {url: 'https://git.example/shop.git', ref: {tag: v1}, path: prod, secretRef: {name: git}}\n"
	                    "  interval: 1m30s\n  timeout: 90s\n  prune: true\n  wait: false\n  suspend: true\n"
	                    "  heal: {mode: Detect, delay: 250ms}\n  targetNamespace: other\n  serviceAccountName: deployer\n"
	                    "  deletionPolicy: Delete\n  dependsOn: [{name: db}, {name: net, namespace: infra}]\n"
	                    "  ignore: [{group: apps, kind: Deployment, name: web, paths: [/spec/replicas]}]\n"
	                    "  webhook: {secretRef: {name: hook}}\n"));
	ck_assert_str_eq(spec.ref_full, "refs/tags/v1");
	ck_assert_str_eq(spec.path, "prod");
	ck_assert_str_eq(spec.secret, "git");
	ck_assert_int_eq(spec.interval, 90000);
	ck_assert_int_eq(spec.timeout, 90000);
	ck_assert(spec.prune && !spec.wait && spec.suspend);
	ck_assert_int_eq(spec.heal.mode, SYNCSPEC_DETECT);
	ck_assert_int_eq(spec.heal.delay, 250);
	ck_assert_str_eq(spec.target_ns, "other");
	ck_assert_str_eq(spec.service_account, "deployer");
	ck_assert_int_eq(spec.deletion, SYNCSPEC_DELETE);
	ck_assert_uint_eq(spec.depends_count, 2);
	ck_assert_str_eq(spec.depends_on[0].ns, "shop");
	ck_assert_str_eq(spec.depends_on[1].ns, "infra");
	ck_assert_str_eq(spec.ignore.rules[0].paths[0], "/spec/replicas");
	ck_assert_str_eq(spec.webhook_secret, "hook");
}
END_TEST

START_TEST(all_errors_come_at_once_each_with_its_line_and_field)
{
	ck_assert(!read_text(HEAD "  sorce: {}\n"
	                          "  source:\n"
	                          "    url: https://u:p@git.example/x\n"
	                          "    ref: {branch: main, tag: v1}\n"
	                          "    path: ../x\n"
	                          "  interval: 60\n"
	                          "  heal: {mode: enforce}\n"
	                          "  ignore:\n"
	                          "    - kind: Deployment\n"
	                          "      paths: [spec/replicas]\n"));
	static const char *const wanted[] = {
		"sync.yaml:5: spec.sorce: unknown field; did you mean source?",
		"sync.yaml:7: spec.source.url: holds credentials: put them into a Secret and name it in secretRef",
		"sync.yaml:8: spec.source.ref: give one of branch, tag and commit",
		"sync.yaml:9: spec.source.path: must be a directory in the repository, without '..' and '/' in front; '.' is its root",
		"sync.yaml:10: spec.interval: must be a duration such as 30s or 1m30s",
		"sync.yaml:11: spec.heal.mode: must be Enforce or Detect",
		("sync.yaml:14: spec.ignore[0].paths[0]: must be a JSON pointer such as /spec/replicas or "
		 "/metadata/annotations/example.com~1note"),
	};
	ck_assert_uint_eq(problems.count, ARRAY_LEN(wanted));
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		ck_assert_str_eq(problem(i), wanted[i]);
	}
}
END_TEST

START_TEST(an_error_never_repeats_what_a_url_holds)
{
	ck_assert(!read_text(HEAD "  source: {url: 'https://user:hunter2@git.example/x.git'}\n"));
	ck_assert_ptr_null(strstr(problem(0), "hunter2"));
}
END_TEST

START_TEST(a_planned_field_is_not_known_yet)
{
	refused(HEAD "  source: {url: 'https://git.example/x', ref: {semver: '>=1'}}\n",
	        "sync.yaml:5: spec.source.ref.semver: unknown field");
	refused(HEAD SOURCE "  onFailure: Rollback\n", "sync.yaml:6: spec.onFailure: unknown field");
}
END_TEST

START_TEST(an_empty_service_account_is_an_error_and_never_the_agents_own_rights)
{
	refused(HEAD SOURCE "  serviceAccountName: ''\n", "sync.yaml:6: spec.serviceAccountName: must not be empty");
}
END_TEST

START_TEST(a_sync_does_not_depend_on_itself)
{
	refused(HEAD SOURCE "  dependsOn: [{name: shop}]\n", "sync.yaml:6: spec.dependsOn[0]: is this Sync itself");
	ck_assert(read_text(HEAD SOURCE "  dependsOn: [{name: shop, namespace: other}]\n"));
}
END_TEST

START_TEST(durations_have_a_least)
{
	refused(HEAD SOURCE "  interval: 1s\n", "sync.yaml:6: spec.interval: must be at least 5s");
	refused(HEAD SOURCE "  timeout: 10ms\n", "sync.yaml:6: spec.timeout: must be at least 1s");
	ck_assert(read_text(HEAD SOURCE "  heal: {delay: 0s}\n"));
	ck_assert_int_eq(spec.heal.delay, 0);
}
END_TEST

START_TEST(names_that_git_does_not_allow_are_refused)
{
	static const char *const bad[] = { "-x", "a..b", "a b", "a~1", "x.lock", "/x", "x/", "a@{1}", "a//b", "" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		CLEANUP(text_freep)
		char *yaml = text_printf(HEAD "  source: {url: 'https://g.example/x', ref: {branch: \"%s\"}}\n", bad[i]);
		ck_assert_msg(!read_text(yaml), "accepted '%s'", bad[i]);
	}
	ck_assert(read_text(HEAD "  source: {url: 'https://g.example/x', ref: {branch: feature/a-1.x}}\n"));
	ck_assert_str_eq(spec.ref_full, "refs/heads/feature/a-1.x");
}
END_TEST

START_TEST(a_commit_is_a_full_one_and_a_number_is_to_be_quoted)
{
	refused(HEAD "  source: {url: 'https://g.example/x', ref: {commit: abc1234}}\n",
	        "sync.yaml:5: spec.source.ref.commit: must be a full commit id, 40 hexadecimal digits");
	refused(HEAD "  source: {url: 'https://g.example/x', ref: {tag: 1.0}}\n",
	        "sync.yaml:5: spec.source.ref.tag: must be a string; put it in quotes");
}
END_TEST

START_TEST(identity_and_plumbs_own_notes_cannot_be_ignored)
{
	static const char *const bad[] = { "/metadata",
		                               "/metadata/name",
		                               "/metadata/labels",
		                               "/kind",
		                               "/status/replicas",
		                               "/metadata/labels/plumb.dev~1name",
		                               "/metadata/annotations/a/b" };
	struct err err = ERR_INIT;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ck_assert_msg(!unowned_path_check(bad[i], &err), "accepted '%s'", bad[i]);
	}
	ck_assert(unowned_path_check("/metadata/annotations/example.com~1note", &err));
	ck_assert(unowned_path_check("/metadatax", &err));
}
END_TEST

START_TEST(another_kind_and_a_missing_spec_are_named)
{
	ck_assert(!read_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"));
	ck_assert_str_eq(problem(0), "sync.yaml:1: apiVersion: must be plumb.dev/v1alpha1");
	ck_assert_str_eq(problem(1), "sync.yaml:2: kind: must be Sync");
	ck_assert_str_eq(problem(2), "sync.yaml:1: spec: is missing");
}
END_TEST

START_TEST(annotations_ask_and_approve_and_of_two_requests_the_later_counts)
{
	ck_assert(read_text("apiVersion: plumb.dev/v1alpha1\nkind: Sync\nmetadata:\n  name: shop\n  generation: 3\n  annotations:\n"
	                    "    plumb.dev/requested-at: '2026-01-01T00:00:00Z'\n"
	                    "    reconcile.fluxcd.io/requestedAt: '2026-01-02T00:00:00Z'\n"
	                    "    plumb.dev/approve-prune: abc\n"
	                    "    plumb.dev/suspend-until: '2026-01-01T00:00:10Z'\n"
	                    "spec:\n" SOURCE));
	ck_assert_str_eq(spec.requested_at, "2026-01-02T00:00:00Z");
	ck_assert_str_eq(spec.approved_commit, "abc");
	ck_assert_int_eq(spec.generation, 3);
	ck_assert(syncspec_is_suspended(&spec, 1767225609));
	ck_assert(!syncspec_is_suspended(&spec, 1767225610));
}
END_TEST

START_TEST(a_time_that_is_none_suspends_for_good)
{
	ck_assert(read_text("apiVersion: plumb.dev/v1alpha1\nkind: Sync\nmetadata:\n  name: shop\n  annotations:\n"
	                    "    plumb.dev/suspend-until: tomorrow\nspec:\n" SOURCE));
	ck_assert(syncspec_is_suspended(&spec, INT64_MAX - 1));
}
END_TEST

START_TEST(options_are_those_of_the_spec_and_leave_the_rest)
{
	ck_assert(read_text(HEAD "  source: {url: 'https://g.example/x', ref: {branch: main}, path: prod}\n  prune: true\n"
	                         "  targetNamespace: other\n"));
	struct cycle_options options = { .store = "here", .verify_interval = 5 };
	syncspec_options(&spec, &options);
	ck_assert_str_eq(options.source.url, "https://g.example/x");
	ck_assert_str_eq(options.ref, "refs/heads/main");
	ck_assert_str_eq(options.target_ns, "other");
	ck_assert_str_eq(options.ns, "shop");
	ck_assert(options.prune && options.wait);
	ck_assert_str_eq(options.store, "here");
	ck_assert_int_eq(options.verify_interval, 5);
	CLEANUP(text_freep) char *revision = syncspec_revision(&spec, "abc");
	ck_assert_str_eq(revision, "main@sha1:abc");
}
END_TEST

START_TEST(local_sources_are_told_apart)
{
	static const struct {
		const char *url;
		bool local;
	} urls[] = { { "https://g.example/x", false }, { "file:///x", true }, { "/x", true }, { "./a/b", true } };
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		CLEANUP(text_freep) char *yaml = text_printf(HEAD "  source: {url: '%s'}\n", urls[i].url);
		ck_assert(read_text(yaml));
		ck_assert_msg(syncspec_is_local(&spec) == urls[i].local, "%s", urls[i].url);
	}
}
END_TEST

static void put_file(const char *dir, const char *name, const char *content)
{
	CLEANUP(text_freep) char *path = text_printf("%s/%s", dir, name);
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert(fputs(content, file) >= 0);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(a_directory_gives_all_syncs_and_names_what_is_there_twice)
{
	char dir[] = "/tmp/plumb-syncspec-XXXXXX";
	ck_assert_ptr_nonnull(mkdtemp(dir));
	put_file(dir, "a.yaml", HEAD SOURCE "---\napiVersion: plumb.dev/v1alpha1\nkind: Sync\nmetadata: {name: two}\nspec:\n" SOURCE);
	put_file(dir, "b.yml", HEAD SOURCE);
	put_file(dir, "readme.txt", "nothing");
	struct syncspec_list list;
	ck_assert(!syncspec_load_dir(dir, &list, &problems));
	ck_assert_uint_eq(list.count, 2);
	ck_assert_ptr_nonnull(strstr(problem(0), "b.yml:1: metadata.name: another Sync of these files is called 'shop'"));
	syncspec_list_release(&list);

	problems_release(&problems);
	CLEANUP(text_freep) char *one = text_printf("%s/b.yml", dir);
	ck_assert(syncspec_load(one, &spec, &problems));
	CLEANUP(text_freep) char *both = text_printf("%s/a.yaml", dir);
	struct syncspec unused = SYNCSPEC_INIT;
	ck_assert(!syncspec_load(both, &unused, &problems));
	ck_assert_ptr_nonnull(strstr(problem(0), "holds 2 Syncs; one is wanted"));
	CLEANUP(text_freep) char *command = text_printf("rm -r '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

START_TEST(a_document_of_the_server_needs_no_lines)
{
	struct err err = ERR_INIT;
	const char *json =
		"{\"apiVersion\":\"plumb.dev/v1alpha1\",\"kind\":\"Sync\",\"metadata\":{\"name\":\"x\",\"namespace\":\"y\"},"
		"\"spec\":{\"source\":{}},\"status\":{\"any\":1}}";
	CLEANUP(doc_freep) cJSON *document = doc_parse(json, strlen(json), &err);
	struct syncspec_source source = { 0 };
	ck_assert(!syncspec_read(document, &source, &spec, &problems));
	ck_assert_str_eq(problem(0), "spec.source.url: is missing");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("syncspec");
	TCase *tests = tcase_create("syncspec");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, what_is_not_given_has_the_documented_default);
	tcase_add_test(tests, every_field_arrives);
	tcase_add_test(tests, all_errors_come_at_once_each_with_its_line_and_field);
	tcase_add_test(tests, an_error_never_repeats_what_a_url_holds);
	tcase_add_test(tests, a_planned_field_is_not_known_yet);
	tcase_add_test(tests, an_empty_service_account_is_an_error_and_never_the_agents_own_rights);
	tcase_add_test(tests, a_sync_does_not_depend_on_itself);
	tcase_add_test(tests, durations_have_a_least);
	tcase_add_test(tests, names_that_git_does_not_allow_are_refused);
	tcase_add_test(tests, a_commit_is_a_full_one_and_a_number_is_to_be_quoted);
	tcase_add_test(tests, identity_and_plumbs_own_notes_cannot_be_ignored);
	tcase_add_test(tests, another_kind_and_a_missing_spec_are_named);
	tcase_add_test(tests, annotations_ask_and_approve_and_of_two_requests_the_later_counts);
	tcase_add_test(tests, a_time_that_is_none_suspends_for_good);
	tcase_add_test(tests, options_are_those_of_the_spec_and_leave_the_rest);
	tcase_add_test(tests, local_sources_are_told_apart);
	tcase_add_test(tests, a_directory_gives_all_syncs_and_names_what_is_there_twice);
	tcase_add_test(tests, a_document_of_the_server_needs_no_lines);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
