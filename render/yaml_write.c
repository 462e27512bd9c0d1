/* The choices are goyaml v2's (encode.go), the layout is libyaml's emitter, which goyaml's was translated from. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "render/yaml.h"
#include "render/yaml_scalar.h"
#include "render/yaml_sort.h"
#include "render/yaml_utf.h"

static bool write_value(yaml_emitter_t *emitter, const cJSON *value);

static int append(void *out, unsigned char *bytes, size_t len)
{
	return buf_add(out, bytes, len);
}

static bool emit(yaml_emitter_t *emitter, yaml_event_t *event, int made)
{
	if (!made) {
		abort();
	}
	return yaml_emitter_emit(emitter, event) != 0;
}

static bool write_scalar(yaml_emitter_t *emitter, const char *text, yaml_scalar_style_t style)
{
	yaml_event_t event;
	const yaml_char_t *bytes = (const yaml_char_t *)text;
	return emit(emitter, &event, yaml_scalar_event_initialize(&event, NULL, NULL, bytes, (int)strlen(text), 1, 1, style));
}

static yaml_scalar_style_t style_of(const char *text)
{
	if (strchr(text, '\n')) {
		return YAML_LITERAL_SCALAR_STYLE;
	}
	bool is_text = scalar_resolve(text).type == SCALAR_TEXT && !scalar_is_base60(text);
	return is_text ? YAML_PLAIN_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE;
}

static bool write_text(yaml_emitter_t *emitter, const char *text)
{
	if (text[utf8_length(text)]) {
		CLEANUP(text_freep) char *repaired = utf8_repair(text);
		return write_scalar(emitter, repaired, style_of(repaired));
	}
	return write_scalar(emitter, text, style_of(text));
}

/* Kustomize's numbers went through JSON, which makes 1.0 the integer 1. */
static bool write_number(yaml_emitter_t *emitter, struct scalar number)
{
	char text[SCALAR_NUMBER_MAX];
	scalar_json(&number, text);
	number = scalar_resolve(text);
	scalar_yaml(&number, text);
	return write_scalar(emitter, text, YAML_PLAIN_SCALAR_STYLE);
}

static bool write_raw(yaml_emitter_t *emitter, const char *text)
{
	struct scalar scalar = scalar_resolve(text);
	bool number = scalar.type == SCALAR_INT || (scalar.type == SCALAR_FLOAT && isfinite(scalar.real));
	return number ? write_number(emitter, scalar) : write_text(emitter, text);
}

static bool write_list(yaml_emitter_t *emitter, const cJSON *list)
{
	yaml_event_t event;
	bool fits = emit(emitter, &event, yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE));
	for (const cJSON *item = list->child; fits && item; item = item->next) {
		fits = write_value(emitter, item);
	}
	return fits && emit(emitter, &event, yaml_sequence_end_event_initialize(&event));
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

static bool write_mapping(yaml_emitter_t *emitter, const cJSON *mapping)
{
	yaml_event_t event;
	bool fits = emit(emitter, &event, yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE));
	size_t count = 0;
	const cJSON **members = sorted(mapping, &count);
	for (size_t i = 0; fits && i < count; i++) {
		fits = write_text(emitter, members[i]->string) && write_value(emitter, members[i]);
	}
	free(members);
	return fits && emit(emitter, &event, yaml_mapping_end_event_initialize(&event));
}

static bool write_value(yaml_emitter_t *emitter, const cJSON *value)
{
	if (cJSON_IsObject(value)) {
		return write_mapping(emitter, value);
	}
	if (cJSON_IsArray(value)) {
		return write_list(emitter, value);
	}
	if (cJSON_IsString(value)) {
		return write_text(emitter, value->valuestring);
	}
	if (cJSON_IsNumber(value) && isfinite(value->valuedouble)) {
		return write_number(emitter, (struct scalar){ .type = SCALAR_FLOAT, .real = value->valuedouble });
	}
	if (cJSON_IsRaw(value)) {
		return write_raw(emitter, value->valuestring);
	}
	const char *word = cJSON_IsBool(value) ? (cJSON_IsTrue(value) ? "true" : "false") : "null";
	return write_scalar(emitter, word, YAML_PLAIN_SCALAR_STYLE);
}

static bool write_stream(yaml_emitter_t *emitter, const cJSON *document)
{
	yaml_event_t event;
	return emit(emitter, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING)) &&
	       emit(emitter, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1)) &&
	       write_value(emitter, document) && emit(emitter, &event, yaml_document_end_event_initialize(&event, 1)) &&
	       emit(emitter, &event, yaml_stream_end_event_initialize(&event));
}

/* libyaml marks the end of a document whose last text keeps its line breaks; goyaml does not. */
static void drop_end_mark(struct buf *out, size_t start)
{
	static const char mark[] = "\n...\n";
	size_t len = strlen(mark);
	if (out->len - start >= len && memcmp(out->data + out->len - len, mark, len) == 0) {
		out->len -= len - 1;
		out->data[out->len] = '\0';
	}
}

bool yaml_write(const cJSON *document, struct buf *out)
{
	yaml_emitter_t emitter;
	if (!yaml_emitter_initialize(&emitter)) {
		abort();
	}
	yaml_emitter_set_output(&emitter, append, out);
	yaml_emitter_set_unicode(&emitter, 1);
	size_t start = out->len;
	bool fits = write_stream(&emitter, document);
	yaml_emitter_delete(&emitter);
	if (fits) {
		drop_end_mark(out, start);
	} else if (out->data) {
		out->len = start;
		out->data[start] = '\0';
	}
	return fits;
}
