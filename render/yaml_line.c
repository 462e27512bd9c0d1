#include "render/yaml_line.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "render/yaml_node.h"

/* One reference token, "~1" and "~0" read; NULL at the end. free() it. */
static char *next_token(const char **pointer)
{
	if (**pointer != '/') {
		return NULL;
	}
	size_t len = strcspn(*pointer + 1, "/");
	char *token = text_dup_len(*pointer + 1, len);
	char *to = token;
	for (const char *from = token; *from; from++) {
		bool escaped = *from == '~' && (from[1] == '0' || from[1] == '1');
		*to++ = !escaped ? *from : from[1] == '0' ? '~' : '/';
		from += escaped;
	}
	*to = '\0';
	*pointer += 1 + len;
	return token;
}

static const struct node *element(const struct node *list, const char *token)
{
	char *end = NULL;
	unsigned long index = strtoul(token, &end, 10);
	const struct node *item = list->child;
	for (; item && index; index--) {
		item = item->next;
	}
	return *token && !*end ? item : NULL;
}

/* Also sets the line to that of its key. */
static const struct node *member(const struct node *mapping, const char *token, size_t *line)
{
	for (const struct node *key = mapping->child; key && key->next; key = key->next->next) {
		if (key->kind == NODE_SCALAR && key->len == strlen(token) && memcmp(key->text, token, key->len) == 0) {
			*line = key->line;
			return key->next;
		}
	}
	return NULL;
}

static size_t find(const struct node *root, const char *pointer)
{
	size_t line = root->line;
	const struct node *node = root;
	while (node) {
		CLEANUP(text_freep) char *token = next_token(&pointer);
		const struct node *inner = node->kind == NODE_ALIAS ? node->target : node;
		if (!token || !inner) {
			break;
		}
		if (inner->kind == NODE_MAPPING) {
			node = member(inner, token, &line);
		} else {
			node = inner->kind == NODE_LIST ? element(inner, token) : NULL;
			line = node ? node->line : line;
		}
	}
	return line;
}

size_t yaml_line(const char *text, size_t len, size_t document, const char *pointer)
{
	yaml_parser_t parser;
	if (!yaml_parser_initialize(&parser)) {
		abort();
	}
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	struct problems problems = PROBLEMS_INIT;
	struct node_source source = { .text = text, .len = len, .problems = &problems };
	struct nodes nodes = NODES_INIT;
	struct node *root = NULL;
	size_t line = document;
	while (nodes_read(&nodes, &parser, &source, &root)) {
		if (root->line == document) {
			line = find(root, pointer);
			break;
		}
	}
	nodes_release(&nodes);
	problems_release(&problems);
	yaml_parser_delete(&parser);
	return line;
}
