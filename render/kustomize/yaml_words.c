#include "render/kustomize/yaml_words.h"

#include <string.h>

enum tree_style yaml_words_style(yaml_scalar_style_t style)
{
	switch (style) {
	case YAML_SINGLE_QUOTED_SCALAR_STYLE:
		return TREE_SINGLE;
	case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
		return TREE_DOUBLE;
	case YAML_LITERAL_SCALAR_STYLE:
		return TREE_LITERAL;
	case YAML_FOLDED_SCALAR_STYLE:
		return TREE_FOLDED;
	case YAML_ANY_SCALAR_STYLE:
	case YAML_PLAIN_SCALAR_STYLE:
		break;
	}
	return TREE_PLAIN;
}

#define LONG_TAG "tag:yaml.org,2002:"

const char *yaml_words_tag(struct arena *arena, const char *tag)
{
	static const char *const known[] = { TREE_STR,  TREE_INT,    TREE_FLOAT, TREE_BOOL,    TREE_NULL,
		                                 TREE_TIME, TREE_BINARY, TREE_MERGE, TREE_MAP_TAG, TREE_LIST_TAG };
	bool is_long = strncmp(tag, LONG_TAG, strlen(LONG_TAG)) == 0;
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (strcmp(known[i], tag) == 0 || (is_long && strcmp(known[i] + 2, tag + strlen(LONG_TAG)) == 0)) {
			return known[i];
		}
	}
	return is_long ? arena_printf(arena, "!!%s", tag + strlen(LONG_TAG)) : arena_text(arena, tag);
}
