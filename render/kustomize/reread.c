#include "render/kustomize/reread.h"

#include <string.h>

#include "render/base/limits.h"
#include "render/kustomize/parse.h"
#include "render/kustomize/scalartext_emit.h"

static bool begins_with_tab(const struct tree *scalar)
{
	return scalar->len > 0 && *scalar->text == '\t';
}

static bool has_break(const struct tree *scalar)
{
	return memchr(scalar->text, '\n', scalar->len) != NULL;
}

/* encode.go: text of several lines is a block where nothing else was said. */
static enum tree_style written_style(const struct tree *scalar)
{
	return scalar->style == TREE_PLAIN && has_break(scalar) ? TREE_LITERAL : scalar->style;
}

static bool refuse(const struct tree *scalar, struct err *err)
{
	static const char why[] =
		"a text of several lines may not begin with a tab: begin it otherwise, or write it in double quotes";
	return scalar->line ? err_set(err, ERR_INPUT, "line %u: %s", (unsigned)scalar->line, why)
	                    : err_set(err, ERR_INPUT, "%s", why);
}

static bool read_block(struct arena *arena, struct emitter *emitter, const struct tree *scalar, enum tree_style style, bool end,
                       struct tree **out, struct err *err)
{
	emit_text(emitter, "a:", 2);
	emit_scalar(emitter, scalar, style);
	if (end) {
		emit_break(emitter);
	}
	struct parse_source source = { .path = "", .text = buf_text(emitter->out), .len = emitter->out->len };
	struct tree *root = NULL;
	if (!parse_document(arena, &source, &root, err)) {
		return false;
	}
	const struct tree *read = tree_get(root, "a");
	*out = tree_copy(arena, scalar);
	(*out)->text = read->text;
	(*out)->len = read->len;
	/* A literal block is read as it is written: once is enough. */
	(*out)->style = TREE_LITERAL;
	return true;
}

/* Written as '' where nothing would not do. */
static bool is_nothing(const struct tree *scalar)
{
	return scalar->len == 0 && scalar->style == TREE_PLAIN && !scalar->shown &&
	       (scalar->tag == TREE_NONE || scalar->tag == TREE_NULL);
}

/* In brackets a colon asks for quotes. */
static bool is_time_with_colon(const struct tree *scalar)
{
	bool plain = scalar->style == TREE_PLAIN && !scalar->shown && (scalar->tag == TREE_NONE || scalar->tag == TREE_TIME);
	return plain && strchr(scalar->text, ':') && tree_resolve(scalar->text, scalar->len) == TREE_TIME;
}

bool reread_scalar(struct arena *arena, const struct tree *scalar, struct reread_place place, struct tree **out, struct err *err)
{
	bool changes = has_break(scalar) && (scalar->style == TREE_FOLDED || place.end);
	*out = NULL;
	if (place.node) {
		return true;
	}
	if (place.flow && ((!place.key && is_nothing(scalar)) || is_time_with_colon(scalar))) {
		*out = tree_copy(arena, scalar);
		(*out)->tag = TREE_STR;
		return true;
	}
	if (place.flow || (!changes && !begins_with_tab(scalar))) {
		return true;
	}
	CLEANUP(buf_release) struct buf yaml = BUF_INIT(LIMIT_TREE_BYTES);
	struct emitter emitter = { .out = &yaml, .indent = 2, .foot_indent = -1, .simple_key = place.key && emit_is_simple(scalar) };
	enum tree_style style = emit_style(&emitter, scalar, written_style(scalar));
	if (style != TREE_LITERAL && style != TREE_FOLDED) {
		return true;
	}
	if (begins_with_tab(scalar)) {
		return refuse(scalar, err);
	}
	emitter.simple_key = false;
	return read_block(arena, &emitter, scalar, style, place.end, out, err);
}

struct reread_place reread_item(const struct tree *tree, size_t at, struct reread_place place)
{
	bool map = tree->kind == TREE_MAP;
	bool end = place.end && at + 1 == tree->count && !tree->items[at]->ended && !(map && tree->items[at - 1]->ended);
	return (struct reread_place){ .key = map && at % 2 == 0, .flow = place.flow || tree->flow, .end = end, .node = place.node };
}

static bool reread_all(struct arena *arena, struct tree *tree, struct reread_place place, struct err *err)
{
	for (uint32_t i = 0; i < tree->count; i++) {
		struct tree *item = tree->items[i];
		struct reread_place inner = reread_item(tree, i, place);
		struct tree *read = NULL;
		bool good = item->kind == TREE_SCALAR ? reread_scalar(arena, item, inner, &read, err)
		                                      : reread_all(arena, item, inner, err);
		if (!good) {
			const char *name = tree->kind == TREE_MAP ? tree_text(tree->items[i - i % 2]) : NULL;
			return name ? err_wrap(err, "%.60s", name) : false;
		}
		if (read) {
			tree->items[i] = read;
		}
	}
	return true;
}

bool reread_tree(struct arena *arena, struct tree *root, struct err *err)
{
	bool good = root->kind == TREE_SCALAR || reread_all(arena, root, (struct reread_place){ .end = root->ended }, err);
	root->ended = false;
	return good;
}
