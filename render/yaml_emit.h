/*
 * libyaml's emitter with goyaml v2's choices (encode.go): what kubectl and Kustomize print. Values are given one after another;
 * who calls sees to keys and their order. false: the buffer is full, and so will be every call after.
 */
#ifndef RENDER_YAML_EMIT_H
#define RENDER_YAML_EMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include "render/base/buf.h"

struct yaml_emit {
	yaml_emitter_t emitter;
	struct buf *out;
	size_t start;
	/* For texts that libyaml writes another way than goyaml; see yaml_emit.c. */
	bool marked;
	struct buf escaped;
};

/* Starts a document; yaml_emit_close must follow. */
bool yaml_emit_open(struct yaml_emit *emit, struct buf *out) MUST_CHECK;
/* Ends it. Where it did not fit, the buffer is as it was before. */
bool yaml_emit_close(struct yaml_emit *emit, bool fits) MUST_CHECK;

bool yaml_emit_text(struct yaml_emit *emit, const char *text, size_t len) MUST_CHECK;
/* A JSON number's text as Kustomize prints it; anything else is a text. */
bool yaml_emit_number(struct yaml_emit *emit, const char *text) MUST_CHECK;
/* true, false, null */
bool yaml_emit_word(struct yaml_emit *emit, const char *word) MUST_CHECK;
bool yaml_emit_begin_map(struct yaml_emit *emit) MUST_CHECK;
bool yaml_emit_end_map(struct yaml_emit *emit) MUST_CHECK;
bool yaml_emit_begin_list(struct yaml_emit *emit) MUST_CHECK;
bool yaml_emit_end_list(struct yaml_emit *emit) MUST_CHECK;

#endif
