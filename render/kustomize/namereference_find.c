#include "render/kustomize/namereference_find.h"

#include <string.h>

/* Objects in their order, each once. */
struct name_list {
	struct resource **items;
	size_t count, cap;
};

static void append(struct arena *arena, struct name_list *list, struct resource *resource)
{
	if (list->count && list->items[list->count - 1] == resource) {
		return;
	}
	if (list->count == list->cap) {
		size_t cap = list->cap ? 2 * list->cap : 2;
		list->items = arena_grow(arena, list->items, list->count * sizeof(*list->items), cap * sizeof(*list->items));
		list->cap = cap;
	}
	list->items[list->count++] = resource;
}

void name_index_init(struct name_index *index, const struct resmap *map)
{
	*index = (struct name_index){ map->arena, map, MAP_INIT };
	for (size_t i = 0; i < map->count; i++) {
		const struct ids *previous = resource_previous(map->arena, map->items[i]);
		for (size_t k = 0; k < previous->count; k++) {
			const char *name = previous->items[k].name;
			struct name_list *list = map_get(&index->names, name);
			if (!list) {
				list = arena_new(map->arena, 1, sizeof *list);
				(void)map_set(&index->names, name, list);
			}
			append(map->arena, list, map->items[i]);
		}
	}
}

void name_index_release(struct name_index *index)
{
	map_release(&index->names);
}

/* --- the referrer ------------------------------------------------------------------------------------------------ */

/* Whether goyaml v3 makes a string of it. */
static bool is_string(const struct tree *node)
{
	if (!tree_is_scalar(node)) {
		return false;
	}
	bool unknown = node->tag == TREE_NONE && node->style == TREE_PLAIN;
	const char *tag = unknown ? tree_resolve(node->text, node->len) : node->tag;
	return tag != TREE_NULL && tag != TREE_BOOL && tag != TREE_INT && tag != TREE_FLOAT && tag != TREE_TIME;
}

static bool add_subject(struct arena *arena, struct referrer *referrer, const struct tree *subject, struct err *err)
{
	const struct tree *kind = tree_get(subject, "kind");
	const struct tree *ns = tree_get(subject, "namespace");
	if (!tree_is_map(subject) || (ns && kind && !is_string(kind))) {
		return err_set(err, ERR_INPUT, "field 'subjects': line %u: each must be a mapping, its kind a text",
		               (unsigned)subject->line);
	}
	if (!ns || !tree_text_is(kind, "ServiceAccount")) {
		return true;
	}
	if (!is_string(ns)) {
		return err_set(err, ERR_INPUT, "field 'subjects': line %u: the namespace must be a text", (unsigned)subject->line);
	}
	struct texts *texts = &referrer->namespaces;
	texts->items = arena_grow(arena, texts->items, texts->count * sizeof *texts->items,
	                          (texts->count + 1) * sizeof *texts->items);
	texts->items[texts->count++] = ns->text;
	return true;
}

static void look_at_role(struct referrer *referrer)
{
	const struct tree *role = tree_get(referrer->resource->root, "roleRef");
	const struct tree *group = tree_get(role, "apiGroup");
	const struct tree *kind = tree_get(role, "kind");
	if (group && kind) {
		const char *group_text = tree_text(group), *kind_text = tree_text(kind);
		referrer->role = (struct gvk){ group_text ? group_text : "", "", kind_text ? kind_text : "" };
		referrer->has_role = true;
	}
}

bool referrer_look(const struct name_index *index, struct referrer *referrer, struct err *err)
{
	if (referrer->looked) {
		return true;
	}
	referrer->looked = true;
	look_at_role(referrer);
	const struct id *id = resource_id(index->arena, referrer->resource);
	const struct tree *subjects = tree_get(referrer->resource->root, "subjects");
	if (id->cluster || strcmp(id->gvk.kind, "RoleBinding") != 0 || !tree_is_list(subjects)) {
		return true;
	}
	for (uint32_t i = 0; i < subjects->count; i++) {
		if (!add_subject(index->arena, referrer, subjects->items[i], err)) {
			return false;
		}
	}
	return true;
}

const struct gvk *referrer_role(const struct referrer *referrer, const char *path)
{
	static const char end[] = "roleRef/name";
	size_t len = strlen(path);
	bool names_role = len >= strlen(end) && strcmp(path + len - strlen(end), end) == 0;
	return names_role && referrer->has_role ? &referrer->role : NULL;
}

/* --- who can be meant -------------------------------------------------------------------------------------------- */

static bool was_selected(struct arena *arena, struct resource *resource, const struct gvk *selector)
{
	const struct ids *previous = resource_previous(arena, resource);
	for (size_t i = 0; i < previous->count; i++) {
		if (gvk_selected(&previous->items[i].gvk, selector)) {
			return true;
		}
	}
	return false;
}

/* Objects in one namespace, or of none, or where a RoleBinding has a ServiceAccount. */
static bool is_in_reach(struct arena *arena, const struct referrer *referrer, struct resource *resource)
{
	const struct id *from = resource_id(arena, referrer->resource);
	const struct id *to = resource_id(arena, resource);
	if (from->cluster || to->cluster || id_ns_equal(from, to)) {
		return true;
	}
	for (size_t i = 0; i < referrer->namespaces.count; i++) {
		if (strcmp(referrer->namespaces.items[i], to->ns) == 0) {
			return true;
		}
	}
	return false;
}

/* After that: only a ServiceAccount may be in another namespace. */
static bool is_in_namespace(struct arena *arena, const struct referrer *referrer, struct resource *resource)
{
	const struct id *from = resource_id(arena, referrer->resource);
	const struct id *to = resource_id(arena, resource);
	return from->cluster || to->cluster || strcmp(to->gvk.kind, "ServiceAccount") == 0 || id_ns_equal(from, to);
}

static bool was_in(struct arena *arena, struct resource *resource, const char *ns)
{
	return strcmp(id_effective_ns(resource_original(arena, resource)), ns) == 0;
}

/* Some object in reach was made in the namespace: then it is asked where objects were made, else where they are. */
static bool anyone_was_in(const struct name_index *index, const struct referrer *referrer, const char *ns)
{
	for (size_t i = 0; i < index->map->count; i++) {
		struct resource *resource = index->map->items[i];
		if (was_in(index->arena, resource, ns) && is_in_reach(index->arena, referrer, resource)) {
			return true;
		}
	}
	return false;
}

static struct name_list find_candidates(const struct name_index *index, const struct referrer *referrer,
                                        const struct name_question *question)
{
	struct arena *arena = index->arena;
	struct name_list candidates = { 0 };
	const struct name_list *named = map_get(&index->names, question->name);
	if (!named || (question->ns && strcmp(question->ns, ID_NO_NAMESPACE) == 0)) {
		return candidates;
	}
	bool by_origin = question->ns && anyone_was_in(index, referrer, question->ns);
	for (size_t i = 0; i < named->count; i++) {
		struct resource *resource = named->items[i];
		bool fits = is_in_reach(arena, referrer, resource) && was_selected(arena, resource, question->target) &&
		            (!question->role || was_selected(arena, resource, question->role)) &&
		            is_in_namespace(arena, referrer, resource);
		if (fits && question->ns) {
			fits = by_origin ? was_in(arena, resource, question->ns)
			                 : strcmp(id_effective_ns(resource_id(arena, resource)), question->ns) == 0;
		}
		if (fits) {
			append(arena, &candidates, resource);
		}
	}
	return candidates;
}

static void keep_same_affixes(struct name_list *list, const struct resource *referrer, bool allow_empty)
{
	size_t kept = 0;
	for (size_t i = 0; i < list->count; i++) {
		if (resource_same_affixes(list->items[i], referrer, allow_empty)) {
			list->items[kept++] = list->items[i];
		}
	}
	list->count = kept;
}

static bool are_alike(struct arena *arena, const struct name_list *list, bool namespaces)
{
	struct id first = *resource_id(arena, list->items[0]);
	for (size_t i = 1; i < list->count; i++) {
		const struct id *id = resource_id(arena, list->items[i]);
		if (strcmp(id->name, first.name) != 0 || (namespaces && strcmp(id->ns, first.ns) != 0)) {
			return false;
		}
	}
	return true;
}

bool name_find(const struct name_index *index, const struct referrer *referrer, const struct name_question *question,
               struct resource **found, struct err *err)
{
	struct name_list candidates = find_candidates(index, referrer, question);
	if (candidates.count > 1) {
		keep_same_affixes(&candidates, referrer->resource, true);
	}
	if (candidates.count > 1) {
		keep_same_affixes(&candidates, referrer->resource, false);
	}
	*found = candidates.count ? candidates.items[0] : NULL;
	if (candidates.count < 2 || are_alike(index->arena, &candidates, question->mapping)) {
		return true;
	}
	return err_set(err, ERR_INPUT, "it is not clear which object is meant: %.150s or %.150s",
	               id_text(index->arena, resource_id(index->arena, candidates.items[0])),
	               id_text(index->arena, resource_id(index->arena, candidates.items[1])));
}
