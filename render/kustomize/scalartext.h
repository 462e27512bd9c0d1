/*
 * YAML as goyaml v3 keeps it in nodes and writes it again: comments, key order, quotes, flow style and anchors stay. For the
 * texts inside of scalars that replacements change, and for what an expression in a field path is matched against.
 */
#ifndef RENDER_KUSTOMIZE_SCALARTEXT_H
#define RENDER_KUSTOMIZE_SCALARTEXT_H

#include "render/kustomize/build.h"

/* One document. Its trees have notes (tree.h): comments, anchors, aliases; merge keys are not merged. */
struct scalartext {
	struct tree *root;
	const char *head; /* comments of the document itself, or NULL */
	const char *foot;
};

/* The first document of the text; what comes behind it is not looked at. A text that has none is an error. */
bool scalartext_read(struct arena *arena, const char *text, size_t len, struct scalartext *out, struct err *err) MUST_CHECK;

/*
 * In the place of `original`: where that begins with { or [ as JSON (keys sorted, numbers as encoding/json has them; indented
 * by two where the original had a line break and two spaces), else as YAML (indented by two, lists at their key's column, no
 * line folded), without white space around. False where upstream fails: it keeps quiet about it.
 */
bool scalartext_write(struct arena *arena, const struct scalartext *document, const char *original, struct text *out,
                      struct err *err) MUST_CHECK;

/* A value as it would be written in YAML, */
struct text scalartext_document(struct arena *arena, const struct tree *node);
/* without white space around. */
const char *scalartext_node(struct arena *arena, const struct tree *node);

/* `*name`: no mapping, list or scalar for whoever walks through it. */
bool scalartext_is_alias(const struct tree *node);

#endif
