#include "render/kustomize/transformers.h"

bool annotations_transform(const struct build *build, struct resmap *map, const struct labels_config *config, struct err *err)
{
	return labels_transform(build, map, config, err);
}
