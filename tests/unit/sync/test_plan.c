#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/names.h"
#include "sync/plan.h"
#include "tests/unit/case_file.c"

#define CASES "cases/plan"
#define SYNC_NAME "shop"
#define SYNC_NS "shop"

struct scene {
	cJSON *doc;
	struct objects desired;
	struct lives live;
	struct inventory inventory;
};

static void scene_release(struct scene *scene)
{
	objects_release(&scene->desired);
	lives_release(&scene->live);
	inventory_release(&scene->inventory);
	cJSON_Delete(scene->doc);
}

static void stamp(cJSON *metadata)
{
	cJSON *labels = doc_make(metadata, "labels");
	doc_set_text(labels, LABEL_NAME, SYNC_NAME);
	doc_set_text(labels, LABEL_NAMESPACE, SYNC_NS);
}

static void read_desired(struct scene *scene)
{
	const cJSON *item = NULL;
	cJSON_ArrayForEach (item, doc_get(scene->doc, "desired")) {
		cJSON *copy = cJSON_Duplicate(item, true);
		stamp(doc_get(copy, "metadata"));
		struct object *object = object_new(copy, NULL, 0, NULL);
		ck_assert_ptr_nonnull(object);
		objects_take(&scene->desired, object);
	}
}

static const struct object *find_desired(const struct scene *scene, const char *kind, const char *name)
{
	for (size_t i = 0; i < scene->desired.count; i++) {
		const struct ident *id = &scene->desired.items[i]->id;
		if (strcmp(id->kind, kind) == 0 && strcmp(id->name, name) == 0) {
			return scene->desired.items[i];
		}
	}
	return NULL;
}

/* The set that an apply of the value makes, where lists of mappings are keyed by name. */
static cJSON *set_for(const cJSON *value)
{
	cJSON *set = cJSON_CreateObject();
	const cJSON *child = NULL;
	cJSON_ArrayForEach (child, value) {
		const char *name = cJSON_IsArray(value) ? doc_text(child, "name") : NULL;
		CLEANUP(text_freep)
		char *key = name ? text_printf("k:{\"name\":\"%s\"}", name) : text_printf("f:%s", child->string ? child->string : "");
		cJSON_AddItemToObject(set, key, set_for(child));
	}
	return set;
}

/* "spec/replicas" out of the set; a list element goes by its name. */
static void take_out(cJSON *set, const char *path)
{
	size_t len = strcspn(path, "/");
	CLEANUP(text_freep) char *field = text_printf("f:%.*s", (int)len, path);
	CLEANUP(text_freep) char *element = text_printf("k:{\"name\":\"%.*s\"}", (int)len, path);
	const char *key = doc_get(set, field) ? field : element;
	ck_assert_msg(doc_get(set, key) != NULL, "no %s in the set", path);
	if (path[len]) {
		take_out(doc_get(set, key), path + len + 1);
	} else {
		doc_remove(set, key);
	}
}

static cJSON *expand_set(const struct object *object, const char *text)
{
	cJSON *manifest = object ? cJSON_Duplicate(object->json, true) : cJSON_CreateObject();
	doc_remove(manifest, "apiVersion");
	doc_remove(manifest, "kind");
	doc_remove(doc_make(manifest, "metadata"), "name");
	doc_remove(doc_make(manifest, "metadata"), "namespace");
	doc_set_text(doc_make(manifest, "metadata/annotations"), NOTE_DIGEST, "");
	cJSON *set = set_for(manifest);
	cJSON_Delete(manifest);
	const char *minus = strstr(text, " -");
	if (minus) {
		take_out(set, minus + 2);
	}
	return set;
}

static void fill_synced(cJSON *metadata)
{
	if (!doc_get(metadata, "labels")) {
		stamp(metadata);
	}
	if (!doc_get(metadata, "annotations")) {
		doc_set_text(doc_make(metadata, "annotations"), NOTE_DIGEST, "$digest");
	}
	if (!doc_get(metadata, "generation")) {
		doc_set(metadata, "generation", cJSON_CreateNumber(1));
	}
	if (!doc_get(metadata, "managedFields")) {
		cJSON *entry = cJSON_CreateObject();
		doc_set_text(entry, "manager", MANAGER_PLUMB);
		doc_set_text(entry, "operation", "Apply");
		doc_set_text(entry, "fieldsV1", "$manifest");
		cJSON *entries = cJSON_CreateArray();
		cJSON_AddItemToArray(entries, entry);
		doc_set(metadata, "managedFields", entries);
	}
}

static void expand(const struct object *object, cJSON *metadata)
{
	cJSON *annotations = doc_get(metadata, "annotations");
	const char *digest = doc_text(annotations, NOTE_DIGEST);
	digest = digest ? digest : cJSON_GetStringValue(doc_get(annotations, NOTE_DIGEST));
	if (object && digest && strcmp(digest, "$digest") == 0) {
		char text[16];
		plan_digest(object, text);
		doc_set_text(annotations, NOTE_DIGEST, text);
	}
	cJSON *entry = NULL;
	cJSON_ArrayForEach (entry, doc_get(metadata, "managedFields")) {
		const char *set = doc_text(entry, "fieldsV1");
		if (set) {
			doc_set(entry, "fieldsV1", expand_set(object, set));
		}
	}
}

static void read_live(struct scene *scene)
{
	const cJSON *item = NULL;
	cJSON_ArrayForEach (item, doc_get(scene->doc, "live")) {
		CLEANUP(doc_freep) cJSON *copy = cJSON_Duplicate(item, true);
		cJSON *metadata = cJSON_DetachItemFromObjectCaseSensitive(copy, "metadata");
		const char *name = doc_text(metadata, "name");
		if (doc_true(copy, "synced")) {
			fill_synced(metadata);
		}
		expand(find_desired(scene, doc_text(copy, "kind"), name), metadata);
		if (!doc_get(metadata, "uid")) {
			CLEANUP(text_freep) char *uid = text_printf("u-%s", name);
			doc_set_text(metadata, "uid", uid);
		}
		const char *version = doc_text(copy, "apiVersion");
		const char *slash = strchr(version, '/');
		CLEANUP(text_freep) char *group = text_dup_len(version, slash ? (size_t)(slash - version) : 0);
		struct live *live = live_new(group, doc_text(copy, "kind"), metadata);
		ck_assert_ptr_nonnull(live);
		lives_take(&scene->live, live);
	}
}

static void read_inventory(struct scene *scene)
{
	const cJSON *item = NULL;
	cJSON_ArrayForEach (item, doc_get(scene->doc, "inventory")) {
		struct inventory_row *row = inventory_row_of(item);
		ck_assert_ptr_nonnull(row);
		if (!doc_get(item, "uid")) {
			free(row->uid);
			row->uid = text_printf("u-%s", row->id.name);
		}
		const struct object *object = find_desired(scene, row->id.kind, row->id.name);
		if (row->once && strcmp(row->once, "$digest") == 0) {
			free(row->once);
			row->once = alloc_new(16, 1);
			plan_digest(object, row->once);
		}
		inventory_take(&scene->inventory, row);
	}
}

static struct scene scene_of(cJSON *doc)
{
	struct scene scene = { .doc = doc };
	read_desired(&scene);
	read_live(&scene);
	read_inventory(&scene);
	return scene;
}

struct asked {
	const cJSON *options;
	const char *yielded[8];
};

static const cJSON *options_of(const struct asked *asked)
{
	return asked->options;
}

static bool kind_known(void *context, const char *group, const char *kind)
{
	(void)group;
	const cJSON *unknown = NULL;
	cJSON_ArrayForEach (unknown, doc_get(options_of(context), "unknownKinds")) {
		if (strcmp(unknown->valuestring, kind) == 0) {
			return false;
		}
	}
	return true;
}

static const char *const *yielded(void *context, const struct ident *id)
{
	struct asked *asked = context;
	const cJSON *path = NULL;
	size_t count = 0;
	cJSON_ArrayForEach (path, doc_get(doc_get(asked->options, "yielded"), id->name)) {
		asked->yielded[count++] = path->valuestring;
	}
	return asked->yielded;
}

static const struct ident *scaler(void *context, const struct ident *id)
{
	static char texts[][24] = { "autoscaling", "HorizontalPodAutoscaler", "shop", "elsewhere" };
	static const struct ident hpa = { texts[0], texts[1], texts[2], texts[3] };
	const struct asked *asked = context;
	const char *name = doc_text(asked->options, "scaled");
	return name && strcmp(name, id->name) == 0 ? &hpa : NULL;
}

static struct plan *plan_of(const struct scene *scene)
{
	const char *take_over[8] = { NULL };
	const cJSON *options = doc_get(scene->doc, "options");
	const cJSON *name = NULL;
	size_t count = 0;
	cJSON_ArrayForEach (name, doc_get(options, "takeOver")) {
		take_over[count++] = name->valuestring;
	}
	struct asked asked = { .options = options };
	const struct plan_options plan_options = {
		.name = SYNC_NAME,
		.ns = SYNC_NS,
		.prune = doc_true(options, "prune"),
		.source_changed = !doc_true(options, "otherSource"),
		.verify = doc_true(options, "verify"),
		.prune_limit = (int)doc_int(options, "pruneLimit", -1),
		.take_over = take_over,
		.part = doc_true(options, "part"),
		.yielded = yielded,
		.scaler = scaler,
		.kind_known = kind_known,
		.context = &asked,
	};
	return plan_new(&scene->desired, &scene->live, &scene->inventory, &plan_options);
}

static const char *const kind_names[] = { "none", "create", "change", "heal", "adopt", "prune",
	                                      "keep", "forget", "skip",   "wait", "block" };

static void print_action(struct buf *out, const struct action *action)
{
	const struct {
		bool set;
		const char *name;
	} flags[] = {
		{ action->maybe, "maybe" },         { action->force, "force" },
		{ action->take_over, "take_over" }, { action->drop_replicas, "drop_replicas" },
		{ action->hand_over, "hand_over" },
	};
	CLEANUP(text_freep) char *name = ident_text(action->desired ? &action->desired->id : &action->row->id);
	(void)buf_printf(out, "%s %s: %s", kind_names[action->kind], name, action->reason);
	const char *before = " [";
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		if (flags[i].set) {
			(void)buf_printf(out, "%s%s", before, flags[i].name);
			before = " ";
		}
	}
	for (char **path = action->yielded; path && *path; path++) {
		(void)buf_printf(out, "%syields %s", before, *path);
		before = " ";
	}
	(void)buf_puts(out, *before && before[1] ? "\n" : "]\n");
}

static void print_lines(struct buf *out, const cJSON *lines)
{
	const cJSON *line = NULL;
	cJSON_ArrayForEach (line, lines) {
		(void)buf_printf(out, "%s\n", line->valuestring);
	}
}

static void check_plan(const struct plan *plan, const cJSON *doc)
{
	CLEANUP(buf_release) struct buf got = BUF_INIT(LIMIT_OBJECT_BYTES);
	CLEANUP(buf_release) struct buf want = BUF_INIT(LIMIT_OBJECT_BYTES);
	for (size_t i = 0; i < plan->count; i++) {
		print_action(&got, plan->actions[i]);
	}
	for (size_t i = 0; i < plan->warning_count; i++) {
		(void)buf_printf(&got, "%s\n", plan->warnings[i]);
	}
	(void)buf_puts(&got, plan->brake ? plan->brake : "");
	print_lines(&want, doc_get(doc, "want"));
	print_lines(&want, doc_get(doc, "warnings"));
	const char *brake = doc_text(doc, "brake");
	(void)buf_puts(&want, brake ? brake : "");
	ck_assert_str_eq(buf_text(&got), buf_text(&want));
}

START_TEST(a_plan_is_what_its_case_says)
{
	CLEANUP(scene_release) struct scene scene = scene_of(case_read(CASES, case_name(CASES, (size_t)_i)));
	CLEANUP(plan_freep) struct plan *plan = plan_of(&scene);
	check_plan(plan, scene.doc);
}
END_TEST

START_TEST(only_actions_that_write_count_as_writing)
{
	static const struct {
		const char *name;
		bool writes;
	} cases[] = {
		{ "in-sync.json", false },
		{ "create.json", true },
		{ "change.json", true },
		{ "heal-image.json", true },
		{ "adopt.json", true },
		{ "prune.json", true },
		{ "keep-without-prune.json", false },
		{ "forget-gone.json", false },
		{ "skip-disabled.json", false },
		{ "wait-deletion.json", false },
		{ "block-other-sync.json", false },
		{ "brake.json", false },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(scene_release) struct scene scene = scene_of(case_read(CASES, cases[i].name));
		CLEANUP(plan_freep) struct plan *plan = plan_of(&scene);
		ck_assert_msg(plan_writes(plan) == cases[i].writes, "%s", cases[i].name);
	}
}
END_TEST

static struct object *object_of(const char *text)
{
	struct err err = ERR_INIT;
	cJSON *json = doc_parse(text, strlen(text), &err);
	ck_assert_msg(json != NULL, "%s", err.msg);
	struct object *object = object_new(json, NULL, 0, NULL);
	ck_assert_ptr_nonnull(object);
	return object;
}

START_TEST(the_digest_is_versioned_and_does_not_depend_on_the_order_of_keys)
{
	struct object *a = object_of(
		"{\"apiVersion\":\"v1\",\"kind\":\"X\",\"metadata\":{\"name\":\"a\"},\"data\":{\"x\":1,\"y\":\"2\"}}");
	struct object *b = object_of(
		"{\"kind\":\"X\",\"data\":{\"y\":\"2\",\"x\":1},\"metadata\":{\"name\":\"a\"},\"apiVersion\":\"v1\"}");
	struct object *c = object_of(
		"{\"kind\":\"X\",\"data\":{\"y\":2,\"x\":1},\"metadata\":{\"name\":\"a\"},\"apiVersion\":\"v1\"}");
	char first[16];
	char second[16];
	char third[16];
	plan_digest(a, first);
	plan_digest(b, second);
	plan_digest(c, third);
	/* printf '{"apiVersion":"v1","data":{"x":1,"y":"2"},"kind":"X","metadata":{"name":"a"}}' | sha256sum */
	ck_assert_str_eq(first, "1:93d9e376facb");
	ck_assert_str_eq(first, second);
	ck_assert_str_ne(first, third);
	object_free(a);
	object_free(b);
	object_free(c);
}
END_TEST

START_TEST(only_those_managers_are_taken_over_that_may_be)
{
	const char *const named[] = { "argocd-controller", NULL };
	static const char *const yes[] = { "kubectl", "kubectl-client-side-apply", "kubectl-edit", "before-first-apply", "plumb" };
	static const char *const no[] = { "kubectl-rollout", "kubectlx", "helm", "kube-controller-manager", "" };
	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		ck_assert_msg(manager_takeable(yes[i], NULL), "%s", yes[i]);
		ck_assert_msg(!manager_takeable(no[i], named), "%s", no[i]);
	}
	ck_assert(manager_takeable("argocd-controller", named));
	ck_assert(!manager_takeable("argocd-controller", NULL));
}
END_TEST

START_TEST(ten_thousand_objects_are_planned)
{
	enum { COUNT = 10000 };
	cJSON *doc = cJSON_CreateObject();
	cJSON *desired = cJSON_AddArrayToObject(doc, "desired");
	cJSON *live = cJSON_AddArrayToObject(doc, "live");
	cJSON *rows = cJSON_AddArrayToObject(doc, "inventory");
	for (int i = 0; i < COUNT; i++) {
		CLEANUP(text_freep)
		char *object = text_printf(
			"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"n%d\",\"namespace\":\"x\"},\"data\":{\"k\":\"v\"}}",
			i);
		CLEANUP(text_freep) char *row = text_printf("{\"kind\":\"ConfigMap\",\"name\":\"n%d\",\"namespace\":\"x\"}", i);
		cJSON_AddItemToArray(i % 2 ? desired : live, cJSON_Parse(object));
		cJSON_AddItemToArray(rows, cJSON_Parse(row));
	}
	CLEANUP(scene_release) struct scene scene = { .doc = doc };
	read_desired(&scene);
	const cJSON *item = NULL;
	cJSON_ArrayForEach (item, live) {
		cJSON *metadata = cJSON_Duplicate(doc_get(item, "metadata"), true);
		stamp(metadata);
		CLEANUP(text_freep) char *uid = text_printf("u-%s", doc_text(metadata, "name"));
		doc_set_text(metadata, "uid", uid);
		lives_take(&scene.live, live_new("", "ConfigMap", metadata));
	}
	cJSON_ArrayForEach (item, rows) {
		struct inventory_row *row = inventory_row_of(item);
		free(row->uid);
		row->uid = text_printf("u-%s", row->id.name);
		inventory_take(&scene.inventory, row);
	}
	CLEANUP(plan_freep) struct plan *plan = plan_of(&scene);
	ck_assert_uint_eq(plan->count, COUNT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan");
	TCase *tests = tcase_create("plan");
	tcase_add_loop_test(tests, a_plan_is_what_its_case_says, 0, (int)case_count(CASES));
	tcase_add_test(tests, only_actions_that_write_count_as_writing);
	tcase_add_test(tests, the_digest_is_versioned_and_does_not_depend_on_the_order_of_keys);
	tcase_add_test(tests, only_those_managers_are_taken_over_that_may_be);
	tcase_add_test(tests, ten_thousand_objects_are_planned);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
