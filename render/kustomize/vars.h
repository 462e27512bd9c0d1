/*
 * vars: $(NAME) in the fields of varReference stands for the value of a field of an object (upstream's ResAccumulator and
 * api/filters/refvar). Declared per kustomization, collected up to the root, and resolved there once, when names are final.
 */
#ifndef RENDER_KUSTOMIZE_VARS_H
#define RENDER_KUSTOMIZE_VARS_H

#include "render/kustomize/build.h"

/* Sorted by name, each name once. */
struct varset {
	struct var *items;
	size_t count;
};

/*
 * MergeVars: remembers in each var's object that it is meant (it may be renamed later), and adds the vars to the set. An
 * object of no namespace in objref may be in any; more than one, and a name that is in the set already, are errors. None is
 * one only when vars are resolved.
 */
bool vars_merge(const struct build *build, struct resmap *map, struct varset *set, const struct vars *vars, struct err *err)
	MUST_CHECK;

/* Of a base, whose objects remember already. */
bool varset_merge(struct arena *arena, struct varset *set, const struct varset *from, struct err *err) MUST_CHECK;

/*
 * Writes the values in. `$$` becomes `$`, a name that is no var stays as it is; a text that is nothing but $(NAME) takes over
 * the value's type. Every string in a field of `specs` becomes a string by its tag, so that "1" stays one. A var whose object or
 * field is not there is an error, one that nobody uses a warning.
 */
bool vars_resolve(const struct build *build, struct resmap *map, const struct varset *set, const struct fieldspecs *specs,
                  struct err *err) MUST_CHECK;

#endif
