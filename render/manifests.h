/*
 * Renders a directory of plain manifests: every *.yaml, *.yml and *.json below it in path order, without directories whose
 * name starts with a dot and what .plumbignore or .sourceignore (gitignore syntax) names. `List` kinds are opened. All
 * errors of the pass are collected: duplicate objects, documents without apiVersion, kind or name, what yaml.h refuses.
 */
#ifndef RENDER_MANIFESTS_H
#define RENDER_MANIFESTS_H

#include "render/files.h"
#include "render/object.h"
#include "render/problems.h"

/*
 * Reads all manifests below `dir` of the tree into out, in path order. Problems name files as they are below the tree's
 * root. A directory with a kustomization (kustomization.yaml, .yml, Kustomization) is an error for now. true when no error
 * was found; warnings may have been added all the same. Objects that the user marks as not for the cluster
 * (config.kubernetes.io/local-config other than "false") are left out.
 */
bool manifests_render(struct files *files, const char *dir, struct objects *out, struct problems *problems);

/* What `kubectl kustomize` would print for these objects, "---" between them, in their order. */
bool manifests_print(const struct objects *objects, struct buf *out) MUST_CHECK;

#endif
