#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/files.h"
#include "render/kustomize/crds.h"

static bool load(struct arena *arena, const char *text, struct field_config *out, struct err *err)
{
	struct files *files = files_mem_new();
	files_mem_add(files, "crd.yaml", text, strlen(text));
	size_t bytes = 0;
	const struct loader loader = { .arena = arena, .files = files, .from = "", .dir = "", .bytes = &bytes };
	struct problems problems = PROBLEMS_INIT;
	const struct build build = { .arena = arena, .problems = &problems, .loader = &loader, .file = "kustomization.yaml" };
	const char *path = "crd.yaml";
	const struct texts paths = { .items = &path, .count = 1, .set = true };
	bool good = crds_load(&build, &paths, out, err);
	problems_release(&problems);
	files_free(files);
	return good;
}

static const char definitions[] = "example.com/v1.Thing:\n"
								  "  Schema:\n"
								  "    properties:\n"
								  "      kind: {type: string}\n"
								  "      apiVersion: {type: string}\n"
								  "      metadata: {$ref: k8s.io/ObjectMeta}\n"
								  "      spec: {$ref: example.com/v1.ThingSpec}\n"
								  "      notes: {x-kubernetes-annotation: '', type: object}\n"
								  "example.com/v1.ThingSpec:\n"
								  "  schema:\n"
								  "    properties:\n"
								  "      secret:\n"
								  "        X-Kubernetes-Object-Ref-Api-Version: v1\n"
								  "        x-kubernetes-object-ref-kind: Secret\n"
								  "      bee:\n"
								  "        x-kubernetes-object-ref-api-version: v1beta1\n"
								  "        x-kubernetes-object-ref-kind: Bee\n"
								  "        x-kubernetes-object-ref-name-key: id\n"
								  "      half: {x-kubernetes-object-ref-kind: Bee}\n"
								  "      picks: {x-kubernetes-label-selector: ''}\n"
								  "      id: {x-kubernetes-identity: ''}\n"
								  "      not: {x-kubernetes-identity: true}\n"
								  "other.Part:\n"
								  "  Schema: {properties: {a: {x-kubernetes-identity: ''}}}\n";

static void is_spec(const struct fieldspecs *specs, const char *path)
{
	ck_assert_uint_eq(specs->count, 1);
	ck_assert_str_eq(specs->items[0].path, path);
	ck_assert_str_eq(specs->items[0].gvk.kind, "Thing");
	ck_assert(!specs->items[0].create);
}

START_TEST(definitions_of_objects_say_where_names_labels_and_annotations_are)
{
	CLEANUP(arena_release) struct arena arena = ARENA_INIT(LIMIT_MIB(16));
	struct err err = ERR_INIT;
	struct field_config config = { 0 };
	ck_assert_msg(load(&arena, definitions, &config, &err), "%s", err.msg);
	is_spec(&config.common_annotations, "notes");
	is_spec(&config.common_labels, "spec/picks");
	is_spec(&config.name_prefix, "spec/id");
	ck_assert_uint_eq(config.name_suffix.count, 0);
	ck_assert_uint_eq(config.name_reference.count, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct name_reference *reference = &config.name_reference.items[i];
		bool bee = strcmp(reference->gvk.kind, "Bee") == 0;
		ck_assert_str_eq(reference->gvk.version, bee ? "v1beta1" : "v1");
		is_spec(&reference->referrers, bee ? "spec/bee/id" : "spec/secret/name");
	}
}
END_TEST

START_TEST(other_texts_are_refused_with_what_is_wanted)
{
	static const char *const rows[][2] = {
		{ "", "crds[0]: crd.yaml: the file is empty" },
		{ "- a\n", "crds[0]: 'crd.yaml' has no mapping of OpenAPI definitions" },
		{ "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n",
		  "crds[0]: 'apiVersion' is no OpenAPI definition: crds takes definitions by the name of their type, no "
		  "CustomResourceDefinitions (those belong to resources)" },
		{ "a: {Schema: {properties: {b: {items: [{type: 3}]}}}}\n",
		  "crds[0]: definition 'a': Schema: properties: b: items: 0: type: must be a text or a list of texts" },
		{ "a: {Dependencies: b}\n", "crds[0]: definition 'a': Dependencies: must be a list" },
		{ "a: {Schema: {properties: {kind: {}, apiVersion: {}, metadata: {}, x: {$ref: a}}}}\n",
		  "crds[0]: definition 'a' refers to itself, or is more than 100 deep" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(arena_release) struct arena arena = ARENA_INIT(LIMIT_MIB(16));
		struct err err = ERR_INIT;
		struct field_config config = { 0 };
		ck_assert_msg(!load(&arena, rows[i][0], &config, &err), "%s", rows[i][0]);
		ck_assert_str_eq(err.msg, rows[i][1]);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kustomize_crds");
	TCase *tests = tcase_create("kustomize_crds");
	tcase_add_test(tests, definitions_of_objects_say_where_names_labels_and_annotations_are);
	tcase_add_test(tests, other_texts_are_refused_with_what_is_wanted);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
