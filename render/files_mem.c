/*
 * Files in memory, in byte order of their paths: whatever lies below a directory then lies together.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/digest.h"
#include "render/files.h"

struct mem_file {
	char *path; /* plain: no empty component, no "." */
	char *bytes;
	size_t len;
};

struct mem {
	struct files files;
	struct mem_file *items;
	size_t count;
	size_t cap;
};

static struct mem *mem_of(struct files *files)
{
	return (struct mem *)(void *)files;
}

/* NULL and err where the path leads out of the tree. */
static char *plain_path(const char *path, struct err *err)
{
	struct buf plain = BUF_INIT(strlen(path));
	bool out = *path == '/';
	for (const char *s = path; *s && !out; s += strspn(s, "/")) {
		size_t len = strcspn(s, "/");
		out = len == 2 && strncmp(s, "..", 2) == 0;
		if (len != 1 || *s != '.') {
			(void)(plain.len == 0 || buf_putc(&plain, '/'));
			(void)buf_add(&plain, s, len);
		}
		s += len;
	}
	if (out) {
		buf_release(&plain);
		(void)err_set(err, ERR_INPUT, "'%.200s' leads out of the tree", path);
		return NULL;
	}
	return buf_detach(&plain);
}

/* Where the first path stands that is not before `path`. */
static size_t lower_bound(const struct mem *mem, const char *path)
{
	size_t from = 0;
	size_t to = mem->count;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (strcmp(mem->items[middle].path, path) < 0) {
			from = middle + 1;
		} else {
			to = middle;
		}
	}
	return from;
}

static const struct mem_file *find(const struct mem *mem, const char *path)
{
	size_t at = lower_bound(mem, path);
	return at < mem->count && strcmp(mem->items[at].path, path) == 0 ? &mem->items[at] : NULL;
}

static int by_name(const void *a, const void *b)
{
	const struct files_entry *left = a;
	const struct files_entry *right = b;
	return strcmp(left->name, right->name);
}

/* Paths that share a first component below the directory stand one after the other. */
static void add_entry(struct files_entries *out, const struct mem_file *file, size_t skip)
{
	const char *below = file->path + skip;
	size_t len = strcspn(below, "/");
	if (out->count) {
		const char *last = out->items[out->count - 1].name;
		if (strncmp(last, below, len) == 0 && last[len] == '\0') {
			return;
		}
	}
	out->items[out->count++] = (struct files_entry){
		.name = text_dup_len(below, len),
		.kind = below[len] ? FILES_DIR : FILES_FILE,
		.identified = !below[len],
	};
	char digest[DIGEST_TEXT];
	digest_of(file->bytes, file->len, digest);
	memcpy(out->items[out->count - 1].id, digest, FILES_ID);
}

static bool mem_list(struct files *files, const char *path, struct files_entries *out, struct err *err)
{
	const struct mem *mem = mem_of(files);
	CLEANUP(text_freep) char *dir = plain_path(path, err);
	if (!dir) {
		return false;
	}
	CLEANUP(text_freep) char *prefix = text_printf("%s%s", dir, *dir ? "/" : "");
	size_t len = strlen(prefix);
	size_t first = lower_bound(mem, prefix);
	size_t end = first;
	while (end < mem->count && strncmp(mem->items[end].path, prefix, len) == 0) {
		end++;
	}
	if (first == end && len) {
		return err_set(err, ERR_NOT_FOUND, "'%.200s' is not a directory", path);
	}
	struct files_entries entries = { .items = alloc_new(end - first, sizeof *entries.items) };
	for (size_t i = first; i < end; i++) {
		add_entry(&entries, &mem->items[i], len);
	}
	/* "a/b" stands behind "a-b" as a path, but "a" before "a-b" as a name. */
	qsort(entries.items, entries.count, sizeof *entries.items, by_name);
	*out = entries;
	return true;
}

static bool mem_read(struct files *files, const char *path, struct buf *out, struct err *err)
{
	CLEANUP(text_freep) char *plain = plain_path(path, err);
	if (!plain) {
		return false;
	}
	const struct mem_file *file = find(mem_of(files), plain);
	if (!file) {
		return err_set(err, ERR_NOT_FOUND, "'%.200s': no such file", path);
	}
	return buf_add(out, file->bytes, file->len)
	           ? true
	           : err_set(err, ERR_LIMIT, "'%.200s' has %zu bytes, more than %zu", path, file->len, out->max);
}

static bool mem_find(struct files *files, const char *path, struct buf *real, enum files_kind *kind, struct err *err)
{
	const struct mem *mem = mem_of(files);
	CLEANUP(text_freep) char *plain = plain_path(path, err);
	if (!plain) {
		return false;
	}
	CLEANUP(text_freep) char *prefix = text_printf("%s/", plain);
	size_t below = lower_bound(mem, prefix);
	bool dir = !*plain || (below < mem->count && strncmp(mem->items[below].path, prefix, strlen(prefix)) == 0);
	if (!dir && !find(mem, plain)) {
		return err_set(err, ERR_NOT_FOUND, "'%.200s': no such file or directory", path);
	}
	*kind = dir ? FILES_DIR : FILES_FILE;
	return buf_puts(real, plain) || err_set(err, ERR_LIMIT, "'%.200s' is a path that is too long", path);
}

static void mem_free(struct files *files)
{
	struct mem *mem = mem_of(files);
	for (size_t i = 0; i < mem->count; i++) {
		free(mem->items[i].path);
		free(mem->items[i].bytes);
	}
	free(mem->items);
	free(mem);
}

static const struct files_ops mem_ops = { .list = mem_list, .read = mem_read, .find = mem_find, .free = mem_free };

struct files *files_mem_new(void)
{
	struct mem *mem = alloc_new(1, sizeof *mem);
	mem->files.ops = &mem_ops;
	return &mem->files;
}

void files_mem_add(struct files *files, const char *path, const void *bytes, size_t len)
{
	struct mem *mem = mem_of(files);
	struct err err = ERR_INIT;
	struct mem_file file = { .path = plain_path(path, &err), .bytes = text_dup_len(bytes, len), .len = len };
	assert(file.path && *file.path);
	size_t at = lower_bound(mem, file.path);
	if (at < mem->count && strcmp(mem->items[at].path, file.path) == 0) {
		free(mem->items[at].path);
		free(mem->items[at].bytes);
		mem->items[at] = file;
		return;
	}
	if (mem->count == mem->cap) {
		mem->cap = mem->cap ? 2 * mem->cap : 16;
		mem->items = alloc_grow(mem->items, mem->cap, sizeof *mem->items);
	}
	memmove(mem->items + at + 1, mem->items + at, (mem->count - at) * sizeof *mem->items);
	mem->items[at] = file;
	mem->count++;
}
