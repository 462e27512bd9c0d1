#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "render/kustomize/fieldspec.h"
#include "render/kustomize/setter.h"
#include "render/kustomize/transformers.h"

struct setting {
	struct arena *arena;
	char count[24];
};

static bool set(void *context, struct tree *field, struct err *err)
{
	const struct setting *setting = context;
	return setter_set(setting->arena, field, setting->count, TREE_INT, err);
}

static bool is_meant(struct arena *arena, struct resource *resource, const char *name, const struct gvk *gvk)
{
	const struct ids *previous = resource_previous(arena, resource);
	for (size_t i = 0; i < previous->count; i++) {
		if (strcmp(previous->items[i].name, name) == 0 && gvk_selected(&previous->items[i].gvk, gvk)) {
			return true;
		}
	}
	const struct id *id = resource_id(arena, resource);
	return strcmp(id->name, name) == 0 && gvk_selected(&id->gvk, gvk);
}

bool replicas_transform(const struct build *build, struct resmap *map, const struct replicas_config *config, struct err *err)
{
	struct setting setting = { .arena = build->arena };
	(void)snprintf(setting.count, sizeof setting.count, "%" PRId64, config->replica.count);
	struct fieldspec_visitor visitor = { set, &setting, true, TREE_SCALAR, TREE_INT };
	bool found = false;
	for (size_t at = 0; at < config->specs.count; at++) {
		const struct fieldspec *spec = &config->specs.items[at];
		for (size_t i = 0; i < map->count; i++) {
			struct resource *resource = map->items[i];
			if (resource_is_gone(resource) || !is_meant(build->arena, resource, config->replica.name, &spec->gvk)) {
				continue;
			}
			found = true;
			if (fieldspec_matches(spec, resource->root) && !fieldspec_visit(build->arena, spec, resource->root, &visitor, err)) {
				return transform_fail(build, resource, err);
			}
		}
	}
	return found || err_set(err, ERR_INPUT,
	                        "replicas: no object of the name '%.200s' has replicas: Deployments, ReplicationControllers, "
	                        "ReplicaSets and StatefulSets have, and what `configurations` adds",
	                        config->replica.name);
}
