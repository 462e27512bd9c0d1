#include "render/kustomize/fieldpath.h"

#include <string.h>

#include "render/kustomize/fieldpath_part.h"

/* --- splitting ----------------------------------------------------------------------------------------------------- */

static void add_part(struct arena *arena, struct fieldpath *path, const char *part)
{
	size_t size = sizeof *path->parts;
	if ((path->count & (path->count - 1)) == 0) {
		size_t cap = path->count ? 2 * path->count : 1;
		path->parts = arena_grow(arena, path->parts, path->count * size, cap * size);
	}
	path->parts[path->count++] = part;
}

static bool ends_with(const char *text, char c)
{
	size_t len = strlen(text);
	return len > 0 && text[len - 1] == c;
}

/* PathSplitter: a dot behind a backslash does not split, and a first dot is no part. */
static struct fieldpath split_dots(struct arena *arena, const char *text)
{
	struct fieldpath path = { 0 };
	const char *at = *text == '.' ? text + 1 : text;
	while (true) {
		size_t len = strcspn(at, ".");
		const char *part = arena_text_len(arena, at, len);
		const char *last = path.count ? path.parts[path.count - 1] : "";
		if (ends_with(last, '\\')) {
			path.parts[path.count - 1] = arena_printf(arena, "%.*s.%s", (int)strlen(last) - 1, last, part);
		} else {
			add_part(arena, &path, part);
		}
		if (!at[len]) {
			return path;
		}
		at += len + 1;
	}
}

static const char *trim_brackets(struct arena *arena, const char *text)
{
	text += strspn(text, "[]");
	size_t len = strlen(text);
	while (len > 0 && strchr("[]", text[len - 1])) {
		len--;
	}
	return arena_text_len(arena, text, len);
}

struct fieldpath fieldpath_split(struct arena *arena, const char *text)
{
	struct fieldpath dots = split_dots(arena, text);
	struct fieldpath path = { 0 };
	for (size_t i = 0; i < dots.count; i++) {
		const char *part = dots.parts[i];
		if (*part != '[' || ends_with(part, ']')) {
			add_part(arena, &path, part);
			continue;
		}
		while (i + 1 < dots.count) {
			const char *next = dots.parts[++i];
			part = arena_printf(arena, "%s.%s", part, next);
			if (ends_with(next, ']')) {
				break;
			}
		}
		add_part(arena, &path, strchr(part, '=') ? part : trim_brackets(arena, part));
	}
	return path;
}

/* --- looking up one place ------------------------------------------------------------------------------------------ */

static bool value_is(const struct tree *node, const char *value)
{
	return tree_is_scalar(node) ? tree_text_is(node, value) : !*value;
}

static bool item_is(const struct tree *item, const char *key, const char *value)
{
	if (!*key) {
		return value_is(item, value);
	}
	const struct tree *field = tree_get(item, key);
	return field && value_is(field, value);
}

static bool find_item(struct arena *arena, struct tree *node, const char *part, struct tree **found, struct err *err)
{
	const char *key;
	const char *value;
	struct tree **items;
	size_t count;
	if (!fieldpath_split_item(arena, part, &key, &value, err) || !fieldpath_items(node, part, &items, &count, err)) {
		return false;
	}
	for (size_t i = 0; i < count && !*found; i++) {
		*found = item_is(items[i], key, value) ? items[i] : NULL;
	}
	return true;
}

static bool find_index(struct tree *node, const char *part, long index, struct tree **found, struct err *err)
{
	struct tree **items;
	size_t count;
	if (!fieldpath_items(node, part, &items, &count, err)) {
		return false;
	}
	bool last = strcmp(part, "-") == 0;
	if (!last && index < 0) {
		return err_set(err, ERR_INPUT, "the index '%.*s' is negative", FIELDPATH_SHOWN, part);
	}
	if (last && count == 0) {
		return err_set(err, ERR_INPUT, "'-' is the last item of an empty list");
	}
	size_t at = last ? count - 1 : (size_t)index;
	*found = at < count ? items[at] : NULL;
	return true;
}

static bool find_part(struct arena *arena, struct tree *node, const char *part, struct tree **found, struct err *err)
{
	*found = NULL;
	long index = 0;
	if (fieldpath_is_number(part, &index) || strcmp(part, "-") == 0) {
		return find_index(node, part, index, found, err);
	}
	if (strcmp(part, "*") == 0) {
		return err_set(err, ERR_INPUT, "'*' cannot stand in the path of a source");
	}
	return fieldpath_is_item(part) ? find_item(arena, node, part, found, err) : fieldpath_field(node, part, found, err);
}

bool fieldpath_get(struct arena *arena, struct tree *root, const struct fieldpath *path, struct tree **found, struct err *err)
{
	struct tree *at = root;
	for (size_t i = 0; i < path->count; i++) {
		const char *part = fieldpath_trim(arena, path->parts[i]);
		if (!*part) {
			continue;
		}
		if (!find_part(arena, at, part, &at, err)) {
			return false;
		}
		if (!at) {
			break;
		}
	}
	*found = at;
	return true;
}
