/*
 * A Git repository as plumb sees it: a bare store on this machine that mirrors one remote. Nothing is checked out; trees
 * are read in the object database. One process has a store at a time (a lock file that the kernel frees).
 *
 * Remotes: paths and file:// (sync/git/local.c), https:// by plumb's own smart-HTTP transport on libcurl and OpenSSL
 * (http:// is refused but to a loopback address). The table of transports (sync/git/remote.h) is the seam for SSH.
 *
 * The process has to ignore SIGPIPE. The first repo_open sets libgit2's process-wide options.
 */
#ifndef SYNC_GIT_REPO_H
#define SYNC_GIT_REPO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "render/base/err.h"
#include "render/files.h"
#include "sync/secret.h"

/* Where it comes from and how to get in. Strings are borrowed for as long as the repo lives; NULL where not given. */
struct repo_source {
	const char *url;
	const char *ca_file;    /* PEM; the system's roots otherwise */
	const char *username;   /* basic authentication with `password` */
	struct secret password; /* borrowed */
	struct secret token;    /* borrowed; without a username sent as basic x-access-token, as GitHub and GitLab take it */
	const char *proxy;      /* else as curl reads https_proxy and no_proxy */
	struct secret ca;       /* borrowed PEM, in place of ca_file */
	struct secret cert;     /* borrowed PEM client certificate, with `key` */
	struct secret key;
	bool bearer; /* the token is sent as a bearer token */
	/* Not NULL: a server that asks to wait is not waited for; this becomes what it asks for, in milliseconds. */
	int64_t *retry_after;
};

struct repo_commit {
	char id[41];
	char *author; /* name, valid UTF-8, no control characters */
	char *email;
	char *subject;       /* first line, valid UTF-8, no control characters, at most 256 bytes */
	int64_t when;        /* committer time, seconds since 1970 */
	const char *warning; /* static text; set by repo_fetch where the ref means two things, else NULL */
};

void repo_commit_release(struct repo_commit *commit);

struct repo;

/*
 * Opens (or makes) the store for the source under `stores`, NULL for $XDG_CACHE_HOME/plumb or ~/.cache/plumb. The store's
 * directory is named by a digest of the URL. Waits for another process's lock until the deadline. A store that is broken or
 * of another URL is made anew; more than LIMIT_STORE_PACKS packs are made into few. The remote is not asked yet.
 */
struct repo *repo_open(const struct repo_source *source, const char *stores, int64_t deadline, struct err *err) MUST_CHECK;
void repo_free(struct repo *repo);
void repo_freep(struct repo **repo);

/*
 * Brings what the ref needs into the store and resolves it. `ref` is a branch, a tag, a full commit id, or a full name
 * (refs/...); NULL is the remote's HEAD. A short name that is both a branch and a tag is the branch, with a warning. When
 * the remote's tip is already there nothing is downloaded; a full commit id that is in the store is not even asked for, and
 * one that no branch or tag of the remote leads to is not found. Errors say what to do: unknown ref (names near ones),
 * wrong credentials, certificate, timeout.
 */
bool repo_fetch(struct repo *repo, const char *ref, int64_t deadline, struct repo_commit *out, struct err *err) MUST_CHECK;

/* One of the refs that repo_fetch_refs brings. */
struct repo_want {
	const char *ref; /* as repo_fetch takes it */
	struct repo_commit commit;
	struct err err; /* why there is no commit, where that is this ref's matter */
};

/* As repo_fetch for many refs, of which the remote is asked once. false: err is why nothing could be asked or brought. */
bool repo_fetch_refs(struct repo *repo, struct repo_want *wants, size_t count, int64_t deadline, struct err *err) MUST_CHECK;

/* Reads a commit that is in the store (for history); ERR_NOT_FOUND otherwise. */
bool repo_show(struct repo *repo, const char *commit, struct repo_commit *out, struct err *err) MUST_CHECK;

/* The tree of a commit as files (whole repository; a sub-path is given to the readers). Borrows the repo; to be freed
 * before the next repo_fetch, which may make a damaged store anew. */
struct files *repo_files(struct repo *repo, const char *commit, struct err *err) MUST_CHECK;

/* The object id of the tree or blob at path (links followed), the key for caches: but links below it may lead out of it. */
bool repo_tree_id(struct repo *repo, const char *commit, const char *path, char out[41], struct err *err) MUST_CHECK;

/* Whether there is a symbolic link in the tree at path. */
bool repo_tree_links(struct repo *repo, const char *commit, const char *path, bool *yes, struct err *err) MUST_CHECK;

/* Whether `commit` is `ancestor` or descends from it. An ancestor that is not in the store: *yes is false. */
bool repo_descends(struct repo *repo, const char *commit, const char *ancestor, bool *yes, struct err *err) MUST_CHECK;

/* The URL without user information, query and fragment, as it may be shown and recorded; free() it. */
char *repo_public_url(const char *url);

#endif
