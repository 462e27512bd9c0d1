/*
 * The files of one kustomization: paths count from its directory, and under the default restriction must stay in it. As
 * upstream (api/internal/loader): a directory may be anywhere in the tree, but not one that is being read already, nor above
 * one.
 */
#ifndef RENDER_KUSTOMIZE_LOADER_H
#define RENDER_KUSTOMIZE_LOADER_H

#include <stdbool.h>
#include <stddef.h>

#include "render/base/arena.h"
#include "render/base/err.h"
#include "render/files.h"
#include "render/kustomize/text.h"

enum load_restriction { LOAD_ROOT_ONLY, LOAD_ANY };

struct loader {
	struct arena *arena;
	struct files *files;  /* the whole tree that may be read */
	const char *absolute; /* where its root is on this machine, "" for "/"; NULL: nowhere, absolute paths lead out of it */
	const char *from;     /* messages name files relative to this directory of the tree */
	const char *dir;      /* of the kustomization, in the tree: "" is the root; links resolved */
	enum load_restriction restriction;
	const struct loader *referrer; /* whose entry led here, or NULL */
	size_t *bytes;                 /* read by the whole build, against LIMIT_TREE_BYTES */
};

/* A URL of a file that upstream would fetch. */
bool loader_is_remote_file(const char *path);
/* What upstream would clone (git.NewRepoSpecFromURL). */
bool loader_is_repository(const char *path);
/* Refuses what upstream would fetch, with the way out. Returns false. */
bool loader_refuse_remote(const char *path, struct err *err);

/* ERR_NOT_FOUND where there is no such file or it is a directory. */
bool loader_read(const struct loader *loader, const char *path, struct text *out, struct err *err) MUST_CHECK;

/* The same, appended; for what need not live as long as the arena. */
bool loader_read_into(const struct loader *loader, const char *path, struct buf *out, struct err *err) MUST_CHECK;

/* How messages name the path: relative to `from`. */
const char *loader_path(const struct loader *loader, const char *path);

/* The path that `path` means from `dir`, cleaned as Go's filepath.Join does; NULL where it leads out of the tree. */
const char *loader_join(const struct loader *loader, const char *dir, const char *path);

/* The loader of another kustomization's directory. ERR_NOT_FOUND where there is no such directory. */
bool loader_enter(const struct loader *loader, const char *path, struct loader *out, struct err *err) MUST_CHECK;

#endif
