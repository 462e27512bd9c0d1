/* Every component is opened by itself and never through a link. */
#include "render/files_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "render/base/limits.h"
#include "render/files.h"

void walk_closep(int *fd)
{
	if (*fd >= 0) {
		(void)close(*fd);
	}
	*fd = -1;
}

void walk_release(struct walk *walk)
{
	buf_release(&walk->at);
	buf_release(&walk->rest);
	walk_closep(&walk->fd);
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
		walk_closep(&fd);
		return false;
	}
	walk_closep(&walk->fd);
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

static bool follow(struct walk *walk, int link, struct err *err)
{
	char target[FILES_LINK_BYTES + 1];
	ssize_t len = readlinkat(link, "", target, sizeof target);
	if (len < 0) {
		return err_sys(err, "cannot read the link");
	}
	if (!files_follow(&walk->rest, &walk->hops, target, (size_t)len, err)) {
		return false;
	}
	if (*target != '/') {
		return true;
	}
	if (!walk->whole) {
		return err_set(err, ERR_INPUT, "leads out of the tree, to an absolute path");
	}
	buf_reset(&walk->at);
	return move_to(walk, open_path(walk->root, "."), err);
}

static bool enter(struct walk *walk, const char *name, struct err *err)
{
	CLEANUP(walk_closep) int fd = open_path(walk->fd, name);
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
	walk_closep(&walk->fd);
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

struct walk walk_new(int root, bool whole)
{
	return (
		struct walk){ .root = root, .whole = whole, .at = BUF_INIT(LIMIT_KIB(16)), .rest = BUF_INIT(LIMIT_KIB(16)), .fd = -1 };
}

static bool walk_to_end(struct walk *walk, struct err *err)
{
	if (!move_to(walk, open_path(walk->root, "."), err)) {
		return false;
	}
	for (;;) {
		CLEANUP(text_freep) char *name = files_next_name(&walk->rest);
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

bool walk_path(struct walk *walk, const char *path, struct err *err)
{
	if (files_leads_out(path)) {
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

enum { READ = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY };

int walk_open_known(int root, const char *path)
{
	return open_at_once(root, path, READ);
}

int walk_open(struct walk *walk)
{
	int fd = walk_open_known(walk->root, buf_text(&walk->at));
	if (fd >= 0) {
		return fd;
	}
	CLEANUP(text_freep) char *name = cut_last(&walk->at);
	CLEANUP(walk_closep) int dir = open_canonical(walk->root, buf_text(&walk->at));
	return dir < 0 ? -1 : openat(dir, name, READ | O_CLOEXEC);
}
