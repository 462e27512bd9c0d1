/*
 * Bytes small enough for a record: zlib, and base64 for JSON. What is read is never trusted to be what was written.
 */
#ifndef SYNC_PACK_H
#define SYNC_PACK_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "render/base/buf.h"
#include "render/base/err.h"

/* false over the buffer's maximum. */
bool pack_zip(const void *bytes, size_t len, struct buf *out) MUST_CHECK;

/* ERR_INPUT where the bytes are damaged, cut off, or more than `out` may hold. */
bool pack_unzip(const void *bytes, size_t len, struct buf *out, struct err *err) MUST_CHECK;

/* Unzips and parses JSON of at most LIMIT_INVENTORY_BYTES and LIMIT_NODES values; cJSON_Delete the result. */
cJSON *pack_unzip_doc(const void *bytes, size_t len, struct err *err) MUST_CHECK;

/* free() it. */
char *pack_base64(const void *bytes, size_t len);

/* Adds the bytes to `out`; false where the text is no base64, or over the buffer's maximum. */
bool pack_unbase64(const char *text, struct buf *out) MUST_CHECK;

#endif
