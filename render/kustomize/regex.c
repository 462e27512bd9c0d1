#define PCRE2_CODE_UNIT_WIDTH 8
#include "render/kustomize/regex.h"

#include <pcre2.h>
#include <string.h>

#include "render/base/buf.h"
#include "render/base/limits.h"
#include "render/kustomize/regex_class.h"
#include "render/kustomize/regex_syntax.h"
#include "render/yaml_utf.h"

/* See regex_syntax.h: ^ and $ are those of lines, `.` takes every character, the rest is spelt out. */
#define REGEX_PCRE_OPTIONS \
	(PCRE2_UTF | PCRE2_DOTALL | PCRE2_MULTILINE | PCRE2_ALT_CIRCUMFLEX | PCRE2_NO_AUTO_CAPTURE | PCRE2_NEVER_BACKSLASH_C)

/* Far more than what compiles: a class is a few KiB at most, see regex_ranges.c. */
#define OUT_BYTES LIMIT_KIB(512)

enum { WORKSPACE = 4096, SHOWN = 100 };

struct regex {
	const char *literal; /* takes this text only, instead of `code`; NULL for none */
	size_t literal_len;
	pcre2_code *code;
	const char *pattern;
};

static void *arena_malloc(size_t size, void *arena)
{
	return arena_new(arena, 1, size);
}

/* The arena is released as a whole. */
static void arena_free(void *memory, void *arena)
{
	(void)memory;
	(void)arena;
}

static pcre2_compile_context *context_new(struct arena *arena)
{
	pcre2_general_context *general = pcre2_general_context_create(arena_malloc, arena_free, arena);
	pcre2_compile_context *context = pcre2_compile_context_create(general);
	(void)pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	(void)pcre2_set_compile_extra_options(context, PCRE2_EXTRA_ALLOW_SURROGATE_ESCAPES);
	(void)pcre2_set_parens_nest_limit(context, 2 * LIMIT_REGEX_DEPTH + 10);
	return context;
}

static bool compile(struct arena *arena, struct regex *regex, const char *pattern, struct err *err)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(REGEX_CLASS_BYTES);
	if (!regex_syntax_write(pattern, strlen(pattern), &out, err)) {
		return err_wrap(err, "invalid regular expression '%.*s'", SHOWN, regex->pattern);
	}
	if (out.len > OUT_BYTES) {
		return err_set(err, ERR_LIMIT, "regular expression '%.*s' is not supported: it has too many classes", SHOWN,
		               regex->pattern);
	}
	int code;
	PCRE2_SIZE at;
	regex->code = pcre2_compile((PCRE2_SPTR)buf_text(&out), out.len, REGEX_PCRE_OPTIONS, &code, &at, context_new(arena));
	if (!regex->code) {
		char text[200] = "";
		(void)pcre2_get_error_message(code, (PCRE2_UCHAR *)text, sizeof text);
		return err_set(err, ERR_LIMIT, "regular expression '%.*s' is not supported: %s", SHOWN, regex->pattern, text);
	}
	return true;
}

struct regex *regex_new(struct arena *arena, const char *pattern, struct err *err)
{
	struct regex *regex = arena_new(arena, 1, sizeof *regex);
	regex->pattern = arena_text(arena, pattern);
	return compile(arena, regex, pattern, err) ? regex : NULL;
}

/* Most are names. */
static bool is_literal(const char *pattern)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_/:";
	return pattern[strspn(pattern, plain)] == '\0';
}

struct regex *regex_new_whole(struct arena *arena, const char *pattern, struct err *err)
{
	if (!*pattern) {
		return regex_new(arena, "", err);
	}
	struct regex *regex = arena_new(arena, 1, sizeof *regex);
	regex->pattern = arena_text(arena, pattern);
	if (is_literal(pattern)) {
		regex->literal = regex->pattern;
		regex->literal_len = strlen(pattern);
		return regex;
	}
	const char *whole = arena_printf(arena, "^(?:%s)$", pattern);
	return compile(arena, regex, whole, err) ? regex : NULL;
}

static int match_steps(const struct regex *regex, const char *text, size_t len)
{
	pcre2_match_context *context = pcre2_match_context_create(NULL);
	(void)pcre2_set_match_limit(context, LIMIT_REGEX_STEPS);
	(void)pcre2_set_heap_limit(context, LIMIT_REGEX_HEAP_KIB);
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	int result = pcre2_match(regex->code, (PCRE2_SPTR)text, len, 0, 0, data, context);
	if (result == PCRE2_ERROR_MATCHLIMIT || result == PCRE2_ERROR_HEAPLIMIT || result == PCRE2_ERROR_DEPTHLIMIT) {
		/* Its other way of matching does not go back: slower, but it does not try each way to repeat either. */
		int *workspace = alloc_new(WORKSPACE, sizeof *workspace);
		int slow = pcre2_dfa_match(regex->code, (PCRE2_SPTR)text, len, 0, PCRE2_DFA_SHORTEST, data, context, workspace,
		                           WORKSPACE);
		free(workspace);
		result = slow >= PCRE2_ERROR_NOMATCH ? slow : result;
	}
	pcre2_match_data_free(data);
	pcre2_match_context_free(context);
	return result;
}

bool regex_match(const struct regex *regex, const char *text, size_t len, bool *matches, struct err *err)
{
	if (regex->literal) {
		*matches = len == regex->literal_len && memcmp(text, regex->literal, len) == 0;
		return true;
	}
	int result = match_steps(regex, text, len);
	if (result <= PCRE2_ERROR_UTF8_ERR1 && result >= PCRE2_ERROR_UTF8_ERR21) {
		CLEANUP(text_freep) char *repaired = utf8_repair(text);
		result = match_steps(regex, repaired, strlen(repaired));
	}
	if (result < PCRE2_ERROR_NOMATCH) {
		return err_set(err, ERR_LIMIT, "regular expression '%.*s' takes more than %d steps on one text", SHOWN, regex->pattern,
		               LIMIT_REGEX_STEPS);
	}
	*matches = result != PCRE2_ERROR_NOMATCH;
	return true;
}
