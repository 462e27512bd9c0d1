/*
 * The objects of a build in their order (upstream's resmap.ResMap): no two of the same current id.
 */
#ifndef RENDER_KUSTOMIZE_RESMAP_H
#define RENDER_KUSTOMIZE_RESMAP_H

#include "render/base/err.h"
#include "render/kustomize/resource.h"

struct resmap {
	struct arena *arena;
	struct resource **items;
	size_t count;
	size_t cap;
};

#define RESMAP_INIT(memory) ((struct resmap){ .arena = (memory) })

/* Without looking for another of its id. */
void resmap_add(struct resmap *map, struct resource *resource);

/* An id that is there already is an error that names both files. */
bool resmap_append(struct resmap *map, struct resource *resource, struct err *err) MUST_CHECK;
bool resmap_append_all(struct resmap *map, const struct resmap *from, struct err *err) MUST_CHECK;
/* The same, with `ids` that hold those of the map, and of what is added afterwards. */
struct idset;
bool resmap_append_known(struct resmap *map, struct idset *ids, const struct resmap *from, struct err *err) MUST_CHECK;
/* An error where two have one id. */
bool resmap_check_ids(const struct resmap *map, struct err *err) MUST_CHECK;

/* What a generator made: created, or merged into or replacing the one of that id by its behavior. */
bool resmap_absorb_all(struct resmap *map, const struct resmap *from, struct err *err) MUST_CHECK;

/* Takes out what patches left nothing of. */
void resmap_drop_gone(struct resmap *map);

/* More than one: *count tells, the first is returned. NULL where none has (or had) that id. Gone ones are passed over. */
struct resource *resmap_find_current(const struct resmap *map, const struct id *id, size_t *count);
struct resource *resmap_find_any(const struct resmap *map, const struct id *id, size_t *count);

/* GetById: exactly one that has or had the id, else an error. */
struct resource *resmap_get(const struct resmap *map, const struct id *id, struct err *err) MUST_CHECK;

/* ToRNodeSlice and the like: a new list of the same resources. */
struct resmap resmap_copy_list(const struct resmap *map);

/*
 * A bag of current ids, to see at once whether an id is there twice. Texts are borrowed. Its memory is not that of the resources:
 * it need not live as long.
 */
struct idset;
struct idset *idset_new(struct arena *arena, size_t expected);
void idset_add(struct idset *set, const struct id *id);
void idset_remove(struct idset *set, const struct id *id);
size_t idset_count(const struct idset *set, const struct id *id);

#endif
