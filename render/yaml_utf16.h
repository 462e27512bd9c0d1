/*
 * Manifests in UTF-16 with a byte order mark, as Windows' PowerShell writes them; kubectl takes them too.
 */
#ifndef RENDER_YAML_UTF16_H
#define RENDER_YAML_UTF16_H

#include <stdbool.h>
#include <stddef.h>

#include "render/base/buf.h"

/* True when the text starts with a mark of UTF-16. */
bool utf16_is(const char *text, size_t len);

/* Appends it as UTF-8. What is no character comes out as bytes that are not UTF-8, for the reader to refuse. */
void utf16_decode(const char *text, size_t len, struct buf *out);

#endif
