/* What a build keeps in an object's own annotations. */
#include <string.h>

#include "render/kustomize/notes.h"
#include "render/kustomize/resource.h"

static const char ENABLED[] = "enabled";

/* A mapping in that field; one that holds nothing is made anew. */
static struct tree *make_map(struct arena *arena, struct tree *in, const char *key)
{
	struct tree *map = tree_get(in, key);
	if (!tree_is_map(map) || map->count == 0) {
		(void)tree_remove(in, key);
		map = tree_new_map(arena);
		tree_append(arena, in, tree_new_borrowed(arena, key));
		tree_append(arena, in, map);
	}
	return map;
}

/* kyaml's SetAnnotation: what is there stays as it is. */
static void set_note(struct arena *arena, struct resource *resource, const char *key, const char *value)
{
	if (resource_lost_metadata(resource)) {
		return;
	}
	struct tree *annotations = make_map(arena, make_map(arena, resource->root, "metadata"), "annotations");
	struct tree *text = tree_get(annotations, key);
	if (!text) {
		text = tree_new_string(arena, "");
		text->style = TREE_SINGLE;
		tree_append(arena, annotations, tree_new_borrowed(arena, key));
		tree_append(arena, annotations, text);
	}
	struct tree set = { .kind = TREE_SCALAR, .tag = TREE_STR, .text = value, .len = strlen(value) };
	tree_take_style(&set, text);
	*text = set;
}

static void append_note(struct arena *arena, struct resource *resource, const char *key, const char *value)
{
	if (*value) {
		const char *old = resource_annotation(resource, key);
		set_note(arena, resource, key, old ? arena_printf(arena, "%s,%s", old, value) : arena_text(arena, value));
	}
}

void resource_store_previous(struct arena *arena, struct resource *resource)
{
	struct id id = *resource_id(arena, resource);
	append_note(arena, resource, NOTE_PREVIOUS_NAMES, id.name);
	append_note(arena, resource, NOTE_PREVIOUS_NAMESPACES, id_effective_ns(&id));
	append_note(arena, resource, NOTE_PREVIOUS_KINDS, id.gvk.kind);
}

void resource_add_prefix(struct arena *arena, struct resource *resource, const char *prefix)
{
	append_note(arena, resource, NOTE_PREFIXES, prefix);
}

void resource_add_suffix(struct arena *arena, struct resource *resource, const char *suffix)
{
	append_note(arena, resource, NOTE_SUFFIXES, suffix);
}

/* SameEndingSubSlice of texts between commas: the shorter list ends the longer one. */
static bool same_ending(const char *a, const char *b)
{
	if (!a || !b) {
		return a == b;
	}
	size_t a_len = strlen(a);
	size_t b_len = strlen(b);
	const char *longer = a_len > b_len ? a : b;
	const char *shorter = a_len > b_len ? b : a;
	size_t diff = a_len > b_len ? a_len - b_len : b_len - a_len;
	return strcmp(longer + diff, shorter) == 0 && (diff == 0 || longer[diff - 1] == ',');
}

static bool same_chain(const struct resource *a, const struct resource *b, const char *key, bool allow_empty)
{
	const char *left = resource_annotation(a, key);
	const char *right = resource_annotation(b, key);
	return (allow_empty && (!left || !right)) || same_ending(left, right);
}

bool resource_same_affixes(const struct resource *a, const struct resource *b, bool allow_empty)
{
	return same_chain(a, b, NOTE_PREFIXES, allow_empty) && same_chain(a, b, NOTE_SUFFIXES, allow_empty);
}

/* --- flags -------------------------------------------------------------------------------------------------------- */

static bool is_enabled(const struct resource *resource, const char *key)
{
	const char *value = resource_annotation(resource, key);
	return value && strcmp(value, ENABLED) == 0;
}

static const char *const BEHAVIORS[] = {
	[BEHAVIOR_UNSPECIFIED] = "unspecified",
	[BEHAVIOR_CREATE] = "create",
	[BEHAVIOR_REPLACE] = "replace",
	[BEHAVIOR_MERGE] = "merge",
};

enum behavior behavior_of(const char *text)
{
	for (size_t i = BEHAVIOR_CREATE; i < ARRAY_LEN(BEHAVIORS); i++) {
		if (strcmp(BEHAVIORS[i], text) == 0) {
			return (enum behavior)i;
		}
	}
	return BEHAVIOR_UNSPECIFIED;
}

enum behavior resource_behavior(const struct resource *resource)
{
	const char *text = resource_annotation(resource, NOTE_BEHAVIOR);
	return text ? behavior_of(text) : BEHAVIOR_UNSPECIFIED;
}

void resource_set_behavior(struct arena *arena, struct resource *resource, enum behavior behavior)
{
	resource_set_annotation(arena, resource, NOTE_BEHAVIOR, BEHAVIORS[behavior]);
}

bool resource_needs_hash(const struct resource *resource)
{
	return is_enabled(resource, NOTE_NEEDS_HASH);
}

void resource_enable_hash(struct arena *arena, struct resource *resource)
{
	resource_set_annotation(arena, resource, NOTE_NEEDS_HASH, ENABLED);
}

void resource_allow_name_change(struct arena *arena, struct resource *patch)
{
	resource_set_annotation(arena, patch, NOTE_ALLOW_NAME_CHANGE, ENABLED);
}

void resource_allow_kind_change(struct arena *arena, struct resource *patch)
{
	resource_set_annotation(arena, patch, NOTE_ALLOW_KIND_CHANGE, ENABLED);
}

bool resource_may_change_name(const struct resource *patch)
{
	return is_enabled(patch, NOTE_ALLOW_NAME_CHANGE);
}

bool resource_may_change_kind(const struct resource *patch)
{
	return is_enabled(patch, NOTE_ALLOW_KIND_CHANGE);
}

bool resource_from_helm(const struct resource *resource)
{
	const char *value = resource_annotation(resource, NOTE_HELM_GENERATED);
	return value && strcmp(value, "true") == 0;
}

/* --- merging ------------------------------------------------------------------------------------------------------ */

static const char *pair_value(const struct pairs *pairs, const char *key)
{
	for (size_t i = 0; i < pairs->count; i++) {
		if (strcmp(pairs->items[i].key, key) == 0) {
			return pairs->items[i].value;
		}
	}
	return NULL;
}

/* mergeStringMaps: those of `over` win. */
static struct pairs merge(struct arena *arena, const struct pairs *under, const struct pairs *over)
{
	struct pairs out = { .items = arena_new(arena, under->count + over->count, sizeof *out.items) };
	size_t i = 0;
	size_t k = 0;
	while (i < under->count || k < over->count) {
		int order = i == under->count ? 1 : k == over->count ? -1 : strcmp(under->items[i].key, over->items[k].key);
		out.items[out.count++] = order < 0 ? under->items[i] : over->items[k];
		i += order <= 0;
		k += order >= 0;
	}
	return out;
}

/* mergeStringMapsWithBuildAnnotations: what the build noted comes from `under` alone. */
static struct pairs merge_annotations(struct arena *arena, const struct pairs *under, const struct pairs *over, bool hash)
{
	struct pairs all = merge(arena, under, over);
	struct pairs out = { .items = all.items };
	for (size_t i = 0; i < all.count; i++) {
		struct pair pair = all.items[i];
		if (note_is(pair.key)) {
			pair.value = pair_value(under, pair.key);
			if (!pair.value || (!hash && strcmp(pair.key, NOTE_NEEDS_HASH) == 0)) {
				continue;
			}
		}
		out.items[out.count++] = pair;
	}
	return out;
}

void resource_take_metadata(struct arena *arena, struct resource *resource, struct resource *from)
{
	struct pairs own = resource_labels(arena, resource);
	struct pairs theirs = resource_labels(arena, from);
	struct pairs labels = merge(arena, &theirs, &own);
	resource_set_labels(arena, resource, &labels);
	bool hash = resource_annotation(resource, NOTE_NEEDS_HASH) != NULL;
	own = resource_annotations(arena, resource);
	theirs = resource_annotations(arena, from);
	struct pairs annotations = merge_annotations(arena, &theirs, &own, hash);
	resource_set_annotations(arena, resource, &annotations);
	struct id id = *resource_id(arena, from);
	resource_set_name(arena, resource, id.name);
	resource_set_namespace(arena, resource, id.ns);
	resource->var_names = from->var_names;
}

struct pairs resource_internal_annotations(struct arena *arena, const struct resource *resource)
{
	struct pairs pairs = resource_annotations(arena, resource);
	size_t count = 0;
	for (size_t i = 0; i < pairs.count; i++) {
		const char *key = pairs.items[i].key;
		bool internal = strncmp(key, NOTE_DOMAIN, strlen(NOTE_DOMAIN)) == 0 || strcmp(key, "config.kubernetes.io/path") == 0 ||
		                strcmp(key, "config.kubernetes.io/index") == 0 || strcmp(key, "config.k8s.io/id") == 0;
		if (internal) {
			pairs.items[count] = pairs.items[i];
			/* Upstream reads these as Go's texts, where a null is none. */
			if (tree_is_null(tree_at(resource->root, "metadata", "annotations", key, NULL))) {
				pairs.items[count].value = "";
			}
			count++;
		}
	}
	pairs.count = count;
	return pairs;
}
