/*
 * Reads a regular expression by the grammar of Go's regexp/syntax (flags Perl) and writes one of the same meaning for PCRE2 with
 * the options that regex.c gives it. What Go refuses is refused: the rules are in that package's parse.go, go version 1.26.
 *
 * Beyond Go, with an error that says so: what is over the limits.
 */
#ifndef RENDER_KUSTOMIZE_REGEX_SYNTAX_H
#define RENDER_KUSTOMIZE_REGEX_SYNTAX_H

#include <stdbool.h>
#include <stddef.h>

#include "render/base/buf.h"
#include "render/base/err.h"

/* Groups in the result do not capture. `out` may have a part of it on failure. */
bool regex_syntax_write(const char *pattern, size_t len, struct buf *out, struct err *err) MUST_CHECK;

#endif
