/*
 * How the ledger's records are written and read: ControllerRevisions of apps/v1 whose `data` is a JSON object with a "format".
 * Pure functions. Fields that are not known are ignored, so that a format can grow; one that cannot be read by this version
 * has a higher number (safety rule 27).
 */
#ifndef SYNC_RECORD_H
#define SYNC_RECORD_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync/ledger.h"

enum { RECORD_FORMAT = 1 };

#define NOTE_VERIFIED_AT "plumb.dev/verified-at"

enum record_kind { RECORD_INTENT, RECORD_OUTCOME, RECORD_REVISIONS, RECORD_KINDS, RECORD_INVENTORY = RECORD_KINDS };

/* The value of LABEL_RECORD, also the end of the name. */
const char *record_kind_text(enum record_kind kind);

/* RECORD_INTENT to RECORD_REVISIONS by their label; false for others. */
bool record_kind_of(const char *text, enum record_kind *out);

/* Names: "plumb-NAME" of anchor and lease, "plumb-NAME-7-intent", "plumb-NAME-inv-DIGEST". free() them. */
char *record_anchor_name(const char *sync);
char *record_name(const char *sync, int64_t number, enum record_kind kind);
char *record_inventory_name(const char *sync, const void *bytes, size_t len);
char *record_part_name(const char *inventory, size_t part, size_t parts);

/* The controller of records (safety rule 22): a Sync, or the anchor. Borrowed. */
struct record_owner {
	const char *api_version;
	const char *kind;
	const char *name;
	const char *uid;
};

/* What to POST, `data` is taken over; cJSON_Delete it. */
struct record_place {
	const char *ns;
	const char *sync;
	const char *name; /* of the record */
	enum record_kind kind;
	int64_t number; /* 1 for inventories: the API wants one */
	struct record_owner owner;
};

cJSON *record_object(const struct record_place *place, cJSON *data);

/* The `data` of each kind. `inventory` (see delta.h) is taken over. */
cJSON *record_intent(const struct ledger_sync *sync, const char *writer, cJSON *inventory);
cJSON *record_outcome(const struct ledger_sync *sync, const char *writer, cJSON *inventory);
cJSON *record_revisions(const struct ledger_sync *sync, const char *writer);

/* Fill in what the data says; false where it makes no sense, and `sync` is as before. */
bool record_read_intent(const cJSON *data, struct ledger_sync *sync) MUST_CHECK;
bool record_read_outcome(const cJSON *data, struct ledger_sync *sync) MUST_CHECK;
bool record_read_revisions(const cJSON *data, struct ledger_sync *sync) MUST_CHECK;

/* One line of at most 1024 bytes of good UTF-8 without control characters, for what people write. free() it. */
char *record_line(const char *text);

/* Deep copies. */
struct ledger_revision record_revision_dup(const struct ledger_revision *revision);

/* Replaces the revisions of a sync by a deep copy of these, and tells by them whether any is pending. */
void record_set_revisions(struct ledger_sync *sync, const struct ledger_revision *revisions, size_t count);

/* Number, hash and ReplicaSet are known. */
bool record_revision_known(const struct ledger_revision *revision);

#endif
