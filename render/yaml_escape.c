#include "render/yaml_escape.h"

#include <stdio.h>
#include <string.h>

#include "render/base/macros.h"

size_t yaml_escape(unsigned rune, char out[YAML_ESCAPE_MAX])
{
	static const unsigned runes[] = { 0, 7, 8, 9, 10, 11, 12, 13, 0x1b, '"', '\\', 0x85, 0xa0, 0x2028, 0x2029 };
	static const char letters[] = "0abtnvfre\"\\N_LP";
	for (size_t i = 0; i < ARRAY_LEN(runes); i++) {
		if (runes[i] == rune) {
			return (size_t)snprintf(out, YAML_ESCAPE_MAX, "\\%c", letters[i]);
		}
	}
	if (rune <= 0xff) {
		return (size_t)snprintf(out, YAML_ESCAPE_MAX, "\\x%02X", rune);
	}
	return (size_t)snprintf(out, YAML_ESCAPE_MAX, rune <= 0xffff ? "\\u%04X" : "\\U%08X", rune);
}

bool yaml_escape_all(const char *text, size_t len)
{
	return len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0;
}
