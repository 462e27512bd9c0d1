/*
 * Trees to JSON and to the bytes that Kustomize prints.
 */
#ifndef RENDER_KUSTOMIZE_WRITE_H
#define RENDER_KUSTOMIZE_WRITE_H

#include "render/base/buf.h"
#include "render/kustomize/tree.h"

/* A scalar as JSON has it. */
struct json_scalar {
	enum { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_TEXT } kind;
	const char *text; /* true, false, a number's JSON form, or the text; may point into `number` or the arena */
	size_t len;
	char number[48];
};

/* What goyaml v3 and encoding/json make of a scalar: 0x10 is 16, a timestamp a text, .nan and `!!int x` errors. */
bool tree_json_scalar(struct arena *arena, const struct tree *scalar, struct json_scalar *out, struct err *err) MUST_CHECK;

/*
 * A copy as JSON has it (RNode.MarshalJSON): scalars plain and canonical (ints and floats by their JSON form, other tags gone),
 * texts as reread.h has them, keys strings in byte order; a duplicate or other key and what JSON cannot hold is an error that
 * names field and line.
 */
struct tree *tree_to_json(struct arena *arena, const struct tree *tree, struct err *err) MUST_CHECK;
/* What YAML reads in the JSON of a tree (RNode.Map, encoding/json, kio.FromBytes): the same, in quotes and brackets. */
struct tree *tree_from_json(struct arena *arena, const struct tree *tree, struct err *err) MUST_CHECK;

/*
 * The text (of *len bytes, NUL-terminated) after it was JSON that YAML reads, as every value of a kustomization and of the
 * output is once: JSON does not escape U+0085, and YAML takes it for a line break: spaces around it go, a single one becomes a
 * space, of more the first goes and the others are line breaks.
 */
const char *json_fold_lines(struct arena *arena, const char *text, size_t *len);

/*
 * In such a text YAML takes --- and ..., right behind a U+0085 and in front of a blank, for a document's edge: it refuses
 * them.
 */
bool json_has_document_edge(const char *text, size_t len);

/* Compact, as encoding/json writes it: keys in byte order, <, > and & escaped. For the hashes and texts inside scalars. */
bool tree_write_json(struct arena *arena, const struct tree *tree, struct buf *out, struct err *err) MUST_CHECK;

/* Appends the document as Kustomize prints it, with a newline at its end. */
bool tree_write_yaml(struct arena *arena, const struct tree *tree, struct buf *out, struct err *err) MUST_CHECK;

#endif
