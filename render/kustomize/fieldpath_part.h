/*
 * One part of a field path (fieldpath.h), and what it leads to from one node.
 */
#ifndef RENDER_KUSTOMIZE_FIELDPATH_PART_H
#define RENDER_KUSTOMIZE_FIELDPATH_PART_H

#include "render/base/err.h"
#include "render/kustomize/fieldpath.h"
#include "render/kustomize/tree.h"

enum { FIELDPATH_SHOWN = 100 }; /* bytes of a part in a message */

/* [...] */
bool fieldpath_is_item(const char *part);
/* Go's strconv.Atoi. */
bool fieldpath_is_number(const char *part, long *number);
bool fieldpath_is_index(const char *part);

/* Of [key=value]. */
bool fieldpath_split_item(struct arena *arena, const char *part, const char **key, const char **value, struct err *err)
	MUST_CHECK;

/* What is made where the part behind it is `next`: NULL or "" for none. */
struct tree *fieldpath_new(struct arena *arena, const char *next, enum fieldpath_create create);
/* An item that [key=value] finds. */
struct tree *fieldpath_new_item(struct arena *arena, const char *key, const char *value);

/* kyaml's FieldMatcher: NULL in a null; an error where there is no mapping. "" is the scalar itself, if it is "". */
bool fieldpath_field(struct tree *node, const char *name, struct tree **found, struct err *err) MUST_CHECK;
/* Of a list, or below a null (hidden.h); an error elsewhere. */
bool fieldpath_items(struct tree *node, const char *part, struct tree ***items, size_t *count, struct err *err) MUST_CHECK;

#endif
