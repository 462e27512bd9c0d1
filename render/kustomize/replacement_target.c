#include "render/kustomize/replacement_target.h"

#include <string.h>

#include "render/kustomize/labelselector.h"

static bool matcher_init(struct arena *arena, struct replacement_matcher *matcher, const struct selector *selector,
                         struct err *err)
{
	const char *const texts[REPLACEMENT_MATCHER_PARTS] = { selector->gvk.group, selector->gvk.version, selector->gvk.kind,
		                                                   selector->name, selector->ns };
	static const char *const names[REPLACEMENT_MATCHER_PARTS] = { "group", "version", "kind", "name", "namespace" };
	*matcher = (struct replacement_matcher){ .selector = selector };
	for (size_t i = 0; i < REPLACEMENT_MATCHER_PARTS; i++) {
		if (!*texts[i]) {
			continue;
		}
		matcher->has_ids = true;
		matcher->parts[i] = regex_new_whole(arena, texts[i], err);
		if (!matcher->parts[i]) {
			return err_wrap(err, "%s", names[i]);
		}
	}
	return true;
}

static bool matcher_takes(const struct replacement_matcher *matcher, const struct id *id, bool *takes, struct err *err)
{
	const char *const texts[REPLACEMENT_MATCHER_PARTS] = { id->gvk.group, id->gvk.version, id->gvk.kind, id->name, id->ns };
	*takes = true;
	for (size_t i = 0; *takes && i < REPLACEMENT_MATCHER_PARTS; i++) {
		if (matcher->parts[i] && !regex_match(matcher->parts[i], texts[i], strlen(texts[i]), takes, err)) {
			return false;
		}
	}
	return true;
}

/* The current id or one of the previous. */
static bool matcher_takes_any(struct arena *arena, const struct replacement_matcher *matcher, struct resource *resource,
                              bool *takes, struct err *err)
{
	if (!matcher_takes(matcher, resource_id(arena, resource), takes, err)) {
		return false;
	}
	const struct ids *previous = resource_previous(arena, resource);
	for (size_t i = 0; !*takes && i < previous->count; i++) {
		if (!matcher_takes(matcher, &previous->items[i], takes, err)) {
			return false;
		}
	}
	return true;
}

static bool text_selects(struct arena *arena, const char *text, struct pairs labels, bool *selects, struct err *err)
{
	struct labelselector *selector = labelselector_new(arena, text, err);
	*selects = selector && labelselector_matches(selector, &labels);
	return selector;
}

/* Upstream reads both before it looks what they say. */
static bool labels_select(struct arena *arena, const struct selector *selector, struct resource *resource, bool *selects,
                          struct err *err)
{
	*selects = true;
	/* It takes a list for keys and values in turn, and panics where a value is missing. */
	const struct tree *labels = tree_at(resource->root, "metadata", "labels", NULL);
	if (tree_is_list(labels) && labels->count % 2) {
		return err_set(err, ERR_INPUT, "'%s': metadata.labels must be a mapping", id_text(arena, resource_id(arena, resource)));
	}
	if (!*selector->annotations && !*selector->labels) {
		return true;
	}
	bool by_annotations;
	bool by_labels;
	if (!text_selects(arena, selector->annotations, resource_annotations(arena, resource), &by_annotations, err) ||
	    !text_selects(arena, selector->labels, resource_labels(arena, resource), &by_labels, err)) {
		return false;
	}
	*selects = by_annotations && by_labels;
	return true;
}

bool replacement_target_init(struct arena *arena, struct replacement_target *target, const struct target_selector *selector,
                             struct err *err)
{
	if (!selector || !selector->select) {
		return err_set(err, ERR_INPUT, "select must be given");
	}
	*target = (struct replacement_target){ .selector = selector };
	if (!matcher_init(arena, &target->select, selector->select, err)) {
		return err_wrap(err, "select");
	}
	target->reject = arena_new(arena, selector->reject.count + 1, sizeof *target->reject);
	for (size_t i = 0; i < selector->reject.count; i++) {
		if (!selector->reject.items[i]) {
			return err_set(err, ERR_INPUT, "reject[%zu] is null", i);
		}
		if (!matcher_init(arena, &target->reject[i], selector->reject.items[i], err)) {
			return err_wrap(err, "reject[%zu]", i);
		}
	}
	return true;
}

/* Label and annotation selectors of select and, where it has any, of reject. */
static bool target_passes_labels(struct arena *arena, const struct replacement_target *target, struct resource *resource,
                                 bool *passes, struct err *err)
{
	if (!labels_select(arena, target->selector->select, resource, passes, err)) {
		return false;
	}
	for (size_t i = 0; *passes && i < target->selector->reject.count; i++) {
		const struct selector *reject = target->selector->reject.items[i];
		bool rejected = false;
		bool any = *reject->annotations || *reject->labels;
		if (any && !labels_select(arena, reject, resource, &rejected, err)) {
			return false;
		}
		*passes = !rejected;
	}
	return true;
}

bool replacement_target_selects(struct arena *arena, const struct replacement_target *target, struct resource *resource,
                                bool *selects, struct err *err)
{
	if (!target_passes_labels(arena, target, resource, selects, err)) {
		return false;
	}
	for (size_t i = 0; *selects && i < target->selector->reject.count; i++) {
		bool rejected = false;
		if (target->reject[i].has_ids && !matcher_takes_any(arena, &target->reject[i], resource, &rejected, err)) {
			return false;
		}
		*selects = !rejected;
	}
	return !*selects || matcher_takes_any(arena, &target->select, resource, selects, err);
}
