#include "render/kustomize/decode.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "render/kustomize/write.h"
#include "render/yaml_scalar.h"

/* Where in the document: "patches[2].target.name". */
struct at {
	const struct at *up;
	const char *name;
	size_t index;
};

enum { PLACE_BYTES = 200 };

static size_t place_add(const struct at *at, char *out, size_t size)
{
	if (!at) {
		out[0] = '\0';
		return 0;
	}
	size_t len = place_add(at->up, out, size);
	int more = at->name ? snprintf(out + len, size - len, "%s%.60s", len ? "." : "", at->name)
	                    : snprintf(out + len, size - len, "[%zu]", at->index);
	len += more > 0 ? (size_t)more : 0;
	return len < size ? len : size - 1;
}

static bool fail(const struct decoder *decoder, const struct tree *tree, const struct at *at, const char *what, struct err *err)
{
	char place[PLACE_BYTES];
	(void)place_add(at, place, sizeof place);
	return err_set(err, ERR_INPUT, "%s:%u: %s%s%s", decoder->file, tree->line, place, *place ? ": " : "", what);
}

static bool decode_struct(const struct decoder *decoder, const struct shape *shape, const struct tree *tree, const struct at *at,
                          void *out, struct err *err);

static void *member(void *base, size_t offset)
{
	return (char *)base + offset;
}

/*
 * A field may come twice, in letters of another case. The later one goes on from what the earlier one left, as encoding/json
 * decodes into what is there: the elements of a list one by one, the keys of a mapping, the fields of a struct.
 */

/* --- values ------------------------------------------------------------------------------------------------------- */

static bool scalar_of(const struct decoder *decoder, const struct tree *tree, const struct at *at, struct json_scalar *out,
                      struct err *err)
{
	if (tree->kind != TREE_SCALAR) {
		out->kind = JSON_NULL;
		return true;
	}
	return tree_json_scalar(decoder->arena, tree, out, err) || err_wrap(err, "%s: %s", decoder->file, at->name ? at->name : "");
}

/* strconv's words for infinity and not-a-number; NULL for all else. */
static const char *infinite_text(double real)
{
	return isfinite(real) ? NULL : isnan(real) ? "NaN" : real < 0 ? "-Inf" : "+Inf";
}

/* What is no text where one is wanted: a number has single precision to sigs.k8s.io/yaml, goyaml takes it as it is written. */
static const char *text_of(const struct decoder *decoder, const struct json_scalar *value)
{
	if (value->kind != JSON_NUMBER) {
		return value->kind == JSON_NULL ? "" : value->text;
	}
	struct scalar number = scalar_resolve(value->text);
	const char *infinite = decoder->goyaml || number.type != SCALAR_FLOAT ? NULL : infinite_text((double)(float)number.real);
	if (infinite) {
		return infinite;
	}
	char text[SCALAR_NUMBER_MAX];
	decoder->goyaml ? scalar_yaml(&number, text) : scalar_key(&number, text);
	return arena_text(decoder->arena, text);
}

static bool decode_text(const struct decoder *decoder, bool loose, const struct tree *tree, const struct at *at, const char **out,
                        struct err *err)
{
	/* Infinity has no JSON form. */
	bool real = loose && tree->kind == TREE_SCALAR && tree->tag == TREE_FLOAT;
	const char *infinite = real ? infinite_text(scalar_resolve(tree->text).real) : NULL;
	if (infinite) {
		*out = infinite;
		return true;
	}
	struct json_scalar value;
	if (!scalar_of(decoder, tree, at, &value, err)) {
		return false;
	}
	if (value.kind != JSON_TEXT) {
		if ((!loose && !decoder->goyaml) || tree->kind != TREE_SCALAR) {
			bool scalar = tree->kind == TREE_SCALAR;
			return fail(decoder, tree, at, scalar ? "must be a string: put the value in quotes" : "must be a string", err);
		}
		*out = text_of(decoder, &value);
		return true;
	}
	if (strlen(value.text) != value.len) {
		return fail(decoder, tree, at, "must not hold a NUL character", err);
	}
	if (json_has_document_edge(value.text, value.len)) {
		return fail(decoder, tree, at, "must not hold --- or ... behind the line break U+0085", err);
	}
	*out = json_fold_lines(decoder->arena, value.text, &value.len);
	return true;
}

/* goyaml v3 takes YAML 1.1's words for a bool where it knows that it wants one. */
static bool is_word(const char *text, bool *truth)
{
	static const char *const words[] = { "y", "n", "yes", "no", "on", "off" };
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		bool capital = strcmp(text + (*text != 0), words[i] + 1) == 0 && text[0] == words[i][0] - ('a' - 'A');
		bool capitals = strcasecmp(text, words[i]) == 0 && strpbrk(text, "yesnof") == NULL;
		if (strcmp(text, words[i]) == 0 || capital || capitals) {
			*truth = i % 2 == 0;
			return true;
		}
	}
	return false;
}

static bool decode_bool(const struct decoder *decoder, const struct tree *tree, const struct at *at, bool *out, struct err *err)
{
	struct json_scalar value;
	if (!scalar_of(decoder, tree, at, &value, err)) {
		return false;
	}
	if (decoder->goyaml && value.kind == JSON_TEXT && is_word(value.text, out)) {
		return true;
	}
	if (value.kind != JSON_BOOL) {
		return fail(decoder, tree, at, "must be true or false", err);
	}
	*out = value.text[0] == 't';
	return true;
}

static bool decode_int(const struct decoder *decoder, const struct tree *tree, const struct at *at, int64_t *out, struct err *err)
{
	struct json_scalar value;
	if (!scalar_of(decoder, tree, at, &value, err)) {
		return false;
	}
	char *end = NULL;
	errno = 0;
	long long number = value.kind == JSON_NUMBER ? strtoll(value.text, &end, 10) : 0;
	if (value.kind != JSON_NUMBER || *end || errno) {
		return fail(decoder, tree, at, "must be a whole number", err);
	}
	*out = number;
	return true;
}

static bool want(const struct decoder *decoder, const struct tree *tree, const struct at *at, enum tree_kind kind,
                 struct err *err)
{
	return tree->kind == kind || fail(decoder, tree, at, kind == TREE_LIST ? "must be a list" : "must be a mapping", err);
}

static bool decode_texts(const struct decoder *decoder, const struct tree *tree, const struct at *at, struct texts *out,
                         struct err *err)
{
	if (!want(decoder, tree, at, TREE_LIST, err)) {
		return false;
	}
	const char **items = arena_new(decoder->arena, tree->count, sizeof *items);
	for (uint32_t i = 0; i < tree->count; i++) {
		struct at inner = { .up = at, .index = i };
		items[i] = i < out->count ? out->items[i] : "";
		if (!tree_is_null(tree->items[i]) && !decode_text(decoder, decoder->loose, tree->items[i], &inner, &items[i], err)) {
			return false;
		}
	}
	*out = (struct texts){ .items = items, .count = tree->count, .set = true };
	return true;
}

static int by_key(const void *left, const void *right)
{
	const struct pair *a = left;
	const struct pair *b = right;
	return strcmp(a->key, b->key);
}

static bool decode_pairs(const struct decoder *decoder, const struct tree *tree, const struct at *at, struct pairs *out,
                         struct err *err)
{
	if (!want(decoder, tree, at, TREE_MAP, err)) {
		return false;
	}
	struct pair *items = arena_new(decoder->arena, out->count + tree->count / 2, sizeof *items);
	size_t before = out->count;
	if (before) {
		memcpy(items, out->items, before * sizeof *items);
	}
	out->items = items;
	out->set = true;
	for (uint32_t i = 0; i + 1 < tree->count; i += 2) {
		const char *key = tree_text(tree->items[i]);
		struct at inner = { .up = at, .name = key };
		const char *text = "";
		if (!key || strlen(key) != tree->items[i]->len) {
			return fail(decoder, tree->items[i], at, key ? "must not hold a NUL character" : "a key must be a string", err);
		}
		if (!tree_is_null(tree->items[i + 1]) && !decode_text(decoder, decoder->loose, tree->items[i + 1], &inner, &text, err)) {
			return false;
		}
		struct pair pair = { .key = key, .value = text };
		struct pair *old = before ? bsearch(&pair, items, before, sizeof *items, by_key) : NULL;
		*(old ? old : &items[out->count++]) = pair;
	}
	qsort(out->items, out->count, sizeof *out->items, by_key);
	return true;
}

/* --- structs ------------------------------------------------------------------------------------------------------ */

static void set_defaults(const struct shape *shape, void *out)
{
	for (size_t i = 0; i < shape->count; i++) {
		const struct field *field = &shape->fields[i];
		void *to = member(out, field->offset);
		if (field->kind == FIELD_TEXT || field->kind == FIELD_STRICT || field->kind == FIELD_LOOSE) {
			*(const char **)to = "";
		} else if (field->kind == FIELD_STRUCT) {
			set_defaults(field->shape, to);
		}
	}
}

static void *struct_new(const struct decoder *decoder, const struct shape *shape)
{
	void *made = arena_new(decoder->arena, 1, shape->size);
	set_defaults(shape, made);
	return made;
}

static bool decode_pointer(const struct decoder *decoder, const struct shape *shape, const struct tree *tree, const struct at *at,
                           void **out, struct err *err)
{
	void *made = *out ? *out : struct_new(decoder, shape);
	if (!decode_struct(decoder, shape, tree, at, made, err)) {
		return false;
	}
	*out = made;
	return true;
}

static bool decode_list(const struct decoder *decoder, const struct shape *shape, const struct tree *tree, const struct at *at,
                        void *to, struct err *err)
{
	if (!want(decoder, tree, at, TREE_LIST, err)) {
		return false;
	}
	struct list list;
	memcpy(&list, to, sizeof list);
	void *items = arena_new(decoder->arena, tree->count, shape->size);
	size_t count = 0;
	for (uint32_t i = 0; i < tree->count; i++) {
		bool null = tree_is_null(tree->items[i]);
		if (null && decoder->goyaml) {
			continue;
		}
		struct at inner = { .up = at, .index = i };
		void *item = member(items, count * shape->size);
		if (count < list.count) {
			memcpy(item, member(list.items, count * shape->size), shape->size);
		} else {
			set_defaults(shape, item);
		}
		count++;
		if (!null && !decode_struct(decoder, shape, tree->items[i], &inner, item, err)) {
			return false;
		}
	}
	list = (struct list){ .items = items, .count = count, .set = true };
	memcpy(to, &list, sizeof list);
	return true;
}

static bool decode_pointers(const struct decoder *decoder, const struct shape *shape, const struct tree *tree,
                            const struct at *at, void *to, struct err *err)
{
	if (!want(decoder, tree, at, TREE_LIST, err)) {
		return false;
	}
	struct list list;
	memcpy(&list, to, sizeof list);
	void **items = arena_new(decoder->arena, tree->count, sizeof *items);
	for (uint32_t i = 0; i < tree->count; i++) {
		struct at inner = { .up = at, .index = i };
		if (i < list.count) {
			items[i] = ((void **)list.items)[i];
		}
		if (tree_is_null(tree->items[i])) {
			items[i] = NULL;
		} else if (!decode_pointer(decoder, shape, tree->items[i], &inner, &items[i], err)) {
			return false;
		}
	}
	list = (struct list){ .items = items, .count = tree->count, .set = true };
	memcpy(to, &list, sizeof list);
	return true;
}

static bool decode_count(const struct decoder *decoder, const struct tree *tree, const struct at *at, void *to, struct err *err)
{
	struct list list = { .set = true };
	if (!want(decoder, tree, at, TREE_LIST, err)) {
		return false;
	}
	list.count = tree->count;
	memcpy(to, &list, sizeof list);
	return true;
}

/* null empties what can be empty and leaves the rest as it is. */
static void decode_null(const struct field *field, void *out)
{
	void *to = member(out, field->offset);
	switch (field->kind) {
	case FIELD_TEXTS:
		*(struct texts *)to = (struct texts){ 0 };
		break;
	case FIELD_PAIRS:
		*(struct pairs *)to = (struct pairs){ 0 };
		break;
	case FIELD_LIST:
	case FIELD_POINTERS:
	case FIELD_COUNT:
		memset(to, 0, sizeof(struct list));
		break;
	case FIELD_TEXT_PTR:
	case FIELD_POINTER:
	case FIELD_TREE:
		memset(to, 0, sizeof(void *));
		break;
	case FIELD_TEXT:
	case FIELD_STRICT:
	case FIELD_LOOSE:
	case FIELD_BOOL:
	case FIELD_INT:
	case FIELD_STRUCT:
	case FIELD_GIVEN:
		break;
	}
}

static bool decode_field(const struct decoder *decoder, const struct field *field, struct tree *tree, const struct at *at,
                         void *out, struct err *err)
{
	void *to = member(out, field->offset);
	switch (field->kind) {
	case FIELD_TEXT:
	case FIELD_TEXT_PTR:
		return decode_text(decoder, decoder->loose, tree, at, to, err);
	case FIELD_STRICT:
		return decode_text(decoder, false, tree, at, to, err);
	case FIELD_LOOSE:
		return decode_text(decoder, true, tree, at, to, err);
	case FIELD_BOOL:
		return decode_bool(decoder, tree, at, to, err);
	case FIELD_INT:
		return decode_int(decoder, tree, at, to, err);
	case FIELD_TEXTS:
		return decode_texts(decoder, tree, at, to, err);
	case FIELD_PAIRS:
		return decode_pairs(decoder, tree, at, to, err);
	case FIELD_STRUCT:
		return decode_struct(decoder, field->shape, tree, at, to, err);
	case FIELD_POINTER:
		return decode_pointer(decoder, field->shape, tree, at, to, err);
	case FIELD_LIST:
		return decode_list(decoder, field->shape, tree, at, to, err);
	case FIELD_POINTERS:
		return decode_pointers(decoder, field->shape, tree, at, to, err);
	case FIELD_COUNT:
		return decode_count(decoder, tree, at, to, err);
	case FIELD_GIVEN:
		*(bool *)to = true;
		return true;
	case FIELD_TREE:
		*(struct tree **)to = tree;
		return true;
	}
	return false;
}

static const struct field *find_field(const struct shape *shape, const char *name, bool exact)
{
	for (size_t i = 0; i < shape->count; i++) {
		if (strcmp(shape->fields[i].name, name) == 0) {
			return &shape->fields[i];
		}
	}
	for (size_t i = 0; i < shape->count && !exact; i++) {
		if (strcasecmp(shape->fields[i].name, name) == 0) {
			return &shape->fields[i];
		}
	}
	return NULL;
}

enum { NAME_BYTES = 40 };

/* Levenshtein's distance without regard to case, of names that are not too long for it. */
static size_t distance(const char *a, const char *b)
{
	size_t row[NAME_BYTES + 1];
	size_t b_len = strlen(b);
	if (b_len > NAME_BYTES || strlen(a) > NAME_BYTES) {
		return SIZE_MAX;
	}
	for (size_t k = 0; k <= b_len; k++) {
		row[k] = k;
	}
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t k = 1; k <= b_len; k++) {
			size_t change = diagonal + (strncasecmp(a + i - 1, b + k - 1, 1) != 0);
			size_t gap = 1 + (row[k - 1] < row[k] ? row[k - 1] : row[k]);
			diagonal = row[k];
			row[k] = change < gap ? change : gap;
		}
	}
	return row[b_len];
}

static const char *nearest(const struct shape *shape, const char *name)
{
	const char *best = NULL;
	size_t least = 1 + strlen(name) / 2;
	for (size_t i = 0; i < shape->count; i++) {
		size_t away = distance(name, shape->fields[i].name);
		if (away < least) {
			least = away;
			best = shape->fields[i].name;
		}
	}
	return best;
}

static bool refuse_unknown(const struct decoder *decoder, const struct shape *shape, const struct tree *key, const struct at *at,
                           struct err *err)
{
	const char *best = nearest(shape, key->text);
	char what[PLACE_BYTES];
	(void)snprintf(what, sizeof what, "unknown field '%.60s' of %s%s%s%s", key->text, shape->name, best ? ", did you mean '" : "",
	               best ? best : "", best ? "'?" : "");
	return fail(decoder, key, at, what, err);
}

static bool decode_struct(const struct decoder *decoder, const struct shape *shape, const struct tree *tree, const struct at *at,
                          void *out, struct err *err)
{
	if (!want(decoder, tree, at, TREE_MAP, err)) {
		return false;
	}
	for (uint32_t i = 0; i + 1 < tree->count; i += 2) {
		const char *name = tree_text(tree->items[i]);
		const struct field *field = name ? find_field(shape, name, decoder->goyaml) : NULL;
		if (!name || (!field && decoder->strict)) {
			return name ? refuse_unknown(decoder, shape, tree->items[i], at, err)
			            : fail(decoder, tree->items[i], at, "a key must be a string", err);
		}
		struct at inner = { .up = at, .name = name };
		if (field && tree_is_null(tree->items[i + 1])) {
			decode_null(field, out);
		} else if (field && !decode_field(decoder, field, tree->items[i + 1], &inner, out, err)) {
			return false;
		}
	}
	return true;
}

bool decode(const struct decoder *decoder, const struct shape *shape, const struct tree *tree, void *out, struct err *err)
{
	memset(out, 0, shape->size);
	set_defaults(shape, out);
	return tree_is_null(tree) || decode_struct(decoder, shape, tree, NULL, out, err);
}
