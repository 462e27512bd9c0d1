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
	bool asked;  /* for a list of it by label */
	bool denied; /* lists of it are */
};

struct wishes {
	struct group **items;
	size_t count;
	struct map by_key; /* "group/Kind/ns" -> struct group */
	struct map kinds;  /* "group/Kind" -> struct spread */
	bool early;        /* nobody knows yet what is desired */
	struct map wanted; /* ident_key */
	struct map known;  /* ident_key of what needs not be read */
};

void wishes_freep(struct wishes **at)
{
	struct wishes *wishes = TAKE(*at);
	if (!wishes) {
		return;
	}
	for (size_t i = 0; i < wishes->count; i++) {
		free(wishes->items[i]->ids);
		free(wishes->items[i]);
	}
	free(wishes->items);
	for (size_t i = 0; i < wishes->kinds.count; i++) {
		free(wishes->kinds.entries[i].value);
	}
	map_release(&wishes->by_key);
	map_release(&wishes->kinds);
	map_release(&wishes->wanted);
	map_release(&wishes->known);
	free(wishes);
}

static struct spread *spread_of(struct wishes *wishes, const struct resource *resource)
{
	CLEANUP(text_freep) char *key = text_printf("%s/%s", resource->group, resource->kind);
	struct spread *spread = map_get(&wishes->kinds, key);
	if (!spread) {
		spread = alloc_new(1, sizeof *spread);
		(void)map_set(&wishes->kinds, key, spread);
	}
	return spread;
}

static struct group *group_of(struct wishes *wishes, const struct resource *resource, const char *ns)
{
	CLEANUP(text_freep) char *key = text_printf("%s/%s/%s", resource->group, resource->kind, ns);
	struct group *group = map_get(&wishes->by_key, key);
	if (group) {
		return group;
	}
	group = alloc_new(1, sizeof *group);
	group->resource = resource;
	group->ns = ns;
	wishes->items = alloc_grow(wishes->items, wishes->count + 1, sizeof(struct group *));
	wishes->items[wishes->count++] = group;
	(void)map_set(&wishes->by_key, key, group);
	group->spread = spread_of(wishes, resource);
	group->spread->namespaces++;
	return group;
}

static void wish(struct wishes *wishes, const struct resource *resource, const struct ident *id)
{
	CLEANUP(text_freep) char *key = ident_key(id);
	if (map_has(&wishes->wanted, key) || map_has(&wishes->known, key)) {
		return;
	}
	(void)map_set(&wishes->wanted, key, wishes);
	struct group *group = group_of(wishes, resource, resource->namespaced ? id->ns : "");
	if (group->count == group->cap) {
		group->cap = group->cap ? 2 * group->cap : LISTED_NAMES;
		group->ids = alloc_grow(group->ids, group->cap, sizeof *group->ids);
	}
	group->ids[group->count++] = id;
}

/* It is known: an inventory row of it is no wish either, and reading it by the way of a list is no news. */
static void need_not(struct wishes *wishes, const struct ident *id)
{
	CLEANUP(text_freep) char *key = ident_key(id);
	(void)map_set(&wishes->known, key, wishes);
}

static void note_unsure(struct prepared *prepared, const char *group, const char *kind)
{
	CLEANUP(text_freep) char *key = text_printf("%s/%s", group, kind);
	(void)map_set(&prepared->unsure, key, prepared);
}

/* A kind that the server said it does not have has no objects; one that it could not tell about is unsure. */
static void wish_row(struct prepared *prepared, struct wishes *wishes, const struct inventory_row *row)
{
	const struct resource *resource = NULL;
	enum discovery_answer answer = discovery_find(prepared->discovery, row->id.group, row->version, row->id.kind, &resource);
	if (answer == DISCOVERY_UNKNOWN) {
		note_unsure(prepared, row->id.group, row->id.kind);
	} else if (answer != DISCOVERY_ABSENT) {
		wish(wishes, resource, &row->id);
	}
}

static void wish_rows(struct prepared *prepared)
{
	for (size_t i = 0; i < prepared->inventory.count; i++) {
		wish_row(prepared, prepared->wishes, prepared->inventory.rows[i]);
	}
}

/* Of what is known only those that are not: rows are asked for where they are not desired. */
static void wish_all(struct prepared *prepared)
{
	struct wishes *wishes = prepared->wishes;
	for (size_t i = 0; i < prepared->desired.count; i++) {
		const struct object *object = prepared->desired.items[i];
		const struct resource *resource = prepared_resource(prepared, &object->id, object->version);
		if (resource && object->known) {
			need_not(wishes, &object->id);
		} else if (resource) {
			wish(wishes, resource, &object->id);
		}
	}
	wish_rows(prepared);
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

/* Moves what is wanted to prepared->lives. */
static void keep_wanted(struct prepared *prepared, struct lives *found)
{
	for (size_t i = 0; i < found->count; i++) {
		CLEANUP(text_freep) char *key = ident_key(&found->items[i]->id);
		if (map_has(&prepared->wishes->wanted, key)) {
			lives_take(&prepared->lives, TAKE(found->items[i]));
		}
	}
}

/* Runs the queries, keeps of their answers what is wanted; as long as nobody knows what is desired, all. false: one failed. */
static bool gather(struct prepared *prepared, struct queries *queries)
{
	struct lives found = LIVES_INIT;
	bool early = prepared->wishes->early;
	bool fine = lives_gather(prepared->kube, queries->items, queries->count, early ? &prepared->lives : &found);
	if (fine) {
		keep_wanted(prepared, &found);
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
static bool list_by_label(struct prepared *prepared)
{
	const struct wishes *wishes = prepared->wishes;
	size_t recorded = 0;
	(void)ledger_syncs(prepared->ledger, &recorded);
	/* Before the first sync nothing has our label. */
	if (!recorded) {
		return true;
	}
	CLEANUP(text_freep) char *selector = prepared_selector(prepared);
	CLEANUP(queries_release) struct queries queries = { 0 };
	for (size_t i = 0; i < wishes->count; i++) {
		struct group *group = wishes->items[i];
		bool cluster = lists_cluster(group);
		/* A list would bring all that is known too. */
		if (!group->resource->listable || group->asked || group->spread->listed ||
		    (wishes->known.count && group->count <= LISTED_NAMES)) {
			continue;
		}
		group->spread->listed = cluster;
		group->asked = true;
		const char *ns = cluster || !*group->ns ? NULL : group->ns;
		ask(&queries, group, &(struct live_query){ .resource = group->resource, .ns = ns, .selector = selector });
	}
	if (!gather(prepared, &queries)) {
		return false;
	}
	CLEANUP(queries_release) struct queries again = { 0 };
	for (size_t i = 0; i < queries.count; i++) {
		const struct group *asked = queries.groups[i];
		for (size_t j = 0; queries.items[i].denied && j < wishes->count; j++) {
			struct group *group = wishes->items[j];
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
	if (!gather(prepared, &again)) {
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
static bool list_missing(struct prepared *prepared)
{
	const struct wishes *wishes = prepared->wishes;
	CLEANUP(queries_release) struct queries queries = { 0 };
	for (size_t i = 0; i < wishes->count; i++) {
		struct group *group = wishes->items[i];
		if (group->resource->listable && !group->denied && missing_in(prepared, group) > LISTED_NAMES) {
			const char *ns = *group->ns ? group->ns : NULL;
			ask(&queries, group, &(struct live_query){ .resource = group->resource, .ns = ns });
		}
	}
	if (!gather(prepared, &queries)) {
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

static bool read_missing(struct prepared *prepared)
{
	const struct wishes *wishes = prepared->wishes;
	CLEANUP(queries_release) struct queries queries = { 0 };
	for (size_t i = 0; i < wishes->count; i++) {
		ask_by_name(prepared, &queries, wishes->items[i]);
	}
	if (!gather(prepared, &queries)) {
		return false;
	}
	for (size_t i = 0; i < queries.count; i++) {
		if (queries.items[i].denied) {
			note_unsure(prepared, queries.groups[i]->resource->group, queries.groups[i]->resource->kind);
		}
	}
	return true;
}

bool prepare_lists(struct prepared *prepared)
{
	prepared->wishes = alloc_new(1, sizeof *prepared->wishes);
	prepared->wishes->early = true;
	wish_rows(prepared);
	return list_by_label(prepared);
}

bool prepare_lives(struct prepared *prepared)
{
	if (!prepared->wishes) {
		prepared->wishes = alloc_new(1, sizeof *prepared->wishes);
	}
	wish_all(prepared);
	struct lives early = prepared->lives;
	prepared->lives = LIVES_INIT;
	prepared->wishes->early = false;
	keep_wanted(prepared, &early);
	lives_release(&early);
	return list_by_label(prepared) && list_missing(prepared) && read_missing(prepared);
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
