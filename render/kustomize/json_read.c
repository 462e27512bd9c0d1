#include "render/kustomize/json_read.h"

#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"
#include "render/base/limits.h"
#include "render/kustomize/rune.h"

const char JSON_RAW[] = "json";

struct scanner {
	struct arena *arena;
	const char *at, *end;
	uint32_t line;
	size_t depth;
	unsigned flags;
	struct err *err;
};

static bool fail(struct scanner *scanner, const char *what)
{
	return err_set(scanner->err, ERR_INPUT, "line %u: not JSON: %s", (unsigned)scanner->line, what);
}

static void skip_space(struct scanner *scanner)
{
	while (scanner->at < scanner->end && strchr(" \t\r\n", *scanner->at) && *scanner->at) {
		scanner->line += *scanner->at++ == '\n';
	}
}

static int peek(const struct scanner *scanner)
{
	return scanner->at < scanner->end ? (unsigned char)*scanner->at : -1;
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *lower = c >= 'A' && c <= 'F' ? strchr(digits, c + ('a' - 'A')) : c ? strchr(digits, c) : NULL;
	return lower ? (int)(lower - digits) : -1;
}

static struct tree *raw(struct scanner *scanner, const char *from, uint32_t line)
{
	struct tree *tree = arena_new(scanner->arena, 1, sizeof *tree);
	tree->tag = JSON_RAW;
	tree->len = (size_t)(scanner->at - from);
	tree->text = arena_text_len(scanner->arena, from, tree->len);
	tree->line = line;
	return tree;
}

static bool read_escape(struct scanner *scanner)
{
	scanner->at++;
	int c = peek(scanner);
	if (c != 'u') {
		scanner->at += c > 0 && strchr("\"\\/bfnrt", c);
		return (c > 0 && strchr("\"\\/bfnrt", c)) || fail(scanner, "an unknown escape in a string");
	}
	scanner->at++;
	for (int i = 0; i < 4; i++, scanner->at++) {
		if (peek(scanner) < 0 || hex_digit(*scanner->at) < 0) {
			return fail(scanner, "\\u needs four hexadecimal digits");
		}
	}
	return true;
}

static bool read_string(struct scanner *scanner, struct tree **out)
{
	const char *from = scanner->at++;
	while (peek(scanner) != '"') {
		if (peek(scanner) < 0x20) {
			return fail(scanner, "a string without an end, or with a control character in it");
		}
		if (peek(scanner) != '\\') {
			scanner->at++;
		} else if (!read_escape(scanner)) {
			return false;
		}
	}
	scanner->at++;
	*out = raw(scanner, from, scanner->line);
	return true;
}

static bool read_digits(struct scanner *scanner)
{
	const char *from = scanner->at;
	while (is_digit(peek(scanner))) {
		scanner->at++;
	}
	return scanner->at > from || fail(scanner, "a number without digits");
}

static bool read_number(struct scanner *scanner, struct tree **out)
{
	const char *from = scanner->at;
	scanner->at += peek(scanner) == '-';
	if (peek(scanner) == '0') {
		scanner->at++;
	} else if (!read_digits(scanner)) {
		return false;
	}
	if (peek(scanner) == '.') {
		scanner->at++;
		if (!read_digits(scanner)) {
			return false;
		}
	}
	if (peek(scanner) == 'e' || peek(scanner) == 'E') {
		scanner->at++;
		scanner->at += peek(scanner) == '+' || peek(scanner) == '-';
		if (!read_digits(scanner)) {
			return false;
		}
	}
	*out = raw(scanner, from, scanner->line);
	return true;
}

static bool read_word(struct scanner *scanner, struct tree **out)
{
	static const char *const words[] = { "null", "true", "false" };
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		size_t len = strlen(words[i]);
		if ((size_t)(scanner->end - scanner->at) >= len && memcmp(scanner->at, words[i], len) == 0) {
			const char *from = scanner->at;
			scanner->at += len;
			*out = raw(scanner, from, scanner->line);
			(*out)->tag = i == 0 ? TREE_NULL : JSON_RAW;
			return true;
		}
	}
	return fail(scanner, "a value is missing");
}

static bool read_value(struct scanner *scanner, struct tree **out);

static bool read_member(struct scanner *scanner, struct tree *map)
{
	struct tree *key, *value;
	if (peek(scanner) != '"') {
		return fail(scanner, "the name of a member must be a string");
	}
	if (!read_string(scanner, &key)) {
		return false;
	}
	skip_space(scanner);
	if (peek(scanner) != ':') {
		return fail(scanner, "':' is missing behind the name of a member");
	}
	scanner->at++;
	if (!read_value(scanner, &value)) {
		return false;
	}
	tree_append(scanner->arena, map, json_decode(scanner->arena, key));
	tree_append(scanner->arena, map, value);
	return true;
}

struct member {
	struct tree *key, *value;
	uint32_t at;
};

static int by_key(const void *a, const void *b)
{
	const struct member *left = a, *right = b;
	size_t len = left->key->len < right->key->len ? left->key->len : right->key->len;
	int order = memcmp(left->key->text, right->key->text, len);
	if (order == 0) {
		order = left->key->len < right->key->len ? -1 : left->key->len > right->key->len;
	}
	return order ? order : left->at < right->at ? -1 : 1;
}

/* Of members of one name the last one counts, where that is no error. They are in the order of their names then. */
static bool drop_repeated(struct scanner *scanner, struct tree *map)
{
	uint32_t count = map->count / 2;
	struct member *members = arena_new(scanner->arena, count, sizeof *members);
	for (uint32_t i = 0; i < count; i++) {
		members[i] = (struct member){ map->items[2 * i], map->items[2 * i + 1], i };
	}
	qsort(members, count, sizeof *members, by_key);
	map->count = 0;
	for (uint32_t i = 0; i < count; i++) {
		const struct tree *key = members[i].key, *next = i + 1 < count ? members[i + 1].key : NULL;
		if (!next || next->len != key->len || memcmp(next->text, key->text, key->len) != 0) {
			map->items[map->count++] = members[i].key;
			map->items[map->count++] = members[i].value;
		} else if (scanner->flags & JSON_READ_UNIQUE) {
			return fail(scanner, "a member of an object is there twice");
		}
	}
	return true;
}

/* An array or an object, up to its closing bracket. */
static bool read_collection(struct scanner *scanner, struct tree *into, int close)
{
	if (++scanner->depth > LIMIT_DEPTH) {
		return err_set(scanner->err, ERR_LIMIT, "line %u: more than %zu levels of nesting", (unsigned)scanner->line, LIMIT_DEPTH);
	}
	scanner->at++;
	skip_space(scanner);
	for (bool first = true; peek(scanner) != close || !first; first = false) {
		struct tree *item;
		if (into->kind == TREE_MAP ? !read_member(scanner, into) : !read_value(scanner, &item)) {
			return false;
		}
		if (into->kind == TREE_LIST) {
			tree_append(scanner->arena, into, item);
		}
		skip_space(scanner);
		if (peek(scanner) == close) {
			break;
		}
		if (peek(scanner) != ',') {
			return fail(scanner, "',' is missing behind a value");
		}
		scanner->at++;
		skip_space(scanner);
	}
	scanner->at++;
	scanner->depth--;
	return into->kind != TREE_MAP || into->count <= 2 || drop_repeated(scanner, into);
}

static bool read_value(struct scanner *scanner, struct tree **out)
{
	skip_space(scanner);
	int c = peek(scanner);
	if (c == '{' || c == '[') {
		*out = c == '{' ? tree_new_map(scanner->arena) : tree_new_list(scanner->arena);
		(*out)->line = scanner->line;
		return read_collection(scanner, *out, c == '{' ? '}' : ']');
	}
	if (c == '"') {
		return read_string(scanner, out);
	}
	return c == '-' || is_digit(c) ? read_number(scanner, out) : read_word(scanner, out);
}

bool json_read(struct arena *arena, const char *text, size_t len, unsigned flags, struct tree **out, struct err *err)
{
	struct scanner scanner = { arena, text, text + len, 1, 0, flags, err };
	struct tree *tree = NULL;
	if (!rune_all_valid(text, len)) {
		return fail(&scanner, "bad UTF-8");
	}
	if (!read_value(&scanner, &tree)) {
		return false;
	}
	skip_space(&scanner);
	if (scanner.at < scanner.end && !(flags & JSON_READ_FIRST)) {
		return fail(&scanner, "more text behind the value");
	}
	*out = tree;
	return true;
}

/* --- decoding ---------------------------------------------------------------------------------------------------- */

static unsigned hex4(const char *at)
{
	unsigned value = 0;
	for (int i = 0; i < 4; i++) {
		value = value * 16 + (unsigned)hex_digit(at[i]);
	}
	return value;
}

static size_t put_utf8(char *out, unsigned rune)
{
	if (rune < 0x80) {
		out[0] = (char)rune;
		return 1;
	}
	if (rune < 0x800) {
		out[0] = (char)(0xC0 | rune >> 6);
		out[1] = (char)(0x80 | (rune & 0x3F));
		return 2;
	}
	if (rune < 0x10000) {
		out[0] = (char)(0xE0 | rune >> 12);
		out[1] = (char)(0x80 | (rune >> 6 & 0x3F));
		out[2] = (char)(0x80 | (rune & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | rune >> 18);
	out[1] = (char)(0x80 | (rune >> 12 & 0x3F));
	out[2] = (char)(0x80 | (rune >> 6 & 0x3F));
	out[3] = (char)(0x80 | (rune & 0x3F));
	return 4;
}

enum { REPLACEMENT = 0xFFFD };

static bool is_surrogate(unsigned rune)
{
	return rune >= 0xD800 && rune < 0xE000;
}

/* `\uXXXX`, or two of them that are one character; *at stands behind the backslash. */
static unsigned decode_unicode(const char **at)
{
	unsigned rune = hex4(*at + 1);
	*at += 5;
	if (rune >= 0xD800 && rune < 0xDC00 && (*at)[0] == '\\' && (*at)[1] == 'u') {
		unsigned low = hex4(*at + 2);
		if (low >= 0xDC00 && low < 0xE000) {
			*at += 6;
			return 0x10000 + ((rune - 0xD800) << 10) + (low - 0xDC00);
		}
	}
	return is_surrogate(rune) ? REPLACEMENT : rune;
}

/* The text of a JSON string, which never is longer than its literal. */
static void decode_string(struct arena *arena, const struct tree *string, struct tree *out)
{
	char *text = arena_text_len(arena, string->text, string->len);
	size_t len = 0;
	const char *end = string->text + string->len - 1;
	for (const char *at = string->text + 1; at < end;) {
		if (*at != '\\') {
			text[len++] = *at++;
			continue;
		}
		at++;
		if (*at == 'u') {
			len += put_utf8(text + len, decode_unicode(&at));
			continue;
		}
		static const char names[] = "bfnrt", means[] = "\b\f\n\r\t";
		const char *name = strchr(names, *at);
		text[len++] = name ? means[name - names] : *at;
		at++;
	}
	text[len] = '\0';
	out->text = text;
	out->len = len;
}

struct tree *json_decode(struct arena *arena, struct tree *tree)
{
	if (tree->kind != TREE_SCALAR || tree->tag != JSON_RAW) {
		return tree;
	}
	struct tree *decoded = arena_new(arena, 1, sizeof *decoded);
	*decoded = *tree;
	if (tree->text[0] == '"') {
		decode_string(arena, tree, decoded);
		decoded->tag = TREE_STR;
		return decoded;
	}
	bool truth = tree->text[0] == 't' || tree->text[0] == 'f';
	decoded->tag = truth ? TREE_BOOL : strpbrk(tree->text, ".eE") ? TREE_FLOAT : TREE_INT;
	return decoded;
}
