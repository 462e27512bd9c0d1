/*
 * Renders a directory of plain manifests: every *.yaml, *.yml and *.json below it in path order, without directories whose
 * name starts with a dot and what .plumbignore or .sourceignore (gitignore syntax) names. `List` kinds are opened. All
 * errors of the pass are collected: duplicate objects, documents without apiVersion, kind or name, what yaml.h refuses.
 *
 * Path order is that of `kubectl apply -R`: the names of each directory in byte order, a directory's content where its name
 * stands. Files whose own name starts with a dot are read, as kubectl does; what they hold must be manifests too.
 *
 * Ignore files count in `dir` and below it, not above: what is rendered depends on the tree of `dir` alone (and on what its
 * links lead to). See render/ignore.h.
 *
 * A link is read as what it leads to. One that leads nowhere, in a circle or out of the tree is an error where its name is
 * that of a manifest, or has no extension and may thus have been a directory of them; else it is left out. Directories that
 * contain themselves by links are an error.
 */
#ifndef RENDER_MANIFESTS_H
#define RENDER_MANIFESTS_H

#include "render/files.h"
#include "render/kustomize/kustomize.h"
#include "render/manifests_kept.h"
#include "render/object.h"
#include "render/problems.h"

/*
 * Adds all manifests below `dir` of the tree to out, in path order. Problems name files as they are below the tree's root,
 * with the line where their document starts. A directory with a kustomization (kustomization.yaml, .yml, Kustomization) stands
 * for what it builds (render/kustomize), and nothing in it or below is looked at; a kustomization in a file of another name is
 * an error. true when no error was found; warnings may have been added all the same; out is as it was otherwise. Objects that the
 * user marks as not for the cluster (config.kubernetes.io/local-config other than "false") are left out. `dir` must be there; no
 * manifest in it is no error.
 */
bool manifests_render(struct files *files, const char *dir, struct objects *out, struct problems *problems);

/* What a kustomization may read. */
struct manifests_options {
	enum load_restriction restriction;
	struct files *outer;   /* the tree that it may leave the rendered one for; NULL: it may not */
	const char *outer_dir; /* where the rendered tree is in that one */
	const char *absolute;  /* where the root of `outer` is on this machine, "" for "/" */
	/* Files that it has are not read: their objects are without documents. Afterwards it is what this rendering had. May be
	 * NULL. */
	struct manifests_kept *kept;
};

bool manifests_render_with(const struct manifests_options *options, struct files *files, const char *dir, struct objects *out,
                           struct problems *problems);

/* A directory that is a kustomization itself: appends the very bytes of `kustomize build`. */
bool manifests_print_kustomization(const struct manifests_options *options, struct files *files, const char *dir, struct buf *out,
                                   struct problems *problems) MUST_CHECK;

/* What `kubectl kustomize` would print for these objects, "---" between them, in their order. */
bool manifests_print(const struct objects *objects, struct buf *out) MUST_CHECK;

#endif
