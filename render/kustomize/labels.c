#include "render/kustomize/fieldspec.h"
#include "render/kustomize/setter.h"
#include "render/kustomize/transformers.h"

struct setting {
	struct arena *arena;
	const struct pair *pair;
	struct tree *value; /* one node for all places of an object: setter.h */
};

static bool set(void *context, struct tree *field, struct err *err)
{
	const struct setting *setting = context;
	if (!*setting->pair->key) {
		return setter_set(setting->arena, field, setting->pair->value, TREE_STR, err);
	}
	return setter_put_entry(setting->arena, field, setting->pair->key, setting->value, err);
}

static bool set_label(struct arena *arena, struct tree *object, const struct pair *pair, const struct fieldspecs *specs,
                      struct err *err)
{
	struct setting setting = { arena, pair, tree_new_string(arena, pair->value) };
	struct fieldspec_visitor visitor = { set, &setting, true, TREE_MAP, NULL };
	return fieldspecs_visit(arena, specs, object, &visitor, err);
}

bool labels_transform(const struct build *build, struct resmap *map, const struct labels_config *config, struct err *err)
{
	for (size_t i = 0; config->pairs.count && i < map->count; i++) {
		struct resource *resource = map->items[i];
		for (size_t j = 0; !resource_is_gone(resource) && j < config->pairs.count; j++) {
			if (!set_label(build->arena, resource->root, &config->pairs.items[j], &config->specs, err)) {
				return transform_fail(build, resource, err);
			}
		}
	}
	return true;
}
