#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/commands.h"
#include "agent/output.h"
#include "render/base/limits.h"
#include "sync/clock.h"

enum { PLAIN_LINES = 200, LINE = 100, STOPPED = 7 };

/* Progress goes to standard error: one line that is written over on a terminal, plain lines elsewhere, bounded. */
struct progress {
	bool terminal;
	size_t lines;
	size_t done;
	bool open; /* a line stands there that is to be cleared */
};

static void clear(struct progress *progress)
{
	if (progress->open) {
		(void)fputs("\r\033[K", stderr);
		progress->open = false;
	}
}

static void show(struct progress *progress, const char *text)
{
	CLEANUP(buf_release) struct buf line = BUF_INIT(LIMIT_KIB(4));
	output_clean(&line, text);
	if (progress->terminal) {
		clear(progress);
		(void)fprintf(stderr, "%.*s", LINE, buf_text(&line));
		(void)fflush(stderr);
		progress->open = true;
	} else if (progress->lines++ < PLAIN_LINES) {
		(void)fprintf(stderr, "%s\n", buf_text(&line));
	}
}

static void phase(void *context, const struct report *report, const char *text)
{
	(void)report;
	struct progress *progress = context;
	show(progress, text);
}

static void changed(void *context, const struct report *report, const struct report_object *object)
{
	struct progress *progress = context;
	CLEANUP(text_freep) char *name = ident_text(&object->id);
	if (object->followed && object->health.health != HEALTH_CURRENT) {
		CLEANUP(text_freep)
		char *text = text_printf("%s: %s%s%s", name, health_text(object->health.health), *object->health.message ? ", " : "",
		                         object->health.message);
		show(progress, text);
	} else if (progress->terminal && !object->followed) {
		CLEANUP(text_freep) char *text = text_printf("%zu objects", report->count);
		show(progress, text);
	}
}

int command_sync(const struct options *options)
{
	if (options->file && syncspec_is_suspended(&options->spec, clock_wall())) {
		CLEANUP(text_freep) char *text = text_printf("'%s' says that this Sync is suspended", options->file);
		output_error(text);
		return STOPPED;
	}
	struct report report = REPORT_INIT;
	struct progress progress = { .terminal = isatty(STDERR_FILENO) };
	int64_t start = clock_now();
	if (!options->json && !options->quiet) {
		report.phase = phase;
		report.changed = changed;
		report.context = &progress;
	}
	cycle_sync(&options->cycle, &report);
	clear(&progress);
	output_problems(&report);
	bool written = false;
	if (options->json) {
		written = output_json(output_sync_json(&report));
	} else {
		CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MIB(64));
		output_sync_text(&report, clock_now() - start, &text);
		written = output_text(buf_text(&text));
	}
	int code = report_exit_code(&report);
	report_release(&report);
	return code ? code : written ? 0 : 7;
}
