#include "sync/kube/watch_line.h"

#include <string.h>

#include "render/doc.h"

static bool type_of(const char *text, enum watch_line_type *out)
{
	static const struct {
		const char *text;
		enum watch_line_type type;
	} types[] = {
		{ "ADDED", WATCH_LINE_SET },         { "MODIFIED", WATCH_LINE_SET }, { "DELETED", WATCH_LINE_DELETED },
		{ "BOOKMARK", WATCH_LINE_BOOKMARK }, { "ERROR", WATCH_LINE_ERROR },
	};
	for (size_t i = 0; text && i < ARRAY_LEN(types); i++) {
		if (strcmp(text, types[i].text) == 0) {
			*out = types[i].type;
			return true;
		}
	}
	return false;
}

static bool fill(struct watch_line *line, struct err *err)
{
	const cJSON *object = doc_get(line->doc, "object");
	if (!type_of(doc_text(line->doc, "type"), &line->type) || !cJSON_IsObject(object)) {
		return err_set(err, ERR_TRANSIENT, "the server's stream has a line that is no event of a watch");
	}
	if (line->type == WATCH_LINE_ERROR) {
		const char *message = doc_text(object, "message");
		int64_t code = doc_int(object, "code", 0);
		line->code = code > 0 && code < 1000 ? (int)code : 0;
		line->message = message ? message : "";
		return true;
	}
	line->metadata = doc_get(object, "metadata");
	line->version = doc_text(line->metadata, "resourceVersion");
	if (!line->version || !*line->version) {
		return err_set(err, ERR_TRANSIENT, "the server's stream has an event without a resourceVersion");
	}
	return true;
}

bool watch_line_parse(const char *text, size_t len, struct watch_line *out, struct err *err)
{
	struct watch_line line = { .message = "" };
	line.doc = doc_parse(text, len, err);
	if (!line.doc) {
		err->kind = ERR_TRANSIENT;
		return err_wrap(err, "the server's stream");
	}
	if (!fill(&line, err)) {
		cJSON_Delete(line.doc);
		return false;
	}
	*out = line;
	return true;
}

void watch_line_release(struct watch_line *line)
{
	cJSON_Delete(line->doc);
	*line = (struct watch_line){ 0 };
}

/* Blank lines are none. */
static bool tell(const char *line, size_t len, bool (*each)(void *context, const char *line, size_t len, struct err *err),
                 void *context, struct err *err)
{
	if (len && line[len - 1] == '\r') {
		len--;
	}
	return !len || each(context, line, len, err);
}

bool watch_line_split(struct buf *rest, const char *bytes, size_t len,
                      bool (*each)(void *context, const char *line, size_t len, struct err *err), void *context, struct err *err)
{
	const char *end = bytes + len;
	for (const char *stop; (stop = memchr(bytes, '\n', (size_t)(end - bytes))); bytes = stop + 1) {
		bool good = true;
		if (rest->len) {
			if (!buf_add(rest, bytes, (size_t)(stop - bytes))) {
				return err_set(err, ERR_LIMIT, "an event of the server is longer than %zu bytes", rest->max);
			}
			good = tell(buf_text(rest), rest->len, each, context, err);
			buf_reset(rest);
		} else {
			good = tell(bytes, (size_t)(stop - bytes), each, context, err);
		}
		if (!good) {
			return false;
		}
	}
	if (!buf_add(rest, bytes, (size_t)(end - bytes))) {
		return err_set(err, ERR_LIMIT, "an event of the server is longer than %zu bytes", rest->max);
	}
	return true;
}
