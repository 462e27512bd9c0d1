#include "render/kustomize/steps.h"

#include <string.h>

#include "render/kustomize/decode.h"
#include "render/kustomize/fieldspec.h"
#include "render/kustomize/generator.h"
#include "render/kustomize/patch.h"
#include "render/kustomize/read.h"
#include "render/kustomize/replacements.h"
#include "render/kustomize/transformers.h"

struct stepping {
	struct target *target;
	struct accumulator *accumulator;
	const char *kind; /* of the transformer, for its origin */
};

/* Before an entry: whose turn it is, for warnings. */
static void begin(const struct stepping *stepping, const char *field, size_t index)
{
	struct build *build = stepping->target->build;
	build->field = arena_printf(build->arena, "%s[%zu]", field, index);
}

static void begin_field(const struct stepping *stepping, const char *field)
{
	stepping->target->build->field = field;
}

bool steps_finish(struct resmap *map, const struct origin *origin, struct err *err)
{
	if (origin && !origin_add_transformer(map, origin, err)) {
		return false;
	}
	resmap_drop_gone(map);
	return true;
}

/* After an entry. */
static bool end(const struct stepping *stepping, bool good, struct err *err)
{
	const struct target *target = stepping->target;
	struct build *build = target->build;
	if (!good) {
		return err_wrap(err, "%s: %s", target->file, build->field);
	}
	const struct origin *origin = NULL;
	if (target->origin) {
		origin = origin_builtin(build->arena, target->origin, target->name, stepping->kind);
	}
	build->field = NULL;
	return steps_finish(&stepping->accumulator->map, origin, err);
}

/* --- transformers, one function a field --------------------------------------------------------------------------- */

static bool run_patches_strategic_merge(const struct stepping *stepping, struct err *err)
{
	struct target *target = stepping->target;
	const struct texts *paths = &target->kustomization.patches_strategic_merge;
	begin_field(stepping, "patchesStrategicMerge");
	return paths->count == 0 ||
	       end(stepping, patch_merge_transform(target->build, &stepping->accumulator->map, paths, "", err), err);
}

static bool run_patches(const struct stepping *stepping, struct err *err)
{
	struct target *target = stepping->target;
	const struct patches *patches = &target->kustomization.patches;
	for (size_t i = 0; i < patches->count; i++) {
		begin(stepping, "patches", i);
		if (!end(stepping, patch_transform(target->build, &stepping->accumulator->map, &patches->items[i], err), err)) {
			return false;
		}
	}
	return true;
}

static bool run_namespace(const struct stepping *stepping, struct err *err)
{
	struct target *target = stepping->target;
	struct namespace_config config = { .ns = target->kustomization.ns, .specs = stepping->accumulator->config.namespace_ };
	begin_field(stepping, "namespace");
	return !*config.ns || end(stepping, namespace_transform(target->build, &stepping->accumulator->map, &config, err), err);
}

static bool run_prefix(const struct stepping *stepping, struct err *err)
{
	struct target *target = stepping->target;
	struct affix_config config = { .text = target->kustomization.name_prefix,
		                           .specs = stepping->accumulator->config.name_prefix };
	begin_field(stepping, "namePrefix");
	return !*config.text || end(stepping, prefix_transform(target->build, &stepping->accumulator->map, &config, err), err);
}

static bool run_suffix(const struct stepping *stepping, struct err *err)
{
	struct target *target = stepping->target;
	struct affix_config config = { .text = target->kustomization.name_suffix,
		                           .specs = stepping->accumulator->config.name_suffix };
	begin_field(stepping, "nameSuffix");
	return !*config.text || end(stepping, suffix_transform(target->build, &stepping->accumulator->map, &config, err), err);
}

/* Where an entry of labels goes: its own fields, those configured for labels, and what its flags ask for. */
static bool label_specs(const struct stepping *stepping, const struct label *label, struct fieldspecs *specs, struct err *err)
{
	struct arena *arena = stepping->target->build->arena;
	const struct field_config *config = &stepping->accumulator->config;
	struct fieldspec metadata = { .gvk = { .group = "", .version = "", .kind = "" }, .path = "metadata/labels", .create = true };
	*specs = label->fields;
	if (!fieldspecs_merge(arena, specs, &config->labels, err)) {
		return false;
	}
	if (label->include_selectors) {
		return fieldspecs_merge(arena, specs, &config->common_labels, err);
	}
	if (label->include_templates && !fieldspecs_merge(arena, specs, &config->template_labels, err)) {
		return false;
	}
	return fieldspecs_merge(arena, specs, &(struct fieldspecs){ .items = &metadata, .count = 1 }, err);
}

static bool run_label(const struct stepping *stepping, const struct label *label, struct err *err)
{
	struct labels_config config = { .pairs = label->pairs };
	return label_specs(stepping, label, &config.specs, err) &&
	       labels_transform(stepping->target->build, &stepping->accumulator->map, &config, err);
}

/* commonLabels come last, and are a transformer of their own even where only labels are given. */
static bool run_labels(const struct stepping *stepping, struct err *err)
{
	struct target *target = stepping->target;
	const struct kustomization *kustomization = &target->kustomization;
	for (size_t i = 0; i < kustomization->labels.count; i++) {
		begin(stepping, "labels", i);
		if (!end(stepping, run_label(stepping, &kustomization->labels.items[i], err), err)) {
			return false;
		}
	}
	struct labels_config common = { .pairs = kustomization->common_labels, .specs = stepping->accumulator->config.common_labels };
	if (kustomization->labels.count == 0 && common.pairs.count == 0) {
		return true;
	}
	begin_field(stepping, "commonLabels");
	return end(stepping, labels_transform(target->build, &stepping->accumulator->map, &common, err), err);
}

static bool run_annotations(const struct stepping *stepping, struct err *err)
{
	struct target *target = stepping->target;
	struct labels_config config = { .pairs = target->kustomization.common_annotations,
		                            .specs = stepping->accumulator->config.common_annotations };
	begin_field(stepping, "commonAnnotations");
	return config.pairs.count == 0 ||
	       end(stepping, annotations_transform(target->build, &stepping->accumulator->map, &config, err), err);
}

static bool run_patches_json6902(const struct stepping *stepping, struct err *err)
{
	struct target *target = stepping->target;
	const struct patches *patches = &target->kustomization.patches_json6902;
	for (size_t i = 0; i < patches->count; i++) {
		begin(stepping, "patchesJson6902", i);
		if (!end(stepping, patch_json_transform(target->build, &stepping->accumulator->map, &patches->items[i], err), err)) {
			return false;
		}
	}
	return true;
}

static bool run_replicas(const struct stepping *stepping, struct err *err)
{
	struct target *target = stepping->target;
	const struct replicas *replicas = &target->kustomization.replicas;
	for (size_t i = 0; i < replicas->count; i++) {
		struct replicas_config config = { .replica = replicas->items[i], .specs = stepping->accumulator->config.replicas };
		begin(stepping, "replicas", i);
		if (!end(stepping, replicas_transform(target->build, &stepping->accumulator->map, &config, err), err)) {
			return false;
		}
	}
	return true;
}

static bool run_images(const struct stepping *stepping, struct err *err)
{
	struct target *target = stepping->target;
	const struct images *images = &target->kustomization.images;
	for (size_t i = 0; i < images->count; i++) {
		struct images_config config = { .image = images->items[i], .specs = stepping->accumulator->config.images };
		begin(stepping, "images", i);
		if (!end(stepping, images_transform(target->build, &stepping->accumulator->map, &config, err), err)) {
			return false;
		}
	}
	return true;
}

/* Upstream writes what a kustomization says as YAML and reads it again, and a list without items is not written. */
static struct replacements rewritten(struct arena *arena, const struct replacements *list)
{
	struct replacements copy = *list;
	copy.items = arena_new(arena, list->count, sizeof *copy.items);
	for (size_t i = 0; i < list->count; i++) {
		copy.items[i] = list->items[i];
		copy.items[i].targets.set = list->items[i].targets.count > 0;
	}
	return copy;
}

static bool run_replacements(const struct stepping *stepping, struct err *err)
{
	struct target *target = stepping->target;
	struct replacements_config config = { 0 };
	begin_field(stepping, "replacements");
	if (target->kustomization.replacements.count == 0) {
		return true;
	}
	const struct replacements list = rewritten(target->build->arena, &target->kustomization.replacements);
	bool good = steps_read_replacements(target->build, &list, &config.replacements, err) &&
	            replacements_transform(target->build, &stepping->accumulator->map, &config, err);
	return end(stepping, good, err);
}

static const struct step {
	const char *kind;
	bool (*run)(const struct stepping *stepping, struct err *err);
} STEPS[] = {
	{ "PatchStrategicMergeTransformer", run_patches_strategic_merge },
	{ "PatchTransformer", run_patches },
	{ "NamespaceTransformer", run_namespace },
	{ "PrefixTransformer", run_prefix },
	{ "SuffixTransformer", run_suffix },
	{ "LabelTransformer", run_labels },
	{ "AnnotationsTransformer", run_annotations },
	{ "PatchJson6902Transformer", run_patches_json6902 },
	{ "ReplicaCountTransformer", run_replicas },
	{ "ImageTagTransformer", run_images },
	{ "ReplacementTransformer", run_replacements },
};

bool steps_transform(struct target *target, struct accumulator *accumulator, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(STEPS); i++) {
		struct stepping stepping = { .target = target, .accumulator = accumulator, .kind = STEPS[i].kind };
		if (!STEPS[i].run(&stepping, err)) {
			return false;
		}
	}
	target->build->field = NULL;
	return true;
}

/* --- replacements in files ---------------------------------------------------------------------------------------- */

static void add_replacement(struct arena *arena, struct replacements *out, const struct replacement *replacement)
{
	out->items = arena_grow(arena, out->items, out->count * sizeof *out->items, (out->count + 1) * sizeof *out->items);
	out->items[out->count++] = *replacement;
}

static bool decode_replacement(const struct decoder *decoder, const struct tree *tree, struct replacements *out, struct err *err)
{
	struct replacement replacement;
	if (!decode(decoder, &shape_replacement, tree, &replacement, err)) {
		return false;
	}
	replacement.path = "";
	add_replacement(decoder->arena, out, &replacement);
	return true;
}

static bool read_replacements(const struct build *build, const char *path, struct replacements *out, struct err *err)
{
	struct text text = { 0 };
	struct tree *tree = NULL;
	const char *shown = loader_path(build->loader, path);
	struct decoder decoder = { .arena = build->arena, .file = shown, .loose = true };
	if (!loader_read(build->loader, path, &text, err) ||
	    !tree_read_config(build->arena, shown, text.data, text.len, 0, &tree, err)) {
		return false;
	}
	if (tree->kind == TREE_MAP) {
		return decode_replacement(&decoder, tree, out, err);
	}
	if (tree->kind != TREE_LIST) {
		return err_set(err, ERR_INPUT, "%s: must be a replacement or a list of them", shown);
	}
	for (uint32_t i = 0; i < tree->count; i++) {
		if (!decode_replacement(&decoder, tree->items[i], out, err)) {
			return false;
		}
	}
	return true;
}

bool steps_read_replacements(const struct build *build, const struct replacements *list, struct replacements *out,
                             struct err *err)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct replacement *replacement = &list->items[i];
		if (!*replacement->path) {
			add_replacement(build->arena, out, replacement);
		} else if (replacement->source || replacement->targets.count) {
			return err_set(err, ERR_INPUT, "[%zu]: path and an inline replacement cannot be given both", i);
		} else if (!read_replacements(build, replacement->path, out, err)) {
			return err_wrap(err, "[%zu].path", i);
		}
	}
	return true;
}

/* --- generators --------------------------------------------------------------------------------------------------- */

typedef bool generate(const struct build *build, const struct generator_args *args, struct resmap *out, struct err *err);

static bool run_generator(const struct stepping *stepping, generate *generate_one, const struct generator_args *args,
                          struct err *err)
{
	struct target *target = stepping->target;
	struct arena *arena = target->build->arena;
	struct generator_args merged = *args;
	struct resmap made = RESMAP_INIT(arena);
	const struct generator_options *options = generator_options_merge(arena, args->options,
	                                                                  target->kustomization.generator_options);
	if (options) {
		merged.options = arena_new(arena, 1, sizeof *options);
		*merged.options = *options;
	}
	if (!generate_one(target->build, &merged, &made, err)) {
		return false;
	}
	if (target->origin) {
		origin_add(&made, origin_builtin(arena, target->origin, target->name, stepping->kind));
	}
	return resmap_absorb_all(&stepping->accumulator->map, &made, err);
}

static bool run_generators(const struct stepping *stepping, generate *generate_one, const struct generators *generators,
                           const char *field, struct err *err)
{
	for (size_t i = 0; i < generators->count; i++) {
		begin(stepping, field, i);
		if (!run_generator(stepping, generate_one, &generators->items[i], err)) {
			return err_wrap(err, "%s: %s", stepping->target->file, stepping->target->build->field);
		}
	}
	stepping->target->build->field = NULL;
	return true;
}

bool steps_generate(struct target *target, struct accumulator *accumulator, struct err *err)
{
	struct stepping maps = { .target = target, .accumulator = accumulator, .kind = "ConfigMapGenerator" };
	struct stepping secrets = { .target = target, .accumulator = accumulator, .kind = "SecretGenerator" };
	return run_generators(&maps, configmap_generate, &target->kustomization.config_map_generator, "configMapGenerator", err) &&
	       run_generators(&secrets, secret_generate, &target->kustomization.secret_generator, "secretGenerator", err);
}
