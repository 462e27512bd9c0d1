/*
 * What stands in [] and {}, of which goyaml has an older idea than libyaml 0.2.5.
 */
#ifndef RENDER_KUSTOMIZE_YAML_FLOW_H
#define RENDER_KUSTOMIZE_YAML_FLOW_H

#include <stdbool.h>
#include <yaml.h>

/* In goyaml a '?' ends such a scalar and begins a key, which cannot stand there; to libyaml it is a letter. */
bool yaml_flow_is_broken(const char *text, size_t len);

/* A comma right behind a tag, which to goyaml is a letter of it. `next` is the token behind the tag. */
bool yaml_flow_runs_on(const yaml_mark_t *tag_end, const yaml_token_t *next);

#endif
