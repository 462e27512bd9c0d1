/*
 * The stream of a watch: one JSON object a line, {"type": "ADDED", "object": {...}}, in chunks that end anywhere. Bounded by the
 * splitter's buffer and by the depth that cJSON parses; what a server sends is never trusted to be what was asked for.
 */
#ifndef SYNC_KUBE_WATCH_LINE_H
#define SYNC_KUBE_WATCH_LINE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "render/base/buf.h"
#include "render/base/err.h"

enum watch_line_type { WATCH_LINE_SET, WATCH_LINE_DELETED, WATCH_LINE_BOOKMARK, WATCH_LINE_ERROR };

struct watch_line {
	enum watch_line_type type; /* SET: ADDED or MODIFIED */
	cJSON *doc;
	cJSON *metadata;     /* of the object, in doc; never NULL but for ERROR */
	const char *version; /* its resourceVersion, in doc; never NULL but for ERROR */
	int code;            /* ERROR: the Status' code, 0 if none */
	const char *message; /* ERROR: in doc; "" if none */
};

/* Parses one line. ERR_TRANSIENT where it is none. */
bool watch_line_parse(const char *text, size_t len, struct watch_line *out, struct err *err) MUST_CHECK;
void watch_line_release(struct watch_line *line);

/*
 * Adds bytes to what is left of the last ones and calls `each` for every line that is complete, without its end; false from it
 * ends. false: `each` said so, or (ERR_LIMIT) a line is longer than the buffer may be. What `each` was told stays taken.
 */
bool watch_line_split(struct buf *rest, const char *bytes, size_t len,
                      bool (*each)(void *context, const char *line, size_t len, struct err *err), void *context, struct err *err)
	MUST_CHECK;

#endif
