#include "render/kustomize/generator.h"

#include <string.h>

#include "render/kustomize/base64.h"
#include "render/kustomize/kv.h"
#include "render/kustomize/read.h"
#include "render/kustomize/rune.h"

/*
 * kyaml's SetField, of a field that is new. Its keys have no tag: `8080` is a number, which the writer refuses, as there.
 */
static void add_entry(struct arena *arena, struct tree *map, const char *key, struct tree *value)
{
	tree_quote(value);
	tree_append(arena, map, tree_new_plain(arena, key));
	tree_append(arena, map, value);
}

static struct tree *map_at(struct arena *arena, struct tree *map, const char *key)
{
	struct tree *value = tree_get(map, key);
	if (!value) {
		value = tree_new_map(arena);
		add_entry(arena, map, key, value);
	}
	return value;
}

static struct tree *string_of(struct arena *arena, struct text text)
{
	struct tree *string = tree_new_string(arena, "");
	string->text = text.data;
	string->len = text.len;
	string->style = memchr(text.data, '\n', text.len) ? TREE_LITERAL : TREE_PLAIN;
	return string;
}

static void add_text(struct arena *arena, struct tree *map, const char *key, const char *text)
{
	add_entry(arena, map, key, string_of(arena, (struct text){ text, strlen(text) }));
}

/* Upstream reads it from a text of its own: what is hashed of an object says where in it. */
static struct tree *base_new(const struct build *build, const char *kind, const struct generator_args *args, struct err *err)
{
	struct arena *arena = build->arena;
	struct tree *root;
	if (!*args->name) {
		(void)err_set(err, ERR_INPUT, "it has no name");
		return NULL;
	}
	if (!tree_read_made(build, "", arena_printf(arena, "\napiVersion: v1\nkind: %s\n", kind), &root, err)) {
		return NULL;
	}
	struct tree *metadata = map_at(arena, root, "metadata");
	add_text(arena, metadata, "name", args->name);
	if (*args->ns) {
		add_text(arena, metadata, "namespace", args->ns);
	}
	return root;
}

static void set_pairs(struct arena *arena, struct tree *root, const char *field, const struct pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		struct tree *value = tree_new_string(arena, pairs->items[i].value);
		value->style = TREE_SINGLE;
		add_entry(arena, map_at(arena, map_at(arena, root, "metadata"), field), pairs->items[i].key, value);
	}
}

static void set_options(struct arena *arena, struct tree *root, const struct generator_options *options)
{
	if (!options) {
		return;
	}
	set_pairs(arena, root, "labels", &options->labels);
	set_pairs(arena, root, "annotations", &options->annotations);
	if (options->immutable) {
		struct tree *yes = tree_new_string(arena, "true");
		yes->tag = TREE_BOOL;
		add_entry(arena, root, "immutable", yes);
	}
}

static void finish(const struct build *build, const struct generator_args *args, struct tree *root, struct resmap *out)
{
	set_options(build->arena, root, args->options);
	struct resource *resource = resource_new(build->arena, root, NULL);
	if (!args->options || !args->options->disable_name_suffix_hash) {
		resource_enable_hash(build->arena, resource);
	}
	resource_set_behavior(build->arena, resource, behavior_of(args->behavior));
	resmap_add(out, resource);
}

bool configmap_generate(const struct build *build, const struct generator_args *args, struct resmap *out, struct err *err)
{
	struct kvs kvs;
	struct tree *root = base_new(build, "ConfigMap", args, err);
	if (!root || !kv_load(build, args, &kvs, err)) {
		return err_wrap(err, "ConfigMap '%s'", args->name);
	}
	for (size_t i = 0; i < kvs.count; i++) {
		bool text = rune_all_valid(kvs.items[i].value.data, kvs.items[i].value.len);
		struct text value = text ? kvs.items[i].value : base64_lines(build->arena, kvs.items[i].value);
		struct tree *map = map_at(build->arena, root, text ? "data" : "binaryData");
		add_entry(build->arena, map, kvs.items[i].key, string_of(build->arena, value));
	}
	finish(build, args, root, out);
	return true;
}

bool secret_generate(const struct build *build, const struct generator_args *args, struct resmap *out, struct err *err)
{
	struct kvs kvs;
	struct tree *root = base_new(build, "Secret", args, err);
	if (!root || !kv_load(build, args, &kvs, err)) {
		return err_wrap(err, "Secret '%s'", args->name);
	}
	add_text(build->arena, root, "type", *args->type ? args->type : "Opaque");
	struct tree *data = map_at(build->arena, root, "data");
	for (size_t i = 0; i < kvs.count; i++) {
		struct text value = base64_lines(build->arena, kvs.items[i].value);
		add_entry(build->arena, data, kvs.items[i].key, string_of(build->arena, value));
	}
	finish(build, args, root, out);
	return true;
}

/* Both are sorted. */
static struct pairs pairs_union(struct arena *arena, const struct pairs *own, const struct pairs *global)
{
	struct pairs all = { .items = arena_new(arena, own->count + global->count, sizeof *all.items),
		                 .set = own->set || global->set };
	size_t a = 0;
	size_t b = 0;
	while (a < own->count || b < global->count) {
		int order = a == own->count ? 1 : b == global->count ? -1 : strcmp(own->items[a].key, global->items[b].key);
		all.items[all.count++] = order <= 0 ? own->items[a] : global->items[b];
		a += order <= 0;
		b += order >= 0;
	}
	return all;
}

const struct generator_options *generator_options_merge(struct arena *arena, const struct generator_options *own,
                                                        const struct generator_options *global)
{
	static const struct generator_options none = { 0 };
	if (!global) {
		return own;
	}
	own = own ? own : &none;
	struct generator_options *both = arena_new(arena, 1, sizeof *both);
	both->labels = pairs_union(arena, &own->labels, &global->labels);
	both->annotations = pairs_union(arena, &own->annotations, &global->annotations);
	both->disable_name_suffix_hash = own->disable_name_suffix_hash || global->disable_name_suffix_hash;
	both->immutable = own->immutable || global->immutable;
	return both;
}
