#include "render/kustomize/patch.h"

#include <string.h>

#include "render/base/limits.h"
#include "render/kustomize/jsonpatch.h"
#include "render/kustomize/merge.h"
#include "render/kustomize/openapi.h"
#include "render/kustomize/read.h"
#include "render/kustomize/rune.h"
#include "render/kustomize/selector.h"
#include "render/kustomize/transformers.h"
#include "render/kustomize/whole.h"

/* A patch's text, and what messages call it. */
struct source {
	const char *name;
	struct text text;
};

/* strings.TrimSpace */
static struct text trim(const char *text)
{
	const char *from = text, *end = text + strlen(text);
	for (const char *at = text; at < end;) {
		unsigned rune;
		size_t len = rune_next(at, (size_t)(end - at), &rune);
		if (!len || !rune_is_space(rune)) {
			break;
		}
		from = at += len;
	}
	const char *last = from;
	for (const char *at = from; at < end;) {
		unsigned rune;
		size_t len = rune_next(at, (size_t)(end - at), &rune);
		bool space = len && rune_is_space(rune);
		at += len ? len : 1;
		last = space ? last : at;
	}
	return (struct text){ from, (size_t)(last - from) };
}

static bool load(const struct build *build, const char *path, struct source *source, struct err *err)
{
	source->name = loader_path(build->loader, path);
	return loader_read(build->loader, path, &source->text, err) || err_wrap(err, "patch '%.200s'", path);
}

/* Of a patch that is given inline or by its path, but not both. */
static bool find_source(const struct build *build, const struct patch *patch, struct source *source, struct err *err)
{
	struct text text = trim(patch->patch);
	if (!text.len == !*patch->path) {
		return err_set(err, ERR_INPUT, "a patch needs %s 'patch' or 'path'", text.len ? "only one of" : "one of");
	}
	if (!text.len) {
		return load(build, patch->path, source, err);
	}
	source->name = "inline patch";
	source->text = (struct text){ arena_text_len(build->arena, text.data, text.len), text.len };
	return true;
}

static void warn_nothing(const struct build *build, const struct source *source)
{
	build_warn(build, "%.200s: its target selects no object", source->name);
}

/* --- strategic merge --------------------------------------------------------------------------------------------- */

/* Changes one object by a patch, which is used up. What it leaves nothing of is gone. */
static bool merge_into(struct build *build, struct resource *resource, struct resource *patch, struct err *err)
{
	struct arena *arena = build->arena;
	struct id id = *resource_id(arena, resource);
	bool names = resource_may_change_name(patch), kinds = resource_may_change_kind(patch);
	if (names || kinds) {
		resource_store_previous(arena, resource);
	}
	struct tree *merged;
	if (!openapi_usable(build, err)) {
		return false;
	}
	build->merged = true;
	if (!merge_apply(arena, build->schema, resource->root, patch->root, &merged, err)) {
		return transform_fail(build, resource, err);
	}
	/* Where the patch is to replace the whole object another tree comes out, which upstream forgets. */
	resource->root = merged ? resource->root : NULL;
	if (resource_is_gone(resource)) {
		resource->root = NULL;
		return true;
	}
	if (!kinds) {
		resource_set_kind(arena, resource, id.gvk.kind);
	}
	if (!names) {
		resource_set_name(arena, resource, id.name);
	}
	resource_set_namespace(arena, resource, id.ns);
	return true;
}

/* The patch for one object that a target selected: it is then of the object's version. */
static struct resource *fit(struct arena *arena, struct resource *patch, struct resource *resource)
{
	struct resource *copy = resource_copy(arena, patch);
	resource_take_metadata(arena, copy, patch);
	struct gvk gvk = resource_id(arena, resource)->gvk;
	(void)tree_put(arena, copy->root, "apiVersion", tree_new_plain(arena, gvk_api_version(arena, &gvk)));
	resource_set_kind(arena, copy, resource_id(arena, patch)->gvk.kind);
	return copy;
}

static bool check_ids(const struct resmap *map, struct err *err)
{
	CLEANUP(arena_release) struct arena scratch = ARENA_INIT(LIMIT_BUILD_BYTES);
	struct idset *ids = idset_new(&scratch, map->count);
	for (size_t i = 0; i < map->count; i++) {
		const struct id *id = resource_id(map->arena, map->items[i]);
		if (idset_count(ids, id)) {
			return err_set(err, ERR_INPUT, "more than one object is %.300s after the patch", id_text(map->arena, id));
		}
		idset_add(ids, id);
	}
	return true;
}

/* Patches the selected objects. Two of one id after that are an error. */
static bool merge_selected(struct build *build, struct resmap *map, const struct resmap *selected, struct resource *patch,
                           struct err *err)
{
	for (size_t i = 0; i < selected->count; i++) {
		struct resource *copy = fit(build->arena, patch, selected->items[i]);
		if (!merge_into(build, selected->items[i], copy, err)) {
			return false;
		}
	}
	resmap_drop_gone(map);
	return check_ids(map, err);
}

static bool merge_target(struct build *build, struct resmap *map, const struct source *source, const struct resmap *patches,
                         const struct selector *target, struct err *err)
{
	if (patches->count > 1) {
		return err_set(err, ERR_INPUT, "%.200s: it has %zu documents, but a patch with a target can have only one", source->name,
		               patches->count);
	}
	struct resmap selected = RESMAP_INIT(build->arena);
	if (!selector_select(map, target, &selected, err)) {
		return false;
	}
	if (selected.count == 0) {
		warn_nothing(build, source);
	}
	return merge_selected(build, map, &selected, patches->items[0], err);
}

static struct resource *find_target(const struct build *build, const struct resmap *map, struct resource *patch, struct err *err)
{
	struct id id = *resource_original(build->arena, patch);
	struct resource *target = resmap_get(map, &id, err);
	if (!target) {
		(void)err_wrap(err, "a strategic merge patch must name an object of the build");
	}
	return target;
}

static bool merge_by_id(struct build *build, struct resmap *map, const struct resmap *patches, struct err *err)
{
	for (size_t i = 0; i < patches->count; i++) {
		struct resource *target = find_target(build, map, patches->items[i], err);
		if (!target || !merge_into(build, target, patches->items[i], err)) {
			return false;
		}
	}
	return true;
}

/* --- JSON patches ------------------------------------------------------------------------------------------------ */

/* What the build noted in the annotations stays. */
static bool apply_json(const struct build *build, struct resource *resource, const struct jsonpatch *patch, struct err *err)
{
	struct arena *arena = build->arena;
	struct pairs notes = resource_internal_annotations(arena, resource);
	if (!jsonpatch_apply(arena, patch, resource->root, &resource->root, err)) {
		return transform_fail(build, resource, err);
	}
	if (build->whole) {
		struct tree *read = whole_through_yaml(arena, resource->root, err);
		if (!read) {
			return transform_fail(build, resource, err);
		}
		resource->root = read;
	}
	struct pairs old = resource_annotations(arena, resource);
	struct pairs pairs = { .items = arena_new(arena, old.count + notes.count, sizeof *pairs.items) };
	for (size_t i = 0, k = 0; i < old.count || k < notes.count;) {
		int order = i == old.count ? 1 : k == notes.count ? -1 : strcmp(old.items[i].key, notes.items[k].key);
		pairs.items[pairs.count++] = order < 0 ? old.items[i] : notes.items[k];
		i += order <= 0;
		k += order >= 0;
	}
	resource_set_annotations(arena, resource, &pairs);
	return true;
}

static bool apply_json_to_target(const struct build *build, struct resmap *map, const struct source *source,
                                 const struct jsonpatch *patch, const struct selector *target, bool remember, struct err *err)
{
	struct resmap selected = RESMAP_INIT(build->arena);
	if (!selector_select(map, target, &selected, err)) {
		return false;
	}
	if (selected.count == 0) {
		warn_nothing(build, source);
	}
	for (size_t i = 0; i < selected.count; i++) {
		if (remember) {
			resource_store_previous(build->arena, selected.items[i]);
		}
		if (!apply_json(build, selected.items[i], patch, err)) {
			return err_wrap(err, "%.150s", source->name);
		}
	}
	return true;
}

/* --- what users write -------------------------------------------------------------------------------------------- */

/* Tries both; the one that can be read is it. */
static bool read_either(const struct build *build, const struct source *source, struct resmap *merges, struct jsonpatch *json,
                        bool *is_json, struct err *err)
{
	struct err no_merge = ERR_INIT, no_json = ERR_INIT;
	struct arena *arena = build->arena;
	bool merge_read = resources_read_for(build, source->name, &source->text, merges, &no_merge);
	bool json_read = jsonpatch_read(arena, source->name, source->text.data, source->text.len, json, &no_json);
	bool operations = json_read && json->operations && json->operations->count;
	if (merge_read && merges->count && operations) {
		return err_set(err, ERR_INPUT, "%.200s: it can be read as a strategic merge patch and as a JSON patch", source->name);
	}
	if (!merge_read && !json_read) {
		return err_set(err, ERR_INPUT, "neither a strategic merge patch (%.180s) nor a JSON patch (%.180s)", no_merge.msg,
		               no_json.msg);
	}
	*is_json = !merge_read && json->operations;
	return true;
}

static void allow(struct arena *arena, const struct resmap *patches, const struct patch_options *options)
{
	for (size_t i = 0; options && i < patches->count; i++) {
		if (options->allow_name_change) {
			resource_allow_name_change(arena, patches->items[i]);
		}
		if (options->allow_kind_change) {
			resource_allow_kind_change(arena, patches->items[i]);
		}
	}
}

bool patch_transform(struct build *build, struct resmap *map, const struct patch *patch, struct err *err)
{
	struct source source;
	struct resmap merges = RESMAP_INIT(build->arena);
	struct jsonpatch json = { NULL };
	bool is_json;
	if (!find_source(build, patch, &source, err) || !read_either(build, &source, &merges, &json, &is_json, err)) {
		return false;
	}
	if (is_json) {
		if (!patch->target) {
			return err_set(err, ERR_INPUT, "%.200s: a JSON patch needs a 'target'", source.name);
		}
		return apply_json_to_target(build, map, &source, &json, patch->target, true, err);
	}
	allow(build->arena, &merges, patch->options);
	if (merges.count && patch->target) {
		return merge_target(build, map, &source, &merges, patch->target, err);
	}
	return merge_by_id(build, map, &merges, err);
}

/* An entry is a patch itself if it can be read as one, else the path of a file. */
static bool read_entry(const struct build *build, const char *entry, struct resmap *out, struct err *err)
{
	struct resmap patches = RESMAP_INIT(build->arena);
	struct err ignored = ERR_INIT;
	if (!resources_read_for(build, "inline patch", &(struct text){ entry, strlen(entry) }, &patches, &ignored)) {
		struct source source;
		patches = RESMAP_INIT(build->arena);
		if (!load(build, entry, &source, err) || !resources_read_for(build, source.name, &source.text, &patches, err)) {
			return false;
		}
	}
	for (size_t i = 0; i < patches.count; i++) {
		resmap_add(out, patches.items[i]);
	}
	return true;
}

bool patch_merge_transform(struct build *build, struct resmap *map, const struct texts *paths, const char *patches,
                           struct err *err)
{
	struct resmap merges = RESMAP_INIT(build->arena);
	if (paths->count == 0 && !*patches) {
		return err_set(err, ERR_INPUT, "neither paths nor patches are given");
	}
	for (size_t i = 0; i < paths->count; i++) {
		if (!read_entry(build, paths->items[i], &merges, err)) {
			return false;
		}
	}
	if (*patches && !resources_read_for(build, "inline patch", &(struct text){ patches, strlen(patches) }, &merges, err)) {
		return false;
	}
	if (merges.count == 0) {
		return err_set(err, ERR_INPUT, "the patches are empty");
	}
	for (size_t i = 0; i < merges.count; i++) {
		struct resmap selected = RESMAP_INIT(build->arena);
		struct resource *target = find_target(build, map, merges.items[i], err);
		if (!target) {
			return false;
		}
		resmap_add(&selected, target);
		if (!merge_selected(build, map, &selected, merges.items[i], err)) {
			return false;
		}
	}
	return true;
}

bool patch_json_transform(struct build *build, struct resmap *map, const struct patch *patch, struct err *err)
{
	if (!patch->target || !*patch->target->name) {
		return err_set(err, ERR_INPUT, "a JSON patch needs a 'target' with a name");
	}
	if (!*patch->path == !*patch->patch) {
		return err_set(err, ERR_INPUT, "a JSON patch needs %s of 'path' and 'patch'", *patch->path ? "only one" : "one");
	}
	struct source source = { "inline patch", { patch->patch, strlen(patch->patch) } };
	struct jsonpatch json;
	if (*patch->path && !load(build, patch->path, &source, err)) {
		return false;
	}
	if (!jsonpatch_read(build->arena, source.name, source.text.data, source.text.len, &json, err)) {
		return err_wrap(err, "%.200s", source.name);
	}
	if (!json.operations || json.operations->count == 0) {
		return err_set(err, ERR_INPUT, "%.200s: it has no operations", source.name);
	}
	return apply_json_to_target(build, map, &source, &json, patch->target, false, err);
}
