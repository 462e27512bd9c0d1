#include "render/kustomize/hash.h"

#include <stdlib.h>
#include <string.h>

#include "render/base/digest.h"
#include "render/base/limits.h"
#include "render/kustomize/hash_node.h"
#include "render/kustomize/write.h"

/*
 * A number went through a float64 upstream. Such data is wrong for Kubernetes, whose data are strings, but Kustomize takes it.
 */
static void round_numbers(struct arena *arena, struct tree *tree)
{
	for (uint32_t i = 0; tree->kind != TREE_SCALAR && i < tree->count; i++) {
		if (tree->kind == TREE_LIST || i % 2 == 1) {
			round_numbers(arena, tree->items[i]);
		}
	}
	if (tree->kind == TREE_SCALAR && tree->tag == TREE_INT && tree->len > 15) {
		double number = strtod(tree->text, NULL);
		tree->tag = TREE_FLOAT;
		tree_set_text(arena, tree, arena_printf(arena, "%.17g", number));
	}
}

/* What upstream looks up a field to be: "" where absent, a scalar's text, a mapping; a list becomes null. */
static bool field_of(struct arena *arena, const struct tree *root, const char *field, struct tree **value, struct err *err)
{
	struct tree *found = tree_get(root, field);
	if (!found || found->kind == TREE_SCALAR) {
		*value = tree_new_string(arena, found ? found->text : "");
		return true;
	}
	if (found->kind == TREE_LIST) {
		*value = tree_new_null(arena);
		return true;
	}
	*value = tree_to_json(arena, found, err);
	if (!*value) {
		return err_wrap(err, "%s", field);
	}
	round_numbers(arena, *value);
	return true;
}

static bool add_field(struct arena *arena, struct tree *to, const struct tree *root, const char *field, struct err *err)
{
	struct tree *value;
	if (!field_of(arena, root, field, &value, err)) {
		return false;
	}
	tree_set(arena, to, field, value);
	return true;
}

/* Only where it is a mapping (or a list, which upstream takes for a mapping that is null). */
static bool add_map(struct arena *arena, struct tree *to, const struct tree *root, const char *field, struct err *err)
{
	struct tree *found = tree_get(root, field);
	return !found || found->kind == TREE_SCALAR || add_field(arena, to, root, field, err);
}

static bool content_of(struct arena *arena, const struct tree *root, struct tree *to, struct err *err)
{
	const char *kind = tree_get_text(root, "kind");
	bool secret = strcmp(kind, "Secret") == 0;
	tree_set_string(arena, to, "kind", kind);
	/* Upstream looks for a field "metadata/name": it is always empty, and stays so for the hashes' sake. */
	return add_field(arena, to, root, "metadata/name", err) && add_field(arena, to, root, "data", err) &&
	       add_map(arena, to, root, secret ? "stringData" : "binaryData", err) &&
	       (!secret || add_field(arena, to, root, "type", err));
}

/* The field is "name" in what is hashed. */
static void rename_name(struct arena *arena, struct tree *content)
{
	long at = tree_find(content, "metadata/name");
	content->items[at] = tree_new_string(arena, "name");
}

static char hash_digit(char c)
{
	static const char from[] = "013ae";
	static const char to[] = "ghkmt";
	const char *found = strchr(from, c);
	return found ? to[found - from] : c;
}

static bool write_data(struct arena *arena, const struct tree *root, struct buf *json, struct err *err)
{
	struct tree *content = tree_new_map(arena);
	if (!content_of(arena, root, content, err)) {
		return false;
	}
	rename_name(arena, content);
	return tree_write_json(arena, content, json, err);
}

bool hash_is_of_data(const struct tree *root)
{
	const struct tree *kind = tree_get(root, "kind");
	return tree_text_is(kind, "ConfigMap") || tree_text_is(kind, "Secret");
}

bool hash_of(struct arena *arena, const struct tree *root, char out[HASH_TEXT], struct err *err)
{
	CLEANUP(buf_release) struct buf json = BUF_INIT(LIMIT_TREE_BYTES);
	if (hash_is_of_data(root) ? !write_data(arena, root, &json, err) : !hash_node_write(root, &json, err)) {
		return false;
	}
	char digest[DIGEST_TEXT];
	digest_of(buf_text(&json), json.len, digest);
	for (size_t i = 0; i < HASH_TEXT - 1; i++) {
		out[i] = hash_digit(digest[i]);
	}
	out[HASH_TEXT - 1] = '\0';
	return true;
}

/* For the second build. */
static bool want_whole(struct build *build, struct err *err)
{
	build->whole_wanted = true;
	return err_set(err, ERR_INPUT, "its hash needs the places of its values");
}

bool hash_transform(struct build *build, struct resmap *map, struct err *err)
{
	for (size_t i = 0; i < map->count; i++) {
		struct resource *resource = map->items[i];
		if (!resource_needs_hash(resource)) {
			continue;
		}
		const char *name = resource_id(build->arena, resource)->name;
		char hash[HASH_TEXT];
		if (!build->whole && !hash_is_of_data(resource->root)) {
			return want_whole(build, err);
		}
		if (!hash_of(build->arena, resource->root, hash, err)) {
			return err_wrap(err, "'%s'", name);
		}
		resource_store_previous(build->arena, resource);
		resource_set_name(build->arena, resource, arena_printf(build->arena, "%s-%s", name, hash));
	}
	return true;
}
