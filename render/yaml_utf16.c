#include "render/yaml_utf16.h"

#include <stdint.h>
#include <string.h>

enum { BROKEN = 0xff };

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
