/* Stands in for render/yaml.c until that is there. */
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "render/yaml.h"

static cJSON *shim_value(yaml_document_t *doc, int id)
{
	yaml_node_t *node = yaml_document_get_node(doc, id);
	if (node->type == YAML_SEQUENCE_NODE) {
		cJSON *list = cJSON_CreateArray();
		for (yaml_node_item_t *i = node->data.sequence.items.start; i < node->data.sequence.items.top; i++) {
			cJSON_AddItemToArray(list, shim_value(doc, *i));
		}
		return list;
	}
	if (node->type == YAML_MAPPING_NODE) {
		cJSON *map = cJSON_CreateObject();
		for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top; p++) {
			cJSON_AddItemToObject(map, (char *)yaml_document_get_node(doc, p->key)->data.scalar.value, shim_value(doc, p->value));
		}
		return map;
	}
	const char *text = (char *)node->data.scalar.value;
	if (node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
		if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) {
			return cJSON_CreateBool(*text == 't');
		}
		if (!*text || strcmp(text, "null") == 0) {
			return cJSON_CreateNull();
		}
		if (strspn(text, "0123456789") == strlen(text)) {
			return cJSON_CreateNumber(atof(text));
		}
	}
	return cJSON_CreateString(text);
}

void yaml_read(const char *path, const char *text, size_t len, yaml_document *each, void *context,
               struct problems *problems)
{
	yaml_parser_t parser;
	yaml_document_t doc;
	yaml_parser_initialize(&parser);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	if (!yaml_parser_load(&parser, &doc)) {
		problems_add(problems, PROBLEM_ERROR, path, parser.problem_mark.line + 1, NULL, "%s", parser.problem);
	} else {
		if (yaml_document_get_root_node(&doc)) {
			each(context, shim_value(&doc, 1), 1);
		}
		yaml_document_delete(&doc);
	}
	yaml_parser_delete(&parser);
}
