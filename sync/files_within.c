#include "sync/files_within.h"

#include <stdlib.h>
#include <string.h>

struct within {
	struct files files;
	struct files *under;
	char *dir;
	size_t len;
	bool *outside;
};

static struct within *look(struct files *files, const char *path)
{
	struct within *within = (struct within *)files;
	bool below = strncmp(path, within->dir, within->len) == 0 && (path[within->len] == '/' || !path[within->len]);
	/* "a/../b" may be anywhere. */
	if (within->len && (!below || strstr(path, ".."))) {
		*within->outside = true;
	}
	return within;
}

static bool list(struct files *files, const char *path, struct files_entries *out, struct err *err)
{
	return files_list(look(files, path)->under, path, out, err);
}

static bool read_file(struct files *files, const char *path, struct buf *out, struct err *err)
{
	return files_read(look(files, path)->under, path, out, err);
}

static bool find(struct files *files, const char *path, struct buf *real, enum files_kind *kind, struct err *err)
{
	return files_find(look(files, path)->under, path, real, kind, err);
}

static void free_within(struct files *files)
{
	struct within *within = (struct within *)files;
	free(within->dir);
	free(within);
}

struct files *files_within_new(struct files *files, const char *dir, bool *outside)
{
	static const struct files_ops ops = { .list = list, .read = read_file, .find = find, .free = free_within };
	struct within *within = alloc_new(1, sizeof *within);
	*within = (struct within){ .files.ops = &ops, .under = files, .dir = text_dup(dir), .len = strlen(dir), .outside = outside };
	*outside = false;
	return &within->files;
}
