/*
 * What is written and where it stands, for scalartext_write.c and scalartext_scalar.c: goyaml v3's emitter (emitterc.go)
 * without a width, indented by two, with compact lists.
 */
#ifndef RENDER_KUSTOMIZE_SCALARTEXT_EMIT_H
#define RENDER_KUSTOMIZE_SCALARTEXT_EMIT_H

#include "render/base/buf.h"
#include "render/base/err.h"
#include "render/kustomize/tree.h"

struct emitter {
	struct buf *out;
	int indent;
	int column;
	int flow;
	int foot_indent; /* an empty line follows a foot comment at this indentation; -1 none */
	bool whitespace; /* the last character was one */
	bool indention;  /* nothing but indentation stands on the line */
	/* What is being written is: */
	bool in_mapping;
	bool simple_key;
	/* Comments that are still to be written. */
	const char *head;
	const char *line;
	const char *foot;
	const char *tail;
	const char *key_line;
};

void emit_char(struct emitter *emitter, char c);
void emit_text(struct emitter *emitter, const char *text, size_t len);
void emit_break(struct emitter *emitter);
void emit_indent(struct emitter *emitter);
void emit_indicator(struct emitter *emitter, const char *text, bool need_space, bool is_space, bool is_indention);
void emit_comment(struct emitter *emitter, const char *comment);
/* Beside what was written, if there is one; `always` ends the line in any case. */
void emit_line_comment(struct emitter *emitter, bool always);

/* Whether the text can be a key on the line of its value. */
bool emit_is_simple(const struct tree *scalar);
/* The given style, or the nearest that the text allows where it stands. */
enum tree_style emit_style(const struct emitter *emitter, const struct tree *scalar, enum tree_style style);
/* A scalar in it. */
void emit_scalar(struct emitter *emitter, const struct tree *scalar, enum tree_style style);

/*
 * YAML as JSON, as upstream does: it reads what it wrote, which resolves aliases and merges. Indented by two, or compact. False
 * for what JSON has not: other keys than strings, .inf.
 */
bool scalartext_json(struct arena *arena, const struct buf *yaml, bool indented, struct buf *out, struct err *err) MUST_CHECK;

#endif
