#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "render/doc.h"
#include "sync/fields.h"
#include "sync/unowned.h"

#define DEPLOYMENT \
	"{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"web\",\"annotations\":{\"a/b\":\"1\"}}," \
	"\"spec\":{\"replicas\":3,\"template\":{\"spec\":{\"containers\":[{\"name\":\"web\",\"image\":\"web:1\"},{\"name\":\"log\"," \
	"\"image\":\"log:1\",\"resources\":{\"limits\":{\"cpu\":\"1\"}}}]}}}}"

static struct object *object;

static cJSON *parsed(const char *json)
{
	struct err err = ERR_INIT;
	cJSON *doc = doc_parse(json, strlen(json), &err);
	ck_assert_msg(doc != NULL, "%s", err.msg);
	return doc;
}

static void setup(void)
{
	object = object_new(parsed(DEPLOYMENT), NULL, 0, NULL);
	ck_assert_ptr_nonnull(object);
}

static void teardown(void)
{
	object_free(object);
}

/* One rule with up to three paths, strings borrowed. */
static void strip(const char *group, const char *kind, const char *name, const char *one, const char *two, const char *three)
{
	char *paths[3] = { text_dup(one), two ? text_dup(two) : NULL, three ? text_dup(three) : NULL };
	CLEANUP(text_freep) char *its_group = group ? text_dup(group) : NULL;
	CLEANUP(text_freep) char *its_kind = kind ? text_dup(kind) : NULL;
	CLEANUP(text_freep) char *its_name = name ? text_dup(name) : NULL;
	struct unowned_rule rule = { .group = its_group,
		                         .kind = its_kind,
		                         .name = its_name,
		                         .paths = paths,
		                         .path_count = three ? 3
		                                       : two ? 2
		                                             : 1 };
	struct unowned_rules rules = { .rules = &rule, .count = 1 };
	unowned_strip(&rules, object);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		free(paths[i]);
	}
}

static void check_doc(const cJSON *doc, const char *json)
{
	CLEANUP(doc_freep) cJSON *wanted = parsed(json);
	CLEANUP(buf_release) struct buf got = BUF_INIT(100000);
	ck_assert(doc_print(doc, &got));
	ck_assert_msg(doc_equal(doc, wanted), "%s", buf_text(&got));
}

START_TEST(what_a_rule_names_is_taken_out_and_the_whole_is_kept_for_the_creation)
{
	strip("apps", "Deployment", "web", "/spec/replicas", "/metadata/annotations/a~1b", NULL);
	ck_assert_ptr_null(doc_at(object->json, "spec/replicas"));
	ck_assert_ptr_null(doc_at(object->json, "metadata/annotations"));
	ck_assert_ptr_nonnull(object->initial);
	check_doc(object->initial, DEPLOYMENT);
}
END_TEST

START_TEST(places_in_lists_are_those_of_the_manifest_whatever_else_is_taken)
{
	strip(NULL, NULL, NULL, "/spec/template/spec/containers/0", "/spec/template/spec/containers/1/image", NULL);
	check_doc(doc_at(object->json, "spec/template/spec/containers"),
	          "[{\"name\":\"log\",\"resources\":{\"limits\":{\"cpu\":\"1\"}}}]");
}
END_TEST

START_TEST(a_path_inside_of_another_and_one_twice_do_no_harm)
{
	strip(NULL, NULL, NULL, "/spec/template/spec/containers/1", "/spec/template/spec/containers/1/image",
	      "/spec/template/spec/containers/1/image");
	check_doc(doc_at(object->json, "spec/template/spec/containers"), "[{\"name\":\"web\",\"image\":\"web:1\"}]");
}
END_TEST

START_TEST(mappings_that_are_left_empty_go_but_not_the_parts_of_an_object)
{
	strip(NULL, NULL, NULL, "/spec/template/spec/containers/1/resources/limits/cpu", NULL, NULL);
	const cJSON *log = cJSON_GetArrayItem(doc_at(object->json, "spec/template/spec/containers"), 1);
	check_doc(log, "{\"name\":\"log\",\"image\":\"log:1\"}");
	strip(NULL, NULL, NULL, "/spec/replicas", "/spec/template", NULL);
	check_doc(doc_get(object->json, "spec"), "{}");
}
END_TEST

START_TEST(a_rule_for_others_and_a_pointer_to_nothing_change_nothing)
{
	strip("", "Deployment", NULL, "/spec/replicas", NULL, NULL);
	strip("apps", "StatefulSet", NULL, "/spec/replicas", NULL, NULL);
	strip("apps", "Deployment", "db", "/spec/replicas", NULL, NULL);
	strip("apps", NULL, NULL, "/spec/paused", "/spec/template/spec/containers/2/image", "/spec/template/spec/containers/x");
	check_doc(object->json, DEPLOYMENT);
	ck_assert_ptr_null(object->initial);
}
END_TEST

#define IMAGE_SET \
	"{\"f:spec\":{\"f:template\":{\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"web\\\"}\":{\"f:image\":{}}}}}}}"

START_TEST(what_plumb_alone_owns_of_it_is_told)
{
	CLEANUP(doc_freep)
	cJSON *metadata = parsed("{\"managedFields\":["
	                         "{\"manager\":\"plumb\",\"operation\":\"Apply\",\"fieldsV1\":{\"f:spec\":{\"f:replicas\":{},"
	                         "\"f:template\":{\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"web\\\"}\":{\".\":{},"
	                         "\"f:image\":{},\"f:name\":{}}}}}}}},"
	                         "{\"manager\":\"kube-controller-manager\",\"operation\":\"Update\",\"subresource\":\"scale\","
	                         "\"fieldsV1\":{\"f:spec\":{\"f:replicas\":{}}}}]}");
	ck_assert_ptr_null(unowned_alone(object, metadata));
	strip("apps", "Deployment", NULL, "/spec/replicas", "/spec/template/spec/containers/0/image", NULL);
	CLEANUP(doc_freep) cJSON *alone = unowned_alone(object, metadata);
	ck_assert_ptr_nonnull(alone);
	check_doc(alone, IMAGE_SET);
}
END_TEST

START_TEST(what_is_handed_over_can_be_applied_by_itself)
{
	CLEANUP(doc_freep) cJSON *set = parsed(IMAGE_SET);
	CLEANUP(doc_freep)
	cJSON *live = parsed("{\"spec\":{\"replicas\":5,\"template\":{\"spec\":{\"containers\":[{\"name\":\"side\",\"image\":\"s\"},"
	                     "{\"name\":\"web\",\"image\":\"web:9\",\"tty\":true}]}}}}");
	CLEANUP(doc_freep) cJSON *picked = fields_pick(set, live);
	check_doc(picked, "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"image\":\"web:9\",\"name\":\"web\"}]}}}}");
	fields_copy(set, live, object->json);
	const cJSON *web = cJSON_GetArrayItem(doc_at(object->json, "spec/template/spec/containers"), 0);
	check_doc(web, "{\"name\":\"web\",\"image\":\"web:9\"}");
	ck_assert_int_eq(doc_int(object->json, "spec/replicas", 0), 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("unowned");
	TCase *tests = tcase_create("unowned");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, what_a_rule_names_is_taken_out_and_the_whole_is_kept_for_the_creation);
	tcase_add_test(tests, places_in_lists_are_those_of_the_manifest_whatever_else_is_taken);
	tcase_add_test(tests, a_path_inside_of_another_and_one_twice_do_no_harm);
	tcase_add_test(tests, mappings_that_are_left_empty_go_but_not_the_parts_of_an_object);
	tcase_add_test(tests, a_rule_for_others_and_a_pointer_to_nothing_change_nothing);
	tcase_add_test(tests, what_plumb_alone_owns_of_it_is_told);
	tcase_add_test(tests, what_is_handed_over_can_be_applied_by_itself);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
