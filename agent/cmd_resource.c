/*
 * What a person tells an agent through a Sync resource: suspend, resume, reconcile.
 */
#include <stdio.h>
#include <string.h>

#include "agent/commands.h"
#include "agent/output.h"
#include "agent/waiting.h"
#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/access.h"
#include "sync/clock.h"
#include "sync/names.h"
#include "sync/syncresource.h"

enum { CLUSTER = 5, STOPPED = 7 };

/* Patches the Sync and says so; the exit code. */
static int change(const struct options *options, struct kube *kube, const char *ns, const cJSON *patch, const char *said)
{
	struct err err = ERR_INIT;
	if (!syncresource_patch(kube, ns, options->cycle.name, patch, &err)) {
		output_error(err.msg);
		return err.kind == ERR_NOT_FOUND ? STOPPED : CLUSTER;
	}
	CLEANUP(text_freep) char *line = text_printf("%s in %s %s\n", options->cycle.name, ns, said);
	return output_text(line) ? 0 : STOPPED;
}

static struct kube *open_kube(const struct options *options, char **ns)
{
	struct err err = ERR_INIT;
	struct kube_options more = { .stop = options->cycle.stop };
	struct kube *kube = access_open(&options->cycle.access, options->cycle.ns, &more, ns, &err);
	if (!kube) {
		output_error(err.msg);
	}
	return kube;
}

/* NULL takes the annotation away. */
static void set_note(cJSON *patch, const char *name, const char *value)
{
	doc_set(doc_make(patch, "metadata/annotations"), name, value ? cJSON_CreateString(value) : cJSON_CreateNull());
}

int command_suspend(const struct options *options)
{
	CLEANUP(text_freep) char *ns = NULL;
	CLEANUP(kube_freep) struct kube *kube = open_kube(options, &ns);
	if (!kube) {
		return CLUSTER;
	}
	CLEANUP(doc_freep) cJSON *patch = cJSON_CreateObject();
	if (!options->suspend_for) {
		doc_set(doc_make(patch, "spec"), "suspend", cJSON_CreateTrue());
		return change(options, kube, ns, patch, "is suspended until it is resumed");
	}
	char until[CLOCK_TEXT];
	clock_text(clock_wall() + (options->suspend_for + 999) / 1000, until);
	set_note(patch, NOTE_SUSPEND_UNTIL, until);
	CLEANUP(text_freep) char *said = text_printf("is suspended until %s", until);
	return change(options, kube, ns, patch, said);
}

int command_resume(const struct options *options)
{
	CLEANUP(text_freep) char *ns = NULL;
	CLEANUP(kube_freep) struct kube *kube = open_kube(options, &ns);
	if (!kube) {
		return CLUSTER;
	}
	CLEANUP(doc_freep) cJSON *patch = cJSON_CreateObject();
	doc_set(doc_make(patch, "spec"), "suspend", cJSON_CreateFalse());
	set_note(patch, NOTE_SUSPEND_UNTIL, NULL);
	return change(options, kube, ns, patch, "is resumed");
}

/* Two requests within a second are two. */
static char *request_now(void)
{
	char now[CLOCK_TEXT];
	int64_t micro = clock_wall_micro();
	clock_text(micro / 1000000, now);
	return text_printf("%.19s.%06dZ", now, (int)(micro % 1000000));
}

int command_reconcile(const struct options *options)
{
	CLEANUP(text_freep) char *ns = NULL;
	CLEANUP(kube_freep) struct kube *kube = open_kube(options, &ns);
	if (!kube) {
		return CLUSTER;
	}
	CLEANUP(text_freep) char *request = request_now();
	CLEANUP(doc_freep) cJSON *patch = cJSON_CreateObject();
	set_note(patch, NOTE_REQUESTED_AT, request);
	int code = change(options, kube, ns, patch, "is to be synced now");
	return code || !options->cycle.wait ? code : waiting_run(options, kube, ns, request);
}
