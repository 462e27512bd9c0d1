/*
 * Git's smart HTTP on libcurl: one GET of the refs, then POSTs to the same place. TLS 1.2 and newer, always verified. The
 * GET may be redirected (to https, at most five times); what follows goes where it ended. Credentials go to the host that
 * the user named and to no other.
 *
 *     begin --> get refs --> read ... read --> post --> read ... read --> post ...
 *
 * A request is sent by the first read. 429 and 503 with a Retry-After are waited for and asked again, within the deadline.
 */
#ifndef SYNC_GIT_HTTP_H
#define SYNC_GIT_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "render/base/err.h"
#include "sync/git/repo.h"

struct http;

/* All borrowed. `address` is checked (sync/git/url.h). */
struct http *http_new(const struct repo_source *source, const char *address, const char *shown, struct err *err) MUST_CHECK;
void http_free(struct http *http);

/* Starts over at the user's address. The connection stays open for it. */
void http_begin(struct http *http, int64_t deadline);

/* Prepares the next request; what was not read of the last answer is dropped. */
void http_get_refs(struct http *http);
void http_post(struct http *http);

/* More of the body of the POST. */
bool http_write(struct http *http, const void *bytes, size_t len, struct err *err) MUST_CHECK;

/* Some bytes of the answer; *got 0 at its end. */
bool http_read(struct http *http, void *bytes, size_t len, size_t *got, struct err *err) MUST_CHECK;

#endif
