#include "sync/status.h"

#include <stdlib.h>

#include "render/doc.h"
#include "sync/clock.h"
#include "sync/kube/discovery.h"
#include "sync/notes.h"

enum { WINDOW = 64, SLICE = 1000 };

struct look {
	struct kube_call call;
	struct status_row *row;
};

static void seen(struct kube_call *call, void *context)
{
	struct status_row *row = context;
	struct err err = ERR_INIT;
	row->known = call->status == 200 || call->status == 404;
	row->there = call->status == 200;
	if (row->there) {
		CLEANUP(doc_freep) cJSON *object = doc_parse(buf_text(&call->reply), call->reply.len, &err);
		health_of(object, 0, &row->health);
		row->disabled = note_reconcile_disabled(doc_get(object, "metadata")) != NULL;
	}
	kube_call_release(call);
	*call = (struct kube_call){ 0 };
}

static void look_at(struct status *status, struct discovery *discovery, struct look *look, size_t i)
{
	struct status_row *row = &status->rows[i];
	const struct inventory_row *recorded = ledger_inventory(status->ledger)->rows[i];
	const struct resource *resource = NULL;
	row->id = recorded->id;
	row->kept = recorded->kept;
	switch (discovery_find(discovery, row->id.group, recorded->version, row->id.kind, &resource)) {
	case DISCOVERY_FOUND:
	case DISCOVERY_OTHER_VERSION:
		look->call = kube_call_make("GET", resource_path(resource, row->id.ns, row->id.name));
		look->call.done = seen;
		look->call.context = row;
		kube_send(status->kube, &look->call);
		break;
	case DISCOVERY_ABSENT:
		row->known = true;
		break;
	case DISCOVERY_UNKNOWN:
		break;
	}
}

static void look_at_all(struct status *status, struct discovery *discovery)
{
	struct look *looks = alloc_new(WINDOW, sizeof *looks);
	for (size_t first = 0; first < status->count; first += WINDOW) {
		for (size_t i = first; i < status->count && i < first + WINDOW; i++) {
			look_at(status, discovery, &looks[i - first], i);
		}
		while (!kube_run(status->kube, clock_now() + SLICE)) {
		}
	}
	free(looks);
}

bool status_read(struct status *status, const char *name, int64_t deadline, struct err *err)
{
	struct ledger_options options = { .ns = status->ns, .name = name };
	status->ledger = ledger_open(status->kube, &options, err);
	if (!status->ledger) {
		return false;
	}
	size_t count = 0;
	const struct ledger_sync *syncs = ledger_syncs(status->ledger, &count);
	status->last = count ? &syncs[count - 1] : NULL;
	status->count = ledger_inventory(status->ledger)->count;
	if (!status->count) {
		return true;
	}
	struct discovery *discovery = discovery_new(status->kube, deadline, err);
	if (!discovery) {
		return false;
	}
	status->rows = alloc_new(status->count, sizeof *status->rows);
	look_at_all(status, discovery);
	discovery_free(discovery);
	return true;
}

void status_release(struct status *status)
{
	free(status->rows);
	ledger_freep(&status->ledger);
	kube_freep(&status->kube);
	free(status->ns);
}
