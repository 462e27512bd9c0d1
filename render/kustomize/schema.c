#include "render/kustomize/schema.h"

#include <string.h>

#include "render/base/buf.h"
#include "render/base/limits.h"
#include "render/base/map.h"
#include "render/kustomize/schema_builtin.h"

/* References that point at references. */
enum { REF_HOPS = 64 };

struct kind_entry {
	const char *api_version, *kind;
	const cJSON *definition;
};

struct schema {
	const cJSON *definitions;
	struct kind_entry *kinds;
	size_t kind_count;
	const cJSON *paths;
};

static const cJSON *get(const cJSON *object, const char *key)
{
	return cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, key) : NULL;
}

static const char *get_text(const cJSON *object, const char *key)
{
	const cJSON *item = get(object, key);
	return cJSON_IsString(item) ? item->valuestring : NULL;
}

/* --- reading a file ---------------------------------------------------------------------------------------------- */

static const char *join_version(struct arena *arena, const cJSON *gvk)
{
	const char *group = get_text(gvk, "group");
	const char *version = get_text(gvk, "version");
	return group && *group ? arena_printf(arena, "%s/%s", group, version) : version;
}

static bool add_kinds(struct arena *arena, struct schema *schema, const cJSON *definition, struct err *err)
{
	const cJSON *gvks = get(definition, "x-kubernetes-group-version-kind");
	const cJSON *gvk = NULL;
	cJSON_ArrayForEach (gvk, gvks) {
		if (!cJSON_IsObject(gvk)) {
			continue;
		}
		if (!get_text(gvk, "version") || !get_text(gvk, "kind")) {
			return err_set(err, ERR_INPUT,
			               "definition '%.200s': x-kubernetes-group-version-kind needs the texts version and kind",
			               definition->string);
		}
		schema->kinds[schema->kind_count++] = (struct kind_entry){ join_version(arena, gvk), get_text(gvk, "kind"), definition };
	}
	return true;
}

static size_t count_kinds(const cJSON *definitions)
{
	size_t count = 0;
	const cJSON *definition;
	cJSON_ArrayForEach (definition, definitions) {
		const cJSON *gvks = get(definition, "x-kubernetes-group-version-kind");
		count += cJSON_IsArray(gvks) ? (size_t)cJSON_GetArraySize(gvks) : 0;
	}
	return count;
}

const struct schema *schema_new(struct arena *arena, const cJSON *document, struct err *err)
{
	if (!cJSON_IsObject(document)) {
		err_set(err, ERR_INPUT, "not an OpenAPI document: a mapping with 'definitions' is expected");
		return NULL;
	}
	struct schema *schema = arena_new(arena, 1, sizeof *schema);
	schema->definitions = get(document, "definitions");
	schema->paths = get(document, "paths");
	if (schema->definitions && !cJSON_IsObject(schema->definitions) && !cJSON_IsNull(schema->definitions)) {
		err_set(err, ERR_INPUT, "not an OpenAPI document: 'definitions' must be a mapping");
		return NULL;
	}
	schema->kinds = arena_new(arena, count_kinds(schema->definitions), sizeof *schema->kinds);
	const cJSON *definition;
	cJSON_ArrayForEach (definition, schema->definitions) {
		if (cJSON_IsArray(get(definition, "x-kubernetes-group-version-kind")) && !add_kinds(arena, schema, definition, err)) {
			return NULL;
		}
	}
	return schema;
}

/* --- walking a file's definitions -------------------------------------------------------------------------------- */

/* One step of a JSON pointer, `~1` and `~0` undone. */
static const cJSON *step(const cJSON *at, const char *name, size_t len)
{
	CLEANUP(buf_release) struct buf key = BUF_INIT(LIMIT_KIB(64));
	for (size_t i = 0; i < len; i++) {
		bool escape = name[i] == '~' && i + 1 < len && (name[i + 1] == '0' || name[i + 1] == '1');
		if (!buf_putc(&key, !escape ? name[i] : name[i + 1] == '0' ? '~' : '/')) {
			return NULL;
		}
		i += escape;
	}
	return get(at, buf_text(&key));
}

static const cJSON *find_ref(const struct schema *schema, const char *ref)
{
	static const char prefix[] = "#/definitions/";
	if (strncmp(ref, prefix, strlen(prefix)) != 0) {
		return NULL;
	}
	const cJSON *at = schema->definitions;
	for (const char *name = ref + strlen(prefix); at;) {
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
static struct schema_at resolve(const struct schema *schema, const cJSON *node)
{
	for (size_t hops = 0; cJSON_IsObject(node); hops++) {
		const char *ref = get_text(node, "$ref");
		if (!ref || !*ref) {
			return (struct schema_at){ schema, node };
		}
		node = hops < REF_HOPS ? find_ref(schema, ref) : NULL;
	}
	return SCHEMA_NOTHING;
}

static bool is_array_type(const cJSON *node)
{
	const cJSON *type = get(node, "type");
	if (cJSON_IsArray(type)) {
		type = cJSON_GetArraySize(type) == 1 ? type->child : NULL;
	}
	return cJSON_IsString(type) && strcmp(type->valuestring, "array") == 0;
}

/* --- both -------------------------------------------------------------------------------------------------------- */

struct schema_at schema_of_kind(const struct schema *schema, const char *api_version, const char *kind)
{
	if (!schema) {
		return (struct schema_at){ NULL, schema_builtin_kind(api_version, kind) };
	}
	for (size_t i = schema->kind_count; i > 0; i--) {
		const struct kind_entry *entry = &schema->kinds[i - 1];
		if (strcmp(entry->kind, kind) == 0 && strcmp(entry->api_version, api_version) == 0) {
			return (struct schema_at){ schema, entry->definition };
		}
	}
	return SCHEMA_NOTHING;
}

struct schema_at schema_field(struct schema_at at, const char *name)
{
	if (!at.node) {
		return SCHEMA_NOTHING;
	}
	if (!at.schema) {
		return (struct schema_at){ NULL, schema_builtin_field(at.node, name) };
	}
	const cJSON *field = get(get(at.node, "properties"), name);
	if (!field) {
		field = get(at.node, "additionalProperties");
	}
	return resolve(at.schema, field);
}

struct schema_at schema_items(struct schema_at at)
{
	if (!at.node) {
		return SCHEMA_NOTHING;
	}
	if (!at.schema) {
		return (struct schema_at){ NULL, schema_builtin_items(at.node) };
	}
	return is_array_type(at.node) ? resolve(at.schema, get(at.node, "items")) : SCHEMA_NOTHING;
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
	if (!at.node) {
		return false;
	}
	if (!at.schema) {
		return schema_builtin_merges(at.node);
	}
	const char *strategy = get_text(at.node, "x-kubernetes-patch-strategy");
	return strategy && has_word(strategy, "merge");
}

size_t schema_keys(struct schema_at at, const char *keys[SCHEMA_KEYS_MAX])
{
	if (!at.node) {
		return 0;
	}
	if (!at.schema) {
		return schema_builtin_keys(at.node, keys);
	}
	size_t count = 0;
	const cJSON *list = get(at.node, "x-kubernetes-list-map-keys");
	if (cJSON_IsArray(list)) {
		const cJSON *key;
		cJSON_ArrayForEach (key, list) {
			if (cJSON_IsString(key) && count < SCHEMA_KEYS_MAX) {
				keys[count++] = key->valuestring;
			}
		}
		return count;
	}
	const char *key = get_text(at.node, "x-kubernetes-patch-merge-key");
	if (key) {
		keys[count++] = key;
	}
	return count;
}

static bool is_kind(const cJSON *gvk, const char *api_version, const char *kind)
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
	if (!schema) {
		return scope;
	}
	const cJSON *path;
	cJSON_ArrayForEach (path, schema->paths) {
		if (is_kind(get(get(path, "get"), "x-kubernetes-group-version-kind"), api_version, kind)) {
			if (strstr(path->string, "namespaces/{namespace}")) {
				return SCHEMA_NAMESPACED;
			}
			scope = SCHEMA_CLUSTER;
		}
	}
	return scope;
}
