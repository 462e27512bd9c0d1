#include <stdlib.h>
#include <string.h>

#include "agent/commands.h"
#include "agent/output.h"
#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/access.h"
#include "sync/history.h"
#include "sync/kube/kube.h"
#include "sync/ledger.h"
#include "sync/syncresource.h"

enum { USAGE = 2, MANIFESTS = 4, CLUSTER = 5, STOPPED = 7 };

/* What one call has opened. */
struct reading {
	struct kube *kube;
	char *ns;
	struct ledger *ledger;
};

static void reading_release(struct reading *reading)
{
	ledger_freep(&reading->ledger);
	kube_freep(&reading->kube);
	free(reading->ns);
}

static bool open_ledger(const struct options *options, struct reading *out, struct err *err)
{
	struct kube_options more = { .stop = options->cycle.stop };
	out->kube = access_open(&options->cycle.access, options->cycle.ns, &more, &out->ns, err);
	if (!out->kube) {
		return false;
	}
	struct ledger_options settings = { .ns = out->ns, .name = options->cycle.name };
	out->ledger = ledger_open(out->kube, &settings, err);
	if (!out->ledger) {
		return false;
	}
	/* What is known by now of rollouts that nobody waited for. */
	size_t settled = 0;
	struct err trouble = ERR_INIT;
	if (!history_settle(out->kube, out->ledger, &settled, &trouble)) {
		output_warning(trouble.msg);
	}
	return true;
}

/* "deployment/web", "deploy/ns/web": what is behind the kind; NULL where it is none. */
static const char *deployment_of(const char *argument)
{
	static const char *const kinds[] = { "deployment/", "deployments/", "deploy/", "deployment.apps/", "deployments.apps/" };
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (strncmp(argument, kinds[i], strlen(kinds[i])) == 0) {
			return argument + strlen(kinds[i]);
		}
	}
	return NULL;
}

/* The namespace of the inventory's Deployment of that name; the sync's own where there is none. NULL and err: several.
 */
static const char *namespace_of(const struct reading *reading, const char *name, struct err *err)
{
	const struct inventory *inventory = ledger_inventory(reading->ledger);
	const char *found = NULL;
	for (size_t i = 0; i < inventory->count; i++) {
		const struct ident *id = &inventory->rows[i]->id;
		if (strcmp(id->kind, "Deployment") != 0 || strcmp(id->name, name) != 0) {
			continue;
		}
		if (found) {
			(void)err_set(err, ERR_INPUT, "several Deployments are called '%s': deployment/NAMESPACE/%s", name, name);
			return NULL;
		}
		found = id->ns;
	}
	return found ? found : reading->ns;
}

static int tell_revisions(const struct options *options, const struct reading *reading, const char *path)
{
	struct err err = ERR_INIT;
	const char *slash = strchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	CLEANUP(text_freep) char *given = slash ? text_dup_len(path, (size_t)(slash - path)) : NULL;
	const char *ns = given ? given : namespace_of(reading, name, &err);
	struct history history = { 0 };
	if (!ns || !*name || strchr(name, '/')) {
		output_error(ns ? "history wants deployment/NAME or deployment/NAMESPACE/NAME" : err.msg);
		return USAGE;
	}
	if (!history_of_deployment(reading->kube, reading->ledger, ns, name, &history, &err)) {
		output_error(err.msg);
		return err.kind == ERR_NOT_FOUND ? MANIFESTS : CLUSTER;
	}
	bool written = false;
	if (options->json) {
		written = output_json(output_revisions_json(ns, name, &history));
	} else {
		CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MIB(16));
		output_revisions_text(&history, &text);
		written = output_text(buf_text(&text));
	}
	history_release(&history);
	return written ? 0 : STOPPED;
}

/* There are records, or a Sync resource that an agent has not come to. */
static bool is_known(const struct options *options, const struct reading *reading)
{
	struct err err = ERR_INIT;
	size_t count = 0;
	(void)ledger_syncs(reading->ledger, &count);
	CLEANUP(doc_freep) cJSON *resource = count ? NULL : syncresource_get(reading->kube, reading->ns, options->cycle.name, &err);
	return count || resource;
}

static int tell_syncs(const struct options *options, const struct reading *reading)
{
	if (options->json) {
		return output_json(output_syncs_json(reading->ledger)) ? 0 : STOPPED;
	}
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MIB(16));
	output_syncs_text(reading->ledger, &text);
	return output_text(buf_text(&text)) ? 0 : STOPPED;
}

int command_history(const struct options *options)
{
	const char *path = options->argument ? deployment_of(options->argument) : NULL;
	if (options->argument && !path) {
		output_error("history knows the revisions of Deployments: deployment/NAME");
		return USAGE;
	}
	CLEANUP(reading_release) struct reading reading = { 0 };
	struct err err = ERR_INIT;
	if (!open_ledger(options, &reading, &err)) {
		output_error(err.msg);
		return CLUSTER;
	}
	if (!is_known(options, &reading)) {
		CLEANUP(text_freep) char *unknown = output_unknown(reading.ns, options->cycle.name);
		output_error(unknown);
		return STOPPED;
	}
	return path ? tell_revisions(options, &reading, path) : tell_syncs(options, &reading);
}
