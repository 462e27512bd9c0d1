/*
 * Which object a name in a field of another one means. Objects are found by their previous names, so that a build's time
 * grows with its objects and not with their square. For namereference.c alone.
 */
#ifndef RENDER_KUSTOMIZE_NAMEREFERENCE_FIND_H
#define RENDER_KUSTOMIZE_NAMEREFERENCE_FIND_H

#include "render/base/map.h"
#include "render/kustomize/resmap.h"

struct name_list;

struct name_index {
	struct arena *arena;
	const struct resmap *map;
	struct map names; /* previous name -> struct name_list */
};

void name_index_init(struct name_index *index, const struct resmap *map);
void name_index_release(struct name_index *index);

/* An object whose fields are looked at. Set `resource`, the rest is found out when it is needed. */
struct referrer {
	struct resource *resource;
	bool looked;
	struct texts namespaces; /* of a RoleBinding's ServiceAccounts: it may name what is in them */
	bool has_role;
	struct gvk role; /* roleRef: group and kind */
};

/* Looks at subjects and roleRef. A RoleBinding's subjects that cannot be read are an error. */
bool referrer_look(const struct name_index *index, struct referrer *referrer, struct err *err) MUST_CHECK;

/* What a field of that path names must be of this kind; NULL: no more is said. */
const struct gvk *referrer_role(const struct referrer *referrer, const char *path);

struct name_question {
	const char *name;
	bool mapping;             /* the name stands in a mapping, which may have a namespace: */
	const char *ns;           /* NULL: it has none */
	const struct gvk *target; /* of what kind the object must be or have been */
	const struct gvk *role;   /* and of what kind more, or NULL */
};

/* *found NULL: none is meant. */
bool name_find(const struct name_index *index, const struct referrer *referrer, const struct name_question *question,
               struct resource **found, struct err *err) MUST_CHECK;

#endif
