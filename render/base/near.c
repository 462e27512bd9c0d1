#include "render/base/near.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { LONGEST = 63 };

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

size_t near_distance(const char *a, const char *b)
{
	size_t row[LONGEST + 1];
	size_t width = strlen(b);
	if (strlen(a) > LONGEST || width > LONGEST) {
		return SIZE_MAX;
	}
	for (size_t i = 0; i <= width; i++) {
		row[i] = i;
	}
	for (size_t line = 1; *a; a++, line++) {
		size_t corner = row[0];
		row[0] = line;
		for (size_t i = 1; i <= width; i++) {
			size_t above = row[i];
			row[i] = least(least(above, row[i - 1]) + 1, corner + !same(*a, b[i - 1]));
			corner = above;
		}
	}
	return row[width];
}

const char *near_word(const char *word, const char *const *words, size_t count)
{
	const char *nearest = NULL;
	size_t best = SIZE_MAX;
	for (size_t i = 0; i < count; i++) {
		size_t far = near_distance(word, words[i]);
		size_t most = strlen(words[i]) / 3;
		if (far < best && far <= (most ? most : 1)) {
			best = far;
			nearest = words[i];
		}
	}
	return nearest;
}
