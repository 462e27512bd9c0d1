#include <string.h>

#include "render/kustomize/fieldspec.h"
#include "render/kustomize/setter.h"
#include "render/kustomize/transformers.h"

struct setting {
	struct arena *arena;
	const struct namespace_config *config;
};

static bool set(void *context, struct tree *field, struct err *err)
{
	const struct setting *setting = context;
	if (setting->config->unset_only && tree_is_scalar(field) && !tree_is_null(field) && field->len) {
		return true;
	}
	return setter_set(setting->arena, field, setting->config->ns, TREE_STR, err);
}

static struct fieldspec_visitor visitor_of(struct setting *setting)
{
	return (struct fieldspec_visitor){ set, setting, true, TREE_SCALAR, TREE_STR };
}

static bool set_own(struct setting *setting, struct resource *resource, struct err *err)
{
	static const struct fieldspec own = { { "", "", "" }, "metadata/namespace", true };
	struct fieldspec_visitor visitor = visitor_of(setting);
	return fieldspec_visit(setting->arena, &own, resource->root, &visitor, err);
}

/* --- bindings ---------------------------------------------------------------------------------------------------- */

static bool is_binding(const char *kind)
{
	return strcmp(kind, "RoleBinding") == 0 || strcmp(kind, "ClusterRoleBinding") == 0;
}

static bool set_subject(struct setting *setting, struct tree *subject, struct err *err)
{
	bool all = setting->config->subjects == SUBJECTS_ALL_SERVICE_ACCOUNTS;
	const struct tree *field = tree_get(subject, all ? "kind" : "name");
	if (tree_is_null(subject) || (tree_is_map(subject) && tree_is_null(field))) {
		return true;
	}
	if (!tree_is_scalar(field)) {
		return err_set(err, ERR_INPUT, "field 'subjects': line %u: each must be a mapping with a kind and a name",
		               (unsigned)subject->line);
	}
	if (!tree_text_is(field, all ? "ServiceAccount" : "default")) {
		return true;
	}
	struct tree *ns = tree_get(subject, "namespace");
	if (!ns) {
		ns = tree_new_plain(setting->arena, "");
		setter_put(setting->arena, subject, "namespace", TREE_PLAIN, ns);
	}
	return set(setting, ns, err) || err_wrap(err, "field 'subjects/namespace'");
}

static bool set_subjects(struct setting *setting, struct resource *resource, struct err *err)
{
	struct tree *subjects = tree_get(resource->root, "subjects");
	if (setting->config->subjects == SUBJECTS_NONE || tree_is_null(subjects)) {
		return true;
	}
	if (!tree_is_list(subjects)) {
		return err_set(err, ERR_INPUT, "field 'subjects': line %u: it must be a list", (unsigned)subjects->line);
	}
	for (uint32_t i = 0; i < subjects->count; i++) {
		if (!set_subject(setting, subjects->items[i], err)) {
			return false;
		}
	}
	return true;
}

/* --- everything else --------------------------------------------------------------------------------------------- */

/* metadata/namespace is set already, a Namespace's name only of version v1, and subjects of bindings as the mode says. */
static bool is_passed_over(const struct fieldspec *spec, const struct tree *object, const char *kind)
{
	if (strcmp(spec->path, "metadata/namespace") == 0) {
		return true;
	}
	if (strcmp(spec->path, "metadata/name") == 0) {
		return !tree_text_is(tree_get(object, "apiVersion"), "v1");
	}
	return is_binding(kind) && is_binding(spec->gvk.kind) && strcmp(spec->path, "subjects/namespace") == 0;
}

static bool set_specs(struct setting *setting, struct resource *resource, const char *kind, struct err *err)
{
	struct fieldspec_visitor visitor = visitor_of(setting);
	for (size_t i = 0; i < setting->config->specs.count; i++) {
		const struct fieldspec *spec = &setting->config->specs.items[i];
		if (is_passed_over(spec, resource->root, kind) || !fieldspec_matches(spec, resource->root)) {
			continue;
		}
		if (!fieldspec_visit(setting->arena, spec, resource->root, &visitor, err)) {
			return false;
		}
	}
	return true;
}

bool namespace_set(const struct build *build, struct resource *resource, const struct namespace_config *config, struct err *err)
{
	struct setting setting = { build->arena, config };
	const struct id id = *resource_id(build->arena, resource);
	if (!id.cluster && !set_own(&setting, resource, err)) {
		return false;
	}
	if (is_binding(id.gvk.kind) && !set_subjects(&setting, resource, err)) {
		return false;
	}
	return set_specs(&setting, resource, id.gvk.kind, err);
}

bool namespace_transform(const struct build *build, struct resmap *map, const struct namespace_config *config, struct err *err)
{
	if (!*config->ns) {
		return true;
	}
	struct idset *ids = idset_new(build->arena, map->count);
	for (size_t i = 0; i < map->count; i++) {
		idset_add(ids, resource_id(build->arena, map->items[i]));
	}
	for (size_t i = 0; i < map->count; i++) {
		struct resource *resource = map->items[i];
		if (resource_is_gone(resource) || resource_from_helm(resource)) {
			continue;
		}
		idset_remove(ids, resource_id(build->arena, resource));
		resource_store_previous(build->arena, resource);
		if (!namespace_set(build, resource, config, err)) {
			return transform_fail(build, resource, err);
		}
		const struct id *id = resource_id(build->arena, resource);
		idset_add(ids, id);
		if (idset_count(ids, id) != 1) {
			return err_set(err, ERR_INPUT, "namespace '%.100s': more than one object is %.300s then", config->ns,
			               id_text(build->arena, id));
		}
	}
	return true;
}
