/*
 * Input: files, each behind a line "=== PATH", of which "top" has the kustomization (as `differ -show` prints a tree). It is built or
 * refused with an error; what is built has the same bytes twice.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/kustomize/kustomize.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char mark[] = "=== ";

/* The next line that begins with the mark, or the end. */
static const char *next_file(const char *at, const char *end)
{
	while (at < end && ((size_t)(end - at) < strlen(mark) || memcmp(at, mark, strlen(mark)) != 0)) {
		const char *feed = memchr(at, '\n', (size_t)(end - at));
		at = feed ? feed + 1 : end;
	}
	return at;
}

/* No empty or dotted name in it. */
static bool is_plain(const char *path)
{
	for (const char *name = path; name; name = strchr(name, '/') ? strchr(name, '/') + 1 : NULL) {
		if (!*name || *name == '/' || *name == '.') {
			return false;
		}
	}
	return true;
}

static struct files *read_tree(const char *text, size_t len)
{
	struct files *files = files_mem_new();
	const char *end = text + len;
	for (const char *at = next_file(text, end); at < end;) {
		const char *name = at + strlen(mark);
		const char *feed = memchr(name, '\n', (size_t)(end - name));
		if (!feed) {
			break;
		}
		CLEANUP(text_freep) char *path = text_dup_len(name, (size_t)(feed - name));
		at = next_file(feed + 1, end);
		if (is_plain(path)) {
			files_mem_add(files, path, feed + 1, (size_t)(at - feed - 1));
		}
	}
	return files;
}

static bool build(struct files *files, struct buf *out)
{
	struct problems problems = PROBLEMS_INIT;
	struct kustomize_source source = { .files = files, .dir = "top", .from = "", .restriction = LOAD_ROOT_ONLY };
	bool good = kustomize_print(&source, out, &problems);
	if (good != (problems.errors == 0)) {
		abort();
	}
	problems_release(&problems);
	return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(files_freep) struct files *files = read_tree((const char *)data, size);
	CLEANUP(buf_release) struct buf once = BUF_INIT(LIMIT_TREE_BYTES);
	CLEANUP(buf_release) struct buf twice = BUF_INIT(LIMIT_TREE_BYTES);
	bool built = build(files, &once);
	if (built != build(files, &twice) || (built && strcmp(buf_text(&once), buf_text(&twice)) != 0)) {
		abort();
	}
	return 0;
}
