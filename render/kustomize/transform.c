#include "render/kustomize/transformers.h"

bool transform_fail(const struct build *build, struct resource *resource, struct err *err)
{
	const char *id = id_text(build->arena, resource_id(build->arena, resource));
	if (resource->path) {
		return err_wrap(err, "%s: %.150s", resource->path, id);
	}
	return err_wrap(err, "%.150s", id);
}
