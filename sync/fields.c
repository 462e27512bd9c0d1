#include "sync/fields.h"

#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/fields_key.h"

/* Where a walk stands, innermost first: a member of a mapping, or an element of a list. */
struct step {
	const struct step *up;
	const char *key; /* NULL for an element */
	cJSON *value;
	const cJSON *list; /* the element's */
	const cJSON *element;
	const cJSON *node; /* of the set, for the list */
	size_t index;
	unsigned depth;
};

/* What the server leaves out of all sets: apimachinery, util/managedfields/internal/stripmeta.go. */
static const char *const untracked[] = { "name",        "namespace",     "uid",
	                                     "generation",  "selfLink",      "creationTimestamp",
	                                     "clusterName", "managedFields", "resourceVersion" };

const cJSON *fields_entry(const cJSON *metadata, const char *manager, const char *operation, const char *subresource)
{
	const cJSON *entry = NULL;
	cJSON_ArrayForEach (entry, doc_get(metadata, "managedFields")) {
		const char *its_manager = doc_text(entry, "manager");
		const char *its_operation = doc_text(entry, "operation");
		const char *its_subresource = doc_text(entry, "subresource");
		if (its_manager && strcmp(its_manager, manager) == 0 && its_operation && strcmp(its_operation, operation) == 0 &&
		    strcmp(its_subresource ? its_subresource : "", subresource) == 0) {
			return entry;
		}
	}
	return NULL;
}

static bool is_one_of(const char *text, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(list[i], text) == 0) {
			return true;
		}
	}
	return false;
}

static bool counts(const struct fields_check *check, const struct step *step)
{
	if (!step->up) {
		return strcmp(step->key, "apiVersion") != 0 && strcmp(step->key, "kind") != 0;
	}
	if (step->up->up) {
		return true;
	}
	if (strcmp(step->up->key, "metadata") == 0) {
		return !is_one_of(step->key, untracked, ARRAY_LEN(untracked));
	}
	return !check->without_replicas || strcmp(step->up->key, "spec") != 0 || strcmp(step->key, "replicas") != 0;
}

static const char *first_key(const cJSON *node)
{
	const cJSON *child = NULL;
	cJSON_ArrayForEach (child, node) {
		if (strncmp(child->string, "k:", 2) == 0) {
			return child->string;
		}
	}
	return NULL;
}

/* A scalar element is named by its place: its value could be anything. */
static void print_step(struct buf *out, const struct step *step)
{
	if (step->up) {
		print_step(out, step->up);
	}
	if (step->key) {
		key_print_field(out, step->key);
		return;
	}
	const char *key = cJSON_IsObject(step->element) ? first_key(step->node) : NULL;
	if (key) {
		key_print(out, key, step->element);
	} else {
		(void)buf_printf(out, "[%zu]", step->index);
	}
}

/* The node of a set for the step, or the leaf above that owns it whole. */
static const cJSON *node_at(const cJSON *set, const struct step *step)
{
	const cJSON *node = step->up ? node_at(set, step->up) : set;
	if (!node || (step->up && key_is_leaf(node))) {
		return node;
	}
	return step->key ? key_field(node, NULL, step->key) : key_element(node, NULL, step->list, step->element, step->index);
}

static const cJSON *owner_of(const struct fields_check *check, const struct step *step)
{
	const cJSON *entry = NULL;
	cJSON_ArrayForEach (entry, check->managed) {
		const cJSON *set = doc_get(entry, "fieldsV1");
		if (set && set != check->set && node_at(set, step)) {
			return entry;
		}
	}
	return NULL;
}

/* A walk over manifest and set. It ends with the first field that is missed, or tells of all of them. */
struct walk {
	struct fields_check *check;
	void (*each)(void *context, const char *path, const cJSON *owner);
	void *context;
	cJSON *root; /* not NULL: what does not count is collected, to be taken out of it */
	struct hit {
		cJSON *parent;
		cJSON *item;
	} * hits;
	size_t hit_count;
};

static bool is_excepted(const struct fields_check *check, const char *path)
{
	for (const char *const *given = check->without; given && *given; given++) {
		if (strcmp(*given, path) == 0) {
			return true;
		}
	}
	return false;
}

/* What is missed ends the walk (false), or is only noted. */
static bool miss(struct walk *walk, const struct step *step)
{
	struct fields_check *check = walk->check;
	CLEANUP(buf_release) struct buf path = BUF_INIT(SIZE_MAX);
	print_step(&path, step);
	bool excepted = is_excepted(check, buf_text(&path));
	if (excepted && walk->root) {
		walk->hits = alloc_grow(walk->hits, walk->hit_count + 1, sizeof *walk->hits);
		walk->hits[walk->hit_count++] = (struct hit){ step->up ? step->up->value : walk->root, step->value };
	}
	if (excepted || walk->root) {
		return true;
	}
	check->owner = owner_of(check, step);
	if (walk->each) {
		walk->each(walk->context, buf_text(&path), check->owner);
		return true;
	}
	if (check->missed) {
		(void)buf_puts(check->missed, buf_text(&path));
	}
	return false;
}

static bool cover_value(struct walk *walk, const struct step *step, const cJSON *node, const cJSON *value);

static bool cover_mapping(struct walk *walk, const struct step *up, const cJSON *node, const cJSON *mapping)
{
	cJSON *member = NULL;
	const cJSON *from = NULL;
	cJSON_ArrayForEach (member, mapping) {
		struct step step = { .up = up, .key = member->string, .value = member, .depth = up ? up->depth + 1 : 1 };
		if (!counts(walk->check, &step)) {
			continue;
		}
		const cJSON *child = node ? key_field(node, from, member->string) : NULL;
		if (!cover_value(walk, &step, child, member)) {
			return false;
		}
		from = child ? child->next : from;
	}
	return true;
}

static bool cover_list(struct walk *walk, const struct step *up, const cJSON *node, const cJSON *list)
{
	cJSON *element = NULL;
	const cJSON *from = NULL;
	size_t index = 0;
	cJSON_ArrayForEach (element, list) {
		struct step step = {
			.up = up, .value = element, .list = list, .element = element, .node = node, .index = index++, .depth = up->depth + 1
		};
		if (cJSON_IsNull(element)) {
			continue;
		}
		const cJSON *child = key_element(node, from, list, element, step.index);
		if (!child) {
			return miss(walk, &step);
		}
		if (!cover_value(walk, &step, child, element)) {
			return false;
		}
		from = child->next;
	}
	return true;
}

/*
 * Where the set has no node (NULL), null, empty mappings and empty lists are covered all the same, such as `resources: {}` and
 * `creationTimestamp: null`: the server may drop them. Of other mappings their first value is what is missed.
 */
static bool cover_value(struct walk *walk, const struct step *step, const cJSON *node, const cJSON *value)
{
	if (cJSON_IsNull(value) || (node && key_is_leaf(node))) {
		return true;
	}
	if (step->depth <= FIELDS_DEEPEST && cJSON_IsObject(value)) {
		return cover_mapping(walk, step, node, value);
	}
	if (step->depth <= FIELDS_DEEPEST && cJSON_IsArray(value) && (node || !value->child)) {
		return cover_list(walk, step, node, value);
	}
	return miss(walk, step);
}

bool fields_check(struct fields_check *check)
{
	struct walk walk = { .check = check };
	check->owner = NULL;
	return cJSON_IsObject(check->manifest) && cover_mapping(&walk, NULL, check->set, check->manifest);
}

void fields_each_missed(const struct fields_check *check, void (*each)(void *context, const char *path, const cJSON *owner),
                        void *context)
{
	struct fields_check copy = *check;
	struct walk walk = { .check = &copy, .each = each, .context = context };
	if (cJSON_IsObject(check->manifest)) {
		(void)cover_mapping(&walk, NULL, check->set, check->manifest);
	}
}

void fields_strip(cJSON *manifest, const cJSON *set, const char *const *paths)
{
	struct fields_check check = { .set = set, .manifest = manifest, .without = paths };
	struct walk walk = { .check = &check, .root = manifest };
	(void)cover_mapping(&walk, NULL, set, manifest);
	for (size_t i = 0; i < walk.hit_count; i++) {
		cJSON_Delete(cJSON_DetachItemViaPointer(walk.hits[i].parent, walk.hits[i].item));
	}
	free(walk.hits);
}

bool fields_cover(const cJSON *set, const cJSON *manifest, struct buf *missed)
{
	struct fields_check check = { .set = set, .manifest = manifest, .missed = missed };
	return fields_check(&check);
}

bool fields_own(const cJSON *set, const char *path)
{
	const cJSON *node = set;
	while (node && *path) {
		size_t len = strcspn(path, "/");
		CLEANUP(text_freep) char *name = text_dup_len(path, len);
		node = key_field(node, NULL, name);
		if (node && key_is_leaf(node)) {
			return true;
		}
		path += len + (path[len] == '/');
	}
	return node && node != set;
}
