/*
 * A strategic merge patch applied to an object as Kustomize does it (kyaml's merge2 and walk), which is not how kubectl does:
 * every mapping is walked key by key, lists whose schema says so are merged by their keys with the patch's items in front, and
 * what the steps of that walk lose is lost here too.
 *
 * $patch: delete | replace | merge stands in a mapping or in an item of a list of its own. A value of null deletes.
 */
#ifndef RENDER_KUSTOMIZE_MERGE_H
#define RENDER_KUSTOMIZE_MERGE_H

#include <stdbool.h>

#include "render/base/arena.h"
#include "render/base/err.h"
#include "render/kustomize/schema.h"
#include "render/kustomize/tree.h"

/*
 * Merges `patch`, which is used up, into `object`, which changes in place. *merged is what is left: `object` or, where the
 * patch says $patch: replace, another tree; NULL where it deletes all. On failure the object is half merged: the error names
 * the field and the patch's line.
 */
bool merge_apply(struct arena *arena, const struct schema *schema, struct tree *object, struct tree *patch, struct tree **merged,
                 struct err *err) MUST_CHECK;

#endif
