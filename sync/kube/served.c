#include "sync/kube/served.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"
#include "render/base/limits.h"
#include "render/doc.h"

static void free_group(struct served_group *group)
{
	for (size_t i = 0; i < group->count; i++) {
		free(group->versions[i].name);
	}
	free(group->versions);
	free(group->name);
	free(group);
}

void served_release(struct served *served)
{
	for (size_t i = 0; i < served->groups.count; i++) {
		free_group(served->groups.entries[i].value);
	}
	for (size_t i = 0; i < served->kinds.count; i++) {
		struct served_kind *kind = served->kinds.entries[i].value;
		free(kind->hits);
		free(kind);
	}
	map_release(&served->groups);
	map_release(&served->kinds);
}

void resources_release(struct map *resources)
{
	for (size_t i = 0; i < resources->count; i++) {
		free(resources->entries[i].value);
	}
	map_release(resources);
}

const struct served_kind *served_find(const struct served *served, const char *group, const char *kind)
{
	CLEANUP(text_freep) char *key = text_printf("%s\n%s", group, kind);
	return map_get(&served->kinds, key);
}

/* The struct and its strings are one piece of memory. */
static struct resource *new_resource(const char *group, const char *version, const char *kind, const char *plural)
{
	const char *texts[] = { group, version, kind, plural };
	const char *copies[ARRAY_LEN(texts)];
	size_t need = sizeof(struct resource);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		need += strlen(texts[i]) + 1;
	}
	struct resource *resource = alloc_new(need, 1);
	char *at = (char *)(resource + 1);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		copies[i] = at;
		at = stpcpy(at, texts[i]) + 1;
	}
	resource->group = copies[0];
	resource->version = copies[1];
	resource->kind = copies[2];
	resource->plural = copies[3];
	return resource;
}

static struct resource *get_resource(struct map *resources, const char *group, const char *version, const char *kind,
                                     const char *plural)
{
	CLEANUP(text_freep) char *key = text_printf("%s\n%s\n%s\n%s", group, version, kind, plural);
	struct resource *resource = map_get(resources, key);
	if (!resource) {
		resource = new_resource(group, version, kind, plural);
		(void)map_set(resources, key, resource);
	}
	return resource;
}

static void add_hit(struct served *served, const struct resource *resource, const struct served_version *version)
{
	CLEANUP(text_freep) char *key = text_printf("%s\n%s", resource->group, resource->kind);
	struct served_kind *kind = map_get(&served->kinds, key);
	if (!kind) {
		kind = alloc_new(1, sizeof *kind);
		(void)map_set(&served->kinds, key, kind);
	}
	kind->hits = alloc_grow(kind->hits, kind->count + 1, sizeof *kind->hits);
	kind->hits[kind->count++] = (struct served_hit){ .resource = resource, .version = version };
}

static bool has_verb(const cJSON *verbs, const char *verb)
{
	const cJSON *item = NULL;
	cJSON_ArrayForEach (item, verbs) {
		if (cJSON_IsString(item) && strcmp(item->valuestring, verb) == 0) {
			return true;
		}
	}
	return false;
}

static void set_verbs(struct resource *resource, const cJSON *verbs)
{
	resource->listable = has_verb(verbs, "list");
	resource->patchable = has_verb(verbs, "patch");
	resource->deletable = has_verb(verbs, "delete");
}

static bool unreadable(const char *what, struct err *err)
{
	return err_set(err, ERR_TRANSIENT, "the API server's discovery cannot be read: %s", what);
}

static struct served_group *new_group(struct served *served, const char *name, size_t versions)
{
	struct served_group *group = alloc_new(1, sizeof *group);
	group->name = text_dup(name);
	group->versions = alloc_new(versions, sizeof *group->versions);
	struct served_group *old = map_set(&served->groups, name, group);
	assert(!old);
	return group;
}

static struct served_version *add_version(struct served_group *group, const char *name, enum version_state state)
{
	struct served_version *version = &group->versions[group->count];
	*version = (struct served_version){ .name = text_dup(name), .rank = group->count, .state = state };
	group->count++;
	return version;
}

/* ---- apidiscovery.k8s.io ---- */

static bool has_scale(const cJSON *item)
{
	const cJSON *sub = NULL;
	cJSON_ArrayForEach (sub, doc_get(item, "subresources")) {
		const char *name = doc_text(sub, "subresource");
		if (name && strcmp(name, "scale") == 0) {
			return true;
		}
	}
	return false;
}

/* A resource without responseKind has only subresources, or its server did not say: nothing can be applied to it. */
static void add_discovered(struct served *served, const struct served_group *group, const struct served_version *version,
                           const cJSON *item, struct map *resources)
{
	const char *plural = doc_text(item, "resource");
	const char *kind = doc_text(item, "responseKind/kind");
	const char *scope = doc_text(item, "scope");
	if (!plural || !kind || !*kind) {
		return;
	}
	struct resource *resource = get_resource(resources, group->name, version->name, kind, plural);
	resource->namespaced = scope && strcmp(scope, "Namespaced") == 0;
	resource->scalable = has_scale(item);
	set_verbs(resource, doc_get(item, "verbs"));
	add_hit(served, resource, version);
}

static bool add_discovered_group(struct served *served, const cJSON *item, struct map *resources, struct err *err)
{
	const char *name = doc_text(item, "metadata/name");
	const cJSON *versions = doc_get(item, "versions");
	name = name ? name : "";
	if (!cJSON_IsArray(versions) || map_has(&served->groups, name)) {
		return unreadable("a group without versions, or twice", err);
	}
	struct served_group *group = new_group(served, name, (size_t)cJSON_GetArraySize(versions));
	const cJSON *entry = NULL;
	cJSON_ArrayForEach (entry, versions) {
		const char *version_name = doc_text(entry, "version");
		const char *freshness = doc_text(entry, "freshness");
		if (!version_name) {
			return unreadable("a version without a name", err);
		}
		bool stale = freshness && strcmp(freshness, "Stale") == 0;
		const struct served_version *version = add_version(group, version_name, stale ? VERSION_UNSURE : VERSION_READ);
		const cJSON *resource = NULL;
		cJSON_ArrayForEach (resource, doc_get(entry, "resources")) {
			add_discovered(served, group, version, resource, resources);
		}
	}
	return true;
}

static bool add_discovery_list(struct served *served, const cJSON *doc, struct map *resources, struct err *err)
{
	const cJSON *item = NULL;
	cJSON_ArrayForEach (item, doc_get(doc, "items")) {
		if (!add_discovered_group(served, item, resources, err)) {
			return false;
		}
	}
	return true;
}

/* ---- before 1.26 ---- */

static bool add_core(struct served *served, const cJSON *doc, struct map *resources, struct err *err)
{
	(void)resources;
	const cJSON *versions = doc_get(doc, "versions");
	if (!cJSON_IsArray(versions) || map_has(&served->groups, "")) {
		return unreadable("APIVersions without versions", err);
	}
	struct served_group *group = new_group(served, "", (size_t)cJSON_GetArraySize(versions));
	const cJSON *item = NULL;
	cJSON_ArrayForEach (item, versions) {
		if (!cJSON_IsString(item)) {
			return unreadable("a version without a name", err);
		}
		(void)add_version(group, item->valuestring, VERSION_UNREAD);
	}
	return true;
}

static bool add_old_group(struct served *served, const cJSON *item, struct err *err)
{
	const char *name = doc_text(item, "name");
	const char *preferred = doc_text(item, "preferredVersion/version");
	const cJSON *versions = doc_get(item, "versions");
	if (!name || !cJSON_IsArray(versions) || map_has(&served->groups, name)) {
		return unreadable("a group without name or versions, or twice", err);
	}
	struct served_group *group = new_group(served, name, (size_t)cJSON_GetArraySize(versions));
	for (int pass = 0; pass < 2; pass++) {
		const cJSON *entry = NULL;
		cJSON_ArrayForEach (entry, versions) {
			const char *version = doc_text(entry, "version");
			if (!version) {
				return unreadable("a version without a name", err);
			}
			bool first = preferred && strcmp(version, preferred) == 0;
			if (first == (pass == 0)) {
				(void)add_version(group, version, VERSION_UNREAD);
			}
		}
	}
	return true;
}

static bool add_group_list(struct served *served, const cJSON *doc, struct map *resources, struct err *err)
{
	(void)resources;
	const cJSON *item = NULL;
	cJSON_ArrayForEach (item, doc_get(doc, "groups")) {
		if (!add_old_group(served, item, err)) {
			return false;
		}
	}
	return true;
}

static bool is_scale_of(const cJSON *items, const char *plural)
{
	size_t len = strlen(plural);
	const cJSON *item = NULL;
	cJSON_ArrayForEach (item, items) {
		const char *name = doc_text(item, "name");
		if (name && strncmp(name, plural, len) == 0 && strcmp(name + len, "/scale") == 0) {
			return true;
		}
	}
	return false;
}

bool served_add_version(struct served *served, struct served_group *group, struct served_version *version, const cJSON *doc,
                        struct map *resources, struct err *err)
{
	const cJSON *items = doc_get(doc, "resources");
	if (!cJSON_IsArray(items)) {
		return unreadable("APIResourceList without resources", err);
	}
	version->state = VERSION_READ;
	const cJSON *item = NULL;
	cJSON_ArrayForEach (item, items) {
		const char *plural = doc_text(item, "name");
		const char *kind = doc_text(item, "kind");
		if (!plural || !kind || strchr(plural, '/')) {
			continue;
		}
		struct resource *resource = get_resource(resources, group->name, version->name, kind, plural);
		resource->namespaced = doc_true(item, "namespaced");
		resource->scalable = is_scale_of(items, plural);
		set_verbs(resource, doc_get(item, "verbs"));
		add_hit(served, resource, version);
	}
	return true;
}

bool served_add(struct served *served, const cJSON *doc, struct map *resources, struct err *err)
{
	static const struct {
		const char *kind;
		bool (*add)(struct served *served, const cJSON *doc, struct map *resources, struct err *err);
	} readers[] = {
		{ "APIGroupDiscoveryList", add_discovery_list },
		{ "APIVersions", add_core },
		{ "APIGroupList", add_group_list },
	};
	const char *kind = doc_text(doc, "kind");
	for (size_t i = 0; kind && i < ARRAY_LEN(readers); i++) {
		if (strcmp(readers[i].kind, kind) == 0) {
			return readers[i].add(served, doc, resources, err);
		}
	}
	return unreadable("an answer of another kind", err);
}
