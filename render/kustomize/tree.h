/*
 * YAML as Kustomize's kyaml holds it: a tree that transformers change in place, whose scalars are text with a tag (goyaml v3's
 * resolver: `yes` and `on` are strings), and that becomes JSON only when it is written. A mapping's items are key, value, key,
 * value, as in goyaml's yaml.Node.Content, so that upstream's algorithms can be followed step by step.
 *
 * Everything lives in the build's arena: nodes may be shared by reference where no one changes them (tree_copy otherwise), and
 * nothing is freed before the build ends. Anchors are expanded and merge keys merged when a document is read.
 */
#ifndef RENDER_KUSTOMIZE_TREE_H
#define RENDER_KUSTOMIZE_TREE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "render/base/arena.h"
#include "render/base/buf.h"
#include "render/base/err.h"

enum tree_kind { TREE_SCALAR, TREE_LIST, TREE_MAP };

/* As written; only what goes through text again (replacements inside scalars) looks at it. */
enum tree_style { TREE_PLAIN, TREE_SINGLE, TREE_DOUBLE, TREE_LITERAL, TREE_FOLDED };

/*
 * Tags that the resolver gives, by pointer: compare with ==. Another tag is its own text. TREE_NONE is that of a scalar that was
 * set and not read: its text tells when it is written, unless it is quoted (so "" as Tag in kyaml).
 */
extern const char TREE_NONE[], TREE_STR[], TREE_INT[], TREE_FLOAT[], TREE_BOOL[], TREE_NULL[], TREE_TIME[], TREE_BINARY[],
	TREE_MERGE[], TREE_MAP_TAG[], TREE_LIST_TAG[];

/*
 * What a text needs to be written again as it was: as goyaml v3's Node has it. Only where somebody asked for it (scalartext.h,
 * whole.h). Comments are with their '#', lines separated by newlines; NULL for none.
 */
struct tree_notes {
	const char *head;
	const char *line;
	const char *foot;
	const char *anchor;        /* &name of this node; of an alias its *name */
	bool alias;                /* a scalar with no text */
	const struct tree *target; /* what an alias stands for */
	uint32_t row;              /* where it starts in its document, from 1; of whole.h only */
	uint32_t column;
	struct tree *hidden; /* hidden.h */
};

struct tree {
	enum tree_kind kind : 8;
	enum tree_style style : 8;
	bool flow : 1;   /* a list or mapping in [] or {} */
	bool tagged : 1; /* its tag was written */
	bool shown : 1;  /* its style says so, or that of the value that it took the place of */
	bool ended : 1;  /* a comment is behind it; of a root, it ends the document */
	uint32_t line;   /* in its file, from 1; 0 unknown */
	const char *tag; /* never NULL: resolved as goyaml v3's parser does */
	union {
		struct {
			const char *text; /* may hold NUL; NUL-terminated all the same */
			size_t len;
		};
		struct {
			struct tree **items; /* NULL where none were there ever */
			uint32_t count;
			uint32_t cap;
		};
	};
	struct tree_notes *notes;
};

/* --- making ------------------------------------------------------------------------------------------------------ */

/* TREE_NONE, as kyaml makes them; those that are read have a tag. */
struct tree *tree_new_map(struct arena *arena);
struct tree *tree_new_list(struct arena *arena);
/* A string, whatever its text looks like (kyaml's NewStringRNode). The text is copied. */
struct tree *tree_new_string(struct arena *arena, const char *text);
/* A plain scalar whose text will tell what it is: TREE_NONE (kyaml's NewScalarRNode). */
struct tree *tree_new_plain(struct arena *arena, const char *text);
/* The same, of a text that lives as long as the program; as a key. */
struct tree *tree_new_borrowed(struct arena *arena, const char *text);
struct tree *tree_new_null(struct arena *arena);
/* With everything below it. */
struct tree *tree_copy(struct arena *arena, const struct tree *tree);

/* The tag that goyaml v3's resolve("", text) gives a plain scalar. */
const char *tree_resolve(const char *text, size_t len);

/* --- looking ----------------------------------------------------------------------------------------------------- */

/* A scalar that is null: by tag. NULL is one too (kyaml's IsNilOrEmpty asks more: see tree_is_empty). */
bool tree_is_null(const struct tree *tree);
/* kyaml's RNode.IsNilOrEmpty: null by tag, an empty mapping or list; not "". */
bool tree_is_empty(const struct tree *tree);
bool tree_is_map(const struct tree *tree);
bool tree_is_list(const struct tree *tree);
bool tree_is_scalar(const struct tree *tree);
/* A scalar's text; NULL for anything else. */
const char *tree_text(const struct tree *tree);
bool tree_text_is(const struct tree *tree, const char *text);

/* The value of a key by its text; NULL where absent, or the tree is no mapping. A value that is null is returned. */
struct tree *tree_get(const struct tree *map, const char *key);
/* Its index in items (of the key; the value is the next one); -1 where absent. */
long tree_find(const struct tree *map, const char *key);
/* tree_get for each of the keys, ended by NULL. */
struct tree *tree_at(const struct tree *map, ...) __attribute__((sentinel));
/* tree_text of tree_get. */
const char *tree_get_text(const struct tree *map, const char *key);

/* --- changing ---------------------------------------------------------------------------------------------------- */

/* Replaces the value of the key where it stands, or appends both. */
void tree_set(struct arena *arena, struct tree *map, const char *key, struct tree *value);
void tree_set_string(struct arena *arena, struct tree *map, const char *key, const char *text);
/*
 * kyaml's FieldSetter: a null (by tag) removes the key; an existing value is overwritten in place and keeps its style; what
 * YAML 1.1 takes for no string is quoted where the key is new. Returns the value in the mapping, NULL where it was removed.
 */
struct tree *tree_put(struct arena *arena, struct tree *map, const char *key, struct tree *value);
/* What kyaml's FieldSetter does to the style of a value that it sets: what YAML 1.1 takes for no string gets quotes, */
void tree_quote(struct tree *value);
/* and in the place of another value it takes over that one's. */
void tree_take_style(struct tree *value, const struct tree *old);
/* Removes key and value; the value, or NULL. */
struct tree *tree_remove(struct tree *map, const char *key);
void tree_append(struct arena *arena, struct tree *tree, struct tree *item);
void tree_insert(struct arena *arena, struct tree *tree, size_t at, struct tree *item);
void tree_remove_at(struct tree *tree, size_t at, size_t count);
/* Makes *to a shallow copy of *from: kind, tag, style and content; the node stays the same one for who points to it. */
void tree_assign(struct tree *to, const struct tree *from);
/* A scalar's text; its tag and style are kept. */
void tree_set_text(struct arena *arena, struct tree *scalar, const char *text);

#endif
