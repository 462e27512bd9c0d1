#include "sync/rollout_internal.h"

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/clock.h"

/* GETs for a kind and namespace; beyond, one LIST. */
enum { GETS = 8, PAGE = 500 };

int64_t rollout_call_timeout(const struct wait *wait)
{
	int64_t left = wait->options->deadline - clock_now();
	left = left < ROLLOUT_LAST_CHANCE ? ROLLOUT_LAST_CHANCE : left;
	return left < ROLLOUT_LONGEST_CALL ? left : ROLLOUT_LONGEST_CALL;
}

/* A failed call; one that the deadline cut short says nothing about the cluster. */
static void lose(struct wait *wait, struct follow *follow, const struct err *err)
{
	if (err->kind == ERR_DENIED || err->kind == ERR_INPUT) {
		if (wait->fatal.kind == ERR_NONE) {
			CLEANUP(text_freep) char *text = ident_text(&follow->rollout->id);
			wait->fatal = *err;
			(void)err_wrap(&wait->fatal, "%s", text);
		}
	} else if (!follow->answered || clock_now() < wait->options->deadline) {
		follow->lost = true;
		wait->last = *err;
	}
}

static cJSON *parse(const struct kube_call *call, struct err *err)
{
	if (!kube_check(call, false, err)) {
		return NULL;
	}
	cJSON *doc = doc_parse(buf_text(&call->reply), call->reply.len, err);
	if (!doc) {
		err->kind = ERR_TRANSIENT;
	}
	return doc;
}

static void got(struct kube_call *call, void *context)
{
	struct follow *follow = context;
	struct wait *wait = follow->group->wait;
	struct err err = ERR_INIT;
	CLEANUP(doc_freep) cJSON *object = parse(call, &err);
	if (object) {
		rollout_judge(wait, follow, object);
	} else if (call->status == 404) {
		rollout_gone(wait, follow, "Deleted", "was deleted while waiting");
	} else {
		lose(wait, follow, &err);
	}
}

static void get(struct wait *wait, struct follow *follow)
{
	const struct group *group = follow->group;
	follow->call = kube_call_make("GET", resource_path(group->resource, group->ns, follow->rollout->id.name));
	follow->call.timeout = rollout_call_timeout(wait);
	follow->call.done = got;
	follow->call.context = follow;
	follow->asked = true;
	kube_send(wait->kube, &follow->call);
}

/* Items of built-in kinds' lists do not repeat the kind. */
static void complete(const struct group *group, const struct follow *follow, cJSON *item)
{
	const struct resource *resource = group->resource;
	CLEANUP(text_freep) char *version = text_printf("%s%s%s", resource->group, *resource->group ? "/" : "", resource->version);
	doc_set_text(item, "apiVersion", version);
	doc_set_text(item, "kind", follow->rollout->id.kind);
}

static void list(struct group *group, const char *token);

static void listed(struct kube_call *call, void *context)
{
	struct group *group = context;
	struct wait *wait = group->wait;
	struct err err = ERR_INIT;
	if (wait->options->newer && *wait->options->newer) {
		wait->stopped = true;
		return;
	}
	CLEANUP(doc_freep) cJSON *doc = parse(call, &err);
	cJSON *item;
	cJSON_ArrayForEach (item, doc_get(doc, "items")) {
		const char *name = doc_text(item, "metadata/name");
		struct follow *follow = name ? map_get(&group->by_name, name) : NULL;
		if (follow && is_open(follow) && !follow->failed && !follow->seen) {
			follow->seen = true;
			complete(group, follow, item);
			rollout_judge(wait, follow, item);
		}
	}
	const char *token = doc_text(doc, "metadata/continue");
	if (token && *token && !wait->stopped) {
		list(group, token);
		return;
	}
	for (size_t i = 0; i < group->by_name.count; i++) {
		struct follow *follow = group->by_name.entries[i].value;
		if (!is_open(follow) || follow->failed || follow->seen || follow->asked) {
			continue;
		}
		/* It may have lost its label, or lists are not allowed: its own GET tells. */
		follow->alone = doc || err.kind == ERR_DENIED;
		if (!follow->alone) {
			lose(wait, follow, &err);
		}
	}
}

static void list(struct group *group, const char *token)
{
	unsigned page = group->page++ % 2;
	if (group->used[page]) {
		kube_call_release(&group->pages[page]);
	}
	CLEANUP(text_freep) char *base = resource_path(group->resource, group->ns, NULL);
	CLEANUP(buf_release) struct buf path = BUF_INIT(LIMIT_MIB(1));
	(void)buf_printf(&path, "%s?limit=%d&labelSelector=", base, PAGE);
	(void)kube_escape(&path, group->wait->options->selector);
	if (token) {
		(void)buf_puts(&path, "&continue=");
		(void)kube_escape(&path, token);
	}
	group->pages[page] = kube_call_make("GET", buf_detach(&path));
	group->pages[page].timeout = rollout_call_timeout(group->wait);
	group->pages[page].done = listed;
	group->pages[page].context = group;
	group->used[page] = true;
	kube_send(group->wait->kube, &group->pages[page]);
}

void rollout_poll(struct wait *wait, struct group *group)
{
	bool many = group->open > GETS && wait->options->selector && group->resource->listable;
	size_t in_list = 0;
	for (size_t i = 0; i < group->by_name.count; i++) {
		struct follow *follow = group->by_name.entries[i].value;
		follow->seen = false;
		if (!is_open(follow) || follow->failed) {
			continue;
		}
		if (many && !follow->alone) {
			in_list++;
		} else {
			get(wait, follow);
		}
	}
	if (in_list) {
		list(group, NULL);
	}
}
