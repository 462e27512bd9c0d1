/*
 * What the server has. A wish is an object that must be found or be known to be gone; wishes are grouped by kind and
 * namespace.
 */
#include <stdlib.h>
#include <string.h>

#include "render/doc.h"
#include "sync/desired.h"
#include "sync/prepare_impl.h"

enum {
	LISTED_NAMESPACES = 4, /* more than these of one kind: one list of the cluster */
	LISTED_NAMES = 8,      /* more than these of one kind and namespace: a list instead of reads by name */
};

/* How many namespaces a kind is in. */
struct spread {
	size_t namespaces;
	bool listed; /* by one list of the cluster */
};

struct group {
	const struct resource *resource;
	struct spread *spread;    /* shared by the groups of the kind */
	const char *ns;           /* "" for cluster-scoped kinds; borrowed from an identity */
	const struct ident **ids; /* borrowed */
	size_t count;
	size_t cap;
	bool denied; /* lists of it are */
};

struct groups {
	struct group **items;
	size_t count;
	struct map by_key; /* "group/Kind/ns" -> struct group */
	struct map kinds;  /* "group/Kind" -> struct spread */
	struct map wanted; /* ident_key */
	struct map known;  /* ident_key of what needs not be read */
};

static void groups_release(struct groups *groups)
{
	for (size_t i = 0; i < groups->count; i++) {
		free(groups->items[i]->ids);
		free(groups->items[i]);
	}
	free(groups->items);
	for (size_t i = 0; i < groups->kinds.count; i++) {
		free(groups->kinds.entries[i].value);
	}
	map_release(&groups->by_key);
	map_release(&groups->kinds);
	map_release(&groups->wanted);
	map_release(&groups->known);
}

static struct spread *spread_of(struct groups *groups, const struct resource *resource)
{
	CLEANUP(text_freep) char *key = text_printf("%s/%s", resource->group, resource->kind);
	struct spread *spread = map_get(&groups->kinds, key);
	if (!spread) {
		spread = alloc_new(1, sizeof *spread);
		(void)map_set(&groups->kinds, key, spread);
	}
	return spread;
}

static struct group *group_of(struct groups *groups, const struct resource *resource, const char *ns)
{
	CLEANUP(text_freep) char *key = text_printf("%s/%s/%s", resource->group, resource->kind, ns);
	struct group *group = map_get(&groups->by_key, key);
	if (group) {
		return group;
	}
	group = alloc_new(1, sizeof *group);
	group->resource = resource;
	group->ns = ns;
	groups->items = alloc_grow(groups->items, groups->count + 1, sizeof(struct group *));
	groups->items[groups->count++] = group;
	(void)map_set(&groups->by_key, key, group);
	group->spread = spread_of(groups, resource);
	group->spread->namespaces++;
	return group;
}

static void wish(struct groups *groups, const struct resource *resource, const struct ident *id)
{
	CLEANUP(text_freep) char *key = ident_key(id);
	if (map_has(&groups->wanted, key) || map_has(&groups->known, key)) {
		return;
	}
	(void)map_set(&groups->wanted, key, groups);
	struct group *group = group_of(groups, resource, resource->namespaced ? id->ns : "");
	if (group->count == group->cap) {
		group->cap = group->cap ? 2 * group->cap : LISTED_NAMES;
		group->ids = alloc_grow(group->ids, group->cap, sizeof *group->ids);
	}
	group->ids[group->count++] = id;
}

/* It is known: an inventory row of it is no wish either, and reading it by the way of a list is no news. */
static void need_not(struct groups *groups, const struct ident *id)
{
	CLEANUP(text_freep) char *key = ident_key(id);
	(void)map_set(&groups->known, key, groups);
}

static void note_unsure(struct prepared *prepared, const char *group, const char *kind)
{
	CLEANUP(text_freep) char *key = text_printf("%s/%s", group, kind);
	(void)map_set(&prepared->unsure, key, prepared);
}

/* A kind that the server said it does not have has no objects; one that it could not tell about is unsure. */
static void wish_row(struct prepared *prepared, struct groups *groups, const struct inventory_row *row)
{
	const struct resource *resource = NULL;
	enum discovery_answer answer = discovery_find(prepared->discovery, row->id.group, row->version, row->id.kind, &resource);
	if (answer == DISCOVERY_UNKNOWN) {
		note_unsure(prepared, row->id.group, row->id.kind);
	} else if (answer != DISCOVERY_ABSENT) {
		wish(groups, resource, &row->id);
	}
}

/* Of what is known only those that are not: rows are asked for where they are not desired. */
static void wish_all(struct prepared *prepared, struct groups *groups)
{
	for (size_t i = 0; i < prepared->desired.count; i++) {
		const struct object *object = prepared->desired.items[i];
		const struct resource *resource = prepared_resource(prepared, &object->id, object->version);
		if (resource && object->known) {
			need_not(groups, &object->id);
		} else if (resource) {
			wish(groups, resource, &object->id);
		}
	}
	for (size_t i = 0; i < prepared->inventory.count; i++) {
		wish_row(prepared, groups, prepared->inventory.rows[i]);
	}
}

struct queries {
	struct live_query *items;
	struct group **groups; /* beside them */
	size_t count;
	size_t cap;
};

static void queries_release(struct queries *queries)
{
	free(queries->items);
	free(queries->groups);
	*queries = (struct queries){ 0 };
}

static void ask(struct queries *queries, struct group *group, const struct live_query *query)
{
	if (queries->count == queries->cap) {
		queries->cap = queries->cap ? 2 * queries->cap : 16;
		queries->items = alloc_grow(queries->items, queries->cap, sizeof *queries->items);
		queries->groups = alloc_grow(queries->groups, queries->cap, sizeof(struct group *));
	}
	queries->items[queries->count] = *query;
	queries->groups[queries->count++] = group;
}

static bool is_secret(const struct resource *resource)
{
	return !*resource->group && strcmp(resource->kind, "Secret") == 0;
}

/* One list for all namespaces of a kind; Secrets never (safety rule 29). */
static bool lists_cluster(const struct group *group)
{
	return group->resource->namespaced && !is_secret(group->resource) && group->spread->namespaces > LISTED_NAMESPACES;
}

/* Runs the queries, keeps of their answers what is wanted. false: one failed. */
static bool gather(struct prepared *prepared, const struct groups *groups, struct queries *queries)
{
	struct lives found = LIVES_INIT;
	bool fine = lives_gather(prepared->kube, queries->items, queries->count, &found);
	for (size_t i = 0; fine && i < found.count; i++) {
		CLEANUP(text_freep) char *key = ident_key(&found.items[i]->id);
		if (map_has(&groups->wanted, key)) {
			lives_take(&prepared->lives, TAKE(found.items[i]));
		}
	}
	for (size_t i = 0; !fine && i < queries->count; i++) {
		if (queries->items[i].err.kind != ERR_NONE) {
			(void)report_err(prepared->report, FAILURE_CLUSTER, &queries->items[i].err);
			break;
		}
	}
	lives_release(&found);
	return fine;
}

/* Lists by label. Those of the whole cluster that are denied are tried again by namespace. */
static bool list_by_label(struct prepared *prepared, struct groups *groups)
{
	CLEANUP(text_freep) char *selector = prepared_selector(prepared);
	CLEANUP(queries_release) struct queries queries = { 0 };
	for (size_t i = 0; i < groups->count; i++) {
		struct group *group = groups->items[i];
		bool cluster = lists_cluster(group);
		/* A list would bring all that is known too. */
		if (!group->resource->listable || group->spread->listed || (groups->known.count && group->count <= LISTED_NAMES)) {
			continue;
		}
		group->spread->listed = cluster;
		const char *ns = cluster || !*group->ns ? NULL : group->ns;
		ask(&queries, group, &(struct live_query){ .resource = group->resource, .ns = ns, .selector = selector });
	}
	if (!gather(prepared, groups, &queries)) {
		return false;
	}
	CLEANUP(queries_release) struct queries again = { 0 };
	for (size_t i = 0; i < queries.count; i++) {
		const struct group *asked = queries.groups[i];
		for (size_t j = 0; queries.items[i].denied && j < groups->count; j++) {
			struct group *group = groups->items[j];
			if (group->resource != asked->resource) {
				continue;
			}
			if (lists_cluster(asked)) {
				ask(&again, group, &(struct live_query){ .resource = group->resource, .ns = group->ns, .selector = selector });
			} else if (group == asked) {
				group->denied = true;
			}
		}
	}
	if (!gather(prepared, groups, &again)) {
		return false;
	}
	for (size_t i = 0; i < again.count; i++) {
		again.groups[i]->denied = again.items[i].denied;
	}
	return true;
}

static size_t missing_in(const struct prepared *prepared, const struct group *group)
{
	size_t missing = 0;
	for (size_t i = 0; i < group->count; i++) {
		missing += !lives_find(&prepared->lives, group->ids[i]);
	}
	return missing;
}

static void ask_by_name(const struct prepared *prepared, struct queries *queries, struct group *group)
{
	for (size_t i = 0; i < group->count; i++) {
		const struct ident *id = group->ids[i];
		if (!lives_find(&prepared->lives, id)) {
			const char *ns = *group->ns ? group->ns : NULL;
			ask(queries, group, &(struct live_query){ .resource = group->resource, .ns = ns, .name = id->name });
		}
	}
}

/* Whole lists of a kind and namespace where many are missing. */
static bool list_missing(struct prepared *prepared, struct groups *groups)
{
	CLEANUP(queries_release) struct queries queries = { 0 };
	for (size_t i = 0; i < groups->count; i++) {
		struct group *group = groups->items[i];
		if (group->resource->listable && !group->denied && missing_in(prepared, group) > LISTED_NAMES) {
			const char *ns = *group->ns ? group->ns : NULL;
			ask(&queries, group, &(struct live_query){ .resource = group->resource, .ns = ns });
		}
	}
	if (!gather(prepared, groups, &queries)) {
		return false;
	}
	for (size_t i = 0; i < queries.count; i++) {
		struct group *group = queries.groups[i];
		group->denied = queries.items[i].denied;
		if (!group->denied) {
			group->count = 0; /* what is still missing is not there */
		}
	}
	return true;
}

static bool read_missing(struct prepared *prepared, struct groups *groups)
{
	CLEANUP(queries_release) struct queries queries = { 0 };
	for (size_t i = 0; i < groups->count; i++) {
		ask_by_name(prepared, &queries, groups->items[i]);
	}
	if (!gather(prepared, groups, &queries)) {
		return false;
	}
	for (size_t i = 0; i < queries.count; i++) {
		if (queries.items[i].denied) {
			note_unsure(prepared, queries.groups[i]->resource->group, queries.groups[i]->resource->kind);
		}
	}
	return true;
}

bool prepare_lives(struct prepared *prepared)
{
	CLEANUP(groups_release) struct groups groups = { 0 };
	wish_all(prepared, &groups);
	size_t recorded = 0;
	(void)ledger_syncs(prepared->ledger, &recorded);
	/* Before the first sync nothing has our label. */
	if (recorded && !list_by_label(prepared, &groups)) {
		return false;
	}
	return list_missing(prepared, &groups) && read_missing(prepared, &groups);
}

/* Namespaces of desired objects that no live object was seen in. */
static void suspect_namespaces(const struct prepared *prepared, struct map *out)
{
	CLEANUP(map_release) struct map seen = MAP_INIT;
	for (size_t i = 0; i < prepared->lives.count; i++) {
		(void)map_set(&seen, prepared->lives.items[i]->id.ns, prepared->lives.items[i]);
	}
	for (size_t i = 0; prepared->known && i < prepared->desired.count; i++) {
		struct object *object = prepared->desired.items[i];
		if (object->known && !map_has(&seen, object->id.ns)) {
			(void)map_set(&seen, object->id.ns, object);
		}
	}
	for (size_t i = 0; i < prepared->desired.count; i++) {
		const struct object *object = prepared->desired.items[i];
		if (*object->id.ns && !map_has(&seen, object->id.ns) && !map_has(out, object->id.ns)) {
			(void)map_set(out, object->id.ns, prepared->desired.items[i]);
		}
	}
	size_t recorded = 0;
	(void)ledger_syncs(prepared->ledger, &recorded);
	if (!recorded && !map_has(&seen, prepared->ns) && !map_has(out, prepared->ns)) {
		(void)map_set(out, prepared->ns, NULL);
	}
}

static void lacks_namespace(struct prepared *prepared, const char *ns, const struct object *object)
{
	bool own = strcmp(ns, prepared->ns) == 0;
	if (own && prepared->options->create_namespace) {
		prepared->namespace_missing = true;
	} else if (own) {
		report_fail(prepared->report, FAILURE_MANIFESTS,
		            text_printf("namespace '%s' of the sync is not there: --create-namespace makes it", ns));
	} else if (!desired_has_namespace(&prepared->desired, ns)) {
		CLEANUP(text_freep) char *name = ident_text(&object->id);
		report_fail(prepared->report, FAILURE_MANIFESTS,
		            text_printf("%s:%zu: %s: namespace '%s' is neither there nor in the manifests",
		                        object->path ? object->path : "?", object->line, name, ns));
	}
}

bool prepare_namespaces(struct prepared *prepared)
{
	CLEANUP(map_release) struct map suspects = MAP_INIT;
	suspect_namespaces(prepared, &suspects);
	size_t errors = prepared->report->error_count;
	prepared->namespace_missing = false;
	struct ident kind = { .group = (char[]){ "" }, .kind = (char[]){ "Namespace" } };
	const struct resource *resource = prepared_resource(prepared, &kind, NULL);
	CLEANUP(queries_release) struct queries queries = { 0 };
	for (size_t i = 0; resource && i < suspects.count; i++) {
		ask(&queries, NULL, &(struct live_query){ .resource = resource, .name = suspects.entries[i].key });
	}
	struct lives found = LIVES_INIT;
	bool answered = lives_gather(prepared->kube, queries.items, queries.count, &found);
	lives_release(&found);
	for (size_t i = 0; i < queries.count; i++) {
		if (!answered && queries.items[i].err.kind != ERR_NONE) {
			return report_err(prepared->report, FAILURE_CLUSTER, &queries.items[i].err);
		}
		if (queries.items[i].absent) {
			lacks_namespace(prepared, queries.items[i].name, suspects.entries[i].value);
		}
	}
	return prepared->report->error_count == errors;
}
