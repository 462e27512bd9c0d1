#include "render/kustomize/schema.h"

#include <string.h>

#include "render/base/buf.h"
#include "render/base/limits.h"
#include "render/kustomize/json_read.h"
#include "render/kustomize/jsonpatch_value.h"
#include "render/kustomize/openapi_types.h"
#include "render/kustomize/schema_builtin.h"

/* References that point at references. */
enum { REF_HOPS = 64 };

struct kind_entry {
	const char *api_version, *kind;
	const struct tree *definition;
};

struct schema {
	enum schema_builtin builtin;
	const struct tree *definitions;
	const struct tree *paths;
	struct kind_entry *kinds;
	size_t kind_count;
};

/* A text in the document. */
static const char *get_text(const struct tree *map, const char *key)
{
	const struct tree *text = tree_get(map, key);
	return tree_is_scalar(text) && text->tag == TREE_STR ? text->text : NULL;
}

/* --- reading a file ---------------------------------------------------------------------------------------------- */

static const char gvk_key[] = "x-kubernetes-group-version-kind";

static const char *join_version(struct arena *arena, const struct tree *gvk)
{
	const char *group = get_text(gvk, "group");
	const char *version = get_text(gvk, "version");
	return group && *group ? arena_printf(arena, "%s/%s", group, version) : version;
}

static bool add_kinds(struct arena *arena, struct schema *schema, const char *name, const struct tree *definition,
                      struct err *err)
{
	const struct tree *gvks = tree_get(definition, gvk_key);
	for (uint32_t i = 0; tree_is_list(gvks) && i < gvks->count; i++) {
		const struct tree *gvk = gvks->items[i];
		if (!tree_is_map(gvk)) {
			continue;
		}
		if (!get_text(gvk, "version") || !get_text(gvk, "kind")) {
			return err_set(err, ERR_INPUT, "definition '%.200s': %s needs the texts version and kind", name, gvk_key);
		}
		schema->kinds[schema->kind_count++] = (struct kind_entry){ join_version(arena, gvk), get_text(gvk, "kind"), definition };
	}
	return true;
}

static size_t count_kinds(const struct tree *definitions)
{
	size_t count = 0;
	for (uint32_t i = 1; tree_is_map(definitions) && i < definitions->count; i += 2) {
		const struct tree *gvks = tree_get(definitions->items[i], gvk_key);
		count += tree_is_list(gvks) ? gvks->count : 0;
	}
	return count;
}

const struct schema *schema_new(struct arena *arena, const struct tree *document, enum schema_builtin builtin, struct err *err)
{
	struct schema *schema = arena_new(arena, 1, sizeof *schema);
	*schema = (struct schema){ .builtin = builtin,
		                       .definitions = tree_get(document, "definitions"),
		                       .paths = tree_get(document, "paths") };
	if (!openapi_check_document(document, err)) {
		return NULL;
	}
	schema->kinds = arena_new(arena, count_kinds(schema->definitions), sizeof *schema->kinds);
	for (uint32_t i = 1; tree_is_map(schema->definitions) && i < schema->definitions->count; i += 2) {
		const char *name = tree_text(schema->definitions->items[i - 1]);
		const struct tree *definition = schema->definitions->items[i];
		if (!add_kinds(arena, schema, name ? name : "", definition, err)) {
			return NULL;
		}
	}
	return schema;
}

bool schema_knows_scope(const char *api_version, const char *kind)
{
	return schema_builtin_scope(api_version, kind);
}

/* --- walking a file's definitions -------------------------------------------------------------------------------- */

/* One step of a JSON pointer, `~1` and `~0` undone. */
static const struct tree *step(const struct tree *at, const char *name, size_t len)
{
	CLEANUP(buf_release) struct buf key = BUF_INIT(LIMIT_KIB(64));
	for (size_t i = 0; i < len; i++) {
		bool escape = name[i] == '~' && i + 1 < len && (name[i + 1] == '0' || name[i + 1] == '1');
		if (!buf_putc(&key, !escape ? name[i] : name[i + 1] == '0' ? '~' : '/')) {
			return NULL;
		}
		i += escape;
	}
	return tree_get(at, buf_text(&key));
}

/* What a path of names among the file's definitions leads to. */
static const struct tree *find_own(const struct schema *schema, const char *path)
{
	const struct tree *at = schema->definitions;
	for (const char *name = path; at;) {
		size_t len = strcspn(name, "/");
		at = step(at, name, len);
		if (!name[len]) {
			return at;
		}
		name += len + 1;
	}
	return NULL;
}

/* Follows references; where one leads nowhere, nothing is known. */
static struct schema_at resolve(const struct schema *schema, const struct tree *node)
{
	static const char prefix[] = "#/definitions/";
	for (size_t hops = 0; tree_is_map(node) && hops < REF_HOPS; hops++) {
		const char *ref = get_text(node, "$ref");
		if (!ref || !*ref) {
			return (struct schema_at){ schema, node };
		}
		if (strncmp(ref, prefix, strlen(prefix)) != 0) {
			return SCHEMA_NOTHING;
		}
		const char *path = ref + strlen(prefix);
		const void *builtin = schema->builtin != SCHEMA_WITHOUT_BUILTIN ? schema_builtin_definition(path) : NULL;
		node = find_own(schema, path);
		if (builtin && (!node || schema->builtin == SCHEMA_BEHIND_BUILTIN)) {
			return (struct schema_at){ NULL, builtin };
		}
	}
	return SCHEMA_NOTHING;
}

static bool is_array_type(const struct tree *node)
{
	const struct tree *type = tree_get(node, "type");
	if (tree_is_list(type)) {
		type = type->count == 1 ? type->items[0] : NULL;
	}
	return tree_text_is(type, "array");
}

/* --- comments ---------------------------------------------------------------------------------------------------- */

struct schema_at schema_of_comment(struct arena *arena, const struct schema *schema, const struct tree *node)
{
	static const struct schema only_builtin = { .builtin = SCHEMA_BEFORE_BUILTIN };
	const char *comment = !node->notes ? NULL : node->notes->line ? node->notes->line : node->notes->head;
	if (!comment || !*comment) {
		return SCHEMA_NOTHING;
	}
	comment += strspn(comment, "#");
	struct tree *json, *said;
	struct err ignored = ERR_INIT;
	if (!json_read(arena, comment, strlen(comment), JSON_READ_UNIQUE | JSON_READ_FIRST, &json, &ignored) ||
	    !json_normalize(arena, &ARENA_INIT(0), json, &said, &ignored) || !tree_is_map(said) || said->count == 0) {
		return SCHEMA_NOTHING;
	}
	schema = schema ? schema : &only_builtin;
	struct schema_at at = resolve(schema, said);
	return at.node ? at : (struct schema_at){ schema, said };
}

/* --- both -------------------------------------------------------------------------------------------------------- */

struct schema_at schema_of_kind(const struct schema *schema, const char *api_version, const char *kind)
{
	const void *builtin = NULL;
	if (!schema || schema->builtin != SCHEMA_WITHOUT_BUILTIN) {
		builtin = schema_builtin_kind(api_version, kind);
	}
	if (!schema || (builtin && schema->builtin == SCHEMA_BEHIND_BUILTIN)) {
		return (struct schema_at){ NULL, builtin };
	}
	for (size_t i = schema->kind_count; i > 0; i--) {
		const struct kind_entry *entry = &schema->kinds[i - 1];
		if (strcmp(entry->kind, kind) == 0 && strcmp(entry->api_version, api_version) == 0) {
			return (struct schema_at){ schema, entry->definition };
		}
	}
	return (struct schema_at){ NULL, builtin };
}

struct schema_at schema_field(struct schema_at at, const char *name)
{
	if (!at.node || !at.schema) {
		return (struct schema_at){ NULL, at.node ? schema_builtin_field(at.node, name) : NULL };
	}
	const struct tree *field = tree_get(tree_get(at.node, "properties"), name);
	if (!field) {
		field = tree_get(at.node, "additionalProperties");
	}
	return resolve(at.schema, field);
}

struct schema_at schema_items(struct schema_at at)
{
	if (!at.node || !at.schema) {
		return (struct schema_at){ NULL, at.node ? schema_builtin_items(at.node) : NULL };
	}
	return is_array_type(at.node) ? resolve(at.schema, tree_get(at.node, "items")) : SCHEMA_NOTHING;
}

static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);
	for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
		if (strcspn(at, ",") == len && strncmp(at, word, len) == 0) {
			return true;
		}
	}
	return false;
}

bool schema_merges(struct schema_at at)
{
	if (!at.node || !at.schema) {
		return at.node && schema_builtin_merges(at.node);
	}
	const char *strategy = get_text(at.node, "x-kubernetes-patch-strategy");
	return strategy && has_word(strategy, "merge");
}

size_t schema_keys(struct schema_at at, const char *keys[SCHEMA_KEYS_MAX])
{
	if (!at.node || !at.schema) {
		return at.node ? schema_builtin_keys(at.node, keys) : 0;
	}
	size_t count = 0;
	const struct tree *list = tree_get(at.node, "x-kubernetes-list-map-keys");
	if (tree_is_list(list)) {
		for (uint32_t i = 0; i < list->count && count < SCHEMA_KEYS_MAX; i++) {
			const char *key = tree_text(list->items[i]);
			keys[count] = key;
			count += key != NULL;
		}
		return count;
	}
	const char *key = get_text(at.node, "x-kubernetes-patch-merge-key");
	if (key) {
		keys[count++] = key;
	}
	return count;
}

static bool is_kind(const struct tree *gvk, const char *api_version, const char *kind)
{
	const char *group = get_text(gvk, "group");
	const char *version = get_text(gvk, "version");
	const char *its_kind = get_text(gvk, "kind");
	if (!version || !its_kind || strcmp(its_kind, kind) != 0) {
		return false;
	}
	if (!group || !*group) {
		return strcmp(version, api_version) == 0;
	}
	size_t len = strlen(group);
	return strncmp(api_version, group, len) == 0 && api_version[len] == '/' && strcmp(api_version + len + 1, version) == 0;
}

enum schema_scope schema_scope(const struct schema *schema, const char *api_version, const char *kind)
{
	enum schema_scope scope = SCHEMA_SCOPE_UNKNOWN;
	for (uint32_t i = 1; schema && tree_is_map(schema->paths) && i < schema->paths->count; i += 2) {
		const struct tree *path = schema->paths->items[i];
		if (is_kind(tree_at(path, "get", gvk_key, NULL), api_version, kind)) {
			const char *text = tree_text(schema->paths->items[i - 1]);
			if (text && strstr(text, "namespaces/{namespace}")) {
				return SCHEMA_NAMESPACED;
			}
			scope = SCHEMA_CLUSTER;
		}
	}
	return scope;
}
