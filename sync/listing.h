/*
 * Walks the items of a list in the API server's JSON without parsing it whole: {"kind": ..., "metadata": {...}, "items": [...]}.
 * The text must live as long as the listing.
 */
#ifndef SYNC_LISTING_H
#define SYNC_LISTING_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "render/base/err.h"

struct listing {
	const char *at; /* the next item, or ']' */
	const char *end;
	cJSON *metadata; /* the list's own; NULL if none */
};

/* false where it is no mapping with a list of items. */
bool listing_open(struct listing *listing, const char *text, size_t len, struct err *err) MUST_CHECK;
void listing_release(struct listing *listing);

/* The next item, cJSON_Delete it. NULL at the end, and with err where it is not JSON. */
cJSON *listing_next(struct listing *listing, struct err *err) MUST_CHECK;

#endif
