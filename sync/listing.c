#include "sync/listing.h"

#include <string.h>

#include "render/doc.h"

static const char *skip_space(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')) {
		at++;
	}
	return at;
}

/* Behind the string that begins at `at`; end where it has no end. */
static const char *skip_string(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++) {
		if (*at == '\\') {
			at++;
		}
	}
	return at < end ? at + 1 : end;
}

/* Behind the value that begins at `at`, as far as brackets and quotes tell: what is in it is for the parser to judge. */
static const char *skip_value(const char *at, const char *end)
{
	size_t depth = 0;
	while (at < end) {
		char c = *at;
		if (c == '"') {
			at = skip_string(at, end);
		} else if (c == '{' || c == '[') {
			depth++;
			at++;
		} else if (c == '}' || c == ']' || (c == ',' && !depth)) {
			if (!depth) {
				return at;
			}
			depth -= c != ',';
			at++;
		} else {
			at++;
			continue;
		}
		if (!depth) {
			return at;
		}
	}
	return end;
}

static bool is_key(const char *at, const char *end, const char *quoted)
{
	size_t len = strlen(quoted);
	return (size_t)(end - at) == len && memcmp(at, quoted, len) == 0;
}

static bool broken(struct err *err)
{
	return err_set(err, ERR_TRANSIENT, "the server's list is not JSON as expected");
}

/* Steps to the value of the next member: *key and *key_end are its name with quotes. */
static const char *next_member(const char *at, const char *end, const char **key, const char **key_end)
{
	at = skip_space(at, end);
	if (at == end || *at != '"') {
		return NULL;
	}
	*key = at;
	*key_end = skip_string(at, end);
	at = skip_space(*key_end, end);
	return at < end && *at == ':' ? skip_space(at + 1, end) : NULL;
}

static bool take_member(struct listing *listing, const char *key, const char *key_end, const char *value, const char *after,
                        struct err *err)
{
	if (is_key(key, key_end, "\"metadata\"")) {
		cJSON_Delete(listing->metadata);
		listing->metadata = doc_parse(value, (size_t)(after - value), err);
		return listing->metadata != NULL;
	}
	if (is_key(key, key_end, "\"items\"") && *value == '[') {
		listing->at = value + 1;
	} else if (is_key(key, key_end, "\"items\"") && is_key(value, after, "null")) {
		/* A list of metadata that has nothing. */
		static const char nothing[] = "]";
		listing->at = nothing;
		listing->end = nothing + 1;
	}
	return true;
}

bool listing_open(struct listing *listing, const char *text, size_t len, struct err *err)
{
	const char *end = text + len;
	const char *at = skip_space(text, end);
	*listing = (struct listing){ .end = end };
	char before = '{';
	while (at < end && *at == before) {
		const char *key = NULL;
		const char *key_end = NULL;
		const char *value = next_member(at + 1, end, &key, &key_end);
		const char *after = value ? skip_value(value, end) : NULL;
		if (!after || after == value || !take_member(listing, key, key_end, value, after, err)) {
			break;
		}
		at = skip_space(after, end);
		before = ',';
	}
	if (at == end || *at != '}' || !listing->at) {
		listing_release(listing);
		return broken(err);
	}
	return true;
}

void listing_release(struct listing *listing)
{
	cJSON_Delete(listing->metadata);
	*listing = (struct listing){ 0 };
}

cJSON *listing_next(struct listing *listing, struct err *err)
{
	const char *at = skip_space(listing->at, listing->end);
	if (at < listing->end && *at == ']') {
		return NULL;
	}
	/* The parser finds the end by itself. */
	const char *after = NULL;
	cJSON *item = cJSON_ParseWithLengthOpts(at, (size_t)(listing->end - at), &after, false);
	if (!item) {
		(void)broken(err);
		return NULL;
	}
	after = skip_space(after, listing->end);
	listing->at = after < listing->end && *after == ',' ? after + 1 : after;
	return item;
}
