#include "agent/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "render/base/buf.h"
#include "render/base/limits.h"
#include "render/yaml_utf.h"
#include "sync/clock.h"

enum {
	ABOUT_BYTES = 700, /* of one member: kind, namespace and name fit */
	TAIL_BYTES = 16,   /* dots, quotes, brace, line break */
};

static const char *const level_words[] = { "debug", "info", "warning", "error" };
static const char *const format_words[] = { "json", "text" };

static bool parse_word(const char *const *words, size_t count, const char *text, size_t *out)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(words[i], text) == 0) {
			*out = i;
			return true;
		}
	}
	return false;
}

bool log_parse_format(const char *text, enum log_format *out, struct err *err)
{
	size_t found = 0;
	if (!parse_word(format_words, ARRAY_LEN(format_words), text, &found)) {
		return err_set(err, ERR_INPUT, "no log format '%s': json, text", text);
	}
	*out = (enum log_format)found;
	return true;
}

bool log_parse_level(const char *text, enum log_level *out, struct err *err)
{
	size_t found = 0;
	if (!parse_word(level_words, ARRAY_LEN(level_words), text, &found)) {
		return err_set(err, ERR_INPUT, "no log level '%s': debug, info, warning, error", text);
	}
	*out = (enum log_level)found;
	return true;
}

struct log log_stderr(void)
{
	return (struct log){ .fd = STDERR_FILENO, .format = isatty(STDERR_FILENO) ? LOG_TEXT : LOG_JSON, .least = LEVEL_INFO };
}

/* The bytes of the control character at `s`, its code point in *point; 0 where it is none. Of valid UTF-8. */
static size_t control_at(const char *s, unsigned *point)
{
	const unsigned char *c = (const unsigned char *)s;
	if (c[0] < ' ' || c[0] == 0x7F) {
		*point = c[0];
		return 1;
	}
	if (c[0] == 0xC2 && c[1] < 0xA0) {
		*point = c[1];
		return 2;
	}
	if (c[0] == 0xE2 && c[1] == 0x80 && (c[2] == 0xA8 || c[2] == 0xA9)) {
		*point = 0x2000U | (c[2] & 0x3FU);
		return 3;
	}
	return 0;
}

static size_t character_length(const char *s)
{
	unsigned char c = (unsigned char)*s;
	return c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

/* Appends the text escaped, and dots where it would take more than `max` bytes. */
static void put_text(struct buf *out, const char *raw, enum log_format format, size_t max)
{
	CLEANUP(text_freep) char *text = utf8_repair(raw);
	size_t end = out->len + max;
	for (const char *s = text; *s;) {
		char escape[8] = "";
		unsigned point = 0;
		size_t length = control_at(s, &point);
		if (length) {
			(void)snprintf(escape, sizeof escape, "\\u%04x", point & 0xFFFFU);
		} else if (format == LOG_JSON && (*s == '"' || *s == '\\')) {
			(void)snprintf(escape, sizeof escape, "\\%c", *s);
			length = 1;
		} else {
			length = character_length(s);
		}
		if (out->len + (*escape ? strlen(escape) : length) > end) {
			(void)buf_puts(out, "...");
			return;
		}
		(void)(*escape ? buf_puts(out, escape) : buf_add(out, s, length));
		s += length;
	}
}

static bool is_set(const char *text)
{
	return text && *text;
}

static void put_member(struct buf *out, enum log_format format, const char *key, const char *value)
{
	if (is_set(value)) {
		(void)buf_printf(out, format == LOG_JSON ? ",\"%s\":\"" : " %s=", key);
		put_text(out, value, format, ABOUT_BYTES);
		(void)buf_puts(out, format == LOG_JSON ? "\"" : "");
	}
}

static void put_about(struct buf *out, enum log_format format, const struct log_about *about)
{
	if (!about) {
		return;
	}
	CLEANUP(text_freep) char *sync = is_set(about->ns) ? text_printf("%s/%s", about->ns, about->name ? about->name : "") : NULL;
	put_member(out, format, "sync", sync ? sync : about->name);
	put_member(out, format, "commit", about->commit);
	put_member(out, format, "object", about->object);
}

static void put_time(struct buf *out)
{
	int64_t micro = clock_wall_micro();
	char text[CLOCK_TEXT];
	clock_text(micro / 1000000, text);
	(void)buf_printf(out, "%.19s.%03dZ", text, (int)(micro / 1000 % 1000));
}

static void put_line(struct buf *out, const struct log *log, enum log_level level, const struct log_about *about,
                     const char *message)
{
	bool json = log->format == LOG_JSON;
	(void)buf_puts(out, json ? "{\"time\":\"" : "");
	put_time(out);
	(void)buf_printf(out, json ? "\",\"level\":\"%s\"" : " %-7s", level_words[level]);
	if (json) {
		put_about(out, log->format, about);
	}
	(void)buf_puts(out, json ? ",\"msg\":\"" : " ");
	/* In words the message comes first; what it is about still has to fit behind. */
	put_text(out, message, log->format, LIMIT_LOG_LINE - TAIL_BYTES - out->len - (json ? 0 : 3 * (ABOUT_BYTES + TAIL_BYTES)));
	if (!json) {
		put_about(out, log->format, about);
	}
	(void)buf_puts(out, json ? "\"}\n" : "\n");
}

static bool write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);
		if (n < 0 && errno != EINTR) {
			return false;
		}
		size_t done = n < 0 ? 0 : (size_t)n;
		bytes += done;
		len -= done;
	}
	return true;
}

void log_event(struct log *log, enum log_level level, const struct log_about *about, const char *fmt, ...)
{
	if (level < log->least) {
		return;
	}
	char *message = alloc_new(LIMIT_LOG_LINE, 1);
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(message, LIMIT_LOG_LINE, fmt, args);
	va_end(args);
	CLEANUP(buf_release) struct buf line = BUF_INIT(LIMIT_LOG_LINE);
	put_line(&line, log, level, about, message);
	free(message);
	if (!write_all(log->fd, buf_text(&line), line.len)) {
		log->dropped++;
	}
}
