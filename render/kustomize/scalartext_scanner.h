/*
 * The scanner of scalartext_tokens.c, and its comments (scalartext_comments.c).
 */
#ifndef RENDER_KUSTOMIZE_SCALARTEXT_SCANNER_H
#define RENDER_KUSTOMIZE_SCALARTEXT_SCANNER_H

#include "render/base/limits.h"
#include "render/kustomize/scalartext_tokens.h"

/* A place in the text, in bytes; line and column count from 0. */
struct scan_mark {
	long index;
	long line;
	long column;
};

/* A comment while it may still move the end of a block. */
struct scan_comment {
	struct scalartext_comment comment;
	struct scan_mark start;
	long end;
	long scanned_from;
};

struct scanner {
	struct arena *arena;
	const char *text;
	long len;
	struct scan_mark at;
	struct scalartext_tokens *tokens;
	size_t cap;
	struct scan_comment *found;
	size_t found_count;
	size_t found_cap;
	long indents[LIMIT_DEPTH + 2];
	size_t depth;
	long flow;
	size_t chars; /* libyaml's index that `bytes` stands for */
	long bytes;
};

/* The character there; NUL behind the end. */
char scan_char(const struct scanner *scanner, long index);
void scan_skip(struct scanner *scanner);
void scan_skip_to(struct scanner *scanner, long index);
/* Blanks and line breaks. */
void scan_skip_space(struct scanner *scanner);
/* The indentation of the innermost block; -1 outside of all. */
long scan_indent(const struct scanner *scanner);

/* A comment on the rest of the line, which belongs to the token that starts at `token`. */
void scan_beside(struct scanner *scanner, long token);
/* From behind one token to the next. */
void scan_gap(struct scanner *scanner);

#endif
