/*
 * Comments of a resource's file that mean something to Kustomize. Those in JSON, at a key whose value is a list or a mapping, are
 * the schema of that field (schema_of_comment). Those of a scalar are part of what an expression in a field path is matched
 * against: `[name=^web$]` does not find `name: web # the shop`. Where one is behind a value, that is noted too (reread.h). All
 * others are passed over.
 */
#ifndef RENDER_KUSTOMIZE_COMMENTS_H
#define RENDER_KUSTOMIZE_COMMENTS_H

#include <stddef.h>

#include "render/base/arena.h"
#include "render/kustomize/tree.h"

/* Gives the keys and scalars of the tree, which was read of the text, their comments as notes. `first_line` counts from 0. */
void comments_attach(struct arena *arena, const char *text, size_t len, size_t first_line, struct tree *root);

#endif
