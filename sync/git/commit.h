/*
 * A commit as it may be shown: text that anybody may have written becomes valid UTF-8 without anything that moves the
 * cursor or the reading direction.
 */
#ifndef SYNC_GIT_COMMIT_H
#define SYNC_GIT_COMMIT_H

#include <git2.h>

#include "sync/git/repo.h"

void commit_read(git_commit *commit, struct repo_commit *out);

/* free() it. At most `max` bytes, ending at the first line break. */
char *commit_clean(const char *text, size_t max);

#endif
