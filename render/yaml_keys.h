/*
 * The keys of one mapping as JSON takes them: strings, none of them twice.
 */
#ifndef RENDER_YAML_KEYS_H
#define RENDER_YAML_KEYS_H

#include "render/yaml_node.h"

struct key {
	char *text;              /* NULL for what cannot be a key, and for a merge */
	const struct node *node; /* as written, or what its alias stands for */
	const struct node *value;
	const struct key *first; /* the earlier key of the same text */
	const char *wrong;       /* why it cannot be one, or NULL */
	bool merge;
};

struct keys {
	struct key *items;
	size_t count;
	bool merge; /* one of them is */
};

/* In the order of the mapping. */
struct keys keys_read(const struct node *mapping);
void keys_release(struct keys *keys);

#endif
