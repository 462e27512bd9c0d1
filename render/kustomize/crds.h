/*
 * crds: files of OpenAPI definitions whose fields say by x-kubernetes-... what they are: references to names, labels, annotations
 * (upstream's LoadConfigFromCRDs). No CustomResourceDefinitions, whatever the name says.
 */
#ifndef RENDER_KUSTOMIZE_CRDS_H
#define RENDER_KUSTOMIZE_CRDS_H

#include "render/kustomize/build.h"

/* Adds to the configuration what the definitions say of their fields. */
bool crds_load(const struct build *build, const struct texts *paths, struct field_config *out, struct err *err) MUST_CHECK;

#endif
