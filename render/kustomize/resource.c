#include "render/kustomize/resource.h"

#include <string.h>

#include "render/kustomize/hidden.h"
#include "render/kustomize/notes.h"
#include "render/kustomize/setter.h"

struct resource *resource_new(struct arena *arena, struct tree *root, const char *path)
{
	struct resource *resource = arena_new(arena, 1, sizeof *resource);
	resource->root = root;
	resource->path = path;
	return resource;
}

struct resource *resource_copy(struct arena *arena, const struct resource *resource)
{
	struct resource *copy = arena_new(arena, 1, sizeof *copy);
	*copy = *resource;
	copy->root = resource->root ? tree_copy(arena, resource->root) : NULL;
	return copy;
}

bool resource_is_gone(const struct resource *resource)
{
	return tree_is_empty(resource->root);
}

/* --- who it is ---------------------------------------------------------------------------------------------------- */

static const char *text_or_empty(const struct tree *tree)
{
	const char *text = tree_text(tree);
	return text ? text : "";
}

/* GetName and GetNamespace pass over a null. */
static const char *metadata_text(const struct tree *root, const char *key)
{
	const struct tree *metadata = tree_get(root, "metadata");
	const struct tree *value = tree_is_empty(metadata) ? NULL : tree_get(metadata, key);
	return tree_is_empty(value) ? "" : text_or_empty(value);
}

const struct id *resource_id(struct arena *arena, struct resource *resource)
{
	const char *api_version = text_or_empty(tree_get(resource->root, "apiVersion"));
	const char *kind = text_or_empty(tree_get(resource->root, "kind"));
	const char *name = metadata_text(resource->root, "name");
	const char *ns = metadata_text(resource->root, "namespace");
	struct id *id = &resource->current.id;
	if (api_version != resource->current.api_version || kind != resource->current.kind) {
		id->gvk = gvk_of(arena, api_version, kind);
		id->cluster = gvk_is_cluster_scoped(&id->gvk);
		resource->current.api_version = api_version;
		resource->current.kind = kind;
	}
	id->name = name;
	id->ns = ns;
	return id;
}

static size_t count_commas(const char *text)
{
	size_t count = 0;
	for (; *text; text++) {
		count += *text == ',';
	}
	return count;
}

/* The next of the texts between commas. */
static const char *next_text(struct arena *arena, const char **list)
{
	const char *comma = strchr(*list, ',');
	size_t len = comma ? (size_t)(comma - *list) : strlen(*list);
	const char *text = comma ? arena_text_len(arena, *list, len) : *list;
	*list += len + (comma != NULL);
	return text;
}

static void split_previous(struct arena *arena, struct resource *resource)
{
	const char *names = resource->previous.names;
	const char *namespaces = resource->previous.namespaces;
	const char *kinds = resource->previous.kinds;
	size_t count = count_commas(names) + 1;
	resource->previous.broken = count_commas(namespaces) + 1 != count || count_commas(kinds) + 1 != count;
	if (resource->previous.broken) {
		resource->previous.ids = (struct ids){ 0 };
		return;
	}
	struct id *ids = arena_new(arena, count, sizeof *ids);
	for (size_t i = 0; i < count; i++) {
		ids[i].gvk = gvk_of(arena, resource->previous.api_version, next_text(arena, &kinds));
		ids[i].name = next_text(arena, &names);
		ids[i].ns = next_text(arena, &namespaces);
	}
	resource->previous.ids = (struct ids){ .items = ids, .count = count };
}

const struct ids *resource_previous(struct arena *arena, struct resource *resource)
{
	const char *names = resource_annotation(resource, NOTE_PREVIOUS_NAMES);
	if (!names) {
		resource->previous.names = NULL;
		resource->previous.ids = (struct ids){ 0 };
		resource->previous.broken = false;
		return &resource->previous.ids;
	}
	const char *namespaces = resource_annotation(resource, NOTE_PREVIOUS_NAMESPACES);
	const char *kinds = resource_annotation(resource, NOTE_PREVIOUS_KINDS);
	const char *api_version = text_or_empty(tree_get(resource->root, "apiVersion"));
	namespaces = namespaces ? namespaces : "";
	kinds = kinds ? kinds : "";
	bool same = names == resource->previous.names && namespaces == resource->previous.namespaces &&
	            kinds == resource->previous.kinds && api_version == resource->previous.api_version;
	if (!same) {
		resource->previous.names = names;
		resource->previous.namespaces = namespaces;
		resource->previous.kinds = kinds;
		resource->previous.api_version = api_version;
		split_previous(arena, resource);
	}
	return &resource->previous.ids;
}

const struct id *resource_original(struct arena *arena, struct resource *resource)
{
	const struct ids *previous = resource_previous(arena, resource);
	return previous->count ? &previous->items[0] : resource_id(arena, resource);
}

bool resource_was(struct arena *arena, struct resource *resource, const struct id *id)
{
	const struct ids *previous = resource_previous(arena, resource);
	for (size_t i = 0; i < previous->count; i++) {
		if (id_equal(&previous->items[i], id)) {
			return true;
		}
	}
	return id_equal(resource_id(arena, resource), id);
}

/* --- what is set -------------------------------------------------------------------------------------------------- */

/* LookupCreate(MappingNode, "metadata"). */
static struct tree *make_metadata(struct arena *arena, struct resource *resource)
{
	struct tree *metadata = tree_get(resource->root, "metadata");
	if (!metadata) {
		metadata = tree_new_map(arena);
		tree_append(arena, resource->root, tree_new_plain(arena, "metadata"));
		tree_append(arena, resource->root, metadata);
	} else if (!tree_is_map(metadata)) {
		tree_assign(metadata, tree_new_map(arena));
	}
	return metadata;
}

void resource_set_name(struct arena *arena, struct resource *resource, const char *name)
{
	(void)tree_put(arena, make_metadata(arena, resource), "name", tree_new_plain(arena, name));
}

void resource_set_namespace(struct arena *arena, struct resource *resource, const char *ns)
{
	if (*ns) {
		(void)tree_put(arena, make_metadata(arena, resource), "namespace", tree_new_plain(arena, ns));
	} else {
		struct tree *metadata = tree_get(resource->root, "metadata");
		if (tree_is_map(metadata)) {
			(void)tree_remove(metadata, "namespace");
		}
	}
}

void resource_set_kind(struct arena *arena, struct resource *resource, const char *kind)
{
	(void)tree_put(arena, resource->root, "kind", tree_new_plain(arena, kind));
}

/* --- labels and annotations --------------------------------------------------------------------------------------- */

static const char *in_metadata(const struct resource *resource, const char *field, const char *key)
{
	const struct tree *metadata = tree_get(resource->root, "metadata");
	const struct tree *value = tree_get(tree_get(metadata, field), key);
	return value ? text_or_empty(value) : NULL;
}

const char *resource_label(const struct resource *resource, const char *key)
{
	return in_metadata(resource, "labels", key);
}

const char *resource_annotation(const struct resource *resource, const char *key)
{
	return in_metadata(resource, "annotations", key);
}

/* Inserts in order; of a key that is there already the value is replaced. */
static void insert_pair(struct pairs *pairs, const char *key, const char *value)
{
	size_t at = pairs->count;
	while (at && strcmp(pairs->items[at - 1].key, key) > 0) {
		at--;
	}
	if (at && strcmp(pairs->items[at - 1].key, key) == 0) {
		pairs->items[at - 1].value = value;
		return;
	}
	memmove(pairs->items + at + 1, pairs->items + at, (pairs->count - at) * sizeof *pairs->items);
	pairs->items[at] = (struct pair){ .key = key, .value = value };
	pairs->count++;
}

static struct pairs pairs_of(struct arena *arena, const struct resource *resource, const char *field)
{
	const struct tree *map = tree_get(tree_get(resource->root, "metadata"), field);
	struct pairs pairs = { 0 };
	/* getMapFromMeta does not ask what a field is: what was put below a null comes to light. */
	map = map && map->kind == TREE_SCALAR ? hidden_below(map) : map;
	if (!map) {
		return pairs;
	}
	/* One more, so that who asks can add one. */
	pairs.items = arena_new(arena, map->count / 2 + 1, sizeof *pairs.items);
	for (uint32_t i = 0; i + 1 < map->count; i += 2) {
		insert_pair(&pairs, text_or_empty(map->items[i]), text_or_empty(map->items[i + 1]));
	}
	return pairs;
}

struct pairs resource_labels(struct arena *arena, const struct resource *resource)
{
	return pairs_of(arena, resource, "labels");
}

struct pairs resource_annotations(struct arena *arena, const struct resource *resource)
{
	return pairs_of(arena, resource, "annotations");
}

bool resource_lost_metadata(const struct resource *resource)
{
	const struct tree *metadata = tree_get(resource->root, "metadata");
	return metadata && tree_is_null(metadata);
}

/* setMapInMetadata. Where a manifest has the field twice, what was in the first goes into the second. */
static void set_pairs(struct arena *arena, struct resource *resource, const char *field, const struct pairs *pairs)
{
	if (resource_lost_metadata(resource)) {
		return;
	}
	struct tree *metadata = make_metadata(arena, resource);
	(void)tree_remove(metadata, field);
	if (pairs->count == 0) {
		return;
	}
	struct tree *map = tree_get(metadata, field);
	if (!map || (!tree_is_map(map) && !tree_is_null(map))) {
		(void)tree_remove(metadata, field);
		map = tree_new_map(arena);
		tree_append(arena, metadata, tree_new_plain(arena, field));
		tree_append(arena, metadata, map);
	}
	bool filled = tree_is_map(map) && map->count;
	for (size_t i = 0; i < pairs->count; i++) {
		struct tree *value = setter_new_string(arena, pairs->items[i].value);
		if (filled) {
			(void)tree_put(arena, map, pairs->items[i].key, value);
		} else {
			/* Below a null, too, which hides it. */
			hidden_append(arena, map, tree_new_plain(arena, pairs->items[i].key));
			hidden_append(arena, map, value);
		}
	}
}

void resource_set_labels(struct arena *arena, struct resource *resource, const struct pairs *labels)
{
	set_pairs(arena, resource, "labels", labels);
}

void resource_set_annotations(struct arena *arena, struct resource *resource, const struct pairs *annotations)
{
	set_pairs(arena, resource, "annotations", annotations);
}

void resource_set_annotation(struct arena *arena, struct resource *resource, const char *key, const char *value)
{
	struct pairs old = resource_annotations(arena, resource);
	struct pairs pairs = { .items = arena_new(arena, old.count + 1, sizeof *pairs.items) };
	for (size_t i = 0; i < old.count; i++) {
		if (value || strcmp(old.items[i].key, key) != 0) {
			pairs.items[pairs.count++] = old.items[i];
		}
	}
	if (value) {
		insert_pair(&pairs, key, value);
	}
	resource_set_annotations(arena, resource, &pairs);
}
