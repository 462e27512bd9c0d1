#include "sync/fields_key.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "render/doc.h"

/* One "name":value of a key's text, as it is written there; a string value has its quotes. */
struct member {
	const char *name;
	size_t name_len;
	const char *value;
	size_t value_len;
};

static size_t value_length(const char *text)
{
	if (*text != '"') {
		return strcspn(text, ",}");
	}
	const char *end = strchr(text + 1, '"');
	return end ? (size_t)(end - text) + 1 : 0;
}

/* Steps over one member of an object text without escapes; *at stands before '{' or ','. */
static bool next_member(const char **at, struct member *out)
{
	const char *text = *at;
	if ((*text != '{' && *text != ',') || text[1] != '"') {
		return false;
	}
	out->name = text + 2;
	out->name_len = strcspn(out->name, "\"");
	text = out->name + out->name_len;
	if (text[0] != '"' || text[1] != ':') {
		return false;
	}
	out->value = text + 2;
	out->value_len = value_length(out->value);
	*at = out->value + out->value_len;
	return out->value_len > 0;
}

static bool text_is(const char *text, size_t len, const char *wanted)
{
	return strlen(wanted) == len && memcmp(text, wanted, len) == 0;
}

static bool same_scalar(const cJSON *value, const char *text, size_t len)
{
	if (cJSON_IsString(value)) {
		return len >= 2 && text[0] == '"' && text_is(text + 1, len - 2, value->valuestring);
	}
	if (cJSON_IsRaw(value)) {
		return text_is(text, len, value->valuestring);
	}
	if (cJSON_IsNumber(value)) {
		char *end = NULL;
		double number = strtod(text, &end);
		return end == text + len && !(number < value->valuedouble) && !(number > value->valuedouble);
	}
	return cJSON_IsBool(value) && text_is(text, len, cJSON_IsTrue(value) ? "true" : "false");
}

static const cJSON *member_of(const cJSON *element, const struct member *member)
{
	const cJSON *field = NULL;
	cJSON_ArrayForEach (field, element) {
		if (text_is(member->name, member->name_len, field->string)) {
			return cJSON_IsNull(field) ? NULL : field;
		}
	}
	return NULL;
}

static enum key_fit fit_plain(const char *text, const cJSON *element)
{
	enum key_fit fit = KEY_EXACT;
	struct member member;
	while (next_member(&text, &member)) {
		const cJSON *field = member_of(element, &member);
		if (!field) {
			fit = KEY_OPEN;
		} else if (!same_scalar(field, member.value, member.value_len)) {
			return KEY_OTHER;
		}
	}
	return strcmp(text, "}") == 0 ? fit : KEY_OTHER;
}

static enum key_fit fit_parsed(const cJSON *key, const cJSON *element)
{
	enum key_fit fit = cJSON_IsObject(key) ? KEY_EXACT : KEY_OTHER;
	const cJSON *part = NULL;
	cJSON_ArrayForEach (part, key) {
		const cJSON *field = doc_get(element, part->string);
		if (!field || cJSON_IsNull(field)) {
			fit = fit == KEY_OTHER ? KEY_OTHER : KEY_OPEN;
		} else if (!cJSON_Compare(part, field, true)) {
			fit = KEY_OTHER;
		}
	}
	return fit;
}

enum key_fit key_fit(const char *key, const cJSON *element)
{
	if (strncmp(key, "k:", 2) != 0 || !cJSON_IsObject(element)) {
		return KEY_OTHER;
	}
	if (!strchr(key, '\\')) {
		return fit_plain(key + 2, element);
	}
	CLEANUP(doc_freep) cJSON *parsed = cJSON_Parse(key + 2);
	return fit_parsed(parsed, element);
}

bool key_is_value(const char *key, const cJSON *scalar)
{
	if (strncmp(key, "v:", 2) != 0) {
		return false;
	}
	if (!strchr(key, '\\')) {
		return same_scalar(scalar, key + 2, strlen(key + 2));
	}
	CLEANUP(doc_freep) cJSON *parsed = cJSON_Parse(key + 2);
	return parsed && cJSON_Compare(parsed, scalar, true);
}

bool key_is_member(const cJSON *node)
{
	return key_is_leaf(node) || doc_get(node, ".") != NULL;
}

/* All children once, beginning with `from`. */
static const cJSON *next_around(const cJSON *node, const cJSON *from, const cJSON *at)
{
	const cJSON *next = at->next ? at->next : node->child;
	return next == from ? NULL : next;
}

const cJSON *key_field(const cJSON *node, const cJSON *from, const char *name)
{
	from = from ? from : key_first(node);
	for (const cJSON *at = from; at; at = next_around(node, from, at)) {
		if (at->string[0] == 'f' && at->string[1] == ':' && strcmp(at->string + 2, name) == 0) {
			return at;
		}
	}
	return NULL;
}

/* Another element has all the fields of this key, so it is not the one that leaves some out. */
static bool is_taken(const char *key, const cJSON *list, const cJSON *element)
{
	const cJSON *other = NULL;
	cJSON_ArrayForEach (other, list) {
		if (other != element && key_fit(key, other) == KEY_EXACT) {
			return true;
		}
	}
	return false;
}

static bool fits(const char *key, const cJSON *list, const cJSON *element)
{
	if (cJSON_IsObject(element)) {
		enum key_fit fit = key_fit(key, element);
		return fit == KEY_EXACT || (fit == KEY_OPEN && !is_taken(key, list, element));
	}
	return key_is_value(key, element);
}

static bool is_index(const char *key, size_t index)
{
	char *end = NULL;
	return strncmp(key, "i:", 2) == 0 && isdigit((unsigned char)key[2]) && strtoull(key + 2, &end, 10) == index && !*end;
}

const cJSON *key_element(const cJSON *node, const cJSON *from, const cJSON *list, const cJSON *element, size_t index)
{
	from = from ? from : key_first(node);
	for (const cJSON *at = from; at; at = next_around(node, from, at)) {
		if (fits(at->string, list, element) || is_index(at->string, index)) {
			return at;
		}
	}
	return NULL;
}

static void print_pair(struct buf *out, const struct member *member, const cJSON *element, bool first)
{
	const char *value = member->value;
	size_t len = member->value_len;
	CLEANUP(text_freep) char *own = element ? cJSON_PrintUnformatted(member_of(element, member)) : NULL;
	if (own) {
		value = own;
		len = strlen(own);
	}
	bool quoted = len >= 2 && *value == '"';
	(void)buf_printf(out, "%s%.*s=%.*s", first ? "" : ",", (int)member->name_len, member->name, (int)(len - (quoted ? 2 : 0)),
	                 value + quoted);
}

void key_print(struct buf *out, const char *key, const cJSON *element)
{
	const char *text = key + 2;
	struct member member;
	bool first = true;
	(void)buf_putc(out, '[');
	while (next_member(&text, &member)) {
		if (!element || member_of(element, &member)) {
			print_pair(out, &member, element, first);
			first = false;
		}
	}
	(void)buf_putc(out, ']');
}

void key_print_field(struct buf *out, const char *name)
{
	size_t plain = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
	if (*name && !name[plain]) {
		(void)buf_printf(out, "%s%s", out->len ? "." : "", name);
	} else {
		(void)buf_printf(out, "[%s]", name);
	}
}
