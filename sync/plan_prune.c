/*
 * Decisions on what the inventory has and Git no longer. Rows are hints: what is deleted must prove by itself that it is ours.
 */
#include <string.h>
#include <strings.h>

#include "render/doc.h"
#include "sync/notes.h"
#include "sync/names.h"
#include "sync/plan_impl.h"

enum { BRAKE_OBJECTS = 5, BRAKE_PERCENT = 20 };

struct protected_kind {
	const char *group;
	const char *kind;
};

static const struct protected_kind protected_kinds[] = {
	{ "", "Namespace" },
	{ "apiextensions.k8s.io", "CustomResourceDefinition" },
	{ "", "PersistentVolume" },
	{ "", "PersistentVolumeClaim" },
};

static void forget(struct action *action, char *reason)
{
	action_decide(action, ACTION_FORGET, reason);
}

static void keep(struct action *action, char *reason)
{
	action_decide(action, ACTION_KEEP, reason);
}

/* First of all: what is not known to be gone is not gone (safety rule 4). */
static bool is_unknown(struct planning *planning, struct action *action)
{
	const struct plan_options *options = planning->options;
	const struct ident *id = &action->row->id;
	if (!options->kind_known || options->kind_known(options->context, id->group, id->kind)) {
		return false;
	}
	keep(action, text_printf("the server did not tell about %s.%s", id->kind, id->group));
	return true;
}

static bool is_gone(struct planning *planning, struct action *action)
{
	(void)planning;
	if (action->live) {
		return false;
	}
	forget(action, text_dup("gone"));
	return true;
}

/* One object under two identities, as Ingress of extensions and of networking.k8s.io. */
static bool is_desired_by_uid(struct planning *planning, struct action *action)
{
	const struct object *same = map_get(&planning->uids, action->live->uid);
	if (!same) {
		return false;
	}
	CLEANUP(text_freep) char *name = ident_text(&same->id);
	forget(action, text_printf("the same object as %s", name));
	return true;
}

static bool is_not_ours(struct planning *planning, struct action *action)
{
	enum claim claim = claim_of(planning, action->live);
	const char *uid = action->row->uid ? action->row->uid : "";
	bool same = strcmp(uid, action->live->uid) == 0;
	if (claim == CLAIM_OTHER) {
		CLEANUP(text_freep) char *owner = claim_text(action->live);
		forget(action, text_printf("now owned by %s", owner));
	} else if (claim == CLAIM_NONE && !same) {
		forget(action, text_dup("another object of that name, not ours"));
	} else if (claim == CLAIM_NONE) {
		keep(action, text_printf("its label %s was taken away", LABEL_NAME));
	} else if (*uid && !same) {
		keep(action, text_dup("another object of that name (restored?)"));
	} else if (!same && !own_set(action->live)) {
		keep(action, text_dup("not proven to be made by plumb"));
	} else {
		return false;
	}
	return true;
}

/* What a newer version knows about it, we do not (safety rule 27). */
static bool is_newer(struct planning *planning, struct action *action)
{
	(void)planning;
	const char *digest = live_annotation(action->live, NOTE_DIGEST);
	if (!digest || !digest_is_newer(digest)) {
		return false;
	}
	keep(action, text_dup("a newer version of plumb applied it"));
	return true;
}

static bool is_being_deleted(struct planning *planning, struct action *action)
{
	(void)planning;
	if (!action->live->deleting) {
		return false;
	}
	CLEANUP(text_freep) char *why = deletion_text(action->live);
	bool finalizers = strcmp(why, "its deletion") != 0;
	keep(action, text_printf("being deleted%s%s", finalizers ? ": " : "", finalizers ? why : ""));
	return true;
}

static bool is_guarded(struct planning *planning, struct action *action)
{
	(void)planning;
	const char *note = note_prune_disabled(action->live->meta);
	note = note ? note : note_reconcile_disabled(action->live->meta);
	if (!note) {
		return false;
	}
	keep(action, text_dup(note));
	return true;
}

static bool is_protected(struct planning *planning, struct action *action)
{
	(void)planning;
	const struct ident *id = &action->row->id;
	for (size_t i = 0; i < ARRAY_LEN(protected_kinds); i++) {
		if (strcmp(protected_kinds[i].group, id->group) == 0 && strcmp(protected_kinds[i].kind, id->kind) == 0 &&
		    !note_prune_enabled(action->live->meta)) {
			keep(action, text_printf("a %s is deleted only with the annotation %s: enabled", id->kind, NOTE_PRUNE));
			return true;
		}
	}
	return false;
}

static bool is_not_asked_for(struct planning *planning, struct action *action)
{
	bool declared = planning->options->declared;
	if (!planning->options->prune) {
		keep(action, text_printf("not in Git, %s would delete it", declared ? "spec.prune" : "--prune"));
	} else if (!planning->options->source_changed) {
		keep(action, text_printf("the source changed, %s", declared ? WAY_APPROVE : "--source-changed allows it"));
	} else {
		return false;
	}
	return true;
}

static bool is_namespace(const struct ident *id)
{
	return !*id->group && strcmp(id->kind, "Namespace") == 0;
}

/* "crontabs.example.org" defines CronTab of example.org: the plural is told by all but the last letter of the kind. */
static bool defines(const char *definition, const struct ident *id)
{
	const char *group = strchr(definition, '.');
	size_t stem = strlen(id->kind) - 1;
	return group && strcmp(group + 1, id->group) == 0 && strncasecmp(definition, id->kind, stem) == 0;
}

static const struct object *defined_by(const struct planning *planning, const struct ident *definition)
{
	bool crd = strcmp(definition->group, "apiextensions.k8s.io") == 0;
	for (size_t i = 0; crd && i < planning->desired->count; i++) {
		if (defines(definition->name, &planning->desired->items[i]->id)) {
			return planning->desired->items[i];
		}
	}
	return NULL;
}

/* What goes with it: the objects in a Namespace, the objects of a CRD. */
static bool is_needed(struct planning *planning, struct action *action)
{
	const struct ident *id = &action->row->id;
	const struct ident *inside = is_namespace(id) ? map_get(&planning->namespaces, id->name) : NULL;
	const struct object *instance = inside ? NULL : defined_by(planning, id);
	inside = instance ? &instance->id : inside;
	if (!inside) {
		return false;
	}
	CLEANUP(text_freep) char *name = ident_text(inside);
	keep(action, text_printf("%s would go with it", name));
	return true;
}

typedef bool rule(struct planning *planning, struct action *action);

static rule *const rules[] = {
	is_unknown,       is_gone,    is_desired_by_uid, is_not_ours,      is_newer,
	is_being_deleted, is_guarded, is_protected,      is_not_asked_for, is_needed,
};

static void decide(struct planning *planning, const struct inventory_row *row)
{
	struct action *action = planning_add(planning, ACTION_PRUNE, &row->id);
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		if (rules[i](planning, action)) {
			return;
		}
	}
	action_decide(action, ACTION_PRUNE, text_dup("not in Git"));
}

static bool is_over(const struct plan_options *options, size_t pruned, size_t all)
{
	if (options->prune_limit < 0) {
		return pruned > BRAKE_OBJECTS && pruned * 100 > all * BRAKE_PERCENT;
	}
	return pruned * 100 > all * (size_t)options->prune_limit;
}

static void brake(struct planning *planning)
{
	struct plan *plan = planning->plan;
	size_t all = planning->inventory->count;
	size_t pruned = 0;
	for (size_t i = 0; i < plan->count; i++) {
		pruned += plan->actions[i]->kind == ACTION_PRUNE;
	}
	if (!is_over(planning->options, pruned, all)) {
		return;
	}
	int limit = planning->options->prune_limit;
	size_t share = (pruned * 100 + all - 1) / all;
	CLEANUP(text_freep) char *flag = text_printf("--prune-limit %zu allows it", share);
	plan->brake = text_printf("%zu of %zu objects would be deleted, more than %d %%: %s", pruned, all,
	                          limit < 0 ? BRAKE_PERCENT : limit, planning->options->declared ? WAY_APPROVE : flag);
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->actions[i]->kind == ACTION_PRUNE) {
			keep(plan->actions[i], text_dup("over the prune limit"));
		}
	}
}

static bool is_wanted(const struct planning *planning, const struct ident *id)
{
	CLEANUP(text_freep) char *key = ident_key(id);
	return map_has(&planning->wanted, key);
}

/* Namespaces last, when it is known what stays in them. */
static void decide_all(struct planning *planning, bool namespaces)
{
	const struct inventory *inventory = planning->inventory;
	for (size_t i = 0; i < inventory->count; i++) {
		struct inventory_row *row = inventory->rows[i];
		if (is_namespace(&row->id) == namespaces && !is_wanted(planning, &row->id)) {
			decide(planning, row);
		}
	}
}

static void note_kept(struct planning *planning)
{
	const struct plan *plan = planning->plan;
	for (size_t i = 0; i < plan->count; i++) {
		struct action *action = plan->actions[i];
		if (action->kind == ACTION_KEEP && action->live && !action->live->deleting && *action->row->id.ns) {
			(void)map_set(&planning->namespaces, action->row->id.ns, (void *)(uintptr_t)&action->row->id);
		}
	}
}

void plan_dropped(struct planning *planning)
{
	decide_all(planning, false);
	note_kept(planning);
	decide_all(planning, true);
	brake(planning);
}
