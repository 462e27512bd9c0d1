#include "render/kustomize/jsonpatch_value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"
#include "render/base/limits.h"
#include "render/kustomize/json_read.h"
#include "render/kustomize/write.h"
#include "render/yaml_scalar.h"

void json_mark_given_null(struct tree *null)
{
	null->tagged = true;
}

bool json_is_nil(const struct tree *tree)
{
	return !tree || (tree_is_null(tree) && !tree->tagged);
}

/* --- comparing --------------------------------------------------------------------------------------------------- */

/* The literal that JSON has for a scalar. */
static void add_literal(struct arena *arena, const struct tree *scalar, struct buf *out)
{
	struct err ignored = ERR_INIT;
	if (scalar->tag == JSON_RAW) {
		(void)buf_add(out, scalar->text, scalar->len);
	} else if (!tree_write_json(arena, scalar, out, &ignored)) {
		buf_reset(out);
	}
}

static bool equal_scalars(struct arena *arena, const struct tree *a, const struct tree *b)
{
	if (a->tag == b->tag) {
		return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
	}
	CLEANUP(buf_release) struct buf left = BUF_INIT(LIMIT_MANIFEST_BYTES * 2);
	CLEANUP(buf_release) struct buf right = BUF_INIT(LIMIT_MANIFEST_BYTES * 2);
	add_literal(arena, a, &left);
	add_literal(arena, b, &right);
	return left.len && left.len == right.len && memcmp(left.data, right.data, left.len) == 0;
}

static bool equal_maps(struct arena *arena, const struct tree *a, const struct tree *b)
{
	if (a->count != b->count) {
		return false;
	}
	for (uint32_t i = 0; i + 1 < a->count; i += 2) {
		long at = tree_find(b, a->items[i]->text);
		if (at < 0 || json_is_nil(a->items[i + 1]) != json_is_nil(b->items[at + 1])) {
			return false;
		}
		if (!json_is_nil(a->items[i + 1]) && !json_equal(arena, a->items[i + 1], b->items[at + 1])) {
			return false;
		}
	}
	return true;
}

bool json_equal(struct arena *arena, const struct tree *a, const struct tree *b)
{
	if (a->kind != b->kind) {
		return false;
	}
	if (a->kind == TREE_MAP) {
		return equal_maps(arena, a, b);
	}
	if (a->kind == TREE_SCALAR) {
		return tree_is_null(a) || tree_is_null(b) ? tree_is_null(a) && tree_is_null(b) : equal_scalars(arena, a, b);
	}
	bool equal = a->count == b->count;
	for (uint32_t i = 0; equal && i < a->count; i++) {
		equal = !tree_is_null(a->items[i]) && !tree_is_null(b->items[i]) && json_equal(arena, a->items[i], b->items[i]);
	}
	return equal;
}

/* --- measuring --------------------------------------------------------------------------------------------------- */

size_t json_depth(const struct tree *tree, size_t most)
{
	size_t deepest = 0;
	for (uint32_t i = 0; tree->kind != TREE_SCALAR && i < tree->count && deepest <= most; i++) {
		size_t depth = most ? json_depth(tree->items[i], most - 1) : 0;
		deepest = depth > deepest ? depth : deepest;
	}
	return tree->kind == TREE_SCALAR ? 0 : deepest + 1;
}

size_t json_count(const struct tree *tree, size_t most)
{
	size_t count = 1;
	for (uint32_t i = 0; tree->kind != TREE_SCALAR && i < tree->count && count <= most; i++) {
		count += json_count(tree->items[i], most - count);
	}
	return count;
}

/* --- back to YAML ------------------------------------------------------------------------------------------------ */

static bool normalize_number(struct arena *arena, struct tree *number, struct err *err)
{
	struct scalar value = { .type = SCALAR_FLOAT, .real = strtod(number->text, NULL) };
	if (!isfinite(value.real)) {
		return err_set(err, ERR_INPUT, "a number is larger than a float64 can be");
	}
	char text[SCALAR_NUMBER_MAX];
	scalar_yaml(&value, text);
	tree_set_text(arena, number, text);
	number->tag = tree_resolve(number->text, number->len);
	return true;
}

enum tree_style json_text_style(const struct tree *text)
{
	if (memchr(text->text, '\n', text->len)) {
		return TREE_LITERAL;
	}
	enum scalar_type type = scalar_resolve(text->text).type;
	bool other = (type != SCALAR_TEXT && type != SCALAR_TIME) || scalar_is_base60(text->text);
	return other || tree_resolve(text->text, text->len) != TREE_STR ? TREE_DOUBLE : TREE_PLAIN;
}

static bool normalize_scalar(struct arena *arena, const struct arena *scratch, const struct tree *tree, struct tree **out,
                             struct err *err)
{
	if (tree_is_null(tree)) {
		*out = tree_new_null(arena);
		return true;
	}
	struct tree *scalar = arena_new(arena, 1, sizeof *scalar);
	*scalar = *tree;
	*out = scalar = json_decode(arena, scalar);
	scalar->notes = NULL;
	scalar->tagged = false;
	scalar->style = TREE_PLAIN;
	if (scalar->tag == TREE_INT || scalar->tag == TREE_FLOAT) {
		return normalize_number(arena, scalar, err);
	}
	if (arena_holds(scratch, scalar->text)) {
		scalar->text = arena_text_len(arena, scalar->text, scalar->len);
	}
	if (scalar->tag != TREE_BOOL) {
		scalar->tag = TREE_STR;
		scalar->style = json_text_style(scalar);
	}
	return true;
}

/* Nobody changes a key: one that is as it should be can be in both trees. */
static struct tree *normalize_key(struct arena *arena, const struct arena *scratch, struct tree *key)
{
	bool same = key->tag == TREE_STR && key->style == TREE_PLAIN && !key->tagged && !key->notes && !arena_holds(scratch, key);
	return same ? key : tree_new_string(arena, key->text);
}

bool json_normalize(struct arena *arena, const struct arena *scratch, const struct tree *tree, struct tree **out, struct err *err)
{
	if (tree->kind == TREE_SCALAR) {
		return normalize_scalar(arena, scratch, tree, out, err);
	}
	struct tree *copy = tree->kind == TREE_MAP ? tree_new_map(arena) : tree_new_list(arena);
	copy->line = tree->line;
	copy->items = arena_new(arena, tree->count, sizeof *copy->items);
	copy->cap = copy->count = tree->count;
	for (uint32_t i = 0; i < tree->count; i++) {
		if (tree->kind == TREE_MAP && i % 2 == 0) {
			copy->items[i] = normalize_key(arena, scratch, tree->items[i]);
		} else if (!json_normalize(arena, scratch, tree->items[i], &copy->items[i], err)) {
			return false;
		}
	}
	*out = copy;
	return true;
}
