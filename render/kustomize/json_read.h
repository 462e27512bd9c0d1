/*
 * JSON text to a tree, as strict as encoding/json: for patches that are written as JSON. Their scalars keep how they were written
 * (JSON_RAW), because a JSON patch's `test` compares that; json_decode tells what they mean.
 */
#ifndef RENDER_KUSTOMIZE_JSON_READ_H
#define RENDER_KUSTOMIZE_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "render/base/arena.h"
#include "render/base/err.h"
#include "render/kustomize/tree.h"

/* The tag of a scalar whose text is a JSON literal: "text", 1e3, true. Nulls have TREE_NULL. */
extern const char JSON_RAW[];

/*
 * Of Go's two decoders the newer one, which reads schemas, refuses members of one name in an object; to the older one the last
 * counts. A comment may go on behind the value.
 */
enum { JSON_READ_UNIQUE = 1, JSON_READ_FIRST = 2 };

/* One value, and nothing behind it but with JSON_READ_FIRST. */
bool json_read(struct arena *arena, const char *text, size_t len, unsigned flags, struct tree **out, struct err *err) MUST_CHECK;

/* A raw scalar with its text decoded and the tag it has; any other node as it is. */
struct tree *json_decode(struct arena *arena, struct tree *tree);

#endif
