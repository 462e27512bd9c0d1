/*
 * What a kustomization says, and what configures a transformer or generator: the structs of kustomize/api/types, in its words.
 * decode.h fills them. Everything lives in the build's arena and is shared; nobody changes it after decoding.
 *
 * A text that was not given is "", never NULL, except where a comment says that NULL and "" differ. In a list, `set` tells a
 * field that was given (even as []) from one that was not.
 */
#ifndef RENDER_KUSTOMIZE_TYPES_H
#define RENDER_KUSTOMIZE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every list has this shape. */
struct list {
	void *items;
	size_t count;
	bool set;
};

struct texts {
	const char **items;
	size_t count;
	bool set;
};

struct pair {
	const char *key;
	const char *value;
};

/* Sorted by key, bytewise, each key once. */
struct pairs {
	struct pair *items;
	size_t count;
	bool set;
};

/* "" selects any, where it selects. */
struct gvk {
	const char *group;
	const char *version;
	const char *kind;
};

struct fieldspec {
	struct gvk gvk;
	const char *path;
	bool create;
};

struct fieldspecs {
	const struct fieldspec *items;
	size_t count;
	bool set;
};

/* Regular expressions, "" any; see selector.h. */
struct selector {
	struct gvk gvk;
	const char *name;
	const char *ns;
	const char *annotations; /* a label selector */
	const char *labels;
};

struct selectors {
	struct selector **items; /* an item may be NULL */
	size_t count;
	bool set;
};

struct patch_options {
	bool allow_name_change;
	bool allow_kind_change;
};

/* An entry of patches and patchesJson6902, and what configures PatchTransformer. */
struct patch {
	const char *path;
	const char *patch;
	struct selector *target;       /* or NULL */
	struct patch_options *options; /* or NULL */
};

struct patches {
	struct patch *items;
	size_t count;
	bool set;
};

struct image {
	const char *name;
	const char *new_name;
	const char *tag_suffix;
	const char *new_tag;
	const char *digest;
};

struct images {
	struct image *items;
	size_t count;
	bool set;
};

struct replica {
	const char *name;
	int64_t count;
};

struct replicas {
	struct replica *items;
	size_t count;
	bool set;
};

struct label {
	struct pairs pairs;
	bool include_selectors;
	bool include_templates;
	struct fieldspecs fields;
};

struct labels {
	struct label *items;
	size_t count;
	bool set;
};

/* --- replacements ------------------------------------------------------------------------------------------------ */

struct field_options {
	const char *delimiter;
	int64_t index;
	const char *encoding;
	bool create;
};

struct source_selector {
	struct gvk gvk;
	const char *name;
	const char *ns;
	const char *field_path;
	struct field_options *options; /* or NULL */
};

struct target_selector {
	struct selector *select; /* or NULL */
	struct selectors reject;
	struct texts field_paths;
	struct field_options *options; /* or NULL */
};

struct target_selectors {
	struct target_selector **items; /* an item may be NULL */
	size_t count;
	bool set;
};

struct replacement {
	struct source_selector *source; /* or NULL */
	struct target_selectors targets;
	const char *source_value; /* NULL: not given */
	const char *path;         /* a file of replacements instead of one */
};

struct replacements {
	struct replacement *items;
	size_t count;
	bool set;
};

/* --- generators -------------------------------------------------------------------------------------------------- */

struct generator_options {
	struct pairs labels;
	struct pairs annotations;
	bool disable_name_suffix_hash;
	bool immutable;
};

/* Of a ConfigMap or Secret; upstream's GeneratorArgs with KvPairSources. */
struct generator_args {
	const char *ns;
	const char *name;
	const char *behavior;
	struct texts literals;
	struct texts files;
	struct texts envs;
	const char *env;
	struct generator_options *options; /* or NULL */
	const char *type;                  /* of a Secret */
};

struct generators {
	struct generator_args *items;
	size_t count;
	bool set;
};

/* --- vars -------------------------------------------------------------------------------------------------------- */

struct var {
	const char *name;
	const char *api_version; /* of objref; where given it overrides gvk's group and version */
	struct gvk gvk;
	const char *obj_name;
	const char *obj_ns;
	const char *field_path;
};

struct vars {
	struct var *items;
	size_t count;
	bool set;
};

/* --- transformer configuration ----------------------------------------------------------------------------------- */

struct name_reference {
	struct gvk gvk; /* of what is referred to */
	struct fieldspecs referrers;
};

struct name_references {
	const struct name_reference *items;
	size_t count;
	bool set;
};

/* Where the transformers look: the defaults, with `configurations` and `crds` merged in. */
struct field_config {
	struct fieldspecs name_prefix;
	struct fieldspecs name_suffix;
	struct fieldspecs namespace_;
	struct fieldspecs common_labels;
	struct fieldspecs labels;
	struct fieldspecs template_labels;
	struct fieldspecs common_annotations;
	struct name_references name_reference;
	struct fieldspecs var_reference;
	struct fieldspecs images;
	struct fieldspecs replicas;
};

/* --- a kustomization --------------------------------------------------------------------------------------------- */

struct legacy_sort_options {
	struct texts first;
	struct texts last;
};

struct sort_options {
	const char *order;
	struct legacy_sort_options *legacy; /* or NULL */
};

struct object_meta {
	const char *name;
	const char *ns;
	struct pairs labels;
	struct pairs annotations;
};

struct kustomization {
	const char *kind;
	const char *api_version;
	struct object_meta *metadata; /* or NULL */
	struct pairs openapi;
	const char *name_prefix;
	const char *name_suffix;
	const char *ns;
	struct pairs common_labels;
	struct labels labels;
	struct pairs common_annotations;
	struct texts patches_strategic_merge;
	struct patches patches_json6902;
	struct patches patches;
	struct images images;
	struct images image_tags;
	struct replacements replacements;
	struct replicas replicas;
	struct vars vars;
	struct sort_options *sort_options; /* or NULL */
	struct texts resources;
	struct texts components;
	struct texts crds;
	struct texts bases;
	struct generators config_map_generator;
	struct generators secret_generator;
	bool helm_globals_set;
	struct list helm_charts; /* only their number matters: they are refused */
	struct list helm_chart_inflation_generator;
	struct generator_options *generator_options; /* or NULL */
	struct texts configurations;
	struct texts generators;
	struct texts transformers;
	struct texts validators;
	struct texts build_metadata;
};

/* --- what configures the transformers, from a kustomization's fields or a file of `transformers:` ------------------ */

/* LabelTransformer, AnnotationsTransformer. */
struct labels_config {
	struct pairs pairs;
	struct fieldspecs specs;
};

enum subjects_mode { SUBJECTS_DEFAULT_ONLY, SUBJECTS_ALL_SERVICE_ACCOUNTS, SUBJECTS_NONE };

struct namespace_config {
	const char *ns;
	struct fieldspecs specs;
	bool unset_only;
	enum subjects_mode subjects;
};

/* PrefixTransformer, SuffixTransformer. */
struct affix_config {
	const char *text;
	struct fieldspecs specs;
};

struct images_config {
	struct image image;
	struct fieldspecs specs;
};

struct replicas_config {
	struct replica replica;
	struct fieldspecs specs;
};

/* Those of a file (path) are read in already: only inline ones. */
struct replacements_config {
	struct replacements replacements;
};

#endif
