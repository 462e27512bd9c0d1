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

enum load_restriction { LOAD_ROOT_ONLY, LOAD_ANY };

struct loader {
	struct arena *arena;
	struct files *files; /* the whole tree that may be read */
	const char *dir;     /* of the kustomization, in `files`: "" is the root; links resolved */
	enum load_restriction restriction;
	const struct loader *referrer; /* whose entry led here, or NULL */
	size_t *bytes;                 /* read by the whole build, against LIMIT_TREE_BYTES */
	size_t *opened;                /* files read by the whole build, against LIMIT_TREE_FILES */
};

struct text {
	const char *data; /* NUL-terminated; in the arena */
	size_t len;
};

/* "https://..." and what else upstream would fetch over the network: refused with the way out. */
bool loader_is_remote(const char *path);

/* ERR_NOT_FOUND where there is no such file or it is a directory. */
bool loader_read(const struct loader *loader, const char *path, struct text *out, struct err *err) MUST_CHECK;

/* The path in `files` that `path` means, for messages. */
const char *loader_path(const struct loader *loader, const char *path);

/* The loader of another kustomization's directory. ERR_NOT_FOUND where there is no such directory. */
bool loader_enter(const struct loader *loader, const char *path, struct loader *out, struct err *err) MUST_CHECK;

#endif
