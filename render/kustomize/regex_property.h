/*
 * Properties of characters in regular expressions, \pL and \p{Greek}, as Go 1.26 has them: by Unicode 15.0, and with what its
 * tables add under the flag i. PCRE2's are of Unicode 14.0, and it folds some of them another way: the difference is in
 * regex_ranges.c.
 */
#ifndef RENDER_KUSTOMIZE_REGEX_PROPERTY_H
#define RENDER_KUSTOMIZE_REGEX_PROPERTY_H

#include <stdbool.h>
#include <stddef.h>

#include "render/base/buf.h"
#include "render/base/err.h"
#include "render/kustomize/regex_class.h"

struct regex_property {
	const char *names; /* see regex_property_name, without the ^ */
	bool negated;
	bool fold;
};

/* `in` begins with \p or \P. */
bool regex_property_read(struct regex_text *in, bool fold, struct regex_property *property, struct err *err) MUST_CHECK;

/* For between brackets. The property is neither negated nor under the flag i. */
void regex_property_put(struct buf *out, const struct regex_property *property);

/* One atom, brackets and all. */
void regex_property_put_class(struct buf *out, const struct regex_property *property);

/*
 * What a name that Go takes is to PCRE2: a name for \p{...}, "ASCII", or several names with spaces between, any of which will
 * do; ^ in front is what none of them has. NULL where Go takes none.
 */
const char *regex_property_name(const char *name, size_t len);

/* --- regex_ranges.c ---------------------------------------------------------------------------------------------- */

struct regex_range {
	unsigned first;
	unsigned last;
};

/* All of a category under the flag i; NULL for any but Lu, Ll and Lt. */
const struct regex_range *regex_property_cased(const char *name, size_t *count);

/* The next, from *at on, that has one of PCRE2's names and is too new for PCRE2; NULL behind the last. */
const struct regex_range *regex_property_newcomer(const char *name, size_t len, size_t *at);

#endif
