#include "render/kustomize/hidden.h"

static struct tree *hidden_of(const struct tree *tree)
{
	return tree->notes ? tree->notes->hidden : NULL;
}

/* Notes may be those of other nodes too. */
static void hide(struct arena *arena, struct tree *tree, struct tree *hidden)
{
	struct tree_notes *notes = arena_new(arena, 1, sizeof *notes);
	*notes = tree->notes ? *tree->notes : (struct tree_notes){ 0 };
	notes->hidden = hidden;
	tree->notes = notes;
}

const struct tree *hidden_below(const struct tree *scalar)
{
	return scalar->kind == TREE_SCALAR ? hidden_of(scalar) : NULL;
}

void hidden_append(struct arena *arena, struct tree *tree, struct tree *item)
{
	if (tree->kind == TREE_SCALAR && !hidden_of(tree)) {
		hide(arena, tree, tree_new_list(arena));
	}
	tree_append(arena, tree->kind == TREE_SCALAR ? hidden_of(tree) : tree, item);
}

void hidden_become(struct arena *arena, struct tree *null, enum tree_kind kind, const char *tag)
{
	const struct tree *below = hidden_below(null);
	struct tree was = *null;
	*null = (struct tree){
		.kind = kind, .style = was.style, .shown = was.shown, .tag = tag, .line = was.line, .notes = was.notes
	};
	if (below) {
		null->items = below->items;
		null->count = below->count;
		null->cap = below->cap;
	}
	if (below || was.len) {
		hide(arena, null, was.len ? tree_new_plain(arena, was.text) : NULL);
	}
}

const char *hidden_text(const struct tree *tree)
{
	const struct tree *hidden = hidden_of(tree);
	return tree->kind == TREE_SCALAR ? tree->text : hidden ? hidden->text : "";
}
