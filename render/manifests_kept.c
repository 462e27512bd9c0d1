/*
 * All files are in one piece of memory, which each rendering makes anew: pieces of their own, made between the documents of a
 * rendering that are freed after it, would hold on to most of its pages.
 */
#include "render/manifests_kept.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { TEXTS = 6 }; /* of an object: group, version, kind, namespace, name, line */

/* What stands in front of a file's texts: its path, then those of its objects, each with its NUL. */
struct head {
	unsigned char content[OBJECT_CONTENT];
	size_t bytes;
	size_t count;
	size_t len; /* of the texts */
};

/* Files one behind the other, and where they begin: in the order of their paths once the rendering is over. */
struct heap {
	struct buf data;
	size_t *starts;
	size_t count;
	size_t cap;
};

struct manifests_kept {
	bool (*may)(const struct object *object);
	struct heap heap;
	struct heap next; /* of the rendering that runs */
};

static void heap_clear(struct heap *heap)
{
	buf_release(&heap->data);
	free(heap->starts);
	*heap = (struct heap){ .data = BUF_INIT(SIZE_MAX) };
}

static const char *path_at(const struct heap *heap, size_t start)
{
	return heap->data.data + start + sizeof(struct head);
}

static void heap_add(struct heap *heap, const struct head *head, const char *texts)
{
	if (heap->count == heap->cap) {
		heap->cap = heap->cap ? 2 * heap->cap : 64;
		heap->starts = alloc_grow(heap->starts, heap->cap, sizeof *heap->starts);
	}
	heap->starts[heap->count++] = heap->data.len;
	bool fits = buf_add(&heap->data, head, sizeof *head) && buf_add(&heap->data, texts, head->len);
	assert(fits);
}

static int by_path(const void *a, const void *b, void *context)
{
	const struct heap *heap = context;
	return strcmp(path_at(heap, *(const size_t *)a), path_at(heap, *(const size_t *)b));
}

struct manifests_kept *manifests_kept_new(bool (*may)(const struct object *object))
{
	struct manifests_kept *kept = alloc_new(1, sizeof *kept);
	kept->may = may;
	heap_clear(&kept->heap);
	heap_clear(&kept->next);
	return kept;
}

void manifests_kept_free(struct manifests_kept *kept)
{
	if (kept) {
		heap_clear(&kept->heap);
		heap_clear(&kept->next);
		free(kept);
	}
}

size_t manifests_kept_count(const struct manifests_kept *kept)
{
	return kept->heap.count;
}

void manifests_kept_begin(struct manifests_kept *kept)
{
	heap_clear(&kept->next);
}

/* Exactly as large as it has to be. */
void manifests_kept_end(struct manifests_kept *kept)
{
	struct heap *next = &kept->next;
	struct heap fresh = { .data = BUF_INIT(SIZE_MAX), .count = next->count, .cap = next->count };
	qsort_r(next->starts, next->count, sizeof *next->starts, by_path, next);
	if (next->count) {
		fresh.starts = alloc_new(next->count, sizeof *fresh.starts);
		memcpy(fresh.starts, next->starts, next->count * sizeof *fresh.starts);
		fresh.data.data = alloc_new(next->data.len + 1, 1);
		fresh.data.len = next->data.len;
		fresh.data.cap = next->data.len + 1;
		memcpy(fresh.data.data, next->data.data, next->data.len);
	}
	heap_clear(next);
	heap_clear(&kept->heap);
	kept->heap = fresh;
}

/* The texts behind its head; NULL where it is not there. */
static const char *find(const struct heap *heap, const char *path, struct head *head)
{
	size_t from = 0;
	size_t to = heap->count;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		const char *texts = path_at(heap, heap->starts[middle]);
		int order = strcmp(path, texts);
		if (order == 0) {
			memcpy(head, texts - sizeof *head, sizeof *head);
			return texts;
		}
		from = order > 0 ? middle + 1 : from;
		to = order > 0 ? to : middle;
	}
	return NULL;
}

static const char *next_text(const char **at)
{
	const char *text = *at;
	*at += strlen(text) + 1;
	return text;
}

static struct object *object_at(const char *path, const char **at)
{
	struct object *object = alloc_new(1, sizeof *object);
	object->id.group = text_dup(next_text(at));
	object->version = text_dup(next_text(at));
	object->id.kind = text_dup(next_text(at));
	object->id.ns = text_dup(next_text(at));
	object->id.name = text_dup(next_text(at));
	object->path = text_dup(path);
	object->line = strtoul(next_text(at), NULL, 10);
	return object;
}

bool manifests_kept_tell(struct manifests_kept *kept, struct kept_file *file, void (*take)(void *context, struct object *object),
                         void *context)
{
	struct head head;
	const char *texts = find(&kept->heap, file->path, &head);
	if (!texts || memcmp(head.content, file->content, sizeof head.content) != 0) {
		return false;
	}
	const char *at = texts;
	(void)next_text(&at);
	file->bytes = head.bytes;
	for (size_t i = 0; i < head.count; i++) {
		take(context, object_at(file->path, &at));
	}
	assert(at == texts + head.len);
	heap_add(&kept->next, &head, texts);
	return true;
}

static void add_text(struct buf *texts, const char *text)
{
	(void)buf_add(texts, text, strlen(text) + 1);
}

void manifests_kept_note(struct manifests_kept *kept, const struct kept_file *file, struct object *const *objects, size_t count)
{
	CLEANUP(buf_release) struct buf texts = BUF_INIT(SIZE_MAX);
	add_text(&texts, file->path);
	for (size_t i = 0; i < count; i++) {
		const struct object *object = objects[i];
		if (kept->may && !kept->may(object)) {
			return;
		}
		CLEANUP(text_freep) char *line = text_printf("%zu", object->line);
		const char *const all[TEXTS] = {
			object->id.group, object->version, object->id.kind, object->id.ns, object->id.name, line,
		};
		for (size_t j = 0; j < TEXTS; j++) {
			add_text(&texts, all[j]);
		}
	}
	struct head head = { .bytes = file->bytes, .count = count, .len = texts.len };
	memcpy(head.content, file->content, sizeof head.content);
	heap_add(&kept->next, &head, texts.data);
}
