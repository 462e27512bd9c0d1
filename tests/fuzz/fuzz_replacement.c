/*
 * Input: a field path, a line break, a text. The path is looked up in what the text says, with creation too, and what was found is
 * set; the text is written and read again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"
#include "render/base/limits.h"
#include "render/kustomize/fieldpath.h"
#include "render/kustomize/scalartext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void set_all(struct arena *arena, const struct scalartext *document, const struct fieldpath *path)
{
	struct err err = ERR_INIT;
	struct fieldpath_found found = { 0 };
	struct tree *one;
	bool looked = fieldpath_get(arena, document->root, path, &one, &err);
	if (fieldpath_match(arena, document->root, path, FIELDPATH_CREATE_SCALAR, &found, &err)) {
		for (size_t i = 0; i < found.count; i++) {
			if (found.items[i]->kind == TREE_SCALAR) {
				tree_set_text(arena, found.items[i], looked ? "new: value" : "1");
			}
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_release) struct arena arena = ARENA_INIT(LIMIT_MIB(256));
	const char *input = arena_text_len(&arena, (const char *)data, size);
	size_t first = strcspn(input, "\n");
	struct fieldpath path = fieldpath_split(&arena, arena_text_len(&arena, input, first));
	const char *text = input[first] ? input + first + 1 : "";
	struct err err = ERR_INIT;
	struct scalartext document;
	if (!scalartext_read(&arena, text, strlen(text), &document, &err)) {
		return 0;
	}
	set_all(&arena, &document, &path);
	struct text once;
	struct scalartext again;
	struct text twice;
	bool written = scalartext_write(&arena, &document, text, &once, &err) &&
	               scalartext_read(&arena, once.data, once.len, &again, &err) &&
	               scalartext_write(&arena, &again, once.data, &twice, &err);
	if (written && twice.len > LIMIT_MANIFEST_BYTES) {
		abort();
	}
	return 0;
}
