/*
 * Input: how long the chunks are, and the stream of a watch. Whatever the chunks, the same lines come out.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "sync/kube/watch_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	size_t lines;
	size_t events;
};

static bool each(void *context, const char *text, size_t len, struct err *err)
{
	struct seen *seen = context;
	struct watch_line line;
	seen->lines++;
	if (watch_line_parse(text, len, &line, err)) {
		if (line.type != WATCH_LINE_ERROR && (!line.metadata || !*line.version)) {
			abort();
		}
		seen->events++;
		watch_line_release(&line);
	}
	return true;
}

static struct seen split(const char *text, size_t size, size_t chunk)
{
	struct seen seen = { 0 };
	struct err err = ERR_INIT;
	CLEANUP(buf_release) struct buf rest = BUF_INIT(LIMIT_KIB(64));
	for (size_t at = 0; at < size; at += chunk) {
		if (!watch_line_split(&rest, text + at, size - at < chunk ? size - at : chunk, each, &seen, &err)) {
			break;
		}
	}
	return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size || size > LIMIT_KIB(32)) {
		return 0;
	}
	CLEANUP(text_freep) char *text = text_dup_len((const char *)data + 1, size - 1);
	struct seen whole = split(text, size - 1, size);
	struct seen parts = split(text, size - 1, 1U + data[0] % 32U);
	if (whole.lines != parts.lines || whole.events != parts.events) {
		abort();
	}
	return 0;
}
