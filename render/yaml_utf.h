/*
 * UTF-8, and what is not: manifests in UTF-16 with a byte order mark, as Windows' PowerShell writes them and kubectl takes
 * them; and JSON's pairs of escapes.
 */
#ifndef RENDER_YAML_UTF_H
#define RENDER_YAML_UTF_H

#include <stdbool.h>
#include <stddef.h>

#include "render/base/buf.h"

/* Bytes up to the NUL, or up to the first that is not UTF-8. */
size_t utf8_length(const char *text);

/* A copy in which each byte that is not UTF-8 became U+FFFD; free() it. */
char *utf8_repair(const char *text);

/* True when the text starts with a mark of UTF-16. */
bool utf16_is(const char *text, size_t len);

/* Appends it as UTF-8. What is no character comes out as bytes that are not UTF-8, for the reader to refuse. */
void utf16_decode(const char *text, size_t len, struct buf *out);

/* Appends JSON text with each pair "\ud83d\ude00" as YAML writes it, "\U0001F600". The text does not become longer. */
void json_join_pairs(const char *text, size_t len, struct buf *out);

#endif
