#include "sync/kube/discovery.h"

#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"
#include "render/base/limits.h"
#include "render/base/map.h"
#include "render/doc.h"
#include "sync/clock.h"
#include "sync/kube/served.h"

#define ACCEPT_AGGREGATED \
	"application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList," \
	"application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"

enum { RUN_SLICE = 1000, LONGEST_CALL = 30000 };

/* All resources that were ever seen; they outlive what is served. */
struct pool {
	unsigned users;
	struct map resources;
};

/* One reading. */
struct reading {
	unsigned users;
	int64_t time;
	struct served served;
	char digest[DIGEST_TEXT];
};

struct discovery {
	struct kube *kube;
	struct discovery *base; /* NULL: not shared from one */
	struct pool *pool;
	struct reading *reading;
};

static void reading_drop(struct reading *reading)
{
	if (reading && --reading->users == 0) {
		served_release(&reading->served);
		free(reading);
	}
}

static void reading_set(struct discovery *discovery, struct reading *reading)
{
	reading->users++;
	reading_drop(discovery->reading);
	discovery->reading = reading;
}

void discovery_free(struct discovery *discovery)
{
	if (!discovery) {
		return;
	}
	reading_drop(discovery->reading);
	if (--discovery->pool->users == 0) {
		resources_release(&discovery->pool->resources);
		free(discovery->pool);
	}
	free(discovery);
}

void discovery_freep(struct discovery **discovery)
{
	discovery_free(*discovery);
	*discovery = NULL;
}

/* ---- the digest ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *group_line(const struct served_group *group)
{
	struct buf line = BUF_INIT(LIMIT_MIB(1));
	(void)buf_puts(&line, group->name);
	for (size_t i = 0; i < group->count; i++) {
		(void)buf_printf(&line, " %s%s", group->versions[i].name, group->versions[i].state == VERSION_UNSURE ? "?" : "");
	}
	return buf_detach(&line);
}

static char *resource_line(const struct resource *resource)
{
	return text_printf("%s/%s %s %s %d%d%d%d%d", resource->group, resource->version, resource->kind, resource->plural,
	                   resource->namespaced, resource->listable, resource->patchable, resource->deletable, resource->scalable);
}

/* Sorted, as the order of groups differs between servers. */
static void set_digest(struct reading *reading)
{
	const struct served *served = &reading->served;
	size_t count = 0;
	char **lines = alloc_new(served->groups.count, sizeof *lines);
	for (size_t i = 0; i < served->groups.count; i++) {
		lines[count++] = group_line(served->groups.entries[i].value);
	}
	for (size_t i = 0; i < served->kinds.count; i++) {
		const struct served_kind *kind = served->kinds.entries[i].value;
		lines = alloc_grow(lines, count + kind->count, sizeof *lines);
		for (size_t k = 0; k < kind->count; k++) {
			lines[count++] = resource_line(kind->hits[k].resource);
		}
	}
	qsort(lines, count, sizeof *lines, by_text);
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_REPLY_BYTES);
	for (size_t i = 0; i < count; i++) {
		(void)buf_printf(&text, "%s\n", lines[i]);
		free(lines[i]);
	}
	free(lines);
	digest_of(buf_text(&text), text.len, reading->digest);
}

void discovery_digest(const struct discovery *discovery, char out[DIGEST_TEXT])
{
	memcpy(out, discovery->reading->digest, DIGEST_TEXT);
}

int64_t discovery_time(const struct discovery *discovery)
{
	const struct map *groups = &discovery->reading->served.groups;
	for (size_t i = 0; i < groups->count; i++) {
		const struct served_group *group = groups->entries[i].value;
		for (size_t j = 0; j < group->count; j++) {
			if (group->versions[j].state != VERSION_READ) {
				return 0;
			}
		}
	}
	return discovery->reading->time;
}

/* ---- reading ---- */

static void count_down(struct kube_call *call, void *context)
{
	(void)call;
	--*(size_t *)context;
}

static bool read_answer(const struct kube_call *call, struct served *served, struct map *resources, struct err *err)
{
	if (!kube_check(call, false, err)) {
		return err_wrap(err, "discovery");
	}
	CLEANUP(doc_freep) cJSON *doc = doc_parse(buf_text(&call->reply), call->reply.len, err);
	return doc && served_add(served, doc, resources, err);
}

bool discovery_refresh(struct discovery *discovery, int64_t deadline, struct err *err)
{
	static const char *const paths[] = { "/api", "/apis" };
	struct kube_call calls[ARRAY_LEN(paths)];
	size_t open = ARRAY_LEN(paths);
	int64_t left = deadline - clock_now();
	if (left <= 0) {
		return err_set(err, ERR_TRANSIENT, "no time left for discovery");
	}
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		calls[i] = kube_call_make("GET", text_dup(paths[i]));
		calls[i].accept = ACCEPT_AGGREGATED;
		calls[i].timeout = left < LONGEST_CALL ? left : LONGEST_CALL;
		calls[i].done = count_down;
		calls[i].context = &open;
		kube_send(discovery->kube, &calls[i]);
	}
	while (open) {
		(void)kube_run(discovery->kube, clock_now() + RUN_SLICE);
	}
	struct reading *reading = alloc_new(1, sizeof *reading);
	reading->users = 1;
	reading->time = clock_now();
	bool good = true;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		good = good && read_answer(&calls[i], &reading->served, &discovery->pool->resources, err);
		kube_call_release(&calls[i]);
	}
	if (good) {
		set_digest(reading);
		reading_set(discovery, reading);
		if (discovery->base) {
			reading_set(discovery->base, reading);
		}
	}
	reading_drop(reading);
	return good;
}

struct discovery *discovery_new(struct kube *kube, int64_t deadline, struct err *err)
{
	struct discovery *discovery = alloc_new(1, sizeof *discovery);
	discovery->kube = kube;
	discovery->pool = alloc_new(1, sizeof *discovery->pool);
	discovery->pool->users = 1;
	if (!discovery_refresh(discovery, deadline, err)) {
		discovery_free(discovery);
		return NULL;
	}
	return discovery;
}

struct discovery *discovery_share(struct discovery *base, struct kube *kube)
{
	struct discovery *discovery = alloc_new(1, sizeof *discovery);
	*discovery = (struct discovery){ .kube = kube, .base = base, .pool = base->pool };
	discovery->pool->users++;
	reading_set(discovery, base->reading);
	return discovery;
}

/* ---- looking up ---- */

static char *version_path(const char *group, const char *version)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT(LIMIT_KIB(64));
	(void)buf_puts(&path, *group ? "/apis/" : "/api/");
	if (*group) {
		(void)kube_escape(&path, group);
		(void)buf_putc(&path, '/');
	}
	(void)kube_escape(&path, version);
	return buf_detach(&path);
}

static void read_version(struct discovery *discovery, struct served_group *group, struct served_version *version)
{
	if (version->state != VERSION_UNREAD) {
		return;
	}
	struct kube_call call = kube_call_make("GET", version_path(group->name, version->name));
	struct err ignored = ERR_INIT;
	version->state = VERSION_UNSURE;
	if (kube_do(discovery->kube, &call, &ignored)) {
		CLEANUP(doc_freep) cJSON *doc = doc_parse(buf_text(&call.reply), call.reply.len, &ignored);
		(void)(doc &&
		       served_add_version(&discovery->reading->served, group, version, doc, &discovery->pool->resources, &ignored));
	} else if (call.status == 404) {
		version->state = VERSION_READ; /* gone since the groups were listed */
	}
	kube_call_release(&call);
}

static const struct resource *best(const struct discovery *discovery, const char *group, const char *version, const char *kind)
{
	const struct served_kind *served = served_find(&discovery->reading->served, group, kind);
	const struct served_hit *found = NULL;
	for (size_t i = 0; served && i < served->count; i++) {
		const struct served_hit *hit = &served->hits[i];
		bool wanted = hit->version->state == VERSION_READ && (!version || strcmp(hit->version->name, version) == 0);
		if (wanted && (!found || hit->version->rank < found->version->rank)) {
			found = hit;
		}
	}
	return found ? found->resource : NULL;
}

static bool is_unsure(const struct served_group *group, const char *version)
{
	for (size_t i = 0; i < group->count; i++) {
		if (group->versions[i].state == VERSION_UNSURE && (!version || strcmp(group->versions[i].name, version) == 0)) {
			return true;
		}
	}
	return false;
}

/* Without aggregation: asks for the version that is wanted, or for one after the other until the kind is found. */
static void read_wanted(struct discovery *discovery, struct served_group *group, const char *version, const char *kind)
{
	for (size_t i = 0; i < group->count; i++) {
		if (version && strcmp(group->versions[i].name, version) == 0) {
			read_version(discovery, group, &group->versions[i]);
		}
	}
	for (size_t i = 0; i < group->count && !best(discovery, group->name, version, kind); i++) {
		read_version(discovery, group, &group->versions[i]);
	}
}

enum discovery_answer discovery_find(struct discovery *discovery, const char *group, const char *version, const char *kind,
                                     const struct resource **out)
{
	struct served_group *served = map_get(&discovery->reading->served.groups, group);
	if (!served) {
		return DISCOVERY_ABSENT;
	}
	read_wanted(discovery, served, version, kind);
	const struct resource *wanted = best(discovery, group, version, kind);
	const struct resource *other = wanted || !version ? NULL : best(discovery, group, NULL, kind);
	if (wanted) {
		*out = wanted;
		return DISCOVERY_FOUND;
	}
	if (version && is_unsure(served, version)) {
		return DISCOVERY_UNKNOWN;
	}
	if (other) {
		*out = other;
		return DISCOVERY_OTHER_VERSION;
	}
	return is_unsure(served, NULL) ? DISCOVERY_UNKNOWN : DISCOVERY_ABSENT;
}

char *resource_path(const struct resource *resource, const char *ns, const char *name)
{
	CLEANUP(text_freep) char *start = version_path(resource->group, resource->version);
	CLEANUP(buf_release) struct buf path = BUF_INIT(LIMIT_MIB(1));
	(void)buf_puts(&path, start);
	if (resource->namespaced && ns && *ns) {
		(void)buf_puts(&path, "/namespaces/");
		(void)kube_escape(&path, ns);
	}
	(void)buf_putc(&path, '/');
	(void)kube_escape(&path, resource->plural);
	if (name) {
		(void)buf_putc(&path, '/');
		(void)kube_escape(&path, name);
	}
	return buf_detach(&path);
}
