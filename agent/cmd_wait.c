#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/commands.h"
#include "agent/output.h"
#include "agent/waiting.h"
#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/access.h"
#include "sync/clock.h"
#include "sync/ledger.h"
#include "sync/syncresource.h"

enum { CLUSTER = 5, ROLLOUT = 6, STOPPED = 7, EVERY = 500, VERSION = 1 };

/* What one call waits for, and how that stood when it was last looked at. */
struct wait {
	const struct options *options;
	struct kube *kube;
	const char *ns;
	const char *commit;  /* NULL: Ready */
	const char *request; /* only what comes after the agent acted on it counts; NULL: all */
	int64_t deadline;
	enum syncresource_progress progress;
	int code;
	char *said; /* the last line about it */
};

static int code_of(enum failure failure)
{
	struct report report = REPORT_INIT;
	report.failures[failure] = true;
	return report_exit_code(&report);
}

static void note(struct wait *wait, char *text)
{
	bool news = !wait->said || strcmp(wait->said, text) != 0;
	free(wait->said);
	wait->said = text;
	if (news && wait->progress == SYNCRESOURCE_MOVING && !wait->options->json) {
		CLEANUP(buf_release) struct buf line = BUF_INIT(LIMIT_KIB(16));
		output_clean(&line, text);
		(void)fprintf(stderr, "%s\n", buf_text(&line));
	}
}

static void judge_resource(struct wait *wait, const cJSON *object)
{
	struct syncresource_state state;
	syncresource_state(object, clock_wall(), &state);
	bool handled = !wait->request || strcmp(state.handled, wait->request) == 0;
	wait->progress = handled ? syncresource_progress(object, wait->commit, clock_wall()) : SYNCRESOURCE_MOVING;
	if (state.suspended && wait->progress == SYNCRESOURCE_MOVING) {
		wait->progress = SYNCRESOURCE_FAILED;
		wait->code = STOPPED;
		note(wait, text_printf("the Sync %s is suspended: plumb resume %s -n %s", wait->options->cycle.name,
		                       wait->options->cycle.name, wait->ns));
		return;
	}
	wait->code = wait->progress == SYNCRESOURCE_DONE ? 0 : code_of(syncresource_failure(state.reason));
	note(wait, *state.message ? text_dup(state.message) : text_dup("no agent has looked at it yet"));
}

/* Of a sync that no Sync resource declares: its records. */
static bool judge_ledger(struct wait *wait, struct err *err)
{
	struct ledger_options options = { .ns = wait->ns, .name = wait->options->cycle.name };
	CLEANUP(ledger_freep) struct ledger *ledger = ledger_open(wait->kube, &options, err);
	size_t count = 0;
	const struct ledger_sync *syncs = ledger ? ledger_syncs(ledger, &count) : NULL;
	if (!ledger) {
		return false;
	}
	wait->progress = SYNCRESOURCE_MOVING;
	for (size_t i = 0; i < count; i++) {
		bool wanted = !wait->commit ? i + 1 == count : strncmp(syncs[i].commit, wait->commit, strlen(wait->commit)) == 0;
		if (wanted && (syncs[i].result == LEDGER_HEALTHY || syncs[i].result == LEDGER_APPLIED)) {
			wait->progress = SYNCRESOURCE_DONE;
			wait->code = 0;
		}
	}
	const struct ledger_sync *last = count ? &syncs[count - 1] : NULL;
	note(wait, last
	               ? text_printf("sync %lld of %.7s: %s", (long long)last->number, last->commit, ledger_result_text(last->result))
	               : output_unknown(wait->ns, options.name));
	return true;
}

static bool look(struct wait *wait, struct err *err)
{
	struct err missing = ERR_INIT;
	CLEANUP(doc_freep) cJSON *object = syncresource_get(wait->kube, wait->ns, wait->options->cycle.name, &missing);
	if (object) {
		judge_resource(wait, object);
		return true;
	}
	if (missing.kind != ERR_NOT_FOUND || wait->request) {
		*err = missing;
		return false;
	}
	return judge_ledger(wait, err);
}

static int finish(const struct wait *wait, int code)
{
	if (wait->options->json) {
		cJSON *json = cJSON_CreateObject();
		doc_set(json, "version", cJSON_CreateNumber(VERSION));
		doc_set_text(doc_make(json, "sync"), "name", wait->options->cycle.name);
		doc_set_text(doc_make(json, "sync"), "namespace", wait->ns);
		doc_set(json, "exitCode", cJSON_CreateNumber(code));
		doc_set_text(json, "message", wait->said ? wait->said : "");
		return output_json(json) ? code : STOPPED;
	}
	if (code) {
		output_error(wait->said ? wait->said : "the time is over");
		return code;
	}
	CLEANUP(buf_release) struct buf line = BUF_INIT(LIMIT_KIB(16));
	output_clean(&line, wait->said ? wait->said : "");
	(void)buf_putc(&line, '\n');
	return output_text(buf_text(&line)) ? 0 : STOPPED;
}

int waiting_run(const struct options *options, struct kube *kube, const char *ns, const char *request)
{
	struct err err = ERR_INIT;
	struct wait wait = {
		.options = options,
		.kube = kube,
		.ns = ns,
		.commit = options->commit,
		.request = request,
		.deadline = clock_now() + options->cycle.timeout,
	};
	int code = ROLLOUT;
	for (bool more = true; more;) {
		if (!look(&wait, &err)) {
			output_error(err.msg);
			free(wait.said);
			return err.kind == ERR_NOT_FOUND ? STOPPED : CLUSTER;
		}
		if (options->cycle.stop && *options->cycle.stop) {
			code = STOPPED;
			break;
		}
		more = wait.progress == SYNCRESOURCE_MOVING && clock_now() < wait.deadline;
		code = wait.progress == SYNCRESOURCE_MOVING ? ROLLOUT : wait.code;
		if (more) {
			clock_sleep_until(clock_now() + EVERY);
		}
	}
	code = finish(&wait, code);
	free(wait.said);
	return code;
}

int command_wait(const struct options *options)
{
	struct err err = ERR_INIT;
	struct kube_options more = { .stop = options->cycle.stop };
	CLEANUP(text_freep) char *ns = NULL;
	CLEANUP(kube_freep) struct kube *kube = access_open(&options->cycle.access, options->cycle.ns, &more, &ns, &err);
	if (!kube) {
		output_error(err.msg);
		return CLUSTER;
	}
	return waiting_run(options, kube, ns, NULL);
}
