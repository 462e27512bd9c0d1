/*
 * What the agent says while it runs, to one descriptor: JSON lines for machines, words for a terminal. One event is one line
 * of at most LIMIT_LOG_LINE bytes and one write; a message that is longer ends in "...". Control characters (C0, DEL, C1,
 * line and paragraph separators) are escaped and bytes that are no UTF-8 replaced, so that no text of a repository or of the
 * server makes a line of its own. Nothing here takes a struct secret, and error texts hold no Secret's value (err.h).
 *
 *     {"time":"2026-11-24T02:41:58.123Z","level":"info","sync":"shop/web","commit":"4f2a...","object":"Deployment/shop/web",
 *      "msg":"healed"}
 *
 * Of one thread. What cannot be written (a pipe that nobody reads) is dropped and counted, never waited for longer than the
 * descriptor makes the write wait.
 */
#ifndef AGENT_LOG_H
#define AGENT_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "render/base/err.h"
#include "render/base/macros.h"

enum log_level { LEVEL_DEBUG, LEVEL_INFO, LEVEL_WARNING, LEVEL_ERROR };
enum log_format { LOG_JSON, LOG_TEXT };

struct log {
	int fd;
	enum log_format format;
	enum log_level least; /* what is below is left out */
	uint64_t dropped;     /* lines that could not be written */
};

/* What an event is about; borrowed; NULL or "" where it is about none. Members that are not set do not appear. */
struct log_about {
	const char *ns;     /* of the Sync */
	const char *name;   /* of the Sync */
	const char *commit; /* a full id */
	const char *object; /* "Deployment/shop/web" */
};

/* To standard error, from LEVEL_INFO on: JSON, but words where it is a terminal. */
struct log log_stderr(void);

/* "json" or "text"; "debug", "info", "warning", "error". ERR_INPUT names what there is. */
bool log_parse_format(const char *text, enum log_format *out, struct err *err) MUST_CHECK;
bool log_parse_level(const char *text, enum log_level *out, struct err *err) MUST_CHECK;

/* One event. The message is lower case without a full stop, as errors are. `about` may be NULL. */
void log_event(struct log *log, enum log_level level, const struct log_about *about, const char *fmt, ...) PRINTF_LIKE(4, 5);

#endif
