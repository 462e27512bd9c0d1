#include "render/kustomize/accumulate.h"

#include <stdio.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/kustomize/crds.h"
#include "render/kustomize/decode.h"
#include "render/kustomize/fieldspec.h"
#include "render/kustomize/openapi.h"
#include "render/kustomize/plugins.h"
#include "render/kustomize/read.h"
#include "render/kustomize/schema.h"
#include "render/kustomize/shared.h"
#include "render/kustomize/steps.h"

enum { LONG_MESSAGE = 300 };

/* Whose turn it is; who calls puts back what was. */
static void take_turn(const struct target *target)
{
	target->build->loader = &target->loader;
	target->build->file = target->file;
	target->build->field = NULL;
}

static bool check_limits(const struct build *build, const struct resmap *map, struct err *err)
{
	if (map->count > LIMIT_DOCUMENTS) {
		return err_set(err, ERR_LIMIT, "more than %zu objects in one build", LIMIT_DOCUMENTS);
	}
	return !arena_full(build->arena) ||
	       err_set(err, ERR_LIMIT, "the build takes more than %zu MiB of memory", build->arena->max / 1024 / 1024);
}

/* Files and directories on their way into an accumulator, whose ids nobody changes meanwhile. */
struct gathering {
	struct accumulator *all;
	struct idset *ids;
};

/* --- resources ---------------------------------------------------------------------------------------------------- */

static void note_kinds(struct build *build, const struct resmap *read)
{
	for (size_t i = 0; i < read->count && !build->unknown_kind; i++) {
		const char *api_version = tree_get_text(read->items[i]->root, "apiVersion");
		const char *kind = tree_get_text(read->items[i]->root, "kind");
		build->unknown_kind = !schema_knows_scope(api_version ? api_version : "", kind ? kind : "");
	}
}

static bool append_read(struct target *target, const char *path, struct resmap *read, struct gathering *into, struct err *err)
{
	note_kinds(target->build, read);
	const struct origin *origin = target->origin ? origin_append(target->build->arena, target->origin, path) : NULL;
	return origin_annotate(target->build, read, origin, err) && resmap_append_known(&into->all->map, into->ids, read, err);
}

static bool append_file(struct target *target, const char *path, const struct buf *text, struct gathering *into, struct err *err)
{
	struct resmap read = RESMAP_INIT(target->build->arena);
	const char *shown = loader_path(&target->loader, path);
	if (!resources_read_for(target->build, shown, &(struct text){ buf_text(text), text->len }, &read, err)) {
		return false;
	}
	shared_keep(target, path, &read);
	return append_read(target, path, &read, into, err);
}

/* The very lists of the defaults: most kustomizations configure nothing. */
static bool is_default(const struct field_config *config)
{
	const struct field_config *own = field_config_default();
	return config->name_prefix.items == own->name_prefix.items && config->name_suffix.items == own->name_suffix.items &&
	       config->namespace_.items == own->namespace_.items && config->common_labels.items == own->common_labels.items &&
	       config->labels.items == own->labels.items && config->template_labels.items == own->template_labels.items &&
	       config->common_annotations.items == own->common_annotations.items &&
	       config->name_reference.items == own->name_reference.items && config->var_reference.items == own->var_reference.items &&
	       config->images.items == own->images.items && config->replicas.items == own->replicas.items;
}

/*
 * Merging never changes a list in place, so that the defaults can be shared. Any other configuration loses by it what one of its
 * entries stands for already, even where it is merged into nothing.
 */
static bool merge_config(struct arena *arena, struct field_config *into, const struct field_config *from, struct err *err)
{
	bool none = into->name_reference.count == 0 && into->name_prefix.count == 0;
	if (is_default(from) && (none || is_default(into))) {
		*into = *from;
		return true;
	}
	return field_config_merge(arena, into, from, err);
}

static bool merge_accumulator(struct gathering *into, const struct accumulator *from, struct err *err)
{
	struct accumulator *all = into->all;
	return resmap_append_known(&all->map, into->ids, &from->map, err) &&
	       merge_config(all->map.arena, &all->config, &from->config, err) &&
	       varset_merge(all->map.arena, &all->vars, &from->vars, err);
}

/*
 * Upstream puts what a component leaves into a new accumulator: ids are looked at, and the configuration loses what one of its
 * entries stands for already.
 */
static bool renew(struct accumulator *accumulator, struct err *err)
{
	struct field_config merged = { 0 };
	if (!resmap_check_ids(&accumulator->map, err) || !merge_config(accumulator->map.arena, &merged, &accumulator->config, err)) {
		return false;
	}
	accumulator->config = merged;
	return true;
}

static bool check_kind(const struct target *sub, bool component, struct err *err)
{
	bool is_component = strcmp(sub->kustomization.kind, "Component") == 0;
	if (component && !is_component) {
		return err_set(err, ERR_INPUT, "%s: kind: must be Component, as components names it", sub->file);
	}
	return component || !is_component ||
	       err_set(err, ERR_INPUT, "%s: kind: a Component is named in components, not in resources", sub->file);
}

/* A component works on what its parent has so far; anything else on its own, and is then added. */
static bool accumulate_directory(struct target *target, const char *path, struct accumulator *component, struct gathering *into,
                                 struct err *err)
{
	struct build *build = target->build;
	struct target sub = { .build = build };
	if (!loader_enter(&target->loader, path, &sub.loader, err) || !target_load(&sub, err)) {
		return false;
	}
	if (++build->entered > LIMIT_BUILD_DIRS) {
		return err_set(err, ERR_LIMIT, "more than %zu directories in one build", LIMIT_BUILD_DIRS);
	}
	sub.origin = target->origin ? origin_append(build->arena, target->origin, path) : NULL;
	sub.kustomization.build_metadata = target->kustomization.build_metadata;
	if (!accumulate_schema(&sub, err) || !check_kind(&sub, component != NULL, err)) {
		return false;
	}
	bool good;
	if (component) {
		good = accumulate(&sub, component, err) && renew(component, err);
	} else {
		struct accumulator own = ACCUMULATOR_INIT(build->arena);
		good = accumulate(&sub, &own, err) && merge_accumulator(into, &own, err);
	}
	take_turn(target);
	return good;
}

static bool accumulate_path(struct target *target, const char *path, struct gathering *into, struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MANIFEST_BYTES);
	struct err no_file = ERR_INIT;
	if (loader_is_remote_file(path)) {
		return loader_refuse_remote(path, err);
	}
	struct resmap again = RESMAP_INIT(target->build->arena);
	if (shared_resources(target, path, &again)) {
		return append_read(target, path, &again, into, err);
	}
	if (*path && loader_read_into(&target->loader, path, &text, &no_file)) {
		return append_file(target, path, &text, into, err);
	}
	if (*path && no_file.kind != ERR_NOT_FOUND) {
		*err = no_file;
		return false;
	}
	return accumulate_directory(target, path, NULL, into, err);
}

/* "overlay/kustomization.yaml: resources[2]: " in front, once: what a base says stands behind its own place. */
static bool wrap(const struct target *target, const char *field, size_t index, struct err *err)
{
	/* What went wrong must not be pushed out by the way to it. */
	return strlen(err->msg) <= LONG_MESSAGE && err_wrap(err, "%s: %s[%zu]", target->file, field, index);
}

bool accumulate_paths(struct target *target, const struct texts *paths, const char *field, struct accumulator *accumulator,
                      struct err *err)
{
	CLEANUP(arena_release) struct arena scratch = ARENA_INIT(LIMIT_BUILD_BYTES);
	struct gathering into = { .all = accumulator, .ids = idset_new(&scratch, accumulator->map.count) };
	for (size_t i = 0; i < accumulator->map.count; i++) {
		idset_add(into.ids, resource_id(accumulator->map.arena, accumulator->map.items[i]));
	}
	for (size_t i = 0; i < paths->count; i++) {
		if (!accumulate_path(target, paths->items[i], &into, err)) {
			return wrap(target, field, i, err);
		}
		if (!check_limits(target->build, &accumulator->map, err)) {
			return false;
		}
	}
	return true;
}

static bool accumulate_components(struct target *target, struct accumulator *accumulator, struct err *err)
{
	const struct texts *components = &target->kustomization.components;
	for (size_t i = 0; i < components->count; i++) {
		if (!accumulate_directory(target, components->items[i], accumulator, NULL, err)) {
			return wrap(target, "components", i, err);
		}
	}
	return true;
}

/* --- configuration ------------------------------------------------------------------------------------------------ */

bool accumulate_schema(struct target *target, struct err *err)
{
	take_turn(target);
	return openapi_set(target->build, &target->kustomization.openapi, err) || err_wrap(err, "%s: openapi", target->file);
}

static bool read_configuration(struct target *target, const char *path, struct field_config *out, struct err *err)
{
	struct text text = { 0 };
	struct tree *tree = NULL;
	const char *shown = loader_path(&target->loader, path);
	struct arena *arena = target->build->arena;
	struct decoder decoder = { .arena = arena, .file = shown, .strict = true, .loose = true };
	struct field_config read;
	if (!loader_read(&target->loader, path, &text, err) ||
	    !tree_read_config(arena, shown, text.data, text.len, CONFIG_UNIQUE | CONFIG_LOOSE, &tree, err) ||
	    !decode(&decoder, &shape_field_config, tree, &read, err)) {
		return false;
	}
	field_config_sort(arena, &read);
	return field_config_merge(arena, out, &read, err);
}

/* MakeTransformerConfig, and what the crds say. */
static bool configure(struct target *target, struct accumulator *accumulator, struct err *err)
{
	struct arena *arena = target->build->arena;
	struct field_config config = *field_config_default();
	struct field_config files = { 0 };
	struct field_config crds = { 0 };
	const struct texts *paths = &target->kustomization.configurations;
	for (size_t i = 0; i < paths->count; i++) {
		if (!read_configuration(target, paths->items[i], &files, err)) {
			return wrap(target, "configurations", i, err);
		}
	}
	if (!(paths->count == 0 || field_config_merge(arena, &config, &files, err)) ||
	    !merge_config(arena, &accumulator->config, &config, err)) {
		return err_wrap(err, "%s: configurations", target->file);
	}
	if (target->kustomization.crds.count == 0) {
		return true;
	}
	return (crds_load(target->build, &target->kustomization.crds, &crds, err) &&
	        field_config_merge(arena, &accumulator->config, &crds, err)) ||
	       err_wrap(err, "%s: crds", target->file);
}

/* --- in order ----------------------------------------------------------------------------------------------------- */

static bool merge_vars(struct target *target, struct accumulator *accumulator, struct err *err)
{
	return target->kustomization.vars.count == 0 ||
	       vars_merge(target->build, &accumulator->map, &accumulator->vars, &target->kustomization.vars, err) ||
	       err_wrap(err, "%s: vars", target->file);
}

bool accumulate(struct target *target, struct accumulator *accumulator, struct err *err)
{
	take_turn(target);
	return accumulate_paths(target, &target->kustomization.resources, "resources", accumulator, err) &&
	       configure(target, accumulator, err) && steps_generate(target, accumulator, err) &&
	       plugins_generate(target, accumulator, err) && accumulate_components(target, accumulator, err) &&
	       steps_transform(target, accumulator, err) && plugins_transform(target, accumulator, err) &&
	       plugins_validate(target, accumulator, err) && merge_vars(target, accumulator, err) &&
	       check_limits(target->build, &accumulator->map, err);
}
