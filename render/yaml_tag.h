/*
 * What one scalar means with its tag: kubectl knows the tags of YAML 1.1's own types and takes any other for text.
 */
#ifndef RENDER_YAML_TAG_H
#define RENDER_YAML_TAG_H

#include "render/yaml_node.h"
#include "render/yaml_scalar.h"

struct meaning {
	struct scalar scalar;
	const char *text; /* borrowed of the node or of `decoded`; for SCALAR_TEXT and SCALAR_TIME */
	char *decoded;
};

/* NULL, or what is wrong with the scalar; nothing to release then. */
const char *meaning_of(const struct node *scalar, struct meaning *out);
void meaning_release(struct meaning *meaning);

/* True for "<<" where it merges: plain, or tagged so. */
bool is_merge_key(const struct node *key);

#endif
