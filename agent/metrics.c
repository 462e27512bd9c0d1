#include "agent/metrics.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/metrics_impl.h"
#include "agent/version.h"
#include "render/base/limits.h"
#include "render/yaml_utf.h"

#define SEPARATOR '\x1f' /* between the labels' values of a key */

enum {
	VALUE_BYTES = 300,         /* of a label's value; a name has 253 */
	SERIES_BYTES = 128 * 1024, /* more than the text of one series takes, escaped, with all buckets */
};

struct series {
	char *key;        /* the labels' values */
	double value;     /* of a histogram its sum */
	uint64_t *counts; /* of a histogram: one a bucket, the last is all that is above */
};

struct family {
	struct series *series; /* by key */
	size_t count;
	size_t cap;
};

struct metrics {
	struct family families[METRIC_COUNT];
};

static void series_release(struct series *series)
{
	free(series->key);
	free(series->counts);
}

struct metrics *metrics_new(void)
{
	struct metrics *metrics = alloc_new(1, sizeof *metrics);
	metrics_set(metrics, METRIC_BUILD_INFO, LABELS(plumb_version()), 1);
	metrics_add(metrics, METRIC_DROPPED, NULL, 0);
	metrics_set(metrics, METRIC_LEADER, NULL, 0);
	return metrics;
}

void metrics_free(struct metrics *metrics)
{
	for (size_t f = 0; metrics && f < METRIC_COUNT; f++) {
		struct family *family = &metrics->families[f];
		for (size_t i = 0; i < family->count; i++) {
			series_release(&family->series[i]);
		}
		free(family->series);
	}
	free(metrics);
}

void metrics_freep(struct metrics **metrics)
{
	metrics_free(*metrics);
	*metrics = NULL;
}

static size_t label_count(const struct metric_family *kind)
{
	size_t count = 0;
	while (kind->labels[count]) {
		count++;
	}
	return count;
}

static size_t bucket_count(const struct metric_family *kind)
{
	size_t count = 0;
	while (kind->buckets && kind->buckets[count] > 0) {
		count++;
	}
	return count;
}

/* The values as one text, each with the separator behind it. */
static char *make_key(const struct metric_family *kind, const char *const *labels)
{
	CLEANUP(buf_release) struct buf key = BUF_INIT(LIMIT_KIB(64));
	size_t given = 0;
	for (; labels && labels[given]; given++) {
		CLEANUP(text_freep) char *cut = text_printf("%.*s", (int)VALUE_BYTES, labels[given]);
		CLEANUP(text_freep) char *value = utf8_repair(cut);
		for (char *c = value; *c; c++) {
			*c = *c == SEPARATOR ? '?' : *c;
		}
		(void)buf_printf(&key, "%s%c", value, SEPARATOR);
	}
	assert(given == label_count(kind));
	return buf_detach(&key);
}

/* The bytes of the key's first `keys` values. */
static size_t key_length(const char *key, size_t keys)
{
	const char *end = key;
	for (; keys; keys--) {
		end = strchr(end, SEPARATOR) + 1;
	}
	return (size_t)(end - key);
}

static int compare(const struct metric_family *kind, const char *a, const char *b)
{
	if (!kind->keys) {
		return strcmp(a, b);
	}
	size_t n = key_length(a, kind->keys);
	size_t m = key_length(b, kind->keys);
	int order = memcmp(a, b, n < m ? n : m);
	return order ? order : (n > m) - (n < m);
}

/* Where the key is, or belongs. */
static size_t place(const struct metric_family *kind, const struct family *family, const char *key, bool *found)
{
	size_t low = 0;
	size_t high = family->count;
	*found = false;
	while (low < high && !*found) {
		size_t middle = low + (high - low) / 2;
		int order = compare(kind, family->series[middle].key, key);
		*found = order == 0;
		if (order < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return *found ? high : low;
}

static struct series *insert(const struct metric_family *kind, struct family *family, size_t at, char *key)
{
	if (family->count == family->cap) {
		family->cap = family->cap ? 2 * family->cap : 4;
		family->series = alloc_grow(family->series, family->cap, sizeof *family->series);
	}
	struct series *series = &family->series[at];
	memmove(series + 1, series, (family->count - at) * sizeof *series);
	family->count++;
	*series = (struct series){ .key = key };
	if (kind->type == METRIC_HISTOGRAM) {
		series->counts = alloc_new(bucket_count(kind) + 1, sizeof *series->counts);
	}
	return series;
}

/* The series, made where it is missing; NULL where the family is full. */
static struct series *series_of(struct metrics *metrics, enum metric metric, const char *const *labels)
{
	const struct metric_family *kind = metric_family(metric);
	struct family *family = &metrics->families[metric];
	CLEANUP(text_freep) char *key = make_key(kind, labels);
	bool found = false;
	size_t at = place(kind, family, key, &found);
	if (!found && family->count >= LIMIT_METRIC_SERIES) {
		metrics->families[METRIC_DROPPED].series[0].value++;
		return NULL;
	}
	struct series *series = found ? &family->series[at] : insert(kind, family, at, TAKE(key));
	if (found && strcmp(series->key, key) != 0) {
		free(series->key);
		series->key = TAKE(key);
	}
	return series;
}

void metrics_set(struct metrics *metrics, enum metric metric, const char *const *labels, double value)
{
	assert(metric_family(metric)->type == METRIC_GAUGE);
	struct series *series = series_of(metrics, metric, labels);
	if (series) {
		series->value = value;
	}
}

void metrics_add(struct metrics *metrics, enum metric metric, const char *const *labels, double value)
{
	assert(metric_family(metric)->type == METRIC_COUNTER && value >= 0);
	struct series *series = series_of(metrics, metric, labels);
	if (series) {
		series->value += value;
	}
}

void metrics_observe(struct metrics *metrics, enum metric metric, const char *const *labels, double value)
{
	const struct metric_family *kind = metric_family(metric);
	assert(kind->type == METRIC_HISTOGRAM);
	struct series *series = series_of(metrics, metric, labels);
	if (series) {
		size_t at = 0;
		while (kind->buckets[at] > 0 && value > kind->buckets[at]) {
			at++;
		}
		series->counts[at]++;
		series->value += value;
	}
}

static bool is_of_sync(const struct metric_family *kind)
{
	return kind->labels[0] && strcmp(kind->labels[0], "namespace") == 0;
}

void metrics_forget_sync(struct metrics *metrics, const char *ns, const char *name)
{
	CLEANUP(text_freep) char *key = text_printf("%s%c%s%c", ns, SEPARATOR, name, SEPARATOR);
	for (size_t f = 0; f < METRIC_COUNT; f++) {
		struct family *family = &metrics->families[f];
		size_t kept = 0;
		for (size_t i = 0; i < family->count; i++) {
			bool gone = is_of_sync(metric_family((enum metric)f)) && strncmp(family->series[i].key, key, strlen(key)) == 0;
			if (gone) {
				series_release(&family->series[i]);
			} else {
				family->series[kept++] = family->series[i];
			}
		}
		family->count = kept;
	}
}

/* One label's value, which ends at the separator; returns what is behind it. */
static const char *put_value(struct buf *out, const char *value)
{
	for (; *value != SEPARATOR; value++) {
		if (*value == '\\' || *value == '"') {
			(void)buf_putc(out, '\\');
		}
		(void)(*value == '\n' ? buf_puts(out, "\\n") : buf_putc(out, *value));
	}
	return value + 1;
}

/* NAME{LABEL="VALUE",...,le="BOUND"} and a space; `le` NULL for none. */
static void put_name(struct buf *out, const struct metric_family *kind, const char *suffix, const char *key, const char *le)
{
	(void)buf_printf(out, "%s%s", kind->name, suffix);
	const char *between = "{";
	for (size_t i = 0; kind->labels[i]; i++) {
		(void)buf_printf(out, "%s%s=\"", between, kind->labels[i]);
		key = put_value(out, key);
		(void)buf_putc(out, '"');
		between = ",";
	}
	if (le) {
		(void)buf_printf(out, "%sle=\"%s\"", between, le);
		between = ",";
	}
	(void)buf_puts(out, *between == ',' ? "} " : " ");
}

static void put_histogram(struct buf *out, const struct metric_family *kind, const struct series *series)
{
	uint64_t sum = 0;
	for (size_t i = 0; i <= bucket_count(kind); i++) {
		char bound[32] = "+Inf";
		if (kind->buckets[i] > 0) {
			(void)snprintf(bound, sizeof bound, "%g", kind->buckets[i]);
		}
		sum += series->counts[i];
		put_name(out, kind, "_bucket", series->key, bound);
		(void)buf_printf(out, "%llu\n", (unsigned long long)sum);
	}
	put_name(out, kind, "_sum", series->key, NULL);
	(void)buf_printf(out, "%.17g\n", series->value);
	put_name(out, kind, "_count", series->key, NULL);
	(void)buf_printf(out, "%llu\n", (unsigned long long)sum);
}

bool metric_write_head(const char *name, const char *help, enum metric_type type, struct buf *out)
{
	static const char *const types[] = { "gauge", "counter", "histogram" };
	return buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, types[type]);
}

/* A piece that is left out would make other text of the rest: what has no room is not begun. */
static bool has_room(const struct buf *out)
{
	return out->max - out->len > SERIES_BYTES;
}

static bool put_family(struct buf *out, const struct metric_family *kind, const struct family *family)
{
	if (!family->count || !has_room(out)) {
		return !family->count;
	}
	(void)metric_write_head(kind->name, kind->help, kind->type, out);
	for (size_t i = 0; i < family->count; i++) {
		const struct series *series = &family->series[i];
		if (!has_room(out)) {
			return false;
		}
		if (kind->type == METRIC_HISTOGRAM) {
			put_histogram(out, kind, series);
		} else {
			put_name(out, kind, "", series->key, NULL);
			(void)buf_printf(out, "%.17g\n", series->value);
		}
	}
	return true;
}

bool metrics_write(struct metrics *metrics, struct buf *out)
{
	bool fits = true;
	for (size_t f = 0; fits && f < METRIC_COUNT; f++) {
		fits = put_family(out, metric_family((enum metric)f), &metrics->families[f]);
	}
	return fits && has_room(out) && metrics_write_process(out);
}
