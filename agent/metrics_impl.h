/*
 * Between the files of metrics.h: what a family is.
 */
#ifndef AGENT_METRICS_IMPL_H
#define AGENT_METRICS_IMPL_H

#include "agent/metrics.h"

enum metric_type { METRIC_GAUGE, METRIC_COUNTER, METRIC_HISTOGRAM };

enum { METRIC_LABELS_MAX = 4 };

struct metric_family {
	const char *name;
	const char *help; /* one sentence, no full stop */
	enum metric_type type;
	const char *labels[METRIC_LABELS_MAX + 1]; /* NULL-terminated */
	size_t keys;                               /* labels in front that tell series apart; 0: all of them */
	const double *buckets;                     /* of a histogram: rising upper bounds, 0-terminated */
};

const struct metric_family *metric_family(enum metric metric);

/* HELP and TYPE of a family. */
bool metric_write_head(const char *name, const char *help, enum metric_type type, struct buf *out);

/* What /proc tells about this process, as families of their own. */
bool metrics_write_process(struct buf *out);

#endif
