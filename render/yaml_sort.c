#include "render/yaml_sort.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "render/yaml_letters.h"

/* The character that the byte at `at` belongs to, of well-formed UTF-8. */
static unsigned rune_around(const char *text, size_t at)
{
	while (at && ((unsigned char)text[at] & 0xc0) == 0x80) {
		at--;
	}
	unsigned first = (unsigned char)text[at];
	unsigned bits = first < 0x80 ? 0x7f : first < 0xe0 ? 0x1f : first < 0xf0 ? 0x0f : 0x07;
	unsigned rune = first & bits;
	while (((unsigned char)text[++at] & 0xc0) == 0x80) {
		rune = rune << 6 | ((unsigned char)text[at] & 0x3f);
	}
	return rune;
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
	bool letter_a = yaml_is_letter(rune_around(a, at));
	bool letter_b = yaml_is_letter(rune_around(b, at));
	if (letter_a && letter_b) {
		return (unsigned char)a[at] < (unsigned char)b[at] ? -1 : 1;
	}
	if (letter_a || letter_b) {
		return letter_b ? -1 : 1;
	}
	return compare_numbers(a, b, at);
}
