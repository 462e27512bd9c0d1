#include "sync/syncspec_fields.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/base/near.h"
#include "render/doc.h"
#include "render/yaml_line.h"

enum { FIELD_BYTES = 1000, TEXT_BYTES = 600, MOST_FIELDS = 32, LONGEST_HOURS = 8760 };

#define HOURS(n) ((int64_t)(n)*60 * 60 * 1000)

/* --- problems ----------------------------------------------------------------------------------------------------- */

/* "/spec/ignore/0/paths" */
static void put_pointer(const struct spot *spot, struct buf *out)
{
	if (!spot) {
		return;
	}
	put_pointer(spot->up, out);
	if (!spot->key) {
		(void)buf_printf(out, "/%zu", spot->index);
		return;
	}
	(void)buf_putc(out, '/');
	for (const char *c = spot->key; *c; c++) {
		(void)(*c == '~' ? buf_puts(out, "~0") : *c == '/' ? buf_puts(out, "~1") : buf_putc(out, *c));
	}
}

/* "spec.ignore[0].paths" */
static void put_field(const struct spot *spot, struct buf *out)
{
	if (!spot) {
		return;
	}
	put_field(spot->up, out);
	(void)(spot->key ? buf_printf(out, "%s%s", out->len ? "." : "", spot->key) : buf_printf(out, "[%zu]", spot->index));
}

void spec_refuse(struct reading *reading, const struct spot *spot, const char *fmt, ...)
{
	const struct syncspec_source *source = reading->source;
	CLEANUP(buf_release) struct buf pointer = BUF_INIT(LIMIT_KIB(16));
	CLEANUP(buf_release) struct buf field = BUF_INIT(FIELD_BYTES);
	put_pointer(spot, &pointer);
	put_field(spot, &field);
	bool kept = reading->problems->count < LIMIT_PROBLEMS;
	size_t line = source->text && kept ? yaml_line(source->text, source->len, source->line, buf_text(&pointer)) : source->line;
	char text[TEXT_BYTES];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	problems_add(reading->problems, PROBLEM_ERROR, source->path, line, buf_text(&field), "%s", text);
	reading->failed = true;
}

/* --- fields ------------------------------------------------------------------------------------------------------- */

bool spec_absent(const cJSON *value)
{
	return !value || cJSON_IsNull(value);
}

const char *spec_text(struct reading *reading, const struct spot *spot, const cJSON *value, syncspec_check *check)
{
	struct err err = ERR_INIT;
	const char *text = cJSON_GetStringValue(value);
	if (!text) {
		spec_refuse(reading, spot, "must be a string; put it in quotes");
	} else if (check && !check(text, &err)) {
		spec_refuse(reading, spot, "%s", err.msg);
		text = NULL;
	}
	return text;
}

static void read_text(struct reading *reading, const struct spot *spot, const cJSON *value, const struct field *field, void *into)
{
	const char *text = spec_text(reading, spot, value, field->check);
	if (text) {
		text_set((char **)into, text);
	}
}

static void read_flag(struct reading *reading, const struct spot *spot, const cJSON *value, const struct field *field, void *into)
{
	(void)field;
	if (cJSON_IsBool(value)) {
		*(bool *)into = cJSON_IsTrue(value);
	} else {
		spec_refuse(reading, spot, "must be true or false");
	}
}

static void read_duration(struct reading *reading, const struct spot *spot, const cJSON *value, const struct field *field,
                          void *into)
{
	const char *text = cJSON_GetStringValue(value);
	int64_t duration = 0;
	if (!text || !syncspec_duration(text, &duration)) {
		spec_refuse(reading, spot, "must be a duration such as 30s or 1m30s");
	} else if (duration < field->least) {
		spec_refuse(reading, spot, "must be at least %llds", (long long)field->least / 1000);
	} else if (duration > HOURS(LONGEST_HOURS)) {
		spec_refuse(reading, spot, "must be at most %dh", LONGEST_HOURS);
	} else {
		*(int64_t *)into = duration;
	}
}

static void read_word(struct reading *reading, const struct spot *spot, const cJSON *value, const struct field *field, void *into)
{
	CLEANUP(buf_release) struct buf known = BUF_INIT(FIELD_BYTES);
	const char *text = cJSON_GetStringValue(value);
	for (unsigned i = 0; field->words[i]; i++) {
		if (text && strcmp(text, field->words[i]) == 0) {
			*(unsigned *)into = i;
			return;
		}
		(void)buf_printf(&known, "%s%s", i ? " or " : "", field->words[i]);
	}
	spec_refuse(reading, spot, "must be %s", buf_text(&known));
}

void spec_value(struct reading *reading, const struct spot *spot, const cJSON *value, const struct field *field, void *base)
{
	void *into = (char *)base + field->at;
	switch (field->type) {
	case TYPE_TEXT:
		read_text(reading, spot, value, field, into);
		break;
	case TYPE_FLAG:
		read_flag(reading, spot, value, field, into);
		break;
	case TYPE_DURATION:
		read_duration(reading, spot, value, field, into);
		break;
	case TYPE_WORD:
		read_word(reading, spot, value, field, into);
		break;
	case TYPE_MAPPING:
		spec_members(reading, spot, value, field->fields, field->count, base);
		break;
	case TYPE_OTHER:
		field->read(reading, spot, value, into);
		break;
	}
}

void spec_unknown(struct reading *reading, const struct spot *spot, const struct field *fields, size_t count)
{
	const char *names[MOST_FIELDS];
	size_t known = count < MOST_FIELDS ? count : MOST_FIELDS;
	for (size_t i = 0; i < known; i++) {
		names[i] = fields[i].name;
	}
	const char *near = near_word(spot->key, names, known);
	if (near) {
		spec_refuse(reading, spot, "unknown field; did you mean %s?", near);
	} else {
		spec_refuse(reading, spot, "unknown field");
	}
}

const struct field *spec_field(const struct field *fields, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(fields[i].name, name) == 0) {
			return &fields[i];
		}
	}
	return NULL;
}

void spec_members(struct reading *reading, const struct spot *spot, const cJSON *mapping, const struct field *fields,
                  size_t count, void *into)
{
	if (!cJSON_IsObject(mapping)) {
		spec_refuse(reading, spot, "must be a mapping");
		return;
	}
	const cJSON *member = NULL;
	cJSON_ArrayForEach (member, mapping) {
		struct spot inner = { .up = spot, .key = member->string };
		const struct field *field = spec_field(fields, count, member->string);
		if (!field) {
			spec_unknown(reading, &inner, fields, count);
		} else if (!spec_absent(member)) {
			spec_value(reading, &inner, member, field, into);
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (fields[i].required && spec_absent(doc_get(mapping, fields[i].name))) {
			struct spot inner = { .up = spot, .key = fields[i].name };
			spec_refuse(reading, &inner, "is missing");
		}
	}
}

size_t spec_items(struct reading *reading, const struct spot *spot, const cJSON *list)
{
	int count = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : -1;
	if (count < 0) {
		spec_refuse(reading, spot, "must be a list");
		return 0;
	}
	if ((size_t)count > LIMIT_SYNC_ITEMS) {
		spec_refuse(reading, spot, "has more than %zu entries", LIMIT_SYNC_ITEMS);
		return 0;
	}
	return (size_t)count;
}
