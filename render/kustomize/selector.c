#include "render/kustomize/selector.h"

#include <string.h>

#include "render/kustomize/labelselector.h"
#include "render/kustomize/regex.h"

enum part { PART_GROUP, PART_VERSION, PART_KIND, PART_NAME, PART_NAMESPACE, PART_COUNT };

struct matcher {
	struct arena *arena;
	const struct selector *selector;
	struct regex *parts[PART_COUNT]; /* NULL: any */
	struct labelselector *labels, *annotations;
};

static bool matcher_init(struct matcher *matcher, struct arena *arena, const struct selector *selector, struct err *err)
{
	static const char *const names[PART_COUNT] = { "group", "version", "kind", "name", "namespace" };
	const char *const texts[PART_COUNT] = { selector->gvk.group, selector->gvk.version, selector->gvk.kind, selector->name,
		                                    selector->ns };
	*matcher = (struct matcher){ .arena = arena, .selector = selector };
	for (size_t i = 0; i < PART_COUNT; i++) {
		if (!*texts[i]) {
			continue;
		}
		matcher->parts[i] = regex_new_whole(arena, texts[i], err);
		if (!matcher->parts[i]) {
			return err_wrap(err, "target: %s", names[i]);
		}
	}
	return true;
}

static bool match(const struct matcher *matcher, enum part part, const char *text, bool *matches, struct err *err)
{
	const struct regex *regex = matcher->parts[part];
	*matches = true;
	return !regex || regex_match(regex, text, strlen(text), matches, err);
}

/* The first text, or the second one. */
static bool match_either(const struct matcher *matcher, enum part part, const char *first, const char *second, bool *matches,
                         struct err *err)
{
	if (!match(matcher, part, first, matches, err)) {
		return false;
	}
	return *matches || match(matcher, part, second, matches, err);
}

static bool match_labels(struct matcher *matcher, const struct resource *resource, bool *matches, struct err *err)
{
	const char *labels = matcher->selector->labels, *annotations = matcher->selector->annotations;
	if (*labels) {
		matcher->labels = matcher->labels ? matcher->labels : labelselector_new(matcher->arena, labels, err);
		if (!matcher->labels) {
			return err_wrap(err, "target: labelSelector");
		}
		struct pairs pairs = resource_labels(matcher->arena, resource);
		*matches = labelselector_matches(matcher->labels, &pairs);
	}
	if (*matches && *annotations) {
		matcher->annotations = matcher->annotations ? matcher->annotations : labelselector_new(matcher->arena, annotations, err);
		if (!matcher->annotations) {
			return err_wrap(err, "target: annotationSelector");
		}
		struct pairs pairs = resource_annotations(matcher->arena, resource);
		*matches = labelselector_matches(matcher->annotations, &pairs);
	}
	return true;
}

static bool matches_resource(struct matcher *matcher, struct resource *resource, bool *matches, struct err *err)
{
	struct id now = *resource_id(matcher->arena, resource);
	struct id first = *resource_original(matcher->arena, resource);
	const char *const texts[][2] = {
		[PART_GROUP] = { now.gvk.group, now.gvk.group },
		[PART_VERSION] = { now.gvk.version, now.gvk.version },
		[PART_KIND] = { now.gvk.kind, now.gvk.kind },
		[PART_NAME] = { first.name, now.name },
		[PART_NAMESPACE] = { id_effective_ns(&first), id_effective_ns(&now) },
	};
	*matches = true;
	for (size_t i = 0; i < PART_COUNT && *matches; i++) {
		if (!match_either(matcher, (enum part)i, texts[i][0], texts[i][1], matches, err)) {
			return false;
		}
	}
	return !*matches || match_labels(matcher, resource, matches, err);
}

bool selector_select(const struct resmap *map, const struct selector *selector, struct resmap *out, struct err *err)
{
	struct matcher matcher;
	if (!matcher_init(&matcher, map->arena, selector, err)) {
		return false;
	}
	for (size_t i = 0; i < map->count; i++) {
		bool matches;
		if (!matches_resource(&matcher, map->items[i], &matches, err)) {
			return false;
		}
		if (matches) {
			resmap_add(out, map->items[i]);
		}
	}
	return true;
}
