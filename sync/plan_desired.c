/*
 * Decisions on what Git has. Each rule is a function that decides or leaves it to the next; the first that decides wins.
 */
#include <string.h>

#include "render/doc.h"
#include "sync/fields.h"
#include "sync/names.h"
#include "sync/notes.h"
#include "sync/plan_impl.h"
#include "sync/unowned.h"

#define REPLICAS "spec/replicas"

enum { MOST_YIELDED = 32 }; /* fields of one object; it is healed where more are lost */

static const cJSON *meta_of(const struct action *action)
{
	return doc_get(action->desired->json, "metadata");
}

static bool sets_replicas(const struct action *action)
{
	const cJSON *replicas = doc_at(action->desired->json, REPLICAS);
	return replicas && !cJSON_IsNull(replicas);
}

/* Who scales the object so that Git's replicas are left out (safety rule 10); free() it, NULL for nobody. */
static char *scaler_of(const struct planning *planning, const struct action *action)
{
	const struct ident *scaler = planning_scaler(planning, &action->desired->id);
	if (scaler) {
		return ident_text(scaler);
	}
	const char *manager = action->live ? scaling_manager(action->live) : NULL;
	return manager ? text_dup(manager) : NULL;
}

static void leave_replicas(struct planning *planning, struct action *action)
{
	if (!sets_replicas(action)) {
		return;
	}
	CLEANUP(text_freep) char *scaler = scaler_of(planning, action);
	if (scaler) {
		CLEANUP(text_freep) char *name = ident_text(&action->desired->id);
		action->drop_replicas = true;
		planning_warn(planning, text_printf("%s: spec.replicas is left out, %s scales it", name, scaler));
	}
}

static bool must_hand_over(const struct action *action)
{
	bool sets = sets_replicas(action) && !action->drop_replicas;
	const cJSON *own = own_set(action->live);
	return !sets && own && fields_own(own, REPLICAS) && !replicas_owner(action->live);
}

/* What must not be reset when plumb's next apply leaves it out (safety rule 5). */
static void give_up(struct action *action)
{
	action->hand_over = must_hand_over(action);
	cJSON_Delete(action->gives_up);
	action->gives_up = unowned_alone(action->desired, action->live->meta);
}

/* CHANGE and HEAL of an object that is there. */
static void write_over(struct action *action, enum action_kind kind, char *reason)
{
	action_decide(action, kind, reason);
	action->force = true;
	action->take_over = any_leftover(action->live, action->desired->json);
	give_up(action);
}

static void adopt(const struct planning *planning, struct action *action, bool force, char *reason)
{
	action_decide(action, ACTION_ADOPT, reason);
	action->force = force || note_force(meta_of(action));
	action->take_over = any_takeable(action->live, planning->options->take_over);
	give_up(action);
}

static bool has_row_uid(const struct action *action)
{
	return action->row && action->row->uid && *action->row->uid;
}

static bool same_uid(const struct action *action)
{
	return has_row_uid(action) && strcmp(action->row->uid, action->live->uid) == 0;
}

static bool is_hook(struct planning *planning, struct action *action)
{
	if (!note_hook(meta_of(action))) {
		return false;
	}
	planning->first_hook = planning->first_hook ? planning->first_hook : action;
	planning->hooks++;
	action_decide(action, ACTION_SKIP, text_dup("hook"));
	return true;
}

static bool is_disabled(struct planning *planning, struct action *action)
{
	(void)planning;
	if (!note_reconcile_disabled(meta_of(action)) && !(action->live && note_reconcile_disabled(action->live->meta))) {
		return false;
	}
	action_decide(action, ACTION_SKIP, text_dup("reconcile disabled"));
	return true;
}

static bool is_deleted(struct planning *planning, struct action *action)
{
	(void)planning;
	if (!action->live || !action->live->deleting) {
		return false;
	}
	action_decide(action, ACTION_WAIT, deletion_text(action->live));
	return true;
}

/*
 * What runs once and then goes (safety rule 11). Whether a Job that is gone had finished nobody can tell: a migration
 * that does not run again harms less than one that runs twice.
 */
static bool goes_by_itself(const struct object *object)
{
	bool job = strcmp(object->id.group, "batch") == 0 && strcmp(object->id.kind, "Job") == 0;
	return job || note_heal_once(doc_get(object->json, "metadata"));
}

static bool has_run(struct planning *planning, struct action *action)
{
	(void)planning;
	const char *once = action->row ? action->row->once : NULL;
	bool same = once && (strcmp(once, action->digest) == 0 || digest_is_foreign(once));
	if (action->live || !same || !goes_by_itself(action->desired)) {
		return false;
	}
	action_decide(action, ACTION_SKIP, text_dup("has run"));
	return true;
}

static bool is_missing(struct planning *planning, struct action *action)
{
	if (action->live) {
		return false;
	}
	leave_replicas(planning, action);
	if (has_row_uid(action)) {
		action_decide(action, ACTION_HEAL, text_dup("deleted"));
		action->force = true;
	} else {
		action_decide(action, ACTION_CREATE, text_dup("not there"));
	}
	return true;
}

static bool is_anothers(struct planning *planning, struct action *action)
{
	if (claim_of(planning, action->live) != CLAIM_OTHER) {
		return false;
	}
	CLEANUP(text_freep) char *owner = claim_text(action->live);
	const char *from = note_value(meta_of(action), NOTE_TRANSFER_FROM);
	if (from && strcmp(from, owner) == 0) {
		leave_replicas(planning, action);
		adopt(planning, action, true, text_printf("transferred from %s", owner));
	} else {
		action_decide(action, ACTION_BLOCK, text_printf("owned by %s", owner));
	}
	return true;
}

/* Not proven to be what we made: made by others, or restored from a backup. */
static bool is_first_contact(struct planning *planning, struct action *action)
{
	bool ours = claim_of(planning, action->live) == CLAIM_OURS;
	bool own = own_set(action->live) != NULL;
	leave_replicas(planning, action);
	if (ours && has_row_uid(action) && !same_uid(action)) {
		adopt(planning, action, false, text_dup("restored: another object of that name than the one recorded"));
	} else if (ours ? !own && !has_row_uid(action) : !own || !same_uid(action)) {
		adopt(planning, action, false, makers_text(action->live));
	} else {
		return false;
	}
	return true;
}

/* First contact was with the same values: both own them, until this one is named. */
static bool is_shared_with_named(struct planning *planning, struct action *action)
{
	const char *manager = named_owner(action->live, action->desired->json, planning->options->take_over);
	if (!manager) {
		return false;
	}
	adopt(planning, action, true, text_printf("taken over from %s", manager));
	return true;
}

static char *missed_reason(const struct fields_check *check)
{
	if (!check->owner) {
		return text_printf("%s was removed", buf_text(check->missed));
	}
	CLEANUP(text_freep) char *owner = whose(check->owner);
	return text_printf("%s is %s", buf_text(check->missed), owner);
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text);
	size_t end_len = strlen(end);
	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

struct yielding {
	struct action *action;
	const char *const *given;
	size_t count;
};

/* What is never taken from its manager, or what plumb lost to it often enough (safety rule 12). */
static void yield_field(void *context, const char *path, const cJSON *owner)
{
	struct yielding *yielding = context;
	struct action *action = yielding->action;
	bool yields = ends_with(path, ".caBundle");
	for (const char *const *given = yielding->given; given && *given; given++) {
		yields = yields || strcmp(*given, path) == 0;
	}
	if (owner && yields && yielding->count < MOST_YIELDED) {
		action->yielded = alloc_grow(action->yielded, yielding->count + 2, sizeof(char *));
		action->yielded[yielding->count++] = text_dup(path);
		action->yielded[yielding->count] = NULL;
		text_set(&action->manager, doc_text(owner, "manager"));
	}
}

static struct fields_check check_of(const struct action *action)
{
	return (struct fields_check){
		.set = own_set(action->live),
		.manifest = action->desired->json,
		.without_replicas = action->drop_replicas,
		.without = (const char *const *)action->yielded,
		.managed = doc_get(action->live->meta, "managedFields"),
	};
}

static void yield_fields(const struct planning *planning, struct action *action)
{
	const struct plan_options *options = planning->options;
	struct yielding yielding = { .action = action };
	yielding.given = options->yielded ? options->yielded(options->context, &action->desired->id) : NULL;
	struct fields_check check = check_of(action);
	fields_each_missed(&check, yield_field, &yielding);
}

static bool has_lost_fields(struct planning *planning, struct action *action)
{
	CLEANUP(buf_release) struct buf missed = BUF_INIT(SIZE_MAX);
	struct fields_check check = check_of(action);
	if (!check.set) {
		yield_fields(planning, action);
		write_over(action, ACTION_HEAL, text_dup("plumb's entry in managedFields is gone"));
		return true;
	}
	if (fields_check(&check)) {
		return false;
	}
	yield_fields(planning, action);
	check = check_of(action);
	check.missed = &missed;
	if (fields_check(&check)) {
		return false;
	}
	write_over(action, ACTION_HEAL, missed_reason(&check));
	action->field = buf_detach(&missed);
	text_set(&action->manager, check.owner ? doc_text(check.owner, "manager") : NULL);
	return true;
}

/* The part of the set that owns the digest's annotation; asked of it as of a manifest that has nothing else. */
static bool digest_owned(const struct live *live, const cJSON **owner)
{
	CLEANUP(doc_freep) cJSON *note = cJSON_CreateObject();
	doc_set_text(doc_make(note, "metadata/annotations"), NOTE_DIGEST, "");
	struct fields_check check = { .set = own_set(live), .manifest = note, .managed = doc_get(live->meta, "managedFields") };
	bool owned = fields_check(&check);
	*owner = check.owner;
	return owned;
}

/* A digest that is not ours tells nothing about the manifest: somebody's hand was on it. */
static bool has_lost_digest(struct planning *planning, struct action *action)
{
	(void)planning;
	const cJSON *owner = NULL;
	if (digest_owned(action->live, &owner)) {
		return false;
	}
	CLEANUP(text_freep) char *name = owner ? whose(owner) : NULL;
	text_set(&action->field, "metadata.annotations[" NOTE_DIGEST "]");
	text_set(&action->manager, owner ? doc_text(owner, "manager") : NULL);
	write_over(action, ACTION_HEAL,
	           name ? text_printf("metadata.annotations[%s] is %s", NOTE_DIGEST, name)
	                : text_printf("metadata.annotations[%s] was removed", NOTE_DIGEST));
	return true;
}

/*
 * Another version of plumb wrote the digest (safety rule 27). Applied with that digest, an object that is the same stays as
 * it is, to the byte; the pass that verifies writes the new one.
 */
static void change_unless_same(struct planning *planning, struct action *action, const char *digest)
{
	write_over(action, ACTION_CHANGE, text_dup("its digest is of another version of plumb"));
	action->maybe = !planning->options->verify && strlen(digest) < sizeof action->digest;
	if (action->maybe) {
		memcpy(action->digest, digest, strlen(digest) + 1);
	}
}

static bool is_changed(struct planning *planning, struct action *action)
{
	const char *digest = live_annotation(action->live, NOTE_DIGEST);
	if (!digest || strcmp(digest, action->digest) == 0 || !own_set(action->live)) {
		return false;
	}
	const cJSON *owner = NULL;
	if (!digest_owned(action->live, &owner)) {
		return false;
	}
	yield_fields(planning, action);
	if (digest_is_foreign(digest)) {
		change_unless_same(planning, action, digest);
	} else {
		write_over(action, ACTION_CHANGE, text_dup("manifest changed"));
	}
	return true;
}

static bool is_uncertain(struct planning *planning, struct action *action)
{
	int64_t recorded = action->row ? action->row->generation : 0;
	int64_t generation = action->live->generation;
	if (recorded && generation && recorded != generation) {
		write_over(action, ACTION_HEAL,
		           text_printf("generation %lld, after the last apply it was %lld", (long long)generation, (long long)recorded));
	} else if (planning->options->verify) {
		write_over(action, ACTION_HEAL, text_dup("to be verified"));
	} else if (!has_row_uid(action) && !planning->options->part) {
		/* Its records are gone: what the inventory lacks would not be pruned when Git drops it. */
		write_over(action, ACTION_HEAL, text_dup("not in the inventory"));
	} else {
		return false;
	}
	action->maybe = true;
	return true;
}

typedef bool rule(struct planning *planning, struct action *action);

static rule *const rules[] = {
	is_hook,
	is_disabled,
	is_deleted,
	has_run,
	is_missing,
	/* from here on it is there */
	is_anothers,
	is_first_contact,
	is_shared_with_named,
	is_changed,
	has_lost_fields,
	has_lost_digest,
	is_uncertain,
};

void plan_desired(struct planning *planning, struct action *action)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		if (rules[i](planning, action)) {
			return;
		}
	}
	action_decide(action, ACTION_NONE,
	              action->yielded ? text_printf("in sync, %s is left to %s", *action->yielded, action->manager)
	                              : text_dup("in sync"));
}
