/*
 * The inventory of a record: a base, which is a record of its own that many share, and the rows that differ from it. The rows
 * are cumulative against the base, so that reading takes one base and one delta, whatever the number of syncs in between.
 *
 *   {"base": "plumb-NAME-inv-DIGEST", "parts": 1, "set": [ROW...], "gone": [{kind, name, ...}...]}
 */
#ifndef SYNC_DELTA_H
#define SYNC_DELTA_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "render/base/err.h"
#include "sync/inventory.h"

/* Name and count of the base's records; name NULL for an empty base. */
struct delta_base {
	char *name;
	size_t parts;
};

/* Rows that differ, tombstones counted. */
size_t delta_count(const struct inventory *base, const struct inventory *now);

/* As above; cJSON_Delete it. */
cJSON *delta_doc(const struct delta_base *ref, const struct inventory *base, const struct inventory *now);

/* The base that a document names; false where that makes no sense. The name is the caller's. */
bool delta_ref(const cJSON *doc, struct delta_base *out) MUST_CHECK;

/* What the document says on top of the base; replaces what `out` held. ERR_INPUT where it is damaged. */
bool delta_apply(const cJSON *doc, const struct inventory *base, struct inventory *out, struct err *err) MUST_CHECK;

#endif
