#include "render/files.h"

#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"

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

bool files_follow(struct buf *path, size_t *hops, const char *target, size_t len, struct err *err)
{
	if (++*hops > LIMIT_LINK_HOPS) {
		return err_set(err, ERR_INPUT, "leads through more than %zu links, or in a circle", LIMIT_LINK_HOPS);
	}
	if (len == 0 || len > FILES_LINK_BYTES || memchr(target, '\0', len)) {
		return err_set(err, ERR_INPUT, "is not a valid link");
	}
	CLEANUP(text_freep) char *left = text_dup(buf_text(path));
	buf_reset(path);
	if (!buf_add(path, target, len) || !buf_printf(path, "/%s", left)) {
		return err_set(err, ERR_LIMIT, "is longer than %zu bytes", path->max);
	}
	return true;
}
