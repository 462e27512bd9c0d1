/*
 * A directory of this machine as files. Behaves as the tree of a commit does (sync/git/tree.c).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "render/base/limits.h"
#include "render/files.h"
#include "render/files_walk.h"

struct dir_files {
	struct files files;
	int root;
	bool whole;       /* it is "/": absolute links stay in it */
	struct buf found; /* the canonical path of the ordinary file that was found last: most often it is read next */
};

enum { CHUNK_BYTES = 4 * 1024 };

static struct dir_files *dir_files_of(struct files *files)
{
	return (struct dir_files *)(void *)files;
}

static struct walk walk_of(struct files *files)
{
	return walk_new(dir_files_of(files)->root, dir_files_of(files)->whole);
}

static bool read_all(int fd, const char *path, struct buf *out, struct err *err)
{
	char chunk[CHUNK_BYTES];
	for (;;) {
		ssize_t n = read(fd, chunk, CHUNK_BYTES);
		if (n == 0) {
			return true;
		}
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return err_sys(err, "cannot read '%.200s'", path);
		}
		if (!buf_add(out, chunk, (size_t)n)) {
			return err_set(err, ERR_LIMIT, "'%.200s' has more than %zu bytes", path, out->max);
		}
	}
}

static bool is_ordinary(int fd)
{
	struct stat stat;
	return fd >= 0 && fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode);
}

static bool open_walked(struct walk *walk, const char *path, int *fd, struct err *err)
{
	if (!walk_path(walk, path, err)) {
		return false;
	}
	if (S_ISDIR(walk->mode)) {
		return err_set(err, ERR_NOT_FOUND, "'%.200s' is a directory", path);
	}
	if (!S_ISREG(walk->mode)) {
		return err_set(err, ERR_INPUT, "'%.200s' is no ordinary file but a pipe, a socket or a device", path);
	}
	*fd = walk_open(walk);
	if (*fd < 0) {
		return err_sys(err, "cannot open '%.200s'", path);
	}
	return is_ordinary(*fd) || err_set(err, ERR_INPUT, "'%.200s' changed while it was read", path);
}

static bool read_file(struct files *files, const char *path, struct buf *out, struct err *err)
{
	struct dir_files *own = dir_files_of(files);
	bool found = own->found.len && strcmp(own->found.data, path) == 0;
	CLEANUP(walk_closep) int fd = found ? walk_open_known(own->root, path) : -1;
	if (!is_ordinary(fd)) {
		walk_closep(&fd);
		CLEANUP(walk_release) struct walk walk = walk_of(files);
		if (!open_walked(&walk, path, &fd, err)) {
			return false;
		}
	}
	size_t before = out->len;
	if (!read_all(fd, path, out, err)) {
		out->len = before;
		if (out->data) {
			out->data[before] = '\0';
		}
		return false;
	}
	return true;
}

static enum files_kind kind_of(mode_t mode)
{
	return S_ISREG(mode) ? FILES_FILE : S_ISDIR(mode) ? FILES_DIR : FILES_OTHER;
}

static enum files_kind kind_behind(const struct walk *from, const char *dir, const char *name)
{
	CLEANUP(walk_release) struct walk walk = walk_new(from->root, from->whole);
	CLEANUP(text_freep) char *path = text_printf("%s%s%s", dir, *dir ? "/" : "", name);
	struct err unread = ERR_INIT;
	return walk_path(&walk, path, &unread) ? kind_of(walk.mode) : FILES_OTHER;
}

static bool add_entry(struct walk *walk, int dir, const char *name, struct files_entries *out, struct err *err)
{
	struct stat stat;
	if (fstatat(dir, name, &stat, AT_SYMLINK_NOFOLLOW) < 0) {
		return errno == ENOENT ? true : err_sys(err, "cannot look at '%.200s' in '%.200s'", name, buf_text(&walk->at));
	}
	if (out->count >= LIMIT_TREE_FILES) {
		return err_set(err, ERR_LIMIT, "'%.200s' has more than %zu entries", buf_text(&walk->at), LIMIT_TREE_FILES);
	}
	if ((out->count & (out->count - 1)) == 0) {
		out->items = alloc_grow(out->items, out->count ? 2 * out->count : 1, sizeof *out->items);
	}
	bool link = S_ISLNK(stat.st_mode);
	out->items[out->count++] = (struct files_entry){
		.name = text_dup(name),
		.kind = link ? kind_behind(walk, buf_text(&walk->at), name) : kind_of(stat.st_mode),
		.link = link,
	};
	return true;
}

static void closedirp(DIR **dir)
{
	if (*dir) {
		(void)closedir(*dir);
	}
}

static int by_name(const void *a, const void *b)
{
	const struct files_entry *left = a;
	const struct files_entry *right = b;
	return strcmp(left->name, right->name);
}

static bool list_open(struct walk *walk, DIR *dir, struct files_entries *out, struct err *err)
{
	CLEANUP(files_entries_release) struct files_entries entries = { 0 };
	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(dir);
		if (!entry && errno) {
			return err_sys(err, "cannot list '%.200s'", buf_text(&walk->at));
		}
		if (!entry) {
			break;
		}
		bool self = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
		if (!self && !add_entry(walk, dirfd(dir), entry->d_name, &entries, err)) {
			return false;
		}
	}
	if (entries.count) {
		qsort(entries.items, entries.count, sizeof *entries.items, by_name);
	}
	*out = entries;
	entries = (struct files_entries){ 0 };
	return true;
}

static bool list_dir(struct files *files, const char *path, struct files_entries *out, struct err *err)
{
	CLEANUP(walk_release) struct walk walk = walk_of(files);
	if (!walk_path(&walk, path, err)) {
		return false;
	}
	if (!S_ISDIR(walk.mode)) {
		return err_set(err, ERR_NOT_FOUND, "'%.200s' is not a directory", path);
	}
	CLEANUP(walk_closep) int fd = openat(walk.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		return err_sys(err, "cannot list '%.200s'", path);
	}
	fd = -1;
	return list_open(&walk, dir, out, err);
}

static bool find_file(struct files *files, const char *path, struct buf *real, enum files_kind *kind, struct err *err)
{
	CLEANUP(walk_release) struct walk walk = walk_of(files);
	if (!walk_path(&walk, path, err)) {
		return false;
	}
	*kind = kind_of(walk.mode);
	if (!buf_puts(real, buf_text(&walk.at))) {
		return err_set(err, ERR_LIMIT, "'%.200s' leads to a path that is too long", path);
	}
	if (*kind == FILES_FILE) {
		struct dir_files *own = dir_files_of(files);
		buf_reset(&own->found);
		(void)buf_puts(&own->found, buf_text(&walk.at));
	}
	return true;
}

static void free_files(struct files *files)
{
	struct dir_files *own = dir_files_of(files);
	(void)close(own->root);
	buf_release(&own->found);
	free(own);
}

static const struct files_ops dir_files_ops = { .list = list_dir, .read = read_file, .find = find_file, .free = free_files };

static bool is_root(const char *dir)
{
	return *dir == '/' && dir[strspn(dir, "/")] == '\0';
}

struct files *files_dir_open(const char *dir, struct err *err)
{
	int root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0) {
		(void)err_sys(err, "cannot open '%.200s'", dir);
		return NULL;
	}
	struct dir_files *files = alloc_new(1, sizeof *files);
	*files = (struct dir_files){
		.files = { .ops = &dir_files_ops }, .root = root, .whole = is_root(dir), .found = BUF_INIT(LIMIT_KIB(16))
	};
	return &files->files;
}
