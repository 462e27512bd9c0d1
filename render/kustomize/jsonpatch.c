#include "render/kustomize/jsonpatch.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/kustomize/json_read.h"
#include "render/kustomize/jsonpatch_value.h"
#include "render/kustomize/read.h"
#include "render/kustomize/write.h"

/* One operation at work. */
struct run {
	struct arena *arena;
	struct tree *root;
	const struct tree *operation;
	size_t nodes; /* that copies added */
	struct err *err;
};

/* Where a path ends: in `parent`, under `key`. */
struct target {
	struct tree *parent;
	const char *key;
	size_t depth;
};

bool jsonpatch_read(struct arena *arena, const char *path, const char *text, size_t len, struct jsonpatch *out, struct err *err)
{
	if (len == 0) {
		return err_set(err, ERR_INPUT, "a JSON patch without text");
	}
	struct tree *list = NULL;
	if (text[0] == '[' ? !json_read(arena, text, len, 0, &list, err) : !tree_read_config(arena, path, text, len, 0, &list, err)) {
		return false;
	}
	if (tree_is_null(list)) {
		out->operations = NULL;
		return true;
	}
	if (!tree_is_list(list)) {
		return err_set(err, ERR_INPUT, "a JSON patch must be a list of operations");
	}
	for (uint32_t i = 0; i < list->count; i++) {
		if (!tree_is_map(list->items[i]) && !tree_is_null(list->items[i])) {
			return err_set(err, ERR_INPUT, "operation %u of the JSON patch must be a mapping", (unsigned)i + 1);
		}
	}
	out->operations = list;
	return true;
}

/* --- the fields of an operation ---------------------------------------------------------------------------------- */

/* A field that is a text; NULL where it is not. */
static const char *op_text(struct run *run, const char *name)
{
	struct tree *field = tree_get(run->operation, name);
	if (!tree_is_scalar(field) || tree_is_null(field)) {
		return NULL;
	}
	field = json_decode(run->arena, field);
	bool other = field->tag == TREE_INT || field->tag == TREE_FLOAT || field->tag == TREE_BOOL;
	return other ? NULL : field->text;
}

static bool op_path(struct run *run, const char *name, const char **path)
{
	*path = op_text(run, name);
	return *path || err_set(run->err, ERR_INPUT, "'%s' must be given, as a text", name);
}

/* A copy of the value; NULL where none is given. */
static struct tree *op_value(const struct run *run)
{
	const struct tree *value = tree_get(run->operation, "value");
	if (!value) {
		return NULL;
	}
	struct tree *copy = tree_copy(run->arena, value);
	if (tree_is_null(copy)) {
		json_mark_given_null(copy);
	}
	return copy;
}

/* --- paths ------------------------------------------------------------------------------------------------------- */

static char *decode_part(struct arena *arena, const char *part, size_t len)
{
	char *text = arena_text_len(arena, part, len);
	size_t to = 0;
	for (size_t i = 0; i < len; i++) {
		if (part[i] == '~' && (part[i + 1] == '0' || part[i + 1] == '1') && i + 1 < len) {
			text[to++] = part[++i] == '0' ? '~' : '/';
		} else {
			text[to++] = part[i];
		}
	}
	text[to] = '\0';
	return text;
}

/* As Go's Atoi: a sign and digits. */
static bool parse_index(const char *text, long *out)
{
	const char *digits = text + (*text == '-' || *text == '+');
	if (!*digits || digits[strspn(digits, "0123456789")]) {
		return false;
	}
	errno = 0;
	*out = strtol(text, NULL, 10);
	return errno == 0;
}

/* The index of an item, counted from the end where it is below 0. */
static bool find_index(const struct tree *list, const char *key, long *index)
{
	if (!parse_index(key, index) || *index < -(long)list->count || *index >= (long)list->count) {
		return false;
	}
	*index += *index < 0 ? (long)list->count : 0;
	return true;
}

/* *found NULL: a mapping has no such key. false: a list has no such index. */
static bool get(struct tree *parent, const char *key, struct tree **found)
{
	if (parent->kind == TREE_MAP) {
		*found = tree_get(parent, key);
		return true;
	}
	long index;
	if (!find_index(parent, key, &index)) {
		return false;
	}
	*found = parent->items[index];
	return true;
}

/* Everything before the first slash is passed over. */
static bool find(struct run *run, const char *path, struct target *target)
{
	const char *slash = strchr(path, '/');
	if (!slash) {
		return err_set(run->err, ERR_INPUT, "the path must begin with '/'");
	}
	struct tree *at = run->root;
	const char *part = slash + 1;
	for (size_t depth = 1;; depth++) {
		size_t len = strcspn(part, "/");
		const char *key = decode_part(run->arena, part, len);
		if (!part[len]) {
			*target = (struct target){ at, key, depth };
			return true;
		}
		struct tree *next = NULL;
		if (!get(at, key, &next) || !next || next->kind == TREE_SCALAR) {
			return err_set(run->err, ERR_INPUT, "the object has no '%.*s' to go into", (int)(part + len - path), path);
		}
		at = next;
		part += len + 1;
	}
}

static bool missing(struct run *run, const char *path)
{
	return err_set(run->err, ERR_INPUT, "the object has no '%s'", path);
}

static bool add_at(struct run *run, const struct target *target, struct tree *value)
{
	value = value ? value : tree_new_null(run->arena);
	if (target->depth + json_depth(value, LIMIT_DEPTH) > LIMIT_DEPTH) {
		return err_set(run->err, ERR_LIMIT, "more than %zu levels of nesting", LIMIT_DEPTH);
	}
	if (target->parent->kind == TREE_MAP) {
		tree_set(run->arena, target->parent, target->key, value);
		return true;
	}
	long index, count = (long)target->parent->count;
	if (strcmp(target->key, "-") == 0) {
		index = count;
	} else if (!parse_index(target->key, &index) || index > count || index < -(count + 1)) {
		return err_set(run->err, ERR_INPUT, "'%s' is no index of the list: it has %ld items", target->key, count);
	}
	tree_insert(run->arena, target->parent, (size_t)(index < 0 ? index + count + 1 : index), value);
	return true;
}

static bool remove_at(struct run *run, const struct target *target, const char *path)
{
	long at = tree_find(target->parent, target->key);
	if (target->parent->kind == TREE_MAP) {
		if (at < 0) {
			return missing(run, path);
		}
		tree_remove_at(target->parent, (size_t)at, 2);
		return true;
	}
	if (!find_index(target->parent, target->key, &at)) {
		return missing(run, path);
	}
	tree_remove_at(target->parent, (size_t)at, 1);
	return true;
}

/* --- the operations ---------------------------------------------------------------------------------------------- */

static bool op_add(struct run *run, const char *path)
{
	struct target target;
	return find(run, path, &target) && add_at(run, &target, op_value(run));
}

static bool op_remove(struct run *run, const char *path)
{
	struct target target;
	return find(run, path, &target) && remove_at(run, &target, path);
}

static bool op_replace(struct run *run, const char *path)
{
	if (!*path) {
		struct tree *value = op_value(run);
		if (!value || value->kind == TREE_SCALAR) {
			return err_set(run->err, ERR_INPUT, "the value that replaces the whole object must be a mapping");
		}
		run->root = value;
		return true;
	}
	struct target target;
	struct tree *old;
	if (!find(run, path, &target)) {
		return false;
	}
	if (!get(target.parent, target.key, &old)) {
		return missing(run, path);
	}
	long index;
	if (target.parent->kind == TREE_LIST && find_index(target.parent, target.key, &index)) {
		tree_remove_at(target.parent, (size_t)index, 1);
		target.key = arena_printf(run->arena, "%ld", index);
	}
	return add_at(run, &target, op_value(run));
}

static bool find_source(struct run *run, const char **from, struct target *source, struct tree **value)
{
	if (!op_path(run, "from", from) || !find(run, *from, source)) {
		return false;
	}
	return get(source->parent, source->key, value) || missing(run, *from);
}

static bool op_move(struct run *run, const char *path)
{
	const char *from;
	struct target source, target;
	struct tree *value;
	return find_source(run, &from, &source, &value) && remove_at(run, &source, from) && find(run, path, &target) &&
	       add_at(run, &target, value);
}

static bool op_copy(struct run *run, const char *path)
{
	const char *from;
	struct target source, target;
	struct tree *value;
	if (!find_source(run, &from, &source, &value) || !find(run, path, &target)) {
		return false;
	}
	run->nodes += value ? json_count(value, LIMIT_NODES) : 1;
	if (run->nodes > LIMIT_NODES) {
		return err_set(run->err, ERR_LIMIT, "copies of more than %zu values", LIMIT_NODES);
	}
	return add_at(run, &target, value ? tree_copy(run->arena, value) : NULL);
}

static bool op_test(struct run *run, const char *path)
{
	const struct tree *value = op_value(run);
	struct tree *found = run->root;
	struct target target;
	if (*path && (!find(run, path, &target) || (!get(target.parent, target.key, &found) && !missing(run, path)))) {
		return false;
	}
	bool passed = json_is_nil(found) ? !value || tree_is_null(value) : value && json_equal(run->arena, found, value);
	return passed || err_set(run->err, ERR_INPUT, "the object has another value there");
}

static const struct {
	const char *name;
	bool (*run)(struct run *run, const char *path);
} operations[] = {
	{ "add", op_add },   { "remove", op_remove }, { "replace", op_replace },
	{ "move", op_move }, { "copy", op_copy },     { "test", op_test },
};

static bool run_operation(struct run *run)
{
	const char *name = op_text(run, "op");
	for (size_t i = 0; name && i < ARRAY_LEN(operations); i++) {
		if (strcmp(operations[i].name, name) == 0) {
			const char *path;
			if (!op_path(run, "path", &path)) {
				return err_wrap(run->err, "%s", name);
			}
			return operations[i].run(run, path) || err_wrap(run->err, "%s '%.200s'", name, path);
		}
	}
	return err_set(run->err, ERR_INPUT, "'op' must be add, remove, replace, move, copy or test");
}

bool jsonpatch_apply(struct arena *arena, const struct jsonpatch *patch, const struct tree *object, struct tree **out,
                     struct err *err)
{
	CLEANUP(arena_release) struct arena scratch = ARENA_INIT(LIMIT_BUILD_BYTES);
	struct run run = { .arena = &scratch, .root = tree_to_json(&scratch, object, err), .err = err };
	if (!run.root) {
		return false;
	}
	for (uint32_t i = 0; patch->operations && i < patch->operations->count; i++) {
		run.operation = patch->operations->items[i];
		if (!run_operation(&run)) {
			return err_wrap(err, "operation %u of the JSON patch", (unsigned)i + 1);
		}
	}
	if (run.root->kind != TREE_MAP) {
		return err_set(err, ERR_INPUT, "the JSON patch leaves a list, where an object must be a mapping");
	}
	return json_normalize(arena, &scratch, run.root, out, err);
}
