#include "render/files.h"

#include <stdlib.h>
#include <string.h>

void files_entries_release(struct files_entries *entries)
{
	for (size_t i = 0; i < entries->count; i++) {
		free(entries->items[i].name);
	}
	free(entries->items);
	*entries = (struct files_entries){ 0 };
}

void files_freep(struct files **files)
{
	files_free(*files);
	*files = NULL;
}

bool files_leads_out(const char *path)
{
	for (const char *s = path; *s; s += strspn(s, "/")) {
		size_t len = strcspn(s, "/");
		if (len == 2 && strncmp(s, "..", 2) == 0) {
			return true;
		}
		s += len;
	}
	return *path == '/';
}

char *files_next_name(struct buf *path)
{
	size_t skip = strspn(buf_text(path), "/");
	size_t len = strcspn(buf_text(path) + skip, "/");
	if (len == 0) {
		return NULL;
	}
	char *name = text_dup_len(path->data + skip, len);
	CLEANUP(text_freep) char *left = text_dup(path->data + skip + len);
	buf_reset(path);
	(void)buf_puts(path, left);
	return name;
}
