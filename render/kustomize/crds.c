#include "render/kustomize/crds.h"

#include <string.h>
#include <strings.h>

#include "render/base/limits.h"
#include "render/kustomize/fieldspec.h"
#include "render/kustomize/openapi.h"
#include "render/kustomize/openapi_types.h"

#define REFERENCE "x-kubernetes-object-ref-"

/* Where a walk through the definitions is. */
struct walk {
	struct arena *arena;
	const struct tree *definitions;
	const char *kind;
	struct field_config *out;
	struct err *err;
};

/* encoding/json finds a struct's fields without regard to case; the last one counts. */
static const struct tree *field_of(const struct tree *map, const char *name)
{
	const struct tree *found = NULL;
	for (uint32_t i = 0; tree_is_map(map) && i + 1 < map->count; i += 2) {
		const char *key = tree_text(map->items[i]);
		found = key && strcasecmp(key, name) == 0 ? map->items[i + 1] : found;
	}
	return found;
}

static const struct tree *properties_of(const struct tree *definition)
{
	return tree_get(field_of(definition, "Schema"), "properties");
}

static const char *extension(const struct tree *property, const char *name)
{
	const struct tree *value = field_of(property, name);
	return value && tree_is_scalar(value) && value->tag == TREE_STR ? value->text : NULL;
}

static bool add(const struct walk *walk, const struct field_config *one)
{
	return field_config_merge(walk->arena, walk->out, one, walk->err);
}

/* Of its own: the configuration keeps it. */
static struct fieldspecs one_spec(const struct walk *walk, const char *path)
{
	struct fieldspec *spec = arena_new(walk->arena, 1, sizeof *spec);
	*spec = (struct fieldspec){ .gvk = { "", "", walk->kind }, .path = path };
	return (struct fieldspecs){ .items = spec, .count = 1, .set = true };
}

static bool add_specs(const struct walk *walk, const struct tree *property, const char *path)
{
	const struct fieldspecs specs = one_spec(walk, path);
	const struct fieldspecs none = { 0 };
	const struct field_config one = {
		.common_annotations = extension(property, "x-kubernetes-annotation") ? specs : none,
		.common_labels = extension(property, "x-kubernetes-label-selector") ? specs : none,
		.name_prefix = extension(property, "x-kubernetes-identity") ? specs : none,
	};
	return add(walk, &one);
}

static bool add_reference(const struct walk *walk, const struct tree *property, const char *path)
{
	const char *version = extension(property, REFERENCE "api-version");
	const char *kind = extension(property, REFERENCE "kind");
	if (!version || !kind) {
		return true;
	}
	const char *name = extension(property, REFERENCE "name-key");
	struct name_reference *reference = arena_new(walk->arena, 1, sizeof *reference);
	reference->gvk = (struct gvk){ "", version, kind };
	reference->referrers = one_spec(walk, arena_printf(walk->arena, "%s/%s", path, name ? name : "name"));
	const struct field_config one = { .name_reference = { reference, 1, true } };
	return add(walk, &one);
}

/* Upstream follows definitions that refer to themselves until it crashes. */
static bool load(const struct walk *walk, const char *type, const char *path, size_t depth)
{
	if (depth > LIMIT_DEPTH) {
		return err_set(walk->err, ERR_LIMIT, "definition '%s' refers to itself, or is more than %zu deep", type, LIMIT_DEPTH);
	}
	const struct tree *properties = properties_of(tree_get(walk->definitions, type));
	for (uint32_t i = 0; tree_is_map(properties) && i + 1 < properties->count; i += 2) {
		const char *name = tree_text(properties->items[i]);
		const struct tree *property = properties->items[i + 1];
		const char *below = *path ? arena_printf(walk->arena, "%s/%s", path, name) : name;
		const char *ref = tree_get_text(property, "$ref");
		if (!add_specs(walk, property, below) || !add_reference(walk, property, below) ||
		    (ref && *ref && !load(walk, ref, below, depth + 1))) {
			return false;
		}
	}
	return true;
}

static bool is_api_type(const struct tree *definition)
{
	const struct tree *properties = properties_of(definition);
	return tree_get(properties, "kind") && tree_get(properties, "apiVersion") && tree_get(properties, "metadata");
}

static bool check_definition(const struct tree *definition, const char *name, struct err *err)
{
	if (!tree_is_map(definition) && !tree_is_null(definition)) {
		return err_set(
			err, ERR_INPUT,
			"'%s' is no OpenAPI definition: crds takes definitions by the name of their type, no CustomResourceDefinitions "
			"(those belong to resources)",
			name);
	}
	return (openapi_check_schema(field_of(definition, "Schema"), err) || err_wrap(err, "definition '%s': Schema", name)) &&
	       (openapi_check_texts(field_of(definition, "Dependencies"), err) ||
	        err_wrap(err, "definition '%s': Dependencies", name));
}

static bool load_definitions(const struct build *build, const struct tree *definitions, struct field_config *out, struct err *err)
{
	for (uint32_t i = 0; i + 1 < definitions->count; i += 2) {
		if (!check_definition(definitions->items[i + 1], tree_text(definitions->items[i]), err)) {
			return false;
		}
	}
	for (uint32_t i = 0; i + 1 < definitions->count; i += 2) {
		const char *type = tree_text(definitions->items[i]);
		const char *dot = strrchr(type, '.');
		const struct walk walk = { build->arena, definitions, dot ? dot + 1 : type, out, err };
		if (is_api_type(definitions->items[i + 1]) && !load(&walk, type, "", 0)) {
			return false;
		}
	}
	return true;
}

static bool load_file(const struct build *build, const char *path, struct field_config *out, struct err *err)
{
	struct text text;
	if (!loader_read(build->loader, path, &text, err)) {
		return false;
	}
	struct tree *tree;
	if (!openapi_read(build->arena, loader_path(build->loader, path), &text, 0, &tree, err)) {
		return false;
	}
	if (!tree_is_map(tree) && !tree_is_null(tree)) {
		return err_set(err, ERR_INPUT, "'%s' has no mapping of OpenAPI definitions", path);
	}
	return tree_is_null(tree) || load_definitions(build, tree, out, err);
}

bool crds_load(const struct build *build, const struct texts *paths, struct field_config *out, struct err *err)
{
	for (size_t i = 0; i < paths->count; i++) {
		if (!load_file(build, paths->items[i], out, err)) {
			return err_wrap(err, "crds[%zu]", i);
		}
	}
	return true;
}
