/* Trees as JSON's values: what goyaml v3 decodes of them and encoding/json prints. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "render/kustomize/json.h"
#include "render/kustomize/reread.h"
#include "render/kustomize/write.h"
#include "render/yaml_scalar.h"

static bool fail(const struct tree *at, const char *what, struct err *err)
{
	return at->line ? err_set(err, ERR_INPUT, "line %u: %s", at->line, what) : err_set(err, ERR_INPUT, "%s", what);
}

/* --- scalars ------------------------------------------------------------------------------------------------------ */

static int number_at(const char **at)
{
	int value = 0;
	while (isdigit((unsigned char)**at)) {
		value = 10 * value + (*(*at)++ - '0');
	}
	return value;
}

/* Go's RFC3339Nano of what the resolver takes for a time: 2001-1-2 is 2001-01-02T00:00:00Z. */
static const char *time_text(struct arena *arena, const char *text)
{
	int part[6] = { 0 };
	const char *at = text;
	for (size_t i = 0; i < ARRAY_LEN(part) && *at; i++) {
		part[i] = number_at(&at);
		/* At most one separator, or spaces between date and time, or what ends the time. */
		if (i + 1 < ARRAY_LEN(part)) {
			at += i == 2 ? strspn(at, "Tt ") : *at != '\0';
		}
	}
	size_t digits = 0;
	const char *fraction = at + 1;
	if (*at == '.' || *at == ',') {
		digits = strspn(fraction, "0123456789");
		at = fraction + digits;
		digits = digits > 9 ? 9 : digits;
		while (digits && fraction[digits - 1] == '0') {
			digits--;
		}
	}
	const char *zone = !*at || strcmp(at, "+00:00") == 0 || strcmp(at, "-00:00") == 0 ? "Z" : at;
	return arena_printf(arena, "%04d-%02d-%02dT%02d:%02d:%02d%s%.*s%s", part[0], part[1], part[2], part[3], part[4], part[5],
	                    digits ? "." : "", (int)digits, fraction, zone);
}

static void set_text(struct json_scalar *out, const char *text, size_t len)
{
	out->kind = JSON_TEXT;
	out->text = text;
	out->len = len;
}

static bool set_value(struct arena *arena, const struct tree *scalar, const char *tag, struct json_scalar *out, struct err *err)
{
	struct scalar value = scalar_resolve(scalar->text);
	if (tag == TREE_NULL) {
		*out = (struct json_scalar){ .kind = JSON_NULL, .text = "null", .len = 4 };
		return true;
	}
	if (tag == TREE_BOOL) {
		*out = (struct json_scalar){ .kind = JSON_BOOL, .text = value.truth ? "true" : "false" };
		out->len = strlen(out->text);
		return true;
	}
	if (tag == TREE_TIME) {
		const char *text = time_text(arena, scalar->text);
		set_text(out, text, strlen(text));
		return true;
	}
	if (tag == TREE_FLOAT && value.type == SCALAR_INT) {
		value = scalar_as_float(value);
	}
	if (value.type == SCALAR_FLOAT && !isfinite(value.real)) {
		return fail(scalar, "infinity and not-a-number have no JSON form", err);
	}
	out->kind = JSON_NUMBER;
	scalar_json(&value, out->number);
	out->text = out->number;
	out->len = strlen(out->number);
	return true;
}

static int sextet(char c)
{
	static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(DIGITS, c) : NULL;
	return at ? (int)(at - DIGITS) : -1;
}

/* Padded base64 with nothing between but line breaks. */
static bool set_binary(struct arena *arena, const struct tree *scalar, struct json_scalar *out, struct err *err)
{
	char *bytes = arena_new(arena, scalar->len + 1, 1);
	size_t len = 0;
	size_t count = 0;
	size_t pads = 0;
	unsigned bits = 0;
	for (size_t i = 0; i < scalar->len; i++) {
		char c = scalar->text[i];
		if (c == '\r' || c == '\n') {
			continue;
		}
		int value = c == '=' ? 0 : sextet(c);
		if (value < 0 || (pads && (c != '=' || count % 4 == 0)) || (c == '=' && count % 4 < 2)) {
			return fail(scalar, "tagged as binary, but not base64", err);
		}
		pads += c == '=';
		bits = bits << 6 | (unsigned)value;
		if (++count % 4 == 0) {
			bytes[len++] = (char)(bits >> 16 & 0xff);
			bytes[len++] = (char)(bits >> 8 & 0xff);
			bytes[len++] = (char)(bits & 0xff);
		}
	}
	if (count % 4) {
		return fail(scalar, "tagged as binary, but not base64", err);
	}
	set_text(out, bytes, len - pads);
	bytes[out->len] = '\0';
	return true;
}

/* goyaml makes floats of these, and of no larger ones. */
static bool is_int64(const char *text, const char *resolved)
{
	struct scalar value = scalar_resolve(text);
	return resolved == TREE_INT && value.magnitude <= (uint64_t)INT64_MAX + value.negative;
}

static bool is_resolvable(const char *tag)
{
	return tag == TREE_BOOL || tag == TREE_INT || tag == TREE_FLOAT || tag == TREE_NULL || tag == TREE_TIME;
}

/*
 * The tree is printed by goyaml v3 and read again: a tag that the text alone would give is not printed, so a quoted style makes
 * it a string; another one is, and the text must fit it.
 */
bool tree_json_scalar(struct arena *arena, const struct tree *scalar, struct json_scalar *out, struct err *err)
{
	bool quoted = scalar->style != TREE_PLAIN || memchr(scalar->text, '\n', scalar->len);
	const char *tag = scalar->tag;
	if (tag == TREE_STR || (tag == TREE_NONE && quoted)) {
		set_text(out, scalar->text, scalar->len);
		return true;
	}
	const char *resolved = tree_resolve(scalar->text, scalar->len);
	if (tag == TREE_BINARY) {
		return set_binary(arena, scalar, out, err);
	}
	if (tag != TREE_NONE && !is_resolvable(tag)) {
		set_text(out, scalar->text, scalar->len);
		return true;
	}
	if (tag == TREE_NONE) {
		tag = resolved;
	} else if (tag == resolved && !scalar->shown && quoted) {
		tag = TREE_STR;
	}
	if (tag == TREE_STR || tag == TREE_MERGE) {
		set_text(out, scalar->text, scalar->len);
		return true;
	}
	if (tag != resolved && !(tag == TREE_FLOAT && is_int64(scalar->text, resolved))) {
		return fail(scalar, "value of another type than its tag says", err);
	}
	return set_value(arena, scalar, tag, out, err);
}

/* --- copies ------------------------------------------------------------------------------------------------------- */

static struct tree *json_of(struct arena *arena, const struct tree *tree, bool root, struct reread_place place, struct err *err);

static struct tree *scalar_of(struct arena *arena, const struct tree *tree, struct reread_place place, struct err *err)
{
	static const char *const tags[] = { [JSON_NULL] = TREE_NULL, [JSON_BOOL] = TREE_BOOL, [JSON_TEXT] = TREE_STR };
	struct json_scalar value;
	struct tree *read = NULL;
	if (!reread_scalar(arena, tree, place, &read, err) || !tree_json_scalar(arena, read ? read : tree, &value, err)) {
		return NULL;
	}
	struct tree *copy = arena_new(arena, 1, sizeof *copy);
	copy->kind = TREE_SCALAR;
	copy->line = tree->line;
	copy->text = value.text == value.number ? arena_text(arena, value.number) : value.text;
	copy->len = value.len;
	copy->tag = value.kind == JSON_NUMBER ? tree_resolve(copy->text, copy->len) : tags[value.kind];
	copy->style = value.kind == JSON_TEXT && tree_resolve(copy->text, copy->len) != TREE_STR ? TREE_DOUBLE : TREE_PLAIN;
	return copy;
}

static struct tree *list_of(struct arena *arena, const struct tree *tree, struct reread_place place, struct err *err)
{
	struct tree *copy = tree_new_list(arena);
	copy->line = tree->line;
	for (uint32_t i = 0; i < tree->count; i++) {
		struct tree *item = json_of(arena, tree->items[i], false, reread_item(tree, i, place), err);
		if (!item) {
			return NULL;
		}
		tree_append(arena, copy, item);
	}
	return copy;
}

/* Nobody changes a key: one that is a plain text is shared. */
static struct tree *key_of(struct arena *arena, struct tree *key)
{
	if (key->tag == TREE_STR && key->style == TREE_PLAIN && !key->tagged && !key->notes) {
		return key;
	}
	struct tree *copy = tree_new_string(arena, key->text);
	copy->line = key->line;
	return copy;
}

/* In *map, which is the caller's; its items are copied where one changes. */
static bool reread_keys(struct arena *arena, struct tree *map, struct reread_place place, struct err *err)
{
	struct reread_place inner = reread_item(map, 0, place);
	bool copied = false;
	for (uint32_t i = 0; i + 1 < map->count; i += 2) {
		struct tree *read = NULL;
		if (map->items[i]->kind == TREE_SCALAR && !reread_scalar(arena, map->items[i], inner, &read, err)) {
			return false;
		}
		if (read && !copied) {
			struct tree **items = arena_new(arena, map->count, sizeof(struct tree *));
			map->items = memcpy(items, map->items, map->count * sizeof(struct tree *));
			copied = true;
		}
		if (read) {
			map->items[i] = read;
		}
	}
	return true;
}

static struct tree *map_of(struct arena *arena, const struct tree *tree, bool root, struct reread_place place, struct err *err)
{
	CLEANUP(tree_free_pairs) struct tree **pairs = NULL;
	struct tree map = *tree;
	if (!reread_keys(arena, &map, place, err) || !tree_sort_keys(arena, &map, root, &pairs, err)) {
		return NULL;
	}
	struct tree *copy = tree_new_map(arena);
	copy->line = tree->line;
	for (uint32_t i = 0; i + 1 < tree->count; i += 2) {
		bool last = pairs[i + 1] == tree->items[tree->count - 1];
		struct reread_place inner = reread_item(tree, last ? tree->count - 1 : 1, place);
		struct tree *value = json_of(arena, pairs[i + 1], false, inner, err);
		if (!value) {
			return err_wrap(err, "%.60s", pairs[i]->text), NULL;
		}
		tree_append(arena, copy, key_of(arena, pairs[i]));
		tree_append(arena, copy, value);
	}
	return copy;
}

static struct tree *json_of(struct arena *arena, const struct tree *tree, bool root, struct reread_place place, struct err *err)
{
	switch (tree->kind) {
	case TREE_LIST:
		return list_of(arena, tree, place, err);
	case TREE_MAP:
		return map_of(arena, tree, root, place, err);
	case TREE_SCALAR:
		break;
	}
	return scalar_of(arena, tree, place, err);
}

struct tree *tree_to_json(struct arena *arena, const struct tree *tree, struct err *err)
{
	const struct tree *root = tree_decode_root(arena, tree, err);
	return root ? json_of(arena, root, true, (struct reread_place){ .end = tree->ended }, err) : NULL;
}

static void look_like_json(struct tree *tree)
{
	tree->flow = tree->kind != TREE_SCALAR;
	if (tree->kind == TREE_SCALAR && tree->tag == TREE_STR) {
		tree->style = TREE_DOUBLE;
	}
	bool map = tree->kind == TREE_MAP;
	for (uint32_t i = map; tree->kind != TREE_SCALAR && i < tree->count; i += map ? 2 : 1) {
		look_like_json(tree->items[i]);
	}
}

struct tree *tree_from_json(struct arena *arena, const struct tree *tree, struct err *err)
{
	const struct tree *root = tree_decode_root(arena, tree, err);
	struct tree *copy = root ? json_of(arena, root, true, (struct reread_place){ .node = true }, err) : NULL;
	if (copy) {
		look_like_json(copy);
	}
	return copy;
}
