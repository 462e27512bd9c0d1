#include "render/kustomize/fieldpath.h"

#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/kustomize/regex.h"
#include "render/kustomize/rune.h"
#include "render/kustomize/scalartext.h"

enum { SHOWN = 100 };
static bool is_list_item(const char *part)
{
	return part[0] == '[' && part[strlen(part) - 1] == ']';
}

/* Go's strconv.Atoi. */
static bool is_number(const char *part, long *number)
{
	const char *digits = part + (*part == '-' || *part == '+');
	if (!*digits || digits[strspn(digits, "0123456789")] || strlen(digits) > 18) {
		return false;
	}
	*number = strtol(part, NULL, 10);
	return true;
}

static bool is_index(const char *part)
{
	long number;
	return is_number(part, &number) && number >= 0;
}

static bool split_item(struct arena *arena, const char *part, const char **key, const char **value, struct err *err)
{
	size_t len = strlen(part);
	char *inner = arena_text_len(arena, part + 1, len >= 2 ? len - 2 : 0);
	char *equals = strchr(inner, '=');
	if (!equals) {
		return err_set(err, ERR_INPUT, "'%.*s' must be [key=value]", SHOWN, part);
	}
	*equals = '\0';
	*key = inner;
	*value = equals + 1;
	return true;
}

static bool wrong_kind(const char *part, const char *wanted, struct err *err)
{
	return err_set(err, ERR_INPUT, "'%.*s' is looked for in something that is no %s", SHOWN, part, wanted);
}

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

/* What kyaml's FieldMatcher says: NULL in a null; an error where there is no mapping. "" is the scalar itself, if it is "". */
static bool field_get(struct tree *node, const char *name, struct tree **found, struct err *err)
{
	*found = NULL;
	if (tree_is_null(node)) {
		return true;
	}
	if (!*name) {
		if (!tree_is_scalar(node)) {
			return wrong_kind(name, "scalar", err);
		}
		*found = node->len == 0 ? node : NULL;
		return true;
	}
	if (!tree_is_map(node) || scalartext_is_alias(node)) {
		return wrong_kind(name, "mapping", err);
	}
	*found = tree_get(node, name);
	return true;
}

static bool items_of(struct tree *node, const char *part, struct tree ***items, size_t *count, struct err *err)
{
	bool null = tree_is_null(node);
	if (!null && (!tree_is_list(node) || scalartext_is_alias(node))) {
		return wrong_kind(part, "list", err);
	}
	*items = null ? NULL : node->items;
	*count = null ? 0 : node->count;
	return true;
}

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
	if (!split_item(arena, part, &key, &value, err) || !items_of(node, part, &items, &count, err)) {
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
	if (!items_of(node, part, &items, &count, err)) {
		return false;
	}
	bool last = strcmp(part, "-") == 0;
	if (!last && index < 0) {
		return err_set(err, ERR_INPUT, "the index '%.*s' is negative", SHOWN, part);
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
	if (is_number(part, &index) || strcmp(part, "-") == 0) {
		return find_index(node, part, index, found, err);
	}
	if (strcmp(part, "*") == 0) {
		return err_set(err, ERR_INPUT, "'*' cannot stand in the path of a source");
	}
	return is_list_item(part) ? find_item(arena, node, part, found, err) : field_get(node, part, found, err);
}

/* strings.TrimSpace. */
static const char *trim_space(struct arena *arena, const char *text)
{
	size_t len = strlen(text);
	size_t from = len;
	size_t to = 0;
	for (size_t i = 0; i < len;) {
		unsigned rune;
		size_t step = rune_next(text + i, len - i, &rune);
		step = step ? step : 1;
		if (!rune_is_space(rune)) {
			from = i < from ? i : from;
			to = i + step;
		}
		i += step;
	}
	return from < to ? arena_text_len(arena, text + from, to - from) : "";
}

bool fieldpath_get(struct arena *arena, struct tree *root, const struct fieldpath *path, struct tree **found, struct err *err)
{
	struct tree *at = root;
	for (size_t i = 0; i < path->count; i++) {
		const char *part = trim_space(arena, path->parts[i]);
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

/* --- finding all places -------------------------------------------------------------------------------------------- */

struct matcher {
	struct arena *arena;
	enum fieldpath_create create;
	struct fieldpath_found *found;
	struct err *err;
};

/* The rest of a path, at a node. */
struct step {
	const char **parts;
	size_t count;
	struct tree *node;
	bool flow; /* inside of [] or {} */
};

static bool match(struct matcher *matcher, struct step step);

static void add_found(struct matcher *matcher, struct tree *node, bool flow)
{
	struct fieldpath_found *found = matcher->found;
	if (found->count == found->cap) {
		size_t cap = found->cap ? 2 * found->cap : 4;
		size_t size = sizeof *found->items;
		found->items = arena_grow(matcher->arena, found->items, found->count * size, cap * size);
		found->cap = cap;
	}
	found->items[found->count++] = (struct fieldpath_place){ node, flow };
}

static struct step step_into(const struct step *step, struct tree *node)
{
	return (struct step){ step->parts + 1, step->count - 1, node, step->flow || step->node->flow };
}

/* What is made where the part behind it is `next`: NULL or "" for none. */
static struct tree *make_for(struct matcher *matcher, const char *next)
{
	if (next && (is_list_item(next) || is_index(next))) {
		return tree_new_list(matcher->arena);
	}
	if (next && *next) {
		return tree_new_map(matcher->arena);
	}
	switch (matcher->create) {
	case FIELDPATH_CREATE_LIST:
		return tree_new_list(matcher->arena);
	case FIELDPATH_CREATE_MAP:
		return tree_new_map(matcher->arena);
	case FIELDPATH_FIND:
	case FIELDPATH_CREATE_SCALAR:
		break;
	}
	return tree_new_plain(matcher->arena, "");
}

static struct tree *make_next(struct matcher *matcher, const struct step *step)
{
	return make_for(matcher, step->count > 1 ? step->parts[1] : NULL);
}

/* kyaml goes on in what the text of the scalar parses to, and forgets it: see replacements.h. */
static bool match_in_text(struct matcher *matcher, const struct step *step, const struct tree *scalar)
{
	struct scalartext copy;
	if (!scalartext_read(matcher->arena, scalar->text, scalar->len, &copy, matcher->err)) {
		return err_wrap(matcher->err, "the text of '%.*s'", SHOWN, step->parts[0]);
	}
	matcher->found->lost = true;
	return match(matcher, step_into(step, copy.root));
}

static bool match_field(struct matcher *matcher, const struct step *step)
{
	struct tree *field;
	if (!field_get(step->node, step->parts[0], &field, matcher->err)) {
		return false;
	}
	if (!field) {
		if (matcher->create == FIELDPATH_FIND) {
			return true;
		}
		field = make_next(matcher, step);
		if (tree_is_null(step->node)) {
			matcher->found->lost = true; /* kyaml hangs it below the null, which is written as null all the same */
		} else if (tree_is_map(step->node)) {
			tree_append(matcher->arena, step->node, tree_new_plain(matcher->arena, step->parts[0]));
			tree_append(matcher->arena, step->node, field);
		}
	}
	if (tree_is_scalar(field) && step->count > 1) {
		return match_in_text(matcher, step, field);
	}
	return match(matcher, step_into(step, field));
}

/* The list itself, or for a null one that is not part of the object. */
static struct tree *list_of(struct matcher *matcher, struct tree *node)
{
	if (!tree_is_null(node)) {
		return node;
	}
	matcher->found->lost = true;
	return tree_new_list(matcher->arena);
}

static bool match_index(struct matcher *matcher, const struct step *step)
{
	struct tree **items;
	size_t count;
	long index = strtol(step->parts[0], NULL, 10);
	if (!items_of(step->node, step->parts[0], &items, &count, matcher->err)) {
		return false;
	}
	if (count == (size_t)index && matcher->create != FIELDPATH_FIND) {
		struct tree *list = list_of(matcher, step->node);
		tree_append(matcher->arena, list, make_next(matcher, step));
		items = list->items;
		count++;
	}
	if (count < (size_t)index + 1) {
		return err_set(matcher->err, ERR_INPUT, "index %ld, but there are %zu items", index, count);
	}
	return match(matcher, step_into(step, items[index]));
}

static bool match_every(struct matcher *matcher, const struct step *step)
{
	struct tree **items;
	size_t count;
	if (!items_of(step->node, step->parts[0], &items, &count, matcher->err)) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (!match(matcher, step_into(step, items[i]))) {
			return false;
		}
	}
	return true;
}

/* What kyaml matches against: the value as it would be written, with its quotes. */
static bool value_matches(struct matcher *matcher, const struct regex *regex, const struct tree *value, bool *matches)
{
	const char *text = trim_space(matcher->arena, scalartext_node(matcher->arena, value));
	return regex_match(regex, text, strlen(text), matches, matcher->err);
}

/* The rest of the path is not looked at where the items are scalars. */
static bool match_item(struct matcher *matcher, const struct step *step, const char *key, const struct regex *regex,
                       struct tree *item)
{
	const struct tree *value = *key ? tree_get(item, key) : item;
	bool matches = false;
	if (value && !value_matches(matcher, regex, value, &matches)) {
		return false;
	}
	if (matches && !*key) {
		add_found(matcher, item, step->flow || step->node->flow);
	}
	return !matches || !*key || match(matcher, step_into(step, item));
}

static bool match_items(struct matcher *matcher, const struct step *step, const char *key, const char *value)
{
	struct tree **items;
	size_t count;
	if (!items_of(step->node, step->parts[0], &items, &count, matcher->err)) {
		return false;
	}
	const struct regex *regex = count > 0 ? regex_new(matcher->arena, value, matcher->err) : NULL;
	if (count > 0 && !regex) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (!match_item(matcher, step, key, regex, items[i])) {
			return false;
		}
	}
	return true;
}

static struct tree *make_item(struct matcher *matcher, const char *key, const char *value)
{
	struct tree *scalar = tree_new_plain(matcher->arena, value);
	if (!*key) {
		return scalar;
	}
	struct tree *map = tree_new_map(matcher->arena);
	tree_append(matcher->arena, map, tree_new_plain(matcher->arena, key));
	tree_append(matcher->arena, map, scalar);
	return map;
}

static bool match_list(struct matcher *matcher, const struct step *step)
{
	const char *key;
	const char *value;
	if (!split_item(matcher->arena, step->parts[0], &key, &value, matcher->err)) {
		return false;
	}
	size_t before = matcher->found->count;
	bool fine = match_items(matcher, step, key, value);
	if (!fine || matcher->create == FIELDPATH_FIND || matcher->found->count > before) {
		return fine;
	}
	struct step again = *step;
	again.node = list_of(matcher, step->node);
	tree_append(matcher->arena, again.node, make_item(matcher, key, value));
	if (!match_items(matcher, &again, key, value)) {
		return false;
	}
	/* Upstream would make another one, and so on without end. */
	return matcher->found->count > before ||
	       err_set(matcher->err, ERR_INPUT, "an item made for '%.*s' does not match it", SHOWN, step->parts[0]);
}

static bool match(struct matcher *matcher, struct step step)
{
	if (step.count == 0) {
		add_found(matcher, step.node, step.flow);
		return true;
	}
	const char *part = step.parts[0];
	if (is_index(part)) {
		return match_index(matcher, &step);
	}
	if (strcmp(part, "*") == 0) {
		return match_every(matcher, &step);
	}
	return is_list_item(part) ? match_list(matcher, &step) : match_field(matcher, &step);
}

bool fieldpath_match(struct arena *arena, struct tree *root, const struct fieldpath *path, enum fieldpath_create create,
                     struct fieldpath_found *found, struct err *err)
{
	if (path->count > LIMIT_DEPTH) {
		return err_set(err, ERR_LIMIT, "a field path has more than %zu parts", LIMIT_DEPTH);
	}
	struct matcher matcher = { .arena = arena, .create = create, .found = found, .err = err };
	return match(&matcher, (struct step){ path->parts, path->count, root, false });
}
