#include <string.h>

#include "render/base/limits.h"
#include "render/kustomize/scalartext_reader.h"
#include "render/kustomize/yaml_words.h"

/* --- tokens -------------------------------------------------------------------------------------------------------- */

static const char *joined(struct arena *arena, const char *text, const char *more)
{
	return !more ? text : text ? arena_printf(arena, "%s\n%s", text, more) : more;
}

const yaml_token_t *reader_peek(struct reader *reader)
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

yaml_token_type_t reader_peek_type(struct reader *reader)
{
	return reader_peek(reader)->type;
}

/* The last token is never passed. */
void reader_skip(struct reader *reader)
{
	reader->at += reader->at + 1 < reader->tokens.count;
}

struct tree *reader_unexpected(struct reader *reader, const char *wanted)
{
	size_t line = reader->tokens.items[reader->at].yaml.start_mark.line + 1;
	(void)err_set(reader->err, ERR_INPUT, "line %zu: %s is expected", line, wanted);
	return NULL;
}

struct comments reader_take_comments(struct reader *reader)
{
	struct comments comments = reader->held;
	reader->held = (struct comments){ 0 };
	reader->stem = NULL;
	return comments;
}

/* --- nodes --------------------------------------------------------------------------------------------------------- */

struct tree_notes *reader_notes(struct reader *reader, struct tree *node)
{
	if (!node->notes) {
		node->notes = arena_new(reader->arena, 1, sizeof *node->notes);
	}
	return node->notes;
}

void reader_set_comments(struct reader *reader, struct tree *node, struct comments comments)
{
	struct tree_notes *notes = reader_notes(reader, node);
	notes->head = comments.head;
	notes->line = comments.line;
	notes->foot = comments.foot;
}

void reader_set_properties(struct reader *reader, struct tree *node, const struct properties *properties)
{
	if (*properties->tag && strcmp(properties->tag, "!") != 0) {
		node->tag = yaml_words_tag(reader->arena, properties->tag);
		node->tagged = node->shown = true;
	}
	if (properties->anchor) {
		reader_notes(reader, node)->anchor = properties->anchor;
		(void)map_set(&reader->anchors, properties->anchor, node);
	}
}

struct tree *reader_empty(struct reader *reader)
{
	struct tree *scalar = tree_new_plain(reader->arena, "");
	scalar->tag = TREE_NULL;
	return scalar;
}

static struct tree *read_alias(struct reader *reader)
{
	const char *name = (const char *)reader_peek(reader)->data.alias.value;
	const struct tree *target = map_get(&reader->anchors, name);
	if (!target) {
		return reader_unexpected(reader, "the anchor of an alias in front of it");
	}
	struct tree *alias = tree_new_plain(reader->arena, "");
	reader_set_comments(reader, alias, reader_take_comments(reader));
	alias->notes->alias = true;
	alias->notes->target = target;
	alias->notes->anchor = arena_text(reader->arena, name);
	reader_skip(reader);
	return alias;
}

static struct tree *read_scalar(struct reader *reader, const struct properties *properties)
{
	const yaml_token_t *token = reader_peek(reader);
	struct tree *scalar = tree_new_plain(reader->arena, "");
	scalar->len = token->data.scalar.length;
	scalar->text = arena_text_len(reader->arena, (const char *)token->data.scalar.value, scalar->len);
	scalar->style = yaml_words_style(token->data.scalar.style);
	scalar->tag = scalar->style == TREE_PLAIN ? tree_resolve(scalar->text, scalar->len) : TREE_STR;
	if (scalar->style == TREE_PLAIN && strcmp(scalar->text, "<<") == 0) {
		scalar->tag = TREE_MERGE;
	}
	reader_set_comments(reader, scalar, reader_take_comments(reader));
	reader_set_properties(reader, scalar, properties);
	reader_skip(reader);
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
		const yaml_token_t *token = reader_peek(reader);
		if (token->type == YAML_ANCHOR_TOKEN && !properties->anchor) {
			properties->anchor = arena_text(reader->arena, (const char *)token->data.anchor.value);
		} else if (token->type == YAML_TAG_TOKEN && !tagged) {
			properties->tag = tag_of(reader, token);
			tagged = true;
			if (!properties->tag) {
				return reader_unexpected(reader, "a tag whose handle is known");
			}
		} else {
			return true;
		}
		reader_skip(reader);
	}
}

/* --- any node ------------------------------------------------------------------------------------------------------ */

static struct tree *read_content(struct reader *reader, const struct properties *properties, bool block, bool indentless)
{
	switch ((int)reader_peek_type(reader)) {
	case YAML_SCALAR_TOKEN:
		return read_scalar(reader, properties);
	case YAML_FLOW_SEQUENCE_START_TOKEN:
		return reader_flow_list(reader, properties);
	case YAML_FLOW_MAPPING_START_TOKEN:
		return reader_flow_map(reader, properties);
	case YAML_BLOCK_ENTRY_TOKEN:
		if (indentless) {
			return reader_indentless_list(reader, properties);
		}
		break;
	case YAML_BLOCK_SEQUENCE_START_TOKEN:
		if (block) {
			return reader_block_list(reader, properties);
		}
		break;
	case YAML_BLOCK_MAPPING_START_TOKEN:
		if (block) {
			return reader_block_map(reader, properties);
		}
		break;
	default:
		break;
	}
	if (!properties->anchor && !*properties->tag) {
		return reader_unexpected(reader, "a value");
	}
	struct tree *empty = reader_empty(reader);
	reader_set_properties(reader, empty, properties);
	return empty;
}

struct tree *reader_node(struct reader *reader, bool block, bool indentless)
{
	if (reader->depth == LIMIT_DEPTH) {
		(void)err_set(reader->err, ERR_LIMIT, "it is nested more than %zu deep", LIMIT_DEPTH);
		return NULL;
	}
	if (reader_peek_type(reader) == YAML_ALIAS_TOKEN) {
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
		const yaml_token_t *token = reader_peek(reader);
		if (token->type == YAML_TAG_DIRECTIVE_TOKEN) {
			reader->tags[reader->tag_count].handle = token->data.tag_directive.handle;
			reader->tags[reader->tag_count++].prefix = token->data.tag_directive.prefix;
		} else if (token->type == YAML_VERSION_DIRECTIVE_TOKEN) {
			if (token->data.version_directive.major != 1 || token->data.version_directive.minor != 1 || any) {
				return reader_unexpected(reader, "YAML of version 1.1");
			}
		} else {
			return true;
		}
		any = true;
		reader_skip(reader);
	}
}

static bool is_document_edge(yaml_token_type_t type)
{
	return type == YAML_DOCUMENT_START_TOKEN || type == YAML_DOCUMENT_END_TOKEN || type == YAML_STREAM_END_TOKEN ||
	       type == YAML_VERSION_DIRECTIVE_TOKEN || type == YAML_TAG_DIRECTIVE_TOKEN;
}

static struct tree *read_root(struct reader *reader, struct scalartext *out)
{
	yaml_token_type_t type = reader_peek_type(reader);
	if (!is_document_edge(type) || type == YAML_DOCUMENT_END_TOKEN) {
		out->head = split_head(reader);
		return reader_node(reader, true, false);
	}
	if (!read_directives(reader)) {
		return NULL;
	}
	if (reader_peek_type(reader) != YAML_DOCUMENT_START_TOKEN) {
		return reader_unexpected(reader, "a document");
	}
	reader_skip(reader);
	return is_document_edge(reader_peek_type(reader)) ? reader_empty(reader) : reader_node(reader, true, false);
}

static bool read_document(struct reader *reader, struct scalartext *out)
{
	(void)reader_peek(reader);
	reader_skip(reader);
	struct tree *root = read_root(reader, out);
	if (!root) {
		return false;
	}
	/* Whatever comes now: goyaml finds that it is no document only when it is asked for the next one. */
	(void)reader_peek(reader);
	struct comments comments = reader_take_comments(reader);
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
