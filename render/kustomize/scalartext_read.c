#include <string.h>

#include "render/base/limits.h"
#include "render/base/map.h"
#include "render/kustomize/scalartext.h"
#include "render/kustomize/scalartext_tokens.h"

/*
 * goyaml v3's parser (parserc.go, and decode.go's nodes), as functions that call each other. Each look at the next token takes up
 * the comments that belong to it; who takes them over is upstream's choice.
 */
struct comments {
	const char *head;
	const char *line;
	const char *foot;
};

struct reader {
	struct arena *arena;
	struct scalartext_tokens tokens;
	size_t at;
	size_t comment;       /* the next one */
	struct comments held; /* taken up, and nobody's yet */
	const char *stem;     /* in front of the '-' of a nested block */
	struct map anchors;
	yaml_tag_directive_t *tags;
	size_t tag_count;
	size_t depth;
	struct err *err;
};

/* What stands in front of a node's content. */
struct properties {
	const char *anchor;
	const char *tag; /* "" none */
};

static struct tree *read_node(struct reader *reader, bool block, bool indentless);

/* --- tokens -------------------------------------------------------------------------------------------------------- */

static const char *joined(struct arena *arena, const char *text, const char *more)
{
	return !more ? text : text ? arena_printf(arena, "%s\n%s", text, more) : more;
}

static const yaml_token_t *peek(struct reader *reader)
{
	const struct scalartext_token *token = &reader->tokens.items[reader->at];
	while (reader->comment < reader->tokens.comment_count) {
		const struct scalartext_comment *comment = &reader->tokens.comments[reader->comment];
		if (token->start < comment->at || (comment->head && token->yaml.type == YAML_BLOCK_END_TOKEN)) {
			break;
		}
		reader->held.head = joined(reader->arena, reader->held.head, comment->head);
		reader->held.foot = joined(reader->arena, reader->held.foot, comment->foot);
		reader->held.line = joined(reader->arena, reader->held.line, comment->line);
		reader->comment++;
	}
	return &token->yaml;
}

static yaml_token_type_t peek_type(struct reader *reader)
{
	return peek(reader)->type;
}

/* The last token is never passed. */
static void skip(struct reader *reader)
{
	reader->at += reader->at + 1 < reader->tokens.count;
}

static struct tree *unexpected(struct reader *reader, const char *wanted)
{
	size_t line = reader->tokens.items[reader->at].yaml.start_mark.line + 1;
	(void)err_set(reader->err, ERR_INPUT, "line %zu: %s is expected", line, wanted);
	return NULL;
}

static struct comments take_comments(struct reader *reader)
{
	struct comments comments = reader->held;
	reader->held = (struct comments){ 0 };
	reader->stem = NULL;
	return comments;
}

/* --- nodes --------------------------------------------------------------------------------------------------------- */

static struct tree_notes *notes_of(struct reader *reader, struct tree *node)
{
	if (!node->notes) {
		node->notes = arena_new(reader->arena, 1, sizeof *node->notes);
	}
	return node->notes;
}

static void set_comments(struct reader *reader, struct tree *node, struct comments comments)
{
	struct tree_notes *notes = notes_of(reader, node);
	notes->head = comments.head;
	notes->line = comments.line;
	notes->foot = comments.foot;
}

/* As goyaml's shortTag; the resolver's own by pointer. */
static const char *short_tag(struct arena *arena, const char *tag)
{
	static const char prefix[] = "tag:yaml.org,2002:";
	static const char *const known[] = { TREE_STR,  TREE_INT,    TREE_FLOAT, TREE_BOOL,    TREE_NULL,
		                                 TREE_TIME, TREE_BINARY, TREE_MERGE, TREE_MAP_TAG, TREE_LIST_TAG };
	size_t len = strlen(prefix);
	if (strncmp(tag, prefix, len) == 0) {
		tag = arena_printf(arena, "!!%s", tag + len);
	}
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (strcmp(known[i], tag) == 0) {
			return known[i];
		}
	}
	return tag;
}

static void set_properties(struct reader *reader, struct tree *node, const struct properties *properties)
{
	if (*properties->tag && strcmp(properties->tag, "!") != 0) {
		node->tag = short_tag(reader->arena, properties->tag);
		node->tagged = true;
	}
	if (properties->anchor) {
		notes_of(reader, node)->anchor = properties->anchor;
		(void)map_set(&reader->anchors, properties->anchor, node);
	}
}

static struct tree *empty_scalar(struct reader *reader)
{
	struct tree *scalar = tree_new_plain(reader->arena, "");
	scalar->tag = TREE_NULL;
	return scalar;
}

static struct tree *read_alias(struct reader *reader)
{
	const char *name = (const char *)peek(reader)->data.alias.value;
	if (!map_has(&reader->anchors, name)) {
		return unexpected(reader, "the anchor of an alias in front of it");
	}
	struct tree *alias = tree_new_plain(reader->arena, "");
	set_comments(reader, alias, take_comments(reader));
	alias->notes->alias = true;
	alias->notes->anchor = arena_text(reader->arena, name);
	skip(reader);
	return alias;
}

static enum tree_style style_of(yaml_scalar_style_t style)
{
	switch (style) {
	case YAML_SINGLE_QUOTED_SCALAR_STYLE:
		return TREE_SINGLE;
	case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
		return TREE_DOUBLE;
	case YAML_LITERAL_SCALAR_STYLE:
		return TREE_LITERAL;
	case YAML_FOLDED_SCALAR_STYLE:
		return TREE_FOLDED;
	case YAML_ANY_SCALAR_STYLE:
	case YAML_PLAIN_SCALAR_STYLE:
		break;
	}
	return TREE_PLAIN;
}

static struct tree *read_scalar(struct reader *reader, const struct properties *properties)
{
	const yaml_token_t *token = peek(reader);
	struct tree *scalar = tree_new_plain(reader->arena, "");
	scalar->len = token->data.scalar.length;
	scalar->text = arena_text_len(reader->arena, (const char *)token->data.scalar.value, scalar->len);
	scalar->style = style_of(token->data.scalar.style);
	scalar->tag = scalar->style == TREE_PLAIN ? tree_resolve(scalar->text, scalar->len) : TREE_STR;
	set_comments(reader, scalar, take_comments(reader));
	set_properties(reader, scalar, properties);
	skip(reader);
	return scalar;
}

/* A tag's handle is a directive's or one of the two that are always there. */
static const char *tag_of(struct reader *reader, const yaml_token_t *token)
{
	const char *handle = (const char *)token->data.tag.handle;
	const char *suffix = (const char *)token->data.tag.suffix;
	if (!*handle) {
		return arena_text(reader->arena, suffix);
	}
	for (size_t i = 0; i < reader->tag_count; i++) {
		if (strcmp((const char *)reader->tags[i].handle, handle) == 0) {
			return arena_printf(reader->arena, "%s%s", (const char *)reader->tags[i].prefix, suffix);
		}
	}
	if (strcmp(handle, "!") == 0) {
		return arena_printf(reader->arena, "!%s", suffix);
	}
	return strcmp(handle, "!!") == 0 ? arena_printf(reader->arena, "tag:yaml.org,2002:%s", suffix) : NULL;
}

static bool read_properties(struct reader *reader, struct properties *properties)
{
	*properties = (struct properties){ .tag = "" };
	bool tagged = false;
	while (true) {
		const yaml_token_t *token = peek(reader);
		if (token->type == YAML_ANCHOR_TOKEN && !properties->anchor) {
			properties->anchor = arena_text(reader->arena, (const char *)token->data.anchor.value);
		} else if (token->type == YAML_TAG_TOKEN && !tagged) {
			properties->tag = tag_of(reader, token);
			tagged = true;
			if (!properties->tag) {
				return unexpected(reader, "a tag whose handle is known");
			}
		} else {
			return true;
		}
		skip(reader);
	}
}

/* --- block collections --------------------------------------------------------------------------------------------- */

/* yaml_parser_split_stem_comment: what stood in front of a '-' belongs to the block behind it, not to its first key. */
static void split_stem(struct reader *reader, size_t len)
{
	if (len == 0) {
		return;
	}
	yaml_token_type_t type = peek_type(reader);
	if (type != YAML_BLOCK_SEQUENCE_START_TOKEN && type != YAML_BLOCK_MAPPING_START_TOKEN) {
		return;
	}
	const char *head = reader->held.head;
	reader->stem = arena_text_len(reader->arena, head, len);
	reader->held.head = strlen(head) == len ? NULL : head + len + 1;
}

/* A '-' and what is behind it; `last` are the types that say that nothing is. */
static struct tree *read_entry(struct reader *reader, bool indentless)
{
	size_t head = reader->held.head ? strlen(reader->held.head) : 0;
	skip(reader);
	split_stem(reader, head);
	yaml_token_type_t type = peek_type(reader);
	bool key = indentless && (type == YAML_KEY_TOKEN || type == YAML_VALUE_TOKEN);
	if (type == YAML_BLOCK_ENTRY_TOKEN || type == YAML_BLOCK_END_TOKEN || key) {
		return empty_scalar(reader);
	}
	return read_node(reader, true, false);
}

static struct tree *read_entries(struct reader *reader, struct tree *list, bool indentless)
{
	while (peek_type(reader) == YAML_BLOCK_ENTRY_TOKEN) {
		struct tree *item = read_entry(reader, indentless);
		if (!item) {
			return NULL;
		}
		tree_append(reader->arena, list, item);
	}
	if (!indentless) {
		if (peek_type(reader) != YAML_BLOCK_END_TOKEN) {
			return unexpected(reader, "'-'");
		}
		skip(reader);
	}
	set_comments(reader, list, (struct comments){ .head = list->notes ? list->notes->head : NULL });
	return list;
}

static struct tree *block_start(struct reader *reader, struct tree *node, const struct properties *properties)
{
	if (reader->stem) {
		notes_of(reader, node)->head = reader->stem;
		reader->stem = NULL;
	}
	set_properties(reader, node, properties);
	skip(reader);
	return node;
}

static struct tree *read_block_list(struct reader *reader, const struct properties *properties)
{
	return read_entries(reader, block_start(reader, tree_new_list(reader->arena), properties), false);
}

static struct tree *read_indentless_list(struct reader *reader, const struct properties *properties)
{
	struct tree *list = tree_new_list(reader->arena);
	set_properties(reader, list, properties);
	return read_entries(reader, list, true);
}

static bool is_no_value(yaml_token_type_t type)
{
	return type == YAML_KEY_TOKEN || type == YAML_VALUE_TOKEN || type == YAML_BLOCK_END_TOKEN;
}

static struct tree *read_block_key(struct reader *reader)
{
	skip(reader);
	return is_no_value(peek_type(reader)) ? empty_scalar(reader) : read_node(reader, true, true);
}

static struct tree *read_block_value(struct reader *reader)
{
	if (peek_type(reader) != YAML_VALUE_TOKEN) {
		return empty_scalar(reader);
	}
	skip(reader);
	return is_no_value(peek_type(reader)) ? empty_scalar(reader) : read_node(reader, true, true);
}

static const char *foot_of(const struct tree *node)
{
	return node->notes ? node->notes->foot : NULL;
}

/* decode.go: the comment behind a value is kept by its key, and one in front of a key that stands further left by the key before. */
static void move_feet(struct reader *reader, struct tree *map, struct tree *key, struct tree *value, bool block)
{
	if (block && foot_of(key) && map->count > 0) {
		notes_of(reader, map->items[map->count - 2])->foot = key->notes->foot;
		key->notes->foot = NULL;
	}
	if (!foot_of(key) && foot_of(value)) {
		notes_of(reader, key)->foot = value->notes->foot;
		value->notes->foot = NULL;
	}
}

static void add_pair(struct reader *reader, struct tree *map, struct tree *key, struct tree *value)
{
	move_feet(reader, map, key, value, !map->flow);
	tree_append(reader->arena, map, key);
	tree_append(reader->arena, map, value);
}

/* The comments that the end of a collection has replace those of its start, but for the head. */
static struct tree *end_collection(struct reader *reader, struct tree *node)
{
	struct comments comments = take_comments(reader);
	comments.head = node->notes ? node->notes->head : NULL;
	set_comments(reader, node, comments);
	if (node->kind == TREE_MAP && !node->flow && comments.foot && node->count > 1) {
		notes_of(reader, node->items[node->count - 2])->foot = comments.foot;
		node->notes->foot = NULL;
	}
	skip(reader);
	return node;
}

static struct tree *read_block_map(struct reader *reader, const struct properties *properties)
{
	struct tree *map = block_start(reader, tree_new_map(reader->arena), properties);
	while (peek_type(reader) == YAML_KEY_TOKEN) {
		struct tree *key = read_block_key(reader);
		struct tree *value = key ? read_block_value(reader) : NULL;
		if (!value) {
			return NULL;
		}
		add_pair(reader, map, key, value);
	}
	return peek_type(reader) == YAML_BLOCK_END_TOKEN ? end_collection(reader, map) : unexpected(reader, "a key");
}

/* --- flow collections ---------------------------------------------------------------------------------------------- */

static struct tree *flow_start(struct reader *reader, struct tree *node, const struct properties *properties)
{
	struct comments comments = take_comments(reader);
	set_comments(reader, node, (struct comments){ .head = comments.head });
	node->flow = true;
	set_properties(reader, node, properties);
	skip(reader);
	return node;
}

/* False where neither a comma nor the end is there. */
static bool pass_comma(struct reader *reader, bool first)
{
	if (first) {
		return true;
	}
	if (peek_type(reader) != YAML_FLOW_ENTRY_TOKEN) {
		return unexpected(reader, "','");
	}
	skip(reader);
	return true;
}

static struct tree *read_flow_part(struct reader *reader, yaml_token_type_t end)
{
	yaml_token_type_t type = peek_type(reader);
	bool none = type == YAML_VALUE_TOKEN || type == YAML_FLOW_ENTRY_TOKEN || type == end;
	return none ? empty_scalar(reader) : read_node(reader, false, false);
}

static struct tree *read_flow_value(struct reader *reader, yaml_token_type_t end)
{
	if (peek_type(reader) != YAML_VALUE_TOKEN) {
		return empty_scalar(reader);
	}
	skip(reader);
	yaml_token_type_t type = peek_type(reader);
	return type == YAML_FLOW_ENTRY_TOKEN || type == end ? empty_scalar(reader) : read_node(reader, false, false);
}

/* [key: value] has a mapping of one pair as its item. */
static struct tree *read_single_pair(struct reader *reader)
{
	struct tree *map = tree_new_map(reader->arena);
	map->flow = true;
	skip(reader);
	struct tree *key = read_flow_part(reader, YAML_FLOW_SEQUENCE_END_TOKEN);
	struct tree *value = key ? read_flow_value(reader, YAML_FLOW_SEQUENCE_END_TOKEN) : NULL;
	if (!value) {
		return NULL;
	}
	add_pair(reader, map, key, value);
	return map;
}

static struct tree *read_flow_list(struct reader *reader, const struct properties *properties)
{
	struct tree *list = flow_start(reader, tree_new_list(reader->arena), properties);
	for (bool first = true; peek_type(reader) != YAML_FLOW_SEQUENCE_END_TOKEN; first = false) {
		if (!pass_comma(reader, first)) {
			return NULL;
		}
		if (peek_type(reader) == YAML_FLOW_SEQUENCE_END_TOKEN) {
			break;
		}
		bool pair = peek_type(reader) == YAML_KEY_TOKEN;
		struct tree *item = pair ? read_single_pair(reader) : read_node(reader, false, false);
		if (!item) {
			return NULL;
		}
		tree_append(reader->arena, list, item);
	}
	return end_collection(reader, list);
}

static struct tree *read_flow_key(struct reader *reader)
{
	if (peek_type(reader) != YAML_KEY_TOKEN) {
		return read_node(reader, false, false);
	}
	skip(reader);
	return read_flow_part(reader, YAML_FLOW_MAPPING_END_TOKEN);
}

static struct tree *read_flow_map(struct reader *reader, const struct properties *properties)
{
	struct tree *map = flow_start(reader, tree_new_map(reader->arena), properties);
	for (bool first = true; peek_type(reader) != YAML_FLOW_MAPPING_END_TOKEN; first = false) {
		if (!pass_comma(reader, first)) {
			return NULL;
		}
		if (peek_type(reader) == YAML_FLOW_MAPPING_END_TOKEN) {
			break;
		}
		bool keyed = peek_type(reader) == YAML_KEY_TOKEN;
		struct tree *key = read_flow_key(reader);
		struct tree *value = !key ? NULL : keyed ? read_flow_value(reader, YAML_FLOW_MAPPING_END_TOKEN) : empty_scalar(reader);
		if (!value) {
			return NULL;
		}
		add_pair(reader, map, key, value);
	}
	return end_collection(reader, map);
}

/* --- any node ------------------------------------------------------------------------------------------------------ */

static struct tree *read_content(struct reader *reader, const struct properties *properties, bool block, bool indentless)
{
	switch ((int)peek_type(reader)) {
	case YAML_SCALAR_TOKEN:
		return read_scalar(reader, properties);
	case YAML_FLOW_SEQUENCE_START_TOKEN:
		return read_flow_list(reader, properties);
	case YAML_FLOW_MAPPING_START_TOKEN:
		return read_flow_map(reader, properties);
	case YAML_BLOCK_ENTRY_TOKEN:
		if (indentless) {
			return read_indentless_list(reader, properties);
		}
		break;
	case YAML_BLOCK_SEQUENCE_START_TOKEN:
		if (block) {
			return read_block_list(reader, properties);
		}
		break;
	case YAML_BLOCK_MAPPING_START_TOKEN:
		if (block) {
			return read_block_map(reader, properties);
		}
		break;
	default:
		break;
	}
	if (!properties->anchor && !*properties->tag) {
		return unexpected(reader, "a value");
	}
	struct tree *empty = empty_scalar(reader);
	set_properties(reader, empty, properties);
	return empty;
}

static struct tree *read_node(struct reader *reader, bool block, bool indentless)
{
	if (reader->depth == LIMIT_DEPTH) {
		(void)err_set(reader->err, ERR_LIMIT, "it is nested more than %zu deep", LIMIT_DEPTH);
		return NULL;
	}
	if (peek_type(reader) == YAML_ALIAS_TOKEN) {
		return read_alias(reader);
	}
	struct properties properties;
	if (!read_properties(reader, &properties)) {
		return NULL;
	}
	reader->depth++;
	struct tree *node = read_content(reader, &properties, block, indentless);
	reader->depth--;
	return node;
}

/* --- documents ----------------------------------------------------------------------------------------------------- */

/* An implicit document's head is what stands above the last empty line in front of the content. */
static const char *split_head(struct reader *reader)
{
	const char *head = reader->held.head;
	for (size_t i = head ? strlen(head) : 0; i-- > 1;) {
		if (head[i] != '\n') {
			continue;
		}
		bool last = !head[i + 1];
		if (last || head[i - 1] == '\n') {
			reader->held.head = last ? NULL : head + i + 1;
			return arena_text_len(reader->arena, head, last ? i : i - 1);
		}
	}
	return NULL;
}

static bool read_directives(struct reader *reader)
{
	bool any = false;
	reader->tags = arena_new(reader->arena, reader->tokens.count, sizeof *reader->tags);
	while (true) {
		const yaml_token_t *token = peek(reader);
		if (token->type == YAML_TAG_DIRECTIVE_TOKEN) {
			reader->tags[reader->tag_count].handle = token->data.tag_directive.handle;
			reader->tags[reader->tag_count++].prefix = token->data.tag_directive.prefix;
		} else if (token->type == YAML_VERSION_DIRECTIVE_TOKEN) {
			if (token->data.version_directive.major != 1 || any) {
				return unexpected(reader, "YAML of version 1.1");
			}
		} else {
			return true;
		}
		any = true;
		skip(reader);
	}
}

static bool is_document_edge(yaml_token_type_t type)
{
	return type == YAML_DOCUMENT_START_TOKEN || type == YAML_DOCUMENT_END_TOKEN || type == YAML_STREAM_END_TOKEN ||
	       type == YAML_VERSION_DIRECTIVE_TOKEN || type == YAML_TAG_DIRECTIVE_TOKEN;
}

static struct tree *read_root(struct reader *reader, struct scalartext *out)
{
	yaml_token_type_t type = peek_type(reader);
	if (!is_document_edge(type) || type == YAML_DOCUMENT_END_TOKEN) {
		out->head = split_head(reader);
		return read_node(reader, true, false);
	}
	if (!read_directives(reader)) {
		return NULL;
	}
	if (peek_type(reader) != YAML_DOCUMENT_START_TOKEN) {
		return unexpected(reader, "a document");
	}
	skip(reader);
	return is_document_edge(peek_type(reader)) ? empty_scalar(reader) : read_node(reader, true, false);
}

static bool read_document(struct reader *reader, struct scalartext *out)
{
	(void)peek(reader);
	skip(reader);
	struct tree *root = read_root(reader, out);
	if (!root) {
		return false;
	}
	/* Whatever comes now: goyaml finds that it is no document only when it is asked for the next one. */
	(void)peek(reader);
	struct comments comments = take_comments(reader);
	out->root = root;
	out->foot = comments.foot ? comments.foot : comments.head;
	return true;
}

bool scalartext_read(struct arena *arena, const char *text, size_t len, struct scalartext *out, struct err *err)
{
	struct reader reader = { .arena = arena, .err = err };
	if (!scalartext_tokens_read(arena, text, len, &reader.tokens, err)) {
		return false;
	}
	*out = (struct scalartext){ 0 };
	bool good = read_document(&reader, out);
	map_release(&reader.anchors);
	scalartext_tokens_release(&reader.tokens);
	return good;
}

bool scalartext_is_alias(const struct tree *node)
{
	return node && node->notes && node->notes->alias;
}
