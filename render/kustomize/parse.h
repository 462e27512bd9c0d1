/*
 * libyaml's events to one tree: anchors expanded, merge keys merged. read.h knows where documents start.
 */
#ifndef RENDER_KUSTOMIZE_PARSE_H
#define RENDER_KUSTOMIZE_PARSE_H

#include "render/base/err.h"
#include "render/kustomize/tree.h"

enum parse_dialect {
	PARSE_RESOURCE, /* goyaml v3's nodes: scalars keep their text, duplicate keys stay for the writer to refuse */
	PARSE_CONFIG,   /* goyaml v2's values: as tree_read_config says */
};

struct parse_source {
	const char *path;
	const char *text;
	size_t len;
	size_t first_line; /* of the text in its file, from 0 */
	enum parse_dialect dialect;
	bool strict; /* PARSE_CONFIG: a key that is there twice is an error */
	/* Of each node in the order of the text, aliases left out; gets the places of the nodes (whole.h). NULL: no notes. */
	struct tree_notes **notes;
	size_t note_count;
};

/* The first document; *out is NULL where there is none. What comes behind it is not looked at. */
bool parse_document(struct arena *arena, const struct parse_source *source, struct tree **out, struct err *err) MUST_CHECK;

/* A mapping of PARSE_RESOURCE: what its merge key names is copied into it. Called from inside only. */
bool parse_finish_resource(struct arena *arena, const struct parse_source *source, struct tree *map, struct err *err) MUST_CHECK;

/* A mapping of PARSE_CONFIG: merges, keys as strings and sorted, the last of equal ones. Called from inside only. */
bool parse_finish_config(struct arena *arena, const struct parse_source *source, struct tree *map, struct err *err) MUST_CHECK;
/* A scalar of PARSE_CONFIG as what it means. */
bool parse_config_scalar(struct arena *arena, const struct parse_source *source, struct tree *scalar, bool plain, struct err *err)
	MUST_CHECK;

#endif
