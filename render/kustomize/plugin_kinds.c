#include "render/kustomize/plugin_kinds.h"

#include <stddef.h>
#include <string.h>

#include "render/kustomize/decode.h"
#include "render/kustomize/generator.h"
#include "render/kustomize/hash.h"
#include "render/kustomize/iam_policy.h"
#include "render/kustomize/patch.h"
#include "render/kustomize/replacements.h"
#include "render/kustomize/steps.h"
#include "render/kustomize/transformers.h"
#include "render/kustomize/value_add.h"

#define SHAPE(id, text, type) \
	static const struct shape id##_shape = { \
		.name = (text), .size = sizeof(type), .fields = id##_fields, .count = ARRAY_LEN(id##_fields) \
	}

static bool read_config(const struct plugin *plugin, const struct shape *shape, void *out, struct err *err)
{
	struct decoder decoder = { .arena = plugin->build->arena, .file = plugin->file, .loose = true };
	return decode(&decoder, shape, plugin->config, out, err);
}

/* What is embedded in upstream's plugin: FIELD_STRICT. */
static bool read_embedded(const struct plugin *plugin, const struct shape *shape, void *out, struct err *err)
{
	struct decoder decoder = { .arena = plugin->build->arena, .file = plugin->file };
	return decode(&decoder, shape, plugin->config, out, err);
}

/* --- generators --------------------------------------------------------------------------------------------------- */

struct metadata_config {
	struct object_meta metadata;
};

static const struct field metadata_fields[] = {
	{ "metadata", FIELD_STRUCT, offsetof(struct metadata_config, metadata), &shape_object_meta },
};
SHAPE(metadata, "a plugin", struct metadata_config);

/* A name or namespace that is not given is that of the resource. */
static bool read_args(const struct plugin *plugin, const struct shape *shape, struct generator_args *args, struct err *err)
{
	struct metadata_config own;
	if (!read_embedded(plugin, shape, args, err) || !read_config(plugin, &metadata_shape, &own, err)) {
		return false;
	}
	args->name = *args->name ? args->name : own.metadata.name;
	args->ns = *args->ns ? args->ns : own.metadata.ns;
	args->type = args->type ? args->type : "";
	return true;
}

static bool generate_config_map(const struct plugin *plugin, struct resmap *out, struct err *err)
{
	struct generator_args args;
	return read_args(plugin, &shape_config_map_args, &args, err) && configmap_generate(plugin->build, &args, out, err);
}

static bool generate_secret(const struct plugin *plugin, struct resmap *out, struct err *err)
{
	struct generator_args args;
	return read_args(plugin, &shape_secret_args, &args, err) && secret_generate(plugin->build, &args, out, err);
}

static bool generate_iam_policy(const struct plugin *plugin, struct resmap *out, struct err *err)
{
	return iam_policy_generate(plugin->build, plugin->file, plugin->config, out, err);
}

static bool refuse_helm(const struct plugin *plugin, struct resmap *out, struct err *err)
{
	(void)plugin;
	(void)out;
	return err_set(err, ERR_INPUT, "charts are not rendered here: run 'helm template' and name what it prints in resources");
}

/* --- transformers ------------------------------------------------------------------------------------------------- */

static const struct field labels_fields[] = {
	{ "labels", FIELD_PAIRS, offsetof(struct labels_config, pairs), NULL },
	{ "fieldSpecs", FIELD_LIST, offsetof(struct labels_config, specs), &shape_fieldspec },
};
SHAPE(labels, "a LabelTransformer", struct labels_config);

static bool transform_labels(const struct plugin *plugin, struct resmap *map, struct err *err)
{
	struct labels_config config;
	return read_config(plugin, &labels_shape, &config, err) && labels_transform(plugin->build, map, &config, err);
}

static const struct field annotations_fields[] = {
	{ "annotations", FIELD_PAIRS, offsetof(struct labels_config, pairs), NULL },
	{ "fieldSpecs", FIELD_LIST, offsetof(struct labels_config, specs), &shape_fieldspec },
};
SHAPE(annotations, "an AnnotationsTransformer", struct labels_config);

static bool transform_annotations(const struct plugin *plugin, struct resmap *map, struct err *err)
{
	struct labels_config config;
	return read_config(plugin, &annotations_shape, &config, err) && annotations_transform(plugin->build, map, &config, err);
}

static bool transform_hash(const struct plugin *plugin, struct resmap *map, struct err *err)
{
	return hash_transform(plugin->build, map, err);
}

static const struct field images_fields[] = {
	{ "imageTag", FIELD_STRUCT, offsetof(struct images_config, image), &shape_image },
	{ "fieldSpecs", FIELD_LIST, offsetof(struct images_config, specs), &shape_fieldspec },
};
SHAPE(images, "an ImageTagTransformer", struct images_config);

static bool transform_images(const struct plugin *plugin, struct resmap *map, struct err *err)
{
	struct images_config config;
	return read_config(plugin, &images_shape, &config, err) && images_transform(plugin->build, map, &config, err);
}

struct namespace_file {
	struct object_meta metadata;
	struct fieldspecs specs;
	bool unset_only;
	const char *subjects;
};

static const struct field namespace_fields[] = {
	{ "metadata", FIELD_STRUCT, offsetof(struct namespace_file, metadata), &shape_object_meta },
	{ "fieldSpecs", FIELD_LIST, offsetof(struct namespace_file, specs), &shape_fieldspec },
	{ "unsetOnly", FIELD_BOOL, offsetof(struct namespace_file, unset_only), NULL },
	{ "setRoleBindingSubjects", FIELD_TEXT, offsetof(struct namespace_file, subjects), NULL },
};
SHAPE(namespace, "a NamespaceTransformer", struct namespace_file);

static bool read_subjects(const char *text, enum subjects_mode *mode, struct err *err)
{
	static const struct {
		const char *text;
		enum subjects_mode mode;
	} modes[] = {
		{ "", SUBJECTS_DEFAULT_ONLY },
		{ "defaultOnly", SUBJECTS_DEFAULT_ONLY },
		{ "none", SUBJECTS_NONE },
		{ "allServiceAccounts", SUBJECTS_ALL_SERVICE_ACCOUNTS },
	};
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		if (strcmp(modes[i].text, text) == 0) {
			*mode = modes[i].mode;
			return true;
		}
	}
	return err_set(err, ERR_INPUT, "setRoleBindingSubjects: must be defaultOnly, none or allServiceAccounts");
}

static bool transform_namespace(const struct plugin *plugin, struct resmap *map, struct err *err)
{
	struct namespace_file file;
	struct namespace_config config = { 0 };
	if (!read_config(plugin, &namespace_shape, &file, err) || !read_subjects(file.subjects, &config.subjects, err)) {
		return false;
	}
	config.ns = file.metadata.ns;
	config.specs = file.specs;
	config.unset_only = file.unset_only;
	return !*config.ns || namespace_transform(plugin->build, map, &config, err);
}

struct json_patch_file {
	struct patch patch;
};

static const struct field json_patch_fields[] = {
	{ "target", FIELD_POINTER, offsetof(struct json_patch_file, patch.target), &shape_selector },
	{ "path", FIELD_TEXT, offsetof(struct json_patch_file, patch.path), NULL },
	{ "jsonOp", FIELD_TEXT, offsetof(struct json_patch_file, patch.patch), NULL },
};
SHAPE(json_patch, "a PatchJson6902Transformer", struct json_patch_file);

static bool transform_json_patch(const struct plugin *plugin, struct resmap *map, struct err *err)
{
	struct json_patch_file file;
	return read_config(plugin, &json_patch_shape, &file, err) && patch_json_transform(plugin->build, map, &file.patch, err);
}

struct merge_file {
	struct texts paths;
	const char *patches;
};

static const struct field merge_fields[] = {
	{ "paths", FIELD_TEXTS, offsetof(struct merge_file, paths), NULL },
	{ "patches", FIELD_TEXT, offsetof(struct merge_file, patches), NULL },
};
SHAPE(merge, "a PatchStrategicMergeTransformer", struct merge_file);

static bool transform_merge(const struct plugin *plugin, struct resmap *map, struct err *err)
{
	struct merge_file file;
	return read_config(plugin, &merge_shape, &file, err) &&
	       patch_merge_transform(plugin->build, map, &file.paths, file.patches, err);
}

static bool transform_patch(const struct plugin *plugin, struct resmap *map, struct err *err)
{
	struct patch patch;
	return read_config(plugin, &shape_patch, &patch, err) && patch_transform(plugin->build, map, &patch, err);
}

static const struct field prefix_fields[] = {
	{ "prefix", FIELD_TEXT, offsetof(struct affix_config, text), NULL },
	{ "fieldSpecs", FIELD_LIST, offsetof(struct affix_config, specs), &shape_fieldspec },
};
SHAPE(prefix, "a PrefixTransformer", struct affix_config);

static const struct field suffix_fields[] = {
	{ "suffix", FIELD_TEXT, offsetof(struct affix_config, text), NULL },
	{ "fieldSpecs", FIELD_LIST, offsetof(struct affix_config, specs), &shape_fieldspec },
};
SHAPE(suffix, "a SuffixTransformer", struct affix_config);

static bool read_affix(const struct plugin *plugin, const struct shape *shape, struct affix_config *config, struct err *err)
{
	struct decoder decoder = { .arena = plugin->build->arena, .file = plugin->file, .goyaml = true };
	return decode(&decoder, shape, plugin->config, config, err) &&
	       (config->specs.set || err_set(err, ERR_INPUT, "fieldSpecs must be given"));
}

static bool transform_prefix(const struct plugin *plugin, struct resmap *map, struct err *err)
{
	struct affix_config config;
	return read_affix(plugin, &prefix_shape, &config, err) && prefix_transform(plugin->build, map, &config, err);
}

static bool transform_suffix(const struct plugin *plugin, struct resmap *map, struct err *err)
{
	struct affix_config config;
	return read_affix(plugin, &suffix_shape, &config, err) && suffix_transform(plugin->build, map, &config, err);
}

static bool transform_affixes(const struct plugin *plugin, struct resmap *map, struct err *err)
{
	return transform_prefix(plugin, map, err) && transform_suffix(plugin, map, err);
}

static const struct field replacements_fields[] = {
	{ "replacements", FIELD_LIST, offsetof(struct replacements_config, replacements), &shape_plugin_replacement },
};
SHAPE(replacements, "a ReplacementTransformer", struct replacements_config);

static bool transform_replacements(const struct plugin *plugin, struct resmap *map, struct err *err)
{
	struct replacements_config file;
	struct replacements_config config = { 0 };
	return read_embedded(plugin, &replacements_shape, &file, err) &&
	       steps_read_replacements(plugin->build, &file.replacements, &config.replacements, err) &&
	       replacements_transform(plugin->build, map, &config, err);
}

static const struct field replicas_fields[] = {
	{ "replica", FIELD_STRUCT, offsetof(struct replicas_config, replica), &shape_replica },
	{ "fieldSpecs", FIELD_LIST, offsetof(struct replicas_config, specs), &shape_fieldspec },
};
SHAPE(replicas, "a ReplicaCountTransformer", struct replicas_config);

static bool transform_replicas(const struct plugin *plugin, struct resmap *map, struct err *err)
{
	struct replicas_config config;
	return read_config(plugin, &replicas_shape, &config, err) && replicas_transform(plugin->build, map, &config, err);
}

static bool transform_value_add(const struct plugin *plugin, struct resmap *map, struct err *err)
{
	return value_add_transform(plugin->build, plugin->file, plugin->config, map, err);
}

/* --- kinds -------------------------------------------------------------------------------------------------------- */

static const struct kind {
	const char *name;
	bool (*generate)(const struct plugin *plugin, struct resmap *out, struct err *err);
	bool (*transform)(const struct plugin *plugin, struct resmap *map, struct err *err);
} KINDS[] = {
	{ "AnnotationsTransformer", NULL, transform_annotations },
	{ "ConfigMapGenerator", generate_config_map, NULL },
	{ "HashTransformer", NULL, transform_hash },
	{ "HelmChartInflationGenerator", refuse_helm, NULL },
	{ "IAMPolicyGenerator", generate_iam_policy, NULL },
	{ "ImageTagTransformer", NULL, transform_images },
	{ "LabelTransformer", NULL, transform_labels },
	{ "NamespaceTransformer", NULL, transform_namespace },
	{ "PatchJson6902Transformer", NULL, transform_json_patch },
	{ "PatchStrategicMergeTransformer", NULL, transform_merge },
	{ "PatchTransformer", NULL, transform_patch },
	{ "PrefixSuffixTransformer", NULL, transform_affixes },
	{ "PrefixTransformer", NULL, transform_prefix },
	{ "ReplacementTransformer", NULL, transform_replacements },
	{ "ReplicaCountTransformer", NULL, transform_replicas },
	{ "SecretGenerator", generate_secret, NULL },
	{ "SuffixTransformer", NULL, transform_suffix },
	{ "ValueAddTransformer", NULL, transform_value_add },
};

static const struct kind *find_kind(const char *name, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
		if (strcmp(KINDS[i].name, name) == 0) {
			return &KINDS[i];
		}
	}
	(void)err_set(err, ERR_INPUT, "there is no builtin kind of that name");
	return NULL;
}

bool plugin_generate(const struct plugin *plugin, struct resmap *out, struct err *err)
{
	const struct kind *kind = find_kind(plugin->kind, err);
	if (!kind) {
		return false;
	}
	return kind->generate ? kind->generate(plugin, out, err) : err_set(err, ERR_INPUT, "is no generator");
}

bool plugin_transform(const struct plugin *plugin, struct resmap *map, struct err *err)
{
	const struct kind *kind = find_kind(plugin->kind, err);
	if (!kind) {
		return false;
	}
	return kind->transform ? kind->transform(plugin, map, err) : err_set(err, ERR_INPUT, "is no transformer");
}
