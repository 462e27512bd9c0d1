#include "render/kustomize/vars.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/kustomize/base64.h"
#include "render/kustomize/fieldpath.h"
#include "render/kustomize/fieldspec.h"
#include "render/kustomize/rune.h"
#include "render/yaml_scalar.h"

enum { SHOWN = 100 };

/* --- the set -------------------------------------------------------------------------------------------------------- */

static bool add_var(struct arena *arena, struct varset *set, const struct var *var, struct err *err)
{
	size_t at = 0;
	while (at < set->count && strcmp(set->items[at].name, var->name) < 0) {
		at++;
	}
	if (at < set->count && strcmp(set->items[at].name, var->name) == 0) {
		return err_set(err, ERR_INPUT, "var '%s' is there twice", var->name);
	}
	size_t size = sizeof *set->items;
	struct var *items = arena_new(arena, set->count + 1, size);
	if (set->count) {
		memcpy(items, set->items, at * size);
		memcpy(items + at + 1, set->items + at, (set->count - at) * size);
	}
	items[at] = *var;
	*set = (struct varset){ items, set->count + 1 };
	return true;
}

bool varset_merge(struct arena *arena, struct varset *set, const struct varset *from, struct err *err)
{
	for (size_t i = 0; i < from->count; i++) {
		if (!add_var(arena, set, &from->items[i], err)) {
			return false;
		}
	}
	return true;
}

/* apiVersion of objref, where given, is "group/version", or the version alone and the group stays. */
static struct id id_of_var(struct arena *arena, const struct var *var)
{
	struct id id = { .gvk = var->gvk, .name = var->obj_name, .ns = var->obj_ns };
	const char *slash = strchr(var->api_version, '/');
	if (!slash) {
		id.gvk.version = *var->api_version ? var->api_version : id.gvk.version;
	} else if (!strchr(slash + 1, '/')) {
		id.gvk.group = arena_text_len(arena, var->api_version, (size_t)(slash - var->api_version));
		id.gvk.version = slash + 1;
	}
	return id;
}

static bool is_or_was(struct arena *arena, struct resource *resource, const struct id *wanted)
{
	bool (*equal)(const struct id *, const struct id *) = *wanted->ns ? id_equal : id_gvkn_equal;
	const struct ids *previous = resource_previous(arena, resource);
	for (size_t i = 0; i < previous->count; i++) {
		if (equal(&previous->items[i], wanted)) {
			return true;
		}
	}
	return equal(resource_id(arena, resource), wanted);
}

static bool bind_var(struct arena *arena, struct resmap *map, const struct var *var, struct err *err)
{
	const struct id wanted = id_of_var(arena, var);
	struct resource *found = NULL;
	for (size_t i = 0; i < map->count; i++) {
		if (resource_is_gone(map->items[i]) || !is_or_was(arena, map->items[i], &wanted)) {
			continue;
		}
		if (found) {
			return err_set(err, ERR_INPUT, "var '%s': its objref '%s' is more than one object; name its namespace", var->name,
			               id_text(arena, &wanted));
		}
		found = map->items[i];
	}
	if (found) {
		struct texts *names = &found->var_names;
		size_t size = sizeof *names->items;
		names->items = arena_grow(arena, names->items, names->count * size, (names->count + 1) * size);
		names->items[names->count++] = var->name;
	}
	return true;
}

bool vars_merge(const struct build *build, struct resmap *map, struct varset *set, const struct vars *vars, struct err *err)
{
	for (size_t i = 0; i < vars->count; i++) {
		if (!bind_var(build->arena, map, &vars->items[i], err)) {
			return false;
		}
	}
	for (size_t i = 0; i < vars->count; i++) {
		if (!add_var(build->arena, set, &vars->items[i], err)) {
			return false;
		}
	}
	return true;
}

/* --- values --------------------------------------------------------------------------------------------------------- */

/* What a var stands for. `text` is how it is written as a value of its own, `inside` how within a longer text. */
struct value {
	const char *name;
	const char *text;
	const char *inside;
	const char *tag;
	bool opaque; /* a mapping or list: references stay as they are */
	bool used;
};

static bool int_value(struct arena *arena, const char *text, struct value *value)
{
	const char *digits = text + (*text == '-' || *text == '+');
	errno = 0;
	long long number = strtoll(text, NULL, 10);
	if (!*digits || digits[strspn(digits, "0123456789")] || errno != 0) {
		return false; /* 0x10 too: upstream reads decimal ones only */
	}
	value->text = value->inside = arena_printf(arena, "%lld", number);
	value->tag = TREE_INT;
	return true;
}

static bool float_value(struct arena *arena, const char *text, struct value *value)
{
	char *end;
	if (!*text || text[strspn(text, "0123456789+-.eE")]) {
		return false;
	}
	double number = strtod(text, &end);
	if (*end || !isfinite(number)) {
		return false;
	}
	char printed[SCALAR_FIXED_MAX];
	scalar_fixed(number, printed);
	value->text = arena_text(arena, printed);
	scalar_printed(number, printed);
	value->inside = arena_text(arena, printed);
	value->tag = TREE_FLOAT;
	return true;
}

static bool scalar_value(struct arena *arena, const struct tree *scalar, struct value *value)
{
	if (scalar->tag == TREE_INT) {
		return int_value(arena, scalar->text, value);
	}
	if (scalar->tag == TREE_FLOAT) {
		return float_value(arena, scalar->text, value);
	}
	bool yes = scalar->text[0] == 't' || scalar->text[0] == 'T';
	bool is_bool = scalar->tag == TREE_BOOL;
	value->text = value->inside = is_bool ? (yes ? "true" : "false") : scalar->text;
	value->tag = is_bool ? TREE_BOOL : TREE_STR;
	return true;
}

/* ports[0] is two parts. */
static struct fieldpath path_of(struct arena *arena, const char *text)
{
	struct fieldpath path = fieldpath_split(arena, *text ? text : "metadata.name");
	struct fieldpath out = { .parts = arena_new(arena, 2 * path.count, sizeof *out.parts) };
	for (size_t i = 0; i < path.count; i++) {
		const char *part = path.parts[i];
		const char *bracket = strrchr(part, '[');
		size_t digits = bracket ? strspn(bracket + 1, "0123456789") : 0;
		if (digits == 0 || strcmp(bracket + 1 + digits, "]") != 0) {
			out.parts[out.count++] = part;
			continue;
		}
		if (bracket != part) {
			out.parts[out.count++] = arena_text_len(arena, part, (size_t)(bracket - part));
		}
		out.parts[out.count++] = arena_text_len(arena, bracket + 1, digits);
	}
	return out;
}

static struct resource *object_of(const struct resmap *map, const char *name)
{
	for (size_t i = 0; i < map->count; i++) {
		for (size_t n = 0; n < map->items[i]->var_names.count; n++) {
			if (strcmp(map->items[i]->var_names.items[n], name) == 0) {
				return map->items[i];
			}
		}
	}
	return NULL;
}

static bool value_of(struct arena *arena, const struct resmap *map, const struct var *var, struct value *value, struct err *err)
{
	const char *field = *var->field_path ? var->field_path : "metadata.name";
	*value = (struct value){ .name = var->name };
	struct resource *object = object_of(map, var->name);
	if (!object) {
		return err_set(err, ERR_INPUT, "var '%s': no object is its objref '%s'", var->name, var->obj_name);
	}
	struct fieldpath path = path_of(arena, field);
	struct tree *found;
	if (!fieldpath_get(arena, object->root, &path, &found, err)) {
		return err_wrap(err, "var '%s' field '%.*s'", var->name, SHOWN, field);
	}
	if (!found) {
		return err_set(err, ERR_INPUT, "var '%s': '%s' has no field '%.*s'", var->name, var->obj_name, SHOWN, field);
	}
	value->opaque = !tree_is_scalar(found);
	return value->opaque || scalar_value(arena, found, value) ||
	       err_set(err, ERR_INPUT, "var '%s': the number in field '%.*s' cannot be read", var->name, SHOWN, field);
}

/* --- references ----------------------------------------------------------------------------------------------------- */

struct values {
	const struct build *build;
	struct value *items;
	size_t count;
};

static struct value *value_find(const struct values *values, const char *name, size_t len)
{
	for (size_t i = 0; i < values->count; i++) {
		struct value *value = &values->items[i];
		if (!value->opaque && strlen(value->name) == len && memcmp(value->name, name, len) == 0) {
			value->used = true;
			return value;
		}
	}
	return NULL;
}

/* One `$` and what belongs to it; how much of the text that was. */
static size_t expand_one(const struct values *values, const char *at, const char *end, struct buf *out)
{
	if (at + 1 == end) {
		(void)buf_putc(out, '$');
		return 1;
	}
	const char *close = at[1] == '(' ? memchr(at, ')', (size_t)(end - at)) : NULL;
	if (close) {
		size_t len = (size_t)(close - at) + 1;
		const struct value *value = value_find(values, at + 2, len - 3);
		(void)buf_add(out, value ? value->inside : at, value ? strlen(value->inside) : len);
		return len;
	}
	unsigned char next = (unsigned char)at[1];
	(void)buf_add(out, at, next == '$' || next >= 0x80 ? 1 : 2);
	if (next >= 0x80) {
		/* Upstream takes the byte for a character: what was UTF-8 is none any more. */
		(void)buf_putc(out, (char)(0xc0 | next >> 6));
		(void)buf_putc(out, (char)(0x80 | (next & 0x3f)));
	}
	return 2;
}

/* The value, where the text is one reference and nothing else. */
static const struct value *whole_value(const struct values *values, const struct tree *scalar)
{
	const char *text = scalar->text;
	size_t len = scalar->len;
	bool whole = len >= 3 && text[0] == '$' && text[1] == '(' && memchr(text, ')', len) == text + len - 1;
	return whole ? value_find(values, text + 2, len - 3) : NULL;
}

static bool expand(const struct values *values, struct tree *scalar, struct err *err)
{
	const struct value *whole = whole_value(values, scalar);
	if (whole) {
		tree_set_text(values->build->arena, scalar, whole->text);
		scalar->tag = whole->tag;
		scalar->style = TREE_PLAIN;
		scalar->tagged = false;
		return true;
	}
	CLEANUP(buf_release) struct buf out = BUF_INIT(LIMIT_MANIFEST_BYTES);
	const char *end = scalar->text + scalar->len;
	for (const char *at = scalar->text; at < end;) {
		const char *dollar = memchr(at, '$', (size_t)(end - at));
		dollar = dollar ? dollar : end;
		if (!buf_add(&out, at, (size_t)(dollar - at))) {
			return err_set(err, ERR_LIMIT, "a text with its vars replaced is longer than %zu bytes", LIMIT_MANIFEST_BYTES);
		}
		at = dollar < end ? dollar + expand_one(values, dollar, end, &out) : end;
	}
	struct text text = { arena_text_len(values->build->arena, buf_text(&out), out.len), out.len };
	if (!rune_all_valid(text.data, text.len)) {
		text = base64_lines(values->build->arena, text);
		build_warn(values->build,
		           "kustomize turns a text into base64, because of a '$' in front of a letter beyond ASCII; write '$$'");
	}
	scalar->text = text.data;
	scalar->len = text.len;
	scalar->tag = TREE_STR;
	scalar->style = TREE_PLAIN;
	scalar->tagged = false;
	return true;
}

static bool is_string(const struct tree *node)
{
	return tree_is_scalar(node) && (node->tag == TREE_STR || node->tag == TREE_NONE || strcmp(node->tag, TREE_STR) == 0);
}

static bool expand_map(const struct values *values, struct tree *map, struct err *err)
{
	for (uint32_t i = 0; i + 1 < map->count; i += 2) {
		if (!is_string(map->items[i])) {
			return err_set(err, ERR_INPUT, "a key that is no string");
		}
		if (is_string(map->items[i + 1]) && !expand(values, map->items[i + 1], err)) {
			return false;
		}
	}
	return true;
}

static bool expand_field(void *context, struct tree *field, struct err *err)
{
	const struct values *values = context;
	if (tree_is_null(field)) {
		return true;
	}
	if (tree_is_map(field)) {
		return expand_map(values, field, err);
	}
	if (tree_is_scalar(field)) {
		return !is_string(field) || expand(values, field, err);
	}
	for (uint32_t i = 0; i < field->count; i++) {
		if (!is_string(field->items[i])) {
			return err_set(err, ERR_INPUT, "item %u is no string", i);
		}
		if (!expand(values, field->items[i], err)) {
			return false;
		}
	}
	return true;
}

bool vars_resolve(const struct build *build, struct resmap *map, const struct varset *set, const struct fieldspecs *specs,
                  struct err *err)
{
	struct values values = { build, arena_new(build->arena, set->count + 1, sizeof *values.items), set->count };
	for (size_t i = 0; i < set->count; i++) {
		if (!value_of(build->arena, map, &set->items[i], &values.items[i], err)) {
			return false;
		}
	}
	const struct fieldspec_visitor visitor = { .visit = expand_field, .context = &values };
	for (size_t i = 0; set->count > 0 && i < map->count; i++) {
		struct resource *resource = map->items[i];
		if (!fieldspecs_visit(build->arena, specs, resource->root, &visitor, err)) {
			return err_wrap(err, "vars in '%s'", id_text(build->arena, resource_id(build->arena, resource)));
		}
	}
	for (size_t i = 0; i < set->count; i++) {
		if (!values.items[i].used) {
			build_warn(build, "var '%s' is used nowhere", values.items[i].name);
		}
	}
	return true;
}
