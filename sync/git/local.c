/*
 * A repository on this machine. libgit2's own transport would pack the objects of all its refs, wanted or not, and those of
 * every annotated tag anew each time; so the objects that are missing are packed here.
 */
#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"
#include "sync/clock.h"
#include "sync/git/libgit.h"
#include "sync/git/remote.h"

struct local {
	struct remote remote;
	struct remote_options options;
	int64_t deadline;
	git_repository *git;
};

static struct local *local_of(struct remote *remote)
{
	return (struct local *)(void *)remote;
}

static bool open_other(struct local *local, struct err *err)
{
	git_repository_free(local->git);
	local->git = NULL;
	int code = git_repository_open_ext(&local->git, local->options.address, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);
	if (code == GIT_ENOTFOUND) {
		return err_set(err, ERR_NOT_FOUND, "'%s' is not a Git repository", local->options.shown);
	}
	return code == 0 ? true : libgit_err(err, ERR_INPUT, "cannot open '%s'", local->options.shown);
}

/* A ref that is broken over there is not ours to complain about unless it is asked for: then it is not found. */
static void add_ref(git_reference *ref, struct remote_refs *out)
{
	CLEANUP(libgit_reference_freep) git_reference *direct = NULL;
	if (git_reference_resolve(&direct, ref) == 0) {
		remote_refs_add(out, git_reference_name(ref), git_reference_target(direct), git_reference_symbolic_target(ref));
	}
}

static bool local_list(struct remote *remote, int64_t deadline, struct remote_refs *out, struct err *err)
{
	struct local *local = local_of(remote);
	local->deadline = deadline;
	if (!open_other(local, err)) {
		return false;
	}
	CLEANUP(libgit_reference_freep) git_reference *head = NULL;
	if (git_reference_lookup(&head, local->git, "HEAD") == 0) {
		add_ref(head, out);
	}
	CLEANUP(libgit_iterator_freep) git_reference_iterator *refs = NULL;
	if (git_reference_iterator_new(&refs, local->git) < 0) {
		return libgit_err(err, ERR_INPUT, "cannot list the refs of '%s'", local->options.shown);
	}
	for (;;) {
		CLEANUP(libgit_reference_freep) git_reference *ref = NULL;
		int code = git_reference_next(&ref, refs);
		if (code == GIT_ITEROVER) {
			return true;
		}
		if (code < 0) {
			return libgit_err(err, ERR_INPUT, "cannot list the refs of '%s'", local->options.shown);
		}
		add_ref(ref, out);
	}
}

struct download {
	struct local *local;
	struct remote_watch watch;
	git_packbuilder *packer;
	git_revwalk *walk;
	git_odb_writepack *writer;
	git_indexer_progress stats;
};

static int keep_time(int stage, uint32_t current, uint32_t total, void *payload)
{
	(void)stage;
	(void)current;
	(void)total;
	struct download *download = payload;
	return remote_watch_progress(&download->stats, &download->watch);
}

static int write_part(void *bytes, size_t len, void *payload)
{
	struct download *download = payload;
	download->stats.received_bytes += len;
	int code = remote_watch_progress(&download->stats, &download->watch);
	return code < 0 ? code : download->writer->append(download->writer, bytes, len, &download->stats);
}

/* Annotated tags are objects before the commit; a tag of a tag is two. */
static int want_id(struct download *download, const git_oid *id)
{
	CLEANUP(libgit_object_freep) git_object *object = NULL;
	int code = git_object_lookup(&object, download->local->git, id, GIT_OBJECT_ANY);
	while (code == 0 && git_object_type(object) == GIT_OBJECT_TAG) {
		git_object *target = NULL;
		code = git_packbuilder_insert(download->packer, git_object_id(object), NULL);
		code = code < 0 ? code : git_tag_target(&target, (git_tag *)(void *)object);
		git_object_free(object);
		object = target;
	}
	if (code == 0 && git_object_type(object) == GIT_OBJECT_COMMIT) {
		return git_revwalk_push(download->walk, git_object_id(object));
	}
	return code < 0 ? code : git_packbuilder_insert_recur(download->packer, git_object_id(object), NULL);
}

/* What the store has need not come again, where the other repository knows it at all. */
static int hide_known(struct download *download)
{
	CLEANUP(libgit_iterator_freep) git_reference_iterator *refs = NULL;
	int code = git_reference_iterator_new(&refs, download->local->options.store->git);
	while (code == 0) {
		CLEANUP(libgit_reference_freep) git_reference *ref = NULL;
		code = git_reference_next(&ref, refs);
		if (code == 0 && git_reference_target(ref) && git_revwalk_hide(download->walk, git_reference_target(ref)) < 0) {
			git_error_clear();
		}
	}
	return code == GIT_ITEROVER ? 0 : code;
}

static bool is_branch_or_tag(const char *name)
{
	return strncmp(name, "refs/heads/", 11) == 0 || strncmp(name, "refs/tags/", 10) == 0;
}

static int want_all(struct download *download, const struct remote_refs *refs)
{
	int code = 0;
	for (size_t i = 0; code == 0 && i < refs->count; i++) {
		if (is_branch_or_tag(refs->items[i].name)) {
			code = want_id(download, &refs->items[i].id);
		}
	}
	return code;
}

static int transfer(struct download *download, const struct remote_refs *refs, const struct remote_ref *want)
{
	struct local *local = download->local;
	CLEANUP(libgit_odb_freep) git_odb *odb = NULL;
	int code = git_packbuilder_new(&download->packer, local->git);
	code = code < 0 ? code : git_packbuilder_set_callbacks(download->packer, keep_time, download);
	code = code < 0 ? code : git_revwalk_new(&download->walk, local->git);
	code = code < 0 ? code : (want ? want_id(download, &want->id) : want_all(download, refs));
	code = code < 0 ? code : hide_known(download);
	code = code < 0 ? code : git_packbuilder_insert_walk(download->packer, download->walk);
	if (code < 0 || git_packbuilder_object_count(download->packer) == 0) {
		return code;
	}
	code = git_repository_odb(&odb, local->options.store->git);
	code = code < 0 ? code : git_odb_write_pack(&download->writer, odb, remote_watch_progress, &download->watch);
	code = code < 0 ? code : git_packbuilder_foreach(download->packer, write_part, download);
	return code < 0 ? code : download->writer->commit(download->writer, &download->stats);
}

static bool local_download(struct remote *remote, const struct remote_refs *refs, const struct remote_ref *want, struct err *err)
{
	struct local *local = local_of(remote);
	if (git_repository_is_shallow(local->git)) {
		return err_set(err, ERR_INPUT, "'%s' is a shallow clone: complete it with git fetch --unshallow", local->options.shown);
	}
	struct download download = { .local = local, .watch = remote_watch_new(local->options.store, local->deadline) };
	int code = transfer(&download, refs, want);
	if (code < 0 && !remote_watch_explains(&download.watch, &local->options, err)) {
		(void)libgit_err(err, ERR_INPUT, "cannot fetch from '%s'", local->options.shown);
	}
	if (download.writer) {
		download.writer->free(download.writer);
	}
	git_revwalk_free(download.walk);
	git_packbuilder_free(download.packer);
	return code >= 0;
}

static void local_free(struct remote *remote)
{
	struct local *local = local_of(remote);
	git_repository_free(local->git);
	free(local);
}

static const struct remote_ops local_ops = { .list = local_list, .download = local_download, .free = local_free };

struct remote *remote_local_new(const struct remote_options *options, struct err *err)
{
	(void)err;
	struct local *local = alloc_new(1, sizeof *local);
	*local = (struct local){ .remote = { .ops = &local_ops }, .options = *options };
	return &local->remote;
}
