/*
 * Whether the fields of an OpenAPI document are what Go's types of it take (kube-openapi's validation/spec). An error names the
 * way to the field: "definitions: Widget: properties: size: type: must be a text or a list of texts".
 */
#ifndef RENDER_KUSTOMIZE_OPENAPI_TYPES_H
#define RENDER_KUSTOMIZE_OPENAPI_TYPES_H

#include "render/base/err.h"
#include "render/kustomize/tree.h"

/* NULL and null are good everywhere. */
bool openapi_check_document(const struct tree *document, struct err *err) MUST_CHECK;
bool openapi_check_schema(const struct tree *schema, struct err *err) MUST_CHECK;
bool openapi_check_texts(const struct tree *texts, struct err *err) MUST_CHECK;

#endif
