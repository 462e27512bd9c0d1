/*
 * What a failed request means for the user: what to give, what to fix, or that it is worth another try.
 */
#ifndef SYNC_GIT_HTTP_ERROR_H
#define SYNC_GIT_HTTP_ERROR_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "render/base/err.h"
#include "sync/git/repo.h"

struct http_outcome {
	const struct repo_source *source;
	const char *shown;
	bool trusted; /* credentials, where there are any, were sent */
	long status;  /* 200 when only the content type was wrong */
	int64_t wait; /* Retry-After in seconds, 0 where it is not given */
};

/* Both return false. `reason` is curl's error buffer. */
bool http_error_of_status(const struct http_outcome *outcome, struct err *err);
bool http_error_of_curl(const char *shown, CURLcode code, const char *reason, struct err *err);

#endif
