/* The fields of the structs of types.h as YAML has them (api/types, kyaml/resid). */
#include <stddef.h>

#include "render/kustomize/decode.h"

#define SHAPE(id, text, type) \
	const struct shape shape_##id = { \
		.name = (text), .size = sizeof(type), .fields = id##_fields, .count = ARRAY_LEN(id##_fields) \
	}

#define GVK(type, at) \
	{ "group", FIELD_STRICT, offsetof(type, at.group), NULL }, { "version", FIELD_STRICT, offsetof(type, at.version), NULL }, \
	{ \
		"kind", FIELD_STRICT, offsetof(type, at.kind), NULL \
	}

static const struct field fieldspec_fields[] = {
	GVK(struct fieldspec, gvk),
	{ "path", FIELD_TEXT, offsetof(struct fieldspec, path), NULL },
	{ "create", FIELD_BOOL, offsetof(struct fieldspec, create), NULL },
};
SHAPE(fieldspec, "a field spec", struct fieldspec);

static const struct field selector_fields[] = {
	GVK(struct selector, gvk),
	{ "name", FIELD_STRICT, offsetof(struct selector, name), NULL },
	{ "namespace", FIELD_STRICT, offsetof(struct selector, ns), NULL },
	{ "annotationSelector", FIELD_TEXT, offsetof(struct selector, annotations), NULL },
	{ "labelSelector", FIELD_TEXT, offsetof(struct selector, labels), NULL },
};
SHAPE(selector, "a target", struct selector);

static const struct field patch_options_fields[] = {
	{ "allowNameChange", FIELD_BOOL, offsetof(struct patch_options, allow_name_change), NULL },
	{ "allowKindChange", FIELD_BOOL, offsetof(struct patch_options, allow_kind_change), NULL },
};
SHAPE(patch_options, "options", struct patch_options);

static const struct field patch_fields[] = {
	{ "path", FIELD_TEXT, offsetof(struct patch, path), NULL },
	{ "patch", FIELD_TEXT, offsetof(struct patch, patch), NULL },
	{ "target", FIELD_POINTER, offsetof(struct patch, target), &shape_selector },
	{ "options", FIELD_POINTER, offsetof(struct patch, options), &shape_patch_options },
};
SHAPE(patch, "a patch", struct patch);

static const struct field image_fields[] = {
	{ "name", FIELD_TEXT, offsetof(struct image, name), NULL },
	{ "newName", FIELD_TEXT, offsetof(struct image, new_name), NULL },
	{ "tagSuffix", FIELD_TEXT, offsetof(struct image, tag_suffix), NULL },
	{ "newTag", FIELD_TEXT, offsetof(struct image, new_tag), NULL },
	{ "digest", FIELD_TEXT, offsetof(struct image, digest), NULL },
};
SHAPE(image, "an image", struct image);

static const struct field replica_fields[] = {
	{ "name", FIELD_TEXT, offsetof(struct replica, name), NULL },
	{ "count", FIELD_INT, offsetof(struct replica, count), NULL },
};
SHAPE(replica, "a replica", struct replica);

static const struct field label_fields[] = {
	{ "pairs", FIELD_PAIRS, offsetof(struct label, pairs), NULL },
	{ "includeSelectors", FIELD_BOOL, offsetof(struct label, include_selectors), NULL },
	{ "includeTemplates", FIELD_BOOL, offsetof(struct label, include_templates), NULL },
	{ "fields", FIELD_LIST, offsetof(struct label, fields), &shape_fieldspec },
};
SHAPE(label, "a label", struct label);

/* --- replacements ------------------------------------------------------------------------------------------------- */

static const struct field field_options_fields[] = {
	{ "delimiter", FIELD_TEXT, offsetof(struct field_options, delimiter), NULL },
	{ "index", FIELD_INT, offsetof(struct field_options, index), NULL },
	{ "encoding", FIELD_TEXT, offsetof(struct field_options, encoding), NULL },
	{ "create", FIELD_BOOL, offsetof(struct field_options, create), NULL },
};
SHAPE(field_options, "options", struct field_options);

static const struct field source_fields[] = {
	GVK(struct source_selector, gvk),
	{ "name", FIELD_STRICT, offsetof(struct source_selector, name), NULL },
	{ "namespace", FIELD_STRICT, offsetof(struct source_selector, ns), NULL },
	{ "fieldPath", FIELD_TEXT, offsetof(struct source_selector, field_path), NULL },
	{ "options", FIELD_POINTER, offsetof(struct source_selector, options), &shape_field_options },
};
SHAPE(source, "a source", struct source_selector);

static const struct field target_fields[] = {
	{ "select", FIELD_POINTER, offsetof(struct target_selector, select), &shape_selector },
	{ "reject", FIELD_POINTERS, offsetof(struct target_selector, reject), &shape_selector },
	{ "fieldPaths", FIELD_TEXTS, offsetof(struct target_selector, field_paths), NULL },
	{ "options", FIELD_POINTER, offsetof(struct target_selector, options), &shape_field_options },
};
SHAPE(target, "a target", struct target_selector);

#define REPLACEMENT(path_kind) \
	{ \
		{ "source", FIELD_POINTER, offsetof(struct replacement, source), &shape_source }, \
			{ "targets", FIELD_POINTERS, offsetof(struct replacement, targets), &shape_target }, \
			{ "sourceValue", FIELD_TEXT_PTR, offsetof(struct replacement, source_value), NULL }, \
			{ "path", path_kind, offsetof(struct replacement, path), NULL }, \
	}

static const struct field replacement_fields[] = REPLACEMENT(FIELD_TEXT);
SHAPE(replacement, "a replacement", struct replacement);

static const struct field plugin_replacement_fields[] = REPLACEMENT(FIELD_LOOSE);
SHAPE(plugin_replacement, "a replacement", struct replacement);

/* --- generators --------------------------------------------------------------------------------------------------- */

static const struct field generator_options_fields[] = {
	{ "labels", FIELD_PAIRS, offsetof(struct generator_options, labels), NULL },
	{ "annotations", FIELD_PAIRS, offsetof(struct generator_options, annotations), NULL },
	{ "disableNameSuffixHash", FIELD_BOOL, offsetof(struct generator_options, disable_name_suffix_hash), NULL },
	{ "immutable", FIELD_BOOL, offsetof(struct generator_options, immutable), NULL },
};
SHAPE(generator_options, "options", struct generator_options);

#define GENERATOR_ARGS \
	{ "namespace", FIELD_TEXT, offsetof(struct generator_args, ns), NULL }, \
		{ "name", FIELD_TEXT, offsetof(struct generator_args, name), NULL }, \
		{ "behavior", FIELD_TEXT, offsetof(struct generator_args, behavior), NULL }, \
		{ "literals", FIELD_TEXTS, offsetof(struct generator_args, literals), NULL }, \
		{ "files", FIELD_TEXTS, offsetof(struct generator_args, files), NULL }, \
		{ "envs", FIELD_TEXTS, offsetof(struct generator_args, envs), NULL }, \
		{ "env", FIELD_TEXT, offsetof(struct generator_args, env), NULL }, \
	{ \
		"options", FIELD_POINTER, offsetof(struct generator_args, options), &shape_generator_options \
	}

static const struct field config_map_args_fields[] = { GENERATOR_ARGS };
SHAPE(config_map_args, "a configMapGenerator", struct generator_args);

static const struct field secret_args_fields[] = {
	GENERATOR_ARGS,
	{ "type", FIELD_TEXT, offsetof(struct generator_args, type), NULL },
};
SHAPE(secret_args, "a secretGenerator", struct generator_args);

/* --- vars --------------------------------------------------------------------------------------------------------- */

/* objref and fieldref count from the start of the var. */
static const struct field objref_fields[] = {
	{ "apiVersion", FIELD_TEXT, offsetof(struct var, api_version), NULL },
	GVK(struct var, gvk),
	{ "name", FIELD_TEXT, offsetof(struct var, obj_name), NULL },
	{ "namespace", FIELD_TEXT, offsetof(struct var, obj_ns), NULL },
};
static SHAPE(objref, "an objref", struct var);

static const struct field fieldref_fields[] = {
	{ "fieldPath", FIELD_TEXT, offsetof(struct var, field_path), NULL },
};
static SHAPE(fieldref, "a fieldref", struct var);

static const struct field var_fields[] = {
	{ "name", FIELD_TEXT, offsetof(struct var, name), NULL },
	{ "objref", FIELD_STRUCT, 0, &shape_objref },
	{ "fieldref", FIELD_STRUCT, 0, &shape_fieldref },
};
SHAPE(var, "a var", struct var);

/* --- transformer configuration ------------------------------------------------------------------------------------ */

static const struct field name_reference_fields[] = {
	GVK(struct name_reference, gvk),
	{ "fieldSpecs", FIELD_LIST, offsetof(struct name_reference, referrers), &shape_fieldspec },
};
SHAPE(name_reference, "a nameReference", struct name_reference);

static const struct field field_config_fields[] = {
	{ "namePrefix", FIELD_LIST, offsetof(struct field_config, name_prefix), &shape_fieldspec },
	{ "nameSuffix", FIELD_LIST, offsetof(struct field_config, name_suffix), &shape_fieldspec },
	{ "namespace", FIELD_LIST, offsetof(struct field_config, namespace_), &shape_fieldspec },
	{ "commonLabels", FIELD_LIST, offsetof(struct field_config, common_labels), &shape_fieldspec },
	{ "labels", FIELD_LIST, offsetof(struct field_config, labels), &shape_fieldspec },
	{ "templateLabels", FIELD_LIST, offsetof(struct field_config, template_labels), &shape_fieldspec },
	{ "commonAnnotations", FIELD_LIST, offsetof(struct field_config, common_annotations), &shape_fieldspec },
	{ "nameReference", FIELD_LIST, offsetof(struct field_config, name_reference), &shape_name_reference },
	{ "varReference", FIELD_LIST, offsetof(struct field_config, var_reference), &shape_fieldspec },
	{ "images", FIELD_LIST, offsetof(struct field_config, images), &shape_fieldspec },
	{ "replicas", FIELD_LIST, offsetof(struct field_config, replicas), &shape_fieldspec },
};
SHAPE(field_config, "a transformer configuration", struct field_config);

/* --- a kustomization ---------------------------------------------------------------------------------------------- */

static const struct field object_meta_fields[] = {
	{ "name", FIELD_TEXT, offsetof(struct object_meta, name), NULL },
	{ "namespace", FIELD_TEXT, offsetof(struct object_meta, ns), NULL },
	{ "labels", FIELD_PAIRS, offsetof(struct object_meta, labels), NULL },
	{ "annotations", FIELD_PAIRS, offsetof(struct object_meta, annotations), NULL },
};
SHAPE(object_meta, "metadata", struct object_meta);

static const struct field legacy_sort_fields[] = {
	{ "orderFirst", FIELD_TEXTS, offsetof(struct legacy_sort_options, first), NULL },
	{ "orderLast", FIELD_TEXTS, offsetof(struct legacy_sort_options, last), NULL },
};
static SHAPE(legacy_sort, "legacySortOptions", struct legacy_sort_options);

static const struct field sort_options_fields[] = {
	{ "order", FIELD_TEXT, offsetof(struct sort_options, order), NULL },
	{ "legacySortOptions", FIELD_POINTER, offsetof(struct sort_options, legacy), &shape_legacy_sort },
};
static SHAPE(sort_options, "sortOptions", struct sort_options);

static const struct field kustomization_fields[] = {
	{ "kind", FIELD_TEXT, offsetof(struct kustomization, kind), NULL },
	{ "apiVersion", FIELD_TEXT, offsetof(struct kustomization, api_version), NULL },
	{ "metadata", FIELD_POINTER, offsetof(struct kustomization, metadata), &shape_object_meta },
	{ "openapi", FIELD_PAIRS, offsetof(struct kustomization, openapi), NULL },
	{ "namePrefix", FIELD_TEXT, offsetof(struct kustomization, name_prefix), NULL },
	{ "nameSuffix", FIELD_TEXT, offsetof(struct kustomization, name_suffix), NULL },
	{ "namespace", FIELD_TEXT, offsetof(struct kustomization, ns), NULL },
	{ "commonLabels", FIELD_PAIRS, offsetof(struct kustomization, common_labels), NULL },
	{ "labels", FIELD_LIST, offsetof(struct kustomization, labels), &shape_label },
	{ "commonAnnotations", FIELD_PAIRS, offsetof(struct kustomization, common_annotations), NULL },
	{ "patchesStrategicMerge", FIELD_TEXTS, offsetof(struct kustomization, patches_strategic_merge), NULL },
	{ "patchesJson6902", FIELD_LIST, offsetof(struct kustomization, patches_json6902), &shape_patch },
	{ "patches", FIELD_LIST, offsetof(struct kustomization, patches), &shape_patch },
	{ "images", FIELD_LIST, offsetof(struct kustomization, images), &shape_image },
	{ "imageTags", FIELD_LIST, offsetof(struct kustomization, image_tags), &shape_image },
	{ "replacements", FIELD_LIST, offsetof(struct kustomization, replacements), &shape_replacement },
	{ "replicas", FIELD_LIST, offsetof(struct kustomization, replicas), &shape_replica },
	{ "vars", FIELD_LIST, offsetof(struct kustomization, vars), &shape_var },
	{ "sortOptions", FIELD_POINTER, offsetof(struct kustomization, sort_options), &shape_sort_options },
	{ "resources", FIELD_TEXTS, offsetof(struct kustomization, resources), NULL },
	{ "components", FIELD_TEXTS, offsetof(struct kustomization, components), NULL },
	{ "crds", FIELD_TEXTS, offsetof(struct kustomization, crds), NULL },
	{ "bases", FIELD_TEXTS, offsetof(struct kustomization, bases), NULL },
	{ "configMapGenerator", FIELD_LIST, offsetof(struct kustomization, config_map_generator), &shape_config_map_args },
	{ "secretGenerator", FIELD_LIST, offsetof(struct kustomization, secret_generator), &shape_secret_args },
	{ "helmGlobals", FIELD_GIVEN, offsetof(struct kustomization, helm_globals_set), NULL },
	{ "helmCharts", FIELD_COUNT, offsetof(struct kustomization, helm_charts), NULL },
	{ "helmChartInflationGenerator", FIELD_COUNT, offsetof(struct kustomization, helm_chart_inflation_generator), NULL },
	{ "generatorOptions", FIELD_POINTER, offsetof(struct kustomization, generator_options), &shape_generator_options },
	{ "configurations", FIELD_TEXTS, offsetof(struct kustomization, configurations), NULL },
	{ "generators", FIELD_TEXTS, offsetof(struct kustomization, generators), NULL },
	{ "transformers", FIELD_TEXTS, offsetof(struct kustomization, transformers), NULL },
	{ "validators", FIELD_TEXTS, offsetof(struct kustomization, validators), NULL },
	{ "buildMetadata", FIELD_TEXTS, offsetof(struct kustomization, build_metadata), NULL },
};
SHAPE(kustomization, "a kustomization", struct kustomization);
