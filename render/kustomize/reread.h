/*
 * What becomes of texts where upstream writes an object as YAML and reads it again, as it does on the way to JSON: for the
 * output, for a JSON patch, for a hash. goyaml v3 keeps how a scalar was written, and not all that it writes says to it what it
 * was: of a folded block (>) whose lines are indented more than others an empty line becomes one more, and a block whose text
 * begins with a tab is none that it reads; in [] and {} nothing, which is null, is written as ''.
 */
#ifndef RENDER_KUSTOMIZE_REREAD_H
#define RENDER_KUSTOMIZE_REREAD_H

#include "render/base/err.h"
#include "render/kustomize/tree.h"

/* *out is a new node, or NULL where it stays as it is. `flow`: it stands in [] or {}, where no block is written. */
bool reread_scalar(struct arena *arena, const struct tree *scalar, bool key, bool flow, struct tree **out, struct err *err)
	MUST_CHECK;

/* All scalars of an object; nodes are replaced, not changed, and what was read once stays as it is. */
bool reread_tree(struct arena *arena, struct tree *root, struct err *err) MUST_CHECK;

#endif
