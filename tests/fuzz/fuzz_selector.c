/*
 * Input: a label selector. What is taken says the same of the same labels with its requirements twice, and `!key` the opposite of
 * `key`.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"
#include "render/base/limits.h"
#include "render/kustomize/labelselector.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool says(struct arena *arena, const char *text, bool *matches)
{
	static struct pair items[] = { { "app", "web" }, { "in", "" }, { "n", "5" } };
	static const struct pairs labels = { items, ARRAY_LEN(items), true };
	struct err err = ERR_INIT;
	struct labelselector *selector = labelselector_new(arena, text, &err);
	*matches = selector && labelselector_matches(selector, &labels);
	return selector;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_release) struct arena arena = ARENA_INIT(LIMIT_MIB(64));
	const char *text = arena_text_len(&arena, (const char *)data, size);
	bool once;
	bool twice;
	if (!says(&arena, text, &once) || !text[strspn(text, " \t\r\n")]) {
		return 0;
	}
	if (!says(&arena, arena_printf(&arena, "%s,%s", text, text), &twice) || once != twice) {
		abort();
	}
	bool negated;
	if (!strpbrk(text, "=!(),>< \t\r\n") && (!says(&arena, arena_printf(&arena, "!%s", text), &negated) || negated == once)) {
		abort();
	}
	return 0;
}
