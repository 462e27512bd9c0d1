/*
 * UTF-8 as Go's unicode/utf8 reads it.
 */
#ifndef RENDER_KUSTOMIZE_RUNE_H
#define RENDER_KUSTOMIZE_RUNE_H

#include <stdbool.h>
#include <stddef.h>

#include "render/base/arena.h"
#include "render/kustomize/text.h"

/* The next character and how many bytes it has; 0 where they are not UTF-8. `len` is not 0. */
size_t rune_next(const char *text, size_t len, unsigned *rune);

bool rune_all_valid(const char *text, size_t len);

/* unicode.IsSpace. */
bool rune_is_space(unsigned rune);

/* strings.TrimSpace: a part of the text; of a whole one, a copy. */
struct text rune_trim(const char *text, size_t len);
const char *rune_trimmed(struct arena *arena, const char *text);

#endif
