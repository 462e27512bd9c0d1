#include "render/object.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "render/doc.h"

struct ident ident_make(const char *group, const char *kind, const char *ns, const char *name)
{
	return (struct ident){ text_dup(group), text_dup(kind), text_dup(ns), text_dup(name) };
}

struct ident ident_dup(const struct ident *ident)
{
	return ident_make(ident->group, ident->kind, ident->ns, ident->name);
}

void ident_release(struct ident *ident)
{
	free(ident->group);
	free(ident->kind);
	free(ident->ns);
	free(ident->name);
	*ident = (struct ident){ 0 };
}

int ident_compare(const struct ident *a, const struct ident *b)
{
	int order = strcmp(a->group, b->group);
	order = order ? order : strcmp(a->kind, b->kind);
	order = order ? order : strcmp(a->ns, b->ns);
	return order ? order : strcmp(a->name, b->name);
}

bool ident_equal(const struct ident *a, const struct ident *b)
{
	return ident_compare(a, b) == 0;
}

/* Without a format: a sync of a thousand objects asks for ten thousand keys. */
char *ident_key(const struct ident *ident)
{
	const char *const parts[] = { ident->group, ident->kind, ident->ns, ident->name };
	size_t lens[ARRAY_LEN(parts)];
	size_t len = 0;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		lens[i] = strlen(parts[i]);
		len += lens[i] + 1;
	}
	char *key = alloc_new(len, 1);
	char *at = key;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		memcpy(at, parts[i], lens[i]);
		at += lens[i];
		*at++ = '/';
	}
	at[-1] = '\0';
	return key;
}

char *ident_text(const struct ident *ident)
{
	char *text = text_printf("%s%s%s/%s%s%s", ident->kind, *ident->group ? "." : "", ident->group, ident->name,
	                         *ident->ns ? " in " : "", ident->ns);
	for (size_t i = 0; ident->kind[i]; i++) {
		text[i] = (char)tolower((unsigned char)text[i]);
	}
	return text;
}

static const char *required(const cJSON *json, const char *path, const char **field)
{
	const char *text = doc_text(json, path);
	if (text && *text) {
		return text;
	}
	if (field) {
		*field = path;
	}
	return NULL;
}

struct object *object_new(cJSON *json, const char *path, size_t line, const char **field)
{
	const char *api_version = required(json, "apiVersion", field);
	const char *kind = api_version ? required(json, "kind", field) : NULL;
	const char *name = kind ? required(json, "metadata/name", field) : NULL;
	if (!name) {
		return NULL;
	}
	const char *ns = doc_text(json, "metadata/namespace");
	const char *slash = strchr(api_version, '/');
	CLEANUP(text_freep) char *group = text_dup_len(api_version, slash ? (size_t)(slash - api_version) : 0);
	struct object *object = alloc_new(1, sizeof *object);
	object->id = ident_make(group, kind, ns ? ns : "", name);
	object->version = text_dup(slash ? slash + 1 : api_version);
	object->json = json;
	object->path = path ? text_dup(path) : NULL;
	object->line = line;
	return object;
}

void object_free(struct object *object)
{
	if (!object) {
		return;
	}
	ident_release(&object->id);
	free(object->version);
	cJSON_Delete(object->json);
	cJSON_Delete(object->initial);
	free(object->path);
	free(object);
}

bool object_origin_equal(const struct object_origin *a, const struct object_origin *b)
{
	return a->place && a->place == b->place && memcmp(a->content, b->content, sizeof a->content) == 0;
}

void object_set_namespace(struct object *object, const char *ns)
{
	free(object->id.ns);
	object->id.ns = text_dup(ns);
	if (!object->json) {
		return;
	}
	cJSON *metadata = doc_make(object->json, "metadata");
	if (*ns) {
		doc_set_text(metadata, "namespace", ns);
	} else {
		doc_remove(metadata, "namespace");
	}
}

const char *object_label(const struct object *object, const char *key)
{
	return cJSON_GetStringValue(doc_get(doc_at(object->json, "metadata/labels"), key));
}

const char *object_annotation(const struct object *object, const char *key)
{
	return cJSON_GetStringValue(doc_get(doc_at(object->json, "metadata/annotations"), key));
}

char *object_api_version(const struct object *object)
{
	return text_printf("%s%s%s", object->id.group, *object->id.group ? "/" : "", object->version);
}

void objects_release(struct objects *objects)
{
	for (size_t i = 0; i < objects->count; i++) {
		object_free(objects->items[i]);
	}
	free(objects->items);
	*objects = OBJECTS_INIT;
}

void objects_take(struct objects *objects, struct object *object)
{
	if (objects->count == objects->cap) {
		objects->cap = objects->cap ? 2 * objects->cap : 16;
		objects->items = alloc_grow(objects->items, objects->cap, sizeof(struct object *));
	}
	objects->items[objects->count++] = object;
}
