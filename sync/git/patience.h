/*
 * How long a Git server may take, in milliseconds, besides the deadline of the fetch. In a file of their own for the reason that
 * sync/kube/patience.h has.
 */
#ifndef SYNC_GIT_PATIENCE_H
#define SYNC_GIT_PATIENCE_H

#include <stdint.h>

struct fetch_patience {
	int64_t connect; /* until a connection stands */
	int64_t stall;   /* without a byte: a server that packs sends a sign of life every 5 seconds */
};

extern const struct fetch_patience fetch_patience;

#endif
