#include "sync/unowned.h"

#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/fields.h"
#include "sync/names.h"

enum { PATH_BYTES = 512 };

void unowned_rules_release(struct unowned_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		struct unowned_rule *rule = &rules->rules[i];
		for (size_t j = 0; j < rule->path_count; j++) {
			free(rule->paths[j]);
		}
		free(rule->paths);
		free(rule->group);
		free(rule->kind);
		free(rule->name);
	}
	free(rules->rules);
	*rules = UNOWNED_RULES_INIT;
}

/* "/a/b~1c": each part is there, '~' only as an escape. */
static bool is_pointer(const char *path)
{
	if (*path != '/' || strlen(path) > PATH_BYTES) {
		return false;
	}
	for (const char *c = path; *c; c++) {
		bool empty = *c == '/' && (c[1] == '/' || !c[1]);
		if (empty || (*c == '~' && c[1] != '0' && c[1] != '1')) {
			return false;
		}
	}
	return true;
}

static bool starts(const char *path, const char *part)
{
	size_t len = strlen(part);
	return strncmp(path, part, len) == 0 && (path[len] == '/' || !path[len]);
}

/* One entry of labels or annotations, and none of plumb's own. */
static bool is_note(const char *path)
{
	static const char *const maps[] = { "/metadata/labels/", "/metadata/annotations/" };
	for (size_t i = 0; i < ARRAY_LEN(maps); i++) {
		size_t len = strlen(maps[i]);
		if (strncmp(path, maps[i], len) == 0) {
			return !strchr(path + len, '/') && strncmp(path + len, "plumb.dev~1", strlen("plumb.dev~1")) != 0;
		}
	}
	return false;
}

bool unowned_path_check(const char *path, struct err *err)
{
	if (!is_pointer(path)) {
		return err_set(err, ERR_INPUT,
		               "must be a JSON pointer such as /spec/replicas or /metadata/annotations/example.com~1note");
	}
	bool identity = starts(path, "/apiVersion") || starts(path, "/kind") || starts(path, "/status") || starts(path, "/metadata");
	if (identity && !is_note(path)) {
		return err_set(err, ERR_INPUT, "cannot be ignored: of metadata only single labels and annotations, and not plumb's");
	}
	return true;
}

/* --- taking out --------------------------------------------------------------------------------------------------- */

/* The way to a value, the document first. */
struct way {
	cJSON *steps[LIMIT_DEPTH];
	size_t count;
};

/* "a~1b" as it is meant; free() it. */
static char *unescape(const char *token, size_t len)
{
	char *plain = text_dup_len(token, len);
	char *to = plain;
	for (const char *from = plain; *from; from++) {
		bool escaped = *from == '~' && (from[1] == '0' || from[1] == '1');
		*to++ = !escaped ? *from : from[1] == '0' ? '~' : '/';
		from += escaped;
	}
	*to = '\0';
	return plain;
}

static cJSON *step_into(const cJSON *value, const char *token)
{
	if (cJSON_IsObject(value)) {
		return doc_get(value, token);
	}
	char *end = NULL;
	unsigned long index = strtoul(token, &end, 10);
	bool fits = cJSON_IsArray(value) && *token >= '0' && *token <= '9' && !*end && index < LIMIT_NODES;
	return fits ? cJSON_GetArrayItem(value, (int)index) : NULL;
}

static bool find_way(cJSON *document, const char *pointer, struct way *way)
{
	*way = (struct way){ .steps = { document }, .count = 1 };
	while (*pointer == '/' && way->count < LIMIT_DEPTH) {
		size_t len = strcspn(pointer + 1, "/");
		CLEANUP(text_freep) char *token = unescape(pointer + 1, len);
		cJSON *next = step_into(way->steps[way->count - 1], token);
		if (!next) {
			return false;
		}
		way->steps[way->count++] = next;
		pointer += 1 + len;
	}
	return !*pointer && way->count > 1;
}

static bool holds(const cJSON *parent, const cJSON *child)
{
	const cJSON *at = parent->child;
	while (at && at != child) {
		at = at->next;
	}
	return at != NULL;
}

/* What is taken stays in memory until the end: other ways may lead through it. */
static void take_out(cJSON *parent, cJSON *child, cJSON *taken)
{
	if (holds(parent, child)) {
		cJSON_AddItemToArray(taken, cJSON_DetachItemViaPointer(parent, child));
	}
}

/* An empty mapping that is left would claim to own what is in it. Not the parts of an object, and no elements of lists. */
static void take_empty(struct way *way, cJSON *taken)
{
	for (size_t i = way->count - 2; i >= 2; i--) {
		bool in_mapping = cJSON_IsObject(way->steps[i - 1]);
		if (way->steps[i]->child || !in_mapping) {
			return;
		}
		take_out(way->steps[i - 1], way->steps[i], taken);
	}
}

static bool applies(const struct unowned_rule *rule, const struct ident *id)
{
	return (!rule->group || strcmp(rule->group, id->group) == 0) && (!rule->kind || strcmp(rule->kind, id->kind) == 0) &&
	       (!rule->name || strcmp(rule->name, id->name) == 0);
}

/* All ways of one object, before anything is taken: taking moves the elements of lists. */
static size_t find_ways(const struct unowned_rules *rules, struct object *object, struct way **ways)
{
	size_t count = 0;
	*ways = NULL;
	for (size_t i = 0; i < rules->count; i++) {
		const struct unowned_rule *rule = &rules->rules[i];
		for (size_t j = 0; applies(rule, &object->id) && j < rule->path_count; j++) {
			struct way way;
			if (find_way(object->json, rule->paths[j], &way)) {
				*ways = alloc_grow(*ways, count + 1, sizeof way);
				(*ways)[count++] = way;
			}
		}
	}
	return count;
}

void unowned_strip(const struct unowned_rules *rules, struct object *object)
{
	CLEANUP(doc_freep) cJSON *before = cJSON_Duplicate(object->json, 1);
	struct way *ways = NULL;
	size_t count = find_ways(rules, object, &ways);
	cJSON *taken = cJSON_CreateArray();
	for (size_t i = 0; i < count; i++) {
		take_out(ways[i].steps[ways[i].count - 2], ways[i].steps[ways[i].count - 1], taken);
	}
	for (size_t i = 0; i < count; i++) {
		take_empty(&ways[i], taken);
	}
	cJSON_Delete(taken);
	free(ways);
	if (count) {
		cJSON_Delete(object->initial);
		object->initial = TAKE(before);
	}
}

/* --- who owns it -------------------------------------------------------------------------------------------------- */

cJSON *unowned_part(const struct object *object, const cJSON *set)
{
	if (!object->initial || !set) {
		return NULL;
	}
	CLEANUP(doc_freep) cJSON *all = fields_within(set, object->initial);
	CLEANUP(doc_freep) cJSON *rest = fields_within(set, object->json);
	CLEANUP(doc_freep) cJSON *part = fields_minus(all, rest);
	return fields_empty(part) ? NULL : TAKE(part);
}

cJSON *unowned_alone(const struct object *object, const cJSON *metadata)
{
	const cJSON *own = fields_entry(metadata, MANAGER_PLUMB, "Apply", "");
	CLEANUP(doc_freep) cJSON *part = unowned_part(object, doc_get(own, "fieldsV1"));
	const cJSON *entry = NULL;
	cJSON_ArrayForEach (entry, doc_get(metadata, "managedFields")) {
		if (part && entry != own) {
			cJSON *left = fields_minus(part, doc_get(entry, "fieldsV1"));
			cJSON_Delete(part);
			part = left;
		}
	}
	return part && !fields_empty(part) ? TAKE(part) : NULL;
}
