#include "render/kustomize/value_add.h"

#include <stddef.h>
#include <string.h>

#include "render/kustomize/decode.h"
#include "render/kustomize/fieldpath_part.h"
#include "render/kustomize/hidden.h"
#include "render/kustomize/path.h"
#include "render/kustomize/read.h"
#include "render/kustomize/rune.h"
#include "render/kustomize/selector.h"
#include "render/kustomize/setter.h"
#include "render/kustomize/transformers.h"

struct value_target {
	struct selector *selector; /* NULL: all */
	const char *field_path;
	int64_t position; /* in the path that the field holds, from 1; 0: the whole field */
};

static const struct field target_fields[] = {
	{ "selector", FIELD_POINTER, offsetof(struct value_target, selector), &shape_selector },
	{ "fieldPath", FIELD_TEXT, offsetof(struct value_target, field_path), NULL },
	{ "filePathPosition", FIELD_INT, offsetof(struct value_target, position), NULL },
};
static const struct shape target_shape = {
	.name = "a target", .size = sizeof(struct value_target), .fields = target_fields, .count = ARRAY_LEN(target_fields)
};

struct value_targets {
	struct value_target *items;
	size_t count;
	bool set;
};

struct value_file {
	const char *value;
	struct value_targets targets;
	const char *target_file;
};

static const struct field file_fields[] = {
	{ "value", FIELD_TEXT, offsetof(struct value_file, value), NULL },
	{ "targets", FIELD_LIST, offsetof(struct value_file, targets), &target_shape },
	{ "targetFilePath", FIELD_TEXT, offsetof(struct value_file, target_file), NULL },
};
static const struct shape file_shape = {
	.name = "a ValueAddTransformer", .size = sizeof(struct value_file), .fields = file_fields, .count = ARRAY_LEN(file_fields)
};

/* --- values ------------------------------------------------------------------------------------------------------- */

/*
 * InsertPathPart: `part` as component number `position` of the path, as filepath.Join puts them together; an absolute path stays
 * one. Of two slashes at the front upstream sees one.
 */
static const char *insert_part(struct arena *arena, const char *path, size_t position, const char *part)
{
	path += strncmp(path, "//", 2) == 0;
	bool absolute = *path == '/';
	path += absolute;
	const char *rest = path;
	for (; position && *rest; position--) {
		rest += strcspn(rest, "/");
		rest += *rest == '/';
	}
	path += strspn(path, "/");
	const char *head = rest > path ? arena_text_len(arena, path, (size_t)(rest - path)) : "";
	const char *joined = path_join(arena, path_join(arena, head, part), rest);
	return absolute ? arena_printf(arena, "/%s", joined) : joined;
}

static bool set_field(struct arena *arena, struct tree *root, const struct value_target *target, const char *value,
                      struct err *err)
{
	const struct fieldpath path = fieldpath_split_slashes(arena, target->field_path);
	struct tree *field;
	if (!fieldpath_make(arena, root, &path, &field, err)) {
		return false;
	}
	if (!field) {
		/* There upstream ends in a panic. */
		return target->position == 0 || err_set(err, ERR_INPUT, "there is no text to put the value into");
	}
	value = target->position > 0 ? insert_part(arena, hidden_text(field), (size_t)target->position - 1, value) : value;
	return setter_set(arena, field, value, NULL, err);
}

static bool set_value(const struct build *build, struct resource *resource, const struct value_target *target, const char *value,
                      struct err *err)
{
	static const char NAMESPACE[] = "metadata/namespace";
	const struct namespace_config config = { .ns = value };
	bool set = strcmp(target->field_path, NAMESPACE) == 0 ? namespace_set(build, resource, &config, err)
	                                                      : set_field(build->arena, resource->root, target, value, err);
	return set || err_wrap(err, "%s of %s", target->field_path, id_text(build->arena, resource_id(build->arena, resource)));
}

/* --- targets ------------------------------------------------------------------------------------------------------ */

static const char *base_name(const char *dir)
{
	const char *slash = strrchr(dir, '/');
	return slash ? slash + 1 : dir;
}

static bool read_target_file(const struct build *build, const char *path, struct value_targets *out, struct err *err)
{
	struct text text = { 0 };
	struct tree *tree = NULL;
	const char *shown = loader_path(build->loader, path);
	struct decoder decoder = { .arena = build->arena, .file = shown, .loose = true };
	struct value_file file;
	if (!loader_read(build->loader, path, &text, err) ||
	    !tree_read_config(build->arena, shown, text.data, text.len, CONFIG_LOOSE, &tree, err) ||
	    !decode(&decoder, &file_shape, tree, &file, err)) {
		return false;
	}
	out->items = arena_grow(build->arena, out->items, out->count * sizeof *out->items,
	                        (out->count + file.targets.count) * sizeof *out->items);
	for (size_t i = 0; i < file.targets.count; i++) {
		out->items[out->count++] = file.targets.items[i];
	}
	return true;
}

static bool check_targets(const struct value_targets *targets, struct err *err)
{
	if (targets->count == 0) {
		return err_set(err, ERR_INPUT, "targets: at least one must be given");
	}
	for (size_t i = 0; i < targets->count; i++) {
		if (!*targets->items[i].field_path) {
			return err_set(err, ERR_INPUT, "targets[%zu].fieldPath: must be given", i);
		}
		if (targets->items[i].position < 0) {
			return err_set(err, ERR_INPUT, "targets[%zu].filePathPosition: must not be negative", i);
		}
	}
	return true;
}

static bool run_target(const struct build *build, struct resmap *map, const struct value_target *target, const char *value,
                       struct err *err)
{
	struct resmap selected = RESMAP_INIT(build->arena);
	if (target->selector && !selector_select(map, target->selector, &selected, err)) {
		return false;
	}
	const struct resmap *list = target->selector ? &selected : map;
	for (size_t i = 0; i < list->count; i++) {
		if (!set_value(build, list->items[i], target, value, err)) {
			return false;
		}
	}
	return true;
}

bool value_add_transform(const struct build *build, const char *file, const struct tree *config, struct resmap *map,
                         struct err *err)
{
	struct decoder decoder = { .arena = build->arena, .file = file, .loose = true };
	struct value_file values;
	if (!decode(&decoder, &file_shape, config, &values, err) ||
	    (*values.target_file && !read_target_file(build, values.target_file, &values.targets, err)) ||
	    !check_targets(&values.targets, err)) {
		return false;
	}
	const char *value = rune_trimmed(build->arena, values.value);
	value = *value ? value : base_name(build->loader->dir);
	for (size_t i = 0; i < values.targets.count; i++) {
		if (!run_target(build, map, &values.targets.items[i], value, err)) {
			return false;
		}
	}
	return true;
}
