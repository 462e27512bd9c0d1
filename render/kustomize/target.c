#include "render/kustomize/target.h"

#include <string.h>

#include "render/kustomize/decode.h"
#include "render/kustomize/read.h"
#include "render/kustomize/shared.h"

const char *const TARGET_NAMES[3] = { "kustomization.yaml", "kustomization.yml", "Kustomization" };

/* Exactly one of the names must be there. */
static bool find(struct target *target, struct text *text, struct err *err)
{
	size_t found = 0;
	struct err why = ERR_INIT;
	for (size_t i = 0; i < ARRAY_LEN(TARGET_NAMES); i++) {
		struct err failed = ERR_INIT;
		if (loader_read(&target->loader, TARGET_NAMES[i], text, &failed)) {
			target->name = TARGET_NAMES[i];
			found++;
		} else if (failed.kind != ERR_NOT_FOUND) {
			why = failed;
		}
	}
	const char *dir = loader_path(&target->loader, ".");
	if (found > 1) {
		return err_set(err, ERR_INPUT,
		               "'%s' has more than one kustomization: keep one of kustomization.yaml, kustomization.yml "
		               "and Kustomization",
		               dir);
	}
	if (found == 0 && why.kind != ERR_NONE) {
		*err = why;
		return false;
	}
	return found ||
	       err_set(err, ERR_NOT_FOUND, "'%s' has no kustomization (kustomization.yaml, kustomization.yml or Kustomization)", dir);
}

static void warn_deprecated(const struct target *target, bool given, const char *field, const char *instead)
{
	if (given) {
		problems_add(target->build->problems, PROBLEM_WARNING, target->file, 0, field, "is deprecated: use %s instead", instead);
	}
}

static void warn(const struct target *target)
{
	const struct kustomization *k = &target->kustomization;
	warn_deprecated(target, k->bases.set, "bases", "resources");
	warn_deprecated(target, k->common_labels.set, "commonLabels", "labels");
	warn_deprecated(target, k->image_tags.set, "imageTags", "images");
	warn_deprecated(target, k->patches_json6902.set, "patchesJson6902", "patches");
	warn_deprecated(target, k->patches_strategic_merge.set, "patchesStrategicMerge", "patches");
	warn_deprecated(target, k->vars.set, "vars", "replacements");
}

/* Go's append of `more` to `list`: nothing and nothing stays nothing. */
static void append(struct arena *arena, struct list *list, const struct list *more, size_t size)
{
	if (more->count == 0) {
		return;
	}
	char *items = arena_grow(arena, list->items, list->count * size, (list->count + more->count) * size);
	memcpy(items + list->count * size, more->items, more->count * size);
	list->items = items;
	list->count += more->count;
	list->set = true;
}

static void append_texts(struct arena *arena, struct texts *texts, const struct texts *more)
{
	struct list list = { .items = texts->items, .count = texts->count, .set = texts->set };
	append(arena, &list, &(struct list){ .items = more->items, .count = more->count }, sizeof *texts->items);
	*texts = (struct texts){ .items = list.items, .count = list.count, .set = list.set };
}

static void append_images(struct arena *arena, struct images *images, const struct images *more)
{
	struct list list = { .items = images->items, .count = images->count, .set = images->set };
	append(arena, &list, &(struct list){ .items = more->items, .count = more->count }, sizeof *images->items);
	*images = (struct images){ .items = list.items, .count = list.count, .set = list.set };
}

static void move_env(struct arena *arena, struct generators *generators)
{
	for (size_t i = 0; i < generators->count; i++) {
		struct generator_args *args = &generators->items[i];
		if (*args->env) {
			append_texts(arena, &args->envs, &(struct texts){ .items = &args->env, .count = 1 });
			args->env = "";
		}
	}
}

/* FixKustomization */
static void fix(struct arena *arena, struct kustomization *k)
{
	if (!*k->kind) {
		k->kind = "Kustomization";
	}
	append_texts(arena, &k->resources, &k->bases);
	k->bases = (struct texts){ 0 };
	append_images(arena, &k->images, &k->image_tags);
	k->image_tags = (struct images){ 0 };
	move_env(arena, &k->config_map_generator);
	move_env(arena, &k->secret_generator);
	k->helm_charts.count += k->helm_chart_inflation_generator.count;
	k->helm_charts.set = k->helm_charts.set || k->helm_chart_inflation_generator.count;
}

static bool is_given(const struct field *field, const struct kustomization *k)
{
	const void *at = (const char *)k + field->offset;
	switch (field->kind) {
	case FIELD_TEXT:
	case FIELD_STRICT:
	case FIELD_LOOSE:
		return **(const char *const *)at != '\0';
	case FIELD_TEXTS:
	case FIELD_PAIRS:
	case FIELD_LIST:
	case FIELD_POINTERS:
	case FIELD_COUNT: {
		struct list list;
		memcpy(&list, at, sizeof list);
		return list.set;
	}
	case FIELD_POINTER:
	case FIELD_TREE:
	case FIELD_TEXT_PTR:
		return *(void *const *)at != NULL;
	case FIELD_GIVEN:
	case FIELD_BOOL:
		return *(const bool *)at;
	case FIELD_INT:
	case FIELD_STRUCT:
		break;
	}
	return true;
}

static bool is_empty(const struct kustomization *k)
{
	for (size_t i = 0; i < shape_kustomization.count; i++) {
		const struct field *field = &shape_kustomization.fields[i];
		bool type = strcmp(field->name, "kind") == 0 || strcmp(field->name, "apiVersion") == 0;
		/* helmChartInflationGenerator was moved. */
		bool moved = field->offset == offsetof(struct kustomization, helm_chart_inflation_generator);
		if (!type && !moved && is_given(field, k)) {
			return false;
		}
	}
	return true;
}

static bool check(const struct target *target, struct err *err)
{
	const struct kustomization *k = &target->kustomization;
	bool component = strcmp(k->kind, "Component") == 0;
	const char *version = component ? "kustomize.config.k8s.io/v1alpha1" : "kustomize.config.k8s.io/v1beta1";
	if (is_empty(k)) {
		return err_set(err, ERR_INPUT, "%s: says nothing: it has no field but apiVersion and kind", target->file);
	}
	if (!component && strcmp(k->kind, "Kustomization") != 0) {
		return err_set(err, ERR_INPUT, "%s: kind: must be Kustomization or Component", target->file);
	}
	if (*k->api_version && strcmp(k->api_version, version) != 0) {
		return err_set(err, ERR_INPUT, "%s: apiVersion: must be %s for a %s", target->file, version, k->kind);
	}
	if (k->helm_charts.count) {
		return err_set(err, ERR_INPUT,
		               "%s: helmCharts: charts are not rendered here: run 'helm template' and name what it prints in resources",
		               target->file);
	}
	return true;
}

static bool load(struct target *target, struct err *err)
{
	struct text text = { 0 };
	if (!find(target, &text, err)) {
		return false;
	}
	struct arena *arena = target->build->arena;
	target->file = loader_path(&target->loader, target->name);
	struct tree *tree = NULL;
	struct decoder decoder = { .arena = arena, .file = target->file, .strict = true };
	if (!tree_read_config(arena, target->file, text.data, text.len, 0, &tree, err) ||
	    !decode(&decoder, &shape_kustomization, tree, &target->kustomization, err)) {
		return false;
	}
	warn(target);
	fix(arena, &target->kustomization);
	return check(target, err);
}

bool target_load(struct target *target, struct err *err)
{
	if (shared_recall(target)) {
		return true;
	}
	if (!load(target, err)) {
		return false;
	}
	shared_remember(target);
	return true;
}
