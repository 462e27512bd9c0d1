#include "render/kustomize/base64.h"

#include <openssl/evp.h>
#include <string.h>

enum { BASE64_LINE = 70 };

struct text base64_lines(struct arena *arena, struct text bytes)
{
	size_t len = (bytes.len + 2) / 3 * 4;
	char *plain = arena_new(arena, len + 1, 1);
	(void)EVP_EncodeBlock((unsigned char *)plain, (const unsigned char *)bytes.data, (int)bytes.len);
	if (len < BASE64_LINE) {
		return (struct text){ plain, len };
	}
	size_t lines = (len + BASE64_LINE - 1) / BASE64_LINE;
	char *broken = arena_new(arena, len + lines + 1, 1);
	size_t at = 0;
	for (size_t from = 0; from < len; from += BASE64_LINE) {
		size_t part = len - from < BASE64_LINE ? len - from : BASE64_LINE;
		memcpy(broken + at, plain + from, part);
		at += part;
		broken[at++] = '\n';
	}
	return (struct text){ broken, at };
}
