#include "render/kustomize/fieldpath.h"

#include <string.h>

#include "render/kustomize/fieldpath_part.h"
#include "render/kustomize/hidden.h"
#include "render/kustomize/rune.h"

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

/* PathSplitter: what stands behind a backslash does not split, and in front of all the rest it makes no part. */
static struct fieldpath split_at(struct arena *arena, const char *text, char c)
{
	struct fieldpath path = { 0 };
	const char end[] = { c, '\0' };
	const char *at = *text == c ? text + 1 : text;
	while (true) {
		size_t len = strcspn(at, end);
		const char *part = arena_text_len(arena, at, len);
		const char *last = path.count ? path.parts[path.count - 1] : "";
		if (ends_with(last, '\\')) {
			path.parts[path.count - 1] = arena_printf(arena, "%.*s%c%s", (int)strlen(last) - 1, last, c, part);
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
	struct fieldpath dots = split_at(arena, text, '.');
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

struct fieldpath fieldpath_split_slashes(struct arena *arena, const char *text)
{
	return split_at(arena, text, '/');
}

/* --- looking up one place ------------------------------------------------------------------------------------------ */

struct lookup {
	struct arena *arena;
	bool makes;
	struct err *err;
};

static bool item_is(const struct tree *item, const char *key, const char *value)
{
	const struct tree *field = *key ? tree_get(item, key) : item;
	return field && (tree_is_scalar(field) ? tree_text_is(field, value) : strcmp(hidden_text(field), value) == 0);
}

static bool find_item(const struct lookup *lookup, struct tree *node, const char *part, struct tree **found)
{
	const char *key;
	const char *value;
	struct tree **items;
	size_t count;
	if (!fieldpath_split_item(lookup->arena, part, &key, &value, lookup->err) ||
	    !fieldpath_items(node, part, &items, &count, lookup->err)) {
		return false;
	}
	for (size_t i = 0; i < count && !*found; i++) {
		*found = item_is(items[i], key, value) ? items[i] : NULL;
	}
	if (!*found && lookup->makes) {
		*found = fieldpath_new_item(lookup->arena, key, value);
		hidden_append(lookup->arena, node, *found);
	}
	return true;
}

static bool find_index(const struct lookup *lookup, struct tree *node, const char *part, long index, struct tree **found)
{
	struct tree **items;
	size_t count;
	if (!fieldpath_items(node, part, &items, &count, lookup->err)) {
		return false;
	}
	bool last = strcmp(part, "-") == 0;
	if (!last && index < 0) {
		return err_set(lookup->err, ERR_INPUT, "the index '%.*s' is negative", FIELDPATH_SHOWN, part);
	}
	if (last && count == 0) {
		return err_set(lookup->err, ERR_INPUT, "'-' is the last item of an empty list");
	}
	size_t at = last ? count - 1 : (size_t)index;
	*found = at < count ? items[at] : NULL;
	return true;
}

static bool find_field(const struct lookup *lookup, struct tree *node, const char *part, const char *next, struct tree **found)
{
	if (!fieldpath_field(node, part, found, lookup->err)) {
		return false;
	}
	if (!*found && lookup->makes && !tree_is_null(node)) {
		*found = fieldpath_new(lookup->arena, next, FIELDPATH_CREATE_SCALAR);
		tree_append(lookup->arena, node, tree_new_plain(lookup->arena, part));
		tree_append(lookup->arena, node, *found);
	}
	return true;
}

static bool find_part(const struct lookup *lookup, struct tree *node, const char *part, const char *next, struct tree **found)
{
	*found = NULL;
	long index = 0;
	if (fieldpath_is_number(part, &index) || strcmp(part, "-") == 0) {
		return find_index(lookup, node, part, index, found);
	}
	if (strcmp(part, "*") == 0) {
		return err_set(lookup->err, ERR_INPUT, "'*' cannot stand in a path that leads to one field");
	}
	return fieldpath_is_item(part) ? find_item(lookup, node, part, found) : find_field(lookup, node, part, next, found);
}

/* cleanPath. */
static struct fieldpath cleaned(struct arena *arena, const struct fieldpath *path)
{
	struct fieldpath clean = { 0 };
	for (size_t i = 0; i < path->count; i++) {
		const char *part = rune_trimmed(arena, path->parts[i]);
		if (*part) {
			add_part(arena, &clean, part);
		}
	}
	return clean;
}

static bool look_up(const struct lookup *lookup, struct tree *root, const struct fieldpath *path, struct tree **found)
{
	const struct fieldpath clean = cleaned(lookup->arena, path);
	struct tree *at = root;
	for (size_t i = 0; at && i < clean.count; i++) {
		const char *next = i + 1 < clean.count ? clean.parts[i + 1] : NULL;
		if (!find_part(lookup, at, clean.parts[i], next, &at)) {
			return false;
		}
	}
	*found = at;
	return true;
}

bool fieldpath_get(struct arena *arena, struct tree *root, const struct fieldpath *path, struct tree **found, struct err *err)
{
	const struct lookup lookup = { .arena = arena, .err = err };
	return look_up(&lookup, root, path, found);
}

bool fieldpath_make(struct arena *arena, struct tree *root, const struct fieldpath *path, struct tree **found, struct err *err)
{
	const struct lookup lookup = { .arena = arena, .makes = true, .err = err };
	return look_up(&lookup, root, path, found);
}
