/*
 * The part of Kubernetes 1.21.2's OpenAPI that strategic merge asks: the lists with a patch strategy of merge, and the way to
 * them. Read from the definitions that Kustomize 5.8.1 has built in. For schema.c alone.
 */
#ifndef RENDER_KUSTOMIZE_SCHEMA_BUILTIN_H
#define RENDER_KUSTOMIZE_SCHEMA_BUILTIN_H

#include <stdbool.h>
#include <stddef.h>

struct schema_type;

/* Of an object; NULL for a kind that is not known. */
const struct schema_type *schema_builtin_kind(const char *api_version, const char *kind);

/* By the name that a reference has, io.k8s.api.core.v1.Container; only those that lead to merged lists. */
const struct schema_type *schema_builtin_definition(const char *name);

/* Kustomize knows whether the kind is namespaced without looking into a schema. */
bool schema_builtin_scope(const char *api_version, const char *kind);

const struct schema_type *schema_builtin_field(const struct schema_type *type, const char *name);
const struct schema_type *schema_builtin_items(const struct schema_type *type);
bool schema_builtin_merges(const struct schema_type *type);
size_t schema_builtin_keys(const struct schema_type *type, const char **keys);

#endif
