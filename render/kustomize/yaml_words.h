/*
 * What libyaml says of a node, in tree.h's words.
 */
#ifndef RENDER_KUSTOMIZE_YAML_WORDS_H
#define RENDER_KUSTOMIZE_YAML_WORDS_H

#include <yaml.h>

#include "render/base/arena.h"
#include "render/kustomize/tree.h"

enum tree_style yaml_words_style(yaml_scalar_style_t style);

/* goyaml's shortTag: "!!int" for its URI, one of tree.h's by pointer where it is known; else a copy. */
const char *yaml_words_tag(struct arena *arena, const char *tag);

#endif
