#include "render/kustomize/comments.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/kustomize/scalartext.h"

/* --- at keys ------------------------------------------------------------------------------------------------------- */

struct comment {
	uint32_t line; /* of the key that it is for */
	bool above;    /* the key stands in the line behind it */
	const char *text;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static const char *line_end(const char *at, const char *end)
{
	const char *feed = memchr(at, '\n', (size_t)(end - at));
	return feed ? feed : end;
}

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && is_blank(*at)) {
		at++;
	}
	return at;
}

/* In the order of their lines. */
struct comments {
	struct comment *items;
	size_t count, cap;
};

static void add(struct arena *arena, struct comments *comments, struct comment comment)
{
	if (comments->count == comments->cap) {
		size_t cap = comments->cap ? 2 * comments->cap : 8;
		comments->items = arena_grow(arena, comments->items, comments->count * sizeof *comments->items,
		                             cap * sizeof *comments->items);
		comments->cap = cap;
	}
	comments->items[comments->count++] = comment;
}

/* The next '#' in front of a brace; NULL where there is none. */
static const char *find_json(const char *at, const char *end)
{
	while (at < end && (at = memchr(at, '#', (size_t)(end - at)))) {
		const char *brace = at + strspn(at, "#");
		brace = brace < end ? skip_blanks(brace, end) : end;
		if (brace < end && *brace == '{') {
			return at;
		}
		at++;
	}
	return NULL;
}

/* Lines that begin with a comment: one in JSON stands for itself alone, right above its key and as far to the right. */
static bool is_above_key(const char *text, const char *start, const char *hash, const char *end, uint32_t *lines)
{
	const char *before = start > text ? start - 1 : NULL;
	while (before && before > text && before[-1] != '\n') {
		before--;
	}
	if (before && *skip_blanks(before, start) == '#') {
		return false;
	}
	*lines = 0;
	const char *next = hash;
	do {
		next = line_end(next, end);
		if (next == end) {
			return false;
		}
		next++;
		++*lines;
	} while (next < end && *skip_blanks(next, end) == '\n');
	const char *first = skip_blanks(next, end);
	return first < end && *first != '#' && first - next == hash - start;
}

static struct comments find_comments(struct arena *arena, const char *text, size_t len, size_t first_line)
{
	struct comments comments = { 0 };
	const char *end = text + len, *counted = text;
	size_t line = first_line + 1;
	for (const char *at = text; at < end && (at = find_json(at, end)); at = line_end(at, end)) {
		for (const char *feed = counted; (feed = memchr(feed, '\n', (size_t)(at - feed))); feed++) {
			line++;
		}
		counted = at;
		const char *start = at;
		while (start > text && start[-1] != '\n') {
			start--;
		}
		bool alone = skip_blanks(start, at) == at;
		uint32_t below = 0;
		if (alone ? !is_above_key(text, start, at, end, &below) : !is_blank(at[-1])) {
			continue;
		}
		const char *comment = arena_text_len(arena, at, (size_t)(line_end(at, end) - at));
		add(arena, &comments, (struct comment){ (uint32_t)line + below, alone, comment });
	}
	return comments;
}

static int by_line(const void *line, const void *item)
{
	const uint32_t *wanted = line;
	const struct comment *comment = item;
	return *wanted < comment->line ? -1 : *wanted > comment->line;
}

static void attach_to_key(struct arena *arena, const struct comments *comments, struct tree *key)
{
	struct comment *at = bsearch(&key->line, comments->items, comments->count, sizeof *at, by_line);
	if (at) {
		key->notes = key->notes ? key->notes : arena_new(arena, 1, sizeof *key->notes);
		*(at->above ? &key->notes->head : &key->notes->line) = at->text;
	}
}

static void attach(struct arena *arena, const struct comments *comments, struct tree *tree)
{
	bool map = tree->kind == TREE_MAP;
	for (uint32_t i = map; tree->kind != TREE_SCALAR && i < tree->count; i += map ? 2 : 1) {
		attach(arena, comments, tree->items[i]);
		if (map && tree->items[i]->kind != TREE_SCALAR) {
			attach_to_key(arena, comments, tree->items[i - 1]);
		}
	}
}

/* --- at all nodes -------------------------------------------------------------------------------------------------- */

/* Most comments are at the left edge: those are of keys, unless lists stand there as well. To read the text again takes long. */
static bool may_have_notes(const char *text, size_t len)
{
	bool lists = memmem(text, len, "\n-", 2) != NULL;
	const char *end = text + len;
	for (const char *at = text; at < end && (at = memchr(at, '#', (size_t)(end - at))); at++) {
		bool edge = at == text || at[-1] == '\n';
		if (edge ? lists : is_blank(at[-1])) {
			return true;
		}
	}
	return false;
}

static size_t document_length(const char *text, size_t len)
{
	const char *mark = text;
	while ((mark = memmem(mark, len - (size_t)(mark - text), "\n...", 4)) != NULL) {
		const char *behind = mark + 4;
		if (behind == text + len || is_blank(*behind) || *behind == '\n') {
			return (size_t)(mark - text);
		}
		mark = behind;
	}
	return len;
}

/* It is one of the document's, or the end of a block. */
static bool ends_in_comment(const char *text, size_t len)
{
	while (len > 0 && (is_blank(text[len - 1]) || text[len - 1] == '\n')) {
		len--;
	}
	const char *feed = memrchr(text, '\n', len);
	const char *line = skip_blanks(feed ? feed + 1 : text, text + len);
	return line < text + len && *line == '#';
}

static const char *copy(struct arena *arena, const char *text)
{
	return text ? arena_text(arena, text) : NULL;
}

static void attach_to_node(struct arena *arena, struct tree *node, const struct tree_notes *notes)
{
	if (notes && (notes->head || notes->line || notes->foot)) {
		node->notes = arena_new(arena, 1, sizeof *node->notes);
		node->notes->head = copy(arena, notes->head);
		node->notes->line = copy(arena, notes->line);
		node->notes->foot = copy(arena, notes->foot);
	}
}

static void attach_to_all(struct arena *arena, struct tree *tree, const struct tree *noted);

/* `noted` is the same text, read with all comments. The two part where there are merge keys. */
static void attach_to_items(struct arena *arena, struct tree *tree, const struct tree *noted)
{
	for (uint32_t i = 0; tree->count == noted->count && i < tree->count; i++) {
		tree->items[i]->ended = noted->items[i]->notes && noted->items[i]->notes->foot;
		if (tree->kind == TREE_LIST || i % 2) {
			attach_to_all(arena, tree->items[i], noted->items[i]);
		}
	}
}

static void attach_to_all(struct arena *arena, struct tree *tree, const struct tree *noted)
{
	/* Its own comments are not those of the copy that takes its place. */
	noted = scalartext_is_alias(noted) ? noted->notes->target : noted;
	if (tree->kind != noted->kind) {
		return;
	}
	attach_to_node(arena, tree, noted->notes);
	if (tree->kind != TREE_SCALAR) {
		attach_to_items(arena, tree, noted);
	}
}

void comments_attach(struct arena *arena, const char *text, size_t len, size_t first_line, struct tree *root)
{
	struct comments comments = find_comments(arena, text, len, first_line);
	if (comments.count) {
		attach(arena, &comments, root);
	}
	CLEANUP(arena_release) struct arena scratch = ARENA_INIT(LIMIT_BUILD_BYTES);
	struct scalartext noted;
	struct err ignored = ERR_INIT;
	bool wanted = may_have_notes(text, len) || ends_in_comment(text, len) || ends_in_comment(text, document_length(text, len));
	if (wanted && scalartext_read(&scratch, text, len, &noted, &ignored)) {
		attach_to_all(arena, root, noted.root);
		root->ended = noted.foot != NULL;
	}
}
