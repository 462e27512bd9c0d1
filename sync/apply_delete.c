/*
 * Deletions: a prune, and the first half of a recreate. What is deleted must prove that it is ours, at that moment
 * (safety rule 16).
 */
#include <stdlib.h>
#include <string.h>

#include "render/doc.h"
#include "sync/apply_impl.h"
#include "sync/names.h"

static void send_delete(struct work *work, const char *propagation)
{
	CLEANUP(doc_freep) cJSON *options = cJSON_CreateObject();
	doc_set_text(options, "apiVersion", "v1");
	doc_set_text(options, "kind", "DeleteOptions");
	doc_set_text(options, "propagationPolicy", propagation);
	doc_set_text(doc_make(options, "preconditions"), "uid", work->uid);
	doc_set_text(doc_make(options, "preconditions"), "resourceVersion", work->resource_version);
	work->call = kube_call_make("DELETE", resource_path(work->resource, work->id->ns, work->id->name));
	work->call.content_type = KUBE_JSON;
	work->call.accept = KUBE_METADATA;
	if (doc_print(options, &work->call.body)) {
		work_send(work);
	}
}

static void send_get(struct work *work)
{
	work->call = kube_call_make("GET", resource_path(work->resource, work->id->ns, work->id->name));
	work->call.accept = KUBE_METADATA;
	work_send(work);
}

static void nothing(struct work *work, const cJSON *answer)
{
	(void)work;
	(void)answer;
}

static char *why_still_there(const cJSON *answer)
{
	const cJSON *finalizer = NULL;
	struct buf text = BUF_INIT(SIZE_MAX);
	cJSON_ArrayForEach (finalizer, doc_at(answer, "metadata/finalizers")) {
		(void)buf_printf(&text, "%s%s", text.len ? ", " : "finalizer ", cJSON_IsString(finalizer) ? finalizer->valuestring : "?");
	}
	return text.len ? buf_detach(&text) : text_dup("its deletion");
}

static bool is_another(const struct work *work, const cJSON *answer)
{
	const char *uid = doc_text(answer, "metadata/uid");
	return !uid || strcmp(uid, work->uid) != 0;
}

/* --- prune -------------------------------------------------------------------------------------------------------- */

static bool needs_proof(const struct work *work)
{
	return work->races > 0;
}

static bool is_ours(const struct work *work, const cJSON *answer)
{
	const struct live *live = work->action->live;
	const char *name = apply_label(answer, LABEL_NAME);
	const char *ns = apply_label(answer, LABEL_NAMESPACE);
	const char *own_name = live_label(live, LABEL_NAME);
	const char *own_ns = live_label(live, LABEL_NAMESPACE);
	return name && ns && own_name && own_ns && strcmp(name, own_name) == 0 && strcmp(ns, own_ns) == 0;
}

/* It changed since it was listed. */
static void prove(struct work *work, const cJSON *answer)
{
	if (is_another(work, answer) || !is_ours(work, answer)) {
		work_end(work, VERDICT_KEPT, text_dup("it is no longer proven to be ours"), FAILURE_NONE);
		return;
	}
	text_set(&work->resource_version, doc_text(answer, "metadata/resourceVersion"));
}

static bool always(const struct work *work)
{
	(void)work;
	return true;
}

static void send_prune(struct work *work)
{
	send_delete(work, work->run->apply->propagation);
}

static void deleting(struct work *work, const cJSON *answer)
{
	(void)answer;
	work->waits = true;
}

static void is_pruned(struct work *work, const cJSON *answer)
{
	if (is_another(work, answer)) {
		work_end(work, VERDICT_PRUNED, text_dup(work->action->reason), FAILURE_NONE);
	} else {
		work_later(work, why_still_there(answer), FAILURE_STOPPED);
	}
}

static void send_last(struct work *work)
{
	work_end(work, VERDICT_PRUNED, text_dup(work->action->reason), FAILURE_NONE);
}

const struct step prune_steps[] = {
	{ needs_proof, send_get, prove, false },
	{ always, send_prune, deleting, true },
	{ always, send_get, is_pruned, false },
	{ NULL, send_last, nothing, false },
};

/* --- recreate (safety rule 18) ------------------------------------------------------------------------------------ */

/* The new object is proved by a dry run of its creation under another name. */
static void send_trial(struct work *work)
{
	struct object trial = *work->action->desired;
	trial.json = cJSON_Duplicate(trial.initial ? trial.initial : trial.json, 1);
	trial.initial = NULL;
	trial.id = ident_dup(&work->action->desired->id);
	size_t room = 40;
	char *name = text_printf("%.*s-plumb-trial", (int)room, trial.id.name);
	free(trial.id.name);
	trial.id.name = name;
	doc_set_text(doc_make(trial.json, "metadata"), "name", name);
	work->call = kube_call_make("PATCH", apply_path(work->resource, &trial.id, MANAGER_PLUMB, true, true));
	work->call.content_type = KUBE_APPLY;
	work->call.accept = KUBE_METADATA;
	struct apply_notes notes = { .digest = work->action->digest, .drop_replicas = work->action->drop_replicas };
	bool fits = apply_body(&trial, &notes, &work->call.body);
	cJSON_Delete(trial.json);
	ident_release(&trial.id);
	if (fits) {
		work_send(work);
	} else {
		work_end(work, VERDICT_FAILED, text_dup("larger than 3 MiB as JSON"), FAILURE_MANIFESTS);
	}
}

static void on_trial(struct work *work, const cJSON *answer)
{
	(void)answer;
	report_warn(work->run->apply->report, apply_recreate_text(work->id, work->recreated));
}

static void got_version(struct work *work, const cJSON *answer)
{
	if (strcmp(doc_text(answer, "metadata/uid"), work->action->live->uid) != 0) {
		work_end(work, VERDICT_FAILED, text_dup("another object took its place meanwhile"), FAILURE_MANIFESTS);
		return;
	}
	text_set(&work->uid, work->action->live->uid);
	text_set(&work->resource_version, doc_text(answer, "metadata/resourceVersion"));
	apply_look(work, answer);
}

static void send_recreate_delete(struct work *work)
{
	bool stateful = strcmp(work->id->kind, "StatefulSet") == 0;
	send_delete(work, stateful ? "Orphan" : "Foreground");
}

static void recreate_deleting(struct work *work, const cJSON *answer)
{
	(void)answer;
	work->waits = true;
}

static void is_gone(struct work *work, const cJSON *answer)
{
	if (!is_another(work, answer)) {
		work_later(work, why_still_there(answer), FAILURE_STOPPED);
	} else {
		work->waits = false;
	}
}

static void send_rest(struct work *work)
{
	work->waits = false;
	work->force = true;
	work->take_over = false;
	text_set(&work->expects, NOT_THERE);
	work_goto(work, apply_steps, STEP_APPLY);
	work->steps[work->at].send(work);
}

const struct step recreate_steps[] = {
	{ always, send_trial, on_trial, false },
	{ always, send_get, got_version, false },
	{ always, send_recreate_delete, recreate_deleting, true },
	{ always, send_get, is_gone, false },
	{ NULL, send_rest, nothing, true },
};
