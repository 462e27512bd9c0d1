#include <stdio.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/kustomize/rune.h"
#include "render/kustomize/scalartext.h"
#include "render/kustomize/scalartext_emit.h"

/*
 * goyaml v3's encoder and emitter (encode.go, emitterc.go). A collection is written in three steps, because its parent has
 * things to write between them: what stands in front (begin), brackets or nothing (start), and the content.
 */

static void write_content(struct emitter *emitter, const struct tree *node, bool in_list);

/* --- comments ------------------------------------------------------------------------------------------------------ */

static const char *note(const char *text)
{
	return text && *text ? text : NULL;
}

static void take_notes(struct emitter *emitter, const char *head, const char *line, const char *foot)
{
	emitter->head = note(head) ? head : emitter->head;
	emitter->line = note(line) ? line : emitter->line;
	emitter->foot = note(foot) ? foot : emitter->foot;
}

/* The comments of a node's first event: a collection's others come with its end. A key's foot comes behind its value. */
static void begin(struct emitter *emitter, const struct tree *node, const char *tail, bool key)
{
	emitter->tail = note(tail) ? tail : emitter->tail;
	if (!node->notes) {
		return;
	}
	bool scalar = node->kind == TREE_SCALAR;
	take_notes(emitter, node->notes->head, scalar ? node->notes->line : NULL, scalar && !key ? node->notes->foot : NULL);
}

static void end_notes(struct emitter *emitter, const struct tree *node, const char *tail)
{
	emitter->tail = note(tail) ? tail : emitter->tail;
	if (node->notes) {
		take_notes(emitter, NULL, node->notes->line, node->notes->foot);
	}
}

static bool has_notes(const struct emitter *emitter)
{
	return emitter->line || emitter->foot || emitter->tail;
}

static void set_foot_indent(struct emitter *emitter)
{
	emitter->foot_indent = emitter->indent < 0 ? 0 : emitter->indent;
}

static void write_head(struct emitter *emitter)
{
	if (emitter->tail) {
		emit_indent(emitter);
		emit_comment(emitter, emitter->tail);
		emitter->tail = NULL;
		set_foot_indent(emitter);
	}
	if (emitter->head) {
		emit_indent(emitter);
		emit_comment(emitter, emitter->head);
		emitter->head = NULL;
	}
}

static void write_foot(struct emitter *emitter)
{
	if (emitter->foot) {
		emit_indent(emitter);
		emit_comment(emitter, emitter->foot);
		emitter->foot = NULL;
		set_foot_indent(emitter);
	}
}

static void write_beside_and_foot(struct emitter *emitter)
{
	emit_line_comment(emitter, false);
	write_foot(emitter);
}

/* --- tags and anchors ---------------------------------------------------------------------------------------------- */

static void write_anchor(struct emitter *emitter, const struct tree *node)
{
	if (node->notes && note(node->notes->anchor)) {
		emit_indicator(emitter, node->notes->alias ? "*" : "&", true, false, false);
		emit_text(emitter, node->notes->anchor, strlen(node->notes->anchor));
		emitter->whitespace = emitter->indention = false;
	}
}

/* The tag that has to be written; NULL where what is written tells it. */
static const char *written_tag(const struct tree *node, enum tree_style *style)
{
	*style = node->style;
	bool lines = node->kind == TREE_SCALAR && memchr(node->text, '\n', node->len);
	if (node->kind == TREE_SCALAR && *style == TREE_PLAIN && lines) {
		*style = TREE_LITERAL;
	}
	if (!*node->tag) {
		return NULL;
	}
	if (node->shown) {
		return node->tag;
	}
	if (node->kind != TREE_SCALAR) {
		const char *implied = node->kind == TREE_MAP ? TREE_MAP_TAG : TREE_LIST_TAG;
		return strcmp(node->tag, implied) == 0 ? NULL : node->tag;
	}
	bool string = strcmp(node->tag, TREE_STR) == 0;
	/* goyaml's resolver takes `<<` for a string where it writes, so that it writes !!merge. */
	bool merge = strcmp(node->tag, TREE_MERGE) == 0;
	bool same = !merge && strcmp(tree_resolve(node->text, node->len), node->tag) == 0;
	if (string && node->style == TREE_PLAIN && !same && !lines) {
		*style = TREE_DOUBLE;
	}
	return same || string ? NULL : node->tag;
}

/* The characters that stand in a tag as they are. */
static bool in_tag(char c)
{
	bool word = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-';
	return word || (c && strchr(";/?:@&=+$,_.~*'()[]", c));
}

static void write_tag(struct emitter *emitter, const char *tag)
{
	if (!tag) {
		return;
	}
	bool local = *tag == '!';
	emit_indicator(emitter, local ? "" : "!<", true, false, false);
	for (; *tag; tag++) {
		char escaped[4];
		(void)snprintf(escaped, sizeof escaped, "%%%02X", (unsigned char)*tag);
		bool plain = in_tag(*tag) || *tag == '!';
		emit_text(emitter, plain ? tag : escaped, plain ? 1 : 3);
	}
	if (!local) {
		emit_char(emitter, '>');
	}
	emitter->whitespace = emitter->indention = false;
}

/* --- nodes --------------------------------------------------------------------------------------------------------- */

static int indent_into(struct emitter *emitter, bool flow, bool in_list)
{
	int old = emitter->indent;
	if (old < 0) {
		emitter->indent = flow ? 2 : 0;
	} else if (in_list) {
		emitter->indent += 2;
	} else {
		emitter->indent = 2 * ((old + 2) / 2);
	}
	return old;
}

static void start(struct emitter *emitter, const struct tree *node, bool mapping, bool simple_key, bool in_list)
{
	emitter->in_mapping = mapping;
	emitter->simple_key = simple_key;
	write_anchor(emitter, node);
	if (node->notes && node->notes->alias) {
		return;
	}
	enum tree_style style;
	write_tag(emitter, written_tag(node, &style));
	if (node->kind == TREE_SCALAR) {
		int old = indent_into(emitter, true, in_list);
		emit_scalar(emitter, node, style);
		emitter->indent = old;
	}
}

/* A key that stands on the line of its value. */
static bool is_simple_key(const struct tree *key)
{
	if (key->notes && key->notes->alias) {
		return true;
	}
	return key->kind == TREE_SCALAR ? emit_is_simple(key) : key->count == 0;
}

/* Brackets around what is between; the first one was preceded by begin of the first item. */
static int open_flow(struct emitter *emitter, const char *bracket, bool in_list)
{
	emit_indicator(emitter, bracket, true, true, false);
	int old = indent_into(emitter, true, in_list);
	emitter->flow++;
	return old;
}

static void begin_flow_item(struct emitter *emitter, bool comma)
{
	if (comma) {
		emit_indicator(emitter, ",", false, false, false);
	}
	write_head(emitter);
	if (emitter->column == 0) {
		emit_indent(emitter);
	}
}

/* The comma goes in front of a comment; true where it was written. */
static bool end_flow_item(struct emitter *emitter)
{
	bool comma = has_notes(emitter);
	if (comma) {
		emit_indicator(emitter, ",", false, false, false);
	}
	write_beside_and_foot(emitter);
	return comma;
}

static void write_flow_list(struct emitter *emitter, const struct tree *list, bool in_list)
{
	int old = emitter->indent;
	bool trail = false;
	for (uint32_t i = 0; i < list->count; i++) {
		begin(emitter, list->items[i], NULL, false);
		if (i == 0) {
			old = open_flow(emitter, "[", in_list);
		}
		begin_flow_item(emitter, i > 0 && !trail);
		trail = has_notes(emitter);
		start(emitter, list->items[i], false, false, false);
		(void)end_flow_item(emitter);
		write_content(emitter, list->items[i], false);
	}
	end_notes(emitter, list, NULL);
	if (list->count == 0) {
		old = open_flow(emitter, "[", in_list);
	}
	emitter->flow--;
	emitter->indent = old;
	if (emitter->column == 0) {
		emit_indent(emitter);
	}
	emit_indicator(emitter, "]", false, false, false);
	write_beside_and_foot(emitter);
}

static const char *foot_of(const struct tree *key)
{
	return key->notes ? key->notes->foot : NULL;
}

/* Whether the comma behind the pair stands already. */
static bool write_flow_pair(struct emitter *emitter, const struct tree *key, const struct tree *value)
{
	bool simple = is_simple_key(key);
	if (!simple) {
		emit_indicator(emitter, "?", true, false, false);
	}
	start(emitter, key, true, simple, false);
	write_content(emitter, key, false);
	begin(emitter, value, NULL, false);
	emit_indicator(emitter, ":", !simple, false, false);
	bool trail = has_notes(emitter);
	start(emitter, value, true, false, false);
	(void)end_flow_item(emitter);
	write_content(emitter, value, false);
	return trail;
}

static void write_flow_map(struct emitter *emitter, const struct tree *map, bool in_list)
{
	int old = emitter->indent;
	bool trail = false;
	const char *tail = NULL;
	for (uint32_t i = 0; i + 1 < map->count; i += 2) {
		begin(emitter, map->items[i], tail, true);
		if (i == 0) {
			old = open_flow(emitter, "{", in_list);
		}
		tail = foot_of(map->items[i]);
		begin_flow_item(emitter, i > 0 && !trail);
		trail = write_flow_pair(emitter, map->items[i], map->items[i + 1]);
	}
	end_notes(emitter, map, tail);
	if (map->count == 0) {
		old = open_flow(emitter, "{", in_list);
	} else if ((emitter->head || emitter->foot || emitter->tail) && !trail) {
		emit_indicator(emitter, ",", false, false, false);
	}
	write_head(emitter);
	emitter->flow--;
	emitter->indent = old;
	emit_indicator(emitter, "}", false, false, false);
	write_beside_and_foot(emitter);
}

static void write_block_list(struct emitter *emitter, const struct tree *list, bool in_list)
{
	bool compact = emitter->in_mapping && (emitter->column == 0 || !emitter->indention);
	int old = emitter->indent;
	for (uint32_t i = 0; i < list->count; i++) {
		begin(emitter, list->items[i], NULL, false);
		if (i == 0) {
			(void)indent_into(emitter, false, in_list);
			emitter->indent -= compact && old >= 0 && !in_list ? 2 : 0;
		}
		write_head(emitter);
		emit_indent(emitter);
		emit_indicator(emitter, "-", true, false, true);
		start(emitter, list->items[i], false, false, true);
		write_beside_and_foot(emitter);
		write_content(emitter, list->items[i], true);
	}
	end_notes(emitter, list, NULL);
	emitter->indent = old;
}

/* The comment beside a key goes beside its value, or where that is a block, in front of it. */
static void place_key_comment(struct emitter *emitter, const struct tree *value)
{
	if (!emitter->key_line) {
		return;
	}
	bool alias = value->notes && value->notes->alias;
	if (value->kind == TREE_SCALAR && !alias) {
		if (!emitter->line) {
			emitter->line = emitter->key_line;
			emitter->key_line = NULL;
		}
	} else if (!alias && !value->flow) {
		const char *line = emitter->line;
		emitter->line = emitter->key_line;
		emit_line_comment(emitter, false);
		emitter->key_line = emitter->line;
		emitter->line = line;
	}
}

static void write_block_pair(struct emitter *emitter, const struct tree *key, const struct tree *value)
{
	write_head(emitter);
	emit_indent(emitter);
	if (emitter->line) {
		emitter->key_line = emitter->line;
		emitter->line = NULL;
	}
	bool simple = is_simple_key(key);
	if (!simple) {
		emit_indicator(emitter, "?", true, false, true);
	}
	start(emitter, key, true, simple, false);
	write_content(emitter, key, false);
	begin(emitter, value, NULL, false);
	if (simple) {
		emit_indicator(emitter, ":", false, false, false);
	} else {
		emit_indent(emitter);
		emit_indicator(emitter, ":", true, false, true);
	}
	place_key_comment(emitter, value);
	start(emitter, value, true, false, false);
	write_beside_and_foot(emitter);
	write_content(emitter, value, false);
}

static void write_block_map(struct emitter *emitter, const struct tree *map, bool in_list)
{
	int old = emitter->indent;
	const char *tail = NULL;
	for (uint32_t i = 0; i + 1 < map->count; i += 2) {
		begin(emitter, map->items[i], tail, true);
		tail = foot_of(map->items[i]);
		if (i == 0) {
			(void)indent_into(emitter, false, in_list);
		}
		write_block_pair(emitter, map->items[i], map->items[i + 1]);
	}
	end_notes(emitter, map, tail);
	write_head(emitter);
	emitter->indent = old;
}

static void write_content(struct emitter *emitter, const struct tree *node, bool in_list)
{
	if (node->kind == TREE_SCALAR) {
		return;
	}
	bool flow = emitter->flow > 0 || node->flow || node->count == 0;
	if (node->kind == TREE_LIST) {
		(flow ? write_flow_list : write_block_list)(emitter, node, in_list);
	} else {
		(flow ? write_flow_map : write_block_map)(emitter, node, in_list);
	}
}

static void write_document(struct buf *out, const struct scalartext *document)
{
	struct emitter emitter = { .out = out, .indent = -1, .foot_indent = -1, .whitespace = true, .indention = true };
	if (note(document->head)) {
		emitter.head = document->head;
		write_head(&emitter);
		emit_break(&emitter);
	}
	begin(&emitter, document->root, NULL, false);
	write_head(&emitter);
	start(&emitter, document->root, false, false, false);
	write_beside_and_foot(&emitter);
	write_content(&emitter, document->root, false);
	take_notes(&emitter, NULL, NULL, document->foot);
	emitter.foot_indent = 0;
	write_foot(&emitter);
	emitter.foot_indent = -1;
	emit_indent(&emitter);
}

/* --- the whole ----------------------------------------------------------------------------------------------------- */

static void set_out(struct arena *arena, struct text text, struct text *out)
{
	*out = (struct text){ arena_text_len(arena, text.data, text.len), text.len };
}

bool scalartext_write(struct arena *arena, const struct scalartext *document, const char *original, struct text *out,
                      struct err *err)
{
	CLEANUP(buf_release) struct buf yaml = BUF_INIT(LIMIT_MANIFEST_BYTES);
	write_document(&yaml, document);
	struct text first = rune_trim(original, strlen(original));
	if (first.len == 0 || (first.data[0] != '{' && first.data[0] != '[')) {
		set_out(arena, rune_trim(buf_text(&yaml), yaml.len), out);
		return true;
	}
	CLEANUP(buf_release) struct buf json = BUF_INIT(LIMIT_MANIFEST_BYTES);
	if (!scalartext_json(arena, &yaml, strchr(original, '\n') && strstr(original, "  "), &json, err)) {
		return false;
	}
	set_out(arena, (struct text){ buf_text(&json), json.len }, out);
	return true;
}

struct text scalartext_document(struct arena *arena, const struct tree *node)
{
	CLEANUP(buf_release) struct buf yaml = BUF_INIT(LIMIT_MANIFEST_BYTES);
	struct tree *copy = tree_copy(arena, node);
	write_document(&yaml, &(struct scalartext){ .root = copy });
	return (struct text){ arena_text_len(arena, buf_text(&yaml), yaml.len), yaml.len };
}

const char *scalartext_node(struct arena *arena, const struct tree *node)
{
	struct text yaml = scalartext_document(arena, node);
	struct text text = rune_trim(yaml.data, yaml.len);
	return arena_text_len(arena, text.data, text.len);
}
