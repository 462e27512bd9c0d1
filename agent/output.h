/*
 * What users see. Text from Git and from the server loses its control characters on the way out.
 */
#ifndef AGENT_OUTPUT_H
#define AGENT_OUTPUT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "render/base/buf.h"
#include "sync/history.h"
#include "sync/ledger.h"
#include "sync/report.h"

/* To standard output, as it is. false when it cannot be written. */
bool output_text(const char *text);

/* One line to standard error: "error: TEXT", "warning: TEXT". */
void output_error(const char *text);
void output_warning(const char *text);

/* That neither a record nor a Sync resource of that name is there. free() it. */
char *output_unknown(const char *ns, const char *name);

/* Appends the text without control characters. */
void output_clean(struct buf *out, const char *text);

/* Warnings and errors of a report to standard error. */
void output_problems(const struct report *report);

/* The result of a sync: one line an object that is not unchanged, then the sum. */
void output_sync_text(const struct report *report, int64_t milliseconds, struct buf *out);

/* The documented object of `sync -o json` and of `history -o json`; cJSON_Delete it. */
cJSON *output_sync_json(const struct report *report);
cJSON *output_syncs_json(const struct ledger *ledger);
cJSON *output_revisions_json(const char *ns, const char *name, const struct history *history);
void output_syncs_text(const struct ledger *ledger, struct buf *out);
void output_revisions_text(const struct history *history, struct buf *out);

/* Prints it indented, with a line break. Takes it over. */
bool output_json(cJSON *document);

/* Columns as wide as their widest cell, two spaces between; cells are `columns` a row, the first row is the head. */
void output_table(const char *const *cells, size_t count, size_t columns, struct buf *out);

/* "2026-11-24 09:41" in UTC; "-" for none. */
enum { OUTPUT_TIME = 24 };
void output_time(int64_t wall, char out[OUTPUT_TIME]);

#endif
