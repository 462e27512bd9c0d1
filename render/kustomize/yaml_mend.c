#include "render/kustomize/yaml_mend.h"

#include <string.h>

#include "render/base/buf.h"
#include "render/base/limits.h"
#include "render/kustomize/yaml_flow.h"

static const char MARK[] = "\xef\xbb\xbf";

enum { MARK_BYTES = 3, COMMENT_REACH = 512, PRIVATE_FIRST = 0xe000, PRIVATE_END = 0xf900 };

/* libyaml counts characters, and not the byte order mark in front of the first. */
static const char *byte_of(const struct text *text, size_t character)
{
	const char *end = text->data + text->len;
	bool mark = text->len >= MARK_BYTES && memcmp(text->data, MARK, MARK_BYTES) == 0;
	const char *at = text->data + (mark ? MARK_BYTES : 0);
	for (size_t left = character; left > 0 && at < end; left--) {
		for (at++; at < end && (*at & 0xc0) == 0x80; at++) {
		}
	}
	return at;
}

static bool stopped_by(const yaml_parser_t *stopped, const char *problem)
{
	return stopped->error == YAML_SCANNER_ERROR && stopped->problem && strcmp(stopped->problem, problem) == 0 &&
	       stopped->encoding == YAML_UTF8_ENCODING;
}

/* A colon right in front of one of ,[]{} in a plain scalar is a letter to goyaml: the scalar gets quotes. */
static bool mend_colon(const yaml_parser_t *stopped, struct arena *arena, struct text *text)
{
	if (!stopped_by(stopped, "found unexpected ':'")) {
		return false;
	}
	const char *start = byte_of(text, stopped->context_mark.index);
	const char *end = byte_of(text, stopped->problem_mark.index) + 1;
	if (yaml_flow_is_broken(start, (size_t)(end - start))) {
		return false;
	}
	CLEANUP(buf_release) struct buf out = BUF_INIT(LIMIT_TREE_BYTES);
	(void)buf_add(&out, text->data, (size_t)(start - text->data));
	(void)buf_puts(&out, " '");
	for (const char *at = start; at < end; at++) {
		(void)buf_puts(&out, *at == '\'' ? "'" : "");
		(void)buf_putc(&out, *at);
	}
	(void)buf_putc(&out, '\'');
	(void)buf_add(&out, end, (size_t)(text->data + text->len - end));
	*text = (struct text){ arena_text_len(arena, buf_text(&out), out.len), out.len };
	return true;
}

bool yaml_ends_in_anchor(const struct text *text, size_t character, const char *anchor)
{
	const char *at = byte_of(text, character);
	size_t len = anchor ? strlen(anchor) : 0;
	return anchor && (size_t)(at - text->data) > len && at[-(long)len - 1] == '&' && memcmp(at - len, anchor, len) == 0;
}

/*
 * To goyaml each of ,[] is a letter of a tag. One that is at the end of a tag, where libyaml stops or (`comma`) went on, becomes
 * a letter: which one does not matter, as no tag that means anything has them.
 */
static bool mend_tag(const yaml_parser_t *stopped, size_t comma, struct arena *arena, struct text *text)
{
	bool tag = stopped_by(stopped, "did not find expected whitespace or line break") ||
	           stopped_by(stopped, "did not find expected tag URI");
	if (!tag && !comma) {
		return false;
	}
	size_t at = (size_t)(byte_of(text, tag ? stopped->problem_mark.index : comma) - text->data);
	if (at >= text->len || !memchr(",[]", text->data[at], 3)) {
		return false;
	}
	char *copy = memcpy(arena_new(arena, text->len + 1, 1), text->data, text->len);
	copy[at] = '_';
	text->data = copy;
	return true;
}

/* --- tabs in front of comments ------------------------------------------------------------------------------------ */

static const char *line_end(const char *at, const char *end)
{
	const char *feed = memchr(at, '\n', (size_t)(end - at));
	return feed ? feed : end;
}

/*
 * Where the comment ends that goes before this line, empty ones between; NULL where there is none behind `begin`. It has its line
 * for itself, or with dashes in front of it, or with the mark of the document's start.
 */
static const char *comment_before(const struct text *text, const char *line, const char *begin)
{
	const char *end = line;
	while (end > begin && strchr(" \t\r\n", end[-1])) {
		end--;
	}
	const char *start = end;
	while (start > begin && start[-1] != '\n') {
		start--;
	}
	bool whole = start == text->data || start[-1] == '\n';
	char sign = '-';
	start += end - start > 4 && memcmp(start, "---", 3) == 0 && strchr(" \t", start[3]) ? 3 : 0;
	for (start += strspn(start, " \t"); start + 1 < end && strchr("-?:", *start) && strchr(" \t", start[1]);) {
		sign = *start;
		start += 1 + strspn(start + 1, " \t");
	}
	return whole && start < end && *start == '#' && sign == '-' ? line_end(start, line) : NULL;
}

/*
 * goyaml v3 reads comments that follow each other in one go, and does not mind tabs in front of them (scannerc.go,
 * yaml_parser_scan_comments): they become spaces.
 */
static bool mend_tabs(const yaml_parser_t *stopped, size_t read, struct arena *arena, struct text *text)
{
	if (!stopped_by(stopped, "found character that cannot start any token")) {
		return false;
	}
	const char *end = text->data + text->len;
	const char *at = byte_of(text, stopped->problem_mark.index);
	const char *before = comment_before(text, at, byte_of(text, read));
	char *copy = NULL;
	while (before && at < end) {
		const char *sign = at;
		while (sign < end && strchr(" \t\r\n", *sign) && *sign) {
			sign++;
		}
		if (sign == end || *sign != '#' || sign - before >= COMMENT_REACH) {
			break;
		}
		copy = copy ? copy : memcpy(arena_new(arena, text->len + 1, 1), text->data, text->len);
		for (; at < sign; at++) {
			copy[at - text->data] = *at == '\t' ? ' ' : *at;
		}
		before = at = line_end(sign, end);
	}
	text->data = copy ? copy : text->data;
	return copy != NULL;
}

bool yaml_mend(const struct yaml_stop *stop, struct arena *arena, struct text *text)
{
	return mend_colon(stop->parser, arena, text) || mend_tag(stop->parser, stop->comma, arena, text) ||
	       (stop->tabs && mend_tabs(stop->parser, stop->read, arena, text));
}

/* --- byte order marks --------------------------------------------------------------------------------------------- */

/* Of the 6,400 characters for private use one that is not there; the last one where a text is about all of them. */
static unsigned unused_character(const struct text *text)
{
	bool used[PRIVATE_END - PRIVATE_FIRST] = { false };
	const unsigned char *at = (const unsigned char *)text->data;
	for (size_t i = 0; i + 2 < text->len; i++) {
		unsigned rune = (at[i] & 0x0fu) << 12 | (at[i + 1] & 0x3fu) << 6 | (at[i + 2] & 0x3fu);
		if (at[i] >= 0xe0 && at[i] < 0xf0 && rune >= PRIVATE_FIRST && rune < PRIVATE_END) {
			used[rune - PRIVATE_FIRST] = true;
		}
	}
	unsigned rune = PRIVATE_FIRST;
	while (rune + 1 < PRIVATE_END && used[rune - PRIVATE_FIRST]) {
		rune++;
	}
	return rune;
}

void yaml_hide_marks(struct arena *arena, struct text *text, char stand_in[YAML_STAND_IN])
{
	stand_in[0] = '\0';
	if (text->len <= MARK_BYTES || !memmem(text->data + 1, text->len - 1, MARK, MARK_BYTES)) {
		return;
	}
	unsigned rune = unused_character(text);
	stand_in[0] = (char)(0xe0 | rune >> 12);
	stand_in[1] = (char)(0x80 | (rune >> 6 & 0x3f));
	stand_in[2] = (char)(0x80 | (rune & 0x3f));
	stand_in[3] = '\0';
	char *copy = memcpy(arena_new(arena, text->len + 1, 1), text->data, text->len);
	for (char *at = copy + 1; (at = memmem(at, text->len - (size_t)(at - copy), MARK, MARK_BYTES)) != NULL;) {
		memcpy(at, stand_in, MARK_BYTES);
	}
	text->data = copy;
}

void yaml_show_marks(char *text, size_t len, const char stand_in[YAML_STAND_IN])
{
	for (char *at = text; *stand_in && (at = memmem(at, len - (size_t)(at - text), stand_in, MARK_BYTES)) != NULL;) {
		memcpy(at, MARK, MARK_BYTES);
	}
}
