/*
 * The other side of a fetch: what refs it has, and the objects behind one of them. Each way of reaching a remote (the
 * objects of a repository on this machine, smart HTTP) is a table of functions; SSH will be another one.
 */
#ifndef SYNC_GIT_REMOTE_H
#define SYNC_GIT_REMOTE_H

#include <git2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "render/base/err.h"
#include "sync/git/repo.h"
#include "sync/git/store.h"

struct remote_ref {
	char *name;   /* "HEAD" or "refs/..." */
	char *target; /* the ref that a symbolic one stands for; NULL where it is none, or the remote does not say */
	git_oid id;   /* of the commit or tag */
};

/* In the remote's order. */
struct remote_refs {
	struct remote_ref *items;
	size_t count;
};

void remote_refs_add(struct remote_refs *refs, const char *name, const git_oid *id, const char *target);
void remote_refs_release(struct remote_refs *refs);

struct remote;

struct remote_ops {
	/* Connects, for all that follows until the next call. */
	bool (*list)(struct remote *remote, int64_t deadline, struct remote_refs *out, struct err *err);
	/* Brings all that `want` needs and the store lacks as one pack; NULL stands for all branches and tags. */
	bool (*download)(struct remote *remote, const struct remote_refs *refs, const struct remote_ref *want, struct err *err);
	void (*free)(struct remote *remote);
};

/* Implementations embed this first. */
struct remote {
	const struct remote_ops *ops;
};

/* Where and how a remote is reached; all borrowed for as long as the remote lives. */
struct remote_options {
	const struct repo_source *source;
	const char *address; /* as in struct url */
	const char *shown;
	struct store *store;
};

struct remote *remote_local_new(const struct remote_options *options, struct err *err) MUST_CHECK;
struct remote *remote_smart_new(const struct remote_options *options, struct err *err) MUST_CHECK;
void remote_free(struct remote *remote);

/* What a download keeps an eye on: time, and the store's size. */
struct remote_watch {
	int64_t deadline;
	uint64_t room; /* bytes that may still come */
	bool late;
	bool over;
};

struct remote_watch remote_watch_new(const struct store *store, int64_t deadline);

/* For git_indexer_progress_cb with the watch as payload: GIT_EUSER once time or room is up. */
int remote_watch_progress(const git_indexer_progress *stats, void *watch);

/* Sets the error when the watch is why a download ended; false when it is not. */
bool remote_watch_explains(const struct remote_watch *watch, const struct remote_options *options, struct err *err);

/*
 * The ref that the user means by `name` (NULL is HEAD), borrowed from `refs`. A branch goes before a tag of the same name,
 * with *warning set to static text. NULL and err otherwise, naming what is near.
 */
const struct remote_ref *remote_choose(const struct remote_refs *refs, const char *name, const char *shown, const char **warning,
                                       struct err *err) MUST_CHECK;

#endif
