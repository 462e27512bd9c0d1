#include "render/kustomize/affix.h"

#include <string.h>

#include "render/kustomize/fieldspec.h"
#include "render/kustomize/setter.h"
#include "render/kustomize/transformers.h"

/* Their names mean something, or are made of other fields. */
static const struct gvk passed_over[] = {
	{ "", "", "CustomResourceDefinition" },
	{ "apiregistration.k8s.io", "", "APIService" },
	{ "", "", "Namespace" },
};

struct setting {
	struct arena *arena;
	const struct affix *affix;
	const char *text;
};

static bool set(void *context, struct tree *field, struct err *err)
{
	const struct setting *setting = context;
	const char *old = tree_text(field);
	char *text = setting->affix->join(setting->arena, old ? old : "", setting->text);
	return setter_set(setting->arena, field, text, NULL, err);
}

static bool is_passed_over(const struct gvk *gvk)
{
	for (size_t i = 0; i < ARRAY_LEN(passed_over); i++) {
		if (gvk_selected(gvk, &passed_over[i])) {
			return true;
		}
	}
	return false;
}

static bool transform(struct setting *setting, struct resource *resource, const struct fieldspecs *specs, struct err *err)
{
	struct arena *arena = setting->arena;
	struct gvk gvk = resource_original(arena, resource)->gvk;
	struct fieldspec_visitor visitor = { set, setting, true, TREE_SCALAR, TREE_STR };
	for (size_t i = 0; !is_passed_over(&gvk) && i < specs->count; i++) {
		const struct fieldspec *spec = &specs->items[i];
		if (!gvk_selected(&gvk, &spec->gvk)) {
			continue;
		}
		if (strcmp(spec->path, "metadata/name") == 0) {
			setting->affix->note(arena, resource, setting->text);
			if (*setting->text) {
				resource_store_previous(arena, resource);
			}
		}
		if (fieldspec_matches(spec, resource->root) && !fieldspec_visit(arena, spec, resource->root, &visitor, err)) {
			return false;
		}
	}
	return true;
}

bool affix_transform(const struct build *build, struct resmap *map, const struct affix *affix, const struct affix_config *config,
                     struct err *err)
{
	struct setting setting = { build->arena, affix, config->text };
	for (size_t i = 0; i < map->count; i++) {
		if (!resource_is_gone(map->items[i]) && !transform(&setting, map->items[i], &config->specs, err)) {
			return transform_fail(build, map->items[i], err);
		}
	}
	return true;
}
