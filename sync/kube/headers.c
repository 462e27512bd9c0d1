#include "sync/kube/headers.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LONGEST_WAIT = 24 * 3600 };

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool header_is(const char *line, size_t len, const char *name, const char **value, size_t *value_len)
{
	size_t name_len = strlen(name);
	if (len <= name_len || line[name_len] != ':' || strncasecmp(line, name, name_len) != 0) {
		return false;
	}
	const char *start = line + name_len + 1;
	const char *end = line + len;
	while (start < end && is_space(*start)) {
		start++;
	}
	while (end > start && is_space(end[-1])) {
		end--;
	}
	*value = start;
	*value_len = (size_t)(end - start);
	return true;
}

int64_t header_retry_after(const char *value, size_t len, int64_t wall)
{
	char text[64];
	if (len == 0 || len >= sizeof text) {
		return -1;
	}
	memcpy(text, value, len);
	text[len] = '\0';
	int64_t seconds = -1;
	if (strspn(text, "0123456789") == len) {
		seconds = len <= 9 ? strtoll(text, NULL, 10) : LONGEST_WAIT;
	} else {
		time_t date = curl_getdate(text, NULL);
		if (date == (time_t)-1) {
			return -1;
		}
		seconds = (int64_t)date > wall ? (int64_t)date - wall : 0;
	}
	return (seconds < LONGEST_WAIT ? seconds : LONGEST_WAIT) * 1000;
}

/* Copies a quoted-string; returns what is behind it, NULL where it has no end. */
static const char *unquote(const char *at, const char *end, struct buf *out)
{
	for (at++; at < end; at++) {
		if (*at == '"') {
			return at + 1;
		}
		if (*at == '\\' && at + 1 < end) {
			at++;
		}
		(void)buf_putc(out, (unsigned char)*at < ' ' || *at == 0x7f ? ' ' : *at);
	}
	return NULL;
}

void header_warnings(const char *value, size_t len, struct buf *out)
{
	const char *end = value + len;
	for (const char *at = value; at && at < end;) {
		const char *quote = memchr(at, '"', (size_t)(end - at));
		if (!quote) {
			return;
		}
		size_t start = out->len;
		at = unquote(quote, end, out);
		if (!at || out->len == start) {
			out->len = start;
			if (out->data) {
				out->data[start] = '\0';
			}
			return;
		}
		(void)buf_putc(out, '\0');
		/* A date in quotes may follow, then a comma and the next one. */
		const char *comma = at;
		while (comma < end && *comma != ',') {
			const char *close = *comma == '"' ? memchr(comma + 1, '"', (size_t)(end - comma - 1)) : comma;
			comma = close ? close + 1 : end;
		}
		at = comma + 1;
	}
}
