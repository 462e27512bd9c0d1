/*
 * Input: an object, a line "=== patch", and a patch, as in tests/cases/kustomize-merge. The patch is tried as a strategic merge patch
 * and as a JSON patch. What comes out can be written, or it is said why not; the same input gives the same bytes twice.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/kustomize/jsonpatch.h"
#include "render/kustomize/merge.h"
#include "render/kustomize/read.h"
#include "render/kustomize/write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const char *object, *patch;
	size_t object_len, patch_len;
};

static struct tree *read_one(struct arena *arena, const char *text, size_t len)
{
	struct trees trees = { 0 };
	struct err err = ERR_INIT;
	return tree_read(arena, "input", text, len, &trees, &err) && trees.count == 1 ? trees.items[0] : NULL;
}

static bool merge(struct arena *arena, const struct input *input, struct tree **out)
{
	struct err err = ERR_INIT;
	struct tree *object = read_one(arena, input->object, input->object_len);
	struct tree *patch = read_one(arena, input->patch, input->patch_len);
	return object && patch && merge_apply(arena, NULL, object, patch, out, &err);
}

static bool patch_json(struct arena *arena, const struct input *input, struct tree **out)
{
	struct err err = ERR_INIT;
	struct jsonpatch patch;
	struct tree *object = read_one(arena, input->object, input->object_len);
	return object && jsonpatch_read(arena, "input", input->patch, input->patch_len, &patch, &err) &&
	       jsonpatch_apply(arena, &patch, object, out, &err);
}

/* Appends the document, or why there is none. */
static void run(const struct input *input, bool (*change)(struct arena *, const struct input *, struct tree **), struct buf *text)
{
	struct arena arena = ARENA_INIT(LIMIT_BUILD_BYTES);
	struct tree *tree = NULL;
	struct err err = ERR_INIT;
	if (change(&arena, input, &tree) && tree && !tree_write_yaml(&arena, tree, text, &err) && !err.msg[0]) {
		abort(); /* an error without a text */
	}
	arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char line[] = "=== patch\n";
	CLEANUP(text_freep) char *text = text_dup_len((const char *)data, size);
	const char *at = memmem(text, size, line, sizeof line - 1);
	if (!at) {
		return 0;
	}
	struct input input = { .object = text, .object_len = (size_t)(at - text), .patch = at + sizeof line - 1 };
	input.patch_len = size - (size_t)(input.patch - text);
	CLEANUP(buf_release) struct buf once = BUF_INIT(LIMIT_MIB(64));
	CLEANUP(buf_release) struct buf again = BUF_INIT(LIMIT_MIB(64));
	run(&input, merge, &once);
	run(&input, patch_json, &once);
	run(&input, merge, &again);
	run(&input, patch_json, &again);
	if (once.len != again.len || (once.len && memcmp(once.data, again.data, once.len) != 0)) {
		abort();
	}
	return 0;
}
