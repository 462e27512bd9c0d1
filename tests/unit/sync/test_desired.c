#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "render/doc.h"
#include "sync/clock.h"
#include "sync/desired.h"
#include "tests/unit/fake_kube.c"

/* What the server serves: core Namespaces, Secrets and ConfigMaps, Deployments of apps/v1. */
#define RESOURCE(plural, kind, scope) \
	"{\"resource\":\"" plural "\",\"responseKind\":{\"group\":\"\",\"version\":\"\",\"kind\":\"" kind "\"},\"scope\":\"" scope \
	"\",\"verbs\":[\"get\",\"list\",\"patch\",\"delete\"]}"
#define GROUPS(items) "{\"kind\":\"APIGroupDiscoveryList\",\"apiVersion\":\"apidiscovery.k8s.io/v2\",\"items\":[" items "]}"
#define GROUP(name, resources) \
	"{\"metadata\":{" name "},\"versions\":[{\"version\":\"v1\",\"freshness\":\"Current\",\"resources\":[" resources "]}]}"

static const char core[] = GROUPS(
	GROUP("", RESOURCE("namespaces", "Namespace", "Cluster") "," RESOURCE("secrets", "Secret", "Namespaced") "," RESOURCE(
				  "configmaps", "ConfigMap", "Namespaced")));
static const char named[] = GROUPS(GROUP("\"name\":\"apps\"", RESOURCE("deployments", "Deployment", "Namespaced")));

struct fixture {
	struct fake_kube *fake;
	struct discovery *discovery;
	struct objects desired;
	struct report report;
	const char *target;
	const struct unowned_rules *unowned;
};

static void set_up(struct fixture *fixture)
{
	*fixture = (struct fixture){ .fake = fake_kube_new() };
	(void)fake_kube_put(fixture->fake, "/api", core);
	(void)fake_kube_put(fixture->fake, "/apis", named);
	struct err err = ERR_INIT;
	fixture->discovery = discovery_new(&fixture->fake->kube, clock_now() + 60000, &err);
	ck_assert_msg(fixture->discovery != NULL, "%s", err.msg);
}

static void tear_down(struct fixture *fixture)
{
	objects_release(&fixture->desired);
	report_release(&fixture->report);
	discovery_free(fixture->discovery);
	fake_kube_free(fixture->fake);
}

static struct object *add(struct fixture *fixture, const char *json)
{
	struct err err = ERR_INIT;
	cJSON *doc = doc_parse(json, strlen(json), &err);
	ck_assert_msg(doc != NULL, "%s", err.msg);
	struct object *object = object_new(doc, "all.yaml", 1 + fixture->desired.count, NULL);
	ck_assert_ptr_nonnull(object);
	objects_take(&fixture->desired, object);
	return object;
}

static bool settled(struct fixture *fixture)
{
	struct desired_options options = { .name = "shop", .ns = "prod", .target_ns = fixture->target, .unowned = fixture->unowned };
	return desired_settle(&fixture->desired, fixture->discovery, &options, &fixture->report);
}

START_TEST(namespaced_objects_that_name_no_namespace_get_the_syncs)
{
	struct fixture fixture;
	set_up(&fixture);
	const struct object *bare = add(&fixture, "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"}}");
	const struct object *other = add(
		&fixture, "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\",\"namespace\":\"x\"}}");
	const struct object *cluster = add(
		&fixture, "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"x\",\"namespace\":\"y\"}}");
	ck_assert(settled(&fixture));
	ck_assert_str_eq(bare->id.ns, "prod");
	ck_assert_str_eq(doc_text(bare->json, "metadata/namespace"), "prod");
	ck_assert_str_eq(other->id.ns, "x");
	ck_assert_str_eq(cluster->id.ns, "");
	ck_assert_ptr_null(doc_at(cluster->json, "metadata/namespace"));
	ck_assert_str_eq(object_label(cluster, "plumb.dev/name"), "shop");
	ck_assert_str_eq(object_label(other, "plumb.dev/namespace"), "prod");
	tear_down(&fixture);
}
END_TEST

START_TEST(string_data_becomes_data_and_wins_over_it)
{
	struct fixture fixture;
	set_up(&fixture);
	const struct object *secret = add(
		&fixture, "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"a\"},"
				  "\"data\":{\"a\":\"eA==\",\"b\":\"eQ==\"},\"stringData\":{\"a\":\"hello\",\"empty\":\"\"}}");
	const struct object *wrong = add(&fixture, "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"b\"},"
	                                           "\"stringData\":{\"a\":1}}");
	ck_assert(settled(&fixture));
	ck_assert_str_eq(doc_text(secret->json, "data/a"), "aGVsbG8=");
	ck_assert_str_eq(doc_text(secret->json, "data/b"), "eQ==");
	ck_assert_str_eq(doc_text(secret->json, "data/empty"), "");
	ck_assert_ptr_null(doc_at(secret->json, "stringData"));
	/* Left to the server to refuse. */
	ck_assert_ptr_nonnull(doc_at(wrong->json, "stringData/a"));
	tear_down(&fixture);
}
END_TEST

START_TEST(what_only_a_server_writes_is_taken_out)
{
	struct fixture fixture;
	set_up(&fixture);
	const struct object *dump = add(
		&fixture, "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"a\",\"creationTimestamp\":null,"
				  "\"uid\":\"u\",\"resourceVersion\":\"7\",\"generation\":2,\"managedFields\":[]},\"status\":{\"replicas\":1},"
				  "\"spec\":{\"template\":{\"metadata\":{\"creationTimestamp\":null,\"labels\":{\"a\":\"b\"}}}}}");
	ck_assert(settled(&fixture));
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_OBJECT_BYTES);
	ck_assert(doc_print_canonical(dump->json, &text));
	ck_assert_str_eq(
		buf_text(&text),
		"{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"labels\":{\"plumb.dev/name\":\"shop\","
		"\"plumb.dev/namespace\":\"prod\"},\"name\":\"a\",\"namespace\":\"prod\"},\"spec\":{\"template\":{\"metadata\":"
		"{\"labels\":{\"a\":\"b\"}}}}}");
	tear_down(&fixture);
}
END_TEST

START_TEST(a_version_that_is_not_served_is_an_error_that_names_the_one_that_is)
{
	struct fixture fixture;
	set_up(&fixture);
	(void)add(&fixture, "{\"apiVersion\":\"apps/v1beta1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"a\"}}");
	ck_assert(!settled(&fixture));
	ck_assert_uint_eq(fixture.report.error_count, 1);
	ck_assert_ptr_nonnull(strstr(fixture.report.errors[0], "all.yaml:1: "));
	ck_assert_ptr_nonnull(strstr(fixture.report.errors[0], "it serves apps/v1"));
	ck_assert_int_eq(report_exit_code(&fixture.report), 4);
	tear_down(&fixture);
}
END_TEST

START_TEST(a_kind_that_moved_to_another_group_is_an_error_that_names_it)
{
	struct fixture fixture;
	set_up(&fixture);
	(void)add(&fixture, "{\"apiVersion\":\"extensions/v1beta1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"a\"}}");
	(void)add(&fixture, "{\"apiVersion\":\"example.org/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"b\"}}");
	ck_assert(!settled(&fixture));
	ck_assert_uint_eq(fixture.report.error_count, 1);
	ck_assert_ptr_nonnull(strstr(fixture.report.errors[0], "does not serve extensions/v1beta1 of this kind, it serves apps/v1"));
	tear_down(&fixture);
}
END_TEST

START_TEST(objects_that_are_one_by_their_default_namespace_are_refused)
{
	struct fixture fixture;
	set_up(&fixture);
	(void)add(&fixture, "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"}}");
	(void)add(&fixture, "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\",\"namespace\":\"prod\"}}");
	ck_assert(!settled(&fixture));
	ck_assert_uint_eq(fixture.report.error_count, 1);
	ck_assert_ptr_nonnull(strstr(fixture.report.errors[0], "all.yaml:2: "));
	ck_assert_ptr_nonnull(strstr(fixture.report.errors[0], "first in all.yaml:1"));
	tear_down(&fixture);
}
END_TEST

START_TEST(a_crd_among_the_objects_tells_whether_its_kind_is_namespaced)
{
	struct fixture fixture;
	set_up(&fixture);
	(void)add(&fixture,
	          "{\"apiVersion\":\"apiextensions.k8s.io/v1\",\"kind\":\"CustomResourceDefinition\",\"metadata\":"
	          "{\"name\":\"carts.x.io\"},\"spec\":{\"group\":\"x.io\",\"scope\":\"Cluster\",\"names\":{\"kind\":\"Cart\"}}}");
	const struct object *cart = add(&fixture, "{\"apiVersion\":\"x.io/v1\",\"kind\":\"Cart\",\"metadata\":{\"name\":\"a\"}}");
	const struct object *unknown = add(&fixture, "{\"apiVersion\":\"y.io/v1\",\"kind\":\"Cart\",\"metadata\":{\"name\":\"a\"}}");
	ck_assert(settled(&fixture));
	ck_assert_str_eq(cart->id.ns, "");
	ck_assert_str_eq(unknown->id.ns, "prod");
	ck_assert_ptr_nonnull(desired_definition(&fixture.desired, "x.io", "Cart"));
	ck_assert_ptr_null(desired_definition(&fixture.desired, "y.io", "Cart"));
	tear_down(&fixture);
}
END_TEST

#define ACCOUNT(more) "{\"apiVersion\":\"v1\",\"kind\":\"ServiceAccount\",\"metadata\":{\"name\":\"bot\"" more "}}"
#define BINDING(subjects) \
	"{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":\"RoleBinding\",\"metadata\":{\"name\":\"b\"},\"subjects\":[" subjects \
	"]}"
#define SUBJECT(name, ns) "{\"kind\":\"ServiceAccount\",\"name\":\"" name "\",\"namespace\":\"" ns "\"}"

static const char *subject_namespace(const struct object *binding, int index)
{
	return doc_text(cJSON_GetArrayItem(doc_get(binding->json, "subjects"), index), "namespace");
}

START_TEST(a_target_namespace_is_that_of_all_namespaced_objects)
{
	struct fixture fixture;
	set_up(&fixture);
	fixture.target = "live";
	const struct object *bare = add(&fixture, "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"}}");
	const struct object *other = add(
		&fixture, "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"b\",\"namespace\":\"x\"}}");
	const struct object *cluster = add(&fixture, "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"x\"}}");
	ck_assert(settled(&fixture));
	ck_assert_str_eq(bare->id.ns, "live");
	ck_assert_str_eq(other->id.ns, "live");
	ck_assert_str_eq(doc_text(other->json, "metadata/namespace"), "live");
	ck_assert_str_eq(cluster->id.ns, "");
	ck_assert_str_eq(cluster->id.name, "x");
	ck_assert_str_eq(object_label(other, "plumb.dev/namespace"), "prod");
	tear_down(&fixture);
}
END_TEST

START_TEST(what_refers_to_a_moved_account_follows_it)
{
	struct fixture fixture;
	set_up(&fixture);
	fixture.target = "live";
	(void)add(&fixture, ACCOUNT(",\"namespace\":\"x\""));
	const struct object *binding = add(
		&fixture, BINDING(SUBJECT("bot", "x") "," SUBJECT("bot", "y") "," SUBJECT("default", "z") "," SUBJECT("else", "x")));
	ck_assert(settled(&fixture));
	ck_assert_str_eq(subject_namespace(binding, 0), "live");
	ck_assert_str_eq(subject_namespace(binding, 1), "y");
	ck_assert_str_eq(subject_namespace(binding, 2), "live");
	ck_assert_str_eq(subject_namespace(binding, 3), "x");
	tear_down(&fixture);
}
END_TEST

START_TEST(an_account_that_names_no_namespace_is_meant_by_any)
{
	struct fixture fixture;
	set_up(&fixture);
	fixture.target = "live";
	(void)add(&fixture, ACCOUNT(""));
	const struct object *binding = add(&fixture, BINDING(SUBJECT("bot", "placeholder")));
	ck_assert(settled(&fixture));
	ck_assert_str_eq(subject_namespace(binding, 0), "live");
	tear_down(&fixture);
}
END_TEST

START_TEST(two_objects_that_a_target_namespace_makes_one_are_an_error)
{
	struct fixture fixture;
	set_up(&fixture);
	fixture.target = "live";
	(void)add(&fixture, "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\",\"namespace\":\"x\"}}");
	(void)add(&fixture, "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\",\"namespace\":\"y\"}}");
	ck_assert(!settled(&fixture));
	ck_assert_ptr_nonnull(strstr(fixture.report.errors[0], "duplicate object"));
	tear_down(&fixture);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("desired");
	tcase_add_test(tcase, namespaced_objects_that_name_no_namespace_get_the_syncs);
	tcase_add_test(tcase, string_data_becomes_data_and_wins_over_it);
	tcase_add_test(tcase, what_only_a_server_writes_is_taken_out);
	tcase_add_test(tcase, a_version_that_is_not_served_is_an_error_that_names_the_one_that_is);
	tcase_add_test(tcase, a_kind_that_moved_to_another_group_is_an_error_that_names_it);
	tcase_add_test(tcase, objects_that_are_one_by_their_default_namespace_are_refused);
	tcase_add_test(tcase, a_crd_among_the_objects_tells_whether_its_kind_is_namespaced);
	Suite *suite = suite_create("desired");
	tcase_add_test(tcase, a_target_namespace_is_that_of_all_namespaced_objects);
	tcase_add_test(tcase, what_refers_to_a_moved_account_follows_it);
	tcase_add_test(tcase, an_account_that_names_no_namespace_is_meant_by_any);
	tcase_add_test(tcase, two_objects_that_a_target_namespace_makes_one_are_an_error);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
