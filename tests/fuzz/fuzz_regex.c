/*
 * Input: an expression, a NUL, a text. What the grammar takes PCRE2 takes too, but for its size; a match ends within its limits,
 * and a whole match is a match.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"
#include "render/base/limits.h"
#include "render/kustomize/regex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(text_freep) char *input = text_dup_len((const char *)data, size);
	size_t pattern_len = strlen(input);
	const char *text = pattern_len < size ? input + pattern_len + 1 : "";
	CLEANUP(arena_release) struct arena arena = ARENA_INIT(LIMIT_MIB(256));
	struct err err = ERR_INIT;
	struct regex *regex = regex_new(&arena, input, &err);
	if (!regex && err.kind == ERR_LIMIT && !strstr(err.msg, "too large") && !strstr(err.msg, "more than") &&
	    !strstr(err.msg, "longer than")) {
		abort(); /* PCRE2 does not understand what was written for it */
	}
	bool found = false;
	bool answered = regex && regex_match(regex, text, strlen(text), &found, &err);
	struct regex *whole = regex ? regex_new_whole(&arena, input, &err) : NULL;
	bool all = false;
	/* Otherwise ")|(" or \Q could close the brackets around it. */
	bool inside = !strchr(input, ')') && !strchr(input, '\\') && !strchr(input, '[');
	if (whole && answered && regex_match(whole, text, strlen(text), &all, &err) && inside && all && !found) {
		abort();
	}
	return 0;
}
