/*
 * Which lists a strategic merge patch merges, and by which keys: of the kinds that Kustomize knows (OpenAPI of Kubernetes 1.21.2,
 * by exact apiVersion and kind; everything else has no schema, so that its lists are replaced), or of a file that
 * `openapi.path` names, which then takes the place of the built-in ones.
 */
#ifndef RENDER_KUSTOMIZE_SCHEMA_H
#define RENDER_KUSTOMIZE_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "render/base/arena.h"
#include "render/base/err.h"
#include "render/kustomize/tree.h"

enum { SCHEMA_KEYS_MAX = 8 };

/* A file's definitions. NULL stands for the built-in ones everywhere. */
struct schema;

/*
 * Beside those of a file the built-in definitions may still be known: where a build has merged before it came to the file
 * (the file's come first), or only asked whether some kind is namespaced (the built-in ones come first). See kyaml's
 * openapi.initSchema.
 */
enum schema_builtin { SCHEMA_WITHOUT_BUILTIN, SCHEMA_BEFORE_BUILTIN, SCHEMA_BEHIND_BUILTIN };

/*
 * From an OpenAPI document (`definitions`, and `paths` for what is namespaced), which stays. Fails where Kustomize cannot read it
 * either.
 */
const struct schema *schema_new(struct arena *arena, const struct tree *document, enum schema_builtin builtin, struct err *err)
	MUST_CHECK;

/* Whether a kind is namespaced is known without any schema: such kinds make Kustomize read none. */
bool schema_knows_scope(const char *api_version, const char *kind);

/* What is known of one field; `node` NULL: nothing. */
struct schema_at {
	const struct schema *schema;
	const void *node;
};

#define SCHEMA_NOTHING ((struct schema_at){ .node = NULL })

/* Of an object. */
struct schema_at schema_of_kind(const struct schema *schema, const char *api_version, const char *kind);

/*
 * What a comment says in JSON that stands behind or above a key whose value is a list or a mapping: `ports: # {"type": ...}`.
 * Nothing where there is none.
 */
struct schema_at schema_of_comment(struct arena *arena, const struct schema *schema, const struct tree *node);

/* Of a mapping's value, and of a list's items. Nothing comes of nothing. */
struct schema_at schema_field(struct schema_at at, const char *name);
struct schema_at schema_items(struct schema_at at);

/* A list whose items are merged, not replaced. */
bool schema_merges(struct schema_at at);

/* Its keys, borrowed; 0 of them: its items are scalars that are merged as a set. */
size_t schema_keys(struct schema_at at, const char *keys[SCHEMA_KEYS_MAX]);

enum schema_scope { SCHEMA_SCOPE_UNKNOWN, SCHEMA_NAMESPACED, SCHEMA_CLUSTER };

/* What the paths of the file say of a kind; the built-in schema says nothing here (scope.h knows it). */
enum schema_scope schema_scope(const struct schema *schema, const char *api_version, const char *kind);

#endif
