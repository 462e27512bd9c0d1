/*
 * The text is cut at its "---" lines, which YAML allows nowhere but between documents, and each part gets a parser of its
 * own: so a part that is broken does not take the others with it.
 */
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "render/base/limits.h"
#include "render/yaml.h"
#include "render/yaml_node.h"
#include "render/yaml_utf.h"
#include "render/yaml_value.h"

struct reading {
	const char *path;
	yaml_document *each;
	void *context;
	struct problems *problems;
	size_t documents;
};

static bool is_mark(const char *line, size_t len, const char *mark)
{
	return len >= 3 && memcmp(line, mark, 3) == 0 && (len == 3 || strchr(" \t\r\n", line[3]));
}

static size_t line_length(const char *text, size_t len)
{
	const char *feed = memchr(text, '\n', len);
	return feed ? (size_t)(feed - text) + 1 : len;
}

static bool is_blank(const char *line, size_t len)
{
	size_t at = 0;
	while (at < len && strchr(" \t\r\n", line[at])) {
		at++;
	}
	return at == len || line[at] == '#';
}

/* Length and lines of the first part. A "---" after nothing but directives belongs to them. */
static size_t cut(const char *text, size_t len, size_t *lines)
{
	size_t at = 0;
	bool fresh = true; /* a directive may stand here */
	bool directives = false;
	for (*lines = 0; at < len; (*lines)++) {
		const char *line = text + at;
		size_t size = line_length(line, len - at);
		bool start = is_mark(line, size, "---");
		if (start && at && !directives) {
			break;
		}
		directives = !start && (directives || (fresh && *line == '%'));
		fresh = is_mark(line, size, "...") || (fresh && is_blank(line, size));
		at += size;
	}
	return at;
}

/* errors: as many as there were before this document. */
static void hand_on(struct reading *reading, const struct node *root, size_t errors)
{
	cJSON *document = value_make(root, reading->path, reading->problems);
	if (reading->problems->errors == errors && !cJSON_IsNull(document)) {
		reading->each(reading->context, document, root->line);
	} else {
		cJSON_Delete(document);
	}
}

static bool count_document(struct reading *reading, size_t line)
{
	if (reading->documents++ < LIMIT_DOCUMENTS) {
		return true;
	}
	problems_add(reading->problems, PROBLEM_ERROR, reading->path, line, NULL, "more than %zu documents in one file",
	             LIMIT_DOCUMENTS);
	return false;
}

/* false when no part after it may be read. */
static bool read_part(struct reading *reading, const struct node_source *part)
{
	yaml_parser_t parser;
	if (!yaml_parser_initialize(&parser)) {
		abort();
	}
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)part->text, part->len);
	struct nodes nodes = NODES_INIT;
	struct node *root = NULL;
	bool go_on = true;
	size_t errors = reading->problems->errors;
	while (go_on && nodes_read(&nodes, &parser, part, &root)) {
		go_on = count_document(reading, root->line);
		if (go_on) {
			hand_on(reading, root, errors);
		}
		errors = reading->problems->errors;
	}
	nodes_release(&nodes);
	yaml_parser_delete(&parser);
	return go_on;
}

/* JSON escapes characters beyond U+FFFF as two, which YAML does not know. */
static bool has_pairs(const struct node_source *part)
{
	return node_source_is_flow(part) && (memmem(part->text, part->len, "\\ud", 3) || memmem(part->text, part->len, "\\uD", 3));
}

static bool read_joined(struct reading *reading, struct node_source part)
{
	CLEANUP(buf_release) struct buf joined = BUF_INIT(part.len);
	json_join_pairs(part.text, part.len, &joined);
	part.text = buf_text(&joined);
	part.len = joined.len;
	return read_part(reading, &part);
}

static void read_parts(struct reading *reading, const char *text, size_t len)
{
	size_t line = 0;
	size_t lines = 0;
	for (size_t at = 0; at < len; line += lines) {
		struct node_source part = {
			.path = reading->path,
			.text = text + at,
			.len = cut(text + at, len - at, &lines),
			.first_line = line,
			.problems = reading->problems,
		};
		if (!(has_pairs(&part) ? read_joined(reading, part) : read_part(reading, &part))) {
			return;
		}
		at += part.len;
	}
}

void yaml_read(const char *path, const char *text, size_t len, yaml_document *each, void *context, struct problems *problems)
{
	if (len > LIMIT_MANIFEST_BYTES) {
		problems_add(problems, PROBLEM_ERROR, path, 0, NULL, "larger than %zu bytes", LIMIT_MANIFEST_BYTES);
		return;
	}
	struct reading reading = { .path = path, .each = each, .context = context, .problems = problems };
	if (!utf16_is(text, len)) {
		size_t mark = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
		read_parts(&reading, text + mark, len - mark);
		return;
	}
	CLEANUP(buf_release) struct buf utf8 = BUF_INIT(2 * LIMIT_MANIFEST_BYTES);
	utf16_decode(text, len, &utf8);
	read_parts(&reading, buf_text(&utf8), utf8.len);
}
