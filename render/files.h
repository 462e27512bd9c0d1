/*
 * A read-only tree of files: a directory, a Git tree (sync/git), or memory (tests). Paths are relative, '/'-separated,
 * "" is the root. A path never leads outside the tree: "..", absolute paths and symbolic links that leave it are refused.
 */
#ifndef RENDER_FILES_H
#define RENDER_FILES_H

#include <stddef.h>

#include "render/base/buf.h"
#include "render/base/err.h"

enum { FILES_ID = 20 };

enum files_kind {
	FILES_FILE,
	FILES_DIR,
	FILES_OTHER, /* a link that dangles, loops or leaves the tree, a pipe, a device; reading it is the error that says which */
};

struct files_entry {
	char *name;
	enum files_kind kind;       /* of what a link leads to */
	bool link;                  /* it is a symbolic link */
	bool identified;            /* a file, and the tree knows its content: */
	unsigned char id[FILES_ID]; /* equal ids, equal content */
};

/* The entries of one directory in byte order of their names. */
struct files_entries {
	struct files_entry *items;
	size_t count;
};

void files_entries_release(struct files_entries *entries);

struct files;

struct files_ops {
	/*
	 * Not a directory: ERR_NOT_FOUND. A broken link in it is listed as FILES_OTHER, since only who would read it knows
	 * whether it matters.
	 */
	bool (*list)(struct files *files, const char *path, struct files_entries *out, struct err *err);
	/* Appends the content; ERR_LIMIT when it does not fit into the buffer's maximum; missing or a directory: ERR_NOT_FOUND. */
	bool (*read)(struct files *files, const char *path, struct buf *out, struct err *err);
	/*
	 * Appends the path of what `path` leads to, without links in it ("" is the root), and says what it is. Missing:
	 * ERR_NOT_FOUND. A link that leads nowhere or out of the tree: ERR_INPUT.
	 */
	bool (*find)(struct files *files, const char *path, struct buf *real, enum files_kind *kind, struct err *err);
	void (*free)(struct files *files);
};

/* Implementations embed this first. */
struct files {
	const struct files_ops *ops;
};

/* For implementations that follow links. An absolute path, or one with a component "..": */
bool files_leads_out(const char *path) MUST_CHECK;
/* Takes the first component off a path; NULL when there is none. free() it. */
char *files_next_name(struct buf *path);
/* Puts a link's target in front of what is still to go, unless it is none or there were too many; `hops` counts. */
bool files_follow(struct buf *path, size_t *hops, const char *target, size_t len, struct err *err) MUST_CHECK;
enum { FILES_LINK_BYTES = 4096 }; /* a longer target is none */

static inline MUST_CHECK bool files_list(struct files *files, const char *path, struct files_entries *out, struct err *err)
{
	return files->ops->list(files, path, out, err);
}

static inline MUST_CHECK bool files_read(struct files *files, const char *path, struct buf *out, struct err *err)
{
	return files->ops->read(files, path, out, err);
}

static inline MUST_CHECK bool files_find(struct files *files, const char *path, struct buf *real, enum files_kind *kind,
                                         struct err *err)
{
	return files->ops->find(files, path, real, kind, err);
}

static inline void files_free(struct files *files)
{
	if (files) {
		files->ops->free(files);
	}
}

/* For CLEANUP of a struct files *. */
void files_freep(struct files **files);

/*
 * A directory of this machine. NULL and err when it cannot be opened. Links are resolved here, never by the kernel, so a
 * tree that changes meanwhile leads nowhere else; pipes, sockets and devices are not opened. Of "/" absolute links are in the
 * tree as well.
 */
struct files *files_dir_open(const char *dir, struct err *err) MUST_CHECK;

/* An empty tree in memory; directories come with the files in them. Links are not supported. */
struct files *files_mem_new(void);
void files_mem_add(struct files *files, const char *path, const void *bytes, size_t len);

#endif
