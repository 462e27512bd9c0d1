#include "sync/git/libgit.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "render/base/limits.h"

/* Trees of 10,000 entries stay in the cache, else every file read in one would parse it again. */
#define CACHED_TREE_BYTES LIMIT_MIB(2)
#define CACHE_BYTES LIMIT_MIB(8)
#define WINDOW_BYTES LIMIT_MIB(1)
#define MAPPED_BYTES LIMIT_MIB(16)

static void set_options(void)
{
	(void)git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
	(void)git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, WINDOW_BYTES);
	(void)git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, MAPPED_BYTES);
	(void)git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, (ssize_t)CACHE_BYTES);
	(void)git_libgit2_opts(GIT_OPT_SET_CACHE_OBJECT_LIMIT, GIT_OBJECT_TREE, CACHED_TREE_BYTES);
	static const git_config_level_t levels[] = { GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG,
		                                         GIT_CONFIG_LEVEL_GLOBAL };
	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		(void)git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "");
	}
}

static int started; /* what git_libgit2_init said */

static void start(void)
{
	started = git_libgit2_init();
	if (started > 0) {
		set_options();
	}
}

bool libgit_open(struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	(void)pthread_once(&once, start);
	return started > 0 || err_set(err, ERR_TRANSIENT, "cannot start libgit2");
}

bool libgit_err(struct err *err, enum err_kind kind, const char *fmt, ...)
{
	const git_error *last = git_error_last();
	char reason[sizeof err->msg];
	(void)snprintf(reason, sizeof reason, "%s", last && last->message ? last->message : "libgit2 gives no reason");
	for (char *c = reason; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f) {
			*c = ' ';
		}
	}
	char text[sizeof err->msg];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	return err_set(err, kind, "%s: %s", text, reason);
}

bool libgit_blames_store(void)
{
	const git_error *last = git_error_last();
	if (!last) {
		return false;
	}
	static const int classes[] = {
		GIT_ERROR_REFERENCE, GIT_ERROR_ODB,    GIT_ERROR_OBJECT,     GIT_ERROR_ZLIB,    GIT_ERROR_TREE,
		GIT_ERROR_TAG,       GIT_ERROR_CONFIG, GIT_ERROR_REPOSITORY, GIT_ERROR_INDEXER, GIT_ERROR_SHA
	};
	for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
		if (last->klass == classes[i]) {
			return true;
		}
	}
	return false;
}

bool libgit_id(const char *text, git_oid *out)
{
	return strlen(text) == GIT_OID_HEXSZ && strspn(text, "0123456789abcdefABCDEF") == GIT_OID_HEXSZ &&
	       git_oid_fromstr(out, text) == 0;
}

void libgit_repository_freep(git_repository **repository)
{
	git_repository_free(*repository);
}

void libgit_reference_freep(git_reference **reference)
{
	git_reference_free(*reference);
}

void libgit_iterator_freep(git_reference_iterator **iterator)
{
	git_reference_iterator_free(*iterator);
}

void libgit_object_freep(git_object **object)
{
	git_object_free(*object);
}

void libgit_tree_freep(git_tree **tree)
{
	git_tree_free(*tree);
}

void libgit_blob_freep(git_blob **blob)
{
	git_blob_free(*blob);
}

void libgit_entry_freep(git_tree_entry **entry)
{
	git_tree_entry_free(*entry);
}

void libgit_commit_freep(git_commit **commit)
{
	git_commit_free(*commit);
}

void libgit_odb_freep(git_odb **odb)
{
	git_odb_free(*odb);
}

void libgit_walk_freep(git_revwalk **walk)
{
	git_revwalk_free(*walk);
}

void libgit_packer_freep(git_packbuilder **packer)
{
	git_packbuilder_free(*packer);
}
