#include "sync/plan.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/digest.h"
#include "render/doc.h"
#include "sync/names.h"
#include "sync/notes.h"
#include "sync/plan_impl.h"

enum { FIRST_ACTIONS = 64, DIGEST_FORMAT = 1, DIGEST_DIGITS = 12 };

void plan_digest(const struct object *object, char out[16])
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(SIZE_MAX);
	bool fits = doc_print_canonical(object->json, &text);
	assert(fits);
	char digest[DIGEST_TEXT];
	digest_of(buf_text(&text), text.len, digest);
	(void)snprintf(out, 16, "%d:%.*s", DIGEST_FORMAT, DIGEST_DIGITS, digest);
}

/* 0 where the text is no digest. */
static long format_of(const char *digest)
{
	char *end = NULL;
	long format = strtol(digest, &end, 10);
	return end != digest && *end == ':' && format > 0 ? format : 0;
}

bool digest_is_foreign(const char *digest)
{
	return format_of(digest) != 0 && format_of(digest) != DIGEST_FORMAT;
}

bool digest_is_newer(const char *digest)
{
	return format_of(digest) > DIGEST_FORMAT;
}

static bool is_named(const char *manager, const char *const *names)
{
	for (; names && *names; names++) {
		if (strcmp(*names, manager) == 0) {
			return true;
		}
	}
	return false;
}

bool manager_takeable(const char *manager, const char *const *take_over)
{
	static const char *const own[] = { MANAGER_PLUMB, MANAGER_HANDOVER, "before-first-apply", "kubectl", NULL };
	if (is_named(manager, take_over) || is_named(manager, own)) {
		return true;
	}
	return strncmp(manager, "kubectl-", 8) == 0 && strcmp(manager, "kubectl-rollout") != 0;
}

struct action *planning_add(struct planning *planning, enum action_kind kind, const struct ident *id)
{
	struct plan *plan = planning->plan;
	if (plan->count == plan->cap) {
		plan->cap = plan->cap ? 2 * plan->cap : FIRST_ACTIONS;
		plan->actions = alloc_grow(plan->actions, plan->cap, sizeof(struct action *));
	}
	struct action *action = alloc_new(1, sizeof *action);
	action->stage = stage_of(id);
	action->live = lives_find(planning->live, id);
	action->row = inventory_find(planning->inventory, id);
	action->reason = text_dup("");
	action->kind = kind;
	plan->actions[plan->count++] = action;
	return action;
}

void action_decide(struct action *action, enum action_kind kind, char *reason)
{
	free(action->reason);
	action->kind = kind;
	action->reason = reason;
}

void planning_warn(struct planning *planning, char *text)
{
	struct plan *plan = planning->plan;
	plan->warnings = alloc_grow(plan->warnings, plan->warning_count + 1, sizeof(char *));
	plan->warnings[plan->warning_count++] = text;
}

static bool is_scaler(const struct ident *id)
{
	return (strcmp(id->group, "autoscaling") == 0 && strcmp(id->kind, "HorizontalPodAutoscaler") == 0) ||
	       (strcmp(id->group, "keda.sh") == 0 && strcmp(id->kind, "ScaledObject") == 0);
}

char *plan_scale_target(const struct object *object)
{
	if (!is_scaler(&object->id) || note_hook(doc_get(object->json, "metadata"))) {
		return NULL;
	}
	const char *kind = doc_text(object->json, "spec/scaleTargetRef/kind");
	const char *name = doc_text(object->json, "spec/scaleTargetRef/name");
	return name ? text_printf("%s/%s/%s", object->id.ns, kind ? kind : "Deployment", name) : NULL;
}

static void note_scaler(struct planning *planning, struct object *object)
{
	CLEANUP(text_freep) char *target = plan_scale_target(object);
	if (target) {
		(void)map_set(&planning->scaled, target, &object->id);
	}
}

const struct ident *planning_scaler(const struct planning *planning, const struct ident *id)
{
	CLEANUP(text_freep) char *key = text_printf("%s/%s/%s", id->ns, id->kind, id->name);
	const struct ident *scaler = map_get(&planning->scaled, key);
	const struct plan_options *options = planning->options;
	return scaler || !options->scaler ? scaler : options->scaler(options->context, id);
}

/* What is known is the object that its row names. */
static const char *uid_of(const struct planning *planning, const struct object *object)
{
	const struct live *live = object->known ? NULL : lives_find(planning->live, &object->id);
	const struct inventory_row *row = object->known ? inventory_find(planning->inventory, &object->id) : NULL;
	return live ? live->uid : row ? row->uid : NULL;
}

static void index_desired(struct planning *planning)
{
	for (size_t i = 0; i < planning->desired->count; i++) {
		struct object *object = planning->desired->items[i];
		CLEANUP(text_freep) char *key = ident_key(&object->id);
		(void)map_set(&planning->wanted, key, object);
		const char *uid = uid_of(planning, object);
		if (uid) {
			(void)map_set(&planning->uids, uid, object);
		}
		if (*object->id.ns && !map_has(&planning->namespaces, object->id.ns)) {
			(void)map_set(&planning->namespaces, object->id.ns, &object->id);
		}
		note_scaler(planning, object);
	}
}

struct ranked {
	struct action *action;
	const struct ident *id;
	int rank;
	bool dropped;
};

/* Desired objects forwards, dropped ones behind them and backwards. */
static int by_place(const void *a, const void *b)
{
	const struct ranked *left = a;
	const struct ranked *right = b;
	if (left->dropped != right->dropped) {
		return left->dropped ? 1 : -1;
	}
	int order = left->rank - right->rank;
	order = order ? order : ident_compare(left->id, right->id);
	return left->dropped ? -order : order;
}

static void sort_actions(struct plan *plan)
{
	struct ranked *ranked = alloc_new(plan->count, sizeof *ranked);
	for (size_t i = 0; i < plan->count; i++) {
		struct action *action = plan->actions[i];
		const struct ident *id = action->desired ? &action->desired->id : &action->row->id;
		ranked[i] = (struct ranked){ action, id, order_rank(id), !action->desired };
	}
	qsort(ranked, plan->count, sizeof *ranked, by_place);
	for (size_t i = 0; i < plan->count; i++) {
		plan->actions[i] = ranked[i].action;
	}
	free(ranked);
}

static void warn_of_hooks(struct planning *planning)
{
	if (!planning->hooks) {
		return;
	}
	CLEANUP(text_freep) char *name = ident_text(&planning->first_hook->desired->id);
	if (planning->hooks == 1) {
		planning_warn(planning, text_printf("%s is a hook of Argo CD or Helm: not applied", name));
	} else {
		planning_warn(planning,
		              text_printf("%s and %zu more are hooks of Argo CD or Helm: not applied", name, planning->hooks - 1));
	}
}

struct plan *plan_new(const struct objects *desired, const struct lives *live, const struct inventory *inventory,
                      const struct plan_options *options)
{
	struct planning planning = {
		.plan = alloc_new(1, sizeof(struct plan)),
		.desired = desired,
		.live = live,
		.inventory = inventory,
		.options = options,
	};
	index_desired(&planning);
	for (size_t i = 0; i < desired->count; i++) {
		struct action *action = planning_add(&planning, ACTION_NONE, &desired->items[i]->id);
		action->desired = desired->items[i];
		if (action->desired->known) {
			action_decide(action, ACTION_NONE, text_dup("in sync"));
			continue;
		}
		plan_digest(action->desired, action->digest);
		plan_desired(&planning, action);
	}
	warn_of_hooks(&planning);
	if (!options->part) {
		plan_dropped(&planning);
	}
	sort_actions(planning.plan);
	map_release(&planning.wanted);
	map_release(&planning.uids);
	map_release(&planning.namespaces);
	map_release(&planning.scaled);
	return planning.plan;
}

static void action_free(struct action *action)
{
	for (char **path = action->yielded; path && *path; path++) {
		free(*path);
	}
	free(action->yielded);
	free(action->field);
	free(action->manager);
	free(action->reason);
	cJSON_Delete(action->gives_up);
	free(action);
}

void plan_free(struct plan *plan)
{
	if (!plan) {
		return;
	}
	for (size_t i = 0; i < plan->count; i++) {
		action_free(plan->actions[i]);
	}
	for (size_t i = 0; i < plan->warning_count; i++) {
		free(plan->warnings[i]);
	}
	free(plan->actions);
	free(plan->warnings);
	free(plan->brake);
	free(plan);
}

void plan_freep(struct plan **plan)
{
	plan_free(*plan);
	*plan = NULL;
}

bool plan_writes(const struct plan *plan)
{
	static const bool writes[] = {
		[ACTION_CREATE] = true, [ACTION_CHANGE] = true, [ACTION_HEAL] = true,
		[ACTION_ADOPT] = true,  [ACTION_PRUNE] = true,  [ACTION_BLOCK] = false,
	};
	for (size_t i = 0; i < plan->count; i++) {
		if (writes[plan->actions[i]->kind]) {
			return true;
		}
	}
	return false;
}
