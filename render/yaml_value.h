/*
 * What the nodes of a document mean: scalars resolved, aliases followed, merge keys merged, keys made strings.
 */
#ifndef RENDER_YAML_VALUE_H
#define RENDER_YAML_VALUE_H

#include <cjson/cJSON.h>

#include "render/problems.h"
#include "render/yaml_node.h"

/* Yours. Never NULL, but only whole where no error was added to the problems. */
cJSON *value_make(const struct node *root, const char *path, struct problems *problems);

#endif
