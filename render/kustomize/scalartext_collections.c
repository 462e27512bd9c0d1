#include <string.h>

#include "render/kustomize/scalartext_reader.h"

/* --- block collections --------------------------------------------------------------------------------------------- */

/* yaml_parser_split_stem_comment: what stood in front of a '-' belongs to the block behind it, not to its first key. */
static void split_stem(struct reader *reader, size_t len)
{
	if (len == 0) {
		return;
	}
	yaml_token_type_t type = reader_peek_type(reader);
	if (type != YAML_BLOCK_SEQUENCE_START_TOKEN && type != YAML_BLOCK_MAPPING_START_TOKEN) {
		return;
	}
	const char *head = reader->held.head;
	reader->stem = arena_text_len(reader->arena, head, len);
	reader->held.head = strlen(head) == len ? NULL : head + len + 1;
}

/* A '-' and what is behind it; `last` are the types that say that nothing is. */
static struct tree *read_entry(struct reader *reader, bool indentless)
{
	size_t head = reader->held.head ? strlen(reader->held.head) : 0;
	reader_skip(reader);
	split_stem(reader, head);
	yaml_token_type_t type = reader_peek_type(reader);
	bool key = indentless && (type == YAML_KEY_TOKEN || type == YAML_VALUE_TOKEN);
	if (type == YAML_BLOCK_ENTRY_TOKEN || type == YAML_BLOCK_END_TOKEN || key) {
		return reader_empty(reader);
	}
	return reader_node(reader, true, false);
}

static struct tree *read_entries(struct reader *reader, struct tree *list, bool indentless)
{
	while (reader_peek_type(reader) == YAML_BLOCK_ENTRY_TOKEN) {
		struct tree *item = read_entry(reader, indentless);
		if (!item) {
			return NULL;
		}
		tree_append(reader->arena, list, item);
	}
	if (!indentless) {
		if (reader_peek_type(reader) != YAML_BLOCK_END_TOKEN) {
			return reader_unexpected(reader, "'-'");
		}
		reader_skip(reader);
	}
	reader_set_comments(reader, list, (struct comments){ .head = list->notes ? list->notes->head : NULL });
	return list;
}

static struct tree *block_start(struct reader *reader, struct tree *node, const struct properties *properties)
{
	if (reader->stem) {
		reader_notes(reader, node)->head = reader->stem;
		reader->stem = NULL;
	}
	reader_set_properties(reader, node, properties);
	reader_skip(reader);
	return node;
}

struct tree *reader_block_list(struct reader *reader, const struct properties *properties)
{
	return read_entries(reader, block_start(reader, tree_new_list(reader->arena), properties), false);
}

struct tree *reader_indentless_list(struct reader *reader, const struct properties *properties)
{
	struct tree *list = tree_new_list(reader->arena);
	reader_set_properties(reader, list, properties);
	return read_entries(reader, list, true);
}

static bool is_no_value(yaml_token_type_t type)
{
	return type == YAML_KEY_TOKEN || type == YAML_VALUE_TOKEN || type == YAML_BLOCK_END_TOKEN;
}

static struct tree *read_block_key(struct reader *reader)
{
	reader_skip(reader);
	return is_no_value(reader_peek_type(reader)) ? reader_empty(reader) : reader_node(reader, true, true);
}

static struct tree *read_block_value(struct reader *reader)
{
	if (reader_peek_type(reader) != YAML_VALUE_TOKEN) {
		return reader_empty(reader);
	}
	reader_skip(reader);
	return is_no_value(reader_peek_type(reader)) ? reader_empty(reader) : reader_node(reader, true, true);
}

static const char *foot_of(const struct tree *node)
{
	return node->notes ? node->notes->foot : NULL;
}

/*
 * decode.go: the comment behind a value is kept by its key, and one in front of a key that stands further left by the key
 * before.
 */
static void move_feet(struct reader *reader, struct tree *map, struct tree *key, struct tree *value, bool block)
{
	if (block && foot_of(key) && map->count > 0) {
		reader_notes(reader, map->items[map->count - 2])->foot = key->notes->foot;
		key->notes->foot = NULL;
	}
	if (!foot_of(key) && foot_of(value)) {
		reader_notes(reader, key)->foot = value->notes->foot;
		value->notes->foot = NULL;
	}
}

static void add_pair(struct reader *reader, struct tree *map, struct tree *key, struct tree *value)
{
	move_feet(reader, map, key, value, !map->flow);
	tree_append(reader->arena, map, key);
	tree_append(reader->arena, map, value);
}

/* The comments that the end of a collection has replace those of its start, but for the head. */
static struct tree *end_collection(struct reader *reader, struct tree *node)
{
	struct comments comments = reader_take_comments(reader);
	comments.head = node->notes ? node->notes->head : NULL;
	reader_set_comments(reader, node, comments);
	if (node->kind == TREE_MAP && !node->flow && comments.foot && node->count > 1) {
		reader_notes(reader, node->items[node->count - 2])->foot = comments.foot;
		node->notes->foot = NULL;
	}
	reader_skip(reader);
	return node;
}

struct tree *reader_block_map(struct reader *reader, const struct properties *properties)
{
	struct tree *map = block_start(reader, tree_new_map(reader->arena), properties);
	while (reader_peek_type(reader) == YAML_KEY_TOKEN) {
		struct tree *key = read_block_key(reader);
		struct tree *value = key ? read_block_value(reader) : NULL;
		if (!value) {
			return NULL;
		}
		add_pair(reader, map, key, value);
	}
	return reader_peek_type(reader) == YAML_BLOCK_END_TOKEN ? end_collection(reader, map) : reader_unexpected(reader, "a key");
}

/* --- flow collections ---------------------------------------------------------------------------------------------- */

static struct tree *flow_start(struct reader *reader, struct tree *node, const struct properties *properties)
{
	struct comments comments = reader_take_comments(reader);
	reader_set_comments(reader, node, (struct comments){ .head = comments.head });
	node->flow = true;
	reader_set_properties(reader, node, properties);
	reader_skip(reader);
	return node;
}

/* False where neither a comma nor the end is there. */
static bool pass_comma(struct reader *reader, bool first)
{
	if (first) {
		return true;
	}
	if (reader_peek_type(reader) != YAML_FLOW_ENTRY_TOKEN) {
		return reader_unexpected(reader, "','");
	}
	reader_skip(reader);
	return true;
}

static bool is_no_flow_part(struct reader *reader, yaml_token_type_t end)
{
	yaml_token_type_t type = reader_peek_type(reader);
	return type == YAML_VALUE_TOKEN || type == YAML_FLOW_ENTRY_TOKEN || type == end;
}

static struct tree *read_flow_part(struct reader *reader, yaml_token_type_t end)
{
	return is_no_flow_part(reader, end) ? reader_empty(reader) : reader_node(reader, false, false);
}

static struct tree *read_flow_value(struct reader *reader, yaml_token_type_t end)
{
	if (reader_peek_type(reader) != YAML_VALUE_TOKEN) {
		return reader_empty(reader);
	}
	reader_skip(reader);
	yaml_token_type_t type = reader_peek_type(reader);
	return type == YAML_FLOW_ENTRY_TOKEN || type == end ? reader_empty(reader) : reader_node(reader, false, false);
}

/* [key: value] has a mapping of one pair as its item. */
static struct tree *read_single_pair(struct reader *reader)
{
	struct tree *map = tree_new_map(reader->arena);
	map->flow = true;
	reader_skip(reader);
	bool none = is_no_flow_part(reader, YAML_FLOW_SEQUENCE_END_TOKEN);
	struct tree *key = read_flow_part(reader, YAML_FLOW_SEQUENCE_END_TOKEN);
	if (none) {
		reader_skip(reader); /* parserc.go and libyaml pass what comes behind a '?' without a key, whatever it is */
	}
	struct tree *value = key ? read_flow_value(reader, YAML_FLOW_SEQUENCE_END_TOKEN) : NULL;
	if (!value) {
		return NULL;
	}
	add_pair(reader, map, key, value);
	return map;
}

struct tree *reader_flow_list(struct reader *reader, const struct properties *properties)
{
	struct tree *list = flow_start(reader, tree_new_list(reader->arena), properties);
	for (bool first = true; reader_peek_type(reader) != YAML_FLOW_SEQUENCE_END_TOKEN; first = false) {
		if (!pass_comma(reader, first)) {
			return NULL;
		}
		if (reader_peek_type(reader) == YAML_FLOW_SEQUENCE_END_TOKEN) {
			break;
		}
		bool pair = reader_peek_type(reader) == YAML_KEY_TOKEN;
		struct tree *item = pair ? read_single_pair(reader) : reader_node(reader, false, false);
		if (!item) {
			return NULL;
		}
		tree_append(reader->arena, list, item);
	}
	return end_collection(reader, list);
}

static struct tree *read_flow_key(struct reader *reader)
{
	if (reader_peek_type(reader) != YAML_KEY_TOKEN) {
		return reader_node(reader, false, false);
	}
	reader_skip(reader);
	return read_flow_part(reader, YAML_FLOW_MAPPING_END_TOKEN);
}

struct tree *reader_flow_map(struct reader *reader, const struct properties *properties)
{
	struct tree *map = flow_start(reader, tree_new_map(reader->arena), properties);
	for (bool first = true; reader_peek_type(reader) != YAML_FLOW_MAPPING_END_TOKEN; first = false) {
		if (!pass_comma(reader, first)) {
			return NULL;
		}
		if (reader_peek_type(reader) == YAML_FLOW_MAPPING_END_TOKEN) {
			break;
		}
		bool keyed = reader_peek_type(reader) == YAML_KEY_TOKEN;
		struct tree *key = read_flow_key(reader);
		struct tree *value = !key ? NULL : keyed ? read_flow_value(reader, YAML_FLOW_MAPPING_END_TOKEN) : reader_empty(reader);
		if (!value) {
			return NULL;
		}
		add_pair(reader, map, key, value);
	}
	return end_collection(reader, map);
}
