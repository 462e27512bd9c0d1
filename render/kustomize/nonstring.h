/*
 * Which texts YAML 1.1 takes for something else (kyaml's IsValueNonString): those get double quotes where they are set as a
 * string.
 */
#ifndef RENDER_KUSTOMIZE_NONSTRING_H
#define RENDER_KUSTOMIZE_NONSTRING_H

#include <stdbool.h>
#include <stddef.h>

/* Whether goyaml v2 reads the text as no string; "", texts of several lines and what it cannot read at all are none such. */
bool nonstring_text(const char *text, size_t len);

#endif
