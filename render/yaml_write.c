#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/yaml.h"
#include "render/yaml_emit.h"
#include "render/yaml_scalar.h"
#include "render/yaml_sort.h"

static bool write_value(struct yaml_emit *emit, const cJSON *value);

static bool write_text(struct yaml_emit *emit, const char *text)
{
	return yaml_emit_text(emit, text, strlen(text));
}

static bool write_number(struct yaml_emit *emit, double real)
{
	char text[SCALAR_NUMBER_MAX];
	scalar_json(&(struct scalar){ .type = SCALAR_FLOAT, .real = real }, text);
	return yaml_emit_number(emit, text);
}

static bool write_list(struct yaml_emit *emit, const cJSON *list)
{
	bool fits = yaml_emit_begin_list(emit);
	for (const cJSON *item = list->child; fits && item; item = item->next) {
		fits = write_value(emit, item);
	}
	return fits && yaml_emit_end_list(emit);
}

static int by_key(const void *left, const void *right)
{
	const cJSON *a = *(const cJSON *const *)left;
	const cJSON *b = *(const cJSON *const *)right;
	return yaml_key_compare(a->string, b->string);
}

static int by_bytes(const void *left, const void *right)
{
	const cJSON *a = *(const cJSON *const *)left;
	const cJSON *b = *(const cJSON *const *)right;
	return strcmp(a->string, b->string);
}

/* By bytes first: where goyaml's order is none, equal documents still give equal text. */
static const cJSON **sorted(const cJSON *mapping, size_t *count)
{
	*count = (size_t)cJSON_GetArraySize(mapping);
	const cJSON **members = alloc_new(*count, sizeof *members);
	size_t n = 0;
	for (const cJSON *member = mapping->child; member; member = member->next) {
		members[n++] = member;
	}
	qsort(members, *count, sizeof *members, by_bytes);
	qsort(members, *count, sizeof *members, by_key);
	return members;
}

static bool write_mapping(struct yaml_emit *emit, const cJSON *mapping)
{
	bool fits = yaml_emit_begin_map(emit);
	size_t count = 0;
	const cJSON **members = sorted(mapping, &count);
	for (size_t i = 0; fits && i < count; i++) {
		fits = write_text(emit, members[i]->string) && write_value(emit, members[i]);
	}
	free(members);
	return fits && yaml_emit_end_map(emit);
}

static bool write_value(struct yaml_emit *emit, const cJSON *value)
{
	if (cJSON_IsObject(value)) {
		return write_mapping(emit, value);
	}
	if (cJSON_IsArray(value)) {
		return write_list(emit, value);
	}
	if (cJSON_IsString(value)) {
		return write_text(emit, value->valuestring);
	}
	if (cJSON_IsNumber(value) && isfinite(value->valuedouble)) {
		return write_number(emit, value->valuedouble);
	}
	if (cJSON_IsRaw(value)) {
		return yaml_emit_number(emit, value->valuestring);
	}
	return yaml_emit_word(emit, cJSON_IsBool(value) ? (cJSON_IsTrue(value) ? "true" : "false") : "null");
}

bool yaml_write(const cJSON *document, struct buf *out)
{
	struct yaml_emit emit;
	bool fits = yaml_emit_open(&emit, out) && write_value(&emit, document);
	return yaml_emit_close(&emit, fits);
}
