/*
 * Which certificates a Git server is judged by, and the one that is shown to it.
 */
#ifndef SYNC_GIT_HTTP_TLS_H
#define SYNC_GIT_HTTP_TLS_H

#include <curl/curl.h>

#include "render/base/buf.h"
#include "sync/git/repo.h"

/* Reads what the source names into `ca`; nothing where it names none. */
bool http_tls_read(const struct repo_source *source, struct buf *ca, struct err *err) MUST_CHECK;

/* TLS 1.2 at least, verified always. `ca` has to live as long as the handle. */
void http_tls_set(CURL *easy, const struct repo_source *source, const struct buf *ca);

#endif
