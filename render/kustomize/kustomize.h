/*
 * `kustomize build` v5.8.1, natively: the same objects and the same bytes, from any tree of files, without running anything. What
 * the reference fetches or runs (remote bases, Helm charts, plugins) is refused.
 *
 * Start reading at accumulate.h, which is the order of things; steps.c is the table of the transformers.
 */
#ifndef RENDER_KUSTOMIZE_KUSTOMIZE_H
#define RENDER_KUSTOMIZE_KUSTOMIZE_H

#include <cjson/cJSON.h>

#include "render/files.h"
#include "render/kustomize/loader.h"
#include "render/problems.h"

struct kustomize_source {
	struct files *files;  /* all that may be read */
	const char *absolute; /* where its root is on this machine: "" for "/"; NULL: nowhere, as for a commit */
	const char *dir;      /* the directory of the kustomization in it */
	const char *from;     /* problems name files relative to this directory in it */
	enum load_restriction restriction;
};

/* The directory has a file that a kustomization is read from. */
bool kustomize_is(struct files *files, const char *dir);

/* Appends what `kustomize build` prints. false where there are errors, which are in problems; warnings may be in any case. */
bool kustomize_print(const struct kustomize_source *source, struct buf *out, struct problems *problems) MUST_CHECK;

/*
 * Called for each object, in order; takes `json` over. `path` is the file it comes from, of a generated one the
 * kustomization's.
 */
typedef void kustomize_object(void *context, const char *path, size_t line, cJSON *json);

/* As kustomize_print, object by object. */
bool kustomize_objects(const struct kustomize_source *source, kustomize_object *each, void *context, struct problems *problems)
	MUST_CHECK;

#endif
