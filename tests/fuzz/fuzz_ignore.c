/*
 * Input: a path, a line break, an ignore file. Rules never fail; what the last line takes back in is in.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"
#include "render/ignore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(text_freep) char *text = text_dup_len((const char *)data, size);
	size_t first = strcspn(text, "\n");
	CLEANUP(text_freep) char *path = text_dup_len(text, first);
	struct ignore_rules rules = IGNORE_RULES_INIT;
	if (first < size) {
		ignore_rules_add(&rules, text + first + 1, size - first - 1);
	}
	enum ignore_verdict file = ignore_rules_say(&rules, path, false);
	enum ignore_verdict directory = ignore_rules_say(&rules, path, true);
	if (file != IGNORE_UNSAID && directory == IGNORE_UNSAID) {
		abort(); /* every rule for files is one for directories too */
	}
	ignore_rules_add(&rules, "!**/*", 5);
	if (ignore_rules_say(&rules, path, false) != IGNORE_IN) {
		abort();
	}
	ignore_rules_release(&rules);
	return 0;
}
