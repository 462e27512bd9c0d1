#include "render/kustomize/labelselector.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum token_kind {
	TOKEN_END,
	TOKEN_CLOSE,
	TOKEN_COMMA,
	TOKEN_NOT,
	TOKEN_DOUBLE_EQUALS,
	TOKEN_EQUALS,
	TOKEN_GREATER,
	TOKEN_LESS,
	TOKEN_NOT_EQUALS,
	TOKEN_OPEN,
	TOKEN_WORD, /* `in` and `notin` too: they are operators only where one must stand */
};

struct token {
	enum token_kind kind;
	const char *text;
};

enum operator_kind { OP_EXISTS, OP_MISSING, OP_IN, OP_NOT_IN, OP_GREATER, OP_LESS };

struct requirement {
	struct requirement *next;
	const char *key;
	enum operator_kind op;
	struct texts values;
	long long number; /* of OP_GREATER and OP_LESS */
};

struct labelselector {
	struct requirement *first;
};

struct reader {
	struct arena *arena;
	const char *at;
	struct token token; /* the next one */
	struct err *err;
};

enum { NAME_MAX_LENGTH = 63, DOMAIN_MAX_LENGTH = 253, SHOWN = 80 };

/* --- what a key and a value may be --------------------------------------------------------------------------------- */

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Letters, digits, '-', '_' and '.', the first and the last one a letter or digit. */
static bool is_name(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		bool inside = i > 0 && i + 1 < len;
		if (!is_alnum(text[i]) && !(inside && strchr("-_.", text[i]))) {
			return false;
		}
	}
	return len > 0 && len <= NAME_MAX_LENGTH;
}

/* RFC 1123: labels of small letters, digits and '-', with dots between. */
static bool is_domain(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		bool first = i == 0 || text[i - 1] == '.';
		bool last = i + 1 == len || text[i + 1] == '.';
		bool small = is_alnum(text[i]) && !(text[i] >= 'A' && text[i] <= 'Z');
		bool between = !first && !last && (text[i] == '-' || text[i] == '.');
		bool dot = text[i] == '.' && !first && i + 1 < len && text[i + 1] != '.' && text[i + 1] != '-';
		if (!small && !(between && text[i] == '-') && !dot) {
			return false;
		}
	}
	return len > 0 && len <= DOMAIN_MAX_LENGTH;
}

static bool is_key(const char *key)
{
	const char *slash = strchr(key, '/');
	const char *name = slash ? slash + 1 : key;
	return (!slash || is_domain(key, (size_t)(slash - key))) && is_name(name, strlen(name));
}

static bool is_value(const char *value)
{
	return !*value || is_name(value, strlen(value));
}

/* As Go's strconv.ParseInt(text, 10, 64). */
static bool read_number(const char *text, long long *number)
{
	const char *digits = text + (*text == '-' || *text == '+');
	if (!*digits || digits[strspn(digits, "0123456789")]) {
		return false;
	}
	errno = 0;
	*number = strtoll(text, NULL, 10);
	return errno == 0;
}

/* --- tokens -------------------------------------------------------------------------------------------------------- */

static const struct {
	char text[3];
	enum token_kind kind;
} symbols[] = {
	{ "==", TOKEN_DOUBLE_EQUALS }, { "!=", TOKEN_NOT_EQUALS }, { "=", TOKEN_EQUALS },  { "!", TOKEN_NOT },  { "(", TOKEN_OPEN },
	{ ")", TOKEN_CLOSE },          { ",", TOKEN_COMMA },       { ">", TOKEN_GREATER }, { "<", TOKEN_LESS },
};

static void next(struct reader *reader)
{
	reader->at += strspn(reader->at, " \t\r\n");
	if (!*reader->at) {
		reader->token = (struct token){ TOKEN_END, "" };
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(symbols); i++) {
		size_t len = strlen(symbols[i].text);
		if (strncmp(reader->at, symbols[i].text, len) == 0) {
			reader->at += len;
			reader->token = (struct token){ symbols[i].kind, symbols[i].text };
			return;
		}
	}
	size_t len = strcspn(reader->at, "=!(),>< \t\r\n");
	reader->token = (struct token){ TOKEN_WORD, arena_text_len(reader->arena, reader->at, len) };
	reader->at += len;
}

static bool unexpected(const struct reader *reader, const char *wanted)
{
	const char *found = reader->token.kind == TOKEN_END ? "the end" : reader->token.text;
	return err_set(reader->err, ERR_INPUT, "found '%.*s' where %s is expected", SHOWN, found, wanted);
}

/* --- requirements -------------------------------------------------------------------------------------------------- */

static void add_value(struct reader *reader, struct requirement *requirement, const char *value)
{
	struct texts *values = &requirement->values;
	size_t size = sizeof *values->items;
	values->items = arena_grow(reader->arena, values->items, values->count * size, (values->count + 1) * size);
	values->items[values->count++] = value;
}

/* Behind the opening bracket; the closing one is left. Values are a set, so that one "" too many does no harm. */
static bool read_list(struct reader *reader, struct requirement *requirement)
{
	while (true) {
		if (reader->token.kind == TOKEN_WORD) {
			add_value(reader, requirement, reader->token.text);
			next(reader);
			if (reader->token.kind == TOKEN_CLOSE) {
				return true;
			}
			if (reader->token.kind != TOKEN_COMMA) {
				return unexpected(reader, "',' or ')'");
			}
		} else if (reader->token.kind == TOKEN_COMMA) {
			if (requirement->values.count == 0) {
				add_value(reader, requirement, "");
			}
			next(reader);
			if (reader->token.kind == TOKEN_CLOSE) {
				add_value(reader, requirement, "");
				return true;
			}
			if (reader->token.kind == TOKEN_COMMA) {
				next(reader);
				add_value(reader, requirement, "");
			}
		} else {
			return unexpected(reader, "',' or a value");
		}
	}
}

static bool read_values(struct reader *reader, struct requirement *requirement)
{
	if (reader->token.kind != TOKEN_OPEN) {
		return unexpected(reader, "'('");
	}
	next(reader);
	if (reader->token.kind == TOKEN_CLOSE) {
		add_value(reader, requirement, "");
	} else if (!read_list(reader, requirement)) {
		return false;
	}
	if (reader->token.kind != TOKEN_CLOSE) {
		return unexpected(reader, "')'");
	}
	next(reader);
	return true;
}

static bool read_value(struct reader *reader, struct requirement *requirement)
{
	if (reader->token.kind == TOKEN_END || reader->token.kind == TOKEN_COMMA) {
		add_value(reader, requirement, "");
		return true;
	}
	if (reader->token.kind != TOKEN_WORD) {
		return unexpected(reader, "a value");
	}
	add_value(reader, requirement, reader->token.text);
	next(reader);
	return true;
}

static bool read_operator(struct reader *reader, struct requirement *requirement)
{
	const struct token token = reader->token;
	next(reader);
	switch (token.kind) {
	case TOKEN_EQUALS:
	case TOKEN_DOUBLE_EQUALS:
		requirement->op = OP_IN;
		return read_value(reader, requirement);
	case TOKEN_NOT_EQUALS:
		requirement->op = OP_NOT_IN;
		return read_value(reader, requirement);
	case TOKEN_GREATER:
		requirement->op = OP_GREATER;
		return read_value(reader, requirement);
	case TOKEN_LESS:
		requirement->op = OP_LESS;
		return read_value(reader, requirement);
	case TOKEN_WORD:
		if (strcmp(token.text, "in") == 0 || strcmp(token.text, "notin") == 0) {
			requirement->op = token.text[0] == 'i' ? OP_IN : OP_NOT_IN;
			return read_values(reader, requirement);
		}
		break;
	case TOKEN_END:
	case TOKEN_CLOSE:
	case TOKEN_COMMA:
	case TOKEN_NOT:
	case TOKEN_OPEN:
		break;
	}
	reader->token = token;
	return unexpected(reader, "'=', '==', '!=', 'in', 'notin'");
}

static bool check_values(const struct reader *reader, struct requirement *requirement)
{
	bool number = requirement->op == OP_GREATER || requirement->op == OP_LESS;
	for (size_t i = 0; i < requirement->values.count; i++) {
		const char *value = requirement->values.items[i];
		if (number && !read_number(value, &requirement->number)) {
			return err_set(reader->err, ERR_INPUT, "'%.*s' is no integer, behind > or <", SHOWN, value);
		}
		if (!is_value(value)) {
			return err_set(
				reader->err, ERR_INPUT,
				"'%.*s' is no label's value (at most 63 letters, digits, '-', '_', '.', beginning and ending with a letter "
				"or digit)",
				SHOWN, value);
		}
	}
	return true;
}

static bool read_requirement(struct reader *reader, struct requirement *requirement)
{
	bool missing = reader->token.kind == TOKEN_NOT;
	if (missing) {
		next(reader);
	}
	if (reader->token.kind != TOKEN_WORD) {
		return unexpected(reader, "a label's name");
	}
	requirement->key = reader->token.text;
	if (!is_key(requirement->key)) {
		return err_set(reader->err, ERR_INPUT, "'%.*s' is no label's name", SHOWN, requirement->key);
	}
	next(reader);
	if (missing) {
		requirement->op = OP_MISSING;
		return true;
	}
	if (reader->token.kind == TOKEN_END || reader->token.kind == TOKEN_COMMA) {
		requirement->op = OP_EXISTS;
		return true;
	}
	return read_operator(reader, requirement) && check_values(reader, requirement);
}

/* Whether another requirement follows. */
static bool read_separator(struct reader *reader, bool *more)
{
	*more = reader->token.kind == TOKEN_COMMA;
	if (!*more) {
		return reader->token.kind == TOKEN_END || unexpected(reader, "',' or the end");
	}
	next(reader);
	bool begins = reader->token.kind == TOKEN_WORD || reader->token.kind == TOKEN_NOT;
	return begins || unexpected(reader, "a label's name");
}

static bool read_all(struct reader *reader, struct labelselector *selector)
{
	struct requirement **end = &selector->first;
	next(reader);
	bool more = reader->token.kind != TOKEN_END;
	while (more) {
		struct requirement *requirement = arena_new(reader->arena, 1, sizeof *requirement);
		if (!read_requirement(reader, requirement) || !read_separator(reader, &more)) {
			return false;
		}
		*end = requirement;
		end = &requirement->next;
	}
	return true;
}

struct labelselector *labelselector_new(struct arena *arena, const char *text, struct err *err)
{
	struct labelselector *selector = arena_new(arena, 1, sizeof *selector);
	struct reader reader = { .arena = arena, .at = text, .err = err };
	if (!read_all(&reader, selector)) {
		(void)err_wrap(err, "label selector '%.*s'", SHOWN, text);
		return NULL;
	}
	return selector;
}

/* --- matching ------------------------------------------------------------------------------------------------------ */

static const char *label_get(const struct pairs *labels, const char *key)
{
	for (size_t i = 0; i < labels->count; i++) {
		if (strcmp(labels->items[i].key, key) == 0) {
			return labels->items[i].value;
		}
	}
	return NULL;
}

static bool has_value(const struct requirement *requirement, const char *value)
{
	for (size_t i = 0; i < requirement->values.count; i++) {
		if (strcmp(requirement->values.items[i], value) == 0) {
			return true;
		}
	}
	return false;
}

static bool requirement_holds(const struct requirement *requirement, const struct pairs *labels)
{
	const char *value = label_get(labels, requirement->key);
	long long number;
	switch (requirement->op) {
	case OP_EXISTS:
		return value;
	case OP_MISSING:
		return !value;
	case OP_IN:
		return value && has_value(requirement, value);
	case OP_NOT_IN:
		return !value || !has_value(requirement, value);
	case OP_GREATER:
		return value && read_number(value, &number) && number > requirement->number;
	case OP_LESS:
		return value && read_number(value, &number) && number < requirement->number;
	}
	return false;
}

bool labelselector_matches(const struct labelselector *selector, const struct pairs *labels)
{
	for (const struct requirement *at = selector->first; at; at = at->next) {
		if (!requirement_holds(at, labels)) {
			return false;
		}
	}
	return true;
}
