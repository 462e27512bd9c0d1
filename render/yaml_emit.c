/* The choices are goyaml v2's (encode.go), the layout is libyaml's emitter, which goyaml's was translated from. */
#include "render/yaml_emit.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "render/kustomize/rune.h"
#include "render/yaml_escape.h"
#include "render/yaml_scalar.h"
#include "render/yaml_utf.h"

static int append(void *out, unsigned char *bytes, size_t len)
{
	return buf_add(out, bytes, len);
}

static bool send(struct yaml_emit *emit, yaml_event_t *event, int made)
{
	if (!made) {
		abort();
	}
	return yaml_emitter_emit(&emit->emitter, event) != 0;
}

/* --- what libyaml writes another way ------------------------------------------------------------------------------- */

/*
 * Such a text goes to libyaml with a mark, or as one, of what Unicode keeps out of texts. In what was written each mark is then
 * put right.
 */
#define MARK_LEAD "\xef\xb7"
static const char mark_break[] = MARK_LEAD "\x90";   /* U+FDD0 */
static const char mark_escaped[] = MARK_LEAD "\x91"; /* U+FDD1 */
enum { MARK_LEN = 3 };

/* U+2028 or U+2029. */
static bool ends_with_break(const char *text, size_t len)
{
	return len >= 3 && (memcmp(text + len - 3, "\xe2\x80\xa8", 3) == 0 || memcmp(text + len - 3, "\xe2\x80\xa9", 3) == 0);
}

/* One line for each text: the escapes have no line break. */
static void add_escaped(struct buf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		unsigned rune = 0xfffd;
		size_t step = rune_next(text + i, len - i, &rune);
		char escape[YAML_ESCAPE_MAX];
		(void)buf_add(out, escape, yaml_escape(rune, escape));
		i += step ? step : 1;
	}
	(void)buf_putc(out, '\n');
}

/* libyaml indents once more behind a line break that ends a text in single quotes. */
static void drop_indent(struct buf *out)
{
	size_t len = out->len;
	while (len > 0 && out->data[len - 1] == ' ') {
		len--;
	}
	if (ends_with_break(out->data, len)) {
		out->len = len;
		out->data[len] = '\0';
	}
}

static bool put_marks_right(struct yaml_emit *emit)
{
	struct buf *out = emit->out;
	CLEANUP(text_freep) char *written = text_dup_len(out->data + emit->start, out->len - emit->start);
	const char *from = written;
	const char *end = written + out->len - emit->start;
	const char *escaped = buf_text(&emit->escaped);
	out->len = emit->start;
	bool fits = true;
	for (const char *at; (at = memmem(from, (size_t)(end - from), MARK_LEAD, MARK_LEN - 1)) && fits; from = at + MARK_LEN) {
		fits = buf_add(out, from, (size_t)(at - from));
		if (memcmp(at, mark_break, MARK_LEN) == 0) {
			drop_indent(out);
		} else if (memcmp(at, mark_escaped, MARK_LEN) == 0 && *escaped) {
			size_t len = strcspn(escaped, "\n");
			fits = fits && buf_add(out, escaped, len);
			escaped += len + 1;
		} else {
			fits = fits && buf_add(out, at, MARK_LEN);
		}
	}
	return fits && buf_add(out, from, (size_t)(end - from));
}

/* --- documents ----------------------------------------------------------------------------------------------------- */

bool yaml_emit_open(struct yaml_emit *emit, struct buf *out)
{
	if (!yaml_emitter_initialize(&emit->emitter)) {
		abort();
	}
	emit->out = out;
	emit->start = out->len;
	emit->marked = false;
	emit->escaped = BUF_INIT(out->max);
	yaml_emitter_set_output(&emit->emitter, append, out);
	yaml_emitter_set_unicode(&emit->emitter, 1);
	yaml_event_t event;
	return send(emit, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING)) &&
	       send(emit, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
}

/* libyaml marks the end of a document whose last text keeps its line breaks; goyaml does not. */
static void drop_end_mark(struct buf *out, size_t start)
{
	static const char mark[] = "\n...\n";
	size_t len = strlen(mark);
	if (out->len - start >= len && memcmp(out->data + out->len - len, mark, len) == 0) {
		out->len -= len - 1;
		out->data[out->len] = '\0';
	}
}

bool yaml_emit_close(struct yaml_emit *emit, bool fits)
{
	yaml_event_t event;
	fits = fits && send(emit, &event, yaml_document_end_event_initialize(&event, 1)) &&
	       send(emit, &event, yaml_stream_end_event_initialize(&event));
	yaml_emitter_delete(&emit->emitter);
	struct buf *out = emit->out;
	if (fits) {
		drop_end_mark(out, emit->start);
	}
	fits = fits && (!emit->marked || put_marks_right(emit));
	buf_release(&emit->escaped);
	if (!fits && out->data) {
		out->len = emit->start;
		out->data[out->len] = '\0';
	}
	return fits;
}

static bool emit_scalar(struct yaml_emit *emit, const char *text, size_t len, yaml_scalar_style_t style)
{
	yaml_event_t event;
	const yaml_char_t *bytes = (const yaml_char_t *)text;
	return send(emit, &event, yaml_scalar_event_initialize(&event, NULL, NULL, bytes, (int)len, 1, 1, style));
}

static yaml_scalar_style_t style_of(const char *text, size_t len)
{
	if (memchr(text, '\n', len)) {
		return YAML_LITERAL_SCALAR_STYLE;
	}
	if (strlen(text) != len) {
		return YAML_PLAIN_SCALAR_STYLE;
	}
	bool is_text = scalar_resolve(text).type == SCALAR_TEXT && !scalar_is_base60(text);
	return is_text ? YAML_PLAIN_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE;
}

static bool emit_text(struct yaml_emit *emit, const char *text, size_t len)
{
	yaml_scalar_style_t style = style_of(text, len);
	if (yaml_escape_all(text, len)) {
		emit->marked = true;
		add_escaped(&emit->escaped, text, len);
		return emit_scalar(emit, mark_escaped, MARK_LEN, YAML_DOUBLE_QUOTED_SCALAR_STYLE);
	}
	if (style != YAML_LITERAL_SCALAR_STYLE && strlen(text) == len && ends_with_break(text, len)) {
		emit->marked = true;
		CLEANUP(text_freep) char *marked = text_printf("%s%s", text, mark_break);
		return emit_scalar(emit, marked, strlen(marked), style);
	}
	return emit_scalar(emit, text, len, style);
}

/* A text may have NULs in it: what lies between them is looked at. */
static bool is_utf8(const char *text, size_t len)
{
	size_t at = utf8_length(text);
	while (at < len && text[at] == '\0') {
		at++;
		at += utf8_length(text + at);
	}
	return at >= len;
}

bool yaml_emit_text(struct yaml_emit *emit, const char *text, size_t len)
{
	if (is_utf8(text, len)) {
		return emit_text(emit, text, len);
	}
	CLEANUP(buf_release) struct buf repaired = BUF_INIT(SIZE_MAX / 2);
	for (size_t at = 0; at <= len; at += strlen(text + at) + 1) {
		CLEANUP(text_freep) char *part = utf8_repair(text + at);
		bool good = (at == 0 || buf_putc(&repaired, '\0')) && buf_puts(&repaired, part);
		if (!good) {
			return false;
		}
	}
	return emit_text(emit, buf_text(&repaired), repaired.len);
}

/* Kustomize's numbers went through JSON, which makes 1.0 the integer 1. */
bool yaml_emit_number(struct yaml_emit *emit, const char *text)
{
	struct scalar number = scalar_resolve(text);
	if (number.type != SCALAR_INT && (number.type != SCALAR_FLOAT || !isfinite(number.real))) {
		return yaml_emit_text(emit, text, strlen(text));
	}
	char json[SCALAR_NUMBER_MAX];
	scalar_json(&number, json);
	number = scalar_resolve(json);
	scalar_yaml(&number, json);
	return emit_scalar(emit, json, strlen(json), YAML_PLAIN_SCALAR_STYLE);
}

bool yaml_emit_word(struct yaml_emit *emit, const char *word)
{
	return emit_scalar(emit, word, strlen(word), YAML_PLAIN_SCALAR_STYLE);
}

bool yaml_emit_begin_map(struct yaml_emit *emit)
{
	yaml_event_t event;
	return send(emit, &event, yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE));
}

bool yaml_emit_end_map(struct yaml_emit *emit)
{
	yaml_event_t event;
	return send(emit, &event, yaml_mapping_end_event_initialize(&event));
}

bool yaml_emit_begin_list(struct yaml_emit *emit)
{
	yaml_event_t event;
	return send(emit, &event, yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE));
}

bool yaml_emit_end_list(struct yaml_emit *emit)
{
	yaml_event_t event;
	return send(emit, &event, yaml_sequence_end_event_initialize(&event));
}
