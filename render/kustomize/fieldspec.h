/*
 * The way to the fields that a transformer changes: a path such as "spec/template/spec/containers[]/image", whose names are
 * separated by slashes ("\/" is one in a name). A list on the way is gone through item by item without a name in the path; a
 * name with [] behind it says that a list is wanted, which then is not created. See kustomize/api/filters/fieldspec.
 */
#ifndef RENDER_KUSTOMIZE_FIELDSPEC_H
#define RENDER_KUSTOMIZE_FIELDSPEC_H

#include <stdbool.h>

#include "render/base/arena.h"
#include "render/base/err.h"
#include "render/kustomize/tree.h"
#include "render/kustomize/types.h"

/* What is done at the end of the path. */
struct fieldspec_visitor {
	/* The field may be null, or of any kind. An error gets the path put in front of it. */
	bool (*visit)(void *context, struct tree *field, struct err *err);
	void *context;
	bool creates;         /* a field that is not there is made where the spec says so: */
	enum tree_kind kind;  /* of this kind, */
	const char *null_tag; /* and a null becomes one, with this tag (NULL: the one that the text has) */
};

/* The kind, group and version of the object are the spec's, or the spec leaves them open. */
bool fieldspec_matches(const struct fieldspec *spec, const struct tree *object);

/* Visits the fields of the object, whose kind must match. */
bool fieldspec_visit(struct arena *arena, const struct fieldspec *spec, struct tree *object,
                     const struct fieldspec_visitor *visitor, struct err *err) MUST_CHECK;

/* Of all specs in their order, those that match. */
bool fieldspecs_visit(struct arena *arena, const struct fieldspecs *specs, struct tree *object,
                      const struct fieldspec_visitor *visitor, struct err *err) MUST_CHECK;

/* --- lists of them ------------------------------------------------------------------------------------------------ */

/*
 * Adds what is not there yet. A spec is there where one of the same path is selected by it; one that creates and one that
 * does not are a conflict. *into is never changed in place.
 */
bool fieldspecs_merge(struct arena *arena, struct fieldspecs *into, const struct fieldspecs *from, struct err *err) MUST_CHECK;

/* All lists of a configuration, each sorted by group, version and kind afterwards. The error names the list. */
bool field_config_merge(struct arena *arena, struct field_config *into, const struct field_config *from, struct err *err)
	MUST_CHECK;

/* A list that is not sorted yet becomes a sorted copy. */
void field_config_sort(struct arena *arena, struct field_config *config);

/* What the transformers use where nothing else is configured: Kustomize's own tables, sorted. */
const struct field_config *field_config_default(void);

#endif
