#include "render/kustomize/sort.h"

#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"
#include "render/kustomize/go_sort.h"
#include "render/kustomize/id.h"

struct row {
	struct resource *resource;
	const struct id *id;
	const char *text; /* what sorts those of one kind */
	long order;       /* of the kind */
};

/* Of a kind that is named twice the last place counts; one in both lists is a last one. */
static long order_of(const struct legacy_sort_options *options, const char *kind)
{
	for (size_t i = options->last.count; i > 0; i--) {
		if (strcmp(options->last.items[i - 1], kind) == 0) {
			return (long)i;
		}
	}
	for (size_t i = options->first.count; i > 0; i--) {
		if (strcmp(options->first.items[i - 1], kind) == 0) {
			return (long)(i - 1) - (long)options->first.count;
		}
	}
	return 0;
}

static int compare_kinds(const struct row *a, const struct row *b)
{
	if (a->order != b->order) {
		return a->order < b->order ? -1 : 1;
	}
	const struct gvk *left = &a->id->gvk;
	const struct gvk *right = &b->id->gvk;
	bool namespaces = strcmp(left->kind, "Namespace") == 0 && strcmp(right->kind, "Namespace") == 0;
	/* The core group's Namespace goes first, though "~G" sorts behind. */
	bool reverse = namespaces && (!*left->group || !*right->group);
	return reverse ? gvk_compare_text(right, left) : gvk_compare_text(left, right);
}

static int compare(const void *left, const void *right)
{
	const struct row *a = left;
	const struct row *b = right;
	return gvk_equal(&a->id->gvk, &b->id->gvk) ? strcmp(a->text, b->text) : compare_kinds(a, b);
}

static void sort_legacy(struct resmap *map, const struct legacy_sort_options *options)
{
	struct row *rows = alloc_new(map->count, sizeof *rows);
	for (size_t i = 0; i < map->count; i++) {
		const struct id *id = resource_id(map->arena, map->items[i]);
		rows[i] = (struct row){
			.resource = map->items[i],
			.id = id,
			.text = arena_printf(map->arena, "%s|%s", *id->ns ? id->ns : "~X", *id->name ? id->name : "~N"),
			.order = order_of(options, id->gvk.kind),
		};
	}
	/* Where other kinds stand beside Namespaces, what sorts when is no order: the steps decide. */
	struct row spare;
	go_sort(rows, map->count, sizeof *rows, compare, &spare);
	for (size_t i = 0; i < map->count; i++) {
		map->items[i] = rows[i].resource;
	}
	free(rows);
}

static bool check(const struct sort_options *options, bool *legacy, struct err *err)
{
	*legacy = strcmp(options->order, "legacy") == 0;
	if (!*legacy && strcmp(options->order, "fifo") != 0) {
		return err_set(err, ERR_INPUT, "sortOptions.order: must be legacy or fifo");
	}
	return *legacy || !options->legacy || err_set(err, ERR_INPUT, "sortOptions.legacySortOptions: goes with order legacy only");
}

bool sort_resources(struct resmap *map, const struct sort_options *options, struct err *err)
{
	bool legacy = true;
	if (options && !check(options, &legacy, err)) {
		return false;
	}
	if (!legacy) {
		return true;
	}
	if (options && options->legacy) {
		sort_legacy(map, options->legacy);
		return true;
	}
	const char *first[KINDS_FIRST_COUNT];
	const char *last[KINDS_LAST_COUNT];
	memcpy(first, KINDS_FIRST, sizeof first);
	memcpy(last, KINDS_LAST, sizeof last);
	sort_legacy(map, &(struct legacy_sort_options){ .first = { .items = first, .count = KINDS_FIRST_COUNT },
	                                                .last = { .items = last, .count = KINDS_LAST_COUNT } });
	return true;
}
