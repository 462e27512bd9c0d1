#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "render/doc.h"
#include "render/object.h"
#include "render/problems.h"
#include "render/scope.h"

static struct object *object_of(const char *text, const char **field)
{
	cJSON *json = cJSON_Parse(text);
	ck_assert_ptr_nonnull(json);
	struct object *object = object_new(json, "web.yaml", 3, field);
	if (!object) {
		cJSON_Delete(json);
	}
	return object;
}

START_TEST(an_identity_is_group_kind_namespace_and_name_and_not_the_version)
{
	struct object *one = object_of(
		"{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\"}}", NULL);
	struct object *two = object_of(
		"{\"apiVersion\":\"apps/v1beta2\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\"}}", NULL);
	CLEANUP(text_freep) char *key = ident_key(&one->id);
	CLEANUP(text_freep) char *text = ident_text(&one->id);
	CLEANUP(text_freep) char *version = object_api_version(two);
	ck_assert(ident_equal(&one->id, &two->id));
	ck_assert_int_eq(ident_compare(&one->id, &two->id), 0);
	ck_assert_str_eq(key, "apps/Deployment/shop/web");
	ck_assert_str_eq(text, "deployment.apps/web in shop");
	ck_assert_str_eq(version, "apps/v1beta2");
	object_free(one);
	object_free(two);
}
END_TEST

START_TEST(an_object_of_the_core_group_has_an_empty_group)
{
	struct object *object = object_of("{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"shop\"}}", NULL);
	CLEANUP(text_freep) char *text = ident_text(&object->id);
	CLEANUP(text_freep) char *version = object_api_version(object);
	ck_assert_str_eq(object->id.group, "");
	ck_assert_str_eq(object->id.ns, "");
	ck_assert_str_eq(text, "namespace/shop");
	ck_assert_str_eq(version, "v1");
	object_free(object);
}
END_TEST

static const struct lacking {
	const char *text;
	const char *field;
} lackings[] = {
	{ "{\"kind\":\"A\",\"metadata\":{\"name\":\"x\"}}", "apiVersion" },
	{ "{\"apiVersion\":1,\"kind\":\"A\",\"metadata\":{\"name\":\"x\"}}", "apiVersion" },
	{ "{\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"x\"}}", "kind" },
	{ "{\"apiVersion\":\"v1\",\"kind\":\"\",\"metadata\":{\"name\":\"x\"}}", "kind" },
	{ "{\"apiVersion\":\"v1\",\"kind\":\"A\"}", "metadata/name" },
	{ "{\"apiVersion\":\"v1\",\"kind\":\"A\",\"metadata\":{\"name\":7}}", "metadata/name" },
};

START_TEST(a_document_without_an_identity_is_refused_and_the_field_named)
{
	const char *field = NULL;
	ck_assert_ptr_null(object_of(lackings[_i].text, &field));
	ck_assert_str_eq(field, lackings[_i].field);
}
END_TEST

START_TEST(a_namespace_is_set_in_identity_and_document)
{
	struct object *object = object_of("{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"x\","
	                                  "\"labels\":{\"a\":\"1\"},\"annotations\":{\"b/c\":\"2\",\"n\":3}}}",
	                                  NULL);
	object_set_namespace(object, "shop");
	ck_assert_str_eq(object->id.ns, "shop");
	ck_assert_str_eq(doc_text(object->json, "metadata/namespace"), "shop");
	ck_assert_str_eq(object_label(object, "a"), "1");
	ck_assert_str_eq(object_annotation(object, "b/c"), "2");
	ck_assert_ptr_null(object_annotation(object, "n"));
	ck_assert_ptr_null(object_label(object, "none"));
	object_free(object);
}
END_TEST

START_TEST(objects_are_ordered_by_group_kind_namespace_and_name)
{
	static const char *const rows[][4] = {
		{ "", "Pod", "a", "x" },   { "apps", "A", "", "x" }, { "apps", "A", "a", "x" },
		{ "apps", "A", "a", "y" }, { "b", "A", "", "a" },
	};
	for (size_t i = 0; i + 1 < ARRAY_LEN(rows); i++) {
		CLEANUP(ident_release) struct ident a = ident_make(rows[i][0], rows[i][1], rows[i][2], rows[i][3]);
		CLEANUP(ident_release) struct ident b = ident_make(rows[i + 1][0], rows[i + 1][1], rows[i + 1][2], rows[i + 1][3]);
		ck_assert_int_lt(ident_compare(&a, &b), 0);
		ck_assert_int_gt(ident_compare(&b, &a), 0);
	}
}
END_TEST

START_TEST(a_problem_names_its_place_in_one_line)
{
	struct problems problems = PROBLEMS_INIT;
	problems_add(&problems, PROBLEM_ERROR, "prod/web.yaml", 12, "spec.replicas", "duplicate key, first in line %d", 9);
	problems_add(&problems, PROBLEM_WARNING, NULL, 0, NULL, "two\nlines\x1b[31m");
	ck_assert_uint_eq(problems.count, 2);
	ck_assert_uint_eq(problems.errors, 1);
	ck_assert_str_eq(problems.items[0].text, "prod/web.yaml:12: spec.replicas: duplicate key, first in line 9");
	ck_assert_str_eq(problems.items[1].text, "two?lines?[31m");
	problems_release(&problems);
}
END_TEST

START_TEST(problems_beyond_the_limit_are_counted)
{
	struct problems problems = PROBLEMS_INIT;
	for (int i = 0; i < 5000; i++) {
		problems_add(&problems, PROBLEM_ERROR, "a.yaml", 1, NULL, "bad");
	}
	ck_assert_uint_eq(problems.errors, 5000);
	ck_assert_uint_gt(problems.dropped, 0);
	ck_assert_uint_eq(problems.count + problems.dropped, 5000);
	problems_release(&problems);
}
END_TEST

START_TEST(the_scope_of_kubernetes_own_kinds_is_known_without_a_server)
{
	ck_assert_int_eq(scope_of("", "Namespace"), SCOPE_CLUSTER);
	ck_assert_int_eq(scope_of("rbac.authorization.k8s.io", "ClusterRole"), SCOPE_CLUSTER);
	ck_assert_int_eq(scope_of("rbac.authorization.k8s.io", "Role"), SCOPE_NAMESPACED);
	ck_assert_int_eq(scope_of("", "Pod"), SCOPE_NAMESPACED);
	ck_assert_int_eq(scope_of("example.org", "Namespace"), SCOPE_UNKNOWN);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("object");
	tcase_add_test(tcase, an_identity_is_group_kind_namespace_and_name_and_not_the_version);
	tcase_add_test(tcase, an_object_of_the_core_group_has_an_empty_group);
	tcase_add_loop_test(tcase, a_document_without_an_identity_is_refused_and_the_field_named, 0, ARRAY_LEN(lackings));
	tcase_add_test(tcase, a_namespace_is_set_in_identity_and_document);
	tcase_add_test(tcase, objects_are_ordered_by_group_kind_namespace_and_name);
	tcase_add_test(tcase, a_problem_names_its_place_in_one_line);
	tcase_add_test(tcase, problems_beyond_the_limit_are_counted);
	tcase_add_test(tcase, the_scope_of_kubernetes_own_kinds_is_known_without_a_server);
	Suite *suite = suite_create("object");
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
