#include "render/kustomize/regex_class.h"

#include <string.h>

#include "render/kustomize/regex_property.h"
#include "render/kustomize/rune.h"

enum {
	RUNE_MAX = 0x10ffff,
	/* Go's unicode.SimpleFold changes nothing outside of these. */
	FOLD_FIRST = 0x41,
	FOLD_LAST = 0x1e943,
};

/* A set of ASCII: pairs of first and last. Negated it has all the rest of Unicode. */
struct group {
	const char *name;
	const char *ranges;
};

static const struct group perl_groups[] = {
	{ "d", "09" },
	{ "s", "\t\n\f\r  " },
	{ "w", "09AZ__az" },
};

static const struct group posix_groups[] = {
	{ "alnum", "09AZaz" }, { "alpha", "AZaz" }, { "ascii", NULL },      { "blank", "\t\t  " },  { "cntrl", NULL },
	{ "digit", "09" },     { "graph", "!~" },   { "lower", "az" },      { "print", " ~" },      { "punct", "!/:@[`{~" },
	{ "space", "\t\r  " }, { "upper", "AZ" },   { "word", "09AZ__az" }, { "xdigit", "09AFaf" },
};

/* What a class is written from: items for between the brackets, and whole alternatives to them, each with '|' in front. */
struct class
{
	struct buf items;
	struct buf others;
	bool fold;
};

static bool bad(struct err *err, const char *what, const char *from, const char *to)
{
	return err_set(err, ERR_INPUT, "%s: '%.*s'", what, (int)(to - from < 60 ? to - from : 60), from);
}

static void put_range(struct buf *out, unsigned first, unsigned last)
{
	regex_class_put(out, first);
	if (last != first) {
		(void)buf_putc(out, '-');
		regex_class_put(out, last);
	}
}

/* --- named sets -------------------------------------------------------------------------------------------------- */

static void put_rest(struct buf *out, const char *ranges)
{
	unsigned next = 0;
	for (; *ranges; ranges += 2) {
		if ((unsigned char)ranges[0] > next) {
			put_range(out, next, (unsigned char)ranges[0] - 1U);
		}
		next = (unsigned char)ranges[1] + 1U;
	}
	put_range(out, next, RUNE_MAX);
}

static void put_ranges(struct buf *out, const char *ranges)
{
	for (; *ranges; ranges += 2) {
		put_range(out, (unsigned char)ranges[0], (unsigned char)ranges[1]);
	}
}

/* Not a set of characters and its other cases: PCRE2 has to fold before it negates. */
static void add_group(struct class *class, const char *ranges, bool negated)
{
	if (!negated) {
		put_ranges(&class->items, ranges);
	} else if (!class->fold) {
		put_rest(&class->items, ranges);
	} else {
		(void)buf_puts(&class->others, "|[^");
		put_ranges(&class->others, ranges);
		(void)buf_putc(&class->others, ']');
	}
}

/* The ranges that have a NUL in them cannot be written as text. */
static void add_posix(struct class *class, const struct group *group, bool negated)
{
	if (group->ranges) {
		add_group(class, group->ranges, negated);
		return;
	}
	bool ascii = group->name[0] == 'a';
	const char *in = ascii ? "\\x{0}-\\x{7f}" : "\\x{0}-\\x{1f}\\x{7f}";
	const char *out = ascii ? "\\x{80}-\\x{10ffff}" : "\\x{20}-\\x{7e}\\x{80}-\\x{10ffff}";
	if (negated && class->fold) {
		(void)buf_printf(&class->others, "|[^%s]", in);
	} else {
		(void)buf_puts(&class->items, negated ? out : in);
	}
}

static const struct group *group_find(const struct group *groups, size_t count, const char *name, size_t len)
{
	for (size_t i = 0; i < count; i++) {
		if (strlen(groups[i].name) == len && memcmp(groups[i].name, name, len) == 0) {
			return &groups[i];
		}
	}
	return NULL;
}

static bool perl_escape(struct regex_text *in, const struct group **group, bool *negated)
{
	if (in->end - in->at < 2 || in->at[0] != '\\') {
		return false;
	}
	char small = (char)(in->at[1] | 0x20);
	*group = group_find(perl_groups, ARRAY_LEN(perl_groups), &small, 1);
	*negated = in->at[1] != small;
	bool letter = in->at[1] >= 'A';
	in->at += *group && letter ? 2 : 0;
	return *group && letter;
}

bool regex_class_perl(struct regex_text *in, struct buf *out)
{
	const struct group *group;
	bool negated;
	if (!perl_escape(in, &group, &negated)) {
		return false;
	}
	(void)buf_puts(out, negated ? "[^" : "[");
	put_ranges(out, group->ranges);
	(void)buf_putc(out, ']');
	return true;
}

/* *found is false where `in` has no [:name:]. */
static bool read_posix(struct regex_text *in, struct class *class, bool *found, struct err *err)
{
	*found = false;
	size_t len = (size_t)(in->end - in->at);
	const char *end = len > 2 && in->at[1] == ':' ? memmem(in->at + 2, len - 2, ":]", 2) : NULL;
	if (!end) {
		return true;
	}
	const char *name = in->at + 2;
	bool negated = name < end && *name == '^';
	name += negated;
	const struct group *group = group_find(posix_groups, ARRAY_LEN(posix_groups), name, (size_t)(end - name));
	if (!group) {
		return bad(err, "no such class", in->at, end + 2);
	}
	add_posix(class, group, negated);
	in->at = end + 2;
	*found = true;
	return true;
}

/* --- Unicode ----------------------------------------------------------------------------------------------------- */

bool regex_class_unicode(struct regex_text *in, bool fold, struct buf *out, struct err *err)
{
	struct regex_property property;
	if (!regex_property_read(in, fold, &property, err)) {
		return false;
	}
	regex_property_put_class(out, &property);
	return true;
}

static void add_property(struct class *class, const struct regex_property *property)
{
	if (property->negated || property->fold) {
		(void)buf_putc(&class->others, '|');
		regex_property_put_class(&class->others, property);
	} else {
		regex_property_put(&class->items, property);
	}
}

/* --- brackets ---------------------------------------------------------------------------------------------------- */

static bool read_rune(struct regex_text *in, unsigned *rune, struct err *err)
{
	if (in->at == in->end) {
		return err_set(err, ERR_INPUT, "a missing ]");
	}
	if (*in->at == '\\') {
		return regex_class_escape(in, rune, err);
	}
	size_t len = rune_next(in->at, (size_t)(in->end - in->at), rune);
	in->at += len;
	return len > 0 || err_set(err, ERR_INPUT, "it is not UTF-8");
}

/* Folding a wide range takes PCRE2 long, and changes nothing in what lies outside of the letters. */
static void add_range(struct class *class, unsigned first, unsigned last)
{
	if (class->fold && first <= FOLD_FIRST && last >= FOLD_LAST) {
		(void)buf_puts(&class->others, "|(?-i:[");
		put_range(&class->others, first, last);
		(void)buf_puts(&class->others, "])");
	} else {
		put_range(&class->items, first, last);
	}
}

static bool read_range(struct regex_text *in, struct class *class, struct err *err)
{
	const char *from = in->at;
	unsigned first;
	if (!read_rune(in, &first, err)) {
		return false;
	}
	unsigned last = first;
	if (in->end - in->at >= 2 && in->at[0] == '-' && in->at[1] != ']') {
		in->at++;
		if (!read_rune(in, &last, err)) {
			return false;
		}
	}
	if (last < first) {
		return bad(err, "the range ends before it starts", from, in->at);
	}
	add_range(class, first, last);
	return true;
}

static bool read_item(struct regex_text *in, struct class *class, struct err *err)
{
	if (in->at < in->end && *in->at == '[') {
		bool found;
		if (!read_posix(in, class, &found, err) || found) {
			return found;
		}
	}
	if (in->end - in->at >= 2 && in->at[0] == '\\' && (in->at[1] | 0x20) == 'p') {
		struct regex_property property;
		if (!regex_property_read(in, class->fold, &property, err)) {
			return false;
		}
		add_property(class, &property);
		return true;
	}
	const struct group *group;
	bool negated;
	if (perl_escape(in, &group, &negated)) {
		add_group(class, group->ranges, negated);
		return true;
	}
	return read_range(in, class, err);
}

/* [items], (?:[items]|other) or, negated, any character of which that is not true. */
static void class_put(const struct class *class, bool negated, struct buf *out)
{
	if (class->others.len == 0) {
		(void)buf_printf(out, "[%s%s]", negated ? "^" : "", buf_text(&class->items));
		return;
	}
	(void)buf_puts(out, negated ? "(?:(?!" : "(?:");
	if (class->items.len > 0) {
		(void)buf_printf(out, "[%s]", buf_text(&class->items));
	}
	(void)buf_puts(out, buf_text(&class->others) + (class->items.len == 0));
	(void)buf_puts(out, negated ? ").)" : ")");
}

bool regex_class_bracket(struct regex_text *in, bool fold, struct buf *out, struct err *err)
{
	CLEANUP(buf_release) struct buf items = BUF_INIT(REGEX_CLASS_BYTES);
	CLEANUP(buf_release) struct buf others = BUF_INIT(REGEX_CLASS_BYTES);
	struct class class = { .items = items, .others = others, .fold = fold };
	in->at++;
	bool negated = in->at < in->end && *in->at == '^';
	in->at += negated;
	bool good = true;
	for (bool first = true; good && (in->at == in->end || *in->at != ']' || first); first = false) {
		good = read_item(in, &class, err);
	}
	if (good) {
		in->at++;
		class_put(&class, negated, out);
	}
	items = class.items;
	others = class.others;
	return good;
}
