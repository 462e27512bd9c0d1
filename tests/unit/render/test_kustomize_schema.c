#include "golden.h"

#include "render/kustomize/fieldspec.h"
#include "render/kustomize/read.h"
#include "render/kustomize/schema.h"

static struct arena arena;

static void setup(void)
{
	arena = ARENA_INIT(LIMIT_MIB(16));
}

static void teardown(void)
{
	arena_release(&arena);
}

static struct tree *read_document(const char *text)
{
	struct tree *tree;
	struct err err = ERR_INIT;
	ck_assert_msg(tree_read_config(&arena, "openapi", text, strlen(text), 0, &tree, &err), "%s", err.msg);
	return tree;
}

static const struct schema *schema_of(const char *text, enum schema_builtin builtin)
{
	struct err err = ERR_INIT;
	const struct schema *schema = schema_new(&arena, read_document(text), builtin, &err);
	ck_assert_msg(schema != NULL, "%s", err.msg);
	return schema;
}

/* "name", "port protocol", "" of a set, "-" of a list that is replaced. "[]" in the path stands for a list's items. */
static const char *keys_at(const struct schema *schema, const char *api_version, const char *kind, const char *path)
{
	struct schema_at at = schema_of_kind(schema, api_version, kind);
	char *names = arena_text(&arena, path);
	for (char *name = strtok(names, "."); name; name = strtok(NULL, ".")) {
		at = strcmp(name, "[]") == 0 ? schema_items(at) : schema_field(at, name);
	}
	if (!schema_merges(at)) {
		return "-";
	}
	const char *keys[SCHEMA_KEYS_MAX];
	const char *text = "";
	size_t count = schema_keys(at, keys);
	for (size_t i = 0; i < count; i++) {
		text = arena_printf(&arena, "%s%s%s", text, i ? " " : "", keys[i]);
	}
	return text;
}

START_TEST(kinds_of_kubernetes_1_21_merge_their_lists_by_these_keys)
{
	static const char *const rows[][4] = {
		{ "apps/v1", "Deployment", "spec.template.spec.containers", "name" },
		{ "apps/v1", "Deployment", "spec.template.spec.containers.[].ports", "containerPort protocol" },
		{ "apps/v1", "Deployment", "spec.template.spec.containers.[].args", "-" },
		{ "apps/v1", "Deployment", "spec.template.spec.containers.[].envFrom", "-" },
		{ "apps/v1", "Deployment", "spec.template.spec.tolerations", "-" },
		{ "apps/v1", "Deployment", "spec.template.spec.volumes", "name" },
		{ "apps/v1", "Deployment", "spec.template.spec.topologySpreadConstraints", "topologyKey whenUnsatisfiable" },
		{ "apps/v1", "Deployment", "metadata.finalizers", "" },
		{ "apps/v1", "Deployment", "spec.template.metadata.ownerReferences", "uid" },
		{ "apps/v1", "Deployment", "status.conditions", "type" },
		{ "apps/v1", "StatefulSet", "spec.volumeClaimTemplates", "-" },
		{ "apps/v1", "StatefulSet", "spec.volumeClaimTemplates.[].metadata.finalizers", "" },
		{ "batch/v1", "CronJob", "spec.jobTemplate.spec.template.spec.initContainers.[].volumeMounts", "mountPath" },
		{ "v1", "Pod", "spec.ephemeralContainers.[].env", "name" },
		{ "v1", "Pod", "spec.ephemeralContainers.[].ports", "-" },
		{ "v1", "Pod", "spec.hostAliases", "ip" },
		{ "v1", "Service", "spec.ports", "port protocol" },
		{ "v1", "ServiceAccount", "secrets", "name" },
		{ "v1", "ServiceAccount", "imagePullSecrets", "-" },
		{ "v1", "Node", "spec.podCIDRs", "" },
		{ "admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "webhooks", "name" },
		{ "rbac.authorization.k8s.io/v1", "Role", "rules", "-" },
		{ "extensions/v1beta1", "Deployment", "spec.template.spec.containers", "-" },
		{ "apps/v1", "Rollout", "spec.template.spec.containers", "-" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *keys = keys_at(NULL, rows[i][0], rows[i][1], rows[i][2]);
		ck_assert_msg(strcmp(keys, rows[i][3]) == 0, "%s %s: '%s'", rows[i][1], rows[i][2], keys);
	}
}
END_TEST

static const char file[] = "definitions:\n"
						   "  foo:\n"
						   "    x-kubernetes-group-version-kind: [{group: x.io, version: v1, kind: Foo}]\n"
						   "    properties:\n"
						   "      list: {$ref: '#/definitions/list'}\n"
						   "      pod: {$ref: '#/definitions/io.k8s.api.core.v1.PodSpec'}\n"
						   "      loop: {$ref: '#/definitions/loop'}\n"
						   "      other: {additionalProperties: {$ref: '#/definitions/list'}}\n"
						   "  list:\n"
						   "    type: array\n"
						   "    items: {properties: {set: {type: array, x-kubernetes-patch-strategy: 'retainKeys,merge'}}}\n"
						   "    x-kubernetes-patch-strategy: merge\n"
						   "    x-kubernetes-list-map-keys: [a, b]\n"
						   "    x-kubernetes-patch-merge-key: a\n"
						   "  loop: {$ref: '#/definitions/loop'}\n"
						   "paths:\n"
						   "  /apis/x.io/v1/foos:\n"
						   "    get: {x-kubernetes-group-version-kind: {group: x.io, version: v1, kind: Foo}}\n"
						   "  /apis/x.io/v1/namespaces/{namespace}/bars:\n"
						   "    get: {x-kubernetes-group-version-kind: {group: x.io, version: v1, kind: Bar}}\n";

START_TEST(a_file_takes_the_place_of_the_built_in_schema)
{
	const struct schema *schema = schema_of(file, SCHEMA_WITHOUT_BUILTIN);
	ck_assert_str_eq(keys_at(schema, "x.io/v1", "Foo", "list"), "a b");
	ck_assert_str_eq(keys_at(schema, "x.io/v1", "Foo", "list.[].set"), "");
	ck_assert_str_eq(keys_at(schema, "x.io/v1", "Foo", "other.any"), "a b");
	ck_assert_str_eq(keys_at(schema, "x.io/v1", "Foo", "loop"), "-");
	ck_assert_str_eq(keys_at(schema, "x.io/v2", "Foo", "list"), "-");
	ck_assert_str_eq(keys_at(schema, "x.io/v1", "Foo", "pod.containers"), "-");
	ck_assert_str_eq(keys_at(schema, "apps/v1", "Deployment", "spec.template.spec.containers"), "-");
	ck_assert_int_eq(schema_scope(schema, "x.io/v1", "Foo"), SCHEMA_CLUSTER);
	ck_assert_int_eq(schema_scope(schema, "x.io/v1", "Bar"), SCHEMA_NAMESPACED);
	ck_assert_int_eq(schema_scope(schema, "x.io/v1", "Baz"), SCHEMA_SCOPE_UNKNOWN);
}
END_TEST

START_TEST(the_built_in_schema_stays_where_it_was_read_before_the_file)
{
	const struct schema *schema = schema_of(file, SCHEMA_BEFORE_BUILTIN);
	ck_assert_str_eq(keys_at(schema, "x.io/v1", "Foo", "pod.containers.[].env"), "name");
	ck_assert_str_eq(keys_at(schema, "apps/v1", "Deployment", "spec.template.spec.containers"), "name");
}
END_TEST

START_TEST(what_is_no_openapi_document_is_refused)
{
	static const char *const texts[] = { "[]", "definitions: []",
		                                 "definitions: {a: {x-kubernetes-group-version-kind: [{kind: A}]}}" };
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct err err = ERR_INIT;
		ck_assert(!schema_new(&arena, read_document(texts[i]), SCHEMA_WITHOUT_BUILTIN, &err));
		ck_assert(err.msg[0]);
	}
}
END_TEST

START_TEST(only_objects_of_known_scope_let_kustomize_read_no_schema)
{
	ck_assert(schema_knows_scope("apps/v1", "Deployment"));
	ck_assert(schema_knows_scope("v1", "PodExecOptions"));
	ck_assert(!schema_knows_scope("v1", "Binding"));
	ck_assert(!schema_knows_scope("authorization.k8s.io/v1", "SubjectAccessReview"));
	ck_assert(!schema_knows_scope("x.io/v1", "Foo"));
}
END_TEST

/* --- lists of field specs ---------------------------------------------------------------------------------------- */

static struct fieldspecs specs_of(struct fieldspec *items, size_t count)
{
	return (struct fieldspecs){ items, count, true };
}

START_TEST(a_field_spec_is_there_already_where_one_of_its_path_is_selected_by_it)
{
	struct fieldspec own[] = { { { "apps", "", "Deployment" }, "spec/a", true } };
	struct fieldspec more[] = { { { "", "", "Deployment" }, "spec/a", true }, { { "", "", "Deployment" }, "spec/b", false } };
	struct fieldspecs into = specs_of(own, 1);
	const struct fieldspecs from = specs_of(more, 2);
	struct err err = ERR_INIT;
	ck_assert(fieldspecs_merge(&arena, &into, &from, &err));
	ck_assert_uint_eq(into.count, 2);
	ck_assert_str_eq(into.items[1].path, "spec/b");
	more[0].create = false;
	ck_assert(!fieldspecs_merge(&arena, &into, &from, &err));
	ck_assert_str_eq(err.msg,
	                 "path 'spec/a' of kind 'Deployment' is there with 'create: true' already: both entries must say the same");
}
END_TEST

START_TEST(kustomize_s_own_tables_are_complete)
{
	struct field_config config = *field_config_default();
	ck_assert_uint_eq(config.common_labels.count, 32);
	ck_assert_uint_eq(config.template_labels.count, 10);
	ck_assert_uint_eq(config.common_annotations.count, 9);
	ck_assert_uint_eq(config.var_reference.count, 72);
	ck_assert_uint_eq(config.images.count, 6);
	ck_assert_uint_eq(config.replicas.count, 4);
	ck_assert_uint_eq(config.name_reference.count, 15);
	size_t referrers = 0;
	for (size_t i = 0; i < config.name_reference.count; i++) {
		referrers += config.name_reference.items[i].referrers.count;
	}
	ck_assert_uint_eq(referrers, 165);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("kustomize_schema");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, kinds_of_kubernetes_1_21_merge_their_lists_by_these_keys);
	tcase_add_test(tcase, a_file_takes_the_place_of_the_built_in_schema);
	tcase_add_test(tcase, the_built_in_schema_stays_where_it_was_read_before_the_file);
	tcase_add_test(tcase, what_is_no_openapi_document_is_refused);
	tcase_add_test(tcase, only_objects_of_known_scope_let_kustomize_read_no_schema);
	tcase_add_test(tcase, a_field_spec_is_there_already_where_one_of_its_path_is_selected_by_it);
	tcase_add_test(tcase, kustomize_s_own_tables_are_complete);
	Suite *suite = suite_create("kustomize_schema");
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
