/*
 * The parser of scalartext_read.c, and its lists and mappings (scalartext_collections.c).
 */
#ifndef RENDER_KUSTOMIZE_SCALARTEXT_READER_H
#define RENDER_KUSTOMIZE_SCALARTEXT_READER_H

#include "render/base/map.h"
#include "render/kustomize/scalartext.h"
#include "render/kustomize/scalartext_tokens.h"

/*
 * goyaml v3's parser (parserc.go, and decode.go's nodes), as functions that call each other. Each look at the next token takes up
 * the comments that belong to it; who takes them over is upstream's choice.
 */
struct comments {
	const char *head;
	const char *line;
	const char *foot;
};

struct reader {
	struct arena *arena;
	struct scalartext_tokens tokens;
	size_t at;
	size_t comment;       /* the next one */
	struct comments held; /* taken up, and nobody's yet */
	const char *stem;     /* in front of the '-' of a nested block */
	struct map anchors;
	yaml_tag_directive_t *tags;
	size_t tag_count;
	size_t depth;
	struct err *err;
};

/* What stands in front of a node's content. */
struct properties {
	const char *anchor;
	const char *tag; /* "" none */
};

/* The next token, with its comments taken up. */
const yaml_token_t *reader_peek(struct reader *reader);
yaml_token_type_t reader_peek_type(struct reader *reader);
void reader_skip(struct reader *reader);
/* Sets the error and returns NULL. */
struct tree *reader_unexpected(struct reader *reader, const char *wanted);

struct comments reader_take_comments(struct reader *reader);
struct tree_notes *reader_notes(struct reader *reader, struct tree *node);
void reader_set_comments(struct reader *reader, struct tree *node, struct comments comments);
void reader_set_properties(struct reader *reader, struct tree *node, const struct properties *properties);

/* Each reads one node; NULL on failure. Where `indentless`, a list may stand at the column of its key. */
struct tree *reader_node(struct reader *reader, bool block, bool indentless);
struct tree *reader_empty(struct reader *reader);
struct tree *reader_block_list(struct reader *reader, const struct properties *properties);
struct tree *reader_indentless_list(struct reader *reader, const struct properties *properties);
struct tree *reader_block_map(struct reader *reader, const struct properties *properties);
struct tree *reader_flow_list(struct reader *reader, const struct properties *properties);
struct tree *reader_flow_map(struct reader *reader, const struct properties *properties);

#endif
