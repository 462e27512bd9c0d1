/*
 * Finds the manifests below a directory; manifests.h says which they are. Nothing but ignore files is read.
 */
#ifndef RENDER_MANIFESTS_FIND_H
#define RENDER_MANIFESTS_FIND_H

#include "render/files.h"
#include "render/problems.h"

struct manifest_path {
	char *path;
	bool identified; /* as of files_entry */
	unsigned char id[FILES_ID];
	bool kustomization; /* a directory that has one: nothing in it or below is a manifest by itself */
};

struct manifest_paths {
	struct manifest_path *items;
	size_t count;
	size_t cap;
};

#define MANIFEST_PATHS_INIT ((struct manifest_paths){ 0 })

void manifest_paths_release(struct manifest_paths *paths);

/* In path order. false where the walk had to end early and what was found says little; the error is in problems. */
bool manifest_paths_find(struct files *files, const char *dir, struct manifest_paths *out, struct problems *problems);

#endif
