#include "sync/prepare.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "render/doc.h"
#include "render/manifests.h"
#include "sync/ahead.h"
#include "sync/clock.h"
#include "sync/desired.h"
#include "sync/drift.h"
#include "sync/names.h"
#include "sync/prepare_impl.h"

enum { SHORT_ID = 7, DEFAULT_PROGRESS_DEADLINE = 600 };

/*
 * Between 90 and 110 percent, so that many syncs do not verify at the same time; the same for one sync. By FNV-1a, which puts
 * shop-1 and shop-2 far apart.
 */
static int64_t jittered(int64_t interval, const char *name)
{
	uint32_t hash = 2166136261U;
	for (; *name; name++) {
		hash = (hash ^ (unsigned char)*name) * 16777619U;
	}
	return interval / 10 * 9 + interval / 5 * (int64_t)(hash % 1000) / 1000;
}

void prepare_forget(struct prepared *prepared)
{
	plan_freep(&prepared->plan);
	inventory_release(&prepared->inventory);
	lives_release(&prepared->lives);
	scalers_release(&prepared->scalers);
	map_release(&prepared->unsure);
	ledger_freep(&prepared->ledger);
	wishes_freep(&prepared->wishes);
	prepared->lives = LIVES_INIT;
	prepared->inventory = INVENTORY_INIT;
	prepared->unsure = MAP_INIT;
}

void prepare_unreach(struct prepared *prepared)
{
	prepare_forget(prepared);
	discovery_freep(&prepared->discovery);
	if (prepared->records != prepared->kube) {
		kube_free(prepared->records);
	}
	prepared->records = NULL;
	kube_freep(&prepared->kube);
	free(TAKE(prepared->ns));
}

void prepared_release(struct prepared *prepared)
{
	prepare_unreach(prepared);
	objects_release(&prepared->desired);
	if (prepared->options && prepared->source != prepared->options->host.source) {
		source_free(prepared->source);
	}
	*prepared = (struct prepared){ 0 };
}

/* --- from Git to objects ------------------------------------------------------------------------------------------ */

static bool take_problems(struct report *report, const struct problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		const struct problem *problem = &problems->items[i];
		if (problem->severity == PROBLEM_ERROR) {
			report_fail(report, FAILURE_MANIFESTS, text_dup(problem->text));
		} else {
			report_warn(report, text_dup(problem->text));
		}
	}
	if (problems->dropped) {
		report_fail(report, FAILURE_MANIFESTS, text_printf("%zu more problems", problems->dropped));
	}
	return problems->errors == 0;
}

static bool is_root(const char *path)
{
	return !path || !*path || strcmp(path, ".") == 0 || strcmp(path, "./") == 0;
}

/* "./prod/" and "prod" are one path. free() it. */
static char *plain_path(const char *path)
{
	if (is_root(path)) {
		return text_dup("");
	}
	while (strncmp(path, "./", 2) == 0) {
		path += 2;
	}
	size_t len = strlen(path);
	while (len > 1 && path[len - 1] == '/') {
		len--;
	}
	return text_dup_len(path, len);
}

static bool render(struct prepared *prepared, struct report *report)
{
	struct err err = ERR_INIT;
	report_phase(report, "rendering");
	/* References to what goes to another namespace depend on all objects. */
	prepared->source->whole = prepared->source->whole || !prepared->options->drift || prepared->options->target_ns;
	struct problems problems = PROBLEMS_INIT;
	CLEANUP(text_freep) char *path = plain_path(prepared->options->path);
	const struct source_ops *ops = prepared->source->ops;
	bool fine = ops->render(prepared->source, report->commit.id, path, &prepared->desired, &problems, &err);
	if (!fine && err.kind != ERR_NONE) {
		(void)report_err(report, FAILURE_GIT, &err);
	}
	fine = take_problems(report, &problems) && fine;
	problems_release(&problems);
	if (fine && prepared->desired.count == 0 && !prepared->source->printed) {
		report_fail(report, FAILURE_MANIFESTS, text_printf("no manifests in '%s'", *path ? path : "."));
		return false;
	}
	return fine;
}

static void begin(const struct cycle_options *options, struct report *report, struct prepared *out)
{
	int64_t now = clock_now();
	*out = (struct prepared){
		.options = options, .report = report, .stop = options->stop, .started = now, .deadline = now + options->timeout
	};
}

/* Uses nothing of `out` but what ahead.h leaves to it. */
static bool fetch_and_render(struct prepared *out, struct report *report)
{
	const struct cycle_options *options = out->options;
	struct err err = ERR_INIT;
	CLEANUP(text_freep) char *url = repo_public_url(options->source.url);
	CLEANUP(text_freep) char *phase = text_printf("fetching %s", url);
	report_phase(report, phase);
	out->source = options->host.source ? options->host.source
	                                   : source_open(&options->source, options->store, out->deadline, &err);
	if (out->source && !options->host.source) {
		out->source->load_any = options->load_any;
		out->source->print = options->print;
	}
	if (!out->source || !out->source->ops->fetch(out->source, options->ref, out->deadline, &report->commit, &err)) {
		return report_err(report, FAILURE_GIT, &err);
	}
	free(report->ref);
	report->ref = text_dup(options->ref ? options->ref : "HEAD");
	if (report->commit.warning) {
		report_warn(report, text_dup(report->commit.warning));
	}
	return render(out, report);
}

bool prepare_render(const struct cycle_options *options, struct report *report, struct prepared *out)
{
	begin(options, report, out);
	return fetch_and_render(out, report);
}

bool prepare_all(const struct cycle_options *options, struct report *report, struct prepared *out)
{
	begin(options, report, out);
	struct ahead *ahead = options->drift || options->host.multi ? NULL : ahead_start(out);
	bool rendered = fetch_and_render(out, report);
	if (ahead) {
		report_phase(report, "reading the cluster");
	}
	return ahead_end(ahead, report, rendered) && rendered && prepare_plan(out);
}

const struct resource *prepared_resource(struct prepared *prepared, const struct ident *id, const char *version)
{
	const struct resource *resource = NULL;
	switch (discovery_find(prepared->discovery, id->group, version, id->kind, &resource)) {
	case DISCOVERY_FOUND:
	case DISCOVERY_OTHER_VERSION:
		return resource;
	case DISCOVERY_ABSENT:
	case DISCOVERY_UNKNOWN:
		break;
	}
	return NULL;
}

char *prepared_selector(const struct prepared *prepared)
{
	return text_printf("%s=%s,%s=%s", LABEL_NAME, prepared->options->name, LABEL_NAMESPACE, prepared->ns);
}

/* --- what was before ---------------------------------------------------------------------------------------------- */

bool prepare_ledger(struct prepared *prepared)
{
	struct err err = ERR_INIT;
	struct ledger_options options = { .ns = prepared->ns,
		                              .name = prepared->options->name,
		                              .history_limit = prepared->options->history_limit,
		                              .sync_uid = prepared->options->sync_uid,
		                              .cache = prepared->options->host.ledger,
		                              .objects = prepared->kube };
	prepared->ledger = ledger_open(prepared->records, &options, &err);
	if (!prepared->ledger) {
		return report_err(prepared->report,
		                  err.kind == ERR_DENIED || err.kind == ERR_TRANSIENT ? FAILURE_CLUSTER : FAILURE_STOPPED, &err);
	}
	inventory_copy(ledger_inventory(prepared->ledger), &prepared->inventory);
	return true;
}

static const struct ledger_sync *newest(const struct prepared *prepared)
{
	size_t count = 0;
	const struct ledger_sync *syncs = ledger_syncs(prepared->ledger, &count);
	return count ? &syncs[count - 1] : NULL;
}

/* The sync whose source counts: one that was incomplete may have been of a source that nobody agreed to. */
static const struct ledger_sync *settled_source(const struct prepared *prepared)
{
	size_t count = 0;
	const struct ledger_sync *syncs = ledger_syncs(prepared->ledger, &count);
	for (size_t i = count; i-- > 0;) {
		if (syncs[i].result == LEDGER_APPLIED || syncs[i].result == LEDGER_HEALTHY) {
			return &syncs[i];
		}
	}
	return count ? &syncs[0] : NULL;
}

static void compare_source(struct prepared *prepared)
{
	const struct ledger_sync *last = settled_source(prepared);
	CLEANUP(text_freep) char *url = repo_public_url(prepared->options->source.url);
	CLEANUP(text_freep) char *path = plain_path(prepared->options->path);
	CLEANUP(text_freep) char *recorded = plain_path(last ? last->path : NULL);
	const char *target = prepared->options->target_ns ? prepared->options->target_ns : "";
	const char *before = last && last->target_ns ? last->target_ns : "";
	prepared->source_same = !last || (last->url && strcmp(last->url, url) == 0 && strcmp(recorded, path) == 0);
	prepared->target_same = !last || strcmp(target, before) == 0;
	if (!prepared->target_same && !prepared->options->source_changed) {
		report_warn(prepared->report, text_printf("the target namespace changed: sync %" PRId64 " was of %s%s%s", last->number,
		                                          *before ? "'" : "none", before, *before ? "'" : ""));
	}
	if (!prepared->source_same && !prepared->options->source_changed) {
		report_warn(prepared->report, text_printf("the source changed: sync %" PRId64 " was of %s, path '%s'", last->number,
		                                          last->url ? last->url : "?", *recorded ? recorded : "."));
	}
}

/* History moves forward only (safety rule 20). */
static bool check_rewind(struct prepared *prepared)
{
	const struct ledger_sync *last = newest(prepared);
	const char *id = prepared->report->commit.id;
	if (prepared->options->allow_rewind || !last || !last->commit || strcmp(last->commit, id) == 0) {
		return true;
	}
	if (!prepared->source_same && prepared->options->source_changed) {
		return true;
	}
	struct err err = ERR_INIT;
	bool descends = false;
	if (!prepared->source->ops->descends(prepared->source, id, last->commit, &descends, &err)) {
		return report_err(prepared->report, FAILURE_GIT, &err);
	}
	if (!descends) {
		report_stop(prepared->report, STOP_REWIND,
		            text_printf("commit %.*s does not descend from %.*s, which sync %" PRId64 " was of: %s", SHORT_ID, id,
		                        SHORT_ID, last->commit, last->number,
		                        prepared->options->sync_uid ? "suspend it, and plumb sync -f FILE --allow-rewind"
		                                                    : "--allow-rewind allows it"));
	}
	return descends;
}

/* When all objects were last applied for sure: since the first record, at the latest. */
static void decide_verify(struct prepared *prepared)
{
	const struct cycle_options *options = prepared->options;
	size_t count = 0;
	const struct ledger_sync *syncs = ledger_syncs(prepared->ledger, &count);
	int64_t since = ledger_verified(prepared->ledger);
	since = since || !count ? since : syncs[0].started;
	int64_t age = (clock_wall() - since) * 1000;
	prepared->verifying = options->verify ||
	                      (options->verify_interval && count && age > jittered(options->verify_interval, options->name));
}

static void warn_of_short_timeout(struct prepared *prepared)
{
	int64_t longest = 0;
	const struct object *whose = NULL;
	for (size_t i = 0; prepared->options->wait && i < prepared->desired.count; i++) {
		const struct object *object = prepared->desired.items[i];
		if (strcmp(object->id.kind, "Deployment") == 0) {
			int64_t seconds = doc_int(object->json, "spec/progressDeadlineSeconds", DEFAULT_PROGRESS_DEADLINE);
			bool longer = seconds > longest && seconds < INT32_MAX; /* that one has none */
			whose = longer ? object : whose;
			longest = longer ? seconds : longest;
		}
	}
	if (longest * 1000 > prepared->options->timeout) {
		CLEANUP(text_freep) char *name = ident_text(&whose->id);
		report_warn(prepared->report, text_printf("--timeout %" PRId64 "s is below the progressDeadlineSeconds of %s (%" PRId64
		                                          "): a rollout may be given up before the cluster does",
		                                          prepared->options->timeout / 1000, name, longest));
	}
}

static bool read_state(struct prepared *prepared, bool again)
{
	if (!(prepared->ledger || prepare_ledger(prepared)) || !prepare_freshen(prepared)) {
		return false;
	}
	compare_source(prepared);
	decide_verify(prepared);
	prepare_known(prepared, !again);
	return check_rewind(prepared) && prepare_lives(prepared) && prepare_namespaces(prepared) && prepare_whole(prepared);
}

static bool settle(struct prepared *prepared)
{
	struct desired_options options = {
		.name = prepared->options->name,
		.ns = prepared->ns,
		.target_ns = prepared->options->target_ns,
		.unowned = prepared->options->unowned,
	};
	return desired_settle(&prepared->desired, prepared->discovery, &options, prepared->report);
}

/* What an earlier sync rendered and never came to desire is not held: then all of it is rendered. */
static bool settle_whole(struct prepared *prepared)
{
	if (!settle(prepared)) {
		return false;
	}
	if (prepare_holds(prepared)) {
		return true;
	}
	objects_release(&prepared->desired);
	prepared->source->whole = true;
	return render(prepared, prepared->report) && settle(prepared);
}

bool prepare_plan(struct prepared *prepared)
{
	if (!(prepared->discovery || prepare_reach(prepared)) || !prepare_freshen(prepared) || !settle_whole(prepared)) {
		return false;
	}
	warn_of_short_timeout(prepared);
	if (prepared->options->drift) {
		drift_desire(prepared->options->drift, prepared);
	}
	return read_state(prepared, false);
}

bool prepare_again(struct prepared *prepared)
{
	prepare_forget(prepared);
	return read_state(prepared, true);
}
