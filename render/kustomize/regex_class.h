/*
 * Classes of characters in regular expressions: [...], \d, [:alpha:], \pL. Written for PCRE2, see regex_syntax.h.
 */
#ifndef RENDER_KUSTOMIZE_REGEX_CLASS_H
#define RENDER_KUSTOMIZE_REGEX_CLASS_H

#include <stdbool.h>
#include <stddef.h>

#include "render/base/buf.h"
#include "render/base/err.h"
#include "render/base/limits.h"

/* More than the longest expression can come to: \p{Lu}, six bytes of LIMIT_REGEX_BYTES, becomes some 3 KiB under the flag i. */
#define REGEX_CLASS_BYTES LIMIT_MIB(8)

/* What is still to be read. */
struct regex_text {
	const char *at;
	const char *end;
};

/* `in` begins with `[`. `fold` is the flag i, which `out` is under as well. */
bool regex_class_bracket(struct regex_text *in, bool fold, struct buf *out, struct err *err) MUST_CHECK;

/* True, and read and written, where `in` begins with \d, \D, \s, \S, \w or \W. */
bool regex_class_perl(struct regex_text *in, struct buf *out);

/* `in` begins with \p or \P. */
bool regex_class_unicode(struct regex_text *in, bool fold, struct buf *out, struct err *err) MUST_CHECK;

/* A character behind a backslash, which `in` begins with. */
bool regex_class_escape(struct regex_text *in, unsigned *rune, struct err *err) MUST_CHECK;

/* One character, so that PCRE2 takes it for itself inside a class and outside. */
void regex_class_put(struct buf *out, unsigned rune);

#endif
