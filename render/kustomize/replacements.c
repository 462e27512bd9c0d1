#include "render/kustomize/replacements.h"

#include <string.h>

#include "render/base/limits.h"
#include "render/kustomize/fieldpath.h"
#include "render/kustomize/hidden.h"
#include "render/kustomize/replacement_target.h"
#include "render/kustomize/scalartext.h"

#define DEFAULT_PATH "metadata.name"

enum { SHOWN = 100 };

/* --- the value ------------------------------------------------------------------------------------------------------ */

/* "" and "default" are the same here; upstream does not know a cluster-scoped kind from the text of an id. */
static const char *ns_or_default(const char *ns)
{
	return *ns ? ns : "default";
}

static bool id_is_source(const struct id *id, const struct source_selector *source)
{
	return (!*source->name || strcmp(source->name, id->name) == 0) &&
	       (!*source->ns || strcmp(ns_or_default(source->ns), ns_or_default(id->ns)) == 0) &&
	       gvk_selected(&id->gvk, &source->gvk);
}

static bool is_source(struct arena *arena, struct resource *resource, const struct source_selector *source)
{
	if (id_is_source(resource_id(arena, resource), source)) {
		return true;
	}
	const struct ids *previous = resource_previous(arena, resource);
	for (size_t i = 0; i < previous->count; i++) {
		if (id_is_source(&previous->items[i], source)) {
			return true;
		}
	}
	return false;
}

static const char *source_text(struct arena *arena, const struct source_selector *source)
{
	const struct id id = { .gvk = source->gvk, .name = source->name, .ns = source->ns };
	return id_text(arena, &id);
}

static struct resource *find_source(struct arena *arena, struct resmap *map, const struct source_selector *source,
                                    struct err *err)
{
	struct resource *found = NULL;
	for (size_t i = 0; i < map->count; i++) {
		if (!is_source(arena, map->items[i], source)) {
			continue;
		}
		if (found) {
			(void)err_set(err, ERR_INPUT, "source '%s' selects more than one object: '%s' and '%s'", source_text(arena, source),
			              id_text(arena, resource_id(arena, found)), id_text(arena, resource_id(arena, map->items[i])));
			return NULL;
		}
		found = map->items[i];
	}
	if (!found) {
		(void)err_set(err, ERR_INPUT, "source '%s' selects no object", source_text(arena, source));
	}
	return found;
}

/* Cuts the text at each delimiter: pieces and their number. An empty delimiter has no meaning here. */
static struct fieldpath cut(struct arena *arena, const char *text, const char *delimiter)
{
	size_t count = 1;
	for (const char *at = strstr(text, delimiter); at; at = strstr(at + strlen(delimiter), delimiter)) {
		count++;
	}
	struct fieldpath pieces = { .parts = arena_new(arena, count + 1, sizeof *pieces.parts), .count = count };
	for (size_t i = 0; i < count; i++) {
		const char *end = i + 1 < count ? strstr(text, delimiter) : text + strlen(text);
		pieces.parts[i] = arena_text_len(arena, text, (size_t)(end - text));
		text = end + strlen(delimiter) * (i + 1 < count);
	}
	return pieces;
}

/* The piece that options ask for. */
static struct tree *refine(struct arena *arena, struct tree *value, const struct field_options *options, struct err *err)
{
	if (!options || !*options->delimiter) {
		return value;
	}
	if (!tree_is_scalar(value)) {
		(void)err_set(err, ERR_INPUT, "options.delimiter is for scalars only");
		return NULL;
	}
	struct fieldpath pieces = cut(arena, value->text, options->delimiter);
	if (options->index < 0 || (size_t)options->index >= pieces.count) {
		(void)err_set(err, ERR_INPUT, "options.index %lld of the source is out of bounds: the value has %zu parts",
		              (long long)options->index, pieces.count);
		return NULL;
	}
	struct tree *piece = tree_copy(arena, value);
	tree_set_text(arena, piece, pieces.parts[options->index]);
	return piece;
}

static struct tree *value_of(struct arena *arena, struct resmap *map, const struct source_selector *source, struct err *err)
{
	struct resource *resource = find_source(arena, map, source, err);
	if (!resource) {
		return NULL;
	}
	const char *text = *source->field_path ? source->field_path : DEFAULT_PATH;
	struct fieldpath path = fieldpath_split(arena, text);
	struct tree *value;
	if (!fieldpath_get(arena, resource->root, &path, &value, err)) {
		(void)err_wrap(err, "source '%s' fieldPath '%.*s'", source_text(arena, source), SHOWN, text);
		return NULL;
	}
	if (!value || tree_is_empty(value)) {
		(void)err_set(err, ERR_INPUT, "source '%s' has no value at fieldPath '%.*s'", source_text(arena, source), SHOWN, text);
		return NULL;
	}
	return refine(arena, value, source->options, err);
}

static struct tree *replacement_value(struct arena *arena, struct resmap *map, const struct replacement *replacement,
                                      struct err *err)
{
	if ((!replacement->source && !replacement->source_value) || !replacement->targets.set) {
		(void)err_set(err, ERR_INPUT, "a source (or sourceValue) and targets must be given");
		return NULL;
	}
	if (replacement->source && replacement->source_value) {
		(void)err_set(err, ERR_INPUT, "source and sourceValue cannot both be given");
		return NULL;
	}
	if (replacement->source_value) {
		return tree_new_plain(arena, replacement->source_value);
	}
	return value_of(arena, map, replacement->source, err);
}

/* --- setting -------------------------------------------------------------------------------------------------------- */

static const char *join(struct arena *arena, const struct fieldpath *pieces, const char *delimiter)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MANIFEST_BYTES);
	for (size_t i = 0; i < pieces->count; i++) {
		(void)buf_puts(&text, i > 0 ? delimiter : "");
		(void)buf_puts(&text, pieces->parts[i]);
	}
	return arena_text_len(arena, buf_text(&text), text.len);
}

/* The field's text with the value as one of its pieces: before them, behind them, or in the place of one. */
static const char *spliced(struct arena *arena, const char *old, const char *value, const struct field_options *options)
{
	struct fieldpath pieces = cut(arena, old, options->delimiter);
	if (options->index < 0) {
		memmove(pieces.parts + 1, pieces.parts, pieces.count++ * sizeof *pieces.parts);
		pieces.parts[0] = value;
	} else if ((size_t)options->index >= pieces.count) {
		pieces.parts[pieces.count++] = value;
	} else {
		pieces.parts[options->index] = value;
	}
	return join(arena, &pieces, options->delimiter);
}

/* A scalar gets the text only: its tag stays, so that a port stays a number. */
static bool set_field(struct arena *arena, struct tree *field, const struct tree *value, const struct field_options *options,
                      struct err *err)
{
	const char *text = hidden_text(value);
	if (options && *options->delimiter) {
		if (!tree_is_scalar(field)) {
			return err_set(err, ERR_INPUT, "options.delimiter is for scalars only");
		}
		text = spliced(arena, field->text, tree_is_null(value) ? "" : text, options);
	}
	if (tree_is_scalar(field)) {
		tree_set_text(arena, field, text);
	} else {
		tree_assign(field, tree_copy(arena, value));
	}
	return true;
}

static enum fieldpath_create create_of(const struct field_options *options, const struct tree *value)
{
	if (!options || !options->create) {
		return FIELDPATH_FIND;
	}
	switch (value->kind) {
	case TREE_MAP:
		return FIELDPATH_CREATE_MAP;
	case TREE_LIST:
		return FIELDPATH_CREATE_LIST;
	case TREE_SCALAR:
		break;
	}
	return FIELDPATH_CREATE_SCALAR;
}

/* What one replacement is about. */
struct copying {
	const struct build *build;
	const struct tree *value;
	const struct field_options *options;
	enum fieldpath_create create;
};

/* A scalar whose text is YAML, on the way of a path. */
struct inner {
	struct tree *scalar;
	struct scalartext document;
	struct fieldpath rest;
};

/* The shortest part of the path that leads to one; false where there is none. */
static bool find_text(const struct copying *copying, struct tree *root, const struct fieldpath *path, struct inner *inner)
{
	for (size_t i = 1; i < path->count; i++) {
		const struct fieldpath front = { path->parts, i };
		struct tree *found;
		struct err ignored = ERR_INIT;
		if (fieldpath_get(copying->build->arena, root, &front, &found, &ignored) && tree_is_scalar(found) &&
		    scalartext_read(copying->build->arena, found->text, found->len, &inner->document, &ignored)) {
			inner->scalar = found;
			inner->rest = (struct fieldpath){ path->parts + i, path->count - i };
			return true;
		}
	}
	return false;
}

/* False where the path does not lead into a text, or the text cannot be changed: upstream tells neither, and goes on. */
static bool set_in_text(const struct copying *copying, struct tree *root, const struct fieldpath *path, bool *lost)
{
	struct arena *arena = copying->build->arena;
	struct err ignored = ERR_INIT;
	struct inner inner;
	struct fieldpath_found found = { 0 };
	if (!find_text(copying, root, path, &inner) ||
	    !fieldpath_match(arena, inner.document.root, &inner.rest, copying->create, &found, &ignored) || found.count == 0) {
		return false;
	}
	for (size_t i = 0; i < found.count; i++) {
		if (!set_field(arena, found.items[i], copying->value, NULL, &ignored)) {
			return false;
		}
	}
	struct text text;
	if (!scalartext_write(arena, &inner.document, inner.scalar->text, &text, &ignored)) {
		return false;
	}
	inner.scalar->text = text.data;
	inner.scalar->len = text.len;
	*lost = found.lost;
	return true;
}

static bool set_at(const struct copying *copying, struct tree *root, const char *text, bool *lost, struct err *err)
{
	struct arena *arena = copying->build->arena;
	struct fieldpath path = fieldpath_split(arena, text);
	if (set_in_text(copying, root, &path, lost)) {
		return true;
	}
	struct fieldpath_found found = { 0 };
	if (!fieldpath_match(arena, root, &path, copying->create, &found, err)) {
		return false;
	}
	if (found.count == 0) {
		return err_set(err, ERR_INPUT, "there is no such field%s",
		               copying->create == FIELDPATH_FIND ? " (options: {create: true} makes it)" : "");
	}
	for (size_t i = 0; i < found.count; i++) {
		if (!set_field(arena, found.items[i], copying->value, copying->options, err)) {
			return false;
		}
	}
	*lost = found.lost;
	return true;
}

/* Where nothing is given it is the name. */
static struct texts paths_of(const struct target_selector *selector)
{
	static const char *name = DEFAULT_PATH;
	return selector->field_paths.count > 0 ? selector->field_paths : (struct texts){ .items = &name, .count = 1, .set = true };
}

static bool set_all(const struct copying *copying, struct resource *resource, const struct texts *paths, struct err *err)
{
	for (size_t i = 0; i < paths->count; i++) {
		bool lost = false;
		const char *object = id_text(copying->build->arena, resource_id(copying->build->arena, resource));
		if (!set_at(copying, resource->root, paths->items[i], &lost, err)) {
			return err_wrap(err, "'%s' field '%.*s'", object, SHOWN, paths->items[i]);
		}
		if (lost) {
			build_warn(copying->build,
			           "replacement of '%.*s' in '%s' changes nothing: kustomize sets it in a copy of a text, or below "
			           "a null, and forgets it",
			           SHOWN, paths->items[i], object);
		}
	}
	return true;
}

static bool apply(const struct build *build, struct resmap *map, const struct tree *value, const struct target_selector *selector,
                  struct err *err)
{
	struct replacement_target target;
	if (!replacement_target_init(build->arena, &target, selector, err)) {
		return false;
	}
	const struct copying copying = { build, value, selector->options, create_of(selector->options, value) };
	const struct texts paths = paths_of(selector);
	bool any = false;
	for (size_t i = 0; i < map->count; i++) {
		bool selects;
		if (!replacement_target_selects(build->arena, &target, map->items[i], &selects, err)) {
			return false;
		}
		if (selects && !set_all(&copying, map->items[i], &paths, err)) {
			return false;
		}
		any = any || selects;
	}
	if (!any) {
		build_warn(build, "a target of a replacement (kind '%s', name '%s') selects no object", selector->select->gvk.kind,
		           selector->select->name);
	}
	return true;
}

static bool replace(const struct build *build, struct resmap *map, const struct replacement *replacement, struct err *err)
{
	const struct tree *value = replacement_value(build->arena, map, replacement, err);
	if (!value) {
		return false;
	}
	for (size_t i = 0; i < replacement->targets.count; i++) {
		if (!apply(build, map, value, replacement->targets.items[i], err)) {
			return err_wrap(err, "targets[%zu]", i);
		}
	}
	return true;
}

bool replacements_transform(const struct build *build, struct resmap *map, const struct replacements_config *config,
                            struct err *err)
{
	for (size_t i = 0; i < config->replacements.count; i++) {
		if (!replace(build, map, &config->replacements.items[i], err)) {
			return err_wrap(err, "replacement %zu", i + 1);
		}
	}
	return true;
}
