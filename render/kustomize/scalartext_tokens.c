#include "render/kustomize/scalartext_tokens.h"

#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"
#include "render/kustomize/scalartext_scanner.h"
#include "render/kustomize/yaml_flow.h"
#include "render/kustomize/yaml_mend.h"

/* libyaml counts characters. */
static long byte_of(struct scanner *scanner, size_t chars)
{
	while (scanner->chars < chars && scanner->bytes < scanner->len) {
		scanner->bytes++;
		while (scanner->bytes < scanner->len && (scanner->text[scanner->bytes] & 0xc0) == 0x80) {
			scanner->bytes++;
		}
		scanner->chars++;
	}
	return scanner->bytes;
}

static bool is_virtual(const yaml_token_t *token)
{
	bool simple_key = token->type == YAML_KEY_TOKEN && token->start_mark.index == token->end_mark.index;
	return simple_key || token->type == YAML_BLOCK_SEQUENCE_START_TOKEN || token->type == YAML_BLOCK_MAPPING_START_TOKEN ||
	       token->type == YAML_BLOCK_END_TOKEN;
}

static void add_token(struct scanner *scanner, const yaml_token_t *token, long start)
{
	struct scalartext_tokens *tokens = scanner->tokens;
	if (tokens->count == scanner->cap) {
		size_t cap = scanner->cap ? 2 * scanner->cap : 32;
		tokens->items = alloc_grow(tokens->items, cap, sizeof *tokens->items);
		scanner->cap = cap;
	}
	tokens->items[tokens->count++] = (struct scalartext_token){ *token, start };
}

/*
 * yaml_parser_unroll_indent: the end of a block moves in front of the comments that stand at its own indentation. `from` is where
 * the gap begins.
 */
static void end_block(struct scanner *scanner, struct scalartext_token *token, long *block_mark)
{
	long stop = *block_mark;
	for (size_t i = scanner->found_count; i-- > 0;) {
		const struct scan_comment *found = &scanner->found[i];
		if (found->end < stop) {
			break;
		}
		if (found->start.column == scan_indent(scanner) + 1) {
			*block_mark = found->start.index;
		}
		stop = found->scanned_from;
	}
	token->start = *block_mark;
	scanner->depth--;
}

static bool open_block(struct scanner *scanner, const yaml_token_t *token, struct err *err)
{
	if (scanner->depth > LIMIT_DEPTH) {
		return err_set(err, ERR_LIMIT, "line %zu is nested more than %zu deep", token->start_mark.line + 1, LIMIT_DEPTH);
	}
	scanner->indents[scanner->depth++] = (long)token->start_mark.column;
	return true;
}

/* The comment beside the header of a block scalar. */
static void scan_header(struct scanner *scanner, long start)
{
	scan_skip_to(scanner, start);
	while (!strchr(" \t\r\n", scan_char(scanner, scanner->at.index)) && scanner->at.index < scanner->len) {
		scan_skip(scanner);
	}
	scan_beside(scanner, start);
}

/* Goes behind the token: behind a plain or block scalar all white space is eaten with it. */
static void pass_token(struct scanner *scanner, const yaml_token_t *token, long start, long end)
{
	bool scalar = token->type == YAML_SCALAR_TOKEN;
	yaml_scalar_style_t style = scalar ? token->data.scalar.style : YAML_ANY_SCALAR_STYLE;
	bool block = style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE;
	if (block) {
		scan_header(scanner, start);
	}
	scan_skip_to(scanner, end);
	if (block || style == YAML_PLAIN_SCALAR_STYLE) {
		scan_skip_space(scanner);
	}
}

static bool has_beside(yaml_token_type_t type)
{
	return type != YAML_STREAM_START_TOKEN && type != YAML_STREAM_END_TOKEN && type != YAML_DOCUMENT_START_TOKEN &&
	       type != YAML_DOCUMENT_END_TOKEN && type != YAML_VERSION_DIRECTIVE_TOKEN && type != YAML_TAG_DIRECTIVE_TOKEN &&
	       type != YAML_BLOCK_ENTRY_TOKEN;
}

/* A token that has text, behind those that have none: `first` is the first of these. */
static void scan_token(struct scanner *scanner, size_t first, const yaml_token_t *token, long end)
{
	struct scalartext_tokens *tokens = scanner->tokens;
	struct scalartext_token *last = &tokens->items[tokens->count - 1];
	bool follows = (token->type == YAML_VALUE_TOKEN && scanner->flow == 0) || (token->type == YAML_FLOW_ENTRY_TOKEN);
	long beside = follows && first > 0 ? tokens->items[tokens->count - 2].start : last->start;
	pass_token(scanner, token, last->start, end);
	scanner->flow += token->type == YAML_FLOW_SEQUENCE_START_TOKEN || token->type == YAML_FLOW_MAPPING_START_TOKEN;
	scanner->flow -= token->type == YAML_FLOW_SEQUENCE_END_TOKEN || token->type == YAML_FLOW_MAPPING_END_TOKEN;
	if (has_beside(token->type)) {
		scan_beside(scanner, beside);
	}
}

static bool is_edge(yaml_token_type_t type)
{
	return type == YAML_STREAM_END_TOKEN || type == YAML_DOCUMENT_START_TOKEN || type == YAML_DOCUMENT_END_TOKEN ||
	       type == YAML_VERSION_DIRECTIVE_TOKEN || type == YAML_TAG_DIRECTIVE_TOKEN;
}

/* Sees to the gap in front of a run of tokens, of which only the last one has text; `run` is where it begins. */
static bool scan_run(struct scanner *scanner, size_t run, long end, struct err *err)
{
	struct scalartext_tokens *tokens = scanner->tokens;
	size_t count = tokens->count;
	long from = scanner->at.index;
	tokens->count = run; /* comments look at the last token in front of the gap */
	if (run > 0) {
		scan_gap(scanner);
	}
	tokens->count = count;
	/* At the edge of a document goyaml ends what is indented as far as that first, then, from there, the rest. */
	bool edge = is_edge(tokens->items[count - 1].yaml.type);
	long block_mark = from - 1;
	for (size_t i = run; i < count; i++) {
		struct scalartext_token *token = &tokens->items[i];
		bool opens = token->yaml.type == YAML_BLOCK_SEQUENCE_START_TOKEN || token->yaml.type == YAML_BLOCK_MAPPING_START_TOKEN;
		if (edge && scan_indent(scanner) <= scanner->at.column) {
			block_mark = scanner->at.index - 1;
			edge = false;
		}
		if (token->yaml.type == YAML_BLOCK_END_TOKEN && scanner->depth > 0) {
			end_block(scanner, token, &block_mark);
		} else if (opens && !open_block(scanner, &token->yaml, err)) {
			return false;
		}
	}
	scan_token(scanner, run, &tokens->items[count - 1].yaml, end);
	return true;
}

static bool scan_error(const yaml_parser_t *parser, struct err *err)
{
	return err_set(err, ERR_INPUT, "line %zu: %s", parser->problem_mark.line + 1, parser->problem ? parser->problem : "no YAML");
}

/* Whether the document has ended: goyaml has looked at two more tokens by then, and at the comments in front of them. */
static bool has_ended(const struct scanner *scanner, size_t *end, bool *document)
{
	yaml_token_type_t type = scanner->tokens->items[scanner->tokens->count - 1].yaml.type;
	bool directive = type == YAML_VERSION_DIRECTIVE_TOKEN || type == YAML_TAG_DIRECTIVE_TOKEN;
	bool next = *document && (type == YAML_DOCUMENT_START_TOKEN || directive);
	if (*end == 0 && (type == YAML_DOCUMENT_END_TOKEN || next)) {
		*end = scanner->tokens->count;
	}
	*document = *document || (type != YAML_STREAM_START_TOKEN && !directive);
	return type == YAML_STREAM_END_TOKEN || (*end > 0 && scanner->tokens->count >= *end + 2);
}

/* The index of a comma right behind a tag; 0 for none. */
static size_t comma_behind_tag(const struct scalartext_tokens *tokens)
{
	const yaml_token_t *last = &tokens->items[tokens->count - 1].yaml;
	const yaml_token_t *before = tokens->count > 1 ? &tokens->items[tokens->count - 2].yaml : NULL;
	bool runs_on = before && before->type == YAML_TAG_TOKEN && yaml_flow_runs_on(&before->end_mark, last);
	return runs_on ? last->start_mark.index : 0;
}

/* By its last token. */
static bool is_broken(const struct scalartext_tokens *tokens)
{
	const yaml_token_t *last = &tokens->items[tokens->count - 1].yaml;
	if (comma_behind_tag(tokens)) {
		return true;
	}
	return last->type == YAML_SCALAR_TOKEN && last->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       yaml_flow_is_broken((const char *)last->data.scalar.value, last->data.scalar.length);
}

static bool scan_all(struct scanner *scanner, yaml_parser_t *parser, struct err *err)
{
	size_t run = 0;
	size_t end = 0;
	bool document = false;
	while (true) {
		yaml_token_t token;
		if (!yaml_parser_scan(parser, &token)) {
			return scan_error(parser, err);
		}
		add_token(scanner, &token, byte_of(scanner, token.start_mark.index));
		if (scanner->flow > 0 && is_broken(scanner->tokens)) {
			return err_set(err, ERR_INPUT, "line %zu: goyaml does not read this in [] or {}", token.start_mark.line + 1);
		}
		if (is_virtual(&token)) {
			continue;
		}
		if (!scan_run(scanner, run, byte_of(scanner, token.end_mark.index), err)) {
			return false;
		}
		run = scanner->tokens->count;
		if (scanner->flow > (long)LIMIT_DEPTH || run > LIMIT_NODES) {
			return err_set(err, ERR_LIMIT, "line %zu is nested more than %zu deep, or there are more than %zu tokens",
			               token.start_mark.line + 1, LIMIT_DEPTH, LIMIT_NODES);
		}
		if (has_ended(scanner, &end, &document)) {
			return true;
		}
	}
}

void scalartext_tokens_release(struct scalartext_tokens *tokens)
{
	for (size_t i = 0; i < tokens->count; i++) {
		yaml_token_delete(&tokens->items[i].yaml);
	}
	free(tokens->items);
	*tokens = (struct scalartext_tokens){ 0 };
}

/* *mended: it could not be read, but the text is another one now. */
static bool read_once(struct arena *arena, struct text *text, struct scalartext_tokens *out, bool *mended, struct err *err)
{
	yaml_parser_t parser;
	if (!yaml_parser_initialize(&parser)) {
		abort();
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)text->data, text->len);
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	*out = (struct scalartext_tokens){ 0 };
	struct scanner *scanner = arena_new(arena, 1, sizeof *scanner);
	*scanner = (struct scanner){ .arena = arena, .text = text->data, .len = (long)text->len, .tokens = out };
	bool good = scan_all(scanner, &parser, err);
	size_t read = 0;
	for (size_t i = 0; i < out->count; i++) {
		read = out->items[i].yaml.type == YAML_SCALAR_TOKEN ? out->items[i].yaml.end_mark.index : read;
	}
	struct yaml_stop stop = { &parser, read, scanner->flow > 0 && out->count ? comma_behind_tag(out) : 0, true };
	*mended = !good && yaml_mend(&stop, arena, text);
	yaml_parser_delete(&parser);
	out->comments = arena_new(arena, scanner->found_count + 1, sizeof *out->comments);
	out->comment_count = scanner->found_count;
	for (size_t i = 0; i < scanner->found_count; i++) {
		out->comments[i] = scanner->found[i].comment;
	}
	if (!good) {
		scalartext_tokens_release(out);
	}
	return good;
}

bool scalartext_tokens_read(struct arena *arena, const char *text, size_t len, struct scalartext_tokens *out, struct err *err)
{
	size_t mark = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	struct text rest = { text + mark, len - mark };
	struct err problem = ERR_INIT;
	bool again = true;
	for (size_t read = 0; again && read <= LIMIT_MEND_BYTES; read += rest.len) {
		if (read_once(arena, &rest, out, &again, &problem)) {
			return true;
		}
	}
	*err = problem;
	return false;
}
