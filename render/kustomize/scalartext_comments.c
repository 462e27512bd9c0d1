#include <string.h>

#include "render/base/buf.h"
#include "render/kustomize/scalartext_scanner.h"

enum { PEEK_MAX = 512 }; /* goyaml looks no further for a comment */

/* --- the text ------------------------------------------------------------------------------------------------------ */

char scan_char(const struct scanner *scanner, long index)
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

void scan_skip(struct scanner *scanner)
{
	char c = scan_char(scanner, scanner->at.index++);
	if (!is_break(c)) {
		scanner->at.column++;
		return;
	}
	if (c == '\r' && scan_char(scanner, scanner->at.index) == '\n') {
		scanner->at.index++;
	}
	scanner->at.line++;
	scanner->at.column = 0;
}

void scan_skip_to(struct scanner *scanner, long index)
{
	while (scanner->at.index < index) {
		scan_skip(scanner);
	}
}

void scan_skip_space(struct scanner *scanner)
{
	while (is_blank(scan_char(scanner, scanner->at.index)) || is_break(scan_char(scanner, scanner->at.index))) {
		scan_skip(scanner);
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

long scan_indent(const struct scanner *scanner)
{
	return scanner->depth ? scanner->indents[scanner->depth - 1] : -1;
}

/* --- comments ------------------------------------------------------------------------------------------------------ */

static void add_comment(struct scanner *scanner, struct scan_comment found)
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
		scan_skip(scanner);
	}
	return arena_text_len(scanner->arena, scanner->text + from, (size_t)(scanner->at.index - from));
}

void scan_beside(struct scanner *scanner, long token)
{
	if (newlines(scanner) > 0) {
		return;
	}
	long at = scanner->at.index;
	while (is_blank(scan_char(scanner, at)) && at - scanner->at.index < PEEK_MAX) {
		at++;
	}
	if (scan_char(scanner, at) != '#') {
		return;
	}
	scan_skip_to(scanner, at);
	struct scan_mark start = scanner->at;
	add_comment(scanner, (struct scan_comment){ .comment = { .at = token, .line = read_line(scanner) }, .start = start });
}

/* Lines of comments that belong together, and what decides whose they are: scannerc.go's yaml_parser_scan_comments. */
struct block {
	struct scan_mark scanned_from;
	struct scan_mark start;
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
	struct scan_mark end = { scanner->at.index + peek, block->line, block->column };
	add_comment(scanner, (struct scan_comment){
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
	} else if (block->text.len > 0 && scan_char(scanner, scanner->at.index + peek) != '\0') {
		(void)buf_putc(&block->text, '\n');
	}
}

static void read_comment(struct scanner *scanner, struct block *block, long peek)
{
	if (block->text.len == 0) {
		block->start = (struct scan_mark){ scanner->at.index + peek, block->line, block->column };
	} else {
		(void)buf_putc(&block->text, '\n');
	}
	block->recent_empty = false;
	scan_skip_to(scanner, scanner->at.index + peek);
	(void)buf_puts(&block->text, read_line(scanner));
	block->column = 0;
	block->line = scanner->at.line;
	block->next_indent = scan_indent(scanner) < 0 ? 0 : scan_indent(scanner);
}

/* One character that is not blank; false where the comments end. *peek goes back where a comment was read. */
static bool comment_char(struct scanner *scanner, struct block *block, long *peek)
{
	char c = scan_char(scanner, scanner->at.index + *peek);
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
		char c = scan_char(scanner, scanner->at.index + peek);
		block->column++;
		if (!is_blank(c) && !comment_char(scanner, block, &peek)) {
			break;
		}
	}
	if (block->text.len > 0) {
		add_comment(scanner, (struct scan_comment){
								 .comment = { .at = block->start.index, .head = block_text(scanner, block) },
								 .start = block->start,
								 .end = scanner->at.index + peek - 1,
								 .scanned_from = block->scanned_from.index,
							 });
	}
}

static void scan_comments(struct scanner *scanner, struct scan_mark scanned_from)
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
		.next_indent = scan_indent(scanner) < 0 ? 0 : scan_indent(scanner),
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

void scan_gap(struct scanner *scanner)
{
	struct scan_mark from = scanner->at;
	while (true) {
		while (is_blank(scan_char(scanner, scanner->at.index))) {
			scan_skip(scanner);
		}
		if (scan_char(scanner, scanner->at.index) == '#') {
			scan_comments(scanner, from);
		}
		if (!is_break(scan_char(scanner, scanner->at.index))) {
			break;
		}
		scan_skip(scanner);
	}
}
