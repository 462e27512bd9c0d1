/*
 * The order of the output (upstream's SortOrderTransformer).
 */
#ifndef RENDER_KUSTOMIZE_SORT_H
#define RENDER_KUSTOMIZE_SORT_H

#include "render/kustomize/build.h"

/* By the top kustomization's sortOptions; NULL is legacy, the default: kinds that others need first, by kind, then by id. */
bool sort_resources(struct resmap *map, const struct sort_options *options, struct err *err) MUST_CHECK;

#endif
