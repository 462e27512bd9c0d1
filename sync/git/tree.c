/*
 * The tree of a commit as files, read in the object database. Links are followed as a file system would follow them, but
 * within the tree; submodules are not there.
 */
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/files.h"
#include "sync/git/libgit.h"
#include "sync/git/repo_inside.h"

struct git_files {
	struct files files;
	struct repo *repo;
	git_tree *root;
};

/* A walk from the root: where it stands, and what is still to go. */
struct walk {
	struct git_files *files;
	struct buf at; /* canonical path, no link in it */
	struct buf rest;
	size_t hops;
	git_object_t kind; /* of what is at `at` */
	git_oid id;
};

static struct git_files *git_files_of(struct files *files)
{
	return (struct git_files *)(void *)files;
}

static void walk_release(struct walk *walk)
{
	buf_release(&walk->at);
	buf_release(&walk->rest);
}

static void stand_at_root(struct walk *walk)
{
	buf_reset(&walk->at);
	walk->kind = GIT_OBJECT_TREE;
	walk->id = *git_tree_id(walk->files->root);
}

static bool failed(struct walk *walk, struct err *err)
{
	return repo_read_failed(walk->files->repo, err, "the tree of", buf_text(&walk->at));
}

/* Enters what `at` names; it is known to be there. */
static bool stand(struct walk *walk, struct err *err)
{
	if (walk->at.len == 0) {
		stand_at_root(walk);
		return true;
	}
	CLEANUP(libgit_entry_freep) git_tree_entry *entry = NULL;
	if (git_tree_entry_bypath(&entry, walk->files->root, walk->at.data) < 0) {
		return failed(walk, err);
	}
	walk->kind = git_tree_entry_type(entry);
	walk->id = *git_tree_entry_id(entry);
	return true;
}

static bool go_up(struct walk *walk, struct err *err)
{
	if (walk->at.len == 0) {
		return err_set(err, ERR_INPUT, "leads out of the repository");
	}
	char *slash = strrchr(walk->at.data, '/');
	walk->at.len = slash ? (size_t)(slash - walk->at.data) : 0;
	walk->at.data[walk->at.len] = '\0';
	return stand(walk, err);
}

static bool follow(struct walk *walk, const git_oid *link, struct err *err)
{
	CLEANUP(libgit_blob_freep) git_blob *blob = NULL;
	if (git_blob_lookup(&blob, walk->files->repo->store.git, link) < 0) {
		return failed(walk, err);
	}
	const char *target = git_blob_rawcontent(blob);
	if (!files_follow(&walk->rest, &walk->hops, target, (size_t)git_blob_rawsize(blob), err)) {
		return false;
	}
	return *target != '/' || err_set(err, ERR_INPUT, "leads out of the repository, to an absolute path");
}

static bool step(struct walk *walk, const char *name, struct err *err)
{
	if (walk->kind != GIT_OBJECT_TREE) {
		return err_set(err, ERR_NOT_FOUND, "no such file or directory");
	}
	if (strcmp(name, ".") == 0) {
		return true;
	}
	if (strcmp(name, "..") == 0) {
		return go_up(walk, err);
	}
	CLEANUP(libgit_tree_freep) git_tree *tree = NULL;
	if (git_tree_lookup(&tree, walk->files->repo->store.git, &walk->id) < 0) {
		return failed(walk, err);
	}
	const git_tree_entry *entry = git_tree_entry_byname(tree, name);
	if (!entry || git_tree_entry_type(entry) == GIT_OBJECT_COMMIT) {
		return err_set(err, ERR_NOT_FOUND, entry ? "is a submodule, which plumb leaves out" : "no such file or directory");
	}
	if (git_tree_entry_filemode(entry) == GIT_FILEMODE_LINK) {
		return follow(walk, git_tree_entry_id(entry), err);
	}
	if (!buf_printf(&walk->at, "%s%s", walk->at.len ? "/" : "", name)) {
		return err_set(err, ERR_LIMIT, "the path is longer than %zu bytes", walk->at.max);
	}
	walk->kind = git_tree_entry_type(entry);
	walk->id = *git_tree_entry_id(entry);
	return true;
}

static struct walk walk_new(struct git_files *files)
{
	struct walk walk = { .files = files, .at = BUF_INIT(LIMIT_KIB(16)), .rest = BUF_INIT(LIMIT_KIB(16)) };
	stand_at_root(&walk);
	return walk;
}

static bool walk_to_end(struct walk *walk, struct err *err)
{
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

/* `walk` is the caller's to release, whatever comes out. */
static bool walk_path(struct walk *walk, const char *path, struct err *err)
{
	if (files_leads_out(path)) {
		return err_set(err, ERR_INPUT, "'%.200s' leads out of the repository", path);
	}
	if (!buf_puts(&walk->rest, path)) {
		return err_set(err, ERR_LIMIT, "the path '%.80s...' is longer than %zu bytes", path, walk->rest.max);
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

static bool read_file(struct files *files, const char *path, struct buf *out, struct err *err)
{
	CLEANUP(walk_release) struct walk walk = walk_new(git_files_of(files));
	if (!walk_path(&walk, path, err)) {
		return false;
	}
	if (walk.kind != GIT_OBJECT_BLOB) {
		return err_set(err, ERR_NOT_FOUND, "'%.200s' is a directory", path);
	}
	git_repository *git = walk.files->repo->store.git;
	CLEANUP(libgit_odb_freep) git_odb *odb = NULL;
	size_t size = 0;
	git_object_t kind = GIT_OBJECT_INVALID;
	if (git_repository_odb(&odb, git) < 0 || git_odb_read_header(&size, &kind, odb, &walk.id) < 0) {
		return repo_read_failed(walk.files->repo, err, "file", path);
	}
	if (size > out->max || out->len > out->max - size) {
		return err_set(err, ERR_LIMIT, "'%.200s' has %zu bytes, more than %zu", path, size, out->max);
	}
	CLEANUP(libgit_blob_freep) git_blob *blob = NULL;
	if (git_blob_lookup(&blob, git, &walk.id) < 0) {
		return repo_read_failed(walk.files->repo, err, "file", path);
	}
	bool fits = buf_add(out, git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob));
	return fits ? true : err_set(err, ERR_LIMIT, "'%.200s' is larger than %zu bytes", path, out->max);
}

static int by_name(const void *a, const void *b)
{
	const struct files_entry *left = a;
	const struct files_entry *right = b;
	return strcmp(left->name, right->name);
}

static bool follow_entry(struct git_files *files, const char *dir, const char *name, git_object_t *kind, git_oid *id,
                         struct err *err)
{
	CLEANUP(walk_release) struct walk walk = walk_new(files);
	CLEANUP(text_freep) char *path = text_printf("%s%s%s", dir, *dir ? "/" : "", name);
	if (!walk_path(&walk, path, err)) {
		return false;
	}
	*kind = walk.kind;
	*id = walk.id;
	return true;
}

static bool is_plain(const char *name)
{
	return *name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && !strchr(name, '/');
}

static bool add_entry(struct walk *walk, const git_tree_entry *entry, struct files_entries *out, struct err *err)
{
	const char *name = git_tree_entry_name(entry);
	git_object_t kind = git_tree_entry_type(entry);
	bool link = git_tree_entry_filemode(entry) == GIT_FILEMODE_LINK;
	if (kind == GIT_OBJECT_COMMIT) {
		return true;
	}
	if (!is_plain(name)) {
		return err_set(err, ERR_INPUT, "'%.200s' holds an entry with the name '%.80s'", buf_text(&walk->at), name);
	}
	struct err trouble = ERR_INIT;
	git_oid id = *git_tree_entry_id(entry);
	bool broken = link && !follow_entry(walk->files, buf_text(&walk->at), name, &kind, &id, &trouble);
	/* Only a link that is wrong in itself: the store must be whole. */
	if (broken && trouble.kind != ERR_INPUT && trouble.kind != ERR_LIMIT) {
		*err = trouble;
		return false;
	}
	out->items[out->count++] = (struct files_entry){
		.name = text_dup(name),
		.kind = broken                    ? FILES_OTHER
		        : kind == GIT_OBJECT_TREE ? FILES_DIR
		                                  : FILES_FILE,
		.link = link,
		.identified = !broken && kind == GIT_OBJECT_BLOB,
	};
	_Static_assert(sizeof id.id == FILES_ID, "the id of a Git object");
	memcpy(out->items[out->count - 1].id, id.id, FILES_ID);
	return true;
}

static bool list_dir(struct files *files, const char *path, struct files_entries *out, struct err *err)
{
	CLEANUP(walk_release) struct walk walk = walk_new(git_files_of(files));
	if (!walk_path(&walk, path, err)) {
		return false;
	}
	if (walk.kind != GIT_OBJECT_TREE) {
		return err_set(err, ERR_NOT_FOUND, "'%.200s' is not a directory", path);
	}
	CLEANUP(libgit_tree_freep) git_tree *tree = NULL;
	if (git_tree_lookup(&tree, walk.files->repo->store.git, &walk.id) < 0) {
		return repo_read_failed(walk.files->repo, err, "directory", path);
	}
	size_t count = git_tree_entrycount(tree);
	CLEANUP(files_entries_release) struct files_entries entries = { .items = alloc_new(count, sizeof *entries.items) };
	for (size_t i = 0; i < count; i++) {
		if (!add_entry(&walk, git_tree_entry_byindex(tree, i), &entries, err)) {
			return false;
		}
	}
	/* Git sorts a directory as if its name ended in '/'. */
	qsort(entries.items, entries.count, sizeof *entries.items, by_name);
	*out = entries;
	entries = (struct files_entries){ 0 };
	return true;
}

static bool find_file(struct files *files, const char *path, struct buf *real, enum files_kind *kind, struct err *err)
{
	CLEANUP(walk_release) struct walk walk = walk_new(git_files_of(files));
	if (!walk_path(&walk, path, err)) {
		return false;
	}
	*kind = walk.kind == GIT_OBJECT_TREE ? FILES_DIR : FILES_FILE;
	return buf_puts(real, buf_text(&walk.at)) || err_set(err, ERR_LIMIT, "'%.200s' leads to a path that is too long", path);
}

static void free_files(struct files *files)
{
	struct git_files *own = git_files_of(files);
	git_tree_free(own->root);
	free(own);
}

static const struct files_ops git_files_ops = { .list = list_dir, .read = read_file, .find = find_file, .free = free_files };

static bool root_of(struct repo *repo, const char *commit, git_tree **root, struct err *err)
{
	CLEANUP(libgit_commit_freep) git_commit *found = repo_lookup(repo, commit, err);
	if (!found) {
		return false;
	}
	return git_commit_tree(root, found) == 0 ? true : repo_read_failed(repo, err, "the tree of commit", commit);
}

struct files *repo_files(struct repo *repo, const char *commit, struct err *err)
{
	git_tree *root = NULL;
	if (!root_of(repo, commit, &root, err)) {
		return NULL;
	}
	struct git_files *files = alloc_new(1, sizeof *files);
	*files = (struct git_files){ .files = { .ops = &git_files_ops }, .repo = repo, .root = root };
	return &files->files;
}

bool repo_tree_id(struct repo *repo, const char *commit, const char *path, char out[41], struct err *err)
{
	CLEANUP(libgit_tree_freep) git_tree *root = NULL;
	if (!root_of(repo, commit, &root, err)) {
		return false;
	}
	struct git_files files = { .repo = repo, .root = root };
	CLEANUP(walk_release) struct walk walk = walk_new(&files);
	if (!walk_path(&walk, path, err)) {
		return false;
	}
	(void)git_oid_tostr(out, GIT_OID_HEXSZ + 1, &walk.id);
	return true;
}

static int note_link(const char *root, const git_tree_entry *entry, void *payload)
{
	(void)root;
	bool *yes = payload;
	*yes = *yes || git_tree_entry_filemode(entry) == GIT_FILEMODE_LINK;
	return *yes ? -1 : 0;
}

bool repo_tree_links(struct repo *repo, const char *commit, const char *path, bool *yes, struct err *err)
{
	char id[GIT_OID_HEXSZ + 1];
	CLEANUP(libgit_tree_freep) git_tree *tree = NULL;
	git_oid oid;
	if (!repo_tree_id(repo, commit, path, id, err)) {
		return false;
	}
	bool found = false;
	if (!libgit_id(id, &oid) || git_tree_lookup(&tree, repo->store.git, &oid) < 0 ||
	    (git_tree_walk(tree, GIT_TREEWALK_PRE, note_link, &found) < 0 && !found)) {
		return repo_read_failed(repo, err, "tree", id);
	}
	*yes = found;
	return true;
}
