#include "render/kustomize/openapi_types.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

enum type {
	TYPE_TEXT,
	TYPE_URL, /* a text, or anything that is no text */
	TYPE_BOOL,
	TYPE_NUMBER,
	TYPE_INT,
	TYPE_LIST,
	TYPE_MAP,
	TYPE_TEXTS,
	TYPE_TEXT_OR_TEXTS,
	TYPE_SCHEMA,
	TYPE_SCHEMAS,
	TYPE_SCHEMA_OR_SCHEMAS, /* upstream passes over all else */
	TYPE_SCHEMA_OR_BOOL,
	TYPE_SCHEMA_OR_TEXTS, /* the same */
	TYPE_PROPERTIES,
	TYPE_DEPENDENCIES,
	TYPE_DOCS,
};

struct type_of {
	const char *name;
	enum type type;
};

static const struct type_of document_types[] = {
	{ "id", TYPE_TEXT },
	{ "swagger", TYPE_TEXT },
	{ "host", TYPE_TEXT },
	{ "basePath", TYPE_TEXT },
	{ "consumes", TYPE_TEXTS },
	{ "produces", TYPE_TEXTS },
	{ "schemes", TYPE_TEXTS },
	{ "info", TYPE_MAP },
	{ "paths", TYPE_MAP },
	{ "definitions", TYPE_PROPERTIES },
	{ "parameters", TYPE_MAP },
	{ "responses", TYPE_MAP },
	{ "securityDefinitions", TYPE_MAP },
	{ "security", TYPE_LIST },
	{ "tags", TYPE_LIST },
	{ "externalDocs", TYPE_DOCS },
};

static const struct type_of schema_types[] = {
	{ "id", TYPE_TEXT },
	{ "$ref", TYPE_URL },
	{ "$schema", TYPE_URL },
	{ "description", TYPE_TEXT },
	{ "type", TYPE_TEXT_OR_TEXTS },
	{ "nullable", TYPE_BOOL },
	{ "format", TYPE_TEXT },
	{ "title", TYPE_TEXT },
	{ "maximum", TYPE_NUMBER },
	{ "exclusiveMaximum", TYPE_BOOL },
	{ "minimum", TYPE_NUMBER },
	{ "exclusiveMinimum", TYPE_BOOL },
	{ "maxLength", TYPE_INT },
	{ "minLength", TYPE_INT },
	{ "pattern", TYPE_TEXT },
	{ "maxItems", TYPE_INT },
	{ "minItems", TYPE_INT },
	{ "uniqueItems", TYPE_BOOL },
	{ "multipleOf", TYPE_NUMBER },
	{ "enum", TYPE_LIST },
	{ "maxProperties", TYPE_INT },
	{ "minProperties", TYPE_INT },
	{ "required", TYPE_TEXTS },
	{ "items", TYPE_SCHEMA_OR_SCHEMAS },
	{ "allOf", TYPE_SCHEMAS },
	{ "oneOf", TYPE_SCHEMAS },
	{ "anyOf", TYPE_SCHEMAS },
	{ "not", TYPE_SCHEMA },
	{ "properties", TYPE_PROPERTIES },
	{ "additionalProperties", TYPE_SCHEMA_OR_BOOL },
	{ "patternProperties", TYPE_PROPERTIES },
	{ "dependencies", TYPE_DEPENDENCIES },
	{ "additionalItems", TYPE_SCHEMA_OR_BOOL },
	{ "definitions", TYPE_PROPERTIES },
	{ "discriminator", TYPE_TEXT },
	{ "readOnly", TYPE_BOOL },
	{ "externalDocs", TYPE_DOCS },
};

static const struct type_of docs_types[] = { { "description", TYPE_TEXT }, { "url", TYPE_TEXT } };

static bool check(const struct tree *value, enum type type, struct err *err);

static bool want(bool good, const char *what, struct err *err)
{
	return good || err_set(err, ERR_INPUT, "must be %s", what);
}

static bool check_items(const struct tree *list, enum type type, struct err *err)
{
	if (!want(tree_is_list(list), "a list", err)) {
		return false;
	}
	for (uint32_t i = 0; i < list->count; i++) {
		if (!check(list->items[i], type, err)) {
			return err_wrap(err, "%u", (unsigned)i);
		}
	}
	return true;
}

static bool check_values(const struct tree *map, enum type type, struct err *err)
{
	if (!want(tree_is_map(map), "a mapping", err)) {
		return false;
	}
	for (uint32_t i = 0; i + 1 < map->count; i += 2) {
		if (!check(map->items[i + 1], type, err)) {
			return err_wrap(err, "%.200s", tree_text(map->items[i]));
		}
	}
	return true;
}

static bool check_fields(const struct tree *map, const struct type_of *types, size_t count, struct err *err)
{
	if (!want(tree_is_map(map), "a mapping", err)) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (!check(tree_get(map, types[i].name), types[i].type, err)) {
			return err_wrap(err, "%s", types[i].name);
		}
	}
	return true;
}

/* What net/url refuses of a reference: no scheme, control characters, and, but in its query, an escape that is none. */
static bool is_url(const struct tree *text)
{
	bool query = false;
	for (const char *at = text->text; at < text->text + text->len; at++) {
		query = *at == '?' || (query && *at != '#');
		bool escape = *at == '%' && !query && (!isxdigit((unsigned char)at[1]) || !isxdigit((unsigned char)at[2]));
		if (escape || iscntrl((unsigned char)*at)) {
			return false;
		}
	}
	return *text->text != ':';
}

/* An int64; what is YAML became JSON on its way, without a fraction of zero. */
static bool is_whole(const struct tree *value)
{
	double number = strtod(value->text, NULL);
	return (value->tag == TREE_INT || value->tag == TREE_FLOAT) && trunc(number) == number && fabs(number) < 0x1p63;
}

/* As deep as the file, which has a limit. */
static bool check(const struct tree *value, enum type type, struct err *err)
{
	if (tree_is_null(value)) {
		return true;
	}
	const char *tag = value->kind == TREE_SCALAR ? value->tag : "";
	switch (type) {
	case TYPE_TEXT:
		return want(tag == TREE_STR, "a text", err);
	case TYPE_URL:
		return want(tag != TREE_STR || is_url(value), "a reference", err);
	case TYPE_BOOL:
		return want(tag == TREE_BOOL, "true or false", err);
	case TYPE_NUMBER:
		return want(tag == TREE_INT || tag == TREE_FLOAT, "a number", err);
	case TYPE_INT:
		return want(value->kind == TREE_SCALAR && is_whole(value), "a whole number", err);
	case TYPE_LIST:
		return want(tree_is_list(value), "a list", err);
	case TYPE_MAP:
		return want(tree_is_map(value), "a mapping", err);
	case TYPE_TEXTS:
		return check_items(value, TYPE_TEXT, err);
	case TYPE_TEXT_OR_TEXTS:
		return tree_is_list(value) ? check_items(value, TYPE_TEXT, err) : want(tag == TREE_STR, "a text or a list of texts", err);
	case TYPE_SCHEMA:
		return check_fields(value, schema_types, ARRAY_LEN(schema_types), err);
	case TYPE_SCHEMAS:
		return check_items(value, TYPE_SCHEMA, err);
	case TYPE_SCHEMA_OR_SCHEMAS:
	case TYPE_SCHEMA_OR_TEXTS:
		return tree_is_list(value) ? check_items(value, type == TYPE_SCHEMA_OR_TEXTS ? TYPE_TEXT : TYPE_SCHEMA, err)
		                           : !tree_is_map(value) || check(value, TYPE_SCHEMA, err);
	case TYPE_SCHEMA_OR_BOOL:
		return tree_is_map(value) ? check(value, TYPE_SCHEMA, err) : want(tag == TREE_BOOL, "a mapping, true or false", err);
	case TYPE_PROPERTIES:
		return check_values(value, TYPE_SCHEMA, err);
	case TYPE_DEPENDENCIES:
		return check_values(value, TYPE_SCHEMA_OR_TEXTS, err);
	case TYPE_DOCS:
		return check_fields(value, docs_types, ARRAY_LEN(docs_types), err);
	}
	return false;
}

bool openapi_check_document(const struct tree *document, struct err *err)
{
	return tree_is_null(document) || check_fields(document, document_types, ARRAY_LEN(document_types), err);
}

bool openapi_check_schema(const struct tree *schema, struct err *err)
{
	return check(schema, TYPE_SCHEMA, err);
}

bool openapi_check_texts(const struct tree *texts, struct err *err)
{
	return check(texts, TYPE_TEXTS, err);
}
