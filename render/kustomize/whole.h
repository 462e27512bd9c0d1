/*
 * Trees with all that goyaml v3's Node has: the row and column in which each node stands in its document, and its comments, as
 * notes (tree.h). Nothing of it is printed, but it is hashed (hash_node.h), so that a build keeps it only where an object asks
 * for such a hash: build->whole. A node without notes was made by the program, as upstream's of row 0.
 */
#ifndef RENDER_KUSTOMIZE_WHOLE_H
#define RENDER_KUSTOMIZE_WHOLE_H

#include "render/kustomize/parse.h"

/* parse_document for a resource, with the notes. */
bool whole_parse(struct arena *arena, const struct parse_source *source, struct tree **out, struct err *err) MUST_CHECK;

/* What RNode.UnmarshalJSON makes of an object that is as json_normalize gives it: it writes it as YAML and reads that. */
struct tree *whole_through_yaml(struct arena *arena, const struct tree *object, struct err *err) MUST_CHECK;
/* tree_from_json. */
struct tree *whole_through_json(struct arena *arena, const struct tree *tree, struct err *err) MUST_CHECK;

#endif
