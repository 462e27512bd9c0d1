#include "render/kustomize/regex_syntax.h"

#include <string.h>

#include "render/base/limits.h"
#include "render/kustomize/regex_class.h"
#include "render/kustomize/rune.h"

enum flag { FLAG_FOLD = 1, FLAG_LINES = 2, FLAG_DOT_ALL = 4, FLAG_LAZY = 8 };

enum { REPEAT_MAX = 1000 }; /* in all, groups inside of groups multiplied */

/* The last thing that a `*` behind it would repeat. */
struct atom {
	size_t at; /* where it begins in `out` */
	unsigned copies;
	bool there;
	bool wrap; /* PCRE2 takes no `*` right behind it */
};

struct group {
	size_t at;
	unsigned flags;
	unsigned copies; /* of what stands in front of it */
	bool out_folds;
};

struct reader {
	struct regex_text in;
	struct buf *out;
	unsigned flags;
	bool out_folds;  /* (?i) holds in `out` */
	bool repeated;   /* the last token was a repetition */
	unsigned copies; /* the most that repetitions in this group come to */
	struct atom last;
	struct group groups[LIMIT_REGEX_DEPTH];
	size_t depth;
	struct err *err;
};

static bool fail(struct reader *reader, const char *what)
{
	return err_set(reader->err, ERR_INPUT, "%s", what);
}

static bool begins(const struct reader *reader, const char *text)
{
	size_t len = strlen(text);
	return (size_t)(reader->in.end - reader->in.at) >= len && memcmp(reader->in.at, text, len) == 0;
}

/* --- atoms ------------------------------------------------------------------------------------------------------- */

static void atom_begin(struct reader *reader)
{
	bool folds = reader->flags & FLAG_FOLD;
	if (folds != reader->out_folds) {
		(void)buf_puts(reader->out, folds ? "(?i)" : "(?-i)");
		reader->out_folds = folds;
	}
	reader->last = (struct atom){ .at = reader->out->len, .copies = 1, .there = true };
}

static void put_literal(struct reader *reader, unsigned rune)
{
	atom_begin(reader);
	regex_class_put(reader->out, rune);
}

static bool put_assertion(struct reader *reader, const char *text, size_t eaten)
{
	atom_begin(reader);
	(void)buf_puts(reader->out, text);
	reader->last.wrap = true;
	reader->in.at += eaten;
	return true;
}

static bool read_literal(struct reader *reader)
{
	unsigned rune;
	size_t len = rune_next(reader->in.at, (size_t)(reader->in.end - reader->in.at), &rune);
	if (len == 0) {
		return fail(reader, "it is not UTF-8");
	}
	reader->in.at += len;
	put_literal(reader, rune);
	return true;
}

/* \Q...\E: literals, up to the end where \E is missing. */
static bool read_quoted(struct reader *reader)
{
	reader->in.at += 2;
	while (reader->in.at < reader->in.end && !begins(reader, "\\E")) {
		if (!read_literal(reader)) {
			return false;
		}
	}
	reader->in.at += reader->in.at < reader->in.end ? 2 : 0;
	return true;
}

static bool read_escape(struct reader *reader)
{
	char c = reader->in.end - reader->in.at >= 2 ? reader->in.at[1] : '\0';
	switch (c) {
	case 'A':
		return put_assertion(reader, "\\A", 2);
	case 'b':
		return put_assertion(reader, "\\b", 2);
	case 'B':
		return put_assertion(reader, "\\B", 2);
	case 'z':
		return put_assertion(reader, "\\z", 2);
	case 'Q':
		return read_quoted(reader);
	case 'p':
	case 'P':
		atom_begin(reader);
		return regex_class_unicode(&reader->in, reader->flags & FLAG_FOLD, reader->out, reader->err);
	default:
		break;
	}
	atom_begin(reader);
	if (regex_class_perl(&reader->in, reader->out)) {
		return true;
	}
	unsigned rune;
	if (!regex_class_escape(&reader->in, &rune, reader->err)) {
		return false;
	}
	regex_class_put(reader->out, rune);
	return true;
}

/* --- groups ------------------------------------------------------------------------------------------------------ */

static bool group_open(struct reader *reader, unsigned flags)
{
	if (reader->depth == LIMIT_REGEX_DEPTH) {
		return err_set(reader->err, ERR_LIMIT, "more than %d groups inside of each other", LIMIT_REGEX_DEPTH);
	}
	reader->groups[reader->depth++] = (struct group){
		.at = reader->out->len,
		.flags = reader->flags,
		.copies = reader->copies,
		.out_folds = reader->out_folds,
	};
	(void)buf_puts(reader->out, "(?:");
	reader->flags = flags;
	reader->copies = 1;
	reader->last.there = false;
	return true;
}

static bool group_close(struct reader *reader)
{
	if (reader->depth == 0) {
		return fail(reader, "a ) without a (");
	}
	const struct group *group = &reader->groups[--reader->depth];
	reader->in.at++;
	(void)buf_putc(reader->out, ')');
	reader->last = (struct atom){ .at = group->at, .copies = reader->copies, .there = true };
	reader->flags = group->flags;
	reader->out_folds = group->out_folds;
	reader->copies = reader->copies > group->copies ? reader->copies : group->copies;
	return true;
}

/* (?P<name> and (?<name>. The name is not needed; its letters are checked. */
static bool read_name(struct reader *reader, size_t prefix)
{
	const char *name = reader->in.at + prefix;
	const char *end = memchr(name, '>', (size_t)(reader->in.end - name));
	bool good = end && end > name;
	for (const char *c = name; good && c < end; c++) {
		good = (*c >= '0' && *c <= '9') || ((*c | 0x20) >= 'a' && (*c | 0x20) <= 'z') || *c == '_';
	}
	if (!good) {
		return fail(reader, "the name of a group must be of letters, digits and _, between < and >");
	}
	reader->in.at = end + 1;
	return group_open(reader, reader->flags);
}

static unsigned flag_of(char c)
{
	static const char letters[] = "imsU";
	const char *letter = c ? strchr(letters, c) : NULL;
	return letter ? 1U << (letter - letters) : 0;
}

/* (?flags) and (?flags:...; the flags with - in front of them are taken away. */
static bool read_flags(struct reader *reader)
{
	unsigned flags = reader->flags;
	bool off = false;
	bool named = true;
	for (reader->in.at += 2; reader->in.at < reader->in.end; reader->in.at++) {
		char c = *reader->in.at;
		unsigned flag = flag_of(c);
		if (flag) {
			flags = off ? flags & ~flag : flags | flag;
			named = true;
		} else if (c == '-' && !off) {
			off = true;
			named = false;
		} else if ((c == ':' || c == ')') && named) {
			reader->in.at++;
			if (c == ':') {
				return group_open(reader, flags);
			}
			reader->flags = flags;
			return true;
		} else {
			break;
		}
	}
	return fail(reader, "behind (? only the flags i, m, s, U, a name or : may stand (RE2 has no lookaround)");
}

static bool read_group(struct reader *reader)
{
	size_t left = (size_t)(reader->in.end - reader->in.at);
	if (!begins(reader, "(?")) {
		reader->in.at++;
		return group_open(reader, reader->flags);
	}
	if (left > 4 && begins(reader, "(?P<")) {
		return read_name(reader, 4);
	}
	if (left > 3 && begins(reader, "(?<")) {
		return read_name(reader, 3);
	}
	return read_flags(reader);
}

/* --- repetitions ------------------------------------------------------------------------------------------------- */

static bool read_number(const char **at, const char *end, unsigned *number)
{
	const char *c = *at;
	if (c == end || *c < '0' || *c > '9' || (*c == '0' && end - c >= 2 && c[1] >= '0' && c[1] <= '9')) {
		return false;
	}
	unsigned value = 0;
	for (; c < end && *c >= '0' && *c <= '9'; c++) {
		value = value > REPEAT_MAX ? value : value * 10 + (unsigned)(*c - '0');
	}
	*number = value;
	*at = c;
	return true;
}

struct repeat {
	unsigned least;
	unsigned most;
	bool open; /* no most */
	size_t len;
};

/* {n}, {n,} or {n,m}; what is none of them is text. */
static bool read_braces(const struct reader *reader, struct repeat *repeat)
{
	const char *at = reader->in.at + 1;
	const char *end = reader->in.end;
	if (!read_number(&at, end, &repeat->least) || at == end) {
		return false;
	}
	repeat->most = repeat->least;
	if (*at == ',') {
		at++;
		repeat->open = at < end && *at == '}';
		if (!repeat->open && !read_number(&at, end, &repeat->most)) {
			return false;
		}
	}
	if (at == end || *at != '}') {
		return false;
	}
	repeat->len = (size_t)(at + 1 - reader->in.at);
	return true;
}

static void wrap_last(struct reader *reader)
{
	struct buf *out = reader->out;
	size_t at = reader->last.at;
	size_t len = out->len - at;
	if (!buf_puts(out, "(?:)")) {
		return;
	}
	memmove(out->data + at + 3, out->data + at, len);
	memcpy(out->data + at, "(?:", 3);
	out->data[out->len - 1] = ')';
}

static bool count_copies(struct reader *reader, const struct repeat *repeat)
{
	unsigned times = repeat->open ? repeat->least : repeat->most;
	bool bad_range = repeat->least > REPEAT_MAX || repeat->most > REPEAT_MAX || repeat->least > repeat->most;
	unsigned copies = times == 0 ? (repeat->open ? reader->last.copies : 1) : times * reader->last.copies;
	bool counted = repeat->least >= 2 || (!repeat->open && repeat->most >= 2);
	if (bad_range || (counted && copies > REPEAT_MAX)) {
		return fail(reader, "a repeat count is over 1000, or its range ends before it starts");
	}
	reader->last.copies = copies;
	reader->copies = copies > reader->copies ? copies : reader->copies;
	return true;
}

static bool put_repeat(struct reader *reader, const struct repeat *repeat)
{
	const char *token = reader->in.at;
	reader->in.at += repeat->len;
	bool lazy = reader->in.at < reader->in.end && *reader->in.at == '?';
	reader->in.at += lazy;
	if (reader->repeated) {
		return fail(reader, "two repetitions behind each other (RE2 has no possessive quantifiers)");
	}
	if (!reader->last.there) {
		return fail(reader, "a repetition of nothing");
	}
	if (!count_copies(reader, repeat)) {
		return false;
	}
	if (reader->last.wrap) {
		wrap_last(reader);
	}
	(void)buf_add(reader->out, token, repeat->len);
	if (lazy != ((reader->flags & FLAG_LAZY) != 0)) {
		(void)buf_putc(reader->out, '?');
	}
	reader->last.wrap = true;
	reader->repeated = true;
	return true;
}

/* --- the expression ---------------------------------------------------------------------------------------------- */

static bool read_alternative(struct reader *reader)
{
	(void)buf_putc(reader->out, '|');
	reader->in.at++;
	reader->last.there = false;
	return true;
}

static bool read_atom(struct reader *reader)
{
	bool lines = reader->flags & FLAG_LINES;
	switch (*reader->in.at) {
	case '(':
		return read_group(reader);
	case ')':
		return group_close(reader);
	case '|':
		return read_alternative(reader);
	case '^':
		return put_assertion(reader, lines ? "^" : "\\A", 1);
	case '$':
		return put_assertion(reader, lines ? "$" : "\\z", 1);
	case '.':
		atom_begin(reader);
		reader->in.at++;
		return buf_puts(reader->out, reader->flags & FLAG_DOT_ALL ? "." : "\\N");
	case '[':
		atom_begin(reader);
		return regex_class_bracket(&reader->in, reader->flags & FLAG_FOLD, reader->out, reader->err);
	case '\\':
		return read_escape(reader);
	default:
		return read_literal(reader);
	}
}

static bool read_token(struct reader *reader)
{
	struct repeat repeat = { .len = 1, .open = true };
	switch (*reader->in.at) {
	case '*':
	case '+':
	case '?':
		return put_repeat(reader, &repeat);
	case '{':
		repeat.open = false;
		if (read_braces(reader, &repeat)) {
			return put_repeat(reader, &repeat);
		}
		break;
	default:
		break;
	}
	reader->repeated = false;
	return read_atom(reader);
}

bool regex_syntax_write(const char *pattern, size_t len, struct buf *out, struct err *err)
{
	if (len > LIMIT_REGEX_BYTES) {
		return err_set(err, ERR_LIMIT, "it is longer than %zu bytes", LIMIT_REGEX_BYTES);
	}
	struct reader reader = { .in = { pattern, pattern + len }, .out = out, .copies = 1, .err = err };
	while (reader.in.at < reader.in.end) {
		if (!read_token(&reader)) {
			return false;
		}
	}
	return reader.depth == 0 || fail(&reader, "a missing )");
}
