/* What a build kept in an object's own annotations goes away again. */
#include <stdlib.h>
#include <string.h>

#include "render/kustomize/notes.h"
#include "render/kustomize/resource.h"

static bool is_origin(const char *key)
{
	return strcmp(key, NOTE_ORIGIN) == 0;
}

static bool is_transformations(const char *key)
{
	return strcmp(key, NOTE_TRANSFORMATIONS) == 0;
}

static bool is_kept(const char *key, bool origin, bool transformers)
{
	return !note_is(key) && (origin || !is_origin(key)) && (transformers || !is_transformations(key));
}

/* What SetAnnotations does, in place: order does not show. */
static uint32_t make_texts(struct arena *arena, struct tree *annotations, bool origin, bool transformers)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i + 1 < annotations->count; i += 2) {
		const char *key = tree_text(annotations->items[i]);
		struct tree *value = annotations->items[i + 1];
		if (!is_kept(key ? key : "", origin, transformers)) {
			continue;
		}
		if (value->kind != TREE_SCALAR) {
			value = tree_new_string(arena, "");
		} else if (value->tag != TREE_STR || value->style != TREE_PLAIN) {
			value = tree_copy(arena, value);
			value->tag = TREE_STR;
			value->tagged = false;
			value->style = TREE_PLAIN;
		}
		annotations->items[count++] = annotations->items[i];
		annotations->items[count++] = value;
	}
	return count;
}

static int by_text(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Whether annotations are there twice, or one of them is. */
static bool has_twins(struct arena *arena, const struct tree *metadata, const struct tree *annotations)
{
	size_t fields = 0;
	for (uint32_t i = 0; i + 1 < metadata->count; i += 2) {
		fields += tree_text_is(metadata->items[i], "annotations");
	}
	size_t count = annotations ? annotations->count / 2 : 0;
	const char **keys = arena_new(arena, count, sizeof *keys);
	for (size_t i = 0; i < count; i++) {
		const char *key = tree_text(annotations->items[2 * i]);
		keys[i] = key ? key : "";
	}
	qsort(keys, count, sizeof *keys, by_text);
	bool twins = fields > 1;
	for (size_t i = 1; i < count && !twins; i++) {
		twins = strcmp(keys[i - 1], keys[i]) == 0;
	}
	return twins;
}

static void take_away(struct arena *arena, struct resource *resource, bool (*gone)(const char *key))
{
	struct pairs pairs = resource_annotations(arena, resource);
	size_t count = 0;
	for (size_t i = 0; i < pairs.count; i++) {
		if (!gone(pairs.items[i].key)) {
			pairs.items[count++] = pairs.items[i];
		}
	}
	pairs.count = count;
	resource_set_annotations(arena, resource, &pairs);
}

/* RemoveBuildAnnotations, RemoveOriginAnnotations, RemoveTransformerAnnotations: twins become one on the way. */
static void finish_slowly(struct arena *arena, struct resource *resource, bool origin, bool transformers)
{
	if (resource_annotations(arena, resource).count) {
		take_away(arena, resource, note_is);
	}
	if (!origin) {
		take_away(arena, resource, is_origin);
	}
	if (!transformers) {
		take_away(arena, resource, is_transformations);
	}
}

/* Upstream takes a list for keys and values in turn, and panics where that does not work out. */
static bool is_keys_and_values(const struct tree *list)
{
	for (uint32_t i = 0; i < list->count; i += 2) {
		if (!tree_is_scalar(list->items[i])) {
			return false;
		}
	}
	return list->count % 2 == 0;
}

bool resource_finish(struct arena *arena, struct resource *resource, bool origin, bool transformers, struct err *err)
{
	struct tree *metadata = tree_get(resource->root, "metadata");
	struct tree *annotations = tree_get(metadata, "annotations");
	(void)resource_previous(arena, resource);
	if (resource->previous.broken) {
		return err_set(err, ERR_INPUT,
		               "its former names are lost: a comma in its kind, name or namespace, or a patch of its metadata");
	}
	if (tree_is_list(annotations) && !is_keys_and_values(annotations)) {
		return err_set(err, ERR_INPUT, "line %u: metadata.annotations must be a mapping", annotations->line);
	}
	if (!tree_is_map(metadata) || (annotations && !tree_is_map(annotations)) || has_twins(arena, metadata, annotations)) {
		finish_slowly(arena, resource, origin, transformers);
	} else if (annotations) {
		annotations->count = make_texts(arena, annotations, origin, transformers);
		annotations->flow = false;
		if (annotations->count == 0) {
			(void)tree_remove(metadata, "annotations");
		}
	}
	return true;
}
