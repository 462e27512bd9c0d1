/*
 * What a sync has made: one row an object. Rows are hints, never authority (safety rule 25): what is deleted must prove by
 * itself that it is ours (rule 16).
 */
#ifndef SYNC_INVENTORY_H
#define SYNC_INVENTORY_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "render/base/buf.h"
#include "render/base/err.h"
#include "render/base/map.h"
#include "render/object.h"

struct inventory_row {
	struct ident id;
	char *version;         /* last applied as */
	char *uid;             /* "" as long as it is not known to exist */
	int64_t generation;    /* after our last apply; 0 unknown or the kind has none */
	char *template_hash;   /* Deployments: digest of the server's pod template after our last apply; NULL unknown */
	char *template_commit; /* Deployments: the commit that made that template; NULL none (adopted) */
	char *once;            /* Jobs and plumb.dev/heal: once: digest of what was applied; NULL for others */
	bool kept;             /* no longer in Git, not pruned yet */
};

void inventory_row_free(struct inventory_row *row);
struct inventory_row *inventory_row_dup(const struct inventory_row *row);
bool inventory_row_equal(const struct inventory_row *a, const struct inventory_row *b);

/*
 * A row as it is recorded, and back (NULL where kind or name is missing; fields that are not known are ignored). Nothing that
 * derives from a Secret's data is written, whatever the row holds (safety rule 25).
 */
cJSON *inventory_row_doc(const struct inventory_row *row) MUST_CHECK;
struct inventory_row *inventory_row_of(const cJSON *doc) MUST_CHECK;

struct inventory {
	struct inventory_row **rows; /* removed ones are gone; order is that of insertion */
	size_t count;
	size_t cap;
	struct map by_key; /* ident_key -> row */
};

#define INVENTORY_INIT ((struct inventory){ 0 })

void inventory_release(struct inventory *inventory);

/* Deep; what `to` held is released. */
void inventory_copy(const struct inventory *from, struct inventory *to);

/* Borrowed; NULL if none. */
struct inventory_row *inventory_find(const struct inventory *inventory, const struct ident *id);

/* Takes the row over, replacing one of the same identity. */
void inventory_take(struct inventory *inventory, struct inventory_row *row);
void inventory_remove(struct inventory *inventory, const struct ident *id);

/*
 * All rows in one piece of memory, without JSON, and back: for what is kept at rest, where a thousand rows with their texts would
 * lie in pieces between what is freed. Both replace what `out` held. Not for records: the format is this program's own.
 */
void inventory_flatten(const struct inventory *inventory, struct buf *out);
void inventory_unflatten(const struct buf *flat, struct inventory *out);

/*
 * Rows as compact JSON with a format version, sorted by identity, zlib-compressed. Equal inventories give equal bytes. false
 * over the buffer's maximum.
 */
bool inventory_pack(const struct inventory *inventory, struct buf *out) MUST_CHECK;

/*
 * Replaces what `out` held. An unknown newer format: ERR_LIMIT, and then nothing may be pruned (safety rule 27); damaged or
 * oversized input: ERR_INPUT.
 */
bool inventory_unpack(const void *bytes, size_t len, struct inventory *out, struct err *err) MUST_CHECK;

#endif
