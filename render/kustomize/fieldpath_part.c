#include "render/kustomize/fieldpath_part.h"

#include <stdlib.h>
#include <string.h>

#include "render/kustomize/hidden.h"
#include "render/kustomize/scalartext.h"

bool fieldpath_is_item(const char *part)
{
	return part[0] == '[' && part[strlen(part) - 1] == ']';
}

/* Go's strconv.Atoi. */
bool fieldpath_is_number(const char *part, long *number)
{
	const char *digits = part + (*part == '-' || *part == '+');
	if (!*digits || digits[strspn(digits, "0123456789")] || strlen(digits) > 18) {
		return false;
	}
	*number = strtol(part, NULL, 10);
	return true;
}

bool fieldpath_is_index(const char *part)
{
	long number;
	return fieldpath_is_number(part, &number) && number >= 0;
}

bool fieldpath_split_item(struct arena *arena, const char *part, const char **key, const char **value, struct err *err)
{
	size_t len = strlen(part);
	char *inner = arena_text_len(arena, part + 1, len >= 2 ? len - 2 : 0);
	char *equals = strchr(inner, '=');
	if (!equals) {
		return err_set(err, ERR_INPUT, "'%.*s' must be [key=value]", FIELDPATH_SHOWN, part);
	}
	*equals = '\0';
	*key = inner;
	*value = equals + 1;
	return true;
}

static bool wrong_kind(const char *part, const char *wanted, struct err *err)
{
	return err_set(err, ERR_INPUT, "'%.*s' is looked for in something that is no %s", FIELDPATH_SHOWN, part, wanted);
}

bool fieldpath_field(struct tree *node, const char *name, struct tree **found, struct err *err)
{
	*found = NULL;
	if (tree_is_null(node)) {
		return true;
	}
	if (!*name) {
		if (!tree_is_scalar(node)) {
			return wrong_kind(name, "scalar", err);
		}
		*found = node->len == 0 ? node : NULL;
		return true;
	}
	if (!tree_is_map(node) || scalartext_is_alias(node)) {
		return wrong_kind(name, "mapping", err);
	}
	*found = tree_get(node, name);
	return true;
}

bool fieldpath_items(struct tree *node, const char *part, struct tree ***items, size_t *count, struct err *err)
{
	bool null = tree_is_null(node);
	if (!null && (!tree_is_list(node) || scalartext_is_alias(node))) {
		return wrong_kind(part, "list", err);
	}
	const struct tree *list = null ? hidden_below(node) : node;
	*items = list ? list->items : NULL;
	*count = list ? list->count : 0;
	return true;
}

struct tree *fieldpath_new(struct arena *arena, const char *next, enum fieldpath_create create)
{
	if (next && (fieldpath_is_item(next) || fieldpath_is_index(next))) {
		return tree_new_list(arena);
	}
	if (next && *next) {
		return tree_new_map(arena);
	}
	switch (create) {
	case FIELDPATH_CREATE_LIST:
		return tree_new_list(arena);
	case FIELDPATH_CREATE_MAP:
		return tree_new_map(arena);
	case FIELDPATH_FIND:
	case FIELDPATH_CREATE_SCALAR:
		break;
	}
	return tree_new_plain(arena, "");
}

struct tree *fieldpath_new_item(struct arena *arena, const char *key, const char *value)
{
	struct tree *scalar = tree_new_plain(arena, value);
	if (!*key) {
		return scalar;
	}
	struct tree *map = tree_new_map(arena);
	tree_append(arena, map, tree_new_plain(arena, key));
	tree_append(arena, map, scalar);
	return map;
}
