/*
 * A directory of this machine as files. Every component is opened by itself and never through a link; links are read and
 * followed here, from the root. Behaves as the tree of a commit does (sync/git/tree.c).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "render/base/limits.h"
#include "render/files.h"

struct dir_files {
	struct files files;
	int root;
	bool whole; /* it is "/": absolute links stay in it */
};

enum { LINK_BYTES = 4096, CHUNK_BYTES = 16 * 1024 };

/* A walk from the root: where it stands, and what is still to go. */
struct walk {
	int root;
	bool whole;
	struct buf at; /* canonical path, no link in it */
	struct buf rest;
	size_t hops;
	int fd; /* of what is at `at`, O_PATH */
	mode_t mode;
};

static struct dir_files *dir_files_of(struct files *files)
{
	return (struct dir_files *)(void *)files;
}

static void closep(int *fd)
{
	if (*fd >= 0) {
		(void)close(*fd);
	}
	*fd = -1;
}

static void walk_release(struct walk *walk)
{
	buf_release(&walk->at);
	buf_release(&walk->rest);
	closep(&walk->fd);
}

/* Opens without reading: a pipe does not block, a device does nothing. */
static int open_path(int dir, const char *name)
{
	return openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

/*
 * A path without a link in it, opened by one call of the kernel, which refuses links itself. -1 and errno: ENOENT and ENOTDIR are
 * the truth, anything else (ELOOP: there is a link; a kernel before 5.6 or a filter that does not know the call) is to be found
 * out step by step.
 */
static int open_at_once(int root, const char *path, int flags)
{
	struct open_how how = { .flags = (unsigned)(flags | O_CLOEXEC), .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
	return (int)syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof how);
}

static bool move_to(struct walk *walk, int fd, struct err *err)
{
	struct stat stat;
	if (fd < 0 || fstat(fd, &stat) < 0) {
		(void)err_sys(err, "cannot open it");
		closep(&fd);
		return false;
	}
	closep(&walk->fd);
	walk->fd = fd;
	walk->mode = stat.st_mode;
	return true;
}

/* Opens a canonical path, refusing what has become a link meanwhile: O_PATH would open the link itself. */
static int open_canonical(int root, const char *path)
{
	int fd = open_at_once(root, path, O_PATH | O_DIRECTORY);
	if (fd >= 0) {
		return fd;
	}
	fd = open_path(root, ".");
	while (fd >= 0 && *path) {
		size_t len = strcspn(path, "/");
		CLEANUP(text_freep) char *name = text_dup_len(path, len);
		int next = openat(fd, name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
		int number = errno;
		(void)close(fd);
		errno = number;
		fd = next;
		path += len + (path[len] == '/');
	}
	return fd;
}

/* Cuts the last component off; the path is not empty. Its name, to be freed. */
static char *cut_last(struct buf *path)
{
	const char *slash = strrchr(path->data, '/');
	char *name = text_dup(slash ? slash + 1 : path->data);
	path->len = slash ? (size_t)(slash - path->data) : 0;
	path->data[path->len] = '\0';
	return name;
}

static bool go_up(struct walk *walk, struct err *err)
{
	if (walk->at.len == 0) {
		return walk->whole || err_set(err, ERR_INPUT, "leads out of the tree");
	}
	free(cut_last(&walk->at));
	return move_to(walk, open_canonical(walk->root, buf_text(&walk->at)), err);
}

/* Puts the link's target in front of what is still to go. */
static bool follow(struct walk *walk, int link, struct err *err)
{
	if (++walk->hops > LIMIT_LINK_HOPS) {
		return err_set(err, ERR_INPUT, "leads through more than %zu links, or in a circle", LIMIT_LINK_HOPS);
	}
	char target[LINK_BYTES + 1];
	ssize_t len = readlinkat(link, "", target, sizeof target);
	if (len < 0) {
		return err_sys(err, "cannot read the link");
	}
	if (len == 0 || len > LINK_BYTES) {
		return err_set(err, ERR_INPUT, "is not a valid link");
	}
	if (*target == '/') {
		if (!walk->whole) {
			return err_set(err, ERR_INPUT, "leads out of the tree, to an absolute path");
		}
		buf_reset(&walk->at);
		if (!move_to(walk, open_path(walk->root, "."), err)) {
			return false;
		}
	}
	CLEANUP(text_freep) char *left = text_dup(buf_text(&walk->rest));
	buf_reset(&walk->rest);
	if (!buf_add(&walk->rest, target, (size_t)len) || !buf_printf(&walk->rest, "/%s", left)) {
		return err_set(err, ERR_LIMIT, "is longer than %zu bytes", walk->rest.max);
	}
	return true;
}

static bool enter(struct walk *walk, const char *name, struct err *err)
{
	CLEANUP(closep) int fd = open_path(walk->fd, name);
	if (fd < 0) {
		return errno == ENOENT ? err_set(err, ERR_NOT_FOUND, "no such file or directory") : err_sys(err, "cannot open it");
	}
	struct stat stat;
	if (fstat(fd, &stat) < 0) {
		return err_sys(err, "cannot look at it");
	}
	if (S_ISLNK(stat.st_mode)) {
		return follow(walk, fd, err);
	}
	if (!buf_printf(&walk->at, "%s%s", walk->at.len ? "/" : "", name)) {
		return err_set(err, ERR_LIMIT, "the path is longer than %zu bytes", walk->at.max);
	}
	closep(&walk->fd);
	walk->fd = fd;
	walk->mode = stat.st_mode;
	fd = -1;
	return true;
}

static bool step(struct walk *walk, const char *name, struct err *err)
{
	if (!S_ISDIR(walk->mode)) {
		return err_set(err, ERR_NOT_FOUND, "no such file or directory");
	}
	if (strcmp(name, ".") == 0) {
		return true;
	}
	return strcmp(name, "..") == 0 ? go_up(walk, err) : enter(walk, name, err);
}

/* Takes the first component off `rest`; NULL when there is none. */
static char *next_name(struct walk *walk)
{
	size_t skip = strspn(buf_text(&walk->rest), "/");
	size_t len = strcspn(buf_text(&walk->rest) + skip, "/");
	if (len == 0) {
		return NULL;
	}
	char *name = text_dup_len(walk->rest.data + skip, len);
	CLEANUP(text_freep) char *left = text_dup(walk->rest.data + skip + len);
	buf_reset(&walk->rest);
	(void)buf_puts(&walk->rest, left);
	return name;
}

static struct walk walk_new(int root, bool whole)
{
	return (
		struct walk){ .root = root, .whole = whole, .at = BUF_INIT(LIMIT_KIB(16)), .rest = BUF_INIT(LIMIT_KIB(16)), .fd = -1 };
}

static struct walk walk_of(struct files *files)
{
	return walk_new(dir_files_of(files)->root, dir_files_of(files)->whole);
}

static bool walk_to_end(struct walk *walk, struct err *err)
{
	if (!move_to(walk, open_path(walk->root, "."), err)) {
		return false;
	}
	for (;;) {
		CLEANUP(text_freep) char *name = next_name(walk);
		if (!name) {
			return true;
		}
		if (!step(walk, name, err)) {
			return false;
		}
	}
}

/* Whether it is written as a canonical path is. */
static bool is_canonical(const char *path)
{
	for (const char *name = path; *name;) {
		size_t len = strcspn(name, "/");
		if (len == 0 || (len == 1 && *name == '.') || (name[len] && !name[len + 1])) {
			return false;
		}
		name += len + (name[len] == '/');
	}
	return true;
}

/* The way of a path without links. false: walk, but where err is set. */
static bool walk_at_once(struct walk *walk, const char *path, struct err *err)
{
	if (!is_canonical(path)) {
		return false;
	}
	int fd = open_at_once(walk->root, path, O_PATH);
	if (fd < 0) {
		return errno == ENOENT || errno == ENOTDIR ? err_set(err, ERR_NOT_FOUND, "no such file or directory") : false;
	}
	return move_to(walk, fd, err) &&
	       (buf_puts(&walk->at, path) || err_set(err, ERR_LIMIT, "the path is longer than %zu bytes", walk->at.max));
}

static bool has_dot_dot(const char *path)
{
	for (const char *s = path; *s; s += strspn(s, "/")) {
		size_t len = strcspn(s, "/");
		if (len == 2 && strncmp(s, "..", 2) == 0) {
			return true;
		}
		s += len;
	}
	return false;
}

/* `walk` is the caller's to release, whatever comes out. */
static bool walk_path(struct walk *walk, const char *path, struct err *err)
{
	if (*path == '/' || has_dot_dot(path)) {
		return err_set(err, ERR_INPUT, "'%.200s' leads out of the tree", path);
	}
	if (!buf_puts(&walk->rest, path)) {
		return err_set(err, ERR_LIMIT, "the path '%.80s...' is longer than %zu bytes", path, walk->rest.max);
	}
	struct err at_once = ERR_INIT;
	if (walk_at_once(walk, path, &at_once)) {
		return true;
	}
	if (at_once.kind != ERR_NONE) {
		*err = at_once;
		return err_wrap(err, "'%.200s'", path);
	}
	if (walk_to_end(walk, err)) {
		return true;
	}
	/* What a link does not lead to is the link's mistake. */
	if (err->kind == ERR_NOT_FOUND && walk->hops) {
		err->kind = ERR_INPUT;
		return err_wrap(err, "the link '%.200s' leads nowhere", path);
	}
	return err_wrap(err, "'%.200s'", path);
}

/* Opens for reading the file that the walk led to. */
static int open_file(struct walk *walk)
{
	enum { READ = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC };
	int fd = open_at_once(walk->root, buf_text(&walk->at), READ);
	if (fd >= 0) {
		return fd;
	}
	CLEANUP(text_freep) char *name = cut_last(&walk->at);
	CLEANUP(closep) int dir = open_canonical(walk->root, buf_text(&walk->at));
	return dir < 0 ? -1 : openat(dir, name, READ);
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

static bool read_file(struct files *files, const char *path, struct buf *out, struct err *err)
{
	CLEANUP(walk_release) struct walk walk = walk_of(files);
	if (!walk_path(&walk, path, err)) {
		return false;
	}
	if (S_ISDIR(walk.mode)) {
		return err_set(err, ERR_NOT_FOUND, "'%.200s' is a directory", path);
	}
	if (!S_ISREG(walk.mode)) {
		return err_set(err, ERR_INPUT, "'%.200s' is no ordinary file but a pipe, a socket or a device", path);
	}
	CLEANUP(closep) int fd = open_file(&walk);
	struct stat stat;
	if (fd < 0 || fstat(fd, &stat) < 0) {
		return err_sys(err, "cannot open '%.200s'", path);
	}
	if (!S_ISREG(stat.st_mode)) {
		return err_set(err, ERR_INPUT, "'%.200s' changed while it was read", path);
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
	CLEANUP(closep) int fd = openat(walk.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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
	return buf_puts(real, buf_text(&walk.at)) || err_set(err, ERR_LIMIT, "'%.200s' leads to a path that is too long", path);
}

static void free_files(struct files *files)
{
	struct dir_files *own = dir_files_of(files);
	(void)close(own->root);
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
	*files = (struct dir_files){ .files = { .ops = &dir_files_ops }, .root = root, .whole = is_root(dir) };
	return &files->files;
}
