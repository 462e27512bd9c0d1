/*
 * Paths as Go's filepath has them.
 */
#ifndef RENDER_KUSTOMIZE_PATH_H
#define RENDER_KUSTOMIZE_PATH_H

#include "render/base/arena.h"

/* filepath.Join: "." and ".." resolved as far as the text tells, "" where both are empty. */
char *path_join(struct arena *arena, const char *a, const char *b);

#endif
