/*
 * A tree of files that notes whether anything outside of one directory of it was asked for: only then does what is rendered
 * depend on more than that directory's own tree id. (Links that lead out are another matter: repo_tree_links.)
 */
#ifndef SYNC_FILES_WITHIN_H
#define SYNC_FILES_WITHIN_H

#include <stdbool.h>

#include "render/files.h"

/* Borrows `files`; `dir` is "" for the root. *outside becomes true once something outside is asked for. */
struct files *files_within_new(struct files *files, const char *dir, bool *outside);

#endif
