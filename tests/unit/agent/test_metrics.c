#include <check.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/metrics.h"
#include "agent/metrics_impl.h"
#include "agent/version.h"
#include "render/base/limits.h"
#include "render/base/map.h"

static struct metrics *metrics;
static struct buf text;

static void set_up(void)
{
	metrics = metrics_new();
	text = BUF_INIT(LIMIT_METRICS_BYTES);
}

static void tear_down(void)
{
	metrics_free(metrics);
	buf_release(&text);
}

static const char *written(void)
{
	buf_reset(&text);
	ck_assert(metrics_write(metrics, &text));
	return buf_text(&text);
}

/* Whether the text has this line. */
static bool says(const char *line)
{
	CLEANUP(text_freep) char *whole = text_printf("\n%s\n", line);
	return strstr(written(), whole) != NULL;
}

/* --- the grammar of the exposition format, line by line ------------------------------------------------------------- */

#define NAME "[a-z][a-z0-9_]*"
#define LABEL NAME "=\"([^\"\\\\]|\\\\[\\\\\"n])*\""

static bool matches(const char *pattern, const char *line)
{
	regex_t regex;
	ck_assert_int_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	bool found = regexec(&regex, line, 0, NULL, 0) == 0;
	regfree(&regex);
	return found;
}

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name);
	size_t m = strlen(end);
	return n >= m && strcmp(name + n - m, end) == 0;
}

/* What is known of the family whose lines are being read. */
struct reader {
	struct map families; /* that were begun */
	struct map series;   /* names with labels that were seen */
	char name[128];
	char type[16];
	double bound;  /* the last bucket of a histogram, */
	double bucket; /* and its count */
};

static void read_type(struct reader *reader, const char *line)
{
	ck_assert_int_eq(sscanf(line, "# TYPE %127s %15s", reader->name, reader->type), 2);
	ck_assert_msg(!map_has(&reader->families, reader->name), "%s twice", reader->name);
	(void)map_set(&reader->families, reader->name, reader);
	ck_assert_msg(strcmp(reader->type, "counter") != 0 || ends_with(reader->name, "_total"), "%s", reader->name);
	ck_assert_msg(strcmp(reader->type, "counter") == 0 || !ends_with(reader->name, "_total"), "%s", reader->name);
	ck_assert_msg(strncmp(reader->name, "plumb_", 6) == 0 || strncmp(reader->name, "process_", 8) == 0, "%s", reader->name);
}

/* Buckets come in rising order, each with what is in those before it; the count is the last. */
static void read_bucket(struct reader *reader, const char *line, double value)
{
	const char *bound = strstr(line, "le=\"");
	if (bound) {
		double le = strtod(bound + 4, NULL);
		bool first = le <= reader->bound;
		ck_assert_msg(first || value >= reader->bucket, "fewer than in the bucket before: %s", line);
		reader->bound = le;
		reader->bucket = value;
	} else if (strstr(line, "_count")) {
		ck_assert_msg(value == reader->bucket, "the last bucket is not the count: %s", line);
	}
}

static void read_sample(struct reader *reader, const char *line)
{
	ck_assert_msg(matches("^" NAME "(\\{" LABEL "(," LABEL ")*\\})? [-+0-9.e]+$", line), "no sample: %s", line);
	size_t key = strcspn(line, "}");
	key = line[key] ? key + 1 : strcspn(line, " ");
	CLEANUP(text_freep) char *series = text_dup_len(line, key);
	ck_assert_msg(!map_has(&reader->series, series), "%s twice", series);
	(void)map_set(&reader->series, series, reader);
	size_t name = strcspn(line, "{ ");
	ck_assert_msg(strncmp(line, reader->name, strlen(reader->name)) == 0, "%s among %s", line, reader->name);
	const char *suffix = line + strlen(reader->name);
	if (strcmp(reader->type, "histogram") == 0) {
		ck_assert_msg(matches("^(_bucket\\{.*le=\"|_sum|_count)", suffix), "no part of a histogram: %s", line);
		read_bucket(reader, line, strtod(line + key, NULL));
	} else {
		ck_assert_msg(strlen(reader->name) == name, "%s among %s", line, reader->name);
	}
}

/* Reads all of it; the number of samples. */
static size_t read_text(void)
{
	struct reader reader = { .families = MAP_INIT, .series = MAP_INIT };
	CLEANUP(text_freep) char *copy = text_dup(written());
	ck_assert(ends_with(copy, "\n"));
	char *rest = copy;
	char help[128] = "";
	for (char *line; (line = strsep(&rest, "\n")) && rest;) {
		if (strncmp(line, "# HELP ", 7) == 0) {
			ck_assert_msg(matches("^# HELP " NAME " [A-Z][^\\\\]+[^.]$", line), "%s", line);
			ck_assert_int_eq(sscanf(line, "# HELP %127s", help), 1);
		} else if (strncmp(line, "# TYPE ", 7) == 0) {
			ck_assert(matches("^# TYPE " NAME " (gauge|counter|histogram)$", line));
			read_type(&reader, line);
			ck_assert_str_eq(help, reader.name);
		} else {
			read_sample(&reader, line);
		}
	}
	size_t count = reader.series.count;
	map_release(&reader.families);
	map_release(&reader.series);
	return count;
}

/* One or two series of each family. */
static void fill(void)
{
	static const char *const values[] = { "shop", "web", "main", "4f2a91c", NULL };
	static const char *const others[] = { "shop", "db", "v1", "0", NULL };
	for (int m = 0; m < METRIC_COUNT; m++) {
		const struct metric_family *kind = metric_family((enum metric)m);
		size_t labels = 0;
		while (kind->labels[labels]) {
			labels++;
		}
		for (int n = 0; n < (labels ? 2 : 1); n++) {
			const char *const *set = (n ? others : values) + (labels ? 0 : 4);
			const char *given[METRIC_LABELS_MAX + 1] = { NULL };
			for (size_t i = 0; i < labels; i++) {
				given[i] = set[i];
			}
			if (kind->type == METRIC_GAUGE) {
				metrics_set(metrics, (enum metric)m, given, 1.5);
			} else if (kind->type == METRIC_COUNTER) {
				metrics_add(metrics, (enum metric)m, given, 2);
			} else {
				metrics_observe(metrics, (enum metric)m, given, 0.3);
				metrics_observe(metrics, (enum metric)m, given, 1e6);
			}
		}
	}
}

START_TEST(the_text_is_what_prometheus_reads)
{
	ck_assert_uint_gt(read_text(), 2);
	size_t before = read_text();
	fill();
	ck_assert_uint_gt(read_text(), before + METRIC_COUNT);
}
END_TEST

START_TEST(units_are_base_units_and_stand_in_the_name)
{
	for (int m = 0; m < METRIC_COUNT; m++) {
		const struct metric_family *kind = metric_family((enum metric)m);
		ck_assert_msg(!matches("milli|micro|minutes|hours|kib|mib|percent", kind->name), "%s", kind->name);
		if (kind->type == METRIC_HISTOGRAM) {
			ck_assert_msg(ends_with(kind->name, "_duration_seconds"), "%s", kind->name);
			for (size_t i = 1; kind->buckets[i] > 0; i++) {
				ck_assert(kind->buckets[i] > kind->buckets[i - 1]);
			}
		}
		for (size_t i = 0; kind->labels[i]; i++) {
			ck_assert(matches("^" NAME "$", kind->labels[i]));
			ck_assert_str_ne(kind->labels[i], "le");
			ck_assert_str_ne(kind->labels[i], "object");
		}
	}
}
END_TEST

START_TEST(values_and_labels_come_out_as_they_went_in)
{
	metrics_set(metrics, METRIC_LEADER, NULL, 1);
	metrics_set(metrics, METRIC_SYNC_READY, LABELS("shop", "web"), 1);
	metrics_set(metrics, METRIC_SYNC_READY, LABELS("shop", "db"), 0);
	metrics_set(metrics, METRIC_SYNC_APPLIED_TIME, LABELS("shop", "web"), 1700000000);
	metrics_add(metrics, METRIC_SYNC_DRIFT, LABELS("shop", "web"), 1);
	metrics_add(metrics, METRIC_SYNC_DRIFT, LABELS("shop", "web"), 2);
	ck_assert(says("plumb_leader 1"));
	ck_assert(says("plumb_sync_ready{namespace=\"shop\",name=\"web\"} 1"));
	ck_assert(says("plumb_sync_ready{namespace=\"shop\",name=\"db\"} 0"));
	ck_assert(says("plumb_sync_last_applied_timestamp_seconds{namespace=\"shop\",name=\"web\"} 1700000000"));
	ck_assert(says("plumb_sync_drift_total{namespace=\"shop\",name=\"web\"} 3"));
	CLEANUP(text_freep) char *build = text_printf("plumb_build_info{version=\"%s\"} 1", plumb_version());
	CLEANUP(text_freep) char *whole = text_printf("%s\n", build);
	ck_assert_ptr_ne(strstr(written(), whole), NULL);
	metrics_set(metrics, METRIC_LEADER, NULL, 0);
	ck_assert(says("plumb_leader 0"));
}
END_TEST

START_TEST(a_histogram_counts_up_to_its_bounds)
{
	metrics_observe(metrics, METRIC_RENDER_SECONDS, NULL, 0.25);
	metrics_observe(metrics, METRIC_RENDER_SECONDS, NULL, 0.26);
	metrics_observe(metrics, METRIC_RENDER_SECONDS, NULL, 99);
	ck_assert(says("plumb_render_duration_seconds_bucket{le=\"0.1\"} 0"));
	ck_assert(says("plumb_render_duration_seconds_bucket{le=\"0.25\"} 1"));
	ck_assert(says("plumb_render_duration_seconds_bucket{le=\"0.5\"} 2"));
	ck_assert(says("plumb_render_duration_seconds_bucket{le=\"30\"} 2"));
	ck_assert(says("plumb_render_duration_seconds_bucket{le=\"+Inf\"} 3"));
	ck_assert(says("plumb_render_duration_seconds_sum 99.510000000000005"));
	ck_assert(says("plumb_render_duration_seconds_count 3"));
}
END_TEST

START_TEST(labels_are_escaped_cut_and_made_utf8)
{
	char *longer = alloc_new(2000, 1);
	memset(longer, 'x', 1999);
	metrics_set(metrics, METRIC_SYNC_INFO, LABELS("a", "b", "q\"b\\s\nn\x1f!\xff", longer), 1);
	free(longer);
	ck_assert_ptr_ne(strstr(written(), "ref=\"q\\\"b\\\\s\\nn?!\xef\xbf\xbd\",commit=\"xxx"), NULL);
	ck_assert_uint_lt(text.len, 4000);
	(void)read_text();
}
END_TEST

START_TEST(another_commit_replaces_the_one_before)
{
	metrics_set(metrics, METRIC_SYNC_INFO, LABELS("shop", "web", "main", "aaa"), 1);
	metrics_set(metrics, METRIC_SYNC_INFO, LABELS("shop", "web2", "main", "aaa"), 1);
	metrics_set(metrics, METRIC_SYNC_INFO, LABELS("shop", "web", "main", "bbb"), 1);
	ck_assert(says("plumb_sync_info{namespace=\"shop\",name=\"web\",ref=\"main\",commit=\"bbb\"} 1"));
	ck_assert(says("plumb_sync_info{namespace=\"shop\",name=\"web2\",ref=\"main\",commit=\"aaa\"} 1"));
	ck_assert(!says("plumb_sync_info{namespace=\"shop\",name=\"web\",ref=\"main\",commit=\"aaa\"} 1"));
}
END_TEST

START_TEST(a_sync_that_is_gone_takes_its_series_along)
{
	fill();
	metrics_forget_sync(metrics, "shop", "web");
	ck_assert_ptr_eq(strstr(written(), "namespace=\"shop\",name=\"web\""), NULL);
	ck_assert_ptr_ne(strstr(written(), "namespace=\"shop\",name=\"db\""), NULL);
	/* Labels of other families may have the same values. */
	ck_assert_ptr_ne(strstr(written(), "plumb_api_requests_total{verb=\"shop\",code=\"web\"}"), NULL);
	(void)read_text();
}
END_TEST

START_TEST(a_family_takes_no_more_series_than_it_may)
{
	char name[32];
	for (size_t i = 0; i < LIMIT_METRIC_SERIES + 5; i++) {
		(void)snprintf(name, sizeof name, "s%05zu", i);
		metrics_set(metrics, METRIC_SYNC_READY, LABELS("shop", name), 1);
	}
	ck_assert(says("plumb_metrics_dropped_total 5"));
	ck_assert(says("plumb_sync_ready{namespace=\"shop\",name=\"s09999\"} 1"));
	ck_assert_ptr_eq(strstr(written(), "s10000"), NULL);
	/* One that is there is still set. */
	metrics_set(metrics, METRIC_SYNC_READY, LABELS("shop", "s00007"), 0);
	ck_assert(says("plumb_sync_ready{namespace=\"shop\",name=\"s00007\"} 0"));
}
END_TEST

START_TEST(text_that_does_not_fit_is_refused_whole)
{
	fill();
	struct buf small = BUF_INIT(LIMIT_KIB(130));
	ck_assert(!metrics_write(metrics, &small));
	buf_release(&small);
}
END_TEST

START_TEST(requests_are_counted_by_verb_and_code)
{
	static const struct {
		const char *method;
		const char *path;
		const char *verb;
	} table[] = {
		{ "GET", "/api/v1/namespaces/shop", "GET" },
		{ "GET", "/api/v1/namespaces", "LIST" },
		{ "GET", "/api/v1/namespaces/shop/pods?limit=5", "LIST" },
		{ "GET", "/api/v1/namespaces/shop/pods/x", "GET" },
		{ "GET", "/api/v1/nodes/x", "GET" },
		{ "GET", "/apis/apps/v1/deployments?labelSelector=a", "LIST" },
		{ "GET", "/apis/apps/v1/deployments?a=b&watch=1", "WATCH" },
		{ "GET", "/apis/apps/v1/deployments?watch=true&x", "WATCH" },
		{ "GET", "/apis/plumb.dev/v1alpha1/syncs", "LIST" },
		{ "GET", "/apis/apps/v1/namespaces/shop/deployments/web/scale", "GET" },
		{ "GET", "/apis/apps/v1", "GET" },
		{ "GET", "/apis", "GET" },
		{ "GET", "/version", "GET" },
		{ "PATCH", "/api/v1/namespaces/shop", "PATCH" },
		{ "POST", "/api/v1/namespaces", "POST" },
		{ "list", NULL, "LIST" },
		{ "watch", NULL, "WATCH" },
		{ "GET", NULL, "GET" },
		{ "BREW", "/", "OTHER" },
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		metrics_free(metrics);
		metrics = metrics_new();
		metrics_api(metrics, table[i].method, table[i].path, 200, 0.1);
		CLEANUP(text_freep) char *line = text_printf("plumb_api_requests_total{verb=\"%s\",code=\"200\"} 1", table[i].verb);
		ck_assert_msg(says(line), "%s %s is no %s", table[i].method, table[i].path ? table[i].path : "", table[i].verb);
	}
	metrics_api(metrics, "GET", "/version", 0, 30);
	metrics_api(metrics, "GET", "/version", 99999, 30);
	ck_assert(says("plumb_api_requests_total{verb=\"GET\",code=\"none\"} 2"));
	ck_assert(says("plumb_api_request_duration_seconds_count{verb=\"GET\"} 2"));
}
END_TEST

START_TEST(a_watch_has_no_duration)
{
	metrics_api(metrics, "GET", "/api/v1/pods?watch=1", 200, 300);
	metrics_api(metrics, "list", NULL, 200, -1);
	ck_assert_ptr_eq(strstr(written(), "plumb_api_request_duration_seconds"), NULL);
}
END_TEST

START_TEST(the_process_tells_its_memory_time_and_files)
{
	static const char *const names[] = { "process_resident_memory_bytes",
		                                 "process_virtual_memory_bytes",
		                                 "process_cpu_seconds_total",
		                                 "process_open_fds",
		                                 "process_max_fds",
		                                 "process_start_time_seconds" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		CLEANUP(text_freep) char *start = text_printf("\n%s ", names[i]);
		const char *line = strstr(written(), start);
		ck_assert_msg(line, "%s", names[i]);
		double value = strtod(line + strlen(start), NULL);
		ck_assert_msg(value > 0 || i == 2, "%s is %g", names[i], value);
		ck_assert_msg(i != 5 || (value > 1.6e9 && value < 1e10), "%s is %g", names[i], value);
		ck_assert_msg(i != 0 || (value > 5e5 && value < 1e10), "%s is %g", names[i], value);
	}
}
END_TEST

/* The text of a file of the repository. */
static char *document(const char *path)
{
	FILE *file = fopen(path, "re");
	ck_assert_ptr_ne(file, NULL);
	struct buf all = BUF_INIT(LIMIT_MIB(4));
	char chunk[4096];
	for (size_t n; (n = fread(chunk, 1, sizeof chunk, file)) > 0;) {
		ck_assert(buf_add(&all, chunk, n));
	}
	(void)fclose(file);
	return buf_detach(&all);
}

START_TEST(every_metric_is_in_the_manual_with_its_labels)
{
	CLEANUP(text_freep) char *manual = document("../docs/operations.md");
	for (int m = 0; m < METRIC_COUNT; m++) {
		const struct metric_family *kind = metric_family((enum metric)m);
		CLEANUP(text_freep) char *row = text_printf("\n| `%s` |", kind->name);
		const char *found = strstr(manual, row);
		ck_assert_msg(found, "docs/operations.md has no row of %s", kind->name);
		CLEANUP(text_freep) char *line = text_dup_len(found + 1, strcspn(found + 1, "\n"));
		for (size_t i = 0; kind->labels[i]; i++) {
			ck_assert_msg(strstr(line, kind->labels[i]), "docs/operations.md: %s has a label %s", kind->name, kind->labels[i]);
		}
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("metrics");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, the_text_is_what_prometheus_reads);
	tcase_add_test(tcase, units_are_base_units_and_stand_in_the_name);
	tcase_add_test(tcase, values_and_labels_come_out_as_they_went_in);
	tcase_add_test(tcase, a_histogram_counts_up_to_its_bounds);
	tcase_add_test(tcase, labels_are_escaped_cut_and_made_utf8);
	tcase_add_test(tcase, another_commit_replaces_the_one_before);
	tcase_add_test(tcase, a_sync_that_is_gone_takes_its_series_along);
	tcase_add_test(tcase, a_family_takes_no_more_series_than_it_may);
	tcase_add_test(tcase, text_that_does_not_fit_is_refused_whole);
	tcase_add_test(tcase, requests_are_counted_by_verb_and_code);
	tcase_add_test(tcase, a_watch_has_no_duration);
	tcase_add_test(tcase, the_process_tells_its_memory_time_and_files);
	tcase_add_test(tcase, every_metric_is_in_the_manual_with_its_labels);
	Suite *suite = suite_create("metrics");
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
