#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "render/manifests.h"

static struct files *files;
static struct objects objects;
static struct problems problems;

static void setup(void)
{
	files = files_mem_new();
	objects = OBJECTS_INIT;
	problems = PROBLEMS_INIT;
}

static void teardown(void)
{
	files_free(files);
	objects_release(&objects);
	problems_release(&problems);
}

static void add(const char *path, const char *text)
{
	files_mem_add(files, path, text, strlen(text));
}

static void add_configmap(const char *path, const char *name)
{
	CLEANUP(text_freep)
	char *text = text_printf("{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"%s\"}}\n", name);
	add(path, text);
}

static char *all_problems(void)
{
	struct buf text = BUF_INIT(LIMIT_MIB(1));
	for (size_t i = 0; i < problems.count; i++) {
		ck_assert(buf_printf(&text, "%s%s", i ? "\n" : "", problems.items[i].text));
	}
	return buf_detach(&text);
}

static void renders(const char *dir, const char *names)
{
	bool rendered = manifests_render(files, dir, &objects, &problems);
	CLEANUP(text_freep) char *said = all_problems();
	ck_assert_msg(rendered && problems.errors == 0, "%s", said);
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MIB(1));
	for (size_t i = 0; i < objects.count; i++) {
		ck_assert(buf_printf(&text, "%s%s", i ? " " : "", objects.items[i]->id.name));
	}
	ck_assert_str_eq(buf_text(&text), names);
}

static void fails(const char *dir, const char *expected)
{
	ck_assert(!manifests_render(files, dir, &objects, &problems));
	CLEANUP(text_freep) char *said = all_problems();
	ck_assert_str_eq(said, expected);
	ck_assert_uint_eq(objects.count, 0);
}

#define NO_MANIFEST "(name the file in .plumbignore if it is no manifest)"

START_TEST(reads_manifests_in_path_order)
{
	add_configmap("prod/b.yaml", "b");
	add_configmap("prod/a.yml", "a");
	add_configmap("prod/a/z.json", "a-z");
	add_configmap("prod/a-b.yaml", "a-b");
	add_configmap("prod/B.yaml", "upper-b");
	add_configmap("prod/.dot.yaml", "dot");
	add_configmap("prod/.hidden/x.yaml", "hidden");
	add_configmap("prod/x.YAML", "upper-extension");
	add_configmap("prod/yaml", "no-extension");
	add_configmap("other/c.yaml", "other");
	add("prod/README.md", "{ not a manifest");
	renders("./prod/", "dot upper-b a-z a-b a b");
	ck_assert_str_eq(objects.items[2]->path, "prod/a/z.json");
	ck_assert_uint_eq(objects.items[2]->line, 1);
}
END_TEST

START_TEST(adds_to_what_is_there)
{
	add_configmap("one/a.yaml", "a");
	add_configmap("two/b.yaml", "b");
	renders("one", "a");
	renders("two", "a b");
	add("two/c.yaml", "{}");
	ck_assert(!manifests_render(files, "two", &objects, &problems));
	ck_assert_uint_eq(objects.count, 2);
}
END_TEST

START_TEST(leaves_out_what_ignore_files_name)
{
	add("skip/x.yaml", "bad");
	add("top.yaml", "bad");
	add("sub/top.yaml", "bad");
	add_configmap("sub/deep/top.yaml", "kept");
	add("sub/deep/y.secret.yaml", "bad");
	add_configmap("sub/deep/z.secret.yaml", "taken-back");
	add("gone/a.yaml", "bad");
	add("kustomized/kustomization.yaml", "resources: []\n");
	add(".sourceignore", "skip/\ntop.yaml\n!gone/\n*.secret.yaml\n");
	add(".plumbignore", "gone\nkustomized\n");
	add("gone/.plumbignore", "!a.yaml\n");
	add("sub/.plumbignore", "!deep/top.yaml\n/top.yaml\n");
	add("sub/deep/.sourceignore", "!z.secret.yaml\n");
	renders("", "kept taken-back");
}
END_TEST

START_TEST(heeds_no_ignore_file_above_the_directory)
{
	add(".plumbignore", "*\n");
	add_configmap("prod/a.yaml", "a");
	renders("prod", "a");
}
END_TEST

START_TEST(opens_lists)
{
	add("a.yaml",
	    "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": ["
	    "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"one\"}},"
	    "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMapList\", \"items\": [{\"metadata\": {\"name\": \"two\"}},"
	    "{\"apiVersion\": \"v1\", \"kind\": \"Service\", \"metadata\": {\"name\": \"three\"}}]}]}\n"
	    "---\n"
	    "{\"apiVersion\": \"v1\", \"kind\": \"List\"}\n"
	    "---\n"
	    "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": null}\n"
	    "---\n"
	    "{\"apiVersion\": \"example.com/v1\", \"kind\": \"AllowList\", \"metadata\": {\"name\": \"four\"}, \"spec\": {}}\n");
	renders("", "one two three four");
	ck_assert_str_eq(objects.items[1]->id.kind, "ConfigMap");
	ck_assert_str_eq(objects.items[1]->version, "v1");
	ck_assert_str_eq(objects.items[2]->id.kind, "Service");
	ck_assert_str_eq(objects.items[3]->id.group, "example.com");
}
END_TEST

START_TEST(names_the_item_of_a_list_that_is_wrong)
{
	add("a.yaml", "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": ["
	              "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"one\"}},"
	              "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [{\"metadata\": {}}, 7]},"
	              "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {}}]}\n"
	              "---\n"
	              "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": {}}\n"
	              "---\n"
	              "{\"apiVersion\": \"v1\", \"kind\": \"SecretList\", \"items\": [{}]}\n");
	fails("", "a.yaml:1: items[1].items[0]: no Kubernetes object, it has neither apiVersion nor kind " NO_MANIFEST "\n"
	          "a.yaml:1: items[1].items[1]: no Kubernetes object but a list or a plain value " NO_MANIFEST "\n"
	          "a.yaml:1: items[2].metadata.name: is missing\n"
	          "a.yaml:3: items: must be a list\n"
	          "a.yaml:5: items[0].metadata.name: is missing");
}
END_TEST

START_TEST(says_all_errors_in_one_run)
{
	add("a.yaml", "{\"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"a\"}}");
	add("b.yaml", "{\"apiVersion\": \"v1\", \"metadata\": {\"name\": \"b\"}}");
	add("c.yaml", "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\"}");
	add("d.yaml", "{\"apiVersion\": 1, \"kind\": \"\", \"metadata\": {\"name\": \"d\"}}");
	add("e.yaml", "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": [\"e\"]}");
	add("f.yaml", "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"generateName\": \"f-\"}}");
	add("g.yaml", "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"../g\", \"namespace\": 7}}");
	add("h.yaml", "{\"apiVersion\": \"a/b/c\", \"kind\": \"Pod/x\", \"metadata\": {\"name\": \"h\"}}");
	add("i.yaml", "[1, 2]");
	add("package.json", "{\"name\": \"web\", \"version\": \"1.0\"}");
	fails("", "a.yaml:1: apiVersion: is missing\n"
	          "b.yaml:1: kind: is missing\n"
	          "c.yaml:1: metadata.name: is missing\n"
	          "d.yaml:1: apiVersion: must be a string\n"
	          "d.yaml:1: kind: is empty\n"
	          "e.yaml:1: metadata: must be a mapping\n"
	          "f.yaml:1: metadata.generateName: an object whose name the server makes up cannot be declared: "
	          "give it a metadata.name\n"
	          "g.yaml:1: metadata.name: is no valid name\n"
	          "g.yaml:1: metadata.namespace: must be a string\n"
	          "h.yaml:1: apiVersion: must be VERSION or GROUP/VERSION\n"
	          "h.yaml:1: kind: is no valid kind\n"
	          "i.yaml:1: no Kubernetes object but a list or a plain value " NO_MANIFEST "\n"
	          "package.json:1: no Kubernetes object, it has neither apiVersion nor kind " NO_MANIFEST);
}
END_TEST

START_TEST(refuses_labels_and_annotations_that_are_no_strings_and_never_says_a_value)
{
	add("a.yaml", "{\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"metadata\": {\"name\": \"a\", \"namespace\": null,\n"
	              "\"labels\": {\"app.kubernetes.io/version\": 4711, \"on\": true, \"fine\": \"4711\", \"none\": null},\n"
	              "\"annotations\": {\"list\": [4711]}}, \"stringData\": {\"password\": \"4711\"}}\n"
	              "---\n"
	              "{\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"metadata\": {\"name\": \"b\", \"labels\": \"4711\"}}\n");
	fails("", "a.yaml:1: metadata.labels[app.kubernetes.io/version]: must be a string: put the value in quotes\n"
	          "a.yaml:1: metadata.labels[on]: must be a string: put the value in quotes\n"
	          "a.yaml:1: metadata.annotations[list]: must be a string\n"
	          "a.yaml:5: metadata.labels: must be a mapping");
}
END_TEST

START_TEST(refuses_an_object_that_is_declared_twice_whatever_its_version)
{
	add("a.yaml",
	    "{\"apiVersion\": \"apps/v1\", \"kind\": \"Deployment\", \"metadata\": {\"name\": \"web\", \"namespace\": \"shop\"}}\n");
	add("b.yaml",
	    "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"web\"}}\n---\n"
	    "{\"apiVersion\": \"apps/v1beta1\", \"kind\": \"Deployment\", \"metadata\": {\"name\": \"web\", \"namespace\": \"shop\"}}\n---\n"
	    "{\"apiVersion\": \"apps/v1\", \"kind\": \"Deployment\", \"metadata\": {\"name\": \"web\", \"namespace\": \"other\"}}\n");
	fails("", "b.yaml:3: deployment.apps/web in shop is declared twice, first in a.yaml:1");
}
END_TEST

START_TEST(leaves_out_what_is_not_for_the_cluster)
{
	static const char text[] =
		"{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"%s\", \"annotations\": "
		"{\"config.kubernetes.io/local-config\": \"%s\"}}}";
	CLEANUP(text_freep) char *local = text_printf(text, "local", "true");
	CLEANUP(text_freep) char *other = text_printf(text, "kept", "false");
	CLEANUP(text_freep) char *empty = text_printf(text, "also-local", "");
	add("a.yaml", local);
	add("b.yaml", other);
	add("c.yaml", empty);
	add_configmap("d.yaml", "local");
	renders("", "kept local");
}
END_TEST

START_TEST(builds_a_directory_with_a_kustomization_instead_of_reading_its_files)
{
	add_configmap("b/first.yaml", "first");
	add_configmap("m/a.yaml", "a");
	add("m/Kustomization", "resources: [a.yaml]\nnamePrefix: my-\n");
	add("m/patch.yaml", "{\"spec\": {}}");
	add("m/below/bad.yaml", "bad");
	add_configmap("z/last.yaml", "last");
	renders("", "first my-a last");
}
END_TEST

START_TEST(names_the_files_of_a_kustomization_that_cannot_be_built)
{
	add("prod/kustomization.yaml", "resources: [gone.yaml]");
	fails("", "prod/kustomization.yaml: resources[0]: 'prod/gone.yaml' does not exist");
}
END_TEST

START_TEST(refuses_a_kustomization_under_another_name)
{
	add("b/x.yaml", "{\"apiVersion\": \"kustomize.config.k8s.io/v1beta1\", \"kind\": \"Kustomization\"}");
	add("c/flux.yaml",
	    "{\"apiVersion\": \"kustomize.toolkit.fluxcd.io/v1\", \"kind\": \"Kustomization\", \"metadata\": {\"name\": \"fine\"}}");
	fails("", "b/x.yaml:1: this is a kustomization and no object of the cluster: its file must be named kustomization.yaml");
}
END_TEST

START_TEST(says_that_a_directory_is_missing_but_not_that_it_is_empty)
{
	add("empty/README.md", "nothing");
	renders("empty", "");
	fails("prod", "no directory 'prod' in this tree");
}
END_TEST

START_TEST(refuses_what_is_over_the_limits)
{
	size_t len = LIMIT_OBJECT_BYTES + 100;
	CLEANUP(text_freep) char *long_text = alloc_new(len + 1, 1);
	memset(long_text, 'x', len);
	CLEANUP(text_freep)
	char *big = text_printf(
		"{\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"metadata\": {\"name\": \"a\"}, \"data\": {\"a\": \"%s\"}}", long_text);
	add("a.yaml", big);
	CLEANUP(text_freep) char *huge = alloc_new(LIMIT_MANIFEST_BYTES + 2, 1);
	memset(huge, ' ', LIMIT_MANIFEST_BYTES + 1);
	add("b.yaml", huge);
	fails("", "a.yaml:1: an object of more than 3145728 bytes, which no API server takes\n"
	          "'b.yaml' has 16777217 bytes, more than 16777216");
}
END_TEST

START_TEST(refuses_too_many_directories_inside_each_other)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT(LIMIT_KIB(1));
	for (int i = 0; i < 65; i++) {
		ck_assert(buf_puts(&path, "d/"));
	}
	ck_assert(buf_puts(&path, "a.yaml"));
	add_configmap(path.data, "a");
	ck_assert(!manifests_render(files, "", &objects, &problems));
	ck_assert_ptr_nonnull(strstr(problems.items[0].text, "more than 64 directories inside each other"));
}
END_TEST

/* The same with links, which only a real directory has. */
static char top[32];

static void in_directory(const char *what)
{
	if (!*top) {
		(void)snprintf(top, sizeof top, "/tmp/plumb-render-XXXXXX");
		ck_assert_ptr_nonnull(mkdtemp(top));
	}
	CLEANUP(text_freep)
	char *command = text_printf(
		"manifest() { printf '{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"%%s\"}}' $1; }; "
		"mkdir -p %s/tree && cd %s/tree && %s",
		top, top, what);
	ck_assert_int_eq(system(command), 0);
	files_free(files);
	CLEANUP(text_freep) char *tree = text_printf("%s/tree", top);
	struct err err = ERR_INIT;
	files = files_dir_open(tree, &err);
	ck_assert_msg(files, "%s", err.msg);
}

static void remove_directory(void)
{
	CLEANUP(text_freep) char *command = text_printf("rm -rf %s", top);
	ck_assert_int_eq(system(command), 0);
	top[0] = '\0';
}

START_TEST(reads_links_and_leaves_out_broken_ones_that_are_no_manifests)
{
	in_directory("mkdir -p other prod && manifest linked >other/x && ln -s ../other/x prod/x.yaml && ln -s ../more prod/dir && "
	             "mkdir more && manifest more >more/m.yaml && ln -s nowhere prod/README.md && mkfifo prod/pipe");
	renders("prod", "more linked");
	remove_directory();
}
END_TEST

START_TEST(names_broken_links_that_may_have_been_manifests)
{
	in_directory(
		"manifest a >a.yaml && ln -s nowhere b.yaml && ln -s ../../up base && ln -s /etc/hosts c.json && mkfifo d.yml && "
		"ln -s nowhere ignored.yaml && echo ignored.yaml >.plumbignore && ln -s nowhere .sourceignore");
	fails("",
	      "the link '.sourceignore' leads nowhere: no such file or directory\n"
	      "the link 'b.yaml' leads nowhere: no such file or directory (repair it, or name it in .plumbignore to leave it out)\n"
	      "'base': leads out of the tree (repair it, or name it in .plumbignore to leave it out)\n"
	      "'c.json': leads out of the tree, to an absolute path (repair it, or name it in .plumbignore to leave it out)\n"
	      "'d.yml' is no ordinary file but a pipe, a socket or a device (repair it, or name it in .plumbignore to leave it out)");
	remove_directory();
}
END_TEST

START_TEST(ends_where_links_lead_in_a_circle)
{
	in_directory(
		"mkdir -p a/b c && for i in 1 2 3; do manifest x$i >a/b/x$i.yaml; done && ln -s ../.. a/b/up && ln -s .. a/b/again");
	fails("", "a/b/again: this link leads to directories that contain themselves, or more than 8 links inside each other");
	remove_directory();
}
END_TEST

START_TEST(says_that_a_link_makes_objects_twice)
{
	in_directory("mkdir a && manifest x >a/x.yaml && ln -s a b && ln -s a/x.yaml c.yaml");
	fails("", "b/x.yaml:1: configmap/x is declared twice, first in a/x.yaml:1\n"
	          "c.yaml:1: configmap/x is declared twice, first in a/x.yaml:1");
	remove_directory();
}
END_TEST

START_TEST(prints_documents_with_a_line_between_them)
{
	add_configmap("a.yaml", "a");
	add_configmap("b.yaml", "b");
	renders("", "a b");
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_KIB(1));
	ck_assert(manifests_print(&objects, &text));
	ck_assert_str_eq(buf_text(&text), "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n---\n"
	                                  "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: b\n");
	struct buf small = BUF_INIT(60);
	ck_assert(!manifests_print(&objects, &small));
	buf_release(&small);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, reads_manifests_in_path_order);
	tcase_add_test(tests, adds_to_what_is_there);
	tcase_add_test(tests, leaves_out_what_ignore_files_name);
	tcase_add_test(tests, heeds_no_ignore_file_above_the_directory);
	tcase_add_test(tests, opens_lists);
	tcase_add_test(tests, names_the_item_of_a_list_that_is_wrong);
	tcase_add_test(tests, says_all_errors_in_one_run);
	tcase_add_test(tests, refuses_labels_and_annotations_that_are_no_strings_and_never_says_a_value);
	tcase_add_test(tests, refuses_an_object_that_is_declared_twice_whatever_its_version);
	tcase_add_test(tests, leaves_out_what_is_not_for_the_cluster);
	tcase_add_test(tests, builds_a_directory_with_a_kustomization_instead_of_reading_its_files);
	tcase_add_test(tests, names_the_files_of_a_kustomization_that_cannot_be_built);
	tcase_add_test(tests, refuses_a_kustomization_under_another_name);
	tcase_add_test(tests, says_that_a_directory_is_missing_but_not_that_it_is_empty);
	tcase_add_test(tests, refuses_what_is_over_the_limits);
	tcase_add_test(tests, refuses_too_many_directories_inside_each_other);
	tcase_add_test(tests, reads_links_and_leaves_out_broken_ones_that_are_no_manifests);
	tcase_add_test(tests, names_broken_links_that_may_have_been_manifests);
	tcase_add_test(tests, ends_where_links_lead_in_a_circle);
	tcase_add_test(tests, says_that_a_link_makes_objects_twice);
	tcase_add_test(tests, prints_documents_with_a_line_between_them);
}

int main(void)
{
	Suite *suite = suite_create("manifests");
	TCase *tests = tcase_create("manifests");
	tcase_add_checked_fixture(tests, setup, teardown);
	add_tests(tests);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
