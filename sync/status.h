/*
 * How a sync stands: its last record, and the health of each object of its inventory.
 */
#ifndef SYNC_STATUS_H
#define SYNC_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync/health.h"
#include "sync/kube/kube.h"
#include "sync/ledger.h"

struct status_row {
	struct ident id; /* borrowed from the ledger */
	bool known;      /* the server told about it */
	bool there;
	bool kept;     /* not in Git any more */
	bool disabled; /* its annotations keep plumb's hands off (safety rule 13) */
	struct health_report health;
};

struct status {
	struct kube *kube; /* given; owned from then on */
	char *ns;          /* given; owned from then on */
	struct ledger *ledger;
	const struct ledger_sync *last; /* the newest record, finished or not; NULL: there is none */
	struct status_row *rows;
	size_t count;
};

/* Reads ledger and objects, many in flight; nothing is written. */
bool status_read(struct status *status, const char *name, int64_t deadline, struct err *err) MUST_CHECK;
void status_release(struct status *status);

#endif
