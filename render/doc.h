/*
 * Reading and making document trees (cJSON). A path is '/'-separated keys, "metadata/labels"; a key that itself holds a
 * '/' is looked up with doc_get on its mapping. All look-ups are case-sensitive; NULL and values of another type than
 * asked for read as absent.
 */
#ifndef RENDER_DOC_H
#define RENDER_DOC_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "render/base/buf.h"
#include "render/base/err.h"

/* Borrowed; NULL where absent. */
cJSON *doc_get(const cJSON *mapping, const char *key);
cJSON *doc_at(const cJSON *doc, const char *path);

/* Borrowed text; NULL where absent or not a string. */
const char *doc_text(const cJSON *doc, const char *path);

/* The integer, or `otherwise` where absent or not a number. */
int64_t doc_int(const cJSON *doc, const char *path, int64_t otherwise);

/* True only where the value is the boolean true. */
bool doc_true(const cJSON *doc, const char *path);

/* The mapping at path, made where it is missing (a null or other value on the way is replaced). Borrowed. */
cJSON *doc_make(cJSON *doc, const char *path);

/* Sets a string member, replacing one of that name. */
void doc_set_text(cJSON *mapping, const char *key, const char *text);

/* Takes value over; replaces a member of that name. */
void doc_set(cJSON *mapping, const char *key, cJSON *value);

/* Removes the member where it is. */
void doc_remove(cJSON *mapping, const char *key);

/* Parses JSON text, whole; cJSON_Delete the result. NULL and err on failure. The text is never quoted in the error. */
cJSON *doc_parse(const char *text, size_t len, struct err *err) MUST_CHECK;

/* Compact JSON in the order of the tree. false over the buffer's maximum. */
bool doc_print(const cJSON *doc, struct buf *out) MUST_CHECK;

/* Compact JSON with the keys of every mapping in byte order: equal documents give equal bytes. */
bool doc_print_canonical(const cJSON *doc, struct buf *out) MUST_CHECK;

/* Equal values, whatever the order of keys. */
bool doc_equal(const cJSON *a, const cJSON *b);

/* For CLEANUP of a cJSON *. */
void doc_freep(cJSON **doc);

#endif
