/*
 * The values that a JSON patch works on: trees as JSON has them (tree_to_json), among which stand those of the patch, whose
 * scalars may still be raw (json_read.h). For jsonpatch.c alone.
 */
#ifndef RENDER_KUSTOMIZE_JSONPATCH_VALUE_H
#define RENDER_KUSTOMIZE_JSONPATCH_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "render/base/arena.h"
#include "render/base/err.h"
#include "render/kustomize/tree.h"

/*
 * The library tells a null that an operation put there from one that was there, or stands inside of a value: only of the other
 * kind is it true that nothing is there.
 */
void json_mark_given_null(struct tree *null);
bool json_is_nil(const struct tree *tree);

/* Scalars by how they are written, mappings without regard to order; a list with nulls equals none. */
bool json_equal(struct arena *arena, const struct tree *a, const struct tree *b);

/* Levels of lists and mappings, and values; counted no further than `most` + 1. */
size_t json_depth(const struct tree *tree, size_t most);
size_t json_count(const struct tree *tree, size_t most);

/* How goyaml v3 writes a string. */
enum tree_style json_text_style(const struct tree *text);

/*
 * A new tree without raw scalars, as goyaml v3 reads what it wrote: numbers are float64. One that is too large is an error. Of
 * what is in `scratch` nothing is in the new tree.
 */
bool json_normalize(struct arena *arena, const struct arena *scratch, const struct tree *tree, struct tree **out, struct err *err)
	MUST_CHECK;

#endif
