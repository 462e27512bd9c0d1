#include "render/kustomize/rune.h"

#include <string.h>

#include "render/base/macros.h"

size_t rune_next(const char *text, size_t len, unsigned *rune)
{
	const unsigned char *bytes = (const unsigned char *)text;
	if (bytes[0] < 0x80) {
		*rune = bytes[0];
		return 1;
	}
	size_t want = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
	static const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	if (bytes[0] < 0xc2 || bytes[0] > 0xf4 || len < want) {
		return 0;
	}
	unsigned value = bytes[0] & (0x7fU >> want);
	for (size_t i = 1; i < want; i++) {
		if ((bytes[i] & 0xc0) != 0x80) {
			return 0;
		}
		value = value << 6 | (bytes[i] & 0x3fU);
	}
	if (value < least[want] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) {
		return 0;
	}
	*rune = value;
	return want;
}

bool rune_all_valid(const char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		unsigned rune;
		size_t step = rune_next(text + i, len - i, &rune);
		if (step == 0) {
			return false;
		}
		i += step;
	}
	return true;
}

bool rune_is_space(unsigned rune)
{
	static const unsigned wide[] = { 0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000 };
	for (size_t i = 0; i < ARRAY_LEN(wide); i++) {
		if (rune == wide[i]) {
			return true;
		}
	}
	return rune == ' ' || (rune >= '\t' && rune <= '\r') || (rune >= 0x2000 && rune <= 0x200a);
}

struct text rune_trim(const char *text, size_t len)
{
	size_t from = len;
	size_t to = len;
	for (size_t i = 0; i < len;) {
		unsigned rune = 0;
		size_t step = rune_next(text + i, len - i, &rune);
		step = step ? step : 1;
		if (!rune_is_space(rune)) {
			from = i < from ? i : from;
			to = i + step;
		}
		i += step;
	}
	return (struct text){ text + from, to - from };
}

const char *rune_trimmed(struct arena *arena, const char *text)
{
	struct text trimmed = rune_trim(text, strlen(text));
	return arena_text_len(arena, trimmed.data, trimmed.len);
}
