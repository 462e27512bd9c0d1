/*
 * The keys of a FieldsV1 trie against the elements of a manifest's lists. Shared by the files of fields.h only.
 */
#ifndef SYNC_FIELDS_KEY_H
#define SYNC_FIELDS_KEY_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "render/base/buf.h"

/* Nothing real is deeper; what is counts as not owned. */
enum { FIELDS_DEEPEST = 200 };

enum key_fit {
	KEY_OTHER,
	KEY_OPEN, /* nothing speaks against it, but the element leaves key fields to their defaults */
	KEY_EXACT,
};

/* How an element fits k:{...}; allocates only where the key has escapes. */
enum key_fit key_fit(const char *key, const cJSON *element);

/* Whether v:JSON is this scalar. */
bool key_is_value(const char *key, const cJSON *scalar);

/*
 * The child of a node for a field or a list element, NULL if none. `from` is where the search begins (a child, or NULL for the
 * first): sets and manifests mostly have the same order, so the child behind the last one found makes it linear.
 */
const cJSON *key_field(const cJSON *node, const cJSON *from, const char *name);
const cJSON *key_element(const cJSON *node, const cJSON *from, const cJSON *list, const cJSON *element, size_t index);

/* Appends "[name=web]" for k:{"name":"web"}; with an element only the key fields that it has, in its own values. */
void key_print(struct buf *out, const char *key, const cJSON *element);

/* Appends ".name", or "[name]" for a name that is no plain word; without the dot at the beginning. */
void key_print_field(struct buf *out, const char *name);

/* The first child of a node; what is no mapping has none. */
static inline const cJSON *key_first(const cJSON *node)
{
	return cJSON_IsObject(node) ? node->child : NULL;
}

static inline bool key_is_leaf(const cJSON *node)
{
	return !key_first(node);
}

/* "." or without children: the node itself is owned. */
bool key_is_member(const cJSON *node);

#endif
