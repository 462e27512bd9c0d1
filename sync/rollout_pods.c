#include "sync/rollout_pods.h"

#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/health.h"

/* Enough to find a reason; pods of one template share theirs. */
#define PODS_LIMIT "100"

static void add_term(struct buf *out, const char *key, const char *operator, const char * value)
{
	(void)buf_printf(out, "%s%s%s%s", out->len ? "," : "", key, operator, value);
}

static void add_expression(struct buf *out, const cJSON *expression)
{
	const char *key = doc_text(expression, "key");
	const char *operator= doc_text(expression, "operator");
	if (!key || !operator) {
		return;
	}
	if (text_same(operator, "Exists")) {
		add_term(out, key, "", "");
	} else if (text_same(operator, "DoesNotExist")) {
		add_term(out, "!", key, "");
	} else if (text_same(operator, "In") || text_same(operator, "NotIn")) {
		add_term(out, key, text_same(operator, "In") ? " in (" : " notin (", "");
		const cJSON *values = doc_get(expression, "values");
		const cJSON *value;
		cJSON_ArrayForEach (value, values) {
			const char *text = cJSON_GetStringValue(value);
			(void)buf_printf(out, "%s%s", value == values->child ? "" : ",", text ? text : "");
		}
		(void)buf_putc(out, ')');
	}
}

char *pods_selector(const cJSON *object)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(LIMIT_KIB(64));
	const cJSON *item;
	cJSON_ArrayForEach (item, doc_at(object, "spec/selector/matchLabels")) {
		const char *value = cJSON_GetStringValue(item);
		add_term(&out, item->string, "=", value ? value : "");
	}
	cJSON_ArrayForEach (item, doc_at(object, "spec/selector/matchExpressions")) {
		add_expression(&out, item);
	}
	return out.len ? buf_detach(&out) : NULL;
}

static void ignore(struct kube_call *call, void *context)
{
	(void)call;
	(void)context;
}

static void prepare(struct pods_look *look, unsigned which, const char *list, const char *parameter)
{
	static const char *const what[PODS_CALLS] = {
		[PODS_PODS] = "labelSelector", [PODS_SETS] = "labelSelector", [PODS_EVENTS] = "fieldSelector"
	};
	CLEANUP(buf_release) struct buf path = BUF_INIT(LIMIT_MIB(1));
	(void)buf_puts(&path, which == PODS_SETS ? "/apis/apps/v1/namespaces/" : "/api/v1/namespaces/");
	(void)kube_escape(&path, look->target.ns);
	(void)buf_printf(&path, "/%s?limit=" PODS_LIMIT "&%s=", list, what[which]);
	(void)kube_escape(&path, parameter);
	look->calls[which] = kube_call_make("GET", buf_detach(&path));
	look->calls[which].done = ignore;
	look->used[which] = true;
}

void pods_ask(struct kube *kube, struct pods_look *look, const struct pods_target *target, int64_t timeout)
{
	*look = (struct pods_look){ .target = *target };
	prepare(look, PODS_PODS, "pods", target->selector);
	if (text_same(target->kind, "Deployment")) {
		prepare(look, PODS_SETS, "replicasets", target->selector);
		look->calls[PODS_SETS].accept = KUBE_METADATA_LIST;
	}
	if (target->too_few && target->uid) {
		CLEANUP(text_freep) char *fields = text_printf("involvedObject.uid=%s,reason=FailedCreate", target->uid);
		prepare(look, PODS_EVENTS, "events", fields);
	}
	for (unsigned i = 0; i < PODS_CALLS; i++) {
		if (look->used[i]) {
			look->calls[i].timeout = timeout;
			kube_send(kube, &look->calls[i]);
		}
	}
}

void pods_release(struct pods_look *look)
{
	for (unsigned i = 0; i < PODS_CALLS; i++) {
		if (look->used[i]) {
			kube_call_release(&look->calls[i]);
		}
	}
	*look = (struct pods_look){ 0 };
}

static cJSON *answer_of(const struct pods_look *look, unsigned which)
{
	const struct kube_call *call = &look->calls[which];
	struct err ignored = ERR_INIT;
	return look->used[which] && call->status == 200 ? doc_parse(buf_text(&call->reply), call->reply.len, &ignored) : NULL;
}

static const char *controller_uid(const cJSON *item)
{
	const cJSON *owner;
	cJSON_ArrayForEach (owner, doc_at(item, "metadata/ownerReferences")) {
		if (doc_true(owner, "controller")) {
			return doc_text(owner, "uid");
		}
	}
	return NULL;
}

/* The UID that the pods' owner must have: of a Deployment that of its ReplicaSet of the current revision; NULL for any. */
static const char *owner_uid(const struct pods_look *look, const cJSON *sets)
{
	if (!text_same(look->target.kind, "Deployment")) {
		return look->target.uid;
	}
	const cJSON *set;
	cJSON_ArrayForEach (set, doc_get(sets, "items")) {
		const char *revision = cJSON_GetStringValue(
			doc_get(doc_at(set, "metadata/annotations"), "deployment.kubernetes.io/revision"));
		if (revision && look->target.revision > 0 && strtoll(revision, NULL, 10) == look->target.revision && look->target.uid &&
		    text_same(controller_uid(set), look->target.uid)) {
			return doc_text(set, "metadata/uid");
		}
	}
	return NULL;
}

static char *worst_pod(const cJSON *pods, const char *owner)
{
	struct health_report worst = { .health = HEALTH_CURRENT };
	const char *name = NULL;
	const cJSON *pod;
	cJSON_ArrayForEach (pod, doc_get(pods, "items")) {
		struct health_report report;
		if (owner && !text_same(controller_uid(pod), owner)) {
			continue;
		}
		if (worst.health != HEALTH_FAILED && health_of_pod(pod, &report) && (!name || report.health == HEALTH_FAILED)) {
			worst = report;
			name = doc_text(pod, "metadata/name");
		}
	}
	if (!name) {
		return NULL;
	}
	return text_printf("pod %s: %s%s%s", name, worst.reason, *worst.message ? ": " : "", worst.message);
}

static char *last_event(const cJSON *events)
{
	const cJSON *found = NULL;
	const cJSON *event;
	cJSON_ArrayForEach (event, doc_get(events, "items")) {
		const char *time = doc_text(event, "lastTimestamp");
		const char *before = doc_text(found, "lastTimestamp");
		if (!found || (time && (!before || strcmp(time, before) > 0))) {
			found = event;
		}
	}
	const char *message = doc_text(found, "message");
	return message ? text_printf("FailedCreate: %s", message) : NULL;
}

char *pods_answer(const struct pods_look *look)
{
	CLEANUP(doc_freep) cJSON *pods = answer_of(look, PODS_PODS);
	CLEANUP(doc_freep) cJSON *sets = answer_of(look, PODS_SETS);
	CLEANUP(doc_freep) cJSON *events = answer_of(look, PODS_EVENTS);
	char *text = worst_pod(pods, owner_uid(look, sets));
	return text ? text : last_event(events);
}
