/*
 * Where a sync's manifests come from, as a table of functions: a repository that the sync fetches by itself (source_open), or
 * what an agent has fetched for many.
 */
#ifndef SYNC_SOURCE_H
#define SYNC_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "render/object.h"
#include "render/problems.h"
#include "sync/git/repo.h"

struct manifests_kept;
struct source;

struct source_ops {
	/* The newest commit of the ref (NULL: the remote's HEAD). */
	bool (*fetch)(struct source *source, const char *ref, int64_t deadline, struct repo_commit *out, struct err *err);
	/* The objects of the directory `path` ("" for the root) at that commit. false: err says why, or where its kind is ERR_NONE
	 * the problems. */
	bool (*render)(struct source *source, const char *commit, const char *path, struct objects *out, struct problems *problems,
	               struct err *err);
	/* As repo_descends. */
	bool (*descends)(struct source *source, const char *commit, const char *ancestor, bool *yes, struct err *err);
	void (*free)(struct source *source);
};

/* Implementations embed this first. */
struct source {
	const struct source_ops *ops;
	bool load_any; /* files of a kustomization may lie anywhere in the repository (LoadRestrictionsNone) */
	/* Not NULL: where the rendered directory is a kustomization itself, its bytes go there instead of its objects. */
	struct buf *print;
	bool printed; /* they did */
	/* All files are read: no object is without its document. A source that keeps nothing always does so. */
	bool whole;
};

/* A repository, in a store of this machine; repo_open. */
struct source *source_open(const struct repo_source *repo, const char *stores, int64_t deadline, struct err *err) MUST_CHECK;
void source_free(struct source *source);
void source_freep(struct source **source);

/* What `render` of a repository does, for whoever has the repo: needs nothing but the store. */
struct source_rendering {
	const char *commit;
	const char *path;
	struct manifests_kept *kept; /* NULL: all files are read */
	bool outside;                /* answer: files beside the directory were asked for too */
};

bool source_render(struct repo *repo, struct source_rendering *rendering, struct objects *out, struct problems *problems,
                   struct err *err) MUST_CHECK;

#endif
