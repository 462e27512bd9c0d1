/*
 * Paths into an object as replacements have them, `spec.containers.[name=web].env.0.value`: kyaml's PathGetter (looks up one
 * place) and PathMatcher (finds all, and makes what is missing), with their quirks.
 *
 * A part is a key, a number, `[key=value]` or `[=value]`, and in places `*` (every item) and `-` (the last item).
 */
#ifndef RENDER_KUSTOMIZE_FIELDPATH_H
#define RENDER_KUSTOMIZE_FIELDPATH_H

#include "render/base/err.h"
#include "render/kustomize/tree.h"

struct fieldpath {
	const char **parts;
	size_t count;
};

/* SmarterPathSplitter: at dots, but not at `\.` nor inside of [...], whose brackets stay where there is a '='. */
struct fieldpath fieldpath_split(struct arena *arena, const char *text);
/* At slashes, but not at `\/`. */
struct fieldpath fieldpath_split_slashes(struct arena *arena, const char *text);

/*
 * Sets *found to the place, NULL where there is none. Values in [key=value] are compared as they are; `*` is an error, and so is
 * what leads through something that is no mapping or list.
 */
bool fieldpath_get(struct arena *arena, struct tree *root, const struct fieldpath *path, struct tree **found, struct err *err)
	MUST_CHECK;

/*
 * The same with what is missing made: fields, the last one a scalar, and items of [key=value]; where a null or an index leads on
 * there is none all the same (kyaml's LookupCreate).
 */
bool fieldpath_make(struct arena *arena, struct tree *root, const struct fieldpath *path, struct tree **found, struct err *err)
	MUST_CHECK;

enum fieldpath_create { FIELDPATH_FIND, FIELDPATH_CREATE_SCALAR, FIELDPATH_CREATE_LIST, FIELDPATH_CREATE_MAP };

struct fieldpath_found {
	struct tree **items;
	size_t count;
	size_t cap;
	bool lost; /* some stand in a copy, of text inside of a scalar, or below a null: what is set there shows nowhere */
};

/* All places; values in [key=value] are regular expressions, anywhere in the text. With create, what is missing is made. */
bool fieldpath_match(struct arena *arena, struct tree *root, const struct fieldpath *path, enum fieldpath_create create,
                     struct fieldpath_found *found, struct err *err) MUST_CHECK;

#endif
