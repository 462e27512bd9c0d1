#include "sync/lease.h"

#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/clock.h"
#include "sync/holder.h"
#include "sync/names.h"

enum {
	FIRST_POLL = 250,
	LONGEST_POLL = 2000,
	LONGEST_FOREIGN = 600000, /* a holder that claims more is believed this much */
	RETRY = 1000,
};

struct lease {
	struct kube *kube;
	char *ns;
	char *name; /* of the Lease */
	char *holder;
	char acquired[CLOCK_TEXT];
	char *uid;
	char *version;
	int64_t duration;
	int64_t transitions;
	int64_t renewed; /* when the last renewal that succeeded was sent */
	int64_t retry;   /* no renewal before */
	bool lost;
};

static void lease_release(struct lease *lease)
{
	free(lease->ns);
	free(lease->name);
	free(lease->holder);
	free(lease->uid);
	free(lease->version);
	free(lease);
}

void lease_sight_release(struct lease_sight *sight)
{
	free(sight->renewal);
	free(sight->holder);
}

static char *lease_path(const struct lease *lease, bool one)
{
	struct buf path = BUF_INIT(LIMIT_KIB(8));
	bool fits = buf_puts(&path, "/apis/coordination.k8s.io/v1/namespaces/") && kube_escape(&path, lease->ns) &&
	            buf_puts(&path, "/leases") && (!one || (buf_putc(&path, '/') && kube_escape(&path, lease->name)));
	if (!fits) {
		abort();
	}
	return buf_detach(&path);
}

static struct kube_call make_call(const struct lease *lease, const char *method, const cJSON *body)
{
	bool post = strcmp(method, "POST") == 0;
	CLEANUP(text_freep) char *path = lease_path(lease, !post);
	bool manager = post || strcmp(method, "PUT") == 0;
	struct kube_call call = kube_call_make(method, text_printf("%s%s", path, manager ? "?fieldManager=" MANAGER_PLUMB : ""));
	call.timeout = lease->duration / 6;
	if (body) {
		call.content_type = KUBE_JSON;
		call.body = BUF_INIT(LIMIT_KIB(64));
		if (!doc_print(body, &call.body)) {
			abort();
		}
	}
	return call;
}

/* The Lease as we hold it; `version` NULL to create it. */
static cJSON *document(const struct lease *lease, const char *version)
{
	cJSON *doc = cJSON_CreateObject();
	doc_set_text(doc, "apiVersion", "coordination.k8s.io/v1");
	doc_set_text(doc, "kind", "Lease");
	cJSON *metadata = doc_make(doc, "metadata");
	doc_set_text(metadata, "name", lease->name);
	doc_set_text(metadata, "namespace", lease->ns);
	if (version) {
		doc_set_text(metadata, "resourceVersion", version);
	}
	cJSON *spec = doc_make(doc, "spec");
	char now[CLOCK_TEXT];
	clock_micro_text(clock_wall_micro(), now);
	doc_set_text(spec, "holderIdentity", lease->holder);
	int64_t seconds = (lease->duration + 999) / 1000;
	doc_set(spec, "leaseDurationSeconds", cJSON_CreateNumber((double)seconds));
	doc_set_text(spec, "acquireTime", lease->acquired);
	doc_set_text(spec, "renewTime", now);
	doc_set(spec, "leaseTransitions", cJSON_CreateNumber((double)lease->transitions));
	return doc;
}

static void replace(char **at, const char *text)
{
	free(*at);
	*at = text ? text_dup(text) : NULL;
}

static bool hold(struct lease *lease, const cJSON *doc, int64_t sent)
{
	replace(&lease->uid, doc_text(doc, "metadata/uid"));
	replace(&lease->version, doc_text(doc, "metadata/resourceVersion"));
	lease->renewed = sent;
	return true;
}

/* Ours even though an answer of the server said otherwise: the request had arrived when its connection was lost. */
static bool is_ours(const struct lease *lease, const cJSON *doc)
{
	const char *holder = doc_text(doc, "spec/holderIdentity");
	const char *acquired = doc_text(doc, "spec/acquireTime");
	return holder && acquired && strcmp(holder, lease->holder) == 0 && strcmp(acquired, lease->acquired) == 0;
}

/* Sends what we want to hold: POST to create, PUT to replace the version; true when the lease is then ours. */
static bool put(struct lease *lease, const char *method, const char *version, struct err *err)
{
	CLEANUP(doc_freep) cJSON *doc = document(lease, version);
	CLEANUP(kube_call_release) struct kube_call call = make_call(lease, method, doc);
	int64_t sent = clock_now();
	if (!kube_do(lease->kube, &call, err)) {
		return false;
	}
	CLEANUP(doc_freep) cJSON *reply = doc_parse(buf_text(&call.reply), call.reply.len, err);
	return reply && hold(lease, reply, sent);
}

static cJSON *get(struct lease *lease, struct err *err)
{
	CLEANUP(kube_call_release) struct kube_call call = make_call(lease, "GET", NULL);
	return kube_do(lease->kube, &call, err) ? doc_parse(buf_text(&call.reply), call.reply.len, err) : NULL;
}

static bool is_stale(const struct lease *lease, const cJSON *doc, struct lease_sight *sight)
{
	const char *uid = doc_text(doc, "metadata/uid");
	const char *renewed = doc_text(doc, "spec/renewTime");
	CLEANUP(text_freep) char *renewal = text_printf("%s %s", uid ? uid : "", renewed ? renewed : "");
	if (!sight->renewal || strcmp(sight->renewal, renewal) != 0) {
		replace(&sight->renewal, renewal);
		sight->since = clock_now();
	}
	int64_t duration = 1000 * doc_int(doc, "spec/leaseDurationSeconds", 0);
	duration = duration < 1 ? lease->duration : duration > LONGEST_FOREIGN ? LONGEST_FOREIGN : duration;
	return clock_now() - sight->since >= duration;
}

static void tell(const struct lease_options *options, const char *holder, struct lease_sight *sight)
{
	if (!sight->holder || strcmp(sight->holder, holder) != 0) {
		replace(&sight->holder, holder);
		if (options->waiting) {
			options->waiting(options->context, holder);
		}
	}
}

enum attempt { TAKEN, WAIT, AGAIN, FAILED };

/* Somebody's lease is there: takes it over where the holder is gone. */
static enum attempt judge(struct lease *lease, const struct lease_options *options, struct lease_sight *sight, struct err *err)
{
	struct err failure = ERR_INIT;
	CLEANUP(doc_freep) cJSON *doc = get(lease, &failure);
	if (!doc) {
		*err = failure;
		return failure.kind == ERR_NOT_FOUND ? AGAIN : FAILED;
	}
	if (is_ours(lease, doc)) {
		(void)hold(lease, doc, clock_now());
		return TAKEN;
	}
	const char *holder = doc_text(doc, "spec/holderIdentity");
	/* One that this process took before and could not give back: it has one sync of a name at a time. */
	bool own = holder && strcmp(holder, lease->holder) == 0;
	bool free_now = !holder || !*holder || own || holder_is_gone(holder);
	if (!is_stale(lease, doc, sight) && !free_now) {
		tell(options, holder, sight);
		return WAIT;
	}
	lease->transitions = doc_int(doc, "spec/leaseTransitions", 0) + 1;
	if (put(lease, "PUT", doc_text(doc, "metadata/resourceVersion"), &failure)) {
		return TAKEN;
	}
	*err = failure;
	return failure.kind == ERR_CONFLICT || failure.kind == ERR_NOT_FOUND ? AGAIN : FAILED;
}

static enum attempt attempt(struct lease *lease, const struct lease_options *options, struct lease_sight *sight, bool *waited,
                            struct err *err)
{
	struct err failure = ERR_INIT;
	lease->transitions = 0;
	if (put(lease, "POST", NULL, &failure)) {
		return TAKEN;
	}
	/* No answer may mean that it arrived: what stands there tells. */
	if (failure.kind != ERR_CONFLICT && failure.kind != ERR_TRANSIENT) {
		*err = failure;
		return FAILED;
	}
	bool conflict = failure.kind == ERR_CONFLICT;
	enum attempt result = judge(lease, options, sight, err);
	*waited = *waited || (conflict && result != FAILED);
	return result;
}

static bool stopped(const struct lease_options *options)
{
	return options->stop && *options->stop;
}

static bool take(struct lease *lease, const struct lease_options *options, int64_t deadline, bool *waited, struct err *err)
{
	CLEANUP(lease_sight_release) struct lease_sight alone = { 0 };
	struct lease_sight *sight = options->sight ? options->sight : &alone;
	int64_t poll = FIRST_POLL;
	replace(&sight->holder, NULL); /* who it is is told in each try */
	for (;;) {
		enum attempt result = attempt(lease, options, sight, waited, err);
		if (result == TAKEN || result == FAILED) {
			return result == TAKEN;
		}
		const char *holder = sight->holder ? sight->holder : "another process";
		if (stopped(options)) {
			return err_set(err, ERR_TRANSIENT, "stopped while waiting for '%s', which holds the lease", holder);
		}
		int64_t now = clock_now();
		if (now >= deadline) {
			return err_set(err, ERR_CONFLICT, "'%s' in '%s' is being synced by '%s'", options->name, options->ns, holder);
		}
		kube_sleep(lease->kube, now + poll < deadline ? now + poll : deadline);
		poll = 2 * poll < LONGEST_POLL ? 2 * poll : LONGEST_POLL;
	}
}

struct lease *lease_take(struct kube *kube, const struct lease_options *options, int64_t deadline, bool *waited, struct err *err)
{
	struct lease *lease = alloc_new(1, sizeof *lease);
	lease->kube = kube;
	lease->ns = text_dup(options->ns);
	lease->name = text_printf("plumb-%s", options->name);
	lease->holder = holder_self();
	lease->duration = options->duration ? options->duration : LEASE_DURATION;
	clock_micro_text(clock_wall_micro(), lease->acquired);
	bool had_to_wait = false;
	struct err failure = ERR_INIT;
	if (!take(lease, options, deadline, &had_to_wait, &failure)) {
		*err = failure;
		(void)err_wrap(err, "lease '%s'", lease->name);
		lease_release(lease);
		return NULL;
	}
	*waited = had_to_wait;
	return lease;
}

bool lease_fresh(const struct lease *lease)
{
	return !lease->lost && clock_now() - lease->renewed <= lease->duration / 2;
}

/* After a conflict: it is lost unless what stands there is ours. */
static bool check_conflict(struct lease *lease, int64_t sent, struct err *err)
{
	struct err failure = ERR_INIT;
	CLEANUP(doc_freep) cJSON *doc = get(lease, &failure);
	if (doc && is_ours(lease, doc)) {
		return hold(lease, doc, sent);
	}
	if (!doc && failure.kind != ERR_NOT_FOUND) {
		*err = failure;
		return false;
	}
	lease->lost = true;
	const char *holder = doc ? doc_text(doc, "spec/holderIdentity") : NULL;
	return err_set(err, ERR_CONFLICT, "lease '%s' was taken by '%s'", lease->name, holder ? holder : "nobody: it was deleted");
}

bool lease_keep(struct lease *lease, struct err *err)
{
	int64_t now = clock_now();
	if (lease->lost) {
		return err_set(err, ERR_CONFLICT, "lease '%s' was lost", lease->name);
	}
	if (now - lease->renewed < lease->duration / 3 || now < lease->retry) {
		return true;
	}
	struct err failure = ERR_INIT;
	if (put(lease, "PUT", lease->version, &failure)) {
		return true;
	}
	if ((failure.kind == ERR_CONFLICT || failure.kind == ERR_NOT_FOUND) && check_conflict(lease, now, &failure)) {
		return true;
	}
	if (lease_fresh(lease)) {
		lease->retry = clock_now() + RETRY;
		return true;
	}
	lease->lost = true;
	*err = failure;
	return err_wrap(err, "lease '%s' could not be renewed", lease->name);
}

static void give_back(struct lease *lease)
{
	CLEANUP(doc_freep) cJSON *options = cJSON_CreateObject();
	doc_set_text(options, "apiVersion", "v1");
	doc_set_text(options, "kind", "DeleteOptions");
	cJSON *preconditions = doc_make(options, "preconditions");
	doc_set_text(preconditions, "uid", lease->uid);
	doc_set_text(preconditions, "resourceVersion", lease->version);
	CLEANUP(kube_call_release) struct kube_call call = make_call(lease, "DELETE", options);
	call.gives_back = true;
	struct err ignored = ERR_INIT;
	if (!kube_do(lease->kube, &call, &ignored)) {
		/* The next one finds a holder that is gone. */
		ignored.kind = ERR_NONE;
	}
}

void lease_free(struct lease *lease)
{
	if (!lease) {
		return;
	}
	if (!lease->lost && lease->uid && lease->version) {
		give_back(lease);
	}
	lease_release(lease);
}

void lease_freep(struct lease **lease)
{
	lease_free(*lease);
	*lease = NULL;
}
