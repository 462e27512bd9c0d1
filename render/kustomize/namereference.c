#include "render/kustomize/namereference.h"

#include <string.h>

#include "render/kustomize/fieldspec.h"
#include "render/kustomize/namereference_find.h"
#include "render/kustomize/setter.h"
#include "render/kustomize/transformers.h"

/* One field of one referrer at work. */
struct setting {
	const struct name_index *index;
	struct referrer *referrer;
	const struct name_reference *reference;
	const struct fieldspec *spec;
};

static bool find(struct setting *setting, const char *name, const char *ns, bool mapping, struct resource **found,
                 struct err *err)
{
	struct name_question question = {
		.name = name,
		.ns = ns,
		.mapping = mapping,
		.target = &setting->reference->gvk,
		.role = referrer_role(setting->referrer, setting->spec->path),
	};
	return name_find(setting->index, setting->referrer, &question, found, err);
}

static bool set_scalar(struct setting *setting, struct tree *field, struct err *err)
{
	struct arena *arena = setting->index->arena;
	struct resource *found;
	if (!find(setting, field->text, NULL, false, &found, err)) {
		return false;
	}
	const char *name = found ? resource_id(arena, found)->name : NULL;
	return !found || strcmp(name, field->text) == 0 || setter_set(arena, field, name, NULL, err);
}

/* A mapping has a name, and may have a namespace: both follow. */
static bool set_mapping(struct setting *setting, struct tree *field, struct err *err)
{
	struct arena *arena = setting->index->arena;
	const struct tree *name = tree_get(field, "name");
	const struct tree *ns = tree_get(field, "namespace");
	if (!name) {
		return err_set(err, ERR_INPUT, "line %u: a mapping there must have a 'name'", (unsigned)field->line);
	}
	const char *old = tree_is_scalar(name) ? name->text : "";
	const char *old_ns = ns ? tree_is_scalar(ns) ? ns->text : "" : NULL;
	struct resource *found;
	if (!find(setting, old, old_ns, true, &found, err)) {
		return false;
	}
	if (!found) {
		return true;
	}
	struct id id = *resource_id(arena, found);
	if (strcmp(id.name, old) == 0 && !*id.ns) {
		return true;
	}
	return setter_set_entry(arena, field, "name", id.name, NULL, err) &&
	       (!*id.ns || setter_set_entry(arena, field, "namespace", id.ns, NULL, err));
}

static bool set_one(struct setting *setting, struct tree *field, struct err *err)
{
	if (tree_is_null(field)) {
		return true;
	}
	return tree_is_map(field) ? set_mapping(setting, field, err) : set_scalar(setting, field, err);
}

static bool set(void *context, struct tree *field, struct err *err)
{
	struct setting *setting = context;
	if (!tree_is_list(field)) {
		return set_one(setting, field, err);
	}
	for (uint32_t i = 0; i < field->count; i++) {
		if (tree_is_list(field->items[i])) {
			return err_set(err, ERR_INPUT, "line %u: a list in a list cannot hold names", (unsigned)field->items[i]->line);
		}
		if (!set_one(setting, field->items[i], err)) {
			return false;
		}
	}
	return true;
}

/* confirmNodeMatchesReferrer: an apiVersion or kind that says another thing than the object is known by, which is null by any
 * spelling, and a version behind an empty group. */
static bool is_itself(const struct resource *resource, struct err *err)
{
	static const char *const fields[] = { "apiVersion", "kind" };
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		const struct tree *value = tree_get(resource->root, fields[i]);
		const char *text = tree_text(value);
		if (text && *text && (tree_is_null(value) || (i == 0 && *text == '/'))) {
			return err_set(err, ERR_INPUT, "line %u: its %s must not be %s", (unsigned)value->line, fields[i], text);
		}
	}
	return true;
}

/* The fields of one referrer that are for objects of one kind. */
static bool set_fields(struct setting *setting, const struct gvk *original, struct err *err)
{
	struct fieldspec_visitor visitor = { .visit = set, .context = setting };
	for (size_t i = 0; i < setting->reference->referrers.count; i++) {
		setting->spec = &setting->reference->referrers.items[i];
		struct resource *resource = setting->referrer->resource;
		if (!gvk_selected(original, &setting->spec->gvk)) {
			continue;
		}
		if (!is_itself(resource, err) || !referrer_look(setting->index, setting->referrer, err) ||
		    !fieldspec_visit(setting->index->arena, setting->spec, resource->root, &visitor, err)) {
			return false;
		}
	}
	return true;
}

bool namereference_transform(const struct build *build, struct resmap *map, const struct name_references *references,
                             struct err *err)
{
	CLEANUP(name_index_release) struct name_index index;
	name_index_init(&index, map);
	for (size_t i = 0; i < map->count; i++) {
		struct referrer referrer = { .resource = map->items[i] };
		struct gvk original = resource_original(build->arena, map->items[i])->gvk;
		for (size_t at = 0; at < references->count; at++) {
			struct setting setting = { &index, &referrer, &references->items[at], NULL };
			if (!set_fields(&setting, &original, err)) {
				return transform_fail(build, map->items[i], err);
			}
		}
	}
	return true;
}
