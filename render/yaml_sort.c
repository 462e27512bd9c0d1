#include "render/yaml_sort.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FIRST_OF_FOUR = 0xf0 }; /* leads the characters beyond U+FFFF */

static bool is_letter(char c)
{
	unsigned char byte = (unsigned char)c;
	return isalpha(byte) || (byte >= 0x80 && byte < FIRST_OF_FOUR);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Wraps around as Go's int64 does. */
static int64_t number_at(const char *text, size_t *at, uint64_t value)
{
	while (is_digit(text[*at])) {
		value = value * 10 + (uint64_t)(text[(*at)++] - '0');
	}
	return (int64_t)value;
}

/* A digit other than 0 goes before, in the same number: then zeros at `at` have weight. */
static bool inside_number(const char *text, size_t at)
{
	while (at > 0 && is_digit(text[at - 1])) {
		if (text[--at] != '0') {
			return true;
		}
	}
	return false;
}

static int compare_numbers(const char *a, const char *b, size_t at)
{
	bool zero = a[at] == '0' || b[at] == '0';
	uint64_t before = zero && inside_number(a, at) ? 1 : 0;
	size_t end_a = at;
	size_t end_b = at;
	int64_t number_a = number_at(a, &end_a, before);
	int64_t number_b = number_at(b, &end_b, before);
	if (number_a != number_b) {
		return number_a < number_b ? -1 : 1;
	}
	if (end_a != end_b) {
		return end_a < end_b ? -1 : 1;
	}
	return (unsigned char)a[at] < (unsigned char)b[at] ? -1 : 1;
}

int yaml_key_compare(const char *a, const char *b)
{
	size_t at = 0;
	while (a[at] && a[at] == b[at]) {
		at++;
	}
	if (!a[at] || !b[at]) {
		return (a[at] != 0) - (b[at] != 0);
	}
	bool letter_a = is_letter(a[at]);
	bool letter_b = is_letter(b[at]);
	if (letter_a && letter_b) {
		return (unsigned char)a[at] < (unsigned char)b[at] ? -1 : 1;
	}
	if (letter_a || letter_b) {
		return letter_b ? -1 : 1;
	}
	return compare_numbers(a, b, at);
}
