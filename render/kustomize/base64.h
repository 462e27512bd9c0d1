/*
 * Base64 as goyaml and kyaml write it.
 */
#ifndef RENDER_KUSTOMIZE_BASE64_H
#define RENDER_KUSTOMIZE_BASE64_H

#include "render/kustomize/loader.h"

/* More than 70 characters are broken into lines of 70, each of which ends with a newline. */
struct text base64_lines(struct arena *arena, struct text bytes);

#endif
