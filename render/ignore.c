#include "render/ignore.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"

enum token_kind {
	TOKEN_CHAR,
	TOKEN_ANY,   /* ? */
	TOKEN_CLASS, /* [...] */
	TOKEN_STAR,  /* any text within a name */
	TOKEN_ALL,   /* any text */
	TOKEN_DIRS,  /* "**" with a slash behind: nothing, or any text that ends in a slash */
};

struct char_class {
	uint32_t bits[8];
};

struct token {
	enum token_kind kind;
	unsigned char c;
	struct char_class *class; /* of TOKEN_CLASS */
};

struct ignore_rule {
	struct token *tokens;
	size_t count;
	bool negated;
	bool directories_only;
	bool name_only; /* no slash in it: matches in any directory below */
};

static void rule_release(struct ignore_rule *rule)
{
	for (size_t i = 0; i < rule->count; i++) {
		free(rule->tokens[i].class);
	}
	free(rule->tokens);
	*rule = (struct ignore_rule){ 0 };
}

void ignore_rules_release(struct ignore_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		rule_release(&rules->items[i]);
	}
	free(rules->items);
	*rules = IGNORE_RULES_INIT;
}

static void class_add(struct char_class *class, unsigned from, unsigned to)
{
	for (unsigned c = from; c <= to; c++) {
		class->bits[c / 32] |= UINT32_C(1) << (c % 32);
	}
}

static bool class_has(const struct char_class *class, unsigned char c)
{
	return (class->bits[c / 32] >> (c % 32)) & 1;
}

/* "alpha" of [:alpha:]. ASCII only, as in Git. */
static bool class_add_named(struct char_class *class, const char *name, size_t len)
{
	static const struct {
		const char *name;
		int (*holds)(int c);
	} named[] = {
		{ "alnum", isalnum }, { "alpha", isalpha }, { "blank", isblank }, { "cntrl", iscntrl },
		{ "digit", isdigit }, { "graph", isgraph }, { "lower", islower }, { "print", isprint },
		{ "punct", ispunct }, { "space", isspace }, { "upper", isupper }, { "xdigit", isxdigit },
	};
	for (size_t i = 0; i < ARRAY_LEN(named); i++) {
		if (strlen(named[i].name) != len || strncmp(named[i].name, name, len) != 0) {
			continue;
		}
		for (unsigned c = 0; c < 128; c++) {
			if (named[i].holds((int)c)) {
				class_add(class, c, c);
			}
		}
		return true;
	}
	return false;
}

/* A [:name:] at p: its end behind the ']', p itself where it is an ordinary '[', NULL where it is broken. */
static const char *parse_named(const char *p, struct char_class *class)
{
	const char *end = strchr(p + 2, ']');
	if (!end) {
		return NULL;
	}
	if (end == p + 2 || end[-1] != ':') {
		return p;
	}
	return class_add_named(class, p + 2, (size_t)(end - p) - 3) ? end + 1 : NULL;
}

/* One byte, perhaps escaped; NULL at the end of the text. */
static const char *parse_byte(const char *p, unsigned char *c)
{
	p += *p == '\\';
	*c = (unsigned char)*p;
	return *p ? p + 1 : NULL;
}

/* The members up to the ']', which is an ordinary one in the first place. Behind the ']', or NULL. */
static const char *parse_members(const char *p, struct char_class *class)
{
	unsigned char last = 0; /* where a range may start; 0: nowhere */
	const char *first = p;
	while (p && (*p != ']' || p == first)) {
		const char *named = *p == '[' && p[1] == ':' ? parse_named(p, class) : p;
		if (named != p) {
			p = named;
			last = 0;
		} else if (*p == '-' && last && p[1] && p[1] != ']') {
			unsigned char to = 0;
			p = parse_byte(p + 1, &to);
			class_add(class, last, to);
			last = 0;
		} else {
			p = parse_byte(p, &last);
			class_add(class, last, last);
		}
	}
	return p ? p + 1 : NULL;
}

static const char *parse_class(const char *p, struct char_class *class)
{
	bool negated = *p == '!' || *p == '^';
	p = parse_members(p + negated, class);
	for (size_t i = 0; negated && i < ARRAY_LEN(class->bits); i++) {
		class->bits[i] = ~class->bits[i];
	}
	return p;
}

static void push(struct ignore_rule *rule, enum token_kind kind, unsigned char c, struct char_class *class)
{
	if ((rule->count & (rule->count - 1)) == 0) {
		rule->tokens = alloc_grow(rule->tokens, rule->count ? 2 * rule->count : 1, sizeof *rule->tokens);
	}
	rule->tokens[rule->count++] = (struct token){ .kind = kind, .c = c, .class = class };
}

/* Stars at p; `alone` says that a name starts there. Behind them. */
static const char *parse_stars(struct ignore_rule *rule, const char *p, bool alone)
{
	size_t stars = strspn(p, "*");
	p += stars;
	if (stars == 1 || !alone || (*p && *p != '/' && (*p != '\\' || p[1] != '/'))) {
		push(rule, TOKEN_STAR, 0, NULL);
		return p;
	}
	push(rule, *p == '/' ? TOKEN_DIRS : TOKEN_ALL, 0, NULL);
	return p + (*p == '/');
}

/* false where the pattern is broken. */
static bool parse_pattern(struct ignore_rule *rule, const char *pattern)
{
	/* Git compares the plain text in front by itself, so "**" right behind it also counts as a name's start. */
	const char *special = pattern + strcspn(pattern, "*?[\\");
	const char *p = pattern;
	while (p && *p) {
		if (*p == '*') {
			p = parse_stars(rule, p, p == special || p[-1] == '/');
		} else if (*p == '?') {
			push(rule, TOKEN_ANY, 0, NULL);
			p++;
		} else if (*p == '[') {
			struct char_class *class = alloc_new(1, sizeof *class);
			push(rule, TOKEN_CLASS, 0, class);
			p = parse_class(p + 1, class);
		} else {
			unsigned char c = 0;
			p = parse_byte(p, &c);
			push(rule, TOKEN_CHAR, c, NULL);
		}
	}
	return p && rule->count;
}

/* Spaces at the end do not count unless escaped. */
static void trim_spaces(char *line)
{
	char *end = line;
	for (char *p = line; *p; p++) {
		bool escaped = *p == '\\' && p[1];
		p += escaped;
		if (escaped || *p != ' ') {
			end = p + 1;
		}
	}
	*end = '\0';
}

static void add_line(struct ignore_rules *rules, char *line)
{
	if (*line == '#') {
		return;
	}
	trim_spaces(line);
	struct ignore_rule rule = { .negated = *line == '!' };
	line += rule.negated;
	size_t len = strlen(line);
	if (len && line[len - 1] == '/') {
		rule.directories_only = true;
		line[len - 1] = '\0';
	}
	rule.name_only = !strchr(line, '/');
	if (!parse_pattern(&rule, line + (*line == '/'))) {
		rule_release(&rule);
		return;
	}
	if (rules->count == rules->cap) {
		rules->cap = rules->cap ? 2 * rules->cap : 8;
		rules->items = alloc_grow(rules->items, rules->cap, sizeof *rules->items);
	}
	rules->items[rules->count++] = rule;
}

void ignore_rules_add(struct ignore_rules *rules, const char *text, size_t len)
{
	size_t at = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	while (at < len) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t line_len = end ? (size_t)(end - text) - at : len - at;
		CLEANUP(text_freep) char *line = text_dup_len(text + at, line_len);
		if (line_len && line[line_len - 1] == '\r') {
			line[line_len - 1] = '\0';
		}
		add_line(rules, line);
		at += line_len + 1;
	}
}

/* The places of a pattern where a match may stand; all are followed at once, so no pattern takes exponential time. */
static void reach(const struct ignore_rule *rule, bool *places, size_t place)
{
	for (;; place++) {
		places[place] = true;
		if (place == rule->count || rule->tokens[place].kind < TOKEN_STAR) {
			return;
		}
	}
}

static void advance(const struct ignore_rule *rule, size_t place, unsigned char c, bool *next)
{
	const struct token *token = &rule->tokens[place];
	switch (token->kind) {
	case TOKEN_CHAR:
	case TOKEN_ANY:
	case TOKEN_CLASS:
		if (token->kind == TOKEN_CHAR ? token->c == c : c != '/' && (!token->class || class_has(token->class, c))) {
			reach(rule, next, place + 1);
		}
		break;
	case TOKEN_STAR:
		if (c != '/') {
			reach(rule, next, place);
		}
		break;
	case TOKEN_ALL:
		reach(rule, next, place);
		break;
	case TOKEN_DIRS:
		next[place] = true;
		if (c == '/') {
			reach(rule, next, place + 1);
		}
		break;
	}
}

static bool matches(const struct ignore_rule *rule, const char *text)
{
	/* Most patterns end here: a name that starts with another letter. */
	if (rule->tokens[0].kind == TOKEN_CHAR && rule->tokens[0].c != (unsigned char)*text) {
		return false;
	}
	size_t places = rule->count + 1;
	bool *now = alloc_new(places, sizeof *now);
	bool *next = alloc_new(places, sizeof *next);
	reach(rule, now, 0);
	for (; *text; text++) {
		memset(next, 0, places * sizeof *next);
		for (size_t i = 0; i < rule->count; i++) {
			if (now[i]) {
				advance(rule, i, (unsigned char)*text, next);
			}
		}
		bool *old = now;
		now = next;
		next = old;
	}
	bool matched = now[rule->count];
	free(now);
	free(next);
	return matched;
}

enum ignore_verdict ignore_rules_say(const struct ignore_rules *rules, const char *path, bool directory)
{
	const char *slash = strrchr(path, '/');
	for (size_t i = rules->count; i > 0; i--) {
		const struct ignore_rule *rule = &rules->items[i - 1];
		if (rule->directories_only && !directory) {
			continue;
		}
		if (matches(rule, rule->name_only && slash ? slash + 1 : path)) {
			return rule->negated ? IGNORE_IN : IGNORE_OUT;
		}
	}
	return IGNORE_UNSAID;
}
