/*
 * What the files of sync/git know of a repo and nobody else does.
 */
#ifndef SYNC_GIT_REPO_INSIDE_H
#define SYNC_GIT_REPO_INSIDE_H

#include "sync/git/remote.h"
#include "sync/git/repo.h"
#include "sync/git/store.h"
#include "sync/git/url.h"

struct repo {
	struct repo_source source;
	struct url url;
	struct store store;
	struct remote *remote; /* made by the first fetch */
};

/* The commit with this full id; ERR_NOT_FOUND when the store does not have it. */
git_commit *repo_lookup(struct repo *repo, const char *commit, struct err *err) MUST_CHECK;

/* libgit_err after reading an object failed; condemns the store where it is to blame. */
bool repo_read_failed(struct repo *repo, struct err *err, const char *what, const char *name);

#endif
