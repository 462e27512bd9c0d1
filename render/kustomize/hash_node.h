/*
 * What upstream hashes of an object that is neither a ConfigMap nor a Secret: encoding/json's text of goyaml v3's Node with all
 * below it, the row and column in which each stood in its file among it.
 */
#ifndef RENDER_KUSTOMIZE_HASH_NODE_H
#define RENDER_KUSTOMIZE_HASH_NODE_H

#include "render/base/buf.h"
#include "render/base/err.h"
#include "render/kustomize/tree.h"

/* The tree must be a whole one (whole.h). */
bool hash_node_write(const struct tree *root, struct buf *out, struct err *err) MUST_CHECK;

#endif
