/* Lists of field specs, merged and sorted: kustomize/api/types/fieldspec.go and internal/plugins/builtinconfig. */
#include <stdint.h>
#include <string.h>

#include "render/kustomize/fieldspec.h"
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

bool fieldspecs_merge(struct arena *arena, struct fieldspecs *into, const struct fieldspecs *from, struct err *err)
{
	struct fieldspecs merged = { .set = into->set || from->set };
	merged.items = arena_new(arena, into->count + from->count, sizeof *merged.items);
	if (into->count) {
		memcpy(merged.items, into->items, into->count * sizeof *merged.items);
	}
	merged.count = into->count;
	for (size_t i = 0; i < from->count; i++) {
		const struct fieldspec *old = find(&merged, &from->items[i]);
		if (old && old->create != from->items[i].create) {
			return err_set(err, ERR_INPUT,
			               "path '%.200s' of kind '%.60s' is there with 'create: %s' already: both entries must say the same",
			               old->path, old->gvk.kind, old->create ? "true" : "false");
		}
		if (!old) {
			merged.items[merged.count++] = from->items[i];
		}
	}
	*into = merged;
	return true;
}

static bool merge_reference(struct arena *arena, struct name_references *into, const struct name_reference *from, struct err *err)
{
	bool found = false;
	for (size_t i = 0; i < into->count; i++) {
		if (gvk_equal(&into->items[i].gvk, &from->gvk)) {
			found = true;
			if (!fieldspecs_merge(arena, &into->items[i].referrers, &from->referrers, err)) {
				return false;
			}
		}
	}
	if (!found) {
		into->items[into->count++] = *from;
	}
	return true;
}

static bool merge_references(struct arena *arena, struct name_references *into, const struct name_references *from,
                             struct err *err)
{
	struct name_references merged = { .set = into->set || from->set };
	merged.items = arena_new(arena, into->count + from->count, sizeof *merged.items);
	if (into->count) {
		memcpy(merged.items, into->items, into->count * sizeof *merged.items);
	}
	merged.count = into->count;
	for (size_t i = 0; i < from->count; i++) {
		if (!merge_reference(arena, &merged, &from->items[i], err)) {
			return false;
		}
	}
	*into = merged;
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
	field_config_sort(into);
	return true;
}

/* Insertion: the lists are short, mostly sorted, and what is equal must stay in its order. */
static void sort_specs(struct fieldspecs *specs)
{
	for (size_t i = 1; i < specs->count; i++) {
		struct fieldspec spec = specs->items[i];
		size_t to = i;
		for (; to > 0 && gvk_compare(&spec.gvk, &specs->items[to - 1].gvk) < 0; to--) {
			specs->items[to] = specs->items[to - 1];
		}
		specs->items[to] = spec;
	}
}

static void sort_references(struct name_references *names)
{
	for (size_t i = 1; i < names->count; i++) {
		struct name_reference name = names->items[i];
		size_t to = i;
		for (; to > 0 && gvk_compare(&name.gvk, &names->items[to - 1].gvk) < 0; to--) {
			names->items[to] = names->items[to - 1];
		}
		names->items[to] = name;
	}
}

void field_config_sort(struct field_config *config)
{
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		sort_specs(list_at(config, i));
	}
	sort_references(&config->name_reference);
}
