#include "render/kustomize/plugins.h"

#include <string.h>

#include "render/kustomize/plugin_kinds.h"
#include "render/kustomize/read.h"
#include "render/kustomize/steps.h"
#include "render/kustomize/write.h"

/* An entry that reads as resources is one itself, else it is a path. */
static bool add_inline(struct target *target, const char *entry, struct accumulator *plugins, bool *found, struct err *err)
{
	struct arena *arena = target->build->arena;
	struct resmap read = RESMAP_INIT(arena);
	struct err no_text = ERR_INIT;
	*found = resources_read(arena, target->file, entry, strlen(entry), &read, &no_text) && resmap_check_ids(&read, &no_text);
	if (!*found) {
		return true;
	}
	for (size_t i = 0; target->origin && i < read.count; i++) {
		origin_set(arena, read.items[i], origin_append(arena, target->origin, target->name));
	}
	return resmap_append_all(&plugins->map, &read, err);
}

/* Inline ones come before those of files. */
static bool collect(struct target *target, const struct texts *entries, const char *field, struct accumulator *plugins,
                    struct err *err)
{
	struct texts paths = { .items = arena_new(target->build->arena, entries->count, sizeof *paths.items) };
	for (size_t i = 0; i < entries->count; i++) {
		bool found = false;
		if (!add_inline(target, entries->items[i], plugins, &found, err)) {
			return err_wrap(err, "%s: %s[%zu]", target->file, field, i);
		}
		if (!found) {
			paths.items[paths.count++] = entries->items[i];
		}
	}
	return accumulate_paths(target, &paths, field, plugins, err);
}

static bool check_builtin(struct arena *arena, struct resource *plugin, struct err *err)
{
	const struct gvk *gvk = &resource_id(arena, plugin)->gvk;
	if (!*gvk->group && strcmp(gvk->version, "builtin") == 0) {
		return true;
	}
	return err_set(err, ERR_INPUT,
	               "%s:%u: kind %s is no builtin one (apiVersion: builtin) but a program or container to run, and a build runs "
	               "nothing: run it beforehand and name what it prints in resources",
	               plugin->path, plugin->root->line, gvk->kind);
}

/* What configures the plugin, as JSON has it. */
static bool open_plugin(struct target *target, struct resource *resource, struct plugin *plugin, struct err *err)
{
	struct arena *arena = target->build->arena;
	if (!check_builtin(arena, resource, err)) {
		return false;
	}
	plugin->build = target->build;
	plugin->file = resource->path;
	plugin->kind = resource_id(arena, resource)->gvk.kind;
	plugin->config = tree_to_json(arena, resource->root, err);
	return (plugin->config && origin_of_plugin(arena, resource, &plugin->origin, err)) ||
	       err_wrap(err, "%s:%u", resource->path, resource->root->line);
}

bool plugins_generate(struct target *target, struct accumulator *accumulator, struct err *err)
{
	struct accumulator plugins = ACCUMULATOR_INIT(target->build->arena);
	if (!collect(target, &target->kustomization.generators, "generators", &plugins, err)) {
		return false;
	}
	for (size_t i = 0; i < plugins.map.count; i++) {
		struct plugin plugin;
		struct resmap made = RESMAP_INIT(target->build->arena);
		if (!open_plugin(target, plugins.map.items[i], &plugin, err)) {
			return false;
		}
		if (!plugin_generate(&plugin, &made, err)) {
			return err_wrap(err, "%s: %s", plugin.file, plugin.kind);
		}
		origin_add(&made, plugin.origin);
		if (!resmap_absorb_all(&accumulator->map, &made, err)) {
			return err_wrap(err, "%s: %s", plugin.file, plugin.kind);
		}
	}
	return true;
}

static bool transform(struct target *target, struct resource *resource, struct resmap *map, bool note, struct err *err)
{
	struct plugin plugin;
	if (!open_plugin(target, resource, &plugin, err)) {
		return false;
	}
	if (!plugin_transform(&plugin, map, err)) {
		return err_wrap(err, "%s: %s", plugin.file, plugin.kind);
	}
	return !note || steps_finish(map, plugin.origin, err);
}

bool plugins_transform(struct target *target, struct accumulator *accumulator, struct err *err)
{
	struct accumulator plugins = ACCUMULATOR_INIT(target->build->arena);
	if (!collect(target, &target->kustomization.transformers, "transformers", &plugins, err)) {
		return false;
	}
	for (size_t i = 0; i < plugins.map.count; i++) {
		if (!transform(target, plugins.map.items[i], &accumulator->map, true, err)) {
			return false;
		}
	}
	return true;
}

/* --- validators --------------------------------------------------------------------------------------------------- */

static struct resmap copy_deep(const struct resmap *map)
{
	struct resmap copy = RESMAP_INIT(map->arena);
	for (size_t i = 0; i < map->count; i++) {
		resmap_add(&copy, resource_copy(map->arena, map->items[i]));
	}
	return copy;
}

static bool same_tree(const struct tree *a, const struct tree *b)
{
	if (a->kind != b->kind || strcmp(a->tag, b->tag) != 0) {
		return false;
	}
	if (a->kind == TREE_SCALAR) {
		return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
	}
	bool same = a->count == b->count;
	for (uint32_t i = 0; same && i < a->count; i++) {
		same = same_tree(a->items[i], b->items[i]);
	}
	return same;
}

static void drop_label(struct arena *arena, struct resource *resource, const char *key)
{
	struct pairs labels = resource_labels(arena, resource);
	struct pairs kept = { .items = labels.items };
	for (size_t i = 0; i < labels.count; i++) {
		if (strcmp(labels.items[i].key, key) != 0) {
			kept.items[kept.count++] = labels.items[i];
		}
	}
	if (kept.count != labels.count) {
		resource_set_labels(arena, resource, &kept);
	}
}

static bool check_unchanged(const struct resmap *before, const struct resmap *after, struct err *err)
{
	bool same = before->count == after->count;
	for (size_t i = 0; same && i < before->count; i++) {
		struct resource *now = after->items[i];
		drop_label(after->arena, now, "validated-by");
		same = before->items[i]->root && now->root && same_tree(before->items[i]->root, now->root);
	}
	return same || err_set(err, ERR_INPUT, "a validator must not change what it looks at");
}

bool plugins_validate(struct target *target, struct accumulator *accumulator, struct err *err)
{
	struct accumulator plugins = ACCUMULATOR_INIT(target->build->arena);
	if (!collect(target, &target->kustomization.validators, "validators", &plugins, err)) {
		return false;
	}
	for (size_t i = 0; i < plugins.map.count; i++) {
		struct resmap before = copy_deep(&accumulator->map);
		if (!transform(target, plugins.map.items[i], &accumulator->map, false, err)) {
			return false;
		}
		struct resmap after = copy_deep(&accumulator->map);
		if (!check_unchanged(&before, &after, err)) {
			return err_wrap(err, "%s: validators", target->file);
		}
	}
	return true;
}
