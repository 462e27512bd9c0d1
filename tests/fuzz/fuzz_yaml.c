/*
 * Input: a YAML file. What was read must be written, and read again it must be the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "render/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct again {
	const cJSON *first;
	size_t count;
};

static void print(const cJSON *document, struct buf *out)
{
	if (!doc_print_canonical(document, out)) {
		abort();
	}
}

static void compare(void *context, cJSON *document, size_t line)
{
	struct again *again = context;
	CLEANUP(buf_release) struct buf before = BUF_INIT(LIMIT_MIB(256));
	CLEANUP(buf_release) struct buf after = BUF_INIT(LIMIT_MIB(256));
	print(again->first, &before);
	print(document, &after);
	if (line == 0 || before.len != after.len || strcmp(buf_text(&before), buf_text(&after)) != 0) {
		abort();
	}
	again->count++;
	cJSON_Delete(document);
}

static void write_and_read(void *context, cJSON *document, size_t line)
{
	(void)context;
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MIB(256));
	if (line == 0 || !yaml_write(document, &text)) {
		abort();
	}
	struct problems problems = PROBLEMS_INIT;
	struct again again = { .first = document };
	yaml_read("again", buf_text(&text), text.len, compare, &again, &problems);
	if (text.len < LIMIT_MIB(1) && (again.count != 1 || problems.count)) {
		abort();
	}
	problems_release(&problems);
	cJSON_Delete(document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct problems problems = PROBLEMS_INIT;
	yaml_read("f", (const char *)data, size, write_and_read, NULL, &problems);
	problems_release(&problems);
	return 0;
}
