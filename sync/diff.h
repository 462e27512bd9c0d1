/*
 * What a sync would change, as `kubectl diff --server-side` shows it: unified YAML of the live objects against what the
 * server says they would become (dry-run apply, for changed objects only). Values of Secrets are masked.
 */
#ifndef SYNC_DIFF_H
#define SYNC_DIFF_H

#include <stdbool.h>
#include <stddef.h>

#include "sync/prepare.h"

/* One object that differs; texts are YAML, masked. Borrowed for the call. */
struct diff_pair {
	const struct ident *id;
	const char *version;
	const char *before; /* NULL: it is not there */
	const char *after;  /* NULL: it would be deleted */
};

/* Called in plan order. */
typedef void diff_each(void *context, const struct diff_pair *pair);

/*
 * Asks the server for every action of the plan that would write, many in flight, in windows so that memory stays
 * bounded. What cannot be asked (a kind or namespace that the sync itself would make) shows the manifest. Objects that
 * the server refuses are failures in the report. *differs tells whether anything was handed to `each`. false: the
 * report says why.
 */
bool diff_plan(struct prepared *prepared, diff_each *each, void *context, bool *differs);

#endif
