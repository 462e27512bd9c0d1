/* Lists of field specs, merged and sorted: kustomize/api/types/fieldspec.go and internal/plugins/builtinconfig. */
#include <stdint.h>
#include <string.h>

#include "render/kustomize/fieldspec.h"
#include "render/kustomize/go_sort.h"
#include "render/kustomize/resource.h"

static const struct fieldspec *find(const struct fieldspecs *specs, const struct fieldspec *wanted)
{
	for (size_t i = 0; i < specs->count; i++) {
		const struct fieldspec *spec = &specs->items[i];
		if (strcmp(spec->path, wanted->path) == 0 && gvk_selected(&spec->gvk, &wanted->gvk)) {
			return spec;
		}
	}
	return NULL;
}

/* How many of `from` are not there yet, at most; SIZE_MAX and an error where one says otherwise than what is there. */
static size_t count_new(const struct fieldspecs *into, const struct fieldspecs *from, struct err *err)
{
	size_t count = 0;
	for (size_t i = 0; i < from->count; i++) {
		const struct fieldspec *old = find(into, &from->items[i]);
		if (old && old->create != from->items[i].create) {
			(void)err_set(err, ERR_INPUT,
			              "path '%.200s' of kind '%.60s' is there with 'create: %s' already: both entries must say the same",
			              old->path, old->gvk.kind, old->create ? "true" : "false");
			return SIZE_MAX;
		}
		count += !old;
	}
	return count;
}

bool fieldspecs_merge(struct arena *arena, struct fieldspecs *into, const struct fieldspecs *from, struct err *err)
{
	size_t more = count_new(into, from, err);
	if (more == SIZE_MAX) {
		return false;
	}
	into->set = into->set || from->set;
	if (more == 0) {
		return true;
	}
	size_t size = sizeof(struct fieldspec);
	struct fieldspec *items = arena_grow(arena, into->items, into->count * size, (into->count + more) * size);
	struct fieldspecs merged = { .items = items, .count = into->count, .set = into->set };
	for (size_t i = 0; i < from->count; i++) {
		const struct fieldspec *old = find(&merged, &from->items[i]);
		if (!old) {
			items[merged.count++] = from->items[i];
		} else if (old->create != from->items[i].create) {
			return count_new(&merged, from, err) == 0;
		}
	}
	*into = merged;
	return true;
}

static const struct name_reference *find_reference(const struct name_references *names, const struct gvk *gvk)
{
	for (size_t i = 0; i < names->count; i++) {
		if (gvk_equal(&names->items[i].gvk, gvk)) {
			return &names->items[i];
		}
	}
	return NULL;
}

/* Copies the list first, as another configuration may share it. */
static void add_reference(struct arena *arena, struct name_references *into, const struct name_reference *from)
{
	struct name_reference *items = arena_grow(arena, into->items, into->count * sizeof *items, (into->count + 1) * sizeof *items);
	struct name_reference *added = &items[into->count++];
	*added = *from;
	into->items = items;
}

static bool merge_reference(struct arena *arena, struct name_references *into, const struct name_reference *from, struct err *err)
{
	if (!find_reference(into, &from->gvk)) {
		add_reference(arena, into, from);
		return true;
	}
	struct name_reference *items = NULL;
	for (size_t i = 0; i < into->count; i++) {
		struct fieldspecs referrers = into->items[i].referrers;
		if (!gvk_equal(&into->items[i].gvk, &from->gvk)) {
			continue;
		}
		if (!fieldspecs_merge(arena, &referrers, &from->referrers, err)) {
			return false;
		}
		if (referrers.count != into->items[i].referrers.count && !items) {
			items = arena_grow(arena, into->items, into->count * sizeof *items, into->count * sizeof *items);
			into->items = items;
		}
		if (items) {
			items[i].referrers = referrers;
		}
	}
	return true;
}

static bool merge_references(struct arena *arena, struct name_references *into, const struct name_references *from,
                             struct err *err)
{
	into->set = into->set || from->set;
	for (size_t i = 0; i < from->count; i++) {
		if (!merge_reference(arena, into, &from->items[i], err)) {
			return false;
		}
	}
	return true;
}

static const struct {
	const char *name;
	size_t offset;
} lists[] = {
	{ "namePrefix", offsetof(struct field_config, name_prefix) },
	{ "nameSuffix", offsetof(struct field_config, name_suffix) },
	{ "namespace", offsetof(struct field_config, namespace_) },
	{ "commonAnnotations", offsetof(struct field_config, common_annotations) },
	{ "commonLabels", offsetof(struct field_config, common_labels) },
	{ "labels", offsetof(struct field_config, labels) },
	{ "templateLabels", offsetof(struct field_config, template_labels) },
	{ "varReference", offsetof(struct field_config, var_reference) },
	{ "images", offsetof(struct field_config, images) },
	{ "replicas", offsetof(struct field_config, replicas) },
};

static struct fieldspecs *list_at(struct field_config *config, size_t list)
{
	return (struct fieldspecs *)(void *)((char *)config + lists[list].offset);
}

bool field_config_merge(struct arena *arena, struct field_config *into, const struct field_config *from, struct err *err)
{
	struct field_config other = *from;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		if (!fieldspecs_merge(arena, list_at(into, i), list_at(&other, i), err)) {
			return err_wrap(err, "%s", lists[i].name);
		}
	}
	if (!merge_references(arena, &into->name_reference, &other.name_reference, err)) {
		return err_wrap(err, "nameReference");
	}
	field_config_sort(arena, into);
	return true;
}

static int by_gvk(const void *a, const void *b)
{
	return gvk_compare(a, b);
}

/* A sorted copy of elements that begin with the gvk they are sorted by; `items` itself where they are in order. */
static const void *sort_by_kind(struct arena *arena, const void *items, size_t count, size_t size)
{
	const char *at = items;
	size_t sorted = 1;
	while (sorted < count && by_gvk(at + (sorted - 1) * size, at + sorted * size) <= 0) {
		sorted++;
	}
	if (sorted >= count) {
		return items;
	}
	char *copy = arena_grow(arena, items, count * size, (count + 1) * size);
	go_sort(copy, count, size, by_gvk, copy + count * size);
	return copy;
}

_Static_assert(offsetof(struct fieldspec, gvk) == 0 && offsetof(struct name_reference, gvk) == 0, "sort_by_kind");

void field_config_sort(struct arena *arena, struct field_config *config)
{
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct fieldspecs *specs = list_at(config, i);
		specs->items = sort_by_kind(arena, specs->items, specs->count, sizeof *specs->items);
	}
	struct name_references *names = &config->name_reference;
	names->items = sort_by_kind(arena, names->items, names->count, sizeof *names->items);
}
