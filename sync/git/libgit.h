/*
 * libgit2 as plumb uses it: bounded memory, independent of the user's and the machine's Git configuration, and its errors
 * as struct err.
 */
#ifndef SYNC_GIT_LIBGIT_H
#define SYNC_GIT_LIBGIT_H

#include <git2.h>
#include <stdbool.h>

#include "render/base/err.h"

/*
 * Starts it and sets its process-wide options, the first time; any thread may call it. It is never ended: that would take what it
 * keeps for each thread away from threads that go on.
 */
bool libgit_open(struct err *err) MUST_CHECK;

/* As err_set, with ": " and what libgit2 said last (one line, no control characters) behind. Returns false. */
bool libgit_err(struct err *err, enum err_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Whether libgit2's last error speaks of the store itself (an object, a reference, a pack) and not of the way to it. */
bool libgit_blames_store(void);

/* Exactly 40 hexadecimal digits. */
bool libgit_id(const char *text, git_oid *out);

/* For CLEANUP. */
void libgit_repository_freep(git_repository **repository);
void libgit_reference_freep(git_reference **reference);
void libgit_iterator_freep(git_reference_iterator **iterator);
void libgit_object_freep(git_object **object);
void libgit_tree_freep(git_tree **tree);
void libgit_blob_freep(git_blob **blob);
void libgit_entry_freep(git_tree_entry **entry);
void libgit_commit_freep(git_commit **commit);
void libgit_odb_freep(git_odb **odb);
void libgit_walk_freep(git_revwalk **walk);
void libgit_packer_freep(git_packbuilder **packer);

#endif
