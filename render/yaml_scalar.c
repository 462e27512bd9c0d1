#include "render/yaml_scalar.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"

static const struct word {
	const char *text;
	enum scalar_type type;
	bool truth;
	double real;
} WORDS[] = {
	{ "y", SCALAR_BOOL, true, 0 },
	{ "Y", SCALAR_BOOL, true, 0 },
	{ "yes", SCALAR_BOOL, true, 0 },
	{ "Yes", SCALAR_BOOL, true, 0 },
	{ "YES", SCALAR_BOOL, true, 0 },
	{ "true", SCALAR_BOOL, true, 0 },
	{ "True", SCALAR_BOOL, true, 0 },
	{ "TRUE", SCALAR_BOOL, true, 0 },
	{ "on", SCALAR_BOOL, true, 0 },
	{ "On", SCALAR_BOOL, true, 0 },
	{ "ON", SCALAR_BOOL, true, 0 },
	{ "n", SCALAR_BOOL, false, 0 },
	{ "N", SCALAR_BOOL, false, 0 },
	{ "no", SCALAR_BOOL, false, 0 },
	{ "No", SCALAR_BOOL, false, 0 },
	{ "NO", SCALAR_BOOL, false, 0 },
	{ "false", SCALAR_BOOL, false, 0 },
	{ "False", SCALAR_BOOL, false, 0 },
	{ "FALSE", SCALAR_BOOL, false, 0 },
	{ "off", SCALAR_BOOL, false, 0 },
	{ "Off", SCALAR_BOOL, false, 0 },
	{ "OFF", SCALAR_BOOL, false, 0 },
	{ "~", SCALAR_NULL, false, 0 },
	{ "null", SCALAR_NULL, false, 0 },
	{ "Null", SCALAR_NULL, false, 0 },
	{ "NULL", SCALAR_NULL, false, 0 },
	{ ".nan", SCALAR_FLOAT, false, (double)NAN },
	{ ".NaN", SCALAR_FLOAT, false, (double)NAN },
	{ ".NAN", SCALAR_FLOAT, false, (double)NAN },
	{ ".inf", SCALAR_FLOAT, false, (double)INFINITY },
	{ ".Inf", SCALAR_FLOAT, false, (double)INFINITY },
	{ ".INF", SCALAR_FLOAT, false, (double)INFINITY },
	{ "+.inf", SCALAR_FLOAT, false, (double)INFINITY },
	{ "+.Inf", SCALAR_FLOAT, false, (double)INFINITY },
	{ "+.INF", SCALAR_FLOAT, false, (double)INFINITY },
	{ "-.inf", SCALAR_FLOAT, false, -(double)INFINITY },
	{ "-.Inf", SCALAR_FLOAT, false, -(double)INFINITY },
	{ "-.INF", SCALAR_FLOAT, false, -(double)INFINITY },
};

enum { LONGEST_WORD = 5 };

static bool find_word(const char *text, struct scalar *out)
{
	if (strnlen(text, LONGEST_WORD + 1) > LONGEST_WORD) {
		return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
		if (WORDS[i].text[0] == text[0] && strcmp(WORDS[i].text, text) == 0) {
			*out = (struct scalar){ .type = WORDS[i].type, .truth = WORDS[i].truth, .real = WORDS[i].real };
			return true;
		}
	}
	return false;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	int lower = tolower((unsigned char)c);
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 99;
}

/* All of text as digits to the base; "" is 0 where a prefix went before it. */
static bool read_digits(const char *text, unsigned base, uint64_t *out)
{
	uint64_t value = 0;
	for (; *text; text++) {
		unsigned digit = (unsigned)digit_value(*text);
		if (digit >= base || __builtin_mul_overflow(value, base, &value) || __builtin_add_overflow(value, digit, &value)) {
			return false;
		}
	}
	*out = value;
	return true;
}

/* Go's base prefixes; a lone leading 0 means octal. */
static bool read_magnitude(const char *text, uint64_t *out)
{
	if (*text != '0') {
		return *text && read_digits(text, 10, out);
	}
	int mark = text[1] && text[2] ? tolower((unsigned char)text[1]) : 0;
	switch (mark) {
	case 'x':
		return read_digits(text + 2, 16, out);
	case 'o':
		return read_digits(text + 2, 8, out);
	case 'b':
		return read_digits(text + 2, 2, out);
	default:
		return read_digits(text + 1, 8, out);
	}
}

static bool fits_sign(bool sign, bool negative, uint64_t magnitude)
{
	return !sign || magnitude <= (uint64_t)INT64_MAX + (negative ? 1 : 0);
}

static bool read_int(const char *text, struct scalar *out)
{
	bool negative = *text == '-';
	bool sign = negative || *text == '+';
	uint64_t magnitude = 0;
	if (!read_magnitude(text + sign, &magnitude) || !fits_sign(sign, negative, magnitude)) {
		return false;
	}
	*out = (struct scalar){ .type = SCALAR_INT, .negative = negative && magnitude, .magnitude = magnitude };
	return true;
}

/* goyaml reads 0b by hand where Go's own parser refused it, and so takes a sign behind it: 0b-1. */
static bool read_signed_binary(const char *text, struct scalar *out)
{
	if (strncmp(text, "0b", 2) != 0 || (text[2] != '-' && text[2] != '+') || !text[3]) {
		return false;
	}
	bool negative = text[2] == '-';
	uint64_t magnitude = 0;
	if (!read_digits(text + 3, 2, &magnitude) || !fits_sign(true, negative, magnitude)) {
		return false;
	}
	*out = (struct scalar){ .type = SCALAR_INT, .negative = negative && magnitude, .magnitude = magnitude };
	return true;
}

static const char *skip_digits(const char *at)
{
	while (*at >= '0' && *at <= '9') {
		at++;
	}
	return at;
}

/* ^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$ */
static bool looks_like_float(const char *text)
{
	const char *at = text + (*text == '-' || *text == '+');
	const char *whole = skip_digits(at);
	const char *end = *whole == '.' ? skip_digits(whole + 1) : whole;
	if (end - at < (*at == '.' ? 2 : 1)) {
		return false;
	}
	if (*end == 'e' || *end == 'E') {
		const char *exponent = end + 1 + (end[1] == '-' || end[1] == '+');
		end = skip_digits(exponent);
		return end > exponent && !*end;
	}
	return !*end;
}

static bool read_float(const char *text, struct scalar *out)
{
	if (!looks_like_float(text)) {
		return false;
	}
	double real = strtod(text, NULL);
	if (!isfinite(real)) {
		return false;
	}
	*out = (struct scalar){ .type = SCALAR_FLOAT, .real = real };
	return true;
}

/* One or two digits up to the end of the range; -1 if there are none or it is outside. */
static int read_part(const char **at, int least, int most)
{
	if (!isdigit((unsigned char)**at)) {
		return -1;
	}
	int value = *(*at)++ - '0';
	if (isdigit((unsigned char)**at)) {
		value = value * 10 + (*(*at)++ - '0');
	}
	return value < least || value > most ? -1 : value;
}

static bool skip_char(const char **at, char c)
{
	bool there = **at == c;
	*at += there;
	return there;
}

static bool read_date(const char **at)
{
	static const int DAYS[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	if (skip_digits(*at) - *at != 4 || (*at)[4] != '-') {
		return false;
	}
	int year = atoi(*at);
	*at += 5;
	int month = read_part(at, 1, 12);
	if (month < 0 || !skip_char(at, '-')) {
		return false;
	}
	bool leap = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return read_part(at, 1, DAYS[month - 1] + leap) > 0;
}

static bool read_time(const char **at)
{
	if (read_part(at, 0, 23) < 0 || !skip_char(at, ':') || read_part(at, 0, 59) < 0 || !skip_char(at, ':') ||
	    read_part(at, 0, 59) < 0) {
		return false;
	}
	if ((**at == '.' || **at == ',') && isdigit((unsigned char)(*at)[1])) {
		*at = skip_digits(*at + 1);
	}
	return true;
}

static bool is_zone(const char *at)
{
	if (*at == 'Z') {
		return !at[1];
	}
	if ((*at != '+' && *at != '-') || strlen(at) != strlen("+00:00") || at[3] != ':') {
		return false;
	}
	const char *hour = at + 1;
	const char *minute = at + 4;
	return read_part(&hour, 0, 24) >= 0 && hour == at + 3 && read_part(&minute, 0, 60) >= 0 && !*minute;
}

/* The layouts that goyaml gives to Go's time.Parse. */
static bool is_time(const char *text)
{
	const char *at = text;
	if (!read_date(&at)) {
		return false;
	}
	if (!*at) {
		return true;
	}
	if (*at == 'T' || *at == 't') {
		at++;
		return read_time(&at) && is_zone(at);
	}
	size_t spaces = strspn(at, " ");
	at += spaces;
	return spaces && read_time(&at) && !*at;
}

static char *without_underscores(const char *text)
{
	char *bare = text_dup(text);
	char *to = bare;
	for (const char *from = text; *from; from++) {
		if (*from != '_') {
			*to++ = *from;
		}
	}
	*to = '\0';
	return bare;
}

static struct scalar resolve_number(const char *text)
{
	struct scalar out = { .type = SCALAR_TEXT };
	if (is_time(text)) {
		out.type = SCALAR_TIME;
		return out;
	}
	CLEANUP(text_freep) char *bare = strchr(text, '_') ? without_underscores(text) : NULL;
	const char *number = bare ? bare : text;
	(void)(read_int(number, &out) || read_float(number, &out) || read_signed_binary(number, &out));
	return out;
}

/* What starts with a dot goes to Go's own parser, for which underscores stand between digits only. */
static void resolve_fraction(const char *text, struct scalar *out)
{
	if (!strchr(text, '_')) {
		(void)read_float(text, out);
		return;
	}
	for (const char *at = strchr(text, '_'); at; at = strchr(at + 1, '_')) {
		if (!isdigit((unsigned char)at[-1]) || !isdigit((unsigned char)at[1])) {
			return;
		}
	}
	CLEANUP(text_freep) char *bare = without_underscores(text);
	(void)read_float(bare, out);
}

struct scalar scalar_resolve(const char *text)
{
	struct scalar out = { .type = SCALAR_TEXT };
	char first = *text;
	if (!first) {
		out.type = SCALAR_NULL;
	} else if (strchr("yYnNtTfFoO~", first)) {
		(void)find_word(text, &out);
	} else if (first == '.') {
		if (!find_word(text, &out)) {
			resolve_fraction(text, &out);
		}
	} else if ((first >= '0' && first <= '9') || first == '+' || first == '-') {
		if (!find_word(text, &out)) {
			out = resolve_number(text);
		}
	}
	return out;
}

/* ^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$ */
bool scalar_is_base60(const char *text)
{
	const char *at = text + (*text == '-' || *text == '+');
	if (*at < '0' || *at > '9') {
		return false;
	}
	at += strspn(at, "0123456789_");
	if (*at != ':') {
		return false;
	}
	while (*at == ':') {
		at++;
		if (read_part(&at, 0, 59) < 0) {
			return false;
		}
	}
	if (*at == '.') {
		at += 1 + strspn(at + 1, "0123456789_");
	}
	return !*at;
}

struct scalar scalar_as_float(struct scalar integer)
{
	double real = (double)integer.magnitude;
	return (struct scalar){ .type = SCALAR_FLOAT, .real = integer.negative ? -real : real };
}
