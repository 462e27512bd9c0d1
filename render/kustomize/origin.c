#include "render/kustomize/origin.h"

#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"
#include "render/base/limits.h"
#include "render/kustomize/notes.h"
#include "render/kustomize/path.h"
#include "render/kustomize/read.h"
#include "render/kustomize/transformers.h"
#include "render/yaml_emit.h"

static const char ORIGIN[] = NOTE_ORIGIN;
static const char TRANSFORMATIONS[] = NOTE_TRANSFORMATIONS;

const struct origin *origin_append(struct arena *arena, const struct origin *origin, const char *path)
{
	struct origin *made = arena_new(arena, 1, sizeof *made);
	*made = *origin;
	made->path = path_join(arena, origin->path, path);
	return made;
}

static struct origin *origin_new(struct arena *arena)
{
	struct origin *made = arena_new(arena, 1, sizeof *made);
	*made = (struct origin){ .path = "", .configured_in = "", .by_api_version = "" };
	made->by = (struct id){ .gvk = { .group = "", .version = "", .kind = "" }, .name = "", .ns = "" };
	return made;
}

const struct origin *origin_root(struct arena *arena)
{
	return origin_new(arena);
}

const struct origin *origin_builtin(struct arena *arena, const struct origin *origin, const char *file, const char *kind)
{
	struct origin *made = origin_new(arena);
	made->configured_in = path_join(arena, origin->path, file);
	made->by_api_version = "builtin";
	made->by.gvk.kind = kind;
	return made;
}

/* --- as YAML ------------------------------------------------------------------------------------------------------ */

static bool emit_pair(struct yaml_emit *emit, const char *key, const char *value)
{
	return !*value || (yaml_emit_text(emit, key, strlen(key)) && yaml_emit_text(emit, value, strlen(value)));
}

static bool emit_by(struct yaml_emit *emit, const struct origin *origin)
{
	static const char KEY[] = "configuredBy";
	const struct id *by = &origin->by;
	if (!*origin->by_api_version && !*by->gvk.kind && !*by->name && !*by->ns) {
		return true;
	}
	return yaml_emit_text(emit, KEY, strlen(KEY)) && yaml_emit_begin_map(emit) &&
	       emit_pair(emit, "apiVersion", origin->by_api_version) && emit_pair(emit, "kind", by->gvk.kind) &&
	       emit_pair(emit, "name", by->name) && emit_pair(emit, "namespace", by->ns) && yaml_emit_end_map(emit);
}

static bool emit_origin(struct yaml_emit *emit, const struct origin *origin)
{
	return yaml_emit_begin_map(emit) && emit_pair(emit, "path", origin->path) &&
	       emit_pair(emit, "configuredIn", origin->configured_in) && emit_by(emit, origin) && yaml_emit_end_map(emit);
}

static const char *text_of(struct arena *arena, const struct origin *origin, bool list)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(LIMIT_KIB(256));
	struct yaml_emit emit;
	bool fits = yaml_emit_open(&emit, &out) && (!list || yaml_emit_begin_list(&emit)) && emit_origin(&emit, origin) &&
	            (!list || yaml_emit_end_list(&emit));
	return yaml_emit_close(&emit, fits) ? arena_text(arena, buf_text(&out)) : "";
}

/* --- annotations -------------------------------------------------------------------------------------------------- */

bool origin_annotate(const struct build *build, struct resmap *map, const struct origin *origin, struct err *err)
{
	static const struct fieldspec annotations = { { "", "", "" }, "metadata/annotations", true };
	if (!origin) {
		return true;
	}
	struct pair pair = { .key = ORIGIN, .value = text_of(build->arena, origin, false) };
	struct labels_config config = { .pairs = { .items = &pair, .count = 1 }, .specs = { .items = &annotations, .count = 1 } };
	return labels_transform(build, map, &config, err);
}

void origin_set(struct arena *arena, struct resource *resource, const struct origin *origin)
{
	if (origin) {
		resource_set_annotation(arena, resource, ORIGIN, text_of(arena, origin, false));
	}
}

void origin_add(struct resmap *map, const struct origin *origin)
{
	for (size_t i = 0; origin && i < map->count; i++) {
		if (!resource_annotation(map->items[i], ORIGIN)) {
			origin_set(map->arena, map->items[i], origin);
		}
	}
}

static bool read_origin(struct arena *arena, const struct resource *resource, const char *text, struct tree **out,
                        struct err *err)
{
	const char *path = resource->path ? resource->path : "a generated object";
	if (!tree_read_config(arena, path, text, strlen(text), 0, out, err)) {
		return err_wrap(err, "annotation %s", ORIGIN);
	}
	return tree_is_map(*out) || tree_is_null(*out) ||
	       err_set(err, ERR_INPUT, "%s: annotation %s: must be a mapping", path, ORIGIN);
}

bool origin_add_transformer(struct resmap *map, const struct origin *origin, struct err *err)
{
	const char *text = NULL;
	for (size_t i = 0; origin && i < map->count; i++) {
		struct resource *resource = map->items[i];
		if (!tree_is_map(resource->root)) {
			continue; /* a patch deleted it */
		}
		const char *own = resource_annotation(resource, ORIGIN);
		struct tree *tree = NULL;
		if (!own) {
			origin_set(map->arena, resource, origin);
			continue;
		}
		if (!read_origin(map->arena, resource, own, &tree, err)) {
			return false;
		}
		const char *old = resource_annotation(resource, TRANSFORMATIONS);
		text = text ? text : text_of(map->arena, origin, true);
		resource_set_annotation(map->arena, resource, TRANSFORMATIONS, arena_printf(map->arena, "%s%s", old ? old : "", text));
	}
	return true;
}

static const char *text_or_empty(const char *text)
{
	return text ? text : "";
}

bool origin_of_plugin(struct arena *arena, struct resource *plugin, const struct origin **out, struct err *err)
{
	*out = NULL;
	const char *text = resource_annotation(plugin, ORIGIN);
	struct tree *tree = NULL;
	if (!text) {
		return true;
	}
	if (!read_origin(arena, plugin, text, &tree, err)) {
		return false;
	}
	struct origin *made = origin_new(arena);
	made->configured_in = text_or_empty(tree_get_text(tree, "path"));
	made->by_api_version = text_or_empty(tree_get_text(plugin->root, "apiVersion"));
	made->by = *resource_id(arena, plugin);
	*out = made;
	return true;
}
