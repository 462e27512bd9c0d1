#include "render/kustomize/kustomize.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "render/kustomize/accumulate.h"
#include "render/kustomize/hash.h"
#include "render/kustomize/namereference.h"
#include "render/kustomize/openapi.h"
#include "render/kustomize/reread.h"
#include "render/kustomize/shared.h"
#include "render/kustomize/sort.h"
#include "render/kustomize/transformers.h"
#include "render/kustomize/write.h"

/* A build from its start to the objects in their order. */
struct run {
	struct arena arena;
	struct build build;
	struct target target;
	struct accumulator accumulator;
	size_t bytes;
};

static void run_release(struct run *run)
{
	shared_release(&run->build);
	arena_release(&run->arena);
}

void build_warn(const struct build *build, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	CLEANUP(text_freep) char *text = NULL;
	if (vasprintf(&text, fmt, args) < 0) {
		text = NULL;
	}
	va_end(args);
	problems_add(build->problems, PROBLEM_WARNING, build->file, 0, build->field, "%s", text ? text : fmt);
}

bool kustomize_is(struct files *files, const char *dir)
{
	for (size_t i = 0; i < ARRAY_LEN(TARGET_NAMES); i++) {
		CLEANUP(text_freep) char *path = text_printf("%s%s%s", dir, *dir ? "/" : "", TARGET_NAMES[i]);
		CLEANUP(buf_release) struct buf real = BUF_INIT(LIMIT_KIB(16));
		enum files_kind kind = FILES_OTHER;
		struct err unread = ERR_INIT;
		if (files_find(files, path, &real, &kind, &unread) && kind == FILES_FILE) {
			return true;
		}
	}
	return false;
}

static bool is_local(const struct resource *resource)
{
	const char *value = resource_annotation(resource, "config.kubernetes.io/local-config");
	return value && strcmp(value, "false") != 0;
}

/* IgnoreLocal. What has no name left after all transformers is refused there as well. */
static bool drop_local(struct resmap *map, struct err *err)
{
	size_t count = 0;
	for (size_t i = 0; i < map->count; i++) {
		struct resource *resource = map->items[i];
		const struct id *id = resource_id(map->arena, resource);
		size_t len = strlen(id->gvk.kind);
		bool list = len >= 4 && strcmp(id->gvk.kind + len - 4, "List") == 0;
		bool kind = len && !tree_is_null(tree_get(resource->root, "kind")); /* the id has null as it is written */
		if (!kind || (!list && !*id->name)) {
			return err_set(err, ERR_INPUT, "%s has no %s after all changes", id_text(map->arena, id),
			               kind ? "metadata.name" : "kind");
		}
		if (!is_local(resource)) {
			map->items[count++] = resource;
		}
	}
	map->count = count;
	return resmap_check_ids(map, err);
}

static bool wants(const struct kustomization *kustomization, const char *option)
{
	for (size_t i = 0; i < kustomization->build_metadata.count; i++) {
		if (strcmp(kustomization->build_metadata.items[i], option) == 0) {
			return true;
		}
	}
	return false;
}

static bool label_manager(struct run *run, struct err *err)
{
	struct pair pair = { .key = "app.kubernetes.io/managed-by", .value = "kustomize-v5.8.1" };
	struct fieldspec spec = { .gvk = { .group = "", .version = "", .kind = "" }, .path = "metadata/labels", .create = true };
	struct labels_config config = { .pairs = { .items = &pair, .count = 1 }, .specs = { .items = &spec, .count = 1 } };
	return !wants(&run->target.kustomization, "managedByLabel") ||
	       labels_transform(&run->build, &run->accumulator.map, &config, err);
}

static bool finish(struct run *run, struct err *err)
{
	struct resmap *map = &run->accumulator.map;
	bool origin = wants(&run->target.kustomization, "originAnnotations");
	bool transformers = wants(&run->target.kustomization, "transformerAnnotations");
	for (size_t i = 0; i < map->count; i++) {
		if (!resource_finish(&run->arena, map->items[i], origin, transformers, err)) {
			return transform_fail(&run->build, map->items[i], err);
		}
	}
	return true;
}

/* What is done once for the whole tree: names get their hashes, then what refers to them follows, then vars. */
static bool complete(struct run *run, struct err *err)
{
	struct accumulator *all = &run->accumulator;
	const struct kustomization *kustomization = &run->target.kustomization;
	run->build.loader = &run->target.loader;
	run->build.file = run->target.file;
	run->build.field = NULL;
	return (hash_transform(&run->build, &all->map, err) &&
	        namereference_transform(&run->build, &all->map, &all->config.name_reference, err) &&
	        vars_resolve(&run->build, &all->map, &all->vars, &all->config.var_reference, err) && drop_local(&all->map, err) &&
	        sort_resources(&all->map, kustomization->sort_options, err) && label_manager(run, err)) ||
	       err_wrap(err, "%s", run->target.file);
}

/* *run must stay where it is. */
static bool start(const struct kustomize_source *source, struct problems *problems, bool whole, struct run *run, struct err *err)
{
	*run = (struct run){ .arena = ARENA_INIT(LIMIT_BUILD_BYTES) };
	run->accumulator = ACCUMULATOR_INIT(&run->arena);
	run->build = (struct build){ .arena = &run->arena, .problems = problems, .whole = whole };
	run->target.build = &run->build;
	CLEANUP(buf_release) struct buf real = BUF_INIT(LIMIT_KIB(16));
	enum files_kind kind = FILES_OTHER;
	if (!files_find(source->files, source->dir, &real, &kind, err)) {
		return false;
	}
	if (kind != FILES_DIR) {
		return err_set(err, ERR_INPUT, "'%.300s' is no directory", source->dir);
	}
	run->target.loader = (struct loader){
		.arena = &run->arena,
		.files = source->files,
		.absolute = source->absolute,
		.from = source->from,
		.dir = arena_text(&run->arena, buf_text(&real)),
		.restriction = source->restriction,
		.bytes = &run->bytes,
	};
	return true;
}

static bool build_once(const struct kustomize_source *source, struct problems *problems, bool whole, struct run *run,
                       struct err *err)
{
	if (!start(source, problems, whole, run, err) || !target_load(&run->target, err)) {
		return false;
	}
	shared_find(&run->target);
	if (run->target.kustomization.build_metadata.count) {
		run->target.origin = origin_root(&run->arena);
	}
	return accumulate_schema(&run->target, err) && accumulate(&run->target, &run->accumulator, err) &&
	       (!run->build.unknown_kind || openapi_usable(&run->build, err)) && complete(run, err) && finish(run, err);
}

/* Nearly no build needs whole trees, which take much memory: that one is done again. */
static bool run_build(const struct kustomize_source *source, struct problems *problems, struct run *run, struct err *err)
{
	const struct problems before = *problems;
	struct err first = ERR_INIT;
	if (build_once(source, problems, false, run, &first)) {
		return true;
	}
	if (!run->build.whole_wanted) {
		*err = first;
		return false;
	}
	run_release(run);
	problems_back(problems, &before);
	return build_once(source, problems, true, run, err);
}

static const char *path_of(const struct run *run, const struct resource *resource)
{
	return resource->path ? resource->path : run->target.file;
}

static bool print(struct run *run, const struct resource *resource, struct buf *out, struct err *err)
{
	return reread_tree(&run->arena, resource->root, err) && tree_write_yaml(&run->arena, resource->root, out, err);
}

static bool print_all(struct run *run, struct buf *out, struct err *err)
{
	const struct resmap *map = &run->accumulator.map;
	size_t start_len = out->len;
	for (size_t i = 0; i < map->count; i++) {
		bool fits = !i || buf_puts(out, "---\n");
		if (!fits || !print(run, map->items[i], out, err)) {
			const char *id = id_text(&run->arena, resource_id(&run->arena, map->items[i]));
			out->len = start_len;
			return fits ? err_wrap(err, "%s: %s", path_of(run, map->items[i]), id)
			            : err_set(err, ERR_LIMIT, "more than %zu bytes of output", out->max);
		}
	}
	return true;
}

static bool report(struct problems *problems, bool good, const struct err *err)
{
	if (!good) {
		problems_add(problems, PROBLEM_ERROR, NULL, 0, NULL, "%s", err->msg);
	}
	return good;
}

bool kustomize_print(const struct kustomize_source *source, struct buf *out, struct problems *problems)
{
	CLEANUP(run_release) struct run run;
	struct err err = ERR_INIT;
	bool good = run_build(source, problems, &run, &err) && print_all(&run, out, &err);
	return report(problems, good, &err);
}

static bool hand_on(struct run *run, kustomize_object *each, void *context, struct err *err)
{
	const struct resmap *map = &run->accumulator.map;
	CLEANUP(buf_release) struct buf json = BUF_INIT(LIMIT_TREE_BYTES);
	for (size_t i = 0; i < map->count; i++) {
		const struct resource *resource = map->items[i];
		buf_reset(&json);
		if (!reread_tree(&run->arena, resource->root, err) || !tree_write_json(&run->arena, resource->root, &json, err)) {
			return err_wrap(err, "%s", path_of(run, resource));
		}
		cJSON *document = doc_parse(buf_text(&json), json.len, err);
		if (!document) {
			return err_wrap(err, "%s", path_of(run, resource));
		}
		each(context, path_of(run, resource), resource->path ? resource->root->line : 0, document);
	}
	return true;
}

bool kustomize_objects(const struct kustomize_source *source, kustomize_object *each, void *context, struct problems *problems)
{
	CLEANUP(run_release) struct run run;
	struct err err = ERR_INIT;
	bool good = run_build(source, problems, &run, &err) && hand_on(&run, each, context, &err);
	return report(problems, good, &err);
}
