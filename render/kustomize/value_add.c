#include "render/kustomize/value_add.h"

#include <stddef.h>
#include <string.h>

#include "render/kustomize/decode.h"
#include "render/kustomize/read.h"
#include "render/kustomize/selector.h"

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

/* InsertPathPart: `part` as component number `position` of the path; an absolute one stays absolute. */
static const char *insert_part(struct arena *arena, const char *path, size_t position, const char *part)
{
	if (!*part || !*path) {
		return *part ? part : path;
	}
	const char *at = path + (*path == '/');
	for (; position && *at; position--) {
		at += strcspn(at, "/");
		at += *at == '/' && at[1];
	}
	const char *rest = at + (*at == '/');
	size_t head = (size_t)(at - path);
	while (head > 1 && path[head - 1] == '/') {
		head--;
	}
	bool slash = head && path[head - 1] != '/';
	return arena_printf(arena, "%.*s%s%s%s%s", (int)head, path, slash ? "/" : "", part, *rest ? "/" : "", rest);
}

/* The next name of a path with slashes; "\/" is one in a name. */
static char *next_name(struct arena *arena, const char **path)
{
	char *name = arena_new(arena, strlen(*path) + 1, 1);
	size_t len = 0;
	const char *at = *path;
	while (*at && *at != '/') {
		bool escaped = at[0] == '\\' && at[1] == '/';
		at += escaped;
		name[len++] = *at++;
	}
	*path = at + (*at == '/');
	return name;
}

/* The scalar at the path, made with what leads there; NULL and an error where something else is in the way. */
static struct tree *make_field(struct arena *arena, struct tree *root, const char *path, struct err *err)
{
	struct tree *at = root;
	while (*path) {
		char *name = next_name(arena, &path);
		if (at->kind != TREE_MAP) {
			(void)err_set(err, ERR_INPUT, "'%s' stands below what is no mapping", name);
			return NULL;
		}
		struct tree *next = tree_get(at, name);
		if (!next) {
			next = *path ? tree_new_map(arena) : tree_new_plain(arena, "");
			tree_append(arena, at, tree_new_plain(arena, name));
			tree_append(arena, at, next);
		}
		at = next;
	}
	if (at->kind != TREE_SCALAR) {
		(void)err_set(err, ERR_INPUT, "is no scalar");
		return NULL;
	}
	return at;
}

static void set_text(struct arena *arena, struct tree *scalar, const char *text)
{
	scalar->tag = TREE_NONE;
	tree_set_text(arena, scalar, text);
}

/* What the namespace transformer does to an object, without the memory of what it was. */
static void set_namespace(struct arena *arena, struct resource *resource, const char *ns)
{
	const struct id *id = resource_id(arena, resource);
	bool binding = strcmp(id->gvk.kind, "RoleBinding") == 0 || strcmp(id->gvk.kind, "ClusterRoleBinding") == 0;
	const struct tree *subjects = tree_get(resource->root, "subjects");
	if (!id->cluster) {
		resource_set_namespace(arena, resource, ns);
	}
	for (uint32_t i = 0; binding && tree_is_list(subjects) && i < subjects->count; i++) {
		if (tree_text_is(tree_get(subjects->items[i], "name"), "default")) {
			(void)tree_put(arena, subjects->items[i], "namespace", tree_new_string(arena, ns));
		}
	}
}

static bool set_value(struct arena *arena, struct resource *resource, const struct value_target *target, const char *value,
                      struct err *err)
{
	resource->root->lost = true;
	if (strcmp(target->field_path, "metadata/namespace") == 0) {
		set_namespace(arena, resource, value);
		return true;
	}
	struct tree *field = make_field(arena, resource->root, target->field_path, err);
	if (!field) {
		return err_wrap(err, "%s of %s", target->field_path, id_text(arena, resource_id(arena, resource)));
	}
	if (target->position > 0) {
		value = insert_part(arena, field->text, (size_t)target->position - 1, value);
	}
	set_text(arena, field, value);
	return true;
}

/* --- targets ------------------------------------------------------------------------------------------------------ */

static const char *trimmed(struct arena *arena, const char *text)
{
	text += strspn(text, " \t\r\n\v\f");
	size_t len = strlen(text);
	while (len && strchr(" \t\r\n\v\f", text[len - 1])) {
		len--;
	}
	return arena_text_len(arena, text, len);
}

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
	    !tree_read_config(build->arena, shown, text.data, text.len, false, &tree, err) ||
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
		if (!set_value(build->arena, list->items[i], target, value, err)) {
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
	const char *value = trimmed(build->arena, values.value);
	value = *value ? value : base_name(build->loader->dir);
	for (size_t i = 0; i < values.targets.count; i++) {
		if (!run_target(build, map, &values.targets.items[i], value, err)) {
			return false;
		}
	}
	return true;
}
