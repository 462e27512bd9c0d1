/*
 * libyaml's tokens of a text, with the comments between them, which libyaml drops: found and told apart (in front of something,
 * beside it, behind it) as goyaml v3's scanner does. For scalartext_read.c.
 */
#ifndef RENDER_KUSTOMIZE_SCALARTEXT_TOKENS_H
#define RENDER_KUSTOMIZE_SCALARTEXT_TOKENS_H

#include <yaml.h>

#include "render/base/arena.h"
#include "render/base/err.h"

/* A token as libyaml made it, kept until its parser goes; `start` counts bytes, and for the end of a block as goyaml has it. */
struct scalartext_token {
	yaml_token_t yaml;
	long start;
};

/* It belongs to the first token that starts at `at` or behind. One of the three texts is there. */
struct scalartext_comment {
	long at;
	const char *head;
	const char *line;
	const char *foot;
};

struct scalartext_tokens {
	struct scalartext_token *items;
	size_t count;
	struct scalartext_comment *comments; /* in the order of `at`, mostly */
	size_t comment_count;
};

/* Frees what libyaml made. */
void scalartext_tokens_release(struct scalartext_tokens *tokens);

/* All tokens of the first document, or to the end of the stream. An error names the line. */
bool scalartext_tokens_read(struct arena *arena, const char *text, size_t len, struct scalartext_tokens *out, struct err *err)
	MUST_CHECK;

#endif
