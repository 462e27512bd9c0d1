#include "render/kustomize/parse.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "render/base/limits.h"
#include "render/base/map.h"
#include "render/kustomize/yaml_flow.h"
#include "render/kustomize/yaml_mend.h"
#include "render/kustomize/yaml_words.h"

struct parse {
	struct arena *arena;
	const struct parse_source *source;
	struct tree *open[LIMIT_DEPTH]; /* collections that have not ended */
	size_t starts[LIMIT_DEPTH];     /* where their children start in `children` */
	size_t depth;
	struct tree **children; /* of all open collections */
	size_t count;
	size_t cap;
	size_t nodes;
	size_t alias_nodes;
	struct map anchors;
	struct tree *root;
	const struct text *text; /* what the parser reads */
	size_t read;             /* characters, up to the end of the last scalar */
	size_t comma;            /* character right behind a tag, 0 for none */
	const char *stand_in;
	struct err *err;
};

static void parse_release(struct parse *parse)
{
	free(parse->children);
	map_release(&parse->anchors);
}

static bool fail(struct parse *parse, size_t line, const char *what)
{
	return err_set(parse->err, ERR_INPUT, "%s:%zu: %s", parse->source->path, line, what);
}

static size_t line_of(const struct parse *parse, const yaml_mark_t *mark)
{
	return parse->source->first_line + mark->line + 1;
}

static bool over(struct parse *parse, size_t line, size_t limit, const char *what)
{
	return err_set(parse->err, ERR_LIMIT, "%s:%zu: more than %zu %s", parse->source->path, line, limit, what);
}

static void add_child(struct parse *parse, struct tree *tree)
{
	if (parse->depth == 0) {
		parse->root = tree;
		return;
	}
	if (parse->count == parse->cap) {
		parse->cap = parse->cap ? 2 * parse->cap : 64;
		parse->children = alloc_grow(parse->children, parse->cap, sizeof(struct tree *));
	}
	parse->children[parse->count++] = tree;
}

static struct tree *add(struct parse *parse, const yaml_event_t *event, enum tree_kind kind, const yaml_char_t *anchor)
{
	struct tree *tree = arena_new(parse->arena, 1, sizeof *tree);
	tree->kind = kind;
	tree->line = (uint32_t)line_of(parse, &event->start_mark);
	if (parse->nodes < parse->source->note_count) {
		tree->notes = parse->source->notes[parse->nodes];
		tree->notes->row = (uint32_t)event->start_mark.line + 1;
		tree->notes->column = (uint32_t)event->start_mark.column + 1;
	}
	add_child(parse, tree);
	parse->nodes++;
	if (anchor) {
		(void)map_set(&parse->anchors, (const char *)anchor, tree);
	}
	return tree;
}

/* --- tags --------------------------------------------------------------------------------------------------------- */

static void set_tag(struct parse *parse, struct tree *tree, const yaml_char_t *tag, const char *otherwise)
{
	const char *text = (const char *)tag;
	tree->tagged = text && *text && strcmp(text, "!") != 0;
	tree->shown = tree->tagged;
	tree->tag = tree->tagged ? yaml_words_tag(parse->arena, text) : otherwise;
}

/* --- events ------------------------------------------------------------------------------------------------------- */

static bool is_in_flow(const struct parse *parse)
{
	for (size_t i = 0; i < parse->depth; i++) {
		if (parse->open[i]->flow) {
			return true;
		}
	}
	return false;
}

static bool read_scalar(struct parse *parse, const yaml_event_t *event)
{
	struct tree *tree = add(parse, event, TREE_SCALAR, event->data.scalar.anchor);
	tree->len = event->data.scalar.length;
	char *text = arena_text_len(parse->arena, (const char *)event->data.scalar.value, tree->len);
	yaml_show_marks(text, tree->len, parse->stand_in);
	tree->text = text;
	tree->style = yaml_words_style(event->data.scalar.style);
	bool plain = tree->style == TREE_PLAIN;
	if (plain && is_in_flow(parse) && yaml_flow_is_broken(tree->text, tree->len)) {
		return fail(parse, tree->line, "a '?' in a plain text in [] or {}: put it in quotes");
	}
	set_tag(parse, tree, event->data.scalar.tag, plain ? tree_resolve(tree->text, tree->len) : TREE_STR);
	return parse->source->dialect == PARSE_RESOURCE || parse_config_scalar(parse->arena, parse->source, tree, plain, parse->err);
}

static size_t count_nodes(const struct tree *tree)
{
	size_t count = 1;
	for (uint32_t i = 0; tree->kind != TREE_SCALAR && i < tree->count; i++) {
		count += count_nodes(tree->items[i]);
	}
	return count;
}

static size_t depth_of(const struct tree *tree)
{
	size_t depth = 0;
	for (uint32_t i = 0; tree->kind != TREE_SCALAR && i < tree->count; i++) {
		size_t below = depth_of(tree->items[i]);
		depth = below > depth ? below : depth;
	}
	return depth + (tree->kind != TREE_SCALAR);
}

static bool is_open(const struct parse *parse, const struct tree *tree)
{
	for (size_t i = 0; i < parse->depth; i++) {
		if (parse->open[i] == tree) {
			return true;
		}
	}
	return false;
}

/* The name of the alias is left out: it may be meant as a value. */
static bool read_alias(struct parse *parse, const yaml_event_t *event)
{
	size_t line = line_of(parse, &event->start_mark);
	const struct tree *target = map_get(&parse->anchors, (const char *)event->data.alias.anchor);
	if (!target) {
		return fail(parse, line, "unknown alias: no anchor of that name stands above");
	}
	if (is_open(parse, target)) {
		return fail(parse, line, "alias inside of the value that it stands for");
	}
	parse->alias_nodes += count_nodes(target);
	if (parse->alias_nodes > LIMIT_ALIAS_NODES) {
		return over(parse, line, LIMIT_ALIAS_NODES, "values added by aliases to one document");
	}
	if (parse->depth + depth_of(target) > LIMIT_DEPTH) {
		return over(parse, line, LIMIT_DEPTH, "levels of nesting, aliases expanded");
	}
	struct tree *copy = tree_copy(parse->arena, target);
	add_child(parse, copy);
	return true;
}

static bool open_collection(struct parse *parse, struct tree *tree)
{
	if (parse->depth == LIMIT_DEPTH) {
		return over(parse, tree->line, LIMIT_DEPTH, "levels of nesting");
	}
	parse->open[parse->depth] = tree;
	parse->starts[parse->depth++] = parse->count;
	return true;
}

static bool open_list(struct parse *parse, const yaml_event_t *event)
{
	struct tree *tree = add(parse, event, TREE_LIST, event->data.sequence_start.anchor);
	tree->flow = event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
	set_tag(parse, tree, event->data.sequence_start.tag, TREE_LIST_TAG);
	return open_collection(parse, tree);
}

static bool open_map(struct parse *parse, const yaml_event_t *event)
{
	struct tree *tree = add(parse, event, TREE_MAP, event->data.mapping_start.anchor);
	tree->flow = event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
	set_tag(parse, tree, event->data.mapping_start.tag, TREE_MAP_TAG);
	return open_collection(parse, tree);
}

static bool finish_map(struct parse *parse, struct tree *map)
{
	bool config = parse->source->dialect == PARSE_CONFIG;
	return (config ? parse_finish_config : parse_finish_resource)(parse->arena, parse->source, map, parse->err);
}

static bool close_collection(struct parse *parse)
{
	assert(parse->depth);
	struct tree *tree = parse->open[--parse->depth];
	size_t start = parse->starts[parse->depth];
	tree->count = (uint32_t)(parse->count - start);
	tree->cap = tree->count;
	if (tree->count) {
		size_t size = tree->count * sizeof *tree->items;
		tree->items = arena_grow(parse->arena, parse->children + start, size, size);
	}
	parse->count = start;
	return tree->kind == TREE_LIST || finish_map(parse, tree);
}

/* goyaml knows YAML 1.1 only. */
static bool check_version(struct parse *parse, const yaml_event_t *event)
{
	const yaml_version_directive_t *version = event->data.document_start.version_directive;
	return !version || (version->major == 1 && version->minor == 1) ||
	       fail(parse, line_of(parse, &event->start_mark), "a YAML version other than 1.1");
}

static bool read_event(struct parse *parse, const yaml_event_t *event)
{
	if (parse->nodes > LIMIT_NODES) {
		return over(parse, line_of(parse, &event->start_mark), LIMIT_NODES, "values in one document");
	}
	switch ((int)event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return check_version(parse, event);
	case YAML_SCALAR_EVENT:
		return read_scalar(parse, event);
	case YAML_ALIAS_EVENT:
		return read_alias(parse, event);
	case YAML_SEQUENCE_START_EVENT:
		return open_list(parse, event);
	case YAML_MAPPING_START_EVENT:
		return open_map(parse, event);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return close_collection(parse);
	default:
		return true;
	}
}

/* libyaml's texts are fixed ones and hold nothing of the document. */
static bool fail_parser(struct parse *parse, const yaml_parser_t *parser)
{
	const char *problem = parser->problem ? parser->problem : "not YAML";
	if (parser->error == YAML_MEMORY_ERROR) {
		abort();
	}
	if (parser->error == YAML_READER_ERROR) {
		size_t line = parse->source->first_line + 1;
		for (size_t i = 0; i < parser->problem_offset && i < parse->source->len; i++) {
			line += parse->source->text[i] == '\n';
		}
		return fail(parse, line, problem);
	}
	char text[300];
	(void)snprintf(text, sizeof text, "%s%s%s", problem, parser->context ? ", " : "", parser->context ? parser->context : "");
	return fail(parse, line_of(parse, &parser->problem_mark), text);
}

/*
 * What comes behind the document is not read. But goyaml v3 looks two tokens ahead, for comments, and so finds what is no token;
 * libyaml looks further where a key may begin.
 */
static bool check_ahead(struct parse *parse, yaml_parser_t *parser, bool explicit_end)
{
	bool good = true;
	for (int left = explicit_end ? 2 : 3; good && left > 0; left--) {
		yaml_token_t token;
		good = yaml_parser_scan(parser, &token) != 0;
		if (good) {
			yaml_token_delete(&token);
		} else if (parser->tokens.tail - parser->tokens.head >= left) {
			return true;
		}
	}
	return good || fail_parser(parse, parser);
}

/* Of a scalar that is nothing but a tag the parser has seen the next token. */
static bool check_tag(struct parse *parse, const yaml_parser_t *parser, const yaml_event_t *event)
{
	bool tag = event->type == YAML_SCALAR_EVENT && event->data.scalar.tag && event->data.scalar.length == 0 &&
	           event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && parser->token_available;
	if (!tag || !yaml_flow_runs_on(&event->end_mark, parser->tokens.head) ||
	    yaml_ends_in_anchor(parse->text, event->end_mark.index, (const char *)event->data.scalar.anchor)) {
		return true;
	}
	parse->comma = event->end_mark.index;
	return fail(parse, line_of(parse, &event->end_mark), "a tag right in front of a comma: put a space between the two");
}

static bool read_events(struct parse *parse, yaml_parser_t *parser)
{
	for (;;) {
		yaml_event_t event;
		if (!yaml_parser_parse(parser, &event)) {
			return fail_parser(parse, parser);
		}
		yaml_event_type_t type = event.type;
		bool explicit_end = type == YAML_DOCUMENT_END_EVENT && !event.data.document_end.implicit;
		bool good = check_tag(parse, parser, &event) && read_event(parse, &event);
		parse->read = type == YAML_SCALAR_EVENT ? event.end_mark.index : parse->read;
		yaml_event_delete(&event);
		if (good && type == YAML_DOCUMENT_END_EVENT && parse->source->dialect == PARSE_RESOURCE) {
			return check_ahead(parse, parser, explicit_end);
		}
		if (!good || type == YAML_DOCUMENT_END_EVENT || type == YAML_STREAM_END_EVENT || type == YAML_NO_EVENT) {
			return good;
		}
	}
}

/* The end of the last scalar that was read, also of those that wait to become events. */
static size_t read_so_far(const struct parse *parse, const yaml_parser_t *parser)
{
	size_t read = parse->read;
	for (const yaml_token_t *token = parser->tokens.head; token < parser->tokens.tail; token++) {
		read = token->type == YAML_SCALAR_TOKEN ? token->end_mark.index : read;
	}
	return read;
}

/* *mended: it could not be read, but *text is another one now. */
static bool parse_once(struct parse *parse, struct text *text, bool *mended)
{
	yaml_parser_t parser;
	if (!yaml_parser_initialize(&parser)) {
		abort();
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)text->data, text->len);
	bool good = read_events(parse, &parser);
	struct yaml_stop stop = { &parser, read_so_far(parse, &parser), parse->comma, parse->source->dialect == PARSE_RESOURCE };
	*mended = !good && yaml_mend(&stop, parse->arena, text);
	yaml_parser_delete(&parser);
	return good;
}

bool parse_document(struct arena *arena, const struct parse_source *source, struct tree **out, struct err *err)
{
	struct text text = { source->text, source->len };
	char stand_in[YAML_STAND_IN];
	yaml_hide_marks(arena, &text, stand_in);
	struct err problem = ERR_INIT;
	bool again = true;
	for (size_t read = 0; again && read <= LIMIT_MEND_BYTES; read += text.len) {
		CLEANUP(parse_release)
		struct parse parse = {
			.arena = arena, .source = source, .anchors = MAP_INIT, .stand_in = stand_in, .text = &text, .err = &problem
		};
		if (parse_once(&parse, &text, &again)) {
			*out = parse.root;
			return true;
		}
	}
	*err = problem;
	return false;
}
