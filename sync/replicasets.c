#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/clock.h"
#include "sync/names.h"
#include "sync/replicasets_impl.h"

enum { PAGE = 500, FEW_NAMESPACES = 4, FEW_DEPLOYMENTS = 4, MOST_RESTARTS = 2 };

/* One list on its way, page by page. */
struct listing {
	const char *ns; /* NULL: all namespaces */
	char *next;     /* token of the next page */
	struct kube_call call;
	unsigned restarts;
	bool done;
	struct err err;
};

void replicasets_release(struct replicasets *sets)
{
	for (size_t i = 0; i < sets->count; i++) {
		free(sets->items[i].ns);
		free(sets->items[i].name);
		free(sets->items[i].owner);
		free(sets->items[i].hash);
		free(sets->items[i].commit);
	}
	free(sets->items);
	map_release(&sets->by_owner);
	map_release(&sets->namespaces);
	*sets = REPLICASETS_INIT;
}

static char *dup_or_empty(const char *text)
{
	return text_dup(text ? text : "");
}

static const char *owner_of(const cJSON *object)
{
	const cJSON *owner = NULL;
	cJSON_ArrayForEach (owner, doc_at(object, "metadata/ownerReferences")) {
		if (doc_true(owner, "controller")) {
			return doc_text(owner, "uid");
		}
	}
	return NULL;
}

static int64_t revision_of(const cJSON *object)
{
	const cJSON *notes = doc_at(object, "metadata/annotations");
	const char *text = cJSON_GetStringValue(doc_get(notes, "deployment.kubernetes.io/revision"));
	return text ? strtoll(text, NULL, 10) : 0;
}

/* Indices are kept in the map as pointers, one more than they are. */
static void link_owner(struct replicasets *sets, size_t index)
{
	struct replicaset *set = &sets->items[index];
	set->next = (size_t)(uintptr_t)map_set(&sets->by_owner, set->owner, (void *)(uintptr_t)(index + 1));
}

bool replicasets_add(struct replicasets *sets, const cJSON *object)
{
	const char *name = doc_text(object, "metadata/name");
	const char *created = doc_text(object, "metadata/creationTimestamp");
	if (!name) {
		return false;
	}
	if (sets->count == sets->cap) {
		sets->cap = sets->cap ? 2 * sets->cap : 64;
		sets->items = alloc_grow(sets->items, sets->cap, sizeof *sets->items);
	}
	sets->items[sets->count] = (struct replicaset){
		.ns = dup_or_empty(doc_text(object, "metadata/namespace")),
		.name = text_dup(name),
		.owner = dup_or_empty(owner_of(object)),
		.hash = dup_or_empty(doc_text(object, "metadata/labels/pod-template-hash")),
		.commit = dup_or_empty(cJSON_GetStringValue(doc_get(doc_at(object, "metadata/annotations"), NOTE_TEMPLATE_COMMIT))),
		.revision = revision_of(object),
		.created = created ? clock_parse(created) : 0,
	};
	link_owner(sets, sets->count++);
	return true;
}

static char *page_path(const struct listing *listing)
{
	struct buf path = BUF_INIT(LIMIT_KIB(16));
	bool fits = buf_puts(&path, "/apis/apps/v1/");
	if (listing->ns) {
		fits = fits && buf_puts(&path, "namespaces/") && kube_escape(&path, listing->ns) && buf_putc(&path, '/');
	}
	fits = fits && buf_printf(&path, "replicasets?limit=%d", (int)PAGE);
	if (listing->next) {
		fits = fits && buf_puts(&path, "&continue=") && kube_escape(&path, listing->next);
	}
	if (!fits) {
		abort();
	}
	return buf_detach(&path);
}

static bool add_page(struct listing *listing, struct replicasets *sets)
{
	CLEANUP(doc_freep) cJSON *doc = doc_parse(buf_text(&listing->call.reply), listing->call.reply.len, &listing->err);
	if (!doc) {
		return err_wrap(&listing->err, "the list of replicasets");
	}
	const cJSON *item = NULL;
	cJSON_ArrayForEach (item, doc_get(doc, "items")) {
		(void)replicasets_add(sets, item);
	}
	const char *next = doc_text(doc, "metadata/continue");
	free(listing->next);
	listing->next = next && *next ? text_dup(next) : NULL;
	return listing->next == NULL;
}

/* Takes the answer in. A token that has expired begins the list anew: what is there twice is the same ReplicaSet. */
static void advance(struct listing *listing, struct replicasets *sets)
{
	if (listing->call.status == 410 && listing->next && listing->restarts++ < MOST_RESTARTS) {
		free(TAKE(listing->next));
	} else if (!kube_check(&listing->call, false, &listing->err)) {
		(void)err_wrap(&listing->err, "cannot list replicasets%s%s", listing->ns ? " in " : "", listing->ns ? listing->ns : "");
		listing->done = true;
	} else {
		listing->done = add_page(listing, sets) || listing->err.kind != ERR_NONE;
	}
	kube_call_release(&listing->call);
}

static void ignore(struct kube_call *call, void *context)
{
	(void)call;
	(void)context;
}

/* Page after page, all lists in flight together. */
static void run(struct kube *kube, struct listing *listings, size_t count, struct replicasets *sets)
{
	for (size_t open = count; open > 0;) {
		for (size_t i = 0; i < count; i++) {
			if (!listings[i].done) {
				listings[i].call = kube_call_make("GET", page_path(&listings[i]));
				listings[i].call.accept = KUBE_METADATA_LIST;
				listings[i].call.done = ignore;
				kube_send(kube, &listings[i].call);
			}
		}
		while (!kube_run(kube, INT64_MAX)) {
		}
		open = 0;
		for (size_t i = 0; i < count; i++) {
			if (!listings[i].done) {
				advance(&listings[i], sets);
				open += !listings[i].done;
			}
		}
	}
}

static bool gather_each(struct kube *kube, const struct map *namespaces, struct replicasets *sets, struct err *err)
{
	struct listing *listings = alloc_new(namespaces->count, sizeof *listings);
	for (size_t i = 0; i < namespaces->count; i++) {
		listings[i].ns = namespaces->entries[i].key;
	}
	run(kube, listings, namespaces->count, sets);
	bool good = true;
	for (size_t i = 0; i < namespaces->count; i++) {
		if (listings[i].err.kind == ERR_NONE) {
			(void)map_set(&sets->namespaces, listings[i].ns, sets);
		} else if (good) {
			*err = listings[i].err;
			good = false;
		}
		free(listings[i].next);
	}
	free(listings);
	return good;
}

void replicasets_want(struct replicasets_wanted *wanted, const struct ident *deployment)
{
	CLEANUP(text_freep) char *key = ident_key(deployment);
	(void)map_set(&wanted->deployments, key, (struct ident *)(uintptr_t)deployment);
	(void)map_set(&wanted->namespaces, deployment->ns, wanted);
}

void replicasets_wanted_release(struct replicasets_wanted *wanted)
{
	map_release(&wanted->deployments);
	map_release(&wanted->namespaces);
}

static void note_read(const struct map *namespaces, struct replicasets *sets)
{
	for (size_t i = 0; i < namespaces->count; i++) {
		(void)map_set(&sets->namespaces, namespaces->entries[i].key, sets);
	}
}

bool replicasets_gather(struct kube *kube, const struct replicasets_wanted *wanted, struct replicasets *sets, struct err *err)
{
	const struct map *namespaces = &wanted->namespaces;
	if (wanted->deployments.count <= FEW_DEPLOYMENTS) {
		if (replicasets_gather_few(kube, wanted, sets)) {
			note_read(namespaces, sets);
			return true;
		}
		replicasets_release(sets);
	}
	if (namespaces->count <= FEW_NAMESPACES) {
		return gather_each(kube, namespaces, sets, err);
	}
	struct listing all = { 0 };
	run(kube, &all, 1, sets);
	free(all.next);
	if (all.err.kind == ERR_DENIED) {
		return gather_each(kube, namespaces, sets, err);
	}
	if (all.err.kind != ERR_NONE) {
		*err = all.err;
		return false;
	}
	note_read(namespaces, sets);
	return true;
}

static const struct replicaset *at(const struct replicasets *sets, size_t index)
{
	return index ? &sets->items[index - 1] : NULL;
}

const struct replicaset *replicasets_first(const struct replicasets *sets, const char *owner)
{
	return at(sets, (size_t)(uintptr_t)map_get(&sets->by_owner, owner));
}

const struct replicaset *replicasets_next(const struct replicasets *sets, const struct replicaset *set)
{
	return at(sets, set->next);
}

static bool fits_known(const struct replicaset *set, const struct ledger_revision *revision)
{
	return (!revision->to || set->revision == revision->to) && (!revision->hash || strcmp(set->hash, revision->hash) == 0);
}

const struct replicaset *replicasets_match(const struct replicasets *sets, const struct ledger_revision *revision,
                                           const char *commit)
{
	bool known = revision->to || revision->hash;
	const struct replicaset *best = NULL;
	for (const struct replicaset *set = replicasets_first(sets, revision->uid); set; set = replicasets_next(sets, set)) {
		bool fits = known ? fits_known(set, revision) : strcmp(set->commit, commit) == 0;
		if (fits && set->revision > revision->from && *set->hash && (!best || set->revision < best->revision)) {
			best = set;
		}
	}
	return best;
}

static void replace(char **at, const char *text)
{
	free(*at);
	*at = text_dup(text);
}

void replicaset_note(const struct replicaset *set, struct ledger_revision *revision)
{
	revision->to = set->revision;
	replace(&revision->replicaset, set->name);
	replace(&revision->hash, set->hash);
}
