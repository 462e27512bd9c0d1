/*
 * openapi: which schema strategic merge patches of this build follow.
 */
#ifndef RENDER_KUSTOMIZE_OPENAPI_H
#define RENDER_KUSTOMIZE_OPENAPI_H

#include "render/kustomize/build.h"

/*
 * `version` of the built-in one, or `path` of a file that takes its place. The first kustomization that says one decides. A file
 * that cannot be read is an error of openapi_usable, which who looks into the schema asks first.
 */
bool openapi_set(struct build *build, const struct pairs *openapi, struct err *err) MUST_CHECK;
bool openapi_usable(const struct build *build, struct err *err) MUST_CHECK;

/* A document of definitions: one that begins with a brace is JSON and nothing else, as json_read reads it with these flags. */
bool openapi_read(struct arena *arena, const char *shown, const struct text *text, unsigned flags, struct tree **tree,
                  struct err *err) MUST_CHECK;

#endif
