#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "render/doc.h"
#include "render/manifests.h"

#define CONFIG(name) "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " name "\n"

static struct files *files;
static struct manifests_kept *kept;
static struct objects objects;
static struct problems problems;

static bool may(const struct object *object)
{
	return !object_label(object, "never");
}

static void begin(void)
{
	files = files_mem_new();
	kept = manifests_kept_new(may);
}

static void forget(void)
{
	objects_release(&objects);
	problems_release(&problems);
	problems = PROBLEMS_INIT;
}

static void finish(void)
{
	forget();
	files_free(files);
	manifests_kept_free(kept);
}

static void add(const char *path, const char *text)
{
	files_mem_add(files, path, text, strlen(text));
}

/* As another commit: nothing but what is added from now on. */
static void anew(void)
{
	files_free(files);
	files = files_mem_new();
}

static bool renders(void)
{
	forget();
	return manifests_render_with(&(struct manifests_options){ .restriction = LOAD_ROOT_ONLY, .kept = kept }, files, "", &objects,
	                             &problems);
}

/* "v1 ConfigMap/name in ns, a.yaml:3 the 1." of each object; a star where it has its document. */
static char *told(void)
{
	struct buf text = BUF_INIT(SIZE_MAX);
	for (size_t i = 0; i < objects.count; i++) {
		const struct object *object = objects.items[i];
		(void)buf_printf(&text, "%s%s %s/%s in %s, %s:%zu the %u.\n", object->json ? "*" : "", object->version, object->id.kind,
		                 object->id.name, object->id.ns, object->path, object->line, object->origin.place);
	}
	return buf_detach(&text);
}

static void check_renders(const char *wanted)
{
	ck_assert(renders());
	CLEANUP(text_freep) char *text = told();
	ck_assert_str_eq(text, wanted);
}

static void check_fails(const char *part)
{
	ck_assert(!renders());
	ck_assert_ptr_nonnull(strstr(problems.items[0].text, part));
	ck_assert_uint_eq(objects.count, 0);
}

START_TEST(files_that_are_as_they_were_are_not_read_again)
{
	add("a.yaml", CONFIG("a") "  namespace: shop\n---\n" CONFIG("b"));
	add("b.yaml", CONFIG("c"));
	add("none.yaml", "# nothing\n");
	check_renders("*v1 ConfigMap/a in shop, a.yaml:1 the 1.\n*v1 ConfigMap/b in , a.yaml:7 the 2.\n"
	              "*v1 ConfigMap/c in , b.yaml:1 the 1.\n");
	struct object_origin origin = objects.items[1]->origin;
	check_renders("v1 ConfigMap/a in shop, a.yaml:1 the 1.\nv1 ConfigMap/b in , a.yaml:7 the 2.\n"
	              "v1 ConfigMap/c in , b.yaml:1 the 1.\n");
	ck_assert(object_origin_equal(&origin, &objects.items[1]->origin));
	ck_assert(!object_origin_equal(&origin, &objects.items[0]->origin));
	ck_assert(!object_origin_equal(&origin, &objects.items[2]->origin));
	ck_assert_uint_eq(manifests_kept_count(kept), 3);
}
END_TEST

START_TEST(a_file_that_changed_is_read_and_one_that_went_is_forgotten)
{
	add("a.yaml", CONFIG("a"));
	add("b.yaml", CONFIG("b"));
	add("c.yaml", CONFIG("c"));
	ck_assert(renders());
	struct object_origin before = objects.items[1]->origin;
	anew();
	add("a.yaml", CONFIG("a"));
	add("b.yaml", CONFIG("b") "data: {}\n");
	check_renders("v1 ConfigMap/a in , a.yaml:1 the 1.\n*v1 ConfigMap/b in , b.yaml:1 the 1.\n");
	ck_assert(!object_origin_equal(&before, &objects.items[1]->origin));
	ck_assert_uint_eq(manifests_kept_count(kept), 2);
	/* Another path is another file, whatever is in it. */
	anew();
	add("z.yaml", CONFIG("a"));
	check_renders("*v1 ConfigMap/a in , z.yaml:1 the 1.\n");
}
END_TEST

START_TEST(what_may_not_be_without_its_document_is_read_each_time)
{
	add("a.yaml", CONFIG("a") "  labels: {never: once}\n---\n" CONFIG("b"));
	add("b.yaml", CONFIG("c"));
	ck_assert(renders());
	check_renders("*v1 ConfigMap/a in , a.yaml:1 the 1.\n*v1 ConfigMap/b in , a.yaml:7 the 2.\n"
	              "v1 ConfigMap/c in , b.yaml:1 the 1.\n");
}
END_TEST

START_TEST(an_error_is_said_each_time_and_what_was_good_stays_kept)
{
	add("a.yaml", CONFIG("a"));
	ck_assert(renders());
	add("b.yaml", "kind: ConfigMap\n");
	check_fails("b.yaml:1: apiVersion");
	check_fails("b.yaml:1: apiVersion");
	anew();
	add("a.yaml", CONFIG("a"));
	add("b.yaml", CONFIG("b"));
	check_renders("v1 ConfigMap/a in , a.yaml:1 the 1.\n*v1 ConfigMap/b in , b.yaml:1 the 1.\n");
}
END_TEST

START_TEST(an_object_of_a_new_file_that_a_kept_one_has_is_declared_twice)
{
	add("a.yaml", CONFIG("a"));
	ck_assert(renders());
	add("b.yaml", CONFIG("a"));
	check_fails("b.yaml:1: configmap/a is declared twice, first in a.yaml:1");
	anew();
	add("0.yaml", CONFIG("a"));
	add("a.yaml", CONFIG("a"));
	check_fails("a.yaml:1: configmap/a is declared twice, first in 0.yaml:1");
}
END_TEST

START_TEST(what_a_kustomization_builds_is_built_each_time)
{
	add("k/kustomization.yaml", "resources: [a.yaml]\n");
	add("k/a.yaml", CONFIG("a"));
	add("z.yaml", CONFIG("z"));
	ck_assert(renders());
	ck_assert(renders());
	ck_assert_ptr_nonnull(objects.items[0]->json);
	ck_assert_uint_eq(objects.items[0]->origin.place, 0);
	ck_assert(!object_origin_equal(&objects.items[0]->origin, &objects.items[0]->origin));
	ck_assert_ptr_null(objects.items[1]->json);
	ck_assert_uint_eq(manifests_kept_count(kept), 1);
}
END_TEST

START_TEST(a_namespace_is_set_without_a_document_too)
{
	add("a.yaml", CONFIG("a"));
	ck_assert(renders() && renders());
	object_set_namespace(objects.items[0], "shop");
	ck_assert_str_eq(objects.items[0]->id.ns, "shop");
	ck_assert_ptr_null(objects.items[0]->json);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("kept");
	tcase_add_checked_fixture(tests, begin, finish);
	tcase_add_test(tests, files_that_are_as_they_were_are_not_read_again);
	tcase_add_test(tests, a_file_that_changed_is_read_and_one_that_went_is_forgotten);
	tcase_add_test(tests, what_may_not_be_without_its_document_is_read_each_time);
	tcase_add_test(tests, an_error_is_said_each_time_and_what_was_good_stays_kept);
	tcase_add_test(tests, an_object_of_a_new_file_that_a_kept_one_has_is_declared_twice);
	tcase_add_test(tests, what_a_kustomization_builds_is_built_each_time);
	tcase_add_test(tests, a_namespace_is_set_without_a_document_too);
	Suite *suite = suite_create("manifests_kept");
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
