/*
 * The plan, from what was read; and what is read for a part of what Git has.
 */
#include <stdlib.h>

#include "sync/drift.h"
#include "sync/prepare_impl.h"

static bool kind_known(void *context, const char *group, const char *kind)
{
	struct prepared *prepared = context;
	CLEANUP(text_freep) char *key = text_printf("%s/%s", group, kind);
	return !map_has(&prepared->unsure, key);
}

static const char *const *yielded(void *context, const struct ident *id)
{
	const struct prepared *prepared = context;
	struct drift *drift = prepared->options->drift;
	return drift ? drift_yielded(drift, id) : NULL;
}

static const struct ident *scaler(void *context, const struct ident *id)
{
	const struct prepared *prepared = context;
	struct drift *drift = prepared->options->drift;
	const struct ident *desired = drift ? drift_scaler(drift, id) : NULL;
	return desired ? desired : scalers_find(&prepared->scalers, id);
}

static void make_plan(struct prepared *prepared, bool part)
{
	const struct cycle_options *options = prepared->options;
	struct plan_options plan = {
		.name = options->name,
		.ns = prepared->ns,
		.prune = options->prune && !ledger_newer_format(prepared->ledger),
		.source_changed = options->source_changed || (prepared->source_same && prepared->target_same),
		.verify = prepared->verifying,
		.declared = options->sync_uid != NULL,
		.prune_limit = options->approve_prune ? 100 : options->prune_limit,
		.take_over = options->take_over,
		.part = part,
		.yielded = yielded,
		.scaler = scaler,
		.kind_known = kind_known,
		.context = prepared,
	};
	plan_freep(&prepared->plan);
	prepared->plan = plan_new(&prepared->desired, &prepared->lives, &prepared->inventory, &plan);
}

/* Twice where an HPA, which is only looked for then, scales what would be healed. */
static bool plan_with_scalers(struct prepared *prepared, bool part)
{
	struct err err = ERR_INIT;
	bool scaled = false;
	make_plan(prepared, part);
	if (!scalers_read(&prepared->scalers, prepared->kube, prepared->discovery, prepared->plan, &scaled, &err)) {
		return report_err(prepared->report, FAILURE_CLUSTER, &err);
	}
	if (scaled) {
		make_plan(prepared, part);
	}
	for (size_t i = 0; i < prepared->plan->warning_count; i++) {
		report_warn(prepared->report, text_dup(prepared->plan->warnings[i]));
	}
	return true;
}

bool prepare_named(struct prepared *prepared)
{
	struct live_query *queries = alloc_new(prepared->desired.count, sizeof *queries);
	size_t count = 0;
	for (size_t i = 0; i < prepared->desired.count; i++) {
		const struct object *object = prepared->desired.items[i];
		const struct resource *resource = prepared_resource(prepared, &object->id, object->version);
		if (resource) {
			const char *ns = *object->id.ns ? object->id.ns : NULL;
			queries[count++] = (struct live_query){ .resource = resource, .ns = ns, .name = object->id.name };
		}
	}
	bool good = lives_gather(prepared->kube, queries, count, &prepared->lives);
	for (size_t i = 0; i < count; i++) {
		struct err err = queries[i].err;
		if (err.kind == ERR_NONE && queries[i].denied) {
			(void)err_set(&err, ERR_DENIED, "%s '%s' may not be read", queries[i].resource->kind, queries[i].name);
		}
		if (err.kind != ERR_NONE) {
			good = report_err(prepared->report, FAILURE_CLUSTER, &err);
		}
	}
	free(queries);
	return good;
}

bool prepare_whole(struct prepared *prepared)
{
	return plan_with_scalers(prepared, false);
}

bool prepare_part(struct prepared *prepared)
{
	return plan_with_scalers(prepared, true);
}
