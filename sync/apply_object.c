/*
 * The steps of an apply, in their order. Most objects need only the last.
 */
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/apply_impl.h"
#include "sync/clock.h"
#include "sync/fields.h"
#include "sync/names.h"
#include "sync/notes.h"

enum { REFRESH_EVERY = 1000 };

bool is_deployment(const struct ident *id)
{
	return strcmp(id->group, "apps") == 0 && strcmp(id->kind, "Deployment") == 0;
}

bool is_secret(const struct ident *id)
{
	return !*id->group && strcmp(id->kind, "Secret") == 0;
}

/* The kind in the desired version; a kind that is not there yet may come with a CRD. false: it was said. */
static bool find_resource(struct work *work)
{
	struct apply *apply = work->run->apply;
	const struct object *desired = work->action->desired;
	const struct resource *resource = NULL;
	int64_t now = clock_now();
	if (work->resource) {
		return true;
	}
	if (work->trouble && now - work->run->discovered > REFRESH_EVERY) {
		struct err err = ERR_INIT;
		work->run->discovered = now;
		/* What it does not tell now it may tell the next time. */
		if (!discovery_refresh(apply->discovery, apply->deadline, &err)) {
			resource = NULL;
		}
	}
	if (discovery_find(apply->discovery, work->id->group, desired->version, work->id->kind, &resource) == DISCOVERY_FOUND) {
		work->resource = resource;
		return true;
	}
	CLEANUP(text_freep) char *version = object_api_version(desired);
	work_later(work, text_printf("the server does not serve the kind %s of %s", work->id->kind, version), FAILURE_MANIFESTS);
	return false;
}

void apply_call(struct work *work, const char *manager, bool force, bool dry_run)
{
	work->call = kube_call_make("PATCH", apply_path(work->resource, work->id, manager, force, dry_run));
	work->call.content_type = KUBE_APPLY;
	work->call.accept = is_deployment(work->id) ? NULL : KUBE_METADATA;
}

static void too_large(struct work *work)
{
	kube_call_release(&work->call);
	work->call = (struct kube_call){ 0 };
	work_end(work, VERDICT_FAILED, text_dup("larger than 3 MiB as JSON, which no API server takes"), FAILURE_MANIFESTS);
}

static const cJSON *own_fields(const struct live *live)
{
	return live ? doc_get(fields_entry(live->meta, MANAGER_PLUMB, "Apply", ""), "fieldsV1") : NULL;
}

static void send_object(struct work *work, bool force, bool dry_run)
{
	if (!find_resource(work)) {
		return;
	}
	struct apply_notes notes = {
		.digest = work->action->digest,
		.template_commit = work->commit,
		.cause = work->cause,
		.drop_replicas = work->action->drop_replicas,
		.without = work->recreate ? NULL : (const char *const *)work->action->yielded,
		.owned = own_fields(work->action->live),
		.creates = !work->action->live || work->action->kind == ACTION_WAIT || work->recreate,
		.version = dry_run ? NULL : work->expects,
	};
	apply_call(work, MANAGER_PLUMB, force, dry_run);
	if (apply_body(work->action->desired, &notes, &work->call.body)) {
		work_send(work);
	} else {
		too_large(work);
	}
}

static void send_get(struct work *work, const char *accept)
{
	if (!find_resource(work)) {
		return;
	}
	work->call = kube_call_make("GET", resource_path(work->resource, work->id->ns, work->id->name));
	work->call.accept = accept;
	work_send(work);
}

/* --- until a deletion is over ------------------------------------------------------------------------------------- */

static bool needs_gone(const struct work *work)
{
	return work->waits;
}

static void send_gone(struct work *work)
{
	send_get(work, KUBE_METADATA);
}

/* Still there; a 404 goes on (apply_refused.c). */
static void still_there(struct work *work, const cJSON *answer)
{
	const cJSON *finalizer = NULL;
	struct buf text = BUF_INIT(LIMIT_KIB(1));
	if (!doc_text(answer, "metadata/deletionTimestamp")) {
		/* Somebody made it anew. */
		work->waits = false;
		return;
	}
	cJSON_ArrayForEach (finalizer, doc_at(answer, "metadata/finalizers")) {
		(void)buf_printf(&text, "%s%s", text.len ? ", " : "finalizer ", cJSON_IsString(finalizer) ? finalizer->valuestring : "?");
	}
	work_later(work, text.len ? buf_detach(&text) : text_dup("its deletion"), FAILURE_STOPPED);
}

/* --- is it another sync's by now ---------------------------------------------------------------------------------- */

const char *apply_label(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(doc_get(doc_at(object, "metadata/labels"), name));
}

void apply_look(struct work *work, const cJSON *live)
{
	const struct object *desired = work->action->desired;
	const char *name = apply_label(live, LABEL_NAME);
	const char *ns = apply_label(live, LABEL_NAMESPACE);
	CLEANUP(text_freep) char *owner = text_printf("%s/%s", ns ? ns : "", name ? name : "");
	const char *from = object_annotation(desired, NOTE_TRANSFER_FROM);
	bool other = (name && !text_same(name, apply_label(desired->json, LABEL_NAME))) ||
	             (ns && !text_same(ns, apply_label(desired->json, LABEL_NAMESPACE)));
	if (other && !text_same(from, owner)) {
		work_end(work, VERDICT_BLOCKED, text_printf("owned by %s", owner), FAILURE_STOPPED);
	} else if (work->expects) {
		text_set(&work->expects, doc_text(live, "metadata/resourceVersion"));
	}
}

static bool needs_seen(const struct work *work)
{
	return work->late;
}

static void send_seen(struct work *work)
{
	send_get(work, KUBE_METADATA);
}

/* One that was to be made is met for the first time. */
static void seen(struct work *work, const cJSON *answer)
{
	work->late = false;
	if (!work->action->live) {
		work->force = note_force(doc_get(work->action->desired->json, "metadata"));
	}
	apply_look(work, answer);
}

/* --- the live object ---------------------------------------------------------------------------------------------- */

static bool is_drifted(const struct work *work)
{
	const struct action *action = work->action;
	return action->live && action->row && action->row->generation != action->live->generation;
}

static bool needs_live(const struct work *work)
{
	const struct action *action = work->action;
	if (!action->live || work->live || work->recreate) {
		return false;
	}
	bool written = action->kind == ACTION_CHANGE || (action->kind == ACTION_HEAL && !action->maybe);
	bool unknown = is_deployment(work->id) && written && (!revision_recorded(work) || is_drifted(work));
	return work->take_over || action->hand_over || action->gives_up || unknown;
}

static void send_live(struct work *work)
{
	send_get(work, NULL);
}

static void got_live(struct work *work, const cJSON *answer)
{
	cJSON_Delete(work->live);
	work->live = cJSON_Duplicate(answer, 1);
	free(work->hash_before);
	work->hash_before = is_deployment(work->id) ? apply_template_hash(answer) : NULL;
	apply_look(work, answer);
}

/* --- first contact ------------------------------------------------------------------------------------------------ */

/* Nothing is absorbed from an object that will be blocked. */
static bool needs_contact(const struct work *work)
{
	return work->action->kind == ACTION_ADOPT && work->take_over && !work->force && !work->checked;
}

static void send_contact(struct work *work)
{
	send_object(work, false, true);
}

static void contact_is_free(struct work *work, const cJSON *answer)
{
	(void)answer;
	work->checked = true;
}

/* --- fields of others --------------------------------------------------------------------------------------------- */

static bool needs_absorb(const struct work *work)
{
	return work->take_over && work->live;
}

static void send_absorb(struct work *work)
{
	CLEANUP(doc_freep) cJSON *patch = takeover_patch(work);
	if (!patch) {
		work->at++;
		work_next(work);
		work->steps[work->at].send(work);
		return;
	}
	work->call = kube_call_make("PATCH", resource_path(work->resource, work->id->ns, work->id->name));
	work->call.content_type = KUBE_JSON_PATCH;
	work->call.accept = KUBE_METADATA;
	if (doc_print(patch, &work->call.body)) {
		work_send(work);
	} else {
		too_large(work);
	}
}

/* What we wrote ourselves is what the apply must find. */
static void note_version(struct work *work, const cJSON *answer)
{
	if (work->expects) {
		text_set(&work->expects, doc_text(answer, "metadata/resourceVersion"));
	}
}

static void absorbed(struct work *work, const cJSON *answer)
{
	work->take_over = false;
	note_version(work, answer);
}

/* --- what must not be reset --------------------------------------------------------------------------------------- */

static bool hands_replicas(const struct work *work)
{
	return work->action->hand_over && doc_at(work->live, "spec/replicas");
}

static bool needs_hand_over(const struct work *work)
{
	return work->live && !work->recreate && (hands_replicas(work) || work->action->gives_up);
}

static void send_hand_over(struct work *work)
{
	const struct action *action = work->action;
	CLEANUP(doc_freep)
	cJSON *document = action->gives_up ? fields_pick(action->gives_up, work->live) : cJSON_CreateObject();
	CLEANUP(text_freep) char *version = object_api_version(action->desired);
	doc_set_text(document, "apiVersion", version);
	doc_set_text(document, "kind", work->id->kind);
	doc_set_text(doc_make(document, "metadata"), "name", work->id->name);
	if (*work->id->ns) {
		doc_set_text(doc_make(document, "metadata"), "namespace", work->id->ns);
	}
	if (hands_replicas(work)) {
		doc_set(doc_make(document, "spec"), "replicas", cJSON_Duplicate(doc_at(work->live, "spec/replicas"), 1));
	}
	apply_call(work, MANAGER_HANDOVER, true, false);
	if (doc_print(document, &work->call.body)) {
		work_send(work);
	}
}

static void handed_over(struct work *work, const cJSON *answer)
{
	note_version(work, answer);
}

/* --- does the pod template change --------------------------------------------------------------------------------- */

static bool needs_dry_run(const struct work *work)
{
	const struct action *action = work->action;
	bool heals = action->kind == ACTION_HEAL && !action->maybe;
	return is_deployment(work->id) && !work->hash_wanted && !work->recreate && (action->kind == ACTION_CHANGE || heals);
}

static void send_dry_run(struct work *work)
{
	revision_choose(work);
	send_object(work, true, true);
}

static void dry_run_answered(struct work *work, const cJSON *answer)
{
	work->hash_wanted = apply_template_hash(answer);
	if (!work->hash_wanted) {
		work->hash_wanted = text_dup("");
	}
}

/* --- the apply ---------------------------------------------------------------------------------------------------- */

static void send_apply(struct work *work)
{
	revision_choose(work);
	send_object(work, work->force, false);
}

static void note_row(struct work *work, const cJSON *answer)
{
	const struct action *action = work->action;
	struct inventory_row *row = inventory_find(work->run->apply->inventory, work->id);
	if (!row) {
		row = alloc_new(1, sizeof *row);
		row->id = ident_dup(work->id);
		row->version = text_dup(action->desired->version);
		row->uid = text_dup("");
		inventory_take(work->run->apply->inventory, row);
	}
	const char *uid = doc_text(answer, "metadata/uid");
	text_set(&row->version, action->desired->version);
	text_set(&row->uid, uid ? uid : "");
	row->generation = doc_int(answer, "metadata/generation", 0);
	row->kept = false;
	report_uid(work->run->apply->report, work->id, uid);
	bool job = strcmp(work->id->group, "batch") == 0 && strcmp(work->id->kind, "Job") == 0;
	bool once = (job || note_heal_once(doc_get(action->desired->json, "metadata"))) && !is_secret(work->id);
	text_set(&row->once, once ? action->digest : NULL);
	if (is_deployment(work->id)) {
		revision_note(work, answer, row);
	}
}

static void follow(struct work *work, const cJSON *answer)
{
	apply_follow(work->run->apply, work->id, work->resource, doc_text(answer, "metadata/uid"),
	             doc_int(answer, "metadata/generation", 0));
}

/*
 * An apply that changed nothing leaves the resource version, and where others wrote meanwhile (a controller its status, say)
 * still the generation and our entry of the managed fields. The entry alone does not tell: its time has only seconds. A kind
 * without a generation has mostly no controller either: what moved it was this apply.
 */
static bool is_untouched(const struct work *work, const cJSON *answer)
{
	const char *version = doc_text(answer, "metadata/resourceVersion");
	const struct live *live = work->action->live;
	if (!live) {
		return false;
	}
	if (version && live->resource_version && strcmp(version, live->resource_version) == 0) {
		return true;
	}
	if (!live->generation || doc_int(answer, "metadata/generation", 0) != live->generation) {
		return false;
	}
	const cJSON *before = fields_entry(live->meta, MANAGER_PLUMB, "Apply", "");
	const cJSON *after = fields_entry(doc_get(answer, "metadata"), MANAGER_PLUMB, "Apply", "");
	return work->action->maybe && before && after && cJSON_Compare(before, after, true);
}

static void end_applied(struct work *work, const cJSON *answer)
{
	const struct action *action = work->action;
	bool made = work->call.status == 201;
	if (work->recreated) {
		work_end(work, VERDICT_CHANGED, text_printf("recreated: %s is immutable", work->recreated), FAILURE_NONE);
	} else if ((action->kind == ACTION_HEAL || (action->kind == ACTION_CHANGE && action->maybe)) && is_untouched(work, answer)) {
		work_end(work, VERDICT_UNCHANGED, text_dup("in sync"), FAILURE_NONE);
	} else if (action->kind == ACTION_HEAL) {
		work_end(work, VERDICT_HEALED, text_dup(action->reason), FAILURE_NONE);
	} else if (made || action->kind == ACTION_WAIT) {
		work_end(work, made ? VERDICT_CREATED : VERDICT_CHANGED, text_dup(made ? "it was not there" : "deleted meanwhile"),
		         FAILURE_NONE);
	} else if (action->kind == ACTION_CHANGE) {
		work_end(work, VERDICT_CHANGED, text_dup(action->reason), FAILURE_NONE);
	} else {
		bool late = action->kind == ACTION_CREATE;
		work_end(work, VERDICT_ADOPTED, text_dup(late ? "it was made meanwhile" : action->reason), FAILURE_NONE);
	}
}

/*
 * Of an object without any managers the server makes `before-first-apply` the owner of all that is there, beside us: it has to be
 * absorbed, or what Git drops later would stay.
 */
static bool was_unmanaged(const struct work *work)
{
	const struct live *live = work->action->live;
	const cJSON *managers = live ? doc_get(live->meta, "managedFields") : NULL;
	return live && !work->recreate && !(managers && managers->child);
}

/* An apply to an object that is being deleted is accepted, and the object then goes: it is to be made again (safety
 * rule 14). */
static void applied(struct work *work, const cJSON *answer)
{
	if (doc_text(answer, "metadata/deletionTimestamp")) {
		work->waits = true;
		text_set(&work->expects, NOT_THERE);
		work->at = STEP_GONE;
		work_later(work, text_dup("its deletion"), FAILURE_STOPPED);
		return;
	}
	if (was_unmanaged(work) && !work->absorbs_again) {
		work->absorbs_again = true;
		work->take_over = true;
		work->checked = true;
		work->at = STEP_LIVE;
		return;
	}
	note_row(work, answer);
	if (work->run->apply->applied) {
		work->run->apply->applied(work->run->apply->context, work->action, doc_get(answer, "metadata"));
	}
	follow(work, answer);
	end_applied(work, answer);
}

const struct step apply_steps[] = {
	[STEP_GONE] = { needs_gone, send_gone, still_there, false },
	[STEP_SEEN] = { needs_seen, send_seen, seen, false },
	[STEP_LIVE] = { needs_live, send_live, got_live, false },
	[STEP_CONTACT] = { needs_contact, send_contact, contact_is_free, false },
	[STEP_ABSORB] = { needs_absorb, send_absorb, absorbed, true },
	[STEP_HAND_OVER] = { needs_hand_over, send_hand_over, handed_over, true },
	[STEP_DRY_RUN] = { needs_dry_run, send_dry_run, dry_run_answered, false },
	[STEP_APPLY] = { NULL, send_apply, applied, true },
};
