/*
 * One object of a build: its tree, and who it is and was. As upstream does, what a build notes about an object stands in the
 * object's own annotations (internal.config.kubernetes.io/...), because that shows: a patch can drop them, a replacement can
 * copy them, and they make every annotation a string. resource_finish takes them away.
 *
 * Transformers change the tree in place; identities are read out of it anew when it changed. Callers see only this interface:
 * no transformer looks for the annotations itself.
 */
#ifndef RENDER_KUSTOMIZE_RESOURCE_H
#define RENDER_KUSTOMIZE_RESOURCE_H

#include "render/kustomize/id.h"
#include "render/kustomize/tree.h"
#include "render/kustomize/types.h"

struct ids {
	const struct id *items;
	size_t count;
};

struct resource {
	struct tree *root; /* NULL once a patch deleted it */
	const char *path;  /* the file it came from, for messages; NULL for a generated one */
	struct texts var_names;
	struct {
		const char *api_version, *kind, *name, *ns; /* the texts in the tree that `id` was made of */
		struct id id;
	} current;
	struct {
		const char *names, *namespaces, *kinds, *api_version;
		struct ids ids;
		bool broken; /* a kind, name or namespace with a comma in it: the lists do not fit together */
	} previous;
};

struct resource *resource_new(struct arena *arena, struct tree *root, const char *path);
struct resource *resource_copy(struct arena *arena, const struct resource *resource);

/* RNode.IsNilOrEmpty: a patch deleted it or left nothing of it. */
bool resource_is_gone(const struct resource *resource);

/* Borrowed until the tree changes. The texts in them live as long as the arena. */
const struct id *resource_id(struct arena *arena, struct resource *resource);
/* The oldest first, without the current one. */
const struct ids *resource_previous(struct arena *arena, struct resource *resource);
/* The oldest previous one, else the current one. */
const struct id *resource_original(struct arena *arena, struct resource *resource);
/* One of the previous ids or the current one. */
bool resource_was(struct arena *arena, struct resource *resource, const struct id *id);

/* Before name, namespace or kind change. */
void resource_store_previous(struct arena *arena, struct resource *resource);

/* NewScalarRNode: the text is resolved as plain YAML. */
void resource_set_name(struct arena *arena, struct resource *resource, const char *name);
void resource_set_namespace(struct arena *arena, struct resource *resource, const char *ns); /* "" removes it */
void resource_set_kind(struct arena *arena, struct resource *resource, const char *kind);

/* A patch made a null of them: what kyaml sets there does not show. */
bool resource_lost_metadata(const struct resource *resource);

/* --- labels and annotations --------------------------------------------------------------------------------------- */

/* The text of the value, whatever its type ("" of a mapping or list); NULL where absent. */
const char *resource_label(const struct resource *resource, const char *key);
const char *resource_annotation(const struct resource *resource, const char *key);
/* GetLabels, GetAnnotations: sorted. */
struct pairs resource_labels(struct arena *arena, const struct resource *resource);
struct pairs resource_annotations(struct arena *arena, const struct resource *resource);
/* SetLabels, SetAnnotations: replaces all, strings, sorted; an empty one is removed. */
void resource_set_labels(struct arena *arena, struct resource *resource, const struct pairs *labels);
void resource_set_annotations(struct arena *arena, struct resource *resource, const struct pairs *annotations);
/* All of them become strings, as upstream's SetAnnotations has it. NULL as value removes. */
void resource_set_annotation(struct arena *arena, struct resource *resource, const char *key, const char *value);

/* --- prefixes and suffixes ---------------------------------------------------------------------------------------- */

void resource_add_prefix(struct arena *arena, struct resource *resource, const char *prefix); /* "" adds nothing */
void resource_add_suffix(struct arena *arena, struct resource *resource, const char *suffix);
/* PrefixesSuffixesEquals: the shorter chain ends the longer one; allow_empty: an empty chain equals any. */
bool resource_same_affixes(const struct resource *a, const struct resource *b, bool allow_empty);

/* --- generators --------------------------------------------------------------------------------------------------- */

enum behavior { BEHAVIOR_UNSPECIFIED, BEHAVIOR_CREATE, BEHAVIOR_REPLACE, BEHAVIOR_MERGE };

enum behavior behavior_of(const char *text);
enum behavior resource_behavior(const struct resource *resource);
void resource_set_behavior(struct arena *arena, struct resource *resource, enum behavior behavior);
bool resource_needs_hash(const struct resource *resource);
void resource_enable_hash(struct arena *arena, struct resource *resource);

/* --- patches ------------------------------------------------------------------------------------------------------ */

void resource_allow_name_change(struct arena *arena, struct resource *patch);
void resource_allow_kind_change(struct arena *arena, struct resource *patch);
bool resource_may_change_name(const struct resource *patch);
bool resource_may_change_kind(const struct resource *patch);

/* A Helm chart made it, says its annotation: the namespace transformer leaves it alone. */
bool resource_from_helm(const struct resource *resource);

/* CopyMergeMetaDataFieldsFrom: labels and annotations of both (this one's win), the other's name, namespace and history. */
void resource_take_metadata(struct arena *arena, struct resource *resource, struct resource *from);

/* Annotations of kustomize's own keys, internal.config.kubernetes.io/...: what a JSON 6902 patch must not lose. */
struct pairs resource_internal_annotations(struct arena *arena, const struct resource *resource);

/*
 * Takes away what a build noted; origin and transformers stay where they are asked for. All annotations are strings then. Fails
 * where annotations cannot be taken for a mapping, and where what was noted of former names cannot be told apart.
 */
bool resource_finish(struct arena *arena, struct resource *resource, bool origin, bool transformers, struct err *err) MUST_CHECK;

#endif
