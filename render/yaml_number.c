/* How numbers are written: the shortest digits that read back as the same number, laid out as Go does it. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/yaml_scalar.h"

/* A finite number as 0.DIGITS times ten to the power `point`. */
struct decimal {
	bool negative;
	char digits[20];
	int count;
	int point;
};

enum { MOST_DIGITS = 17 };

static bool reads_back(const char *text, double real, bool single)
{
	return single ? (double)strtof(text, NULL) == real : strtod(text, NULL) == real;
}

static struct decimal shortest(double real, bool single)
{
	char text[SCALAR_NUMBER_MAX];
	for (int precision = 0; precision < MOST_DIGITS; precision++) {
		(void)snprintf(text, sizeof text, "%.*e", precision, fabs(real));
		if (reads_back(text, fabs(real), single)) {
			break;
		}
	}
	struct decimal out = { .negative = signbit(real) != 0 };
	const char *at = text;
	for (; *at != 'e'; at++) {
		if (*at != '.') {
			out.digits[out.count++] = *at;
		}
	}
	while (out.count > 1 && out.digits[out.count - 1] == '0') {
		out.count--;
	}
	out.point = atoi(at + 1) + 1;
	return out;
}

/* d.ddde+XX with at least so many digits in the exponent. */
static void print_exponent(const struct decimal *d, int width, char out[SCALAR_NUMBER_MAX])
{
	int exponent = d->point - 1;
	(void)snprintf(out, SCALAR_NUMBER_MAX, "%s%c%s%.*se%c%0*d", d->negative ? "-" : "", d->digits[0], d->count > 1 ? "." : "",
	               d->count - 1, d->digits + 1, exponent < 0 ? '-' : '+', width, abs(exponent));
}

static void print_plain(const struct decimal *d, char *out)
{
	char *at = out;
	if (d->negative) {
		*at++ = '-';
	}
	if (d->point <= 0) {
		*at++ = '0';
	}
	for (int i = 0; i < d->point; i++) {
		*at++ = i < d->count ? d->digits[i] : '0';
	}
	if (d->count > d->point) {
		*at++ = '.';
		for (int i = d->point; i < d->count; i++) {
			*at++ = i < 0 ? '0' : d->digits[i];
		}
	}
	*at = '\0';
}

static void print_int(const struct scalar *number, char out[SCALAR_NUMBER_MAX])
{
	(void)snprintf(out, SCALAR_NUMBER_MAX, "%s%" PRIu64, number->negative ? "-" : "", number->magnitude);
}

void scalar_json(const struct scalar *number, char out[SCALAR_NUMBER_MAX])
{
	if (number->type == SCALAR_INT) {
		print_int(number, out);
		return;
	}
	double size = fabs(number->real);
	struct decimal d = shortest(number->real, false);
	if (size > 0 && (size < 1e-6 || size >= 1e21)) {
		print_exponent(&d, 1, out);
	} else {
		print_plain(&d, out);
	}
}

/* strconv.FormatFloat(..., 'g', -1, ...) */
static void print_general(const struct decimal *d, char out[SCALAR_NUMBER_MAX])
{
	int exponent = d->point - 1;
	if (exponent < -4 || exponent >= 6) {
		print_exponent(d, 2, out);
	} else {
		print_plain(d, out);
	}
}

void scalar_yaml(const struct scalar *number, char out[SCALAR_NUMBER_MAX])
{
	if (number->type == SCALAR_INT) {
		print_int(number, out);
		return;
	}
	struct decimal d = shortest(number->real, false);
	print_general(&d, out);
}

void scalar_key(const struct scalar *number, char out[SCALAR_NUMBER_MAX])
{
	if (number->type == SCALAR_INT) {
		print_int(number, out);
		return;
	}
	double single = (double)(float)number->real;
	if (!isfinite(single)) {
		(void)strcpy(out, isnan(single) ? ".nan" : single < 0 ? "-.inf" : ".inf");
		return;
	}
	struct decimal d = shortest(single, true);
	print_general(&d, out);
}

void scalar_fixed(double real, char out[SCALAR_FIXED_MAX])
{
	struct decimal d = shortest(real, false);
	print_plain(&d, out);
}

void scalar_printed(double real, char out[SCALAR_FIXED_MAX])
{
	struct decimal d = shortest(real, false);
	if (d.point > -4 && d.point <= 21) {
		print_plain(&d, out);
	} else {
		print_exponent(&d, 2, out);
	}
}
