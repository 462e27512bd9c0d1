#include "agent/output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "render/base/limits.h"
#include "sync/clock.h"

enum { SHORT_ID = 7 };

bool output_text(const char *text)
{
	bool before = ferror(stdout) != 0;
	bool fine = !before && fputs(text, stdout) >= 0 && fflush(stdout) == 0;
	/* Once; and not where the reader had enough, as `head` does. */
	if (!fine && !before && errno != EPIPE) {
		(void)fprintf(stderr, "error: cannot write to standard output: %s\n", strerror(errno));
	}
	return fine;
}

void output_clean(struct buf *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		/* C0, DEL, and the C1 controls as UTF-8 has them. */
		if (c == 0xC2 && (unsigned char)text[1] >= 0x80 && (unsigned char)text[1] < 0xA0) {
			text++;
			c = 0x7f;
		}
		(void)buf_putc(out, c < ' ' || c == 0x7f ? '?' : (char)c);
	}
}

static void say(const char *what, const char *text)
{
	CLEANUP(buf_release) struct buf line = BUF_INIT(LIMIT_KIB(64));
	(void)buf_printf(&line, "%s: ", what);
	output_clean(&line, text);
	(void)fprintf(stderr, "%s\n", buf_text(&line));
}

void output_error(const char *text)
{
	say("error", text);
}

void output_warning(const char *text)
{
	say("warning", text);
}

char *output_unknown(const char *ns, const char *name)
{
	return text_printf("no sync '%s' is known in the namespace '%s'; --namespace names another one", name, ns);
}

void output_problems(const struct report *report)
{
	for (size_t i = 0; i < report->warning_count; i++) {
		output_warning(report->warnings[i]);
	}
	for (size_t i = 0; i < report->error_count; i++) {
		output_error(report->errors[i]);
	}
}

bool output_json(cJSON *document)
{
	char *text = cJSON_Print(document);
	cJSON_Delete(document);
	bool fine = text && output_text(text) && output_text("\n");
	free(text);
	return fine;
}

void output_time(int64_t wall, char out[OUTPUT_TIME])
{
	struct tm parts;
	time_t seconds = (time_t)wall;
	if (wall <= 0 || !gmtime_r(&seconds, &parts) || !strftime(out, OUTPUT_TIME, "%Y-%m-%d %H:%M", &parts)) {
		(void)snprintf(out, OUTPUT_TIME, "-");
	}
}

/* Characters, not bytes. */
static size_t width_of(const char *text)
{
	size_t width = 0;
	for (; *text; text++) {
		width += ((unsigned char)*text & 0xC0) != 0x80;
	}
	return width;
}

void output_table(const char *const *cells, size_t count, size_t columns, struct buf *out)
{
	size_t *widths = alloc_new(columns, sizeof *widths);
	for (size_t i = 0; i < count; i++) {
		size_t width = width_of(cells[i]);
		widths[i % columns] = width > widths[i % columns] ? width : widths[i % columns];
	}
	for (size_t i = 0; i < count; i++) {
		bool last = i % columns == columns - 1;
		output_clean(out, cells[i]);
		size_t pad = last ? 0 : widths[i % columns] - width_of(cells[i]) + 2;
		(void)buf_printf(out, "%*s%s", (int)pad, "", last ? "\n" : "");
	}
	free(widths);
}

static void put_counts(const struct report *report, struct buf *out)
{
	const char *between = "";
	for (int verdict = 0; verdict < VERDICT_COUNT; verdict++) {
		if (report->verdicts[verdict]) {
			(void)buf_printf(out, "%s%zu %s", between, report->verdicts[verdict], verdict_text((enum verdict)verdict));
			between = ", ";
		}
	}
	if (!*between) {
		(void)buf_puts(out, report->result == RESULT_UNCHANGED ? "nothing to do" : "nothing was applied");
	}
}

void output_sync_text(const struct report *report, int64_t milliseconds, struct buf *out)
{
	for (size_t i = 0; i < report->count; i++) {
		const struct report_object *object = report->objects[i];
		if (object->verdict == VERDICT_UNCHANGED) {
			continue;
		}
		CLEANUP(text_freep) char *name = ident_text(&object->id);
		output_clean(out, name);
		(void)buf_printf(out, " %s", verdict_text(object->verdict));
		if (*object->reason) {
			(void)buf_puts(out, ": ");
			output_clean(out, object->reason);
		}
		(void)buf_putc(out, '\n');
	}
	if (!*report->commit.id) {
		return;
	}
	(void)buf_printf(out, "%.*s \"", SHORT_ID, report->commit.id);
	output_clean(out, report->commit.subject ? report->commit.subject : "");
	(void)buf_puts(out, "\": ");
	put_counts(report, out);
	(void)buf_printf(out, "; %s in %.1f s\n", report_result_text(report->result), (double)milliseconds / 1000);
}

/* "web r7->r8", "web r1" of a new Deployment, "web r7->?" where the number is not known yet. */
static void put_revision(const struct ledger_revision *revision, struct buf *out)
{
	(void)buf_printf(out, "%s%s ", out->len ? ", " : "", revision->id.name);
	if (revision->from) {
		(void)buf_printf(out, "r%lld->", (long long)revision->from);
	}
	if (revision->to) {
		(void)buf_printf(out, "r%lld", (long long)revision->to);
	} else {
		(void)buf_putc(out, '?');
	}
}

void output_syncs_text(const struct ledger *ledger, struct buf *out)
{
	enum { COLUMNS = 7 };
	size_t count = 0;
	const struct ledger_sync *syncs = ledger_syncs(ledger, &count);
	const char **cells = alloc_new((count + 1) * COLUMNS, sizeof *cells);
	char **made = alloc_new(count * COLUMNS, sizeof *made);
	static const char *const head[COLUMNS] = { "SYNC", "COMMIT", "WHEN", "AUTHOR", "RESULT", "DEPLOYMENTS", "SUBJECT" };
	memcpy(cells, head, sizeof head);
	size_t at = 0;
	for (size_t i = count; i-- > 0;) {
		const struct ledger_sync *sync = &syncs[i];
		char when[OUTPUT_TIME];
		output_time(sync->finished ? sync->finished : sync->started, when);
		struct buf revisions = BUF_INIT(LIMIT_KIB(64));
		for (size_t j = 0; j < sync->revision_count; j++) {
			put_revision(&sync->revisions[j], &revisions);
		}
		made[at++] = text_printf("%lld", (long long)sync->number);
		made[at++] = text_printf("%.*s", SHORT_ID, sync->commit ? sync->commit : "-");
		made[at++] = text_dup(when);
		made[at++] = text_dup(sync->author && *sync->author ? sync->author : "-");
		made[at++] = text_printf("%s%s", ledger_result_text(sync->result), sync->heal ? " (heal)" : "");
		made[at++] = revisions.len ? buf_detach(&revisions) : text_dup("-");
		made[at++] = text_dup(sync->subject ? sync->subject : "");
	}
	memcpy(cells + COLUMNS, made, at * sizeof *cells);
	output_table(cells, at + COLUMNS, COLUMNS, out);
	for (size_t i = 0; i < at; i++) {
		free(made[i]);
	}
	free(made);
	free(cells);
}

void output_revisions_text(const struct history *history, struct buf *out)
{
	enum { COLUMNS = 8 };
	const char **cells = alloc_new((history->count + 1) * COLUMNS, sizeof *cells);
	char **made = alloc_new(history->count * COLUMNS, sizeof *made);
	static const char *const head[COLUMNS] = { "REVISION", "COMMIT",     "WHEN",     "AUTHOR",
		                                       "IMAGE",    "REPLICASET", "REPLICAS", "SUBJECT" };
	memcpy(cells, head, sizeof head);
	size_t at = 0;
	for (size_t i = 0; i < history->count; i++) {
		const struct history_row *row = &history->rows[i];
		const struct ledger_sync *sync = row->sync;
		char when[OUTPUT_TIME];
		output_time(sync ? sync->started : row->created, when);
		made[at++] = text_printf("%lld%s", (long long)row->revision, row->current ? " *" : "");
		made[at++] = sync ? text_printf("%.*s", SHORT_ID, sync->commit)
		                  : text_printf("drift%s%s%s", row->drift && *row->drift ? " (" : "", row->drift ? row->drift : "",
		                                row->drift && *row->drift ? ")" : "");
		made[at++] = text_dup(when);
		made[at++] = text_dup(sync && sync->author && *sync->author ? sync->author : "-");
		made[at++] = text_dup(row->image ? row->image : "-");
		made[at++] = text_dup(row->replicaset ? row->replicaset : "-");
		made[at++] = text_printf("%lld", (long long)row->replicas);
		made[at++] = text_dup(sync && sync->subject ? sync->subject : "");
	}
	memcpy(cells + COLUMNS, made, at * sizeof *cells);
	output_table(cells, at + COLUMNS, COLUMNS, out);
	for (size_t i = 0; i < at; i++) {
		free(made[i]);
	}
	free(made);
	free(cells);
}
