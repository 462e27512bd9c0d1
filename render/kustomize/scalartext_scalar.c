#include <stdio.h>
#include <string.h>

#include "render/kustomize/rune.h"
#include "render/kustomize/scalartext_emit.h"
#include "render/yaml_escape.h"

/* --- characters ---------------------------------------------------------------------------------------------------- */

void emit_char(struct emitter *emitter, char c)
{
	(void)buf_putc(emitter->out, c);
	emitter->column++;
}

void emit_text(struct emitter *emitter, const char *text, size_t len)
{
	(void)buf_add(emitter->out, text, len);
	emitter->column += (int)len;
}

void emit_break(struct emitter *emitter)
{
	(void)buf_putc(emitter->out, '\n');
	emitter->column = 0;
	emitter->indention = true;
}

void emit_indent(struct emitter *emitter)
{
	int indent = emitter->indent < 0 ? 0 : emitter->indent;
	if (!emitter->indention || emitter->column > indent || (emitter->column == indent && !emitter->whitespace)) {
		emit_break(emitter);
	}
	if (emitter->foot_indent == indent) {
		emit_break(emitter);
	}
	while (emitter->column < indent) {
		emit_char(emitter, ' ');
	}
	emitter->whitespace = true;
	emitter->foot_indent = -1;
}

void emit_indicator(struct emitter *emitter, const char *text, bool need_space, bool is_space, bool is_indention)
{
	if (need_space && !emitter->whitespace) {
		emit_char(emitter, ' ');
	}
	emit_text(emitter, text, strlen(text));
	emitter->whitespace = is_space;
	emitter->indention = emitter->indention && is_indention;
}

/* How many bytes a line break at `text` has; 0 for none. NEL, LS and PS are some to YAML 1.1. */
static size_t break_at(const char *text, size_t len)
{
	if (len == 0) {
		return 0;
	}
	if (*text == '\n' || *text == '\r') {
		return 1;
	}
	if (len >= 2 && memcmp(text, "\xc2\x85", 2) == 0) {
		return 2;
	}
	return len >= 3 && (memcmp(text, "\xe2\x80\xa8", 3) == 0 || memcmp(text, "\xe2\x80\xa9", 3) == 0) ? 3 : 0;
}

static void write_break(struct emitter *emitter, const char *text, size_t len)
{
	if (*text == '\n') {
		emit_break(emitter);
		return;
	}
	emit_text(emitter, text, len);
	emitter->column = 0;
	emitter->indention = true;
}

/* --- comments ------------------------------------------------------------------------------------------------------ */

void emit_comment(struct emitter *emitter, const char *comment)
{
	bool breaks = false;
	bool pound = false;
	size_t left = strlen(comment);
	while (left > 0) {
		size_t step = break_at(comment, left);
		if (step > 0) {
			write_break(emitter, comment, step);
			breaks = true;
			pound = false;
		} else {
			if (breaks) {
				emit_indent(emitter);
			}
			if (!pound && *comment != '#') {
				emit_text(emitter, "# ", 2);
			}
			pound = true;
			step = 1;
			emit_char(emitter, *comment);
			emitter->indention = false;
			breaks = false;
		}
		comment += step;
		left -= step;
	}
	if (!breaks) {
		emit_break(emitter);
	}
	emitter->whitespace = true;
}

void emit_line_comment(struct emitter *emitter, bool always)
{
	if (!emitter->line) {
		if (always) {
			emit_break(emitter);
		}
		return;
	}
	if (!emitter->whitespace) {
		emit_char(emitter, ' ');
	}
	emit_comment(emitter, emitter->line);
	emitter->line = NULL;
}

/* --- what a text allows -------------------------------------------------------------------------------------------- */

struct analysis {
	bool multiline;
	bool flow_plain;
	bool block_plain;
	bool single_quoted;
	bool block;
};

/* What a look at the text, character by character, found. */
struct traits {
	bool block_indicators, flow_indicators, breaks, special, tabs;
	bool leading, trailing_space, trailing_break, break_space, space_break;
	bool previous_space, previous_break, after_space;
};

static bool is_printable(unsigned rune)
{
	return rune == '\n' || (rune >= 0x20 && rune <= 0x7e) || (rune >= 0xa0 && rune <= 0xd7ff) ||
	       (rune >= 0xe000 && rune <= 0xfffd && rune != 0xfeff);
}

static void see_indicator(struct traits *traits, char c, bool first, bool before_space)
{
	bool colon = c == ':' || (first && c == '?');
	bool always = first && strchr("#,[]{}&*!|>'\"%@`", c);
	traits->flow_indicators |= always || colon || strchr(",?[]{}", c) != NULL;
	traits->block_indicators |= always || (colon && before_space);
	if ((first && c == '-' && before_space) || (!first && c == '#' && traits->after_space)) {
		traits->flow_indicators = true;
		traits->block_indicators = true;
	}
}

static void see_space(struct traits *traits, bool first, bool last)
{
	traits->leading |= first;
	traits->trailing_space |= last;
	traits->break_space |= traits->previous_break;
	traits->previous_space = true;
	traits->previous_break = false;
}

static void see_break(struct traits *traits, bool first, bool last)
{
	traits->breaks = true;
	traits->leading |= first;
	traits->trailing_break |= last;
	traits->space_break |= traits->previous_space;
	traits->previous_space = false;
	traits->previous_break = true;
}

static struct traits traits_of(const char *text, size_t len)
{
	struct traits traits = { .after_space = true };
	bool edge = len >= 3 && (memcmp(text, "---", 3) == 0 || memcmp(text, "...", 3) == 0);
	traits.block_indicators = traits.flow_indicators = edge;
	for (size_t i = 0; i < len;) {
		unsigned rune = 0;
		size_t step = rune_next(text + i, len - i, &rune);
		step = step ? step : 1;
		bool last = i + step >= len;
		bool before_space = last || text[i + step] == ' ' || text[i + step] == '\t';
		if (rune != 0 && rune < 0x80) {
			see_indicator(&traits, (char)rune, i == 0, before_space);
		}
		traits.tabs |= rune == '\t';
		traits.special |= rune != '\t' && !is_printable(rune);
		bool breaks = break_at(text + i, len - i) > 0;
		if (rune == ' ') {
			see_space(&traits, i == 0, last);
		} else if (breaks) {
			see_break(&traits, i == 0, last);
		} else {
			traits.previous_space = traits.previous_break = false;
		}
		traits.after_space = rune == ' ' || rune == '\t' || rune == 0 || breaks;
		i += step;
	}
	return traits;
}

static struct analysis analyze(const struct tree *scalar)
{
	if (scalar->len == 0) {
		return (struct analysis){ .block_plain = true, .single_quoted = true };
	}
	struct traits traits = traits_of(scalar->text, scalar->len);
	bool spaced = traits.leading || traits.trailing_space || traits.trailing_break;
	bool odd = traits.space_break || traits.tabs || traits.special;
	bool plain = !spaced && !traits.break_space && !odd && !traits.breaks;
	return (struct analysis){
		.multiline = traits.breaks,
		.flow_plain = plain && !traits.flow_indicators,
		.block_plain = plain && !traits.block_indicators,
		.single_quoted = !traits.break_space && !odd,
		.block = !traits.trailing_space && !traits.space_break && !traits.special,
	};
}

enum { SIMPLE_KEY_MAX = 128 };

bool emit_is_simple(const struct tree *scalar)
{
	return !analyze(scalar).multiline && scalar->len <= SIMPLE_KEY_MAX;
}

/* --- styles -------------------------------------------------------------------------------------------------------- */

static void write_single(struct emitter *emitter, const char *text, size_t len)
{
	emit_indicator(emitter, "'", true, false, false);
	bool breaks = false;
	for (size_t i = 0; i < len;) {
		size_t step = break_at(text + i, len - i);
		if (step > 0) {
			if (!breaks && text[i] == '\n') {
				emit_break(emitter);
			}
			write_break(emitter, text + i, step);
			breaks = true;
		} else {
			if (breaks) {
				emit_indent(emitter);
			}
			step = 1;
			emit_text(emitter, text[i] == '\'' ? "''" : text + i, text[i] == '\'' ? 2 : 1);
			emitter->indention = false;
			breaks = text[i] == ' ' && breaks;
		}
		i += step;
	}
	emit_indicator(emitter, "'", false, false, false);
	emitter->whitespace = emitter->indention = false;
}

static void write_escape(struct emitter *emitter, unsigned rune)
{
	char text[YAML_ESCAPE_MAX];
	emit_text(emitter, text, yaml_escape(rune, text));
}

static void write_double(struct emitter *emitter, const char *text, size_t len)
{
	emit_indicator(emitter, "\"", true, false, false);
	bool all = yaml_escape_all(text, len);
	for (size_t i = 0; i < len;) {
		unsigned rune = 0xfffd;
		size_t step = rune_next(text + i, len - i, &rune);
		step = step ? step : 1;
		if (all || !is_printable(rune) || break_at(text + i, len - i) || rune == '"' || rune == '\\') {
			write_escape(emitter, rune);
		} else {
			emit_text(emitter, text + i, step);
		}
		i += step;
	}
	emit_indicator(emitter, "\"", false, false, false);
	emitter->whitespace = emitter->indention = false;
}

/* Behind | and >: the indentation where it cannot be seen, and what becomes of the last line breaks. */
static void write_hints(struct emitter *emitter, const char *text, size_t len)
{
	if (len > 0 && (*text == ' ' || break_at(text, len))) {
		emit_indicator(emitter, "2", false, false, false);
	}
	size_t last = len;
	while (last > 0 && (text[--last] & 0xc0) == 0x80) {
	}
	if (len == 0 || !break_at(text + last, len - last)) {
		emit_indicator(emitter, "-", false, false, false);
		return;
	}
	size_t before = last;
	while (before > 0 && (text[--before] & 0xc0) == 0x80) {
	}
	if (last == 0 || break_at(text + before, len - before)) {
		emit_indicator(emitter, "+", false, false, false);
	}
}

static void write_literal(struct emitter *emitter, const char *text, size_t len)
{
	emit_indicator(emitter, "|", true, false, false);
	write_hints(emitter, text, len);
	emit_line_comment(emitter, true);
	emitter->whitespace = true;
	bool breaks = true;
	for (size_t i = 0; i < len;) {
		size_t step = break_at(text + i, len - i);
		if (step > 0) {
			write_break(emitter, text + i, step);
		} else {
			if (breaks) {
				emit_indent(emitter);
			}
			step = 1;
			emit_char(emitter, text[i]);
			emitter->indention = false;
		}
		breaks = break_at(text + i, len - i) > 0;
		i += step;
	}
}

static bool blank_or_end(const char *text, size_t len)
{
	return len == 0 || *text == ' ' || *text == '\t' || *text == '\0' || break_at(text, len);
}

/* An empty line between two that are folded. emitterc.go looks at the start of the text for it, not at where it is. */
static bool needs_empty_line(const char *text, size_t len)
{
	size_t k = 0;
	for (size_t step; (step = break_at(text + k, len - k)) > 0;) {
		k += step;
	}
	return !blank_or_end(text + k, len - k);
}

static void write_folded(struct emitter *emitter, const char *text, size_t len)
{
	emit_indicator(emitter, ">", true, false, false);
	write_hints(emitter, text, len);
	emit_line_comment(emitter, true);
	emitter->whitespace = true;
	bool breaks = true;
	bool leading_spaces = true;
	for (size_t i = 0; i < len;) {
		size_t step = break_at(text + i, len - i);
		if (step > 0) {
			if (!breaks && !leading_spaces && text[i] == '\n' && needs_empty_line(text, len)) {
				emit_break(emitter);
			}
			write_break(emitter, text + i, step);
			breaks = true;
		} else {
			if (breaks) {
				emit_indent(emitter);
				leading_spaces = text[i] == ' ' || text[i] == '\t';
			}
			step = 1;
			emit_char(emitter, text[i]);
			emitter->indention = false;
			breaks = false;
		}
		i += step;
	}
}

static void write_plain(struct emitter *emitter, const char *text, size_t len)
{
	if (len > 0 && !emitter->whitespace) {
		emit_char(emitter, ' ');
	}
	emit_text(emitter, text, len);
	emitter->whitespace = len == 0 && emitter->whitespace;
	emitter->indention = false;
}

enum tree_style emit_style(const struct emitter *emitter, const struct tree *scalar, enum tree_style style)
{
	struct analysis can = analyze(scalar);
	if (emitter->simple_key && can.multiline) {
		style = TREE_DOUBLE;
	}
	bool plain = emitter->flow > 0 ? can.flow_plain : can.block_plain;
	bool empty = scalar->len == 0 && (emitter->flow > 0 || emitter->simple_key);
	if (style == TREE_PLAIN && (!plain || empty)) {
		style = TREE_SINGLE;
	}
	if (style == TREE_SINGLE && !can.single_quoted) {
		style = TREE_DOUBLE;
	}
	bool block = style == TREE_LITERAL || style == TREE_FOLDED;
	return block && (!can.block || emitter->flow > 0 || emitter->simple_key) ? TREE_DOUBLE : style;
}

void emit_scalar(struct emitter *emitter, const struct tree *scalar, enum tree_style style)
{
	switch (emit_style(emitter, scalar, style)) {
	case TREE_PLAIN:
		write_plain(emitter, scalar->text, scalar->len);
		break;
	case TREE_SINGLE:
		write_single(emitter, scalar->text, scalar->len);
		break;
	case TREE_DOUBLE:
		write_double(emitter, scalar->text, scalar->len);
		break;
	case TREE_LITERAL:
		write_literal(emitter, scalar->text, scalar->len);
		break;
	case TREE_FOLDED:
		write_folded(emitter, scalar->text, scalar->len);
		break;
	}
}
