#include "render/kustomize/yaml_flow.h"

#include <string.h>

bool yaml_flow_is_broken(const char *text, size_t len)
{
	return memchr(text, '?', len) != NULL;
}

bool yaml_flow_runs_on(const yaml_mark_t *tag_end, const yaml_token_t *next)
{
	return next->type == YAML_FLOW_ENTRY_TOKEN && next->start_mark.index == tag_end->index;
}
