/*
 * What becomes of texts where upstream writes an object as YAML and reads it again, as it does on the way to JSON: for the
 * output, for a JSON patch, for a hash. goyaml v3 keeps how a scalar was written, and not all that it writes says to it what it
 * was: of a folded block (>) whose lines are indented more than others an empty line becomes one more, and a block whose text
 * begins with a tab is none that it reads; in [] and {} nothing, which is null, is written as '', and a time with a colon in
 * quotes; and the comment that ends a document has an empty line in front of it, which is one more of a block that keeps its
 * own.
 */
#ifndef RENDER_KUSTOMIZE_REREAD_H
#define RENDER_KUSTOMIZE_REREAD_H

#include "render/base/err.h"
#include "render/kustomize/tree.h"

/* Where a tree stands. */
struct reread_place {
	bool key;
	bool flow; /* in [] or {}, where no block is written */
	bool end;  /* nothing but a comment is behind it */
	bool node; /* upstream decodes the nodes themselves: nothing is written */
};

/* That of an item, key or value of a list or mapping which stands at `place`. */
struct reread_place reread_item(const struct tree *tree, size_t at, struct reread_place place);

/* *out is a new node, or NULL where it stays as it is. */
bool reread_scalar(struct arena *arena, const struct tree *scalar, struct reread_place place, struct tree **out, struct err *err)
	MUST_CHECK;

/* All scalars of an object; nodes are replaced, not changed, and what was read once stays as it is. */
bool reread_tree(struct arena *arena, struct tree *root, struct err *err) MUST_CHECK;

#endif
