#include "sync/history.h"

#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/clock.h"
#include "sync/names.h"
#include "sync/record.h"
#include "sync/replicasets.h"

/* One Deployment with all that is known about it. */
struct view {
	const struct ledger_sync *syncs;
	size_t count;
	const cJSON *deployment;
	const char *uid;
	struct replicasets sets; /* its own only */
};

/* Asks for each recorded revision of this Deployment, newest sync first, until one is it. */
static const struct ledger_sync *find_sync(const struct view *view,
                                           bool (*test)(const struct view *view, const struct ledger_sync *sync,
                                                        const struct ledger_revision *revision, const void *context),
                                           const void *context, const struct ledger_revision **found)
{
	for (size_t i = view->count; i > 0; i--) {
		const struct ledger_sync *sync = &view->syncs[i - 1];
		for (size_t j = 0; j < sync->revision_count; j++) {
			const struct ledger_revision *revision = &sync->revisions[j];
			if (revision->uid && strcmp(revision->uid, view->uid) == 0 && test(view, sync, revision, context)) {
				*found = revision;
				return sync;
			}
		}
	}
	return NULL;
}

/* Number and template hash must both match: a ReplicaSet that a revert uses again has a new number. */
static bool made_it(const struct view *view, const struct ledger_sync *sync, const struct ledger_revision *revision,
                    const void *context)
{
	bool never_came = !revision->to && !sync->revisions_pending;
	return !never_came && replicasets_match(&view->sets, revision, sync->commit) == context;
}

/* A sync that was killed has no revisions on record, but its commit stands on what it made. */
static const struct ledger_sync *killed_sync(const struct view *view, const struct replicaset *set)
{
	const struct ledger_revision any = { .uid = (char *)(uintptr_t)view->uid };
	for (size_t i = view->count; i > 0; i--) {
		const struct ledger_sync *sync = &view->syncs[i - 1];
		bool killed = sync->result == LEDGER_INTERRUPTED || sync->result == LEDGER_UNFINISHED;
		if (killed && replicasets_match(&view->sets, &any, sync->commit) == set) {
			return sync;
		}
	}
	return NULL;
}

static bool is_between(int64_t number, int64_t low, int64_t high)
{
	return low < number && number < high;
}

static bool undid_it(const struct view *view, const struct ledger_sync *sync, const struct ledger_revision *revision,
                     const void *context)
{
	(void)sync;
	const struct replicaset *set = context;
	if (!revision->healed_from || revision->from < set->revision) {
		return false;
	}
	/* Of several changes before one heal, all are taken for those managers'; unless a sync of ours came in between. */
	for (size_t i = 0; i < view->count; i++) {
		for (size_t j = 0; j < view->syncs[i].revision_count; j++) {
			const struct ledger_revision *other = &view->syncs[i].revisions[j];
			if (other->uid && strcmp(other->uid, view->uid) == 0 && is_between(other->to, set->revision, revision->from + 1)) {
				return false;
			}
		}
	}
	return true;
}

static bool is_any(const struct view *view, const struct ledger_sync *sync, const struct ledger_revision *revision,
                   const void *context)
{
	(void)view;
	(void)sync;
	(void)revision;
	(void)context;
	return true;
}

/* A revision of ours that is older than this one. */
static bool is_older(const struct view *view, const struct ledger_sync *sync, const struct ledger_revision *revision,
                     const void *context)
{
	const struct replicaset *set = context;
	const struct replicaset *ours = revision->to ? NULL : replicasets_match(&view->sets, revision, sync->commit);
	int64_t number = ours ? ours->revision : revision->to;
	return number && number < set->revision;
}

static bool is_person(const cJSON *entry)
{
	static const char *const machines[] = { MANAGER_PLUMB, MANAGER_HANDOVER, "kube-controller-manager", "before-first-apply" };
	const char *manager = doc_text(entry, "manager");
	for (size_t i = 0; manager && i < ARRAY_LEN(machines); i++) {
		if (strcmp(manager, machines[i]) == 0) {
			return false;
		}
	}
	return manager && !doc_text(entry, "subresource");
}

/* The manager that changed fields below `path` last, not before `since`; NULL for none. */
static const char *last_manager(const cJSON *deployment, const char *path, int64_t since)
{
	const char *manager = NULL;
	int64_t newest = 0;
	const cJSON *entry = NULL;
	cJSON_ArrayForEach (entry, doc_at(deployment, "metadata/managedFields")) {
		const char *text = doc_text(entry, "time");
		int64_t time = text ? clock_parse(text) : 0;
		if (is_person(entry) && doc_at(entry, path) && time >= since && time >= newest) {
			manager = doc_text(entry, "manager");
			newest = time;
		}
	}
	return manager;
}

static const char *drifter(const struct view *view, const struct replicaset *set)
{
	const struct ledger_revision *found = NULL;
	if (find_sync(view, undid_it, set, &found)) {
		return found->healed_from;
	}
	bool after_ours = find_sync(view, is_older, set, &found) != NULL;
	bool recorded = find_sync(view, is_any, NULL, &found) != NULL;
	bool current = set->revision == view->sets.items[0].revision;
	/* Numbers below all of ours were made before plumb; where none is ours, the time of the change tells. */
	if (!current || !view->count || (recorded && !after_ours)) {
		return NULL;
	}
	int64_t since = after_ours ? 0 : view->syncs[0].started;
	const char *manager = last_manager(view->deployment, "fieldsV1/f:spec/f:template", since);
	return manager ? manager : last_manager(view->deployment, "fieldsV1/f:spec", since);
}

static char *image_of(const cJSON *object)
{
	const cJSON *containers = doc_at(object, "spec/template/spec/containers");
	const char *image = doc_text(cJSON_GetArrayItem(containers, 0), "image");
	int more = cJSON_GetArraySize(containers) - 1;
	return more > 0 ? text_printf("%s +%d", image ? image : "", more) : text_dup(image ? image : "");
}

static struct history_row row_of(const struct view *view, const struct replicaset *set)
{
	const struct ledger_revision *found = NULL;
	const struct ledger_sync *sync = find_sync(view, made_it, set, &found);
	sync = sync ? sync : killed_sync(view, set);
	const char *manager = sync ? NULL : drifter(view, set);
	return (struct history_row){
		.revision = set->revision,
		.sync = sync,
		.drift = sync ? NULL : text_dup(manager ? manager : ""),
		.replicaset = text_dup(set->name),
		.created = set->created,
	};
}

static bool add_requirement(struct buf *out, const cJSON *requirement)
{
	const char *key = doc_text(requirement, "key");
	const char *op = doc_text(requirement, "operator");
	if (!key || !op) {
		return true;
	}
	bool in = strcmp(op, "In") == 0;
	if (!in && strcmp(op, "NotIn") != 0) {
		return buf_printf(out, ",%s%s", strcmp(op, "DoesNotExist") == 0 ? "!" : "", key);
	}
	bool fits = buf_printf(out, ",%s %s (", key, in ? "in" : "notin");
	const cJSON *value = NULL;
	const char *comma = "";
	cJSON_ArrayForEach (value, doc_get(requirement, "values")) {
		const char *text = cJSON_GetStringValue(value);
		fits = fits && buf_printf(out, "%s%s", comma, text ? text : "");
		comma = ",";
	}
	return fits && buf_putc(out, ')');
}

/* The Deployment's selector as a query has it, each requirement with a comma before it. */
static bool add_selector(struct buf *out, const cJSON *selector)
{
	bool fits = true;
	const cJSON *item = NULL;
	cJSON_ArrayForEach (item, doc_get(selector, "matchLabels")) {
		const char *value = cJSON_GetStringValue(item);
		fits = fits && buf_printf(out, ",%s=%s", item->string, value ? value : "");
	}
	cJSON_ArrayForEach (item, doc_get(selector, "matchExpressions")) {
		fits = fits && add_requirement(out, item);
	}
	return fits;
}

static cJSON *get(struct kube *kube, char *path, struct err *err)
{
	CLEANUP(kube_call_release) struct kube_call call = kube_call_make("GET", path);
	return kube_do(kube, &call, err) ? doc_parse(buf_text(&call.reply), call.reply.len, err) : NULL;
}

static cJSON *get_deployment(struct kube *kube, const char *ns, const char *name, struct err *err)
{
	struct buf path = BUF_INIT(LIMIT_KIB(8));
	bool fits = buf_puts(&path, "/apis/apps/v1/namespaces/") && kube_escape(&path, ns) && buf_puts(&path, "/deployments/") &&
	            kube_escape(&path, name);
	if (!fits) {
		buf_release(&path);
		(void)err_set(err, ERR_LIMIT, "the name is longer than %zu bytes", path.max);
		return NULL;
	}
	cJSON *doc = get(kube, buf_detach(&path), err);
	if (!doc) {
		(void)err_wrap(err, "deployment '%s' in '%s'", name, ns);
	}
	return doc;
}

static cJSON *get_sets(struct kube *kube, const char *ns, const cJSON *deployment, struct err *err)
{
	CLEANUP(buf_release) struct buf selector = BUF_INIT(LIMIT_KIB(64));
	CLEANUP(buf_release) struct buf path = BUF_INIT(LIMIT_KIB(256));
	bool fits = add_selector(&selector, doc_at(deployment, "spec/selector")) && buf_puts(&path, "/apis/apps/v1/namespaces/") &&
	            kube_escape(&path, ns) && buf_puts(&path, "/replicasets?labelSelector=") &&
	            kube_escape(&path, selector.len ? buf_text(&selector) + 1 : "");
	if (!fits) {
		(void)err_set(err, ERR_LIMIT, "its selector is longer than %zu bytes", selector.max);
		return NULL;
	}
	cJSON *doc = get(kube, buf_detach(&path), err);
	if (!doc) {
		(void)err_wrap(err, "cannot list replicasets in '%s'", ns);
	}
	return doc;
}

static bool is_owned(const cJSON *object, const char *uid)
{
	const cJSON *owner = NULL;
	cJSON_ArrayForEach (owner, doc_at(object, "metadata/ownerReferences")) {
		const char *text = doc_text(owner, "uid");
		if (doc_true(owner, "controller") && text && strcmp(text, uid) == 0) {
			return true;
		}
	}
	return false;
}

static int64_t number_of(const cJSON *object)
{
	const cJSON *notes = doc_at(object, "metadata/annotations");
	const char *text = cJSON_GetStringValue(doc_get(notes, "deployment.kubernetes.io/revision"));
	return text ? strtoll(text, NULL, 10) : 0;
}

static int newest_first(const void *a, const void *b)
{
	int64_t left = number_of(*(const cJSON *const *)a);
	int64_t right = number_of(*(const cJSON *const *)b);
	return left < right ? 1 : left > right ? -1 : 0;
}

/* The Deployment's own, newest revision first; free() the array. */
static const cJSON **own_sets(const cJSON *list, const char *uid, size_t *count)
{
	const cJSON *items = doc_get(list, "items");
	const cJSON **own = alloc_new((size_t)cJSON_GetArraySize(items), sizeof(cJSON *));
	const cJSON *item = NULL;
	cJSON_ArrayForEach (item, items) {
		if (is_owned(item, uid) && number_of(item) > 0 && doc_text(item, "metadata/name")) {
			own[(*count)++] = item;
		}
	}
	qsort(own, *count, sizeof(cJSON *), newest_first);
	return own;
}

static void add_rows(struct view *view, const cJSON *const *own, size_t count, struct history *out)
{
	for (size_t i = 0; i < count; i++) {
		(void)replicasets_add(&view->sets, own[i]);
	}
	*out = (struct history){ .rows = alloc_new(count, sizeof *out->rows), .count = count };
	int64_t current = number_of(view->deployment);
	for (size_t i = 0; i < count; i++) {
		out->rows[i] = row_of(view, &view->sets.items[i]);
		out->rows[i].image = image_of(own[i]);
		out->rows[i].replicas = doc_int(own[i], "spec/replicas", 0);
		out->rows[i].current = out->rows[i].revision == current;
	}
}

bool history_of_deployment(struct kube *kube, const struct ledger *ledger, const char *ns, const char *name, struct history *out,
                           struct err *err)
{
	CLEANUP(doc_freep) cJSON *deployment = get_deployment(kube, ns, name, err);
	if (!deployment) {
		return false;
	}
	CLEANUP(doc_freep) cJSON *list = get_sets(kube, ns, deployment, err);
	if (!list) {
		return false;
	}
	const char *uid = doc_text(deployment, "metadata/uid");
	struct view view = { .deployment = deployment, .uid = uid ? uid : "" };
	view.syncs = ledger_syncs(ledger, &view.count);
	size_t count = 0;
	const cJSON **own = own_sets(list, view.uid, &count);
	add_rows(&view, own, count, out);
	free(own);
	replicasets_release(&view.sets);
	return true;
}

void history_release(struct history *history)
{
	for (size_t i = 0; i < history->count; i++) {
		free(history->rows[i].drift);
		free(history->rows[i].image);
		free(history->rows[i].replicaset);
	}
	free(history->rows);
	*history = (struct history){ 0 };
}
