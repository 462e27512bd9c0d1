#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "agent/metrics.h"
#include "render/base/macros.h"

/* Whether the path names one object: .../namespaces/NS/PLURAL/NAME has an even number of segments behind the version. */
static bool names_one(const char *path)
{
	size_t skip = strncmp(path, "/api/", 5) == 0 ? 2 : strncmp(path, "/apis/", 6) == 0 ? 3 : 0;
	size_t segments = 0;
	for (const char *c = path; *c && *c != '?'; c++) {
		segments += *c == '/' && c[1] && c[1] != '?';
	}
	/* Discovery, or /version: what is got there is one thing. */
	if (!skip || segments <= skip) {
		return true;
	}
	size_t behind = segments - skip;
	const char *namespaced = strstr(path, "/namespaces/");
	return namespaced && behind > 2 ? behind >= 4 : behind >= 2;
}

static const char *verb_of(const char *method, const char *path)
{
	if (path && strcmp(method, "GET") == 0) {
		const char *query = strchr(path, '?');
		bool watch = query && (strstr(query, "?watch=1") || strstr(query, "&watch=1") || strstr(query, "watch=true"));
		return watch ? "WATCH" : names_one(path) ? "GET" : "LIST";
	}
	static const char *const known[] = { "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "LIST", "WATCH" };
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (strcasecmp(known[i], method) == 0) {
			return known[i];
		}
	}
	return "OTHER";
}

void metrics_api(struct metrics *metrics, const char *method, const char *path, int status, double seconds)
{
	const char *verb = verb_of(method, path);
	char code[8] = "none";
	if (status >= 100 && status < 600) {
		(void)snprintf(code, sizeof code, "%d", status);
	}
	metrics_add(metrics, METRIC_API_REQUESTS, LABELS(verb, code), 1);
	if (seconds >= 0 && strcmp(verb, "WATCH") != 0) {
		metrics_observe(metrics, METRIC_API_SECONDS, LABELS(verb), seconds);
	}
}
