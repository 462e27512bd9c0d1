#include "render/kustomize/fieldspec.h"
#include "render/kustomize/setter.h"
#include "render/kustomize/transformers.h"

struct setting {
	struct arena *arena;
	const struct pairs *pairs;
};

static bool set(void *context, struct tree *field, struct err *err)
{
	const struct setting *setting = context;
	for (size_t i = 0; i < setting->pairs->count; i++) {
		const struct pair *pair = &setting->pairs->items[i];
		if (!setter_set_entry(setting->arena, field, pair->key, pair->value, TREE_STR, err)) {
			return false;
		}
	}
	return true;
}

bool labels_transform(const struct build *build, struct resmap *map, const struct labels_config *config, struct err *err)
{
	struct setting setting = { build->arena, &config->pairs };
	struct fieldspec_visitor visitor = { set, &setting, true, TREE_MAP, NULL };
	for (size_t i = 0; config->pairs.count && i < map->count; i++) {
		struct resource *resource = map->items[i];
		if (!resource_is_gone(resource) && !fieldspecs_visit(build->arena, &config->specs, resource->root, &visitor, err)) {
			return transform_fail(build, resource, err);
		}
	}
	return true;
}
