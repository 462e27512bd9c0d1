/*
 * IAMPolicyGenerator: a ServiceAccount that stands for one of Google Cloud.
 */
#ifndef RENDER_KUSTOMIZE_IAM_POLICY_H
#define RENDER_KUSTOMIZE_IAM_POLICY_H

#include "render/kustomize/build.h"

/* `config` is the resource that configures it, in `file`. */
bool iam_policy_generate(const struct build *build, const char *file, const struct tree *config, struct resmap *out,
                         struct err *err) MUST_CHECK;

#endif
