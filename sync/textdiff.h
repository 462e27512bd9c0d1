/*
 * A unified diff of two texts, as `diff -u -N` writes it: three lines of context.
 */
#ifndef SYNC_TEXTDIFF_H
#define SYNC_TEXTDIFF_H

#include <stdbool.h>

#include "render/base/buf.h"

/*
 * Appends "--- name_before", "+++ name_after" and the hunks; nothing where the texts are equal. NULL is a text that is not
 * there, and reads as empty. false when it does not fit into the buffer, which then may hold a part.
 */
bool textdiff(const char *name_before, const char *before, const char *name_after, const char *after, struct buf *out) MUST_CHECK;

#endif
