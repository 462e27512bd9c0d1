#include "sync/git/repo.h"

#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"
#include "render/base/digest.h"
#include "sync/git/commit.h"
#include "sync/git/libgit.h"
#include "sync/git/repo_inside.h"

/* The ways to reach a remote, by the kind of its address. */
static struct remote *(*const transports[])(const struct remote_options *options, struct err *err) = {
	[URL_LOCAL] = remote_local_new,
	[URL_HTTP] = remote_smart_new,
};

struct repo *repo_open(const struct repo_source *source, const char *stores, int64_t deadline, struct err *err)
{
	struct repo *repo = alloc_new(1, sizeof *repo);
	*repo = (struct repo){ .source = *source, .store = STORE_INIT };
	if (!url_parse(source->url, &repo->url, err)) {
		free(repo);
		return NULL;
	}
	if (!libgit_open(err)) {
		url_release(&repo->url);
		free(repo);
		return NULL;
	}
	if (!store_open(&repo->store, stores, repo->url.address, deadline, err)) {
		repo_free(repo);
		return NULL;
	}
	return repo;
}

void repo_free(struct repo *repo)
{
	if (!repo) {
		return;
	}
	remote_free(repo->remote);
	store_close(&repo->store);
	url_release(&repo->url);
	free(repo);
}

void repo_freep(struct repo **repo)
{
	repo_free(*repo);
	*repo = NULL;
}

bool repo_read_failed(struct repo *repo, struct err *err, const char *what, const char *name)
{
	if (libgit_blames_store()) {
		store_condemn(&repo->store);
		return libgit_err(err, ERR_TRANSIENT, "cannot read %s '%s' in the Git store (it will be made anew)", what, name);
	}
	return libgit_err(err, ERR_TRANSIENT, "cannot read %s '%s' in the Git store", what, name);
}

git_commit *repo_lookup(struct repo *repo, const char *commit, struct err *err)
{
	git_oid id;
	if (!libgit_id(commit, &id)) {
		(void)err_set(err, ERR_INPUT, "'%.80s' is not a full commit id", commit);
		return NULL;
	}
	git_commit *found = NULL;
	int code = git_commit_lookup(&found, repo->store.git, &id);
	if (code == GIT_ENOTFOUND) {
		(void)err_set(err, ERR_NOT_FOUND, "'%s' has no commit '%s'", repo->url.shown, commit);
	} else if (code < 0) {
		(void)repo_read_failed(repo, err, "commit", commit);
	}
	return found;
}

bool repo_show(struct repo *repo, const char *commit, struct repo_commit *out, struct err *err)
{
	CLEANUP(libgit_commit_freep) git_commit *found = repo_lookup(repo, commit, err);
	if (found) {
		commit_read(found, out);
	}
	return found != NULL;
}

bool repo_descends(struct repo *repo, const char *commit, const char *ancestor, bool *yes, struct err *err)
{
	CLEANUP(libgit_commit_freep) git_commit *from = repo_lookup(repo, commit, err);
	if (!from) {
		return false;
	}
	CLEANUP(libgit_commit_freep) git_commit *to = repo_lookup(repo, ancestor, err);
	if (!to) {
		*yes = false;
		return err->kind == ERR_NOT_FOUND;
	}
	if (git_oid_equal(git_commit_id(from), git_commit_id(to))) {
		*yes = true;
		return true;
	}
	int code = git_graph_descendant_of(repo->store.git, git_commit_id(from), git_commit_id(to));
	if (code < 0) {
		return repo_read_failed(repo, err, "the history of", commit);
	}
	*yes = code == 1;
	return true;
}

static bool connect_remote(struct repo *repo, struct err *err)
{
	if (!repo->remote) {
		const struct remote_options options = {
			.source = &repo->source,
			.address = repo->url.address,
			.shown = repo->url.shown,
			.store = &repo->store,
		};
		repo->remote = transports[repo->url.kind](&options, err);
	}
	return repo->remote != NULL;
}

static bool has_object(struct repo *repo, const git_oid *id)
{
	CLEANUP(libgit_odb_freep) git_odb *odb = NULL;
	return git_repository_odb(&odb, repo->store.git) == 0 && git_odb_exists(odb, id);
}

static bool bring(struct repo *repo, const struct remote_refs *refs, const struct remote_ref *want, struct err *err)
{
	return repo->remote->ops->download(repo->remote, refs, want, err) && store_seal(&repo->store, err) &&
	       store_within_limit(&repo->store, err);
}

/* Names by digest: those of a remote can be long, and `a` and `a/b` may follow each other, which files cannot. */
static bool remember(struct repo *repo, const char *name, const git_oid *id, struct err *err)
{
	char digest[DIGEST_TEXT];
	digest_of(name, strlen(name), digest);
	CLEANUP(text_freep) char *own = text_printf("refs/plumb/%s", digest);
	CLEANUP(libgit_reference_freep) git_reference *ref = NULL;
	git_oid old;
	if (git_reference_name_to_id(&old, repo->store.git, own) == 0 && git_oid_equal(&old, id)) {
		return true;
	}
	if (git_reference_create(&ref, repo->store.git, own, id, 1, NULL) < 0) {
		return repo_read_failed(repo, err, "what was recorded of", name);
	}
	return true;
}

static bool finish(struct repo *repo, const char *name, const git_oid *id, struct repo_commit *out, struct err *err)
{
	CLEANUP(libgit_object_freep) git_object *object = NULL;
	if (git_object_lookup(&object, repo->store.git, id, GIT_OBJECT_ANY) < 0) {
		return repo_read_failed(repo, err, "ref", name);
	}
	CLEANUP(libgit_object_freep) git_object *commit = NULL;
	if (git_object_peel(&commit, object, GIT_OBJECT_COMMIT) < 0) {
		return err_set(err, ERR_INPUT, "'%.200s' of '%s' is not a commit", name, repo->url.shown);
	}
	if (!remember(repo, name, git_object_id(commit), err)) {
		return false;
	}
	commit_read((git_commit *)(void *)commit, out);
	return true;
}

static const struct remote_ref *tip_with(const struct remote_refs *refs, const git_oid *id)
{
	for (size_t i = 0; i < refs->count; i++) {
		if (git_oid_equal(&refs->items[i].id, id)) {
			return &refs->items[i];
		}
	}
	return NULL;
}

/* A commit of which only the id is known: a tip, or somewhere behind the branches and tags. */
static bool fetch_id(struct repo *repo, const struct remote_refs *refs, const git_oid *id, struct repo_commit *out,
                     struct err *err)
{
	char text[GIT_OID_HEXSZ + 1];
	(void)git_oid_tostr(text, sizeof text, id);
	if (!bring(repo, refs, tip_with(refs, id), err)) {
		return false;
	}
	if (!has_object(repo, id)) {
		return err_set(err, ERR_NOT_FOUND, "no branch or tag of '%s' leads to commit '%s'", repo->url.shown, text);
	}
	return finish(repo, text, id, out, err);
}

/* What is wrong with the ref alone goes into the want; false: the remote or the store failed. */
static bool bring_want(struct repo *repo, const struct remote_refs *refs, struct repo_want *want, struct err *err)
{
	git_oid id;
	struct err failure = ERR_INIT;
	bool by_id = want->ref && libgit_id(want->ref, &id);
	const char *warning = NULL;
	const struct remote_ref *tip = by_id ? NULL : remote_choose(refs, want->ref, repo->url.shown, &warning, &want->err);
	if (!by_id && !tip) {
		return true;
	}
	bool fine = by_id ? fetch_id(repo, refs, &id, &want->commit, &failure)
	                  : (has_object(repo, &tip->id) || bring(repo, refs, tip, &failure)) &&
	                        finish(repo, tip->name, &tip->id, &want->commit, &failure);
	if (fine) {
		want->commit.warning = warning;
		return true;
	}
	bool own = failure.kind == ERR_NOT_FOUND || failure.kind == ERR_INPUT;
	*(own ? &want->err : err) = failure;
	return own;
}

static bool is_stored(struct repo *repo, const char *ref, struct repo_commit *out)
{
	git_oid id;
	struct err ignored = ERR_INIT;
	return ref && libgit_id(ref, &id) && repo_show(repo, ref, out, &ignored);
}

static bool has_answer(const struct repo_want *want)
{
	return *want->commit.id || want->err.kind != ERR_NONE;
}

/* Those that have no answer yet. */
static bool fetch_once(struct repo *repo, struct repo_want *wants, size_t count, int64_t deadline, struct err *err)
{
	CLEANUP(remote_refs_release) struct remote_refs refs = { 0 };
	if (!connect_remote(repo, err) || !repo->remote->ops->list(repo->remote, deadline, &refs, err)) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (!has_answer(&wants[i]) && !bring_want(repo, &refs, &wants[i], err)) {
			return false;
		}
	}
	return true;
}

/* What the remote holds of the old store goes with it. */
static bool renew(struct repo *repo, struct err *err)
{
	remote_free(repo->remote);
	repo->remote = NULL;
	return store_renew(&repo->store, err);
}

bool repo_fetch_refs(struct repo *repo, struct repo_want *wants, size_t count, int64_t deadline, struct err *err)
{
	if (repo->store.damaged && !renew(repo, err)) {
		return false;
	}
	size_t open = 0;
	for (size_t i = 0; i < count; i++) {
		open += !is_stored(repo, wants[i].ref, &wants[i].commit);
	}
	git_error_clear();
	if (!open || fetch_once(repo, wants, count, deadline, err)) {
		return true;
	}
	if (!repo->store.damaged && (!libgit_blames_store() || store_has_history(&repo->store))) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		repo_commit_release(&wants[i].commit);
	}
	return renew(repo, err) && fetch_once(repo, wants, count, deadline, err);
}

bool repo_fetch(struct repo *repo, const char *ref, int64_t deadline, struct repo_commit *out, struct err *err)
{
	struct repo_want want = { .ref = ref };
	if (!repo_fetch_refs(repo, &want, 1, deadline, err)) {
		repo_commit_release(&want.commit);
		return false;
	}
	if (want.err.kind != ERR_NONE) {
		*err = want.err;
		return false;
	}
	*out = want.commit;
	return true;
}
