/*
 * An apply of a plan, on an API server that answers from a list. For test_apply*.c.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/apply.h"
#include "sync/names.h"
#include "tests/unit/still_clock.c"

#define COMMIT "4f2a91c0b7d24f2a91c0b7d24f2a91c0b7d24f2a"
#define DEPLOYMENTS "/apis/apps/v1/namespaces/shop/deployments/"
#define CONFIGMAPS "/api/v1/namespaces/shop/configmaps/"
#define OURS "\"labels\":{\"plumb.dev/name\":\"shop\",\"plumb.dev/namespace\":\"shop\"}"

/* --- an API server that answers from a list ----------------------------------------------------------------------- */

/* One request that is expected: the first that fits and was not used yet answers. */
struct line {
	const char *method;
	const char *path; /* how the path begins */
	const char *part; /* what the path has besides; NULL nothing */
	int status;
	const char *answer;
	bool used;
};

enum { QUEUE = 64, LOG = 64 };

struct script {
	struct kube kube;
	struct line *lines;
	size_t count;
	struct kube_call *queue[QUEUE];
	size_t queued;
	char *log[LOG];    /* "METHOD path" */
	char *bodies[LOG]; /* what was sent */
	size_t logged;
};

#define GROUP_VERSION "{\"version\":\"v1\",\"freshness\":\"Current\",\"resources\":["
#define KIND(plural, kind, scope) \
	"{\"resource\":\"" plural "\",\"responseKind\":{\"group\":\"\",\"version\":\"\",\"kind\":\"" kind "\"},\"scope\":\"" scope \
	"\",\"verbs\":[\"create\",\"delete\",\"get\",\"list\",\"patch\"]}"

static const char core[] =
	"{\"kind\":\"APIGroupDiscoveryList\",\"apiVersion\":\"apidiscovery.k8s.io/v2\",\"items\":[{\"versions\":[" GROUP_VERSION KIND(
		"configmaps", "ConfigMap", "Namespaced") "," KIND("secrets", "Secret", "Namespaced") "," KIND("namespaces", "Namespace",
                                                                                                      "Cluster") "]}]}]}";
static const char groups[] =
	"{\"kind\":\"APIGroupDiscoveryList\",\"apiVersion\":\"apidiscovery.k8s.io/v2\",\"items\":[{\"metadata\":{\"name\":\"apps\"},"
	"\"versions\":[" GROUP_VERSION KIND("deployments", "Deployment", "Namespaced") "," KIND(
		"statefulsets", "StatefulSet",
		"Namespaced") "]}]},{\"metadata\":{\"name\":\"admissionregistration.k8s.io\"},\"versions\":[" GROUP_VERSION
		KIND("validatingwebhookconfigurations", "ValidatingWebhookConfiguration", "Cluster") "]}]}]}";

static inline void script_send(struct kube *kube, struct kube_call *call)
{
	struct script *script = (struct script *)(void *)kube;
	ck_assert_uint_lt(script->queued, QUEUE);
	script->queue[script->queued++] = call;
}

static inline void script_answer(struct script *script, struct kube_call *call)
{
	call->reply.max = LIMIT_MIB(1);
	call->status = 200;
	if (strcmp(call->path, "/api") == 0 || strcmp(call->path, "/apis") == 0) {
		ck_assert(buf_puts(&call->reply, call->path[4] ? groups : core));
		return;
	}
	ck_assert_uint_lt(script->logged, LOG);
	script->log[script->logged] = text_printf("%s %s", call->method, call->path);
	script->bodies[script->logged++] = text_dup(call->body.len ? buf_text(&call->body) : "");
	for (size_t i = 0; i < script->count; i++) {
		struct line *line = &script->lines[i];
		if (!line->used && strcmp(line->method, call->method) == 0 && strncmp(call->path, line->path, strlen(line->path)) == 0 &&
		    (!line->part || strstr(call->path, line->part))) {
			line->used = true;
			call->status = line->status;
			ck_assert(buf_puts(&call->reply, line->answer));
			return;
		}
	}
	ck_abort_msg("not expected: %s %s", call->method, call->path);
}

static inline bool script_run(struct kube *kube, int64_t until)
{
	(void)until;
	struct script *script = (struct script *)(void *)kube;
	while (script->queued) {
		struct kube_call *call = script->queue[0];
		memmove(script->queue, script->queue + 1, --script->queued * sizeof *script->queue);
		script_answer(script, call);
		call->done(call, call->context);
	}
	return true;
}

static inline void script_free(struct kube *kube)
{
	(void)kube;
}

/* --- a scene ------------------------------------------------------------------------------------------------------ */

enum { MOST = 8 };

static struct script script;
static struct apply apply;
static struct report report;
static struct inventory inventory;
static struct repo_commit commit;
static struct plan plan;
static struct action *actions[MOST];
static struct object *objects[MOST];
static struct live *lives[MOST];
static bool applied;

static inline void set_up(void)
{
	static const struct kube_ops ops = { .send = script_send, .run = script_run, .free = script_free };
	static char author[] = "Ana";
	static char subject[] = "Raise the limit";
	struct err err = ERR_INIT;
	script = (struct script){ .kube.ops = &ops };
	report = REPORT_INIT;
	inventory = INVENTORY_INIT;
	plan = (struct plan){ .actions = actions };
	commit = (struct repo_commit){ .author = author, .subject = subject, .when = 1700000000 };
	memcpy(commit.id, COMMIT, sizeof COMMIT);
	apply = (struct apply){ .kube = &script.kube,
		                    .plan = &plan,
		                    .commit = &commit,
		                    .server = "5e7",
		                    .propagation = "Foreground",
		                    .selector = "plumb.dev/name=shop",
		                    .deadline = clock_now() + 60000,
		                    .report = &report,
		                    .inventory = &inventory };
	apply.discovery = discovery_new(&script.kube, apply.deadline, &err);
	ck_assert_msg(apply.discovery != NULL, "%s", err.msg);
}

static inline void tear_down(void)
{
	discovery_free(apply.discovery);
	apply_release(&apply);
	report_release(&report);
	inventory_release(&inventory);
	for (size_t i = 0; i < plan.count; i++) {
		free(actions[i]->reason);
		free(actions[i]);
		object_free(objects[i]);
		live_free(lives[i]);
		objects[i] = NULL;
		lives[i] = NULL;
	}
	for (size_t i = 0; i < script.logged; i++) {
		free(script.log[i]);
		free(script.bodies[i]);
	}
}

static inline cJSON *parse(const char *text)
{
	struct err err = ERR_INIT;
	cJSON *json = doc_parse(text, strlen(text), &err);
	ck_assert_msg(json != NULL, "%s: %s", err.msg, text);
	return json;
}

/* Adds an action; `live` is the metadata of what is there, NULL for nothing. */
static inline struct action *act(enum action_kind kind, enum stage stage, const char *manifest, const char *live)
{
	ck_assert_uint_lt(plan.count, MOST);
	size_t i = plan.count++;
	objects[i] = object_new(parse(manifest), NULL, 0, NULL);
	ck_assert_ptr_nonnull(objects[i]);
	const struct ident *id = &objects[i]->id;
	if (live) {
		cJSON *meta = parse(live);
		doc_set_text(meta, "name", id->name);
		if (*id->ns) {
			doc_set_text(meta, "namespace", id->ns);
		}
		lives[i] = live_new(id->group, id->kind, meta);
		ck_assert_ptr_nonnull(lives[i]);
	}
	actions[i] = alloc_new(1, sizeof *actions[i]);
	*actions[i] = (struct action){
		.kind = kind, .stage = stage, .desired = objects[i], .live = lives[i], .reason = text_dup("why")
	};
	plan_digest(objects[i], actions[i]->digest);
	return actions[i];
}

/* Turns the action into a prune of what it would have applied. */
static inline void prune(struct action *action)
{
	struct inventory_row *row = alloc_new(1, sizeof *row);
	row->id = ident_dup(&action->desired->id);
	row->version = text_dup(action->desired->version);
	row->uid = text_dup(action->live->uid);
	inventory_take(&inventory, row);
	action->kind = ACTION_PRUNE;
	action->row = row;
	action->desired = NULL;
}

static inline void run(struct line *lines, size_t count)
{
	script.lines = lines;
	script.count = count;
	applied = apply_objects(&apply);
	for (size_t i = 0; i < count; i++) {
		ck_assert_msg(lines[i].used, "never asked: %s %s", lines[i].method, lines[i].path);
	}
}

#define RUN(lines) run(lines, ARRAY_LEN(lines))

static inline const struct report_object *told(const char *name)
{
	for (size_t i = 0; i < report.count; i++) {
		if (strcmp(report.objects[i]->id.name, name) == 0) {
			return report.objects[i];
		}
	}
	ck_abort_msg("no verdict on %s", name);
	return NULL;
}

static inline void expect(const char *name, enum verdict verdict, const char *reason)
{
	const struct report_object *object = told(name);
	ck_assert_msg(object->verdict == verdict && strstr(object->reason, reason), "%s: expected %s: %s, got %s: %s", name,
	              verdict_text(verdict), reason, verdict_text(object->verdict), object->reason);
}

static inline cJSON *body(size_t i)
{
	ck_assert_uint_lt(i, script.logged);
	return parse(script.bodies[i]);
}

static inline bool sent(size_t i, const char *method, const char *part)
{
	ck_assert_uint_lt(i, script.logged);
	return strncmp(script.log[i], method, strlen(method)) == 0 && strstr(script.log[i], part) != NULL;
}

#define WEB(rest) \
	"{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\"" rest \
	"},\"spec\":{\"selector\":{\"matchLabels\":{\"app\":\"web\"}},\"template\":{\"spec\":{\"containers\":[{\"name\":\"main\"," \
	"\"image\":\"web:2\"}]}}}}"
#define CONFIG(name, value) \
	"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"" name \
	"\",\"namespace\":\"shop\"},\"data\":{\"value\":\"" value "\"}}"
#define ANSWER(uid, version, generation) \
	"{\"metadata\":{\"uid\":\"" uid "\",\"resourceVersion\":\"" version "\",\"generation\":" generation \
	"},\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"main\",\"image\":\"web:2\"}]}}}}"
#define STATUS(reason, message, details) \
	"{\"kind\":\"Status\",\"reason\":\"" reason "\",\"message\":\"" message "\",\"details\":{\"causes\":[" details "]}}"
#define LIVE_OF(sync) \
	"{\"metadata\":{\"uid\":\"u1\",\"resourceVersion\":\"5\",\"labels\":{\"plumb.dev/name\":\"" sync \
	"\",\"plumb.dev/namespace\":\"shop\"}}}"
