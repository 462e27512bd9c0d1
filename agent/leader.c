#include "agent/leader.h"

#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/clock.h"
#include "sync/names.h"

struct leader {
	struct loop *loop;
	struct kube *kube;
	struct leader_options options;
	char *ns;
	char *name;
	char *identity;
	struct strand *strand;
	bool ending;
	bool leads;
	int64_t renewed; /* when the last renewal that succeeded was sent */
	uint64_t random;
	/* The record as it was seen last. */
	char *seen; /* its spec */
	int64_t seen_at;
	int64_t seen_duration;
	char *holder;
	char *version;
	char *acquired;
	int64_t transitions;
	char *told; /* the last trouble */
};

/* --- the Lease ---------------------------------------------------------------------------------------------------- */

static char *path_of(const struct leader *leader, bool one)
{
	struct buf path = BUF_INIT(LIMIT_KIB(8));
	bool fits = buf_puts(&path, "/apis/coordination.k8s.io/v1/namespaces/") && kube_escape(&path, leader->ns) &&
	            buf_puts(&path, "/leases") && (!one || (buf_putc(&path, '/') && kube_escape(&path, leader->name))) &&
	            buf_puts(&path, "?fieldManager=" MANAGER_PLUMB);
	if (!fits) {
		abort();
	}
	return buf_detach(&path);
}

static void see(struct leader *leader, const cJSON *doc)
{
	CLEANUP(buf_release) struct buf spec = BUF_INIT(LIMIT_KIB(64));
	const cJSON *found = doc_get(doc, "spec");
	bool printed = found && doc_print(found, &spec);
	text_set(&leader->version, doc_text(doc, "metadata/resourceVersion"));
	if (!leader->seen || !printed || strcmp(leader->seen, buf_text(&spec)) != 0) {
		text_set(&leader->seen, buf_text(&spec));
		leader->seen_at = clock_now();
	}
	const char *holder = doc_text(doc, "spec/holderIdentity");
	text_set(&leader->holder, holder ? holder : "");
	text_set(&leader->acquired, doc_text(doc, "spec/acquireTime"));
	leader->transitions = doc_int(doc, "spec/leaseTransitions", 0);
	leader->seen_duration = 1000 * doc_int(doc, "spec/leaseDurationSeconds", 0);
}

static bool is_ours(const struct leader *leader)
{
	return leader->holder && strcmp(leader->holder, leader->identity) == 0;
}

/* What the Lease says once it is ours, or with `identity` "" nobody's. */
static cJSON *document(struct leader *leader, const char *identity)
{
	char now[CLOCK_TEXT];
	clock_micro_text(clock_wall_micro(), now);
	bool ours = is_ours(leader);
	bool free_it = !*identity;
	cJSON *doc = cJSON_CreateObject();
	doc_set_text(doc, "apiVersion", "coordination.k8s.io/v1");
	doc_set_text(doc, "kind", "Lease");
	cJSON *metadata = doc_make(doc, "metadata");
	doc_set_text(metadata, "name", leader->name);
	doc_set_text(metadata, "namespace", leader->ns);
	if (leader->version) {
		doc_set_text(metadata, "resourceVersion", leader->version);
	}
	cJSON *spec = doc_make(doc, "spec");
	doc_set_text(spec, "holderIdentity", identity);
	int64_t seconds = free_it ? 1 : (leader->options.duration + 999) / 1000;
	doc_set(spec, "leaseDurationSeconds", cJSON_CreateNumber((double)seconds));
	doc_set_text(spec, "acquireTime", ours && leader->acquired ? leader->acquired : now);
	doc_set_text(spec, "renewTime", now);
	int64_t transitions = leader->transitions + (!ours && leader->version ? 1 : 0);
	doc_set(spec, "leaseTransitions", cJSON_CreateNumber((double)transitions));
	return doc;
}

static bool run_call(struct leader *leader, const char *method, const cJSON *body, struct err *err)
{
	bool one = strcmp(method, "POST") != 0;
	CLEANUP(kube_call_release) struct kube_call call = kube_call_make(method, path_of(leader, one));
	call.timeout = leader->options.renew / 2;
	if (body && !doc_print(body, &call.body)) {
		abort();
	}
	if (!kube_do(leader->kube, &call, err)) {
		return false;
	}
	CLEANUP(doc_freep) cJSON *reply = doc_parse(buf_text(&call.reply), call.reply.len, err);
	if (reply) {
		see(leader, reply);
	}
	return reply != NULL;
}

static bool put(struct leader *leader, struct err *err)
{
	CLEANUP(doc_freep) cJSON *doc = document(leader, leader->identity);
	int64_t sent = clock_now();
	if (!run_call(leader, leader->version ? "PUT" : "POST", doc, err)) {
		return false;
	}
	leader->renewed = sent;
	return true;
}

static void forget(struct leader *leader)
{
	text_set(&leader->version, NULL);
	text_set(&leader->holder, "");
	text_set(&leader->seen, NULL);
	leader->transitions = 0;
}

static bool may_take(const struct leader *leader)
{
	return !*leader->holder || is_ours(leader) || clock_now() - leader->seen_at >= leader->seen_duration;
}

/* Takes or renews; false: it is somebody else's (err is not set), or the try failed. */
static bool try_once(struct leader *leader, struct err *err)
{
	/* While we lead, what we wrote last is what stands there: one request. */
	if (leader->leads && put(leader, err)) {
		return true;
	}
	*err = ERR_INIT;
	if (!run_call(leader, "GET", NULL, err)) {
		if (err->kind != ERR_NOT_FOUND) {
			return false;
		}
		*err = ERR_INIT;
		forget(leader);
	}
	if (leader->version && !may_take(leader)) {
		return false;
	}
	if (!put(leader, err)) {
		/* Somebody was faster: to be seen at the next try. */
		*err = err->kind == ERR_CONFLICT ? ERR_INIT : *err;
		return false;
	}
	return true;
}

static void give_back(struct leader *leader)
{
	struct err ignored = ERR_INIT;
	CLEANUP(doc_freep) cJSON *doc = document(leader, "");
	if (!run_call(leader, "PUT", doc, &ignored)) {
		/* The next one waits until it is old. */
		ignored.kind = ERR_NONE;
	}
}

/* --- the fiber ---------------------------------------------------------------------------------------------------- */

static void tell(struct leader *leader, const struct err *err)
{
	if (err->kind == ERR_NONE) {
		text_set(&leader->told, NULL);
	} else if (leader->options.trouble && !leader->ending && (!leader->told || strcmp(leader->told, err->msg) != 0)) {
		text_set(&leader->told, err->msg);
		leader->options.trouble(leader->options.context, err);
	}
}

static void set_leads(struct leader *leader, bool leads)
{
	if (leader->leads != leads) {
		leader->leads = leads;
		if (!leader->ending) {
			leader->options.changed(leader->options.context, leads);
		}
	}
}

static bool is_late(const struct leader *leader)
{
	return clock_now() - leader->renewed >= leader->options.renew;
}

static void step(struct leader *leader)
{
	struct err err = ERR_INIT;
	bool held = try_once(leader, &err);
	tell(leader, &err);
	if (held) {
		set_leads(leader, true);
	} else if (leader->leads && ((err.kind == ERR_NONE && !is_ours(leader)) || is_late(leader))) {
		set_leads(leader, false);
	}
}

static void rest(struct leader *leader)
{
	leader->random = leader->random * 6364136223846793005ULL + 1442695040888963407ULL; /* Knuth's MMIX */
	int64_t wait = leader->options.retry;
	/* Those who follow do not all come at once (client-go: up to 1.2 times). */
	wait += leader->leads ? 0 : (int64_t)((leader->random >> 33) % (uint64_t)(wait / 5 + 1));
	int64_t until = clock_now() + wait;
	while (!leader->ending && clock_now() < until) {
		(void)loop_park(leader->loop, until);
	}
}

static void run(void *context)
{
	struct leader *leader = context;
	while (!leader->ending) {
		step(leader);
		rest(leader);
	}
	if (leader->leads) {
		give_back(leader);
	}
	kube_free(leader->kube);
	free(leader->ns);
	free(leader->name);
	free(leader->identity);
	free(leader->seen);
	free(leader->holder);
	free(leader->version);
	free(leader->acquired);
	free(leader->told);
	free(leader);
}

struct leader *leader_new(struct loop *loop, struct kube *kube, const struct leader_options *options)
{
	struct leader *leader = alloc_new(1, sizeof *leader);
	*leader = (struct leader){ .loop = loop, .kube = kube, .options = *options };
	leader->options.duration = options->duration ? options->duration : LEADER_DURATION;
	leader->options.renew = options->renew ? options->renew : LEADER_RENEW;
	leader->options.retry = options->retry ? options->retry : LEADER_RETRY;
	leader->ns = text_dup(options->ns);
	leader->name = text_dup(options->name);
	leader->identity = text_dup(options->identity);
	leader->holder = text_dup("");
	leader->random = (uint64_t)clock_wall_micro();
	leader->strand = loop_spawn(loop, run, leader);
	return leader;
}

void leader_end(struct leader *leader)
{
	leader->ending = true;
	loop_wake(leader->loop, leader->strand);
}

bool leader_leads(const struct leader *leader)
{
	return leader->leads;
}

bool leader_may_write(void *leader, struct err *err)
{
	const struct leader *self = leader;
	if (self->leads && !is_late(self)) {
		return true;
	}
	return err_set(err, ERR_CONFLICT, "not the leader any more: lease '%s' was not renewed in time", self->name);
}

const char *leader_holder(const struct leader *leader)
{
	return leader->holder;
}
