#include <string.h>

#include "render/kustomize/regex_class.h"
#include "render/kustomize/rune.h"

enum { RUNE_MAX = 0x10ffff };

void regex_class_put(struct buf *out, unsigned rune)
{
	bool word = (rune >= '0' && rune <= '9') || ((rune | 0x20U) >= 'a' && (rune | 0x20U) <= 'z') || rune == '_';
	if (rune < 0x80 && word) {
		(void)buf_putc(out, (char)rune);
	} else if (rune > ' ' && rune < 0x7f) {
		(void)buf_printf(out, "\\%c", (char)rune);
	} else {
		(void)buf_printf(out, "\\x{%x}", rune);
	}
}

static int hex_digit(unsigned rune)
{
	if (rune >= '0' && rune <= '9') {
		return (int)(rune - '0');
	}
	unsigned small = rune | 0x20U;
	return rune < 0x80 && small >= 'a' && small <= 'f' ? (int)(small - 'a' + 10) : -1;
}

/* What stands behind \x: two digits, or any number of them in braces. */
static bool read_hex(struct regex_text *in, unsigned *rune)
{
	const char *at = in->at;
	unsigned value = 0;
	if (at < in->end && *at == '{') {
		const char *first = ++at;
		for (; at < in->end && hex_digit((unsigned char)*at) >= 0; at++) {
			value = value * 16 + (unsigned)hex_digit((unsigned char)*at);
			if (value > RUNE_MAX) {
				return false;
			}
		}
		if (at == first || at == in->end || *at != '}') {
			return false;
		}
		at++;
	} else {
		for (int i = 0; i < 2; i++, at++) {
			int digit = at < in->end ? hex_digit((unsigned char)*at) : -1;
			if (digit < 0) {
				return false;
			}
			value = value * 16 + (unsigned)digit;
		}
	}
	in->at = at;
	*rune = value;
	return true;
}

static bool is_octal(const struct regex_text *in)
{
	return in->at < in->end && *in->at >= '0' && *in->at <= '7';
}

static bool read_octal(struct regex_text *in, unsigned first, unsigned *rune)
{
	if (first != 0 && !is_octal(in)) {
		return false; /* it would be a back reference */
	}
	*rune = first;
	for (int i = 1; i < 3 && is_octal(in); i++) {
		*rune = *rune * 8 + (unsigned)(*in->at++ - '0');
	}
	return true;
}

static bool read_named(struct regex_text *in, unsigned c, unsigned *rune)
{
	static const char letters[] = "afnrtv";
	static const char meaning[] = "\a\f\n\r\t\v";
	if (c >= 0x80) {
		return false;
	}
	if (c >= '0' && c <= '7') {
		return read_octal(in, c - '0', rune);
	}
	if (c == 'x') {
		return read_hex(in, rune);
	}
	const char *letter = c ? strchr(letters, (int)c) : NULL;
	bool word = (c >= '0' && c <= '9') || ((c | 0x20U) >= 'a' && (c | 0x20U) <= 'z');
	*rune = letter ? (unsigned)meaning[letter - letters] : c;
	return letter || !word;
}

bool regex_class_escape(struct regex_text *in, unsigned *rune, struct err *err)
{
	const char *from = in->at++;
	if (in->at == in->end) {
		return err_set(err, ERR_INPUT, "a backslash at the end");
	}
	unsigned c;
	size_t len = rune_next(in->at, (size_t)(in->end - in->at), &c);
	if (len == 0) {
		return err_set(err, ERR_INPUT, "it is not UTF-8");
	}
	in->at += len;
	return read_named(in, c, rune) || err_set(err, ERR_INPUT, "no such escape: '%.*s'", (int)(in->at - from), from);
}
