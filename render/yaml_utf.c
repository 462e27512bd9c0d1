#include "render/yaml_utf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BROKEN = 0xff };

static size_t sequence_length(unsigned char lead)
{
	return lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
}

/* Bytes of the character that starts here, 0 if none does; RFC 3629. */
static size_t character(const unsigned char *at)
{
	size_t length = sequence_length(*at);
	unsigned low = *at == 0xe0 ? 0xa0 : *at == 0xf0 ? 0x90 : 0x80;
	unsigned high = *at == 0xed ? 0x9f : *at == 0xf4 ? 0x8f : 0xbf;
	for (size_t i = 1; i < length; i++) {
		if (at[i] < low || at[i] > high) {
			return 0;
		}
		low = 0x80;
		high = 0xbf;
	}
	return length;
}

size_t utf8_length(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	for (size_t length = 1; *at && length; at += length) {
		length = character(at);
	}
	return (size_t)((const char *)at - text);
}

char *utf8_repair(const char *text)
{
	struct buf out = BUF_INIT(SIZE_MAX / 2);
	while (*text) {
		size_t good = utf8_length(text);
		(void)buf_add(&out, text, good);
		text += good;
		if (*text) {
			(void)buf_puts(&out, "\xef\xbf\xbd");
			text++;
		}
	}
	return buf_detach(&out);
}

bool utf16_is(const char *text, size_t len)
{
	return len >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0);
}

static uint32_t unit(const unsigned char *at, bool little)
{
	return little ? (uint32_t)at[0] | (uint32_t)at[1] << 8 : (uint32_t)at[0] << 8 | (uint32_t)at[1];
}

static void put(uint32_t point, struct buf *out)
{
	char bytes[4];
	size_t len = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	static const unsigned LEAD[] = { 0, 0x00, 0xc0, 0xe0, 0xf0 };
	for (size_t i = len; i-- > 1; point >>= 6) {
		bytes[i] = (char)(0x80 | (point & 0x3f));
	}
	bytes[0] = (char)(LEAD[len] | point);
	(void)buf_add(out, bytes, len);
}

void utf16_decode(const char *text, size_t len, struct buf *out)
{
	const unsigned char *at = (const unsigned char *)text;
	const unsigned char *end = at + len - len % 2;
	bool little = *at == 0xff;
	for (at += 2; at < end; at += 2) {
		uint32_t point = unit(at, little);
		bool high = (point & 0xfc00) == 0xd800;
		if (high && end - at >= 4 && (unit(at + 2, little) & 0xfc00) == 0xdc00) {
			point = 0x10000 + ((point & 0x3ff) << 10) + (unit(at + 2, little) & 0x3ff);
			at += 2;
		} else if ((point & 0xf800) == 0xd800) {
			(void)buf_putc(out, (char)BROKEN);
			continue;
		}
		put(point, out);
	}
	if (len % 2) {
		(void)buf_putc(out, (char)BROKEN);
	}
}

/* The four digits of "\uXXXX" at the start of the text, or -1. */
static long escape(const char *text, const char *end)
{
	if (end - text < 6 || text[0] != '\\' || text[1] != 'u') {
		return -1;
	}
	char digits[5] = { text[2], text[3], text[4], text[5], '\0' };
	if (strspn(digits, "0123456789abcdefABCDEF") < 4) {
		return -1;
	}
	return strtol(digits, NULL, 16);
}

void json_join_pairs(const char *text, size_t len, struct buf *out)
{
	const char *end = text + len;
	while (text < end) {
		size_t plain = (size_t)(end - text);
		const char *slash = memchr(text, '\\', plain);
		plain = slash ? (size_t)(slash - text) : plain;
		(void)buf_add(out, text, plain);
		text += plain;
		long high = escape(text, end);
		long low = high >> 10 == 0xd800 >> 10 ? escape(text + 6, end) : -1;
		if (low >> 10 == 0xdc00 >> 10) {
			(void)buf_printf(out, "\\U%08lX", 0x10000 + ((high & 0x3ff) << 10) + (low & 0x3ff));
			text += 12;
		} else if (text < end) {
			size_t skip = end - text < 2 ? 1 : 2;
			(void)buf_add(out, text, skip);
			text += skip;
		}
	}
}
