#include "render/yaml_node.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "render/base/limits.h"

enum { BLOCK_NODES = 128 };

struct node_block {
	struct node_block *next;
	size_t used;
	struct node nodes[BLOCK_NODES];
};

/* The collections that are open while events come in. */
struct reader {
	struct nodes *nodes;
	const struct node_source *source;
	struct node *open[LIMIT_DEPTH];
	size_t depth;
	struct node *root;
};

static void free_block(struct node_block *block)
{
	for (size_t i = 0; i < block->used; i++) {
		free(block->nodes[i].text);
		free(block->nodes[i].tag);
	}
	free(block);
}

void nodes_release(struct nodes *nodes)
{
	while (nodes->blocks) {
		struct node_block *block = nodes->blocks;
		nodes->blocks = block->next;
		free_block(block);
	}
	map_release(&nodes->anchors);
	*nodes = NODES_INIT;
}

static struct node *new_node(struct nodes *nodes)
{
	if (!nodes->blocks || nodes->blocks->used == BLOCK_NODES) {
		struct node_block *block = alloc_new(1, sizeof *block);
		block->next = nodes->blocks;
		nodes->blocks = block;
	}
	nodes->count++;
	return &nodes->blocks->nodes[nodes->blocks->used++];
}

static void print_key(const struct node *key, struct buf *out)
{
	const char *text = key->kind == NODE_SCALAR ? key->text : "?";
	if (strpbrk(text, ".[]")) {
		(void)buf_printf(out, "[%.200s]", text);
	} else {
		(void)buf_printf(out, "%s%.200s", out->len ? "." : "", text);
	}
}

void place_print(const struct place *place, struct buf *out)
{
	if (!place->up) {
		return;
	}
	place_print(place->up, out);
	if (place->key) {
		print_key(place->key, out);
	} else {
		(void)buf_printf(out, "[%zu]", place->index);
	}
}

/* The field that is being read: of each open collection the open child, of the innermost one what comes next. */
static char *open_field(const struct reader *reader)
{
	struct place places[LIMIT_DEPTH + 1] = { { 0 } };
	size_t count = 1;
	for (size_t i = 0; i < reader->depth; i++) {
		const struct node *node = reader->open[i];
		bool inner = i + 1 == reader->depth;
		if (node->kind == NODE_LIST) {
			places[count] = (struct place){ .up = &places[count - 1], .index = node->count - !inner };
			count++;
		} else if (node->key && (!inner || node->count % 2)) {
			places[count] = (struct place){ .up = &places[count - 1], .key = node->key };
			count++;
		}
	}
	struct buf text = BUF_INIT(LIMIT_KIB(64));
	place_print(&places[count - 1], &text);
	return buf_detach(&text);
}

static bool fail(struct reader *reader, size_t line, const char *what)
{
	CLEANUP(text_freep) char *field = open_field(reader);
	problems_add(reader->source->problems, PROBLEM_ERROR, reader->source->path, line, field, "%s", what);
	return false;
}

static void append(struct reader *reader, struct node *node)
{
	if (reader->depth == 0) {
		reader->root = node;
		return;
	}
	struct node *parent = reader->open[reader->depth - 1];
	if (parent->last) {
		parent->last->next = node;
	} else {
		parent->child = node;
	}
	parent->last = node;
	parent->key = parent->kind == NODE_MAPPING && parent->count % 2 == 0 ? node : parent->key;
	parent->count++;
}

static size_t line_of(const struct reader *reader, const yaml_event_t *event)
{
	return reader->source->first_line + event->start_mark.line + 1;
}

static struct node *add(struct reader *reader, const yaml_event_t *event, enum node_kind kind)
{
	struct node *node = new_node(reader->nodes);
	node->kind = kind;
	node->line = line_of(reader, event);
	append(reader, node);
	return node;
}

static void name(struct reader *reader, const yaml_char_t *anchor, struct node *node)
{
	if (anchor) {
		(void)map_set(&reader->nodes->anchors, (const char *)anchor, node);
	}
}

/* Takes a string over that the event owns. */
static char *take(yaml_char_t **text)
{
	char *taken = (char *)*text;
	*text = NULL;
	return taken;
}

static bool read_scalar(struct reader *reader, yaml_event_t *event)
{
	struct node *node = add(reader, event, NODE_SCALAR);
	node->plain = event->data.scalar.plain_implicit && !event->data.scalar.tag;
	node->len = event->data.scalar.length;
	node->text = take(&event->data.scalar.value);
	node->tag = take(&event->data.scalar.tag);
	node->done = true;
	name(reader, event->data.scalar.anchor, node);
	return true;
}

/* The name of the alias is left out: "password: *word" may be meant as a value. */
static bool read_alias(struct reader *reader, const yaml_event_t *event)
{
	struct node *target = map_get(&reader->nodes->anchors, (const char *)event->data.alias.anchor);
	if (!target) {
		(void)fail(reader, line_of(reader, event), "unknown alias: no anchor of that name stands above");
	} else if (!target->done) {
		(void)fail(reader, line_of(reader, event), "alias inside of the value that it stands for");
		target = NULL;
	}
	struct node *node = add(reader, event, NODE_ALIAS);
	node->target = target;
	node->done = true;
	return true;
}

static bool open_collection(struct reader *reader, const yaml_event_t *event, enum node_kind kind, const yaml_char_t *anchor)
{
	if (reader->depth == LIMIT_DEPTH) {
		char text[80];
		(void)snprintf(text, sizeof text, "more than %zu levels of nesting", LIMIT_DEPTH);
		return fail(reader, line_of(reader, event), text);
	}
	struct node *node = add(reader, event, kind);
	name(reader, anchor, node);
	reader->open[reader->depth++] = node;
	return true;
}

/* false when the document cannot be read further. */
static bool read_event(struct reader *reader, yaml_event_t *event)
{
	if (reader->nodes->count >= LIMIT_NODES) {
		char text[80];
		(void)snprintf(text, sizeof text, "more than %zu values in one document", LIMIT_NODES);
		return fail(reader, line_of(reader, event), text);
	}
	switch ((int)event->type) {
	case YAML_SCALAR_EVENT:
		return read_scalar(reader, event);
	case YAML_ALIAS_EVENT:
		return read_alias(reader, event);
	case YAML_SEQUENCE_START_EVENT:
		return open_collection(reader, event, NODE_LIST, event->data.sequence_start.anchor);
	case YAML_MAPPING_START_EVENT:
		return open_collection(reader, event, NODE_MAPPING, event->data.mapping_start.anchor);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		assert(reader->depth);
		reader->open[--reader->depth]->done = true;
		return true;
	default:
		return true;
	}
}

/* Where the mark's line starts in the text. */
static const char *find_line(const struct node_source *source, const yaml_mark_t *mark)
{
	const char *end = source->text + source->len;
	const char *at = source->text;
	for (size_t line = 0; line < mark->line && at < end; line++) {
		const char *feed = memchr(at, '\n', (size_t)(end - at));
		at = feed ? feed + 1 : end;
	}
	return at;
}

bool node_source_is_flow(const struct node_source *source)
{
	for (size_t i = 0; i < source->len; i++) {
		if (!strchr(" \t\r\n", source->text[i])) {
			return source->text[i] == '{' || source->text[i] == '[';
		}
	}
	return false;
}

/* A tab before the first character of the line, or between the dash of an item and what stands in it. */
static bool is_tab(const struct node_source *source, const yaml_mark_t *mark)
{
	const char *end = source->text + source->len;
	for (const char *at = find_line(source, mark); at < end && (*at == ' ' || *at == '-' || *at == '\t'); at++) {
		if (*at == '\t') {
			return !node_source_is_flow(source);
		}
	}
	return false;
}

static size_t line_of_byte(const struct node_source *source, size_t offset)
{
	size_t line = 0;
	for (size_t i = 0; i < offset && i < source->len; i++) {
		line += source->text[i] == '\n';
	}
	return line;
}

/* libyaml's texts are fixed ones and hold nothing of the document. */
static bool fail_parser(struct reader *reader, const yaml_parser_t *parser)
{
	const struct node_source *source = reader->source;
	const char *problem = parser->problem ? parser->problem : "not YAML";
	if (parser->error == YAML_MEMORY_ERROR) {
		abort();
	}
	if (parser->error == YAML_READER_ERROR) {
		size_t line = source->first_line + line_of_byte(source, parser->problem_offset) + 1;
		bool utf8 = strstr(problem, "UTF-8") != NULL;
		problems_add(source->problems, PROBLEM_ERROR, source->path, line, NULL, "%s%s", utf8 ? "bad UTF-8: " : "", problem);
		return false;
	}
	size_t line = source->first_line + parser->problem_mark.line + 1;
	if (is_tab(source, &parser->problem_mark)) {
		return fail(reader, line, "tab used as indentation");
	}
	if (strcmp(problem, "did not find expected <document start>") == 0) {
		return fail(reader, line, "more text behind the end of the document: a '---' line must stand between two");
	}
	char text[300];
	size_t from = source->first_line + parser->context_mark.line + 1;
	if (parser->context && from != line) {
		(void)snprintf(text, sizeof text, "%s, %s that starts in line %zu", problem, parser->context, from);
	} else {
		(void)snprintf(text, sizeof text, "%s%s%s", problem, parser->context ? ", " : "", parser->context ? parser->context : "");
	}
	return fail(reader, line, text);
}

bool nodes_read(struct nodes *nodes, yaml_parser_t *parser, const struct node_source *source, struct node **root)
{
	nodes_release(nodes);
	struct reader reader = { .nodes = nodes, .source = source };
	for (bool more = true; more;) {
		yaml_event_t event;
		if (!yaml_parser_parse(parser, &event)) {
			return fail_parser(&reader, parser);
		}
		yaml_event_type_t type = event.type;
		more = read_event(&reader, &event);
		yaml_event_delete(&event);
		if (type == YAML_DOCUMENT_END_EVENT) {
			*root = reader.root;
			return true;
		}
		if (type == YAML_STREAM_END_EVENT || type == YAML_NO_EVENT) {
			return false;
		}
	}
	return false;
}
