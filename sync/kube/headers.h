/*
 * The response headers that the client acts on. `line` is one header line as it came, not terminated.
 */
#ifndef SYNC_KUBE_HEADERS_H
#define SYNC_KUBE_HEADERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "render/base/buf.h"

/* Where the value starts when this is the header `name` (lower case); its length without white space around it. */
bool header_is(const char *line, size_t len, const char *name, const char **value, size_t *value_len);

/* Milliseconds of a Retry-After value, seconds or an HTTP date; -1 where it is neither. `wall`: seconds since 1970. */
int64_t header_retry_after(const char *value, size_t len, int64_t wall);

/* Appends each text of a Warning value (RFC 7234, 5.5) and a NUL: unquoted, control characters as spaces. */
void header_warnings(const char *value, size_t len, struct buf *out);

#endif
