#include "render/kustomize/openapi.h"

#include <string.h>

#include "render/kustomize/json_read.h"
#include "render/kustomize/jsonpatch_value.h"
#include "render/kustomize/read.h"
#include "render/kustomize/schema.h"

/* The only one that v5.8.1 carries. */
static const char BUILT_IN[] = "v1.21.2";

static const char *find(const struct pairs *pairs, const char *key)
{
	for (size_t i = 0; i < pairs->count; i++) {
		if (strcmp(pairs->items[i].key, key) == 0) {
			return pairs->items[i].value;
		}
	}
	return NULL;
}

bool openapi_read(struct arena *arena, const char *shown, const struct text *text, unsigned flags, struct tree **tree,
                  struct err *err)
{
	if (text->len == 0) {
		return err_set(err, ERR_INPUT, "%s: the file is empty", shown);
	}
	if (text->data[0] != '{') {
		return tree_read_config(arena, shown, text->data, text->len, 0, tree, err);
	}
	struct tree *json;
	return (json_read(arena, text->data, text->len, flags, &json, err) &&
	        json_normalize(arena, &ARENA_INIT(0), json, tree, err)) ||
	       err_wrap(err, "%s", shown);
}

/* Upstream reads the file when it looks for something in it, and panics then. */
bool openapi_usable(const struct build *build, struct err *err)
{
	if (build->schema_problem.kind != ERR_NONE) {
		*err = build->schema_problem;
		return false;
	}
	return true;
}

static bool parse(struct build *build, const char *shown, const struct text *text, struct err *err)
{
	struct tree *tree = NULL;
	if (!openapi_read(build->arena, shown, text, JSON_READ_UNIQUE, &tree, err)) {
		return false;
	}
	enum schema_builtin builtin = build->merged         ? SCHEMA_BEFORE_BUILTIN
	                              : build->unknown_kind ? SCHEMA_BEHIND_BUILTIN
	                                                    : SCHEMA_WITHOUT_BUILTIN;
	build->schema = schema_new(build->arena, tree, builtin, err);
	return build->schema || err_wrap(err, "%s", shown);
}

bool openapi_set(struct build *build, const struct pairs *openapi, struct err *err)
{
	const char *path = find(openapi, "path");
	const char *version = find(openapi, "version");
	struct text text = { 0 };
	if (path && !loader_read(build->loader, path, &text, err)) {
		return err_wrap(err, "path");
	}
	if (build->schema_set) {
		return true;
	}
	if (path && version) {
		return err_set(err, ERR_INPUT, "path and version cannot be given both");
	}
	if (version && *version && strcmp(version, BUILT_IN) != 0) {
		return err_set(err, ERR_INPUT, "version: must be %s, the only one that is built in", BUILT_IN);
	}
	build->schema_set = path || (version && *version);
	if (path && !parse(build, loader_path(build->loader, path), &text, &build->schema_problem)) {
		(void)err_wrap(&build->schema_problem, "%s: openapi", build->file);
	}
	return true;
}
