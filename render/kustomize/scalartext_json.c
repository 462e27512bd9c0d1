#include <string.h>

#include "render/base/limits.h"
#include "render/kustomize/parse.h"
#include "render/kustomize/scalartext_emit.h"
#include "render/kustomize/write.h"

static void new_line(struct buf *out, size_t depth)
{
	(void)buf_putc(out, '\n');
	for (size_t i = 0; i < depth; i++) {
		(void)buf_puts(out, "  ");
	}
}

static size_t text_length(const char *json)
{
	size_t len = 1;
	while (json[len] != '"') {
		len += json[len] == '\\' ? 2 : 1;
	}
	return len + 1;
}

/* json.MarshalIndent with two spaces, of JSON without any. */
static void indent_json(const char *json, struct buf *out)
{
	size_t depth = 0;
	for (size_t i = 0; json[i]; i++) {
		char c = json[i];
		bool opens = c == '{' || c == '[';
		bool closes = c == '}' || c == ']';
		bool empty = opens && (json[i + 1] == '}' || json[i + 1] == ']');
		if (c == '"') {
			size_t len = text_length(json + i);
			(void)buf_add(out, json + i, len);
			i += len - 1;
		} else if (empty) {
			(void)buf_add(out, json + i++, 2);
		} else if (closes) {
			new_line(out, --depth);
			(void)buf_putc(out, c);
		} else {
			(void)buf_putc(out, c);
			(void)buf_puts(out, c == ':' ? " " : "");
			if (opens || c == ',') {
				depth += opens;
				new_line(out, depth);
			}
		}
	}
}

bool scalartext_json(struct arena *arena, const struct buf *yaml, bool indented, struct buf *out, struct err *err)
{
	const struct parse_source source = { .path = "", .text = buf_text(yaml), .len = yaml->len, .dialect = PARSE_RESOURCE };
	struct tree *tree;
	if (!parse_document(arena, &source, &tree, err)) {
		return false;
	}
	struct tree *list = tree_new_list(
		arena); /* the root of a document may have other keys than strings, which nothing may here */
	tree_append(arena, list, tree ? tree : tree_new_null(arena));
	CLEANUP(buf_release) struct buf json = BUF_INIT(LIMIT_MANIFEST_BYTES);
	if (!tree_write_json(arena, list, &json, err)) {
		return false;
	}
	json.data[json.len - 1] = '\0';
	if (indented) {
		indent_json(json.data + 1, out);
	} else {
		(void)buf_puts(out, json.data + 1);
	}
	return true;
}
