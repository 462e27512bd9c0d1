#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/kustomize/fieldpath.h"
#include "render/kustomize/fieldpath_part.h"
#include "render/kustomize/hidden.h"
#include "render/kustomize/regex.h"
#include "render/kustomize/scalartext.h"

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
};

static bool match(struct matcher *matcher, struct step step);

static void add_found(struct matcher *matcher, struct tree *node)
{
	struct fieldpath_found *found = matcher->found;
	if (found->count == found->cap) {
		size_t cap = found->cap ? 2 * found->cap : 4;
		size_t size = sizeof *found->items;
		found->items = arena_grow(matcher->arena, found->items, found->count * size, cap * size);
		found->cap = cap;
	}
	found->items[found->count++] = node;
}

static struct step step_into(const struct step *step, struct tree *node)
{
	return (struct step){ step->parts + 1, step->count - 1, node };
}

/* Below a null it is not seen. */
static void append(struct matcher *matcher, struct tree *to, struct tree *item)
{
	matcher->found->lost = matcher->found->lost || to->kind == TREE_SCALAR;
	hidden_append(matcher->arena, to, item);
}

static struct tree *make_next(struct matcher *matcher, const struct step *step)
{
	return fieldpath_new(matcher->arena, step->count > 1 ? step->parts[1] : NULL, matcher->create);
}

/* kyaml goes on in what the text of the scalar parses to, and forgets it: see replacements.h. */
static bool match_in_text(struct matcher *matcher, const struct step *step, const struct tree *scalar)
{
	struct scalartext copy;
	if (!scalartext_read(matcher->arena, scalar->text, scalar->len, &copy, matcher->err)) {
		return err_wrap(matcher->err, "the text of '%.*s'", FIELDPATH_SHOWN, step->parts[0]);
	}
	matcher->found->lost = true;
	return match(matcher, step_into(step, copy.root));
}

static void add_field(struct matcher *matcher, const struct step *step, struct tree *field)
{
	if (*step->parts[0]) {
		append(matcher, step->node, tree_new_plain(matcher->arena, step->parts[0]));
		append(matcher, step->node, field);
		return;
	}
	/* A field without a name is the node itself, which kyaml makes a copy of the new one. */
	tree_take_style(field, step->node);
	tree_assign(step->node, field);
	matcher->found->lost = true;
}

static bool match_field(struct matcher *matcher, const struct step *step)
{
	struct tree *field;
	if (!fieldpath_field(step->node, step->parts[0], &field, matcher->err)) {
		return false;
	}
	if (!field) {
		if (matcher->create == FIELDPATH_FIND) {
			return true;
		}
		field = make_next(matcher, step);
		add_field(matcher, step, field);
	}
	if (tree_is_scalar(field) && step->count > 1) {
		return match_in_text(matcher, step, field);
	}
	return match(matcher, step_into(step, field));
}

static bool match_index(struct matcher *matcher, const struct step *step)
{
	struct tree **items;
	size_t count;
	long index = strtol(step->parts[0], NULL, 10);
	if (!fieldpath_items(step->node, step->parts[0], &items, &count, matcher->err)) {
		return false;
	}
	if (count == (size_t)index && matcher->create != FIELDPATH_FIND) {
		append(matcher, step->node, make_next(matcher, step));
		if (!fieldpath_items(step->node, step->parts[0], &items, &count, matcher->err)) {
			return false;
		}
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
	if (!fieldpath_items(step->node, step->parts[0], &items, &count, matcher->err)) {
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
	const char *text = scalartext_node(matcher->arena, value);
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
		add_found(matcher, item);
	}
	return !matches || !*key || match(matcher, step_into(step, item));
}

static bool match_items(struct matcher *matcher, const struct step *step, const char *key, const char *value)
{
	struct tree **items;
	size_t count;
	if (!fieldpath_items(step->node, step->parts[0], &items, &count, matcher->err)) {
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

static bool match_list(struct matcher *matcher, const struct step *step)
{
	const char *key;
	const char *value;
	if (!fieldpath_split_item(matcher->arena, step->parts[0], &key, &value, matcher->err)) {
		return false;
	}
	size_t before = matcher->found->count;
	bool fine = match_items(matcher, step, key, value);
	if (!fine || matcher->create == FIELDPATH_FIND || matcher->found->count > before) {
		return fine;
	}
	append(matcher, step->node, fieldpath_new_item(matcher->arena, key, value));
	if (!match_items(matcher, step, key, value)) {
		return false;
	}
	/* Upstream would make another one, and so on without end. */
	return matcher->found->count > before ||
	       err_set(matcher->err, ERR_INPUT, "an item made for '%.*s' does not match it", FIELDPATH_SHOWN, step->parts[0]);
}

static bool match(struct matcher *matcher, struct step step)
{
	if (step.count == 0) {
		add_found(matcher, step.node);
		return true;
	}
	const char *part = step.parts[0];
	if (fieldpath_is_index(part)) {
		return match_index(matcher, &step);
	}
	if (strcmp(part, "*") == 0) {
		return match_every(matcher, &step);
	}
	return fieldpath_is_item(part) ? match_list(matcher, &step) : match_field(matcher, &step);
}

bool fieldpath_match(struct arena *arena, struct tree *root, const struct fieldpath *path, enum fieldpath_create create,
                     struct fieldpath_found *found, struct err *err)
{
	if (path->count > LIMIT_DEPTH) {
		return err_set(err, ERR_LIMIT, "a field path has more than %zu parts", LIMIT_DEPTH);
	}
	struct matcher matcher = { .arena = arena, .create = create, .found = found, .err = err };
	return match(&matcher, (struct step){ path->parts, path->count, root });
}
