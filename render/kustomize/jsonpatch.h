/*
 * JSON patches (RFC 6902) as the library does it that Kustomize uses (evanphx/json-patch v4.13.0), where it goes its own ways
 * too:
 *
 *   - `replace` of a key that is not there adds it, `remove` of one fails; indices below 0 count from the end;
 *   - `copy` from a key that is not there adds a null; a missing `value` is a null; `test` for null is true of a missing key;
 *   - the first part of a path goes, whether it is empty or not; nothing can be found below a null;
 *   - `test` compares scalars as they are written in JSON, so that 1 is not 1.0.
 *
 * All numbers of the object become float64 on the way.
 */
#ifndef RENDER_KUSTOMIZE_JSONPATCH_H
#define RENDER_KUSTOMIZE_JSONPATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "render/base/arena.h"
#include "render/base/err.h"
#include "render/kustomize/tree.h"

/* A patch that was read; NULL or a list of operations. */
struct jsonpatch {
	struct tree *operations; /* NULL: the text is null, no patch at all */
};

/* From JSON where the text begins with '[', else from YAML. It must be a list of mappings. */
bool jsonpatch_read(struct arena *arena, const char *path, const char *text, size_t len, struct jsonpatch *out, struct err *err)
	MUST_CHECK;

/* The object after all operations, a new tree; the patch stays. An error names operation, number and path. */
bool jsonpatch_apply(struct arena *arena, const struct jsonpatch *patch, const struct tree *object, struct tree **out,
                     struct err *err) MUST_CHECK;

#endif
