/*
 * The way from a directory of this machine to a path below it. Links are read and followed here, from the directory and never
 * by the kernel, so that a tree that changes meanwhile leads nowhere else; what is no directory on the way is not opened.
 */
#ifndef RENDER_FILES_WALK_H
#define RENDER_FILES_WALK_H

#include <stdbool.h>
#include <sys/stat.h>

#include "render/base/buf.h"
#include "render/base/err.h"

/* Where it stands, and what is still to go. */
struct walk {
	int root;
	bool whole;    /* the root is "/": absolute links stay in it */
	struct buf at; /* canonical path, no link in it */
	struct buf rest;
	size_t hops;
	int fd; /* of what is at `at`, O_PATH */
	mode_t mode;
};

struct walk walk_new(int root, bool whole);
void walk_release(struct walk *walk);

/* Goes to the path, once. Missing: ERR_NOT_FOUND; a link that leads nowhere or out of the tree: ERR_INPUT. */
bool walk_path(struct walk *walk, const char *path, struct err *err) MUST_CHECK;

/* Opens for reading the file that the walk led to; it is at its end then. A pipe does not block. -1 and errno. */
int walk_open(struct walk *walk);

/* The same for a canonical path that led to a file before. -1 where that is not so any more, or cannot be told at once. */
int walk_open_known(int root, const char *path);

/* For CLEANUP of a file descriptor, -1 is none. */
void walk_closep(int *fd);

#endif
