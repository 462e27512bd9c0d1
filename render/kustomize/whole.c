#include "render/kustomize/whole.h"

#include <stdlib.h>

#include "render/base/limits.h"
#include "render/kustomize/jsonpatch_value.h"
#include "render/kustomize/scalartext.h"
#include "render/kustomize/write.h"
#include "render/yaml_sort.h"

static size_t count_nodes(const struct tree *tree)
{
	size_t count = !scalartext_is_alias(tree);
	for (uint32_t i = 0; tree->kind != TREE_SCALAR && i < tree->count; i++) {
		count += count_nodes(tree->items[i]);
	}
	return count;
}

/* In the order of the text. Upstream expands aliases and forgets anchors. */
static void list_notes(struct arena *arena, const struct tree *tree, struct tree_notes **notes, size_t *count)
{
	if (scalartext_is_alias(tree)) {
		return;
	}
	struct tree_notes *own = arena_new(arena, 1, sizeof *own);
	if (tree->notes) {
		*own = (struct tree_notes){ .head = tree->notes->head, .line = tree->notes->line, .foot = tree->notes->foot };
	}
	notes[(*count)++] = own;
	for (uint32_t i = 0; tree->kind != TREE_SCALAR && i < tree->count; i++) {
		list_notes(arena, tree->items[i], notes, count);
	}
}

bool whole_parse(struct arena *arena, const struct parse_source *source, struct tree **out, struct err *err)
{
	struct scalartext document = { 0 };
	struct err no_notes = ERR_INIT;
	struct parse_source with_notes = *source;
	bool known = scalartext_read(arena, source->text, source->len, &document, &no_notes);
	if (known) {
		size_t count = count_nodes(document.root);
		with_notes.notes = arena_new(arena, count, sizeof *with_notes.notes);
		list_notes(arena, document.root, with_notes.notes, &with_notes.note_count);
	}
	if (!parse_document(arena, &with_notes, out, err)) {
		return false;
	}
	/* Both are libyaml's, but one looks at tokens, of which there are more than a limit. */
	if (*out && !known) {
		return err_set(err, no_notes.kind, "%s: %s", source->path, no_notes.msg);
	}
	if (*out) {
		(*out)->ended = document.foot != NULL;
	}
	return true;
}

/* --- rewritten ---------------------------------------------------------------------------------------------------- */

struct entry {
	struct tree *key;
	struct tree *value;
};

static int by_key(const void *left, const void *right)
{
	const struct entry *a = left;
	const struct entry *b = right;
	return yaml_key_compare(a->key->text, b->key->text);
}

/* In goyaml's order, keys in its quotes. */
static void order(struct arena *arena, struct tree *tree)
{
	bool map = tree->kind == TREE_MAP;
	for (uint32_t i = 0; tree->kind != TREE_SCALAR && i < tree->count; i++) {
		if (map && i % 2 == 0) {
			tree->items[i] = tree_new_string(arena, tree->items[i]->text);
			tree->items[i]->style = json_text_style(tree->items[i]);
		} else {
			order(arena, tree->items[i]);
		}
	}
	if (map && tree->count) {
		qsort(tree->items, tree->count / 2, sizeof(struct entry), by_key);
	}
}

/* The lines of what was written in between mean nothing to who reads a message. */
static void set_lines(struct tree *tree, uint32_t line)
{
	tree->line = line;
	for (uint32_t i = 0; tree->kind != TREE_SCALAR && i < tree->count; i++) {
		set_lines(tree->items[i], line);
	}
}

struct tree *whole_through_yaml(struct arena *arena, const struct tree *object, struct err *err)
{
	struct tree *copy = tree_copy(arena, object);
	order(arena, copy);
	struct text yaml = scalartext_document(arena, copy);
	struct parse_source source = { .path = "", .text = yaml.data, .len = yaml.len };
	struct tree *read = NULL;
	if (!whole_parse(arena, &source, &read, err)) {
		return NULL;
	}
	set_lines(read, object->line);
	return read;
}

struct tree *whole_through_json(struct arena *arena, const struct tree *tree, struct err *err)
{
	/* For its errors. */
	struct tree *item = tree_from_json(arena, tree, err);
	if (!item) {
		return NULL;
	}
	CLEANUP(buf_release) struct buf json = BUF_INIT(LIMIT_TREE_BYTES);
	if (!tree_write_json(arena, item, &json, err)) {
		return NULL;
	}
	struct parse_source source = { .path = "", .text = buf_text(&json), .len = json.len };
	struct tree *read = NULL;
	if (!whole_parse(arena, &source, &read, err)) {
		return NULL;
	}
	set_lines(read, item->line);
	return read;
}
