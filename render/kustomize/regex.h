/*
 * Regular expressions as Go's regexp package takes them (RE2's syntax, Perl flags), for selectors, images and replacements.
 * The grammar is Go's, checked here (regex_syntax.h): no lookaround, back references, possessive quantifiers. Matching is
 * PCRE2's, with the same meaning: only `$` without the flag m, \s, \w, \b, case folding and classes are spelt out for it.
 * Only whether there is a match is told, so that leftmost-first or longest makes no difference.
 *
 * Bounded: LIMIT_REGEX_BYTES and LIMIT_REGEX_DEPTH for the expression, LIMIT_REGEX_STEPS and LIMIT_REGEX_HEAP_KIB for one match.
 */
#ifndef RENDER_KUSTOMIZE_REGEX_H
#define RENDER_KUSTOMIZE_REGEX_H

#include <stdbool.h>
#include <stddef.h>

#include "render/base/arena.h"
#include "render/base/err.h"

struct regex;

/* Finds anywhere in a text. NULL where Go's regexp.Compile refuses: the error names the expression and what is wrong. */
struct regex *regex_new(struct arena *arena, const char *pattern, struct err *err);

/* Takes a whole text only: `^(?:pattern)$`, put together before it is read, as Kustomize's selectors do. "" takes every text. */
struct regex *regex_new_whole(struct arena *arena, const char *pattern, struct err *err);

/* Sets *matches. false where the match took more than its limit. */
bool regex_match(const struct regex *regex, const char *text, size_t len, bool *matches, struct err *err) MUST_CHECK;

#endif
