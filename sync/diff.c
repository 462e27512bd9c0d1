/*
 * Two questions an object, side by side: what is there, and what would it become. A window of objects at a time.
 */
#include "sync/diff.h"

#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "render/yaml.h"
#include "sync/apply.h"
#include "sync/clock.h"
#include "sync/fields.h"
#include "sync/mask.h"
#include "sync/names.h"

enum { WINDOW = 16, SLICE = 1000 };

struct asking {
	const struct action *action;
	const struct resource *resource; /* NULL: not served, the manifest itself is shown */
	struct kube_call live;
	struct kube_call wanted;
};

struct diffing {
	struct prepared *prepared;
	diff_each *each;
	void *context;
	bool differs;
	bool failed;
};

static const struct ident *id_of(const struct action *action)
{
	return action->desired ? &action->desired->id : &action->row->id;
}

static bool is_secret(const struct ident *id)
{
	return !*id->group && strcmp(id->kind, "Secret") == 0;
}

/* --- asking ------------------------------------------------------------------------------------------------------- */

static void done(struct kube_call *call, void *context)
{
	(void)call;
	(void)context;
}

static cJSON *parse(const struct kube_call *call)
{
	struct err err = ERR_INIT;
	return call->status / 100 == 2 ? doc_parse(buf_text(&call->reply), call->reply.len, &err) : NULL;
}

static bool make_dry_run(struct asking *asking, bool force)
{
	const struct action *action = asking->action;
	struct apply_notes notes = { .digest = action->digest, .drop_replicas = action->drop_replicas, .creates = !action->live };
	asking->wanted = kube_call_make("PATCH", apply_path(asking->resource, id_of(action), MANAGER_PLUMB, force, true));
	asking->wanted.content_type = KUBE_APPLY;
	asking->wanted.done = done;
	struct object object = *action->desired;
	CLEANUP(doc_freep) cJSON *live = action->gives_up ? parse(&asking->live) : NULL;
	CLEANUP(doc_freep) cJSON *kept = live ? cJSON_Duplicate(object.json, 1) : NULL;
	if (live) {
		/* What would be handed over first stays as it is. */
		fields_copy(action->gives_up, live, kept);
		object.json = kept;
	}
	return apply_body(&object, &notes, &asking->wanted.body);
}

static const struct resource *find_resource(struct diffing *diffing, const struct action *action)
{
	const char *version = action->desired ? action->desired->version : action->row->version;
	return prepared_resource(diffing->prepared, id_of(action), version);
}

static void ask(struct diffing *diffing, struct asking *asking)
{
	struct kube *kube = diffing->prepared->kube;
	const struct action *action = asking->action;
	asking->resource = find_resource(diffing, action);
	if (!asking->resource) {
		return;
	}
	if (action->live) {
		const struct ident *id = id_of(action);
		asking->live = kube_call_make("GET", resource_path(asking->resource, id->ns, id->name));
		asking->live.done = done;
		kube_send(kube, &asking->live);
	}
	if (action->desired && !action->gives_up && make_dry_run(asking, action->force)) {
		kube_send(kube, &asking->wanted);
	}
}

/* --- telling ------------------------------------------------------------------------------------------------------ */

static void fail(struct diffing *diffing, const struct action *action, enum failure failure, const char *text)
{
	CLEANUP(text_freep) char *name = ident_text(id_of(action));
	enum verdict verdict = failure == FAILURE_STOPPED ? VERDICT_BLOCKED : VERDICT_FAILED;
	diffing->failed = true;
	report_verdict(diffing->prepared->report, id_of(action), verdict, text_dup(text), failure);
	report_fail(diffing->prepared->report, failure, text_printf("%s: %s", name, text));
}

/* A first contact that conflicts only with what would be taken over: asked again with force. NULL: it was said why not.
 */
static cJSON *ask_with_force(struct diffing *diffing, struct asking *asking, const struct kube_status *status)
{
	struct err err = ERR_INIT;
	CLEANUP(text_freep) char *who = apply_blocker(status, diffing->prepared->options->take_over);
	if (who) {
		fail(diffing, asking->action, FAILURE_STOPPED, who);
		return NULL;
	}
	kube_call_release(&asking->wanted);
	if (make_dry_run(asking, true) && kube_do(diffing->prepared->kube, &asking->wanted, &err)) {
		return parse(&asking->wanted);
	}
	fail(diffing, asking->action, failure_of(&err), err.msg);
	return NULL;
}

static cJSON *manifest_of(const struct action *action)
{
	const struct object *desired = action->desired;
	return cJSON_Duplicate(!action->live && desired->initial ? desired->initial : desired->json, 1);
}

static cJSON *refused(struct diffing *diffing, struct asking *asking)
{
	const struct action *action = asking->action;
	struct kube_status status = kube_status_of(&asking->wanted);
	CLEANUP(text_freep) char *fields = asking->wanted.status == 422 ? apply_immutable(&status) : NULL;
	cJSON *after = NULL;
	if (asking->wanted.status == 404) {
		/* Its namespace or kind is made by the sync itself. */
		after = manifest_of(action);
	} else if (fields && apply_may_recreate(action->desired, fields)) {
		report_warn(diffing->prepared->report, apply_recreate_text(id_of(action), fields));
		after = manifest_of(action);
	} else if (asking->wanted.status == 409 && status.causes && !action->force) {
		after = ask_with_force(diffing, asking, &status);
	} else {
		struct err err = ERR_INIT;
		(void)!kube_check(&asking->wanted, is_secret(id_of(action)), &err);
		fail(diffing, action, failure_of(&err), err.msg);
	}
	kube_status_release(&status);
	return after;
}

/* What it would become; NULL: it was said why that cannot be told. */
static cJSON *wanted(struct diffing *diffing, struct asking *asking)
{
	if (!asking->resource || asking->action->kind == ACTION_WAIT) {
		return manifest_of(asking->action);
	}
	struct err err = ERR_INIT;
	if (asking->action->gives_up && make_dry_run(asking, asking->action->force) &&
	    !kube_do(diffing->prepared->kube, &asking->wanted, &err)) {
		return refused(diffing, asking);
	}
	cJSON *after = parse(&asking->wanted);
	return after ? after : refused(diffing, asking);
}

/* What plumb writes by itself is no difference: `after` gets what `before` has. */
static void even_out(cJSON *before, cJSON *after, const char *name)
{
	const char *value = cJSON_GetStringValue(doc_get(doc_at(before, "metadata/annotations"), name));
	cJSON *notes = doc_at(after, "metadata/annotations");
	if (value) {
		doc_set_text(doc_make(after, "metadata/annotations"), name, value);
	} else if (notes) {
		doc_remove(notes, name);
		if (!notes->child) {
			doc_remove(doc_get(after, "metadata"), "annotations");
		}
	}
}

static void drop_server_fields(cJSON *document, bool is_new)
{
	static const char *const always[] = { "managedFields", "resourceVersion", "generation" };
	static const char *const of_new[] = { "uid", "creationTimestamp" };
	cJSON *metadata = doc_get(document, "metadata");
	for (size_t i = 0; i < ARRAY_LEN(always); i++) {
		doc_remove(metadata, always[i]);
	}
	for (size_t i = 0; is_new && i < ARRAY_LEN(of_new); i++) {
		doc_remove(metadata, of_new[i]);
	}
	if (is_new) {
		doc_remove(document, "status");
	}
}

static void settle(const struct action *action, cJSON *before, cJSON *after)
{
	drop_server_fields(before, false);
	drop_server_fields(after, !before);
	even_out(before, after, NOTE_DIGEST);
	even_out(before, after, NOTE_TEMPLATE_COMMIT);
	if (action->desired && !object_annotation(action->desired, NOTE_CHANGE_CAUSE)) {
		even_out(before, after, NOTE_CHANGE_CAUSE);
	}
	const cJSON *replicas = doc_at(before, "spec/replicas");
	if (action->hand_over && replicas && after) {
		doc_set(doc_make(after, "spec"), "replicas", cJSON_Duplicate(replicas, 1));
	}
	mask_secrets(before, after);
}

static void show(struct diffing *diffing, const struct asking *asking, cJSON *before, cJSON *after)
{
	const struct action *action = asking->action;
	CLEANUP(buf_release) struct buf left = BUF_INIT(LIMIT_MIB(16));
	CLEANUP(buf_release) struct buf right = BUF_INIT(LIMIT_MIB(16));
	settle(action, before, after);
	if ((before && !yaml_write(before, &left)) || (after && !yaml_write(after, &right))) {
		fail(diffing, action, FAILURE_MANIFESTS, "larger than 16 MiB as YAML");
		return;
	}
	if (before && after && strcmp(buf_text(&left), buf_text(&right)) == 0) {
		return;
	}
	struct diff_pair pair = {
		.id = id_of(action),
		.version = action->desired ? action->desired->version : action->row->version,
		.before = before ? buf_text(&left) : NULL,
		.after = after ? buf_text(&right) : NULL,
	};
	diffing->differs = true;
	diffing->each(diffing->context, &pair);
}

static void tell(struct diffing *diffing, struct asking *asking)
{
	CLEANUP(doc_freep) cJSON *before = parse(&asking->live);
	if (asking->action->kind == ACTION_PRUNE) {
		if (before) {
			show(diffing, asking, before, NULL);
		}
		return;
	}
	CLEANUP(doc_freep) cJSON *after = wanted(diffing, asking);
	if (after) {
		show(diffing, asking, before, after);
	}
}

static bool is_asked(const struct action *action)
{
	return action->kind == ACTION_CREATE || action->kind == ACTION_CHANGE || action->kind == ACTION_HEAL ||
	       action->kind == ACTION_ADOPT || action->kind == ACTION_WAIT || action->kind == ACTION_PRUNE;
}

static void run_window(struct diffing *diffing, struct asking *askings, size_t count)
{
	struct kube *kube = diffing->prepared->kube;
	for (size_t i = 0; i < count; i++) {
		ask(diffing, &askings[i]);
	}
	while (!kube_run(kube, clock_now() + SLICE)) {
	}
	for (size_t i = 0; i < count; i++) {
		tell(diffing, &askings[i]);
		kube_call_release(&askings[i].live);
		kube_call_release(&askings[i].wanted);
		askings[i] = (struct asking){ 0 };
	}
}

bool diff_plan(struct prepared *prepared, diff_each *each, void *context, bool *differs)
{
	struct diffing diffing = { .prepared = prepared, .each = each, .context = context };
	const struct plan *plan = prepared->plan;
	struct asking askings[WINDOW] = { 0 };
	size_t count = 0;
	for (size_t i = 0; i < plan->count; i++) {
		const struct action *action = plan->actions[i];
		if (action->kind == ACTION_BLOCK) {
			fail(&diffing, action, FAILURE_STOPPED, action->reason);
		} else if (is_asked(action)) {
			askings[count++].action = action;
		}
		if (count == WINDOW) {
			run_window(&diffing, askings, count);
			count = 0;
		}
	}
	run_window(&diffing, askings, count);
	*differs = diffing.differs;
	return !diffing.failed;
}
