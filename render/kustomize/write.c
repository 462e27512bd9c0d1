#include "render/kustomize/write.h"

#include <string.h>

#include "render/base/limits.h"
#include "render/kustomize/json.h"
#include "render/yaml_emit.h"
#include "render/yaml_sort.h"

static bool full(struct err *err)
{
	return err_set(err, ERR_LIMIT, "more output than fits into memory");
}

/* --- JSON --------------------------------------------------------------------------------------------------------- */

static bool json_value(struct arena *arena, const struct tree *tree, bool root, struct buf *out, struct err *err);

static bool json_escape(struct buf *out, unsigned char c)
{
	static const char letters[] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r' };
	if (c == '"' || c == '\\') {
		return buf_printf(out, "\\%c", c);
	}
	if (c < sizeof letters && letters[c]) {
		return buf_printf(out, "\\%c", letters[c]);
	}
	return buf_printf(out, "\\u%04x", c);
}

/* As encoding/json: HTML's characters and U+2028, U+2029 are escaped. */
bool json_write_text(struct buf *out, const char *text, size_t len)
{
	bool fits = buf_putc(out, '"');
	size_t start = 0;
	for (size_t i = 0; fits && i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		bool separator = c == 0xe2 && i + 2 < len && (unsigned char)text[i + 1] == 0x80 &&
		                 ((unsigned char)text[i + 2] & 0xfe) == 0xa8;
		if (c >= 0x20 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&' && !separator) {
			continue;
		}
		fits = buf_add(out, text + start, i - start) &&
		       (separator ? buf_printf(out, "\\u202%c", (unsigned char)text[i + 2] == 0xa8 ? '8' : '9') : json_escape(out, c));
		i += separator ? 2 : 0;
		start = i + 1;
	}
	return fits && buf_add(out, text + start, len - start) && buf_putc(out, '"');
}

static bool json_list(struct arena *arena, const struct tree *list, struct buf *out, struct err *err)
{
	if (!buf_putc(out, '[')) {
		return full(err);
	}
	for (uint32_t i = 0; i < list->count; i++) {
		if (i && !buf_putc(out, ',')) {
			return full(err);
		}
		if (!json_value(arena, list->items[i], false, out, err)) {
			return false;
		}
	}
	return buf_putc(out, ']') || full(err);
}

static bool json_map(struct arena *arena, const struct tree *map, bool root, struct buf *out, struct err *err)
{
	CLEANUP(tree_free_pairs) struct tree **pairs = NULL;
	if (!tree_sort_keys(arena, map, root, &pairs, err)) {
		return false;
	}
	if (!buf_putc(out, '{')) {
		return full(err);
	}
	for (uint32_t i = 0; i + 1 < map->count; i += 2) {
		bool fits = (!i || buf_putc(out, ',')) && json_write_text(out, pairs[i]->text, pairs[i]->len) && buf_putc(out, ':');
		if (!fits) {
			return full(err);
		}
		if (!json_value(arena, pairs[i + 1], false, out, err)) {
			return false;
		}
	}
	return buf_putc(out, '}') || full(err);
}

static bool json_value(struct arena *arena, const struct tree *tree, bool root, struct buf *out, struct err *err)
{
	if (tree->kind == TREE_LIST) {
		return json_list(arena, tree, out, err);
	}
	if (tree->kind == TREE_MAP) {
		return json_map(arena, tree, root, out, err);
	}
	struct json_scalar value;
	if (!tree_json_scalar(arena, tree, &value, err)) {
		return false;
	}
	bool fits = value.kind == JSON_TEXT ? json_write_text(out, value.text, value.len) : buf_add(out, value.text, value.len);
	return fits || full(err);
}

bool tree_write_json(struct arena *arena, const struct tree *tree, struct buf *out, struct err *err)
{
	const struct tree *root = tree_decode_root(arena, tree, err);
	return root && json_value(arena, root, true, out, err);
}

/* --- YAML --------------------------------------------------------------------------------------------------------- */

struct writer {
	struct arena *arena;
	struct yaml_emit emit;
	struct err *err;
};

static bool write_value(struct writer *writer, const struct tree *tree, bool root);

/* On its way the text is JSON that goyaml v2 reads, which takes no control characters; JSON escapes only those below U+0020. */
static bool check_text(const char *text, size_t len, uint32_t line, struct err *err)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		unsigned char next = i + 1 < len ? (unsigned char)text[i + 1] : 0;
		bool control = c == 0x7f || (c == 0xc2 && next >= 0x80 && next < 0xa0 && next != 0x85) ||
		               (c == 0xef && next == 0xbf && i + 2 < len && (unsigned char)text[i + 2] >= 0xbe);
		if (control) {
			return err_set(err, ERR_INPUT, "line %u: control characters are not allowed", line);
		}
	}
	return true;
}

static bool is_next_line(const char *text, size_t len, size_t at)
{
	return at + 1 < len && (unsigned char)text[at] == 0xc2 && (unsigned char)text[at + 1] == 0x85;
}

const char *json_fold_lines(struct arena *arena, const char *text, size_t *len)
{
	if (!memmem(text, *len, "\xc2\x85", 2)) {
		return text;
	}
	char *out = arena_new(arena, *len + 1, 1);
	size_t to = 0;
	for (size_t at = 0; at < *len;) {
		size_t breaks = 0;
		size_t end = at;
		for (size_t next = at; next < *len && (text[next] == ' ' || is_next_line(text, *len, next));) {
			bool line = is_next_line(text, *len, next);
			breaks += line;
			next += line ? 2 : 1;
			end = next;
		}
		if (!breaks) {
			end = end > at ? end : at + 1;
			memcpy(out + to, text + at, end - at);
			to += end - at;
		} else {
			memset(out + to, breaks == 1 ? ' ' : '\n', breaks == 1 ? 1 : breaks - 1);
			to += breaks == 1 ? 1 : breaks - 1;
		}
		at = end;
	}
	*len = to;
	return out;
}

bool json_has_document_edge(const char *text, size_t len)
{
	const char *end = text + len;
	for (const char *at = text; (at = memmem(at, (size_t)(end - at), "\xc2\x85", 2));) {
		at += 2;
		bool edge = end - at > 3 && (memcmp(at, "---", 3) == 0 || memcmp(at, "...", 3) == 0);
		if (edge && (at[3] == ' ' || is_next_line(text, len, (size_t)(at + 3 - text)))) {
			return true;
		}
	}
	return false;
}

static bool write_text(struct writer *writer, const char *text, size_t len, uint32_t line)
{
	if (json_has_document_edge(text, len)) {
		return err_set(writer->err, ERR_INPUT, "line %u: --- or ... behind the line break U+0085", line);
	}
	text = json_fold_lines(writer->arena, text, &len);
	return check_text(text, len, line, writer->err) && (yaml_emit_text(&writer->emit, text, len) || full(writer->err));
}

static bool write_key(struct writer *writer, const struct tree *key)
{
	if (memmem(key->text, key->len, "\xc2\x85", 2)) {
		return err_set(writer->err, ERR_INPUT, "line %u: a key may not hold the line break U+0085", key->line);
	}
	return write_text(writer, key->text, key->len, key->line);
}

static bool write_scalar(struct writer *writer, const struct tree *tree)
{
	struct json_scalar value;
	if (!tree_json_scalar(writer->arena, tree, &value, writer->err)) {
		return false;
	}
	if (value.kind == JSON_TEXT) {
		return write_text(writer, value.text, value.len, tree->line);
	}
	bool fits = value.kind == JSON_NUMBER ? yaml_emit_number(&writer->emit, value.text)
	                                      : yaml_emit_word(&writer->emit, value.text);
	return fits || full(writer->err);
}

static bool write_list(struct writer *writer, const struct tree *list)
{
	bool good = yaml_emit_begin_list(&writer->emit) || full(writer->err);
	for (uint32_t i = 0; good && i < list->count; i++) {
		good = write_value(writer, list->items[i], false);
	}
	return good && (yaml_emit_end_list(&writer->emit) || full(writer->err));
}

struct pair_of_trees {
	struct tree *key;
	struct tree *value;
};

static int by_key(const void *left, const void *right)
{
	const struct pair_of_trees *a = left;
	const struct pair_of_trees *b = right;
	int order = yaml_key_compare(a->key->text, b->key->text);
	return order ? order : strcmp(a->key->text, b->key->text);
}

/* By bytes first: where goyaml's order is none, equal documents still give equal text. */
static bool write_map(struct writer *writer, const struct tree *map, bool root)
{
	CLEANUP(tree_free_pairs) struct tree **pairs = NULL;
	if (!tree_sort_keys(writer->arena, map, root, &pairs, writer->err)) {
		return false;
	}
	qsort(pairs, map->count / 2, sizeof(struct pair_of_trees), by_key);
	bool good = yaml_emit_begin_map(&writer->emit) || full(writer->err);
	for (uint32_t i = 0; good && i + 1 < map->count; i += 2) {
		good = write_key(writer, pairs[i]);
		if (good && !write_value(writer, pairs[i + 1], false)) {
			return err_wrap(writer->err, "%.60s", pairs[i]->text);
		}
	}
	return good && (yaml_emit_end_map(&writer->emit) || full(writer->err));
}

static bool write_value(struct writer *writer, const struct tree *tree, bool root)
{
	switch (tree->kind) {
	case TREE_LIST:
		return write_list(writer, tree);
	case TREE_MAP:
		return write_map(writer, tree, root);
	case TREE_SCALAR:
		break;
	}
	return write_scalar(writer, tree);
}

bool tree_write_yaml(struct arena *arena, const struct tree *tree, struct buf *out, struct err *err)
{
	struct writer writer = { .arena = arena, .err = err };
	const struct tree *root = tree_decode_root(arena, tree, err);
	if (!root) {
		return false;
	}
	bool good = yaml_emit_open(&writer.emit, out) || full(err);
	good = good && write_value(&writer, root, true);
	if (!yaml_emit_close(&writer.emit, good)) {
		return good ? full(err) : false;
	}
	return true;
}
