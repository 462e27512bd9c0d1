/*
 * Names that other objects have in their fields follow when an object is renamed: a Deployment's configMapKeyRef goes on
 * naming its ConfigMap after a prefix, a hash, or another namespace. Once for a whole build, when names are final (upstream's
 * internal/accumulator/namereferencetransformer.go and filters/nameref).
 *
 * A field means an object that had its text as a name before and is of the kind that the field is for; where more than one
 * had, first the one that is in the same namespace, then the one whose prefixes and suffixes are the referrer's own. If that
 * leaves several of different names, the build fails.
 */
#ifndef RENDER_KUSTOMIZE_NAMEREFERENCE_H
#define RENDER_KUSTOMIZE_NAMEREFERENCE_H

#include "render/kustomize/build.h"

bool namereference_transform(const struct build *build, struct resmap *map, const struct name_references *references,
                             struct err *err) MUST_CHECK;

#endif
