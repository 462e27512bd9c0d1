/*
 * The way to the cluster: clients, what it serves, and whether the name of the sync is free.
 */
#include <stdlib.h>

#include "render/doc.h"
#include "sync/access.h"
#include "sync/clock.h"
#include "sync/prepare_impl.h"
#include "sync/syncspec.h"

enum { OLD_DISCOVERY = 60 * 1000 };

static void warned(void *context, const char *path, const char *text)
{
	(void)path;
	struct prepared *prepared = context;
	report_warn(prepared->report, text_printf("the server warns: %s", text));
}

static bool is_served(struct prepared *prepared, const char *group, const char *version, const char *kind)
{
	const struct resource *resource = NULL;
	return discovery_find(prepared->discovery, group, version, kind, &resource) == DISCOVERY_FOUND;
}

/* What another sync read before is asked for anew where it lacks a kind: a CRD may have arrived since. */
bool prepare_freshen(struct prepared *prepared)
{
	struct err err = ERR_INIT;
	bool known = discovery_time(prepared->discovery) >= prepared->started;
	for (size_t i = 0; !known && i < prepared->desired.count; i++) {
		const struct object *object = prepared->desired.items[i];
		if (!is_served(prepared, object->id.group, object->version, object->id.kind)) {
			break;
		}
		known = i + 1 == prepared->desired.count;
	}
	for (size_t i = 0; known && i < prepared->inventory.count; i++) {
		const struct inventory_row *row = prepared->inventory.rows[i];
		known = discovery_time(prepared->discovery) >= prepared->started ||
		        is_served(prepared, row->id.group, row->version, row->id.kind);
	}
	if (known) {
		return true;
	}
	if (!discovery_refresh(prepared->discovery, prepared->deadline, &err)) {
		return report_err(prepared->report, FAILURE_CLUSTER, &err);
	}
	discovery_digest(prepared->discovery, prepared->server);
	return true;
}

static struct kube *open_client(struct prepared *prepared, const char *as_user, struct err *err)
{
	const struct cycle_options *options = prepared->options;
	struct kube_config_options access = options->access;
	access.as_user = as_user;
	struct kube_options more = {
		.warning = warned,
		.requested = options->host.requested,
		.context = prepared,
		.host = options->host.context,
		.stop = prepared->stop,
		.multi = options->host.multi,
		.may_write = options->host.may_write,
		.fence = options->host.fence,
	};
	return access_open(&access, options->ns, &more, &prepared->ns, err);
}

/* What was read for others is good enough while it is young. */
static struct discovery *discover(struct prepared *prepared, struct err *err)
{
	struct discovery *base = prepared->options->host.discovery;
	if (!base) {
		return discovery_new(prepared->kube, prepared->deadline, err);
	}
	struct discovery *shared = discovery_share(base, prepared->kube);
	if (clock_now() - discovery_time(shared) > OLD_DISCOVERY && !discovery_refresh(shared, prepared->deadline, err)) {
		discovery_freep(&shared);
	}
	return shared;
}

bool prepare_connect(struct prepared *prepared)
{
	struct report *report = prepared->report;
	const struct cycle_options *options = prepared->options;
	const char *as_user = options->access.as_user;
	struct err err = ERR_INIT;
	prepared->kube = open_client(prepared, as_user, &err);
	prepared->records = as_user && options->host.own_records ? open_client(prepared, NULL, &err) : prepared->kube;
	if (!prepared->kube || !prepared->records) {
		return report_err(report, FAILURE_CLUSTER, &err);
	}
	text_set(&report->ns, prepared->ns);
	report_phase(report, "reading the cluster");
	prepared->discovery = discover(prepared, &err);
	if (!prepared->discovery) {
		return report_err(report, FAILURE_CLUSTER, &err);
	}
	discovery_digest(prepared->discovery, prepared->server);
	return true;
}

/* GETs it: NULL where it is not there or nobody may know (err is then untouched), and where that failed. Takes the path over. */
static cJSON *read_one(struct kube *kube, char *path, struct err *err)
{
	struct kube_call call = kube_call_make("GET", path);
	struct err trouble = ERR_INIT;
	cJSON *object = NULL;
	if (kube_do(kube, &call, &trouble)) {
		object = doc_parse(buf_text(&call.reply), call.reply.len, err);
	} else if (trouble.kind != ERR_NOT_FOUND && trouble.kind != ERR_DENIED) {
		*err = trouble;
	}
	kube_call_release(&call);
	return object;
}

/* A one-shot refuses a name that a live Sync resource holds, unless that is suspended (safety rule 19). */
static bool check_resource(struct prepared *prepared)
{
	struct ident id = { .group = (char[]){ "plumb.dev" }, .kind = (char[]){ "Sync" } };
	const struct resource *resource = prepared->options->sync_uid || prepared->options->only_looks
	                                      ? NULL
	                                      : prepared_resource(prepared, &id, NULL);
	if (!resource) {
		return true;
	}
	struct err err = ERR_INIT;
	CLEANUP(doc_freep)
	cJSON *object = read_one(prepared->kube, resource_path(resource, prepared->ns, prepared->options->name), &err);
	if (err.kind != ERR_NONE) {
		return report_err(prepared->report, FAILURE_CLUSTER, &err);
	}
	if (object && !syncspec_suspended(object, clock_wall())) {
		report_stop(prepared->report, STOP_NAME,
		            text_printf("the Sync resource %s in %s holds this name: an agent applies it; choose another --name, or "
		                        "suspend it first (plumb suspend %s -n %s)",
		                        prepared->options->name, prepared->ns, prepared->options->name, prepared->ns));
		return false;
	}
	return true;
}

bool prepare_reach(struct prepared *prepared)
{
	return prepare_connect(prepared) && check_resource(prepared);
}
