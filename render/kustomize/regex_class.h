/*
 * Classes of characters in regular expressions: [...], \d, [:alpha:], \pL. Written for PCRE2, see regex_syntax.h.
 */
#ifndef RENDER_KUSTOMIZE_REGEX_CLASS_H
#define RENDER_KUSTOMIZE_REGEX_CLASS_H

#include <stdbool.h>
#include <stddef.h>

#include "render/base/buf.h"
#include "render/base/err.h"

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

/* PCRE2's name (for \p{...}) of a category or script by the name that Go takes; NULL where Go takes none. */
const char *regex_class_name(const char *name, size_t len);

#endif
