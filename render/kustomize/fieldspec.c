#include "render/kustomize/fieldspec.h"

#include <stdlib.h>
#include <string.h>

#include "render/kustomize/resource.h"
#include "render/kustomize/setter.h"

/* A path at work: the names that are still to go, ended by NULL. */
struct walk {
	struct arena *arena;
	const struct fieldspec *spec;
	const struct fieldspec_visitor *visitor;
	struct err *err;
};

/* --- paths ------------------------------------------------------------------------------------------------------- */

/* The names of a path, ended by NULL. One that ends in a backslash goes on behind the slash. */
static char **split(struct arena *arena, const char *path)
{
	size_t slashes = 0;
	for (const char *at = path; *at; at++) {
		slashes += *at == '/';
	}
	char **names = arena_new(arena, slashes + 2, sizeof *names);
	size_t count = 0;
	const char *at = *path == '/' ? path + 1 : path;
	for (bool more = true; more;) {
		size_t len = strcspn(at, "/");
		char *name = arena_text_len(arena, at, len);
		more = at[len];
		at += len + more;
		size_t old = count ? strlen(names[count - 1]) : 0;
		if (old && names[count - 1][old - 1] == '\\') {
			names[count - 1] = arena_printf(arena, "%.*s/%s", (int)old - 1, names[count - 1], name);
		} else {
			names[count++] = name;
		}
	}
	return names;
}

/* Such a name has a meaning of its own in Kustomize's look-ups: an index, the last item, any item, an item by its fields. */
static bool is_item_name(const char *name, size_t len)
{
	size_t sign = len > 1 && (*name == '-' || *name == '+');
	bool number = len > sign && strspn(name + sign, "0123456789") >= len - sign;
	return number || (len == 1 && (*name == '-' || *name == '*')) || (*name == '[' && name[len - 1] == ']');
}

static bool has_brackets(const char *name, size_t *len)
{
	bool brackets = *len >= 2 && strcmp(name + *len - 2, "[]") == 0;
	*len -= brackets ? 2 : 0;
	return brackets;
}

/* --- the walk ---------------------------------------------------------------------------------------------------- */

static bool walk_on(const struct walk *walk, struct tree *at, char *const *names);

/* A null becomes an empty collection; what is to be a scalar keeps its text until the visitor sets it. */
static void change_null(struct tree *null, enum tree_kind kind, const char *tag)
{
	if (kind == TREE_SCALAR) {
		null->tag = tag ? tag : TREE_STR;
		return;
	}
	*null = (struct tree){
		.kind = kind,
		.tag = kind == TREE_MAP ? TREE_MAP_TAG : TREE_LIST_TAG,
		.line = null->line,
		.notes = null->notes,
	};
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

static bool walk_map(const struct walk *walk, struct tree *map, char *const *names)
{
	size_t len = strlen(names[0]);
	bool list_wanted = has_brackets(names[0], &len);
	if (len == 0) {
		return err_set(walk->err, ERR_INPUT, "a name in the path is empty");
	}
	char *name = arena_text_len(walk->arena, names[0], len);
	if (is_item_name(name, len)) {
		return err_set(walk->err, ERR_INPUT, "'%.100s' is no name of a field", name);
	}
	bool creates = walk->spec->create && walk->visitor->creates && !list_wanted;
	enum tree_kind kind = list_wanted ? TREE_LIST : names[1] ? TREE_MAP : walk->visitor->kind;
	struct tree *field = tree_get(map, name);
	if (!field && creates) {
		field = new_field(walk, kind);
		tree_set(walk->arena, map, name, field);
	}
	if (!field) {
		return true;
	}
	if (tree_is_null(field) && (creates || list_wanted)) {
		change_null(field, kind, walk->visitor->null_tag);
	}
	return walk_on(walk, field, names + 1);
}

static bool walk_on(const struct walk *walk, struct tree *at, char *const *names)
{
	if (!names[0]) {
		return walk->visitor->visit(walk->visitor->context, at, walk->err);
	}
	if (tree_is_null(at)) {
		return true;
	}
	if (tree_is_map(at)) {
		return walk_map(walk, at, names);
	}
	if (!tree_is_list(at)) {
		return err_set(walk->err, ERR_INPUT,
		               "line %u: a mapping or a list is needed on the way to '%.100s', but there is a scalar", (unsigned)at->line,
		               names[0]);
	}
	for (uint32_t i = 0; i < at->count; i++) {
		if (!walk_on(walk, at->items[i], names)) {
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
	return walk_on(&walk, object, split(arena, spec->path)) || err_wrap(err, "field '%.200s'", spec->path);
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
