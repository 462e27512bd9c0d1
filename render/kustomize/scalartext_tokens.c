#include "render/kustomize/scalartext_tokens.h"

#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"
#include "render/base/limits.h"

/* A place in the text, in bytes; line and column count from 0. */
struct mark {
	long index;
	long line;
	long column;
};

/* A comment while it may still move the end of a block. */
struct found {
	struct scalartext_comment comment;
	struct mark start;
	long end;
	long scanned_from;
};

struct scanner {
	struct arena *arena;
	const char *text;
	long len;
	struct mark at;
	struct scalartext_tokens *tokens;
	size_t cap;
	struct found *found;
	size_t found_count;
	size_t found_cap;
	long indents[LIMIT_DEPTH + 2];
	size_t depth;
	long flow;
	size_t chars; /* libyaml's index that `bytes` stands for */
	long bytes;
};

enum { PEEK_MAX = 512 }; /* goyaml looks no further for a comment */

/* --- the text ------------------------------------------------------------------------------------------------------ */

static char char_at(const struct scanner *scanner, long index)
{
	return index < scanner->len ? scanner->text[index] : '\0';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_break(char c)
{
	return c == '\n' || c == '\r';
}

static void skip(struct scanner *scanner)
{
	char c = char_at(scanner, scanner->at.index++);
	if (!is_break(c)) {
		scanner->at.column++;
		return;
	}
	if (c == '\r' && char_at(scanner, scanner->at.index) == '\n') {
		scanner->at.index++;
	}
	scanner->at.line++;
	scanner->at.column = 0;
}

static void skip_to(struct scanner *scanner, long index)
{
	while (scanner->at.index < index) {
		skip(scanner);
	}
}

static void skip_space(struct scanner *scanner)
{
	while (is_blank(char_at(scanner, scanner->at.index)) || is_break(char_at(scanner, scanner->at.index))) {
		skip(scanner);
	}
}

/* Line breaks since something was last there. */
static long newlines(const struct scanner *scanner)
{
	long count = 0;
	for (long at = scanner->at.index - 1; at >= 0 && (is_blank(scanner->text[at]) || is_break(scanner->text[at])); at--) {
		bool half = scanner->text[at] == '\n' && at > 0 && scanner->text[at - 1] == '\r';
		count += is_break(scanner->text[at]) && !half;
	}
	return count;
}

static long indent(const struct scanner *scanner)
{
	return scanner->depth ? scanner->indents[scanner->depth - 1] : -1;
}

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

/* --- comments ------------------------------------------------------------------------------------------------------ */

static void add_comment(struct scanner *scanner, struct found found)
{
	if (scanner->found_count == scanner->found_cap) {
		size_t cap = scanner->found_cap ? 2 * scanner->found_cap : 8;
		size_t size = sizeof *scanner->found;
		scanner->found = arena_grow(scanner->arena, scanner->found, scanner->found_count * size, cap * size);
		scanner->found_cap = cap;
	}
	scanner->found[scanner->found_count++] = found;
}

/* To the end of the line. */
static const char *read_line(struct scanner *scanner)
{
	long from = scanner->at.index;
	while (scanner->at.index < scanner->len && !is_break(scanner->text[scanner->at.index])) {
		skip(scanner);
	}
	return arena_text_len(scanner->arena, scanner->text + from, (size_t)(scanner->at.index - from));
}

/* Beside a token. */
static void scan_beside(struct scanner *scanner, long token)
{
	if (newlines(scanner) > 0) {
		return;
	}
	long at = scanner->at.index;
	while (is_blank(char_at(scanner, at)) && at - scanner->at.index < PEEK_MAX) {
		at++;
	}
	if (char_at(scanner, at) != '#') {
		return;
	}
	skip_to(scanner, at);
	struct mark start = scanner->at;
	add_comment(scanner, (struct found){ .comment = { .at = token, .line = read_line(scanner) }, .start = start });
}

/* Lines of comments that belong together, and what decides whose they are: scannerc.go's yaml_parser_scan_comments. */
struct block {
	struct mark scanned_from;
	struct mark start;
	long token;
	struct buf text;
	long next_indent;
	long foot_line;
	long line;
	long column;
	bool recent_empty;
	bool first_empty;
	bool after_value;
};

static const char *block_text(const struct scanner *scanner, const struct block *block)
{
	return arena_text_len(scanner->arena, buf_text(&block->text), block->text.len);
}

/* What was read belongs to the token in front of it. */
static void end_foot(struct scanner *scanner, struct block *block, long peek)
{
	struct mark end = { scanner->at.index + peek, block->line, block->column };
	add_comment(scanner, (struct found){
							 .comment = { .at = block->token, .foot = block_text(scanner, block) },
							 .start = block->start,
							 .end = end.index,
							 .scanned_from = block->scanned_from.index,
						 });
	block->scanned_from = end;
	block->token = end.index;
	buf_reset(&block->text);
}

static void end_line(struct scanner *scanner, struct block *block, long peek, bool closes)
{
	if (!closes && block->recent_empty) {
		return;
	}
	bool dedented = block->start.column - 1 < block->next_indent;
	bool foot = (block->start.line == block->foot_line && !block->after_value) || dedented;
	if (closes || (block->first_empty && foot)) {
		if (block->text.len > 0) {
			block->token = dedented ? block->start.index : block->token;
			end_foot(scanner, block, peek);
		}
	} else if (block->text.len > 0 && char_at(scanner, scanner->at.index + peek) != '\0') {
		(void)buf_putc(&block->text, '\n');
	}
}

static void read_comment(struct scanner *scanner, struct block *block, long peek)
{
	if (block->text.len == 0) {
		block->start = (struct mark){ scanner->at.index + peek, block->line, block->column };
	} else {
		(void)buf_putc(&block->text, '\n');
	}
	block->recent_empty = false;
	skip_to(scanner, scanner->at.index + peek);
	(void)buf_puts(&block->text, read_line(scanner));
	block->column = 0;
	block->line = scanner->at.line;
	block->next_indent = indent(scanner) < 0 ? 0 : indent(scanner);
}

/* One character that is not blank; false where the comments end. *peek goes back where a comment was read. */
static bool scan_char(struct scanner *scanner, struct block *block, long *peek)
{
	char c = char_at(scanner, scanner->at.index + *peek);
	bool closes = scanner->flow > 0 && (c == ']' || c == '}');
	if (closes || is_break(c) || c == '\0') {
		end_line(scanner, block, *peek, closes);
		block->first_empty = false;
		block->recent_empty = true;
		block->column = 0;
		block->line++;
		return is_break(c);
	}
	if (block->text.len > 0 && block->column - 1 < block->next_indent && block->column != block->start.column) {
		end_foot(scanner, block, *peek);
	}
	if (c != '#') {
		return false;
	}
	read_comment(scanner, block, *peek);
	/* goyaml's loop counts on from here: the character at 0 is the end of the line just read, which it passes over. */
	*peek = 0;
	return true;
}

static void scan_block(struct scanner *scanner, struct block *block)
{
	long peek = 0;
	for (; peek < PEEK_MAX; peek++) {
		char c = char_at(scanner, scanner->at.index + peek);
		block->column++;
		if (!is_blank(c) && !scan_char(scanner, block, &peek)) {
			break;
		}
	}
	if (block->text.len > 0) {
		add_comment(scanner, (struct found){
								 .comment = { .at = block->start.index, .head = block_text(scanner, block) },
								 .start = block->start,
								 .end = scanner->at.index + peek - 1,
								 .scanned_from = block->scanned_from.index,
							 });
	}
}

static void scan_comments(struct scanner *scanner, struct mark scanned_from)
{
	const struct scalartext_token *token = &scanner->tokens->items[scanner->tokens->count - 1];
	if (token->yaml.type == YAML_FLOW_ENTRY_TOKEN && scanner->tokens->count > 1) {
		token--;
	}
	long lines = newlines(scanner);
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MANIFEST_BYTES);
	struct block block = {
		.scanned_from = scanned_from,
		.token = token->start,
		.text = text,
		.next_indent = indent(scanner) < 0 ? 0 : indent(scanner),
		.foot_line = -1,
		.line = scanner->at.line,
		.column = scanner->at.column,
		.first_empty = lines <= 1,
		.after_value = token->yaml.type == YAML_VALUE_TOKEN,
	};
	if (scanned_from.line > 0) {
		block.foot_line = scanner->at.line - lines + 1;
		block.foot_line += lines == 0 && scanner->at.column > 1;
	}
	scan_block(scanner, &block);
	text = block.text;
}

/* From behind one token to the next. */
static void scan_gap(struct scanner *scanner)
{
	struct mark from = scanner->at;
	while (true) {
		while (is_blank(char_at(scanner, scanner->at.index))) {
			skip(scanner);
		}
		if (char_at(scanner, scanner->at.index) == '#') {
			scan_comments(scanner, from);
		}
		if (!is_break(char_at(scanner, scanner->at.index))) {
			break;
		}
		skip(scanner);
	}
}

/* --- tokens -------------------------------------------------------------------------------------------------------- */

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
		const struct found *found = &scanner->found[i];
		if (found->end < stop) {
			break;
		}
		if (found->start.column == indent(scanner) + 1) {
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
	skip_to(scanner, start);
	while (!is_blank(char_at(scanner, scanner->at.index)) && !is_break(char_at(scanner, scanner->at.index)) &&
	       scanner->at.index < scanner->len) {
		skip(scanner);
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
	skip_to(scanner, end);
	if (block || style == YAML_PLAIN_SCALAR_STYLE) {
		skip_space(scanner);
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
		if (edge && indent(scanner) <= scanner->at.column) {
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
	bool starts = type == YAML_DOCUMENT_START_TOKEN;
	if (*end == 0 && (type == YAML_DOCUMENT_END_TOKEN || (starts && *document))) {
		*end = scanner->tokens->count;
	}
	bool before = type == YAML_STREAM_START_TOKEN || type == YAML_VERSION_DIRECTIVE_TOKEN || type == YAML_TAG_DIRECTIVE_TOKEN;
	*document = *document || !before;
	return type == YAML_STREAM_END_TOKEN || (*end > 0 && scanner->tokens->count >= *end + 2);
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

bool scalartext_tokens_read(struct arena *arena, const char *text, size_t len, struct scalartext_tokens *out, struct err *err)
{
	bool mark = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0;
	text += mark ? 3 : 0;
	len -= mark ? 3 : 0;
	yaml_parser_t parser;
	if (!yaml_parser_initialize(&parser)) {
		abort();
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	*out = (struct scalartext_tokens){ 0 };
	struct scanner *scanner = arena_new(arena, 1, sizeof *scanner);
	*scanner = (struct scanner){ .arena = arena, .text = text, .len = (long)len, .tokens = out };
	bool good = scan_all(scanner, &parser, err);
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
