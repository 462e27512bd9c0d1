#include "render/kustomize/fieldspec.h"

#include <stdlib.h>
#include <string.h>

#include "render/kustomize/hidden.h"
#include "render/kustomize/resource.h"
#include "render/kustomize/rune.h"
#include "render/kustomize/setter.h"

/* A path at work. */
struct walk {
	struct arena *arena;
	const struct fieldspec *spec;
	const struct fieldspec_visitor *visitor;
	struct err *err;
};

/* --- paths ------------------------------------------------------------------------------------------------------- */

enum { NAME_BYTES = 128 };

/* The next name of a path; a longer one than fits is in the arena. */
struct name {
	const char *text;
	size_t len;
	bool last;
	char bytes[NAME_BYTES];
};

/* Takes the next name off the path. One that ends in a backslash goes on behind the slash. */
static const char *take_name(struct arena *arena, const char *path, struct name *name)
{
	char *text = name->bytes;
	if (strlen(path) >= NAME_BYTES) {
		text = arena_text(arena, path);
	}
	name->len = 0;
	for (; *path && (*path != '/' || (name->len && text[name->len - 1] == '\\')); path++) {
		name->len -= *path == '/';
		text[name->len++] = *path;
	}
	text[name->len] = '\0';
	name->text = text;
	name->last = !*path;
	return name->last ? path : path + 1;
}

/* Such a name has a meaning of its own in Kustomize's look-ups: an index, the last item, any item, an item by its fields. */
static bool is_item_name(const char *name, size_t len)
{
	size_t sign = len > 1 && (*name == '-' || *name == '+');
	bool number = len > sign && strspn(name + sign, "0123456789") >= len - sign;
	return number || (len == 1 && (*name == '-' || *name == '*')) || (*name == '[' && name[len - 1] == ']');
}

static bool take_brackets(struct name *name)
{
	bool brackets = name->len >= 2 && strcmp(name->text + name->len - 2, "[]") == 0;
	name->len -= brackets ? 2 : 0;
	return brackets;
}

/* --- the walk ---------------------------------------------------------------------------------------------------- */

/* `path` NULL: this is the field. */
static bool walk_on(const struct walk *walk, struct tree *at, const char *path);

/* What is to be a scalar keeps its text until the visitor sets it. */
static void change_null(struct arena *arena, struct tree *null, enum tree_kind kind, const char *tag)
{
	if (kind == TREE_SCALAR) {
		null->tag = tag ? tag : TREE_STR;
		return;
	}
	hidden_become(arena, null, kind, kind == TREE_MAP ? TREE_MAP_TAG : TREE_NONE);
}

static struct tree *new_field(const struct walk *walk, enum tree_kind kind)
{
	switch (kind) {
	case TREE_MAP:
		return tree_new_map(walk->arena);
	case TREE_LIST:
		return tree_new_list(walk->arena);
	case TREE_SCALAR:
	default:
		return tree_new_string(walk->arena, "");
	}
}

/* The field of that name, made where it may be; NULL where there is none. */
static struct tree *step(const struct walk *walk, struct tree *map, const char *name, enum tree_kind kind, bool creates)
{
	struct tree *field = tree_get(map, name);
	if (!field && creates) {
		field = new_field(walk, kind);
		setter_put(walk->arena, map, name, TREE_PLAIN, field);
	}
	return field;
}

/* The name without the white space around it, which hardly any has. */
static const char *trim(struct arena *arena, const char *name, size_t len)
{
	unsigned char first = (unsigned char)name[0], last = (unsigned char)name[len - 1];
	bool plain = first > ' ' && first < 0x80 && last > ' ' && last < 0x80;
	return plain ? name : rune_trimmed(arena, name);
}

static bool walk_map(const struct walk *walk, struct tree *map, const char *path)
{
	struct name part;
	const char *rest = take_name(walk->arena, path, &part);
	bool list_wanted = take_brackets(&part);
	if (part.len == 0) {
		return err_set(walk->err, ERR_INPUT, "a name in the path is empty");
	}
	char *bytes = part.text == part.bytes ? part.bytes : arena_text(walk->arena, part.text);
	bytes[part.len] = '\0';
	const char *name = trim(walk->arena, bytes, part.len);
	if (!*name) {
		return walk_on(walk, map, part.last ? NULL : rest);
	}
	if (is_item_name(name, strlen(name))) {
		return err_set(walk->err, ERR_INPUT, "'%.100s' is no name of a field", name);
	}
	bool creates = walk->spec->create && walk->visitor->creates && !list_wanted;
	enum tree_kind kind = list_wanted ? TREE_LIST : part.last ? walk->visitor->kind : TREE_MAP;
	struct tree *field = step(walk, map, name, kind, creates);
	if (!field) {
		return true;
	}
	if (tree_is_null(field) && (creates || list_wanted)) {
		change_null(walk->arena, field, kind, walk->visitor->null_tag);
	}
	return walk_on(walk, field, part.last ? NULL : rest);
}

static bool walk_on(const struct walk *walk, struct tree *at, const char *path)
{
	if (!path) {
		return walk->visitor->visit(walk->visitor->context, at, walk->err);
	}
	if (tree_is_null(at)) {
		return true;
	}
	if (tree_is_map(at)) {
		return walk_map(walk, at, path);
	}
	if (!tree_is_list(at)) {
		return err_set(walk->err, ERR_INPUT,
		               "line %u: a mapping or a list is needed on the way to '%.100s', but there is a scalar", (unsigned)at->line,
		               path);
	}
	for (uint32_t i = 0; i < at->count; i++) {
		if (!walk_on(walk, at->items[i], path)) {
			return false;
		}
	}
	return true;
}

static bool group_version_match(const struct gvk *gvk, const char *api_version)
{
	const char *slash = strchr(api_version, '/');
	size_t len = slash ? (size_t)(slash - api_version) : 0;
	const char *version = slash ? slash + 1 : api_version;
	bool group = !*gvk->group || (strlen(gvk->group) == len && strncmp(gvk->group, api_version, len) == 0);
	return group && (!*gvk->version || strcmp(gvk->version, version) == 0);
}

bool fieldspec_matches(const struct fieldspec *spec, const struct tree *object)
{
	const char *kind = tree_get_text(object, "kind");
	if (*spec->gvk.kind && strcmp(spec->gvk.kind, kind ? kind : "") != 0) {
		return false;
	}
	const char *api_version = tree_get_text(object, "apiVersion");
	return group_version_match(&spec->gvk, api_version ? api_version : "");
}

bool fieldspec_visit(struct arena *arena, const struct fieldspec *spec, struct tree *object,
                     const struct fieldspec_visitor *visitor, struct err *err)
{
	struct walk walk = { arena, spec, visitor, err };
	const char *path = *spec->path == '/' ? spec->path + 1 : spec->path;
	return walk_on(&walk, object, path) || err_wrap(err, "field '%.200s'", spec->path);
}

bool fieldspecs_visit(struct arena *arena, const struct fieldspecs *specs, struct tree *object,
                      const struct fieldspec_visitor *visitor, struct err *err)
{
	for (size_t i = 0; i < specs->count; i++) {
		const struct fieldspec *spec = &specs->items[i];
		if (fieldspec_matches(spec, object) && !fieldspec_visit(arena, spec, object, visitor, err)) {
			return false;
		}
	}
	return true;
}
