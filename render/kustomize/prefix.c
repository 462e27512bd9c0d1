#include "render/kustomize/affix.h"
#include "render/kustomize/transformers.h"

static char *join(struct arena *arena, const char *name, const char *text)
{
	return arena_printf(arena, "%s%s", text, name);
}

bool prefix_transform(const struct build *build, struct resmap *map, const struct affix_config *config, struct err *err)
{
	static const struct affix affix = { resource_add_prefix, join };
	return affix_transform(build, map, &affix, config, err);
}
