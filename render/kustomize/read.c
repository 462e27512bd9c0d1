#include "render/kustomize/read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/kustomize/comments.h"
#include "render/kustomize/json.h"
#include "render/kustomize/parse.h"
#include "render/kustomize/whole.h"
#include "render/kustomize/write.h"
#include "render/yaml_scalar.h"

static void add_tree(struct arena *arena, struct trees *trees, struct tree *tree)
{
	if (trees->count == trees->cap) {
		size_t cap = trees->cap ? 2 * trees->cap : 4;
		trees->items = arena_grow(arena, trees->items, trees->count * sizeof(struct tree *), cap * sizeof(struct tree *));
		trees->cap = cap;
	}
	trees->items[trees->count++] = tree;
}

/* --- splitting ---------------------------------------------------------------------------------------------------- */

struct chunk {
	const char *text;
	size_t len;
	size_t line; /* from 0 */
	bool last;
};

struct splitter {
	const char *path;
	const char *at;
	const char *end;
	size_t line;
	bool done;
	bool any; /* more than one chunk */
};

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static size_t count_lines(const char *from, const char *to)
{
	size_t count = 0;
	for (const char *at = from; at < to; at++) {
		at = memchr(at, '\n', (size_t)(to - at));
		if (!at) {
			break;
		}
		count++;
	}
	return count;
}

/* The next match of \n---.*\n: its start, and its end in *after. */
static const char *find_separator(const char *at, const char *end, const char **after)
{
	while (at < end) {
		const char *dashes = memmem(at, (size_t)(end - at), "\n---", 4);
		const char *feed = dashes ? memchr(dashes + 4, '\n', (size_t)(end - dashes - 4)) : NULL;
		if (!feed) {
			return NULL;
		}
		*after = feed + 1;
		return dashes;
	}
	return NULL;
}

static bool next_chunk(struct splitter *splitter, struct chunk *out, struct err *err)
{
	const char *after = splitter->end;
	const char *separator = find_separator(splitter->at, splitter->end, &after);
	const char *start = splitter->at;
	*out = (struct chunk){ .text = start, .line = splitter->line };
	if (!separator) {
		out->len = (size_t)(splitter->end - start);
		splitter->done = true;
		out->last = true;
		return true;
	}
	splitter->any = true;
	const char *rest = separator + 4;
	while (rest < after && is_space(*rest)) {
		rest++;
	}
	out->len = (size_t)(separator + 1 - start);
	splitter->line += count_lines(start, after);
	splitter->at = after;
	if (rest < after && *rest != '#') {
		return err_set(err, ERR_INPUT, "%s:%zu: a line that starts with --- and goes on: nothing but a comment may follow",
		               splitter->path, splitter->line);
	}
	return true;
}

/* A copy with each CR LF a line feed, where there is one. */
static const char *without_carriage_returns(struct arena *arena, const char *text, size_t *len)
{
	if (!memmem(text, *len, "\r\n", 2)) {
		return text;
	}
	char *copy = arena_text_len(arena, text, *len);
	size_t to = 0;
	for (size_t i = 0; i < *len; i++) {
		if (!(text[i] == '\r' && i + 1 < *len && text[i + 1] == '\n')) {
			copy[to++] = text[i];
		}
	}
	copy[to] = '\0';
	*len = to;
	return copy;
}

/* --- documents ---------------------------------------------------------------------------------------------------- */

static bool is_wrapping_list(const struct tree *tree)
{
	const char *kind = tree_get_text(tree, "kind");
	return kind && (strcmp(kind, "List") == 0 || strcmp(kind, "ResourceList") == 0) &&
	       (tree_get(tree, "items") || tree_get(tree, "functionConfig"));
}

static void add_items(struct arena *arena, struct trees *out, const struct tree *list)
{
	const struct tree *items = tree_get(list, "items");
	for (uint32_t i = 0; items && items->kind != TREE_SCALAR && i < items->count; i++) {
		add_tree(arena, out, items->items[i]);
	}
}

static bool read_document(struct arena *arena, const struct parse_source *source, bool whole, struct tree **root, struct err *err)
{
	if (whole) {
		return whole_parse(arena, source, root, err);
	}
	if (!parse_document(arena, source, root, err)) {
		return false;
	}
	if (!tree_is_null(*root)) {
		comments_attach(arena, source->text, source->len, source->first_line, *root);
	}
	return true;
}

static bool read_all(struct arena *arena, const char *path, struct text text, bool whole, struct trees *out, struct err *err)
{
	text.data = without_carriage_returns(arena, text.data, &text.len);
	struct splitter splitter = { .path = path, .at = text.data, .end = text.data + text.len, .done = text.len == 0 };
	while (!splitter.done) {
		struct chunk chunk;
		if (!next_chunk(&splitter, &chunk, err)) {
			return false;
		}
		struct parse_source source = {
			.path = path, .text = chunk.text, .len = chunk.len, .first_line = chunk.line, .dialect = PARSE_RESOURCE
		};
		struct tree *root = NULL;
		if (!read_document(arena, &source, whole, &root, err)) {
			return false;
		}
		if (out->count > LIMIT_DOCUMENTS) {
			return err_set(err, ERR_LIMIT, "%s: more than %zu documents", path, LIMIT_DOCUMENTS);
		}
		if (tree_is_null(root)) {
			continue;
		}
		if (chunk.last && !splitter.any && is_wrapping_list(root)) {
			add_items(arena, out, root);
		} else {
			add_tree(arena, out, root);
		}
	}
	return true;
}

bool tree_read(struct arena *arena, const char *path, const char *text, size_t len, struct trees *out, struct err *err)
{
	return read_all(arena, path, (struct text){ text, len }, false, out, err);
}

bool tree_read_made(const struct build *build, const char *path, const char *text, struct tree **out, struct err *err)
{
	const struct parse_source source = { .path = path, .text = text, .len = strlen(text), .dialect = PARSE_RESOURCE };
	return read_document(build->arena, &source, build->whole, out, err);
}

/* encoding/json refuses what no JSON stands for. */
static bool check_finite(const char *path, const struct tree *tree, struct err *err)
{
	if (tree->kind == TREE_SCALAR && tree->tag == TREE_FLOAT && !isfinite(scalar_resolve(tree->text).real)) {
		return err_set(err, ERR_INPUT, "%s:%u: infinity and not-a-number have no JSON form", path, tree->line);
	}
	for (uint32_t i = 0; tree->kind != TREE_SCALAR && i < tree->count; i++) {
		if (!check_finite(path, tree->items[i], err)) {
			return false;
		}
	}
	return true;
}

bool tree_read_config(struct arena *arena, const char *path, const char *text, size_t len, unsigned flags, struct tree **out,
                      struct err *err)
{
	bool strict = flags & CONFIG_UNIQUE;
	struct parse_source source = { .path = path, .text = text, .len = len, .dialect = PARSE_CONFIG, .strict = strict };
	struct tree *root = NULL;
	if (!parse_document(arena, &source, &root, err)) {
		return false;
	}
	*out = root ? root : tree_new_null(arena);
	return (flags & CONFIG_LOOSE) || check_finite(path, *out, err);
}

/* --- resources ---------------------------------------------------------------------------------------------------- */

static bool ends_with_list(const char *kind)
{
	size_t len = strlen(kind);
	return len >= 4 && strcmp(kind + len - 4, "List") == 0;
}

static bool refuse(const char *path, const struct tree *tree, const char *what, struct err *err)
{
	return err_set(err, ERR_INPUT, "%s:%u: %s", path, tree->line, what);
}

/* GetValidatedMetadata. */
static bool check_resource(const char *path, const struct tree *tree, struct err *err)
{
	const struct tree *kind = tree_get(tree, "kind");
	if (!tree_is_map(tree)) {
		return refuse(path, tree, "no Kubernetes object but a list or a plain value", err);
	}
	if (tree_is_empty(kind) || !tree_text(kind) || !kind->len) {
		return refuse(path, tree, "an object without kind", err);
	}
	if (ends_with_list(kind->text)) {
		return true;
	}
	const struct tree *name = tree_at(tree, "metadata", "name", NULL);
	if (tree_is_empty(name) || !tree_text(name) || !name->len) {
		return refuse(path, tree, "an object without metadata.name", err);
	}
	return true;
}

struct queue {
	struct trees trees;
	bool whole;
	size_t next;
	size_t lists;
};

/* An item of a list after it was JSON. */
static struct tree *through_json(struct arena *arena, const struct tree *item, bool whole, struct err *err)
{
	return whole ? whole_through_json(arena, item, err) : tree_from_json(arena, item, err);
}

/* RNode.Map: all of a list is decoded before its items are looked at. */
static bool check_keys(struct arena *arena, const struct tree *tree, struct err *err)
{
	struct tree **sorted = NULL;
	bool good = tree->kind != TREE_MAP || tree_sort_keys(arena, tree, true, &sorted, err);
	free(sorted);
	for (uint32_t i = 0; good && tree->kind != TREE_SCALAR && i < tree->count; i++) {
		good = check_keys(arena, tree->items[i], err);
	}
	return good;
}

/* convertObjectSliceToNodeSlice: each item goes through JSON. */
static bool add_list_items(struct arena *arena, const char *path, const struct tree *list, struct queue *queue, struct err *err)
{
	struct tree *items = tree_get(list, "items");
	if (!check_keys(arena, list, err)) {
		return err_wrap(err, "%s", path);
	}
	if (tree_is_null(items)) {
		return true;
	}
	if (!tree_is_list(items)) {
		return refuse(path, items, "items must be a list", err);
	}
	for (uint32_t i = 0; i < items->count; i++) {
		struct tree *item = through_json(arena, items->items[i], queue->whole, err);
		if (!item) {
			return err_wrap(err, "%s:%u", path, items->line);
		}
		if (is_wrapping_list(item)) {
			struct trees inner = { 0 };
			add_items(arena, &inner, item);
			for (size_t k = 0; k < inner.count; k++) {
				add_tree(arena, &queue->trees, inner.items[k]);
			}
		} else {
			add_tree(arena, &queue->trees, item);
		}
	}
	return true;
}

static bool read_resources(struct arena *arena, const char *path, struct text text, bool whole, struct resmap *out,
                           struct err *err)
{
	struct queue queue = { .whole = whole };
	if (!read_all(arena, path, text, whole, &queue.trees, err)) {
		return false;
	}
	/* Upstream looks at all documents before it opens the first list; the items of a list come behind all of them. */
	size_t start = out->count;
	for (; queue.next < queue.trees.count; queue.next++) {
		struct tree *tree = queue.trees.items[queue.next];
		if (tree_is_empty(tree)) {
			continue;
		}
		if (!check_resource(path, tree, err)) {
			out->count = start;
			return false;
		}
		if (!ends_with_list(tree_get_text(tree, "kind")) || !tree_get(tree, "items")) {
			resmap_add(out, resource_new(arena, tree, path));
		} else if (!add_list_items(arena, path, tree, &queue, err)) {
			out->count = start;
			return false;
		}
	}
	return true;
}

bool resources_read(struct arena *arena, const char *path, const char *text, size_t len, struct resmap *out, struct err *err)
{
	return read_resources(arena, path, (struct text){ text, len }, false, out, err);
}

bool resources_read_for(const struct build *build, const char *path, const struct text *text, struct resmap *out, struct err *err)
{
	return read_resources(build->arena, path, *text, build->whole, out, err);
}
