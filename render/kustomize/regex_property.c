#include "render/kustomize/regex_property.h"

#include <string.h>

#include "render/kustomize/rune.h"

struct addition {
	const char *names;
	const char *more;
};

/* Go's unicode.FoldCategory and FoldScript, and the letters that k and s are as well. */
static const struct addition additions[] = {
	{ "ASCII", "\\x{17f}\\x{212a}" },
	{ "L", "\\x{345}" },
	{ "M", "\\x{399}\\x{3b9}\\x{1fbe}" },
	{ "Mn", "\\x{399}\\x{3b9}\\x{1fbe}" },
	{ "sc:Common", "\\x{39c}\\x{3bc}" },
	{ "sc:Greek", "\\x{b5}\\x{345}" },
	{ "sc:Inherited", "\\x{399}\\x{3b9}\\x{1fbe}" },
};

static bool bad(struct err *err, const char *from, const char *to)
{
	return err_set(err, ERR_INPUT, "no such class: '%.*s'", (int)(to - from < 60 ? to - from : 60), from);
}

static bool find(const char *name, size_t len, struct regex_property *property)
{
	if (len > 0 && *name == '^') {
		property->negated = !property->negated;
		name++;
		len--;
	}
	property->names = regex_property_name(name, len);
	if (property->names && *property->names == '^') {
		property->negated = !property->negated;
		property->names++;
	}
	return property->names != NULL;
}

bool regex_property_read(struct regex_text *in, bool fold, struct regex_property *property, struct err *err)
{
	const char *from = in->at;
	*property = (struct regex_property){ .negated = in->at[1] == 'P', .fold = fold };
	in->at += 2;
	unsigned rune;
	size_t len = in->at < in->end ? rune_next(in->at, (size_t)(in->end - in->at), &rune) : 0;
	if (len == 0) {
		return bad(err, from, in->end);
	}
	const char *name = in->at;
	in->at += len;
	if (*name == '{') {
		const char *end = memchr(name, '}', (size_t)(in->end - name));
		if (!end) {
			return bad(err, from, in->end);
		}
		len = (size_t)(end - ++name);
		in->at = end + 1;
	}
	return find(name, len, property) || bad(err, from, in->at);
}

static void put_range(struct buf *out, const struct regex_range *range)
{
	(void)buf_printf(out, "\\x{%x}-\\x{%x}", range->first, range->last);
}

static void put_name(struct buf *out, const char *name, size_t len)
{
	static const char ascii[] = "ASCII";
	static const char unknown[] = "sc:Kawi"; /* all of which is new */
	if (len == sizeof ascii - 1 && memcmp(name, ascii, len) == 0) {
		(void)buf_puts(out, "\\x{0}-\\x{7f}");
		return;
	}
	if (len != sizeof unknown - 1 || memcmp(name, unknown, len) != 0) {
		(void)buf_printf(out, "\\p{%.*s}", (int)len, name);
	}
	size_t at = 0;
	for (const struct regex_range *range; (range = regex_property_newcomer(name, len, &at));) {
		put_range(out, range);
	}
}

void regex_property_put(struct buf *out, const struct regex_property *property)
{
	for (const char *name = property->names; *name;) {
		size_t len = strcspn(name, " ");
		put_name(out, name, len);
		name += len + (name[len] == ' ');
	}
}

static void put_additions(struct buf *out, const char *names)
{
	for (size_t i = 0; i < ARRAY_LEN(additions); i++) {
		if (strcmp(additions[i].names, names) == 0) {
			(void)buf_puts(out, additions[i].more);
		}
	}
}

/* Under the flag i the other cases are in the tables already, and PCRE2 is not to add its own. */
void regex_property_put_class(struct buf *out, const struct regex_property *property)
{
	(void)buf_puts(out, property->fold ? "(?-i:[" : "[");
	(void)buf_puts(out, property->negated ? "^" : "");
	size_t count = 0;
	const struct regex_range *cased = property->fold ? regex_property_cased(property->names, &count) : NULL;
	for (size_t i = 0; i < count; i++) {
		put_range(out, &cased[i]);
	}
	if (!cased) {
		regex_property_put(out, property);
	}
	if (property->fold) {
		put_additions(out, property->names);
	}
	(void)buf_puts(out, property->fold ? "])" : "]");
}
