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

/* Members of one name in an object: of Go's two decoders the newer one refuses them. */
enum json_repeats { JSON_REPEATS_LAST_COUNTS, JSON_REPEATS_REFUSED };

/* One value and nothing behind it. */
bool json_read(struct arena *arena, const char *text, size_t len, enum json_repeats repeats, struct tree **out, struct err *err)
	MUST_CHECK;

/* A raw scalar with its text decoded and the tag it has; any other node as it is. */
struct tree *json_decode(struct arena *arena, struct tree *tree);

#endif
