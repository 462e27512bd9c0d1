#include "sync/git/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "render/base/buf.h"
#include "render/base/digest.h"
#include "render/base/limits.h"
#include "sync/clock.h"
#include "sync/git/libgit.h"

static const char FORMAT[] = "plumb store 1";
static const char MANIFEST[] = "plumb";

enum { LOCK_POLL = 50, REMOVE_FDS = 16, HAVES = 256 };

static void file_freep(FILE **file)
{
	if (*file) {
		(void)fclose(*file);
	}
}

static void dir_freep(DIR **dir)
{
	if (*dir) {
		(void)closedir(*dir);
	}
}

static char *default_stores(struct err *err)
{
	const char *cache = getenv("XDG_CACHE_HOME");
	if (cache && *cache == '/') {
		return text_printf("%s/plumb", cache);
	}
	const char *home = getenv("HOME");
	if (home && *home == '/') {
		return text_printf("%s/.cache/plumb", home);
	}
	(void)err_set(err, ERR_INPUT, "no place for the Git store: give --store, or set XDG_CACHE_HOME or HOME");
	return NULL;
}

static bool make_dirs(const char *path, struct err *err)
{
	CLEANUP(text_freep) char *copy = text_dup(path);
	for (char *slash = strchr(copy + 1, '/');; slash = strchr(slash + 1, '/')) {
		if (slash) {
			*slash = '\0';
		}
		if (mkdir(copy, 0700) < 0 && errno != EEXIST) {
			return err_sys(err, "cannot make the directory '%s'", copy);
		}
		if (!slash) {
			return true;
		}
		*slash = '/';
	}
}

static bool lock(struct store *store, int64_t deadline, struct err *err)
{
	CLEANUP(text_freep) char *path = text_printf("%s.lock", store->dir);
	store->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (store->lock < 0) {
		return err_sys(err, "cannot open '%s'", path);
	}
	while (flock(store->lock, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR) {
			return err_sys(err, "cannot lock '%s'", path);
		}
		int64_t now = clock_now();
		if (now >= deadline) {
			return err_set(err, ERR_CONFLICT, "the Git store '%s' is in use by another process", store->dir);
		}
		clock_sleep_until(deadline - now < LOCK_POLL ? deadline : now + LOCK_POLL);
	}
	return true;
}

static int remove_one(const char *path, const struct stat *info, int flag, struct FTW *walk)
{
	(void)info;
	(void)flag;
	(void)walk;
	return remove(path);
}

static bool remove_tree(const char *path, struct err *err)
{
	if (nftw(path, remove_one, REMOVE_FDS, FTW_DEPTH | FTW_PHYS) < 0 && errno != ENOENT) {
		return err_sys(err, "cannot remove '%s'", path);
	}
	return true;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text);
	size_t end_len = strlen(end);
	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/*
 * What a killed fetch leaves: half a pack under a temporary name, and lock files of libgit2, which would block the next
 * fetch forever. The store's own lock is held, so they are nobody's.
 */
static void tidy(const struct store *store)
{
	static const struct {
		const char *dir;
		bool packs;
	} places[] = { { "", false }, { "/refs/plumb", false }, { "/objects/pack", true } };
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		CLEANUP(text_freep) char *path = text_printf("%s%s", store->dir, places[i].dir);
		CLEANUP(dir_freep) DIR *dir = opendir(path);
		for (struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir)) {
			const char *name = entry->d_name;
			bool stray = places[i].packs ? !ends_with(name, ".pack") && !ends_with(name, ".idx") : ends_with(name, ".lock");
			if (stray && *name != '.') {
				(void)unlinkat(dirfd(dir), name, 0);
			}
		}
	}
}

void store_packs_release(struct store_packs *packs)
{
	for (size_t i = 0; i < packs->count; i++) {
		free(packs->items[i].name);
	}
	free(packs->items);
	*packs = (struct store_packs){ 0 };
}

bool store_packs(const struct store *store, struct store_packs *out, struct err *err)
{
	CLEANUP(text_freep) char *path = text_printf("%s/objects/pack", store->dir);
	CLEANUP(dir_freep) DIR *dir = opendir(path);
	if (!dir) {
		return err_sys(err, "cannot open '%s'", path);
	}
	struct store_packs packs = { 0 };
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		struct stat info;
		if (ends_with(entry->d_name, ".pack") && fstatat(dirfd(dir), entry->d_name, &info, 0) == 0) {
			packs.items = alloc_grow(packs.items, packs.count + 1, sizeof *packs.items);
			packs.items[packs.count++] = (struct store_pack){
				.name = text_dup_len(entry->d_name, strlen(entry->d_name) - strlen(".pack")),
				.bytes = (uint64_t)info.st_size,
			};
		}
	}
	*out = packs;
	return true;
}

uint64_t store_bytes(const struct store *store)
{
	struct err ignored = ERR_INIT;
	CLEANUP(store_packs_release) struct store_packs packs = { 0 };
	uint64_t sum = 0;
	if (store_packs(store, &packs, &ignored)) {
		for (size_t i = 0; i < packs.count; i++) {
			sum += packs.items[i].bytes;
		}
	}
	return sum;
}

bool store_within_limit(const struct store *store, struct err *err)
{
	uint64_t bytes = store_bytes(store);
	if (bytes <= LIMIT_STORE_BYTES) {
		return true;
	}
	return err_set(err, ERR_LIMIT, "the Git store '%s' has %llu MiB, more than %zu MiB (remove it to start anew)", store->dir,
	               (unsigned long long)(bytes >> 20), LIMIT_STORE_BYTES >> 20);
}

static bool line_is(FILE *file, char **line, size_t *cap, const char *expected)
{
	ssize_t len = getline(line, cap, file);
	if (len > 0 && (*line)[len - 1] == '\n') {
		(*line)[len - 1] = '\0';
	}
	return len > 0 && strcmp(*line, expected) == 0;
}

static bool pack_is_whole(const struct store *store, const char *name, unsigned long long bytes)
{
	CLEANUP(text_freep) char *pack = text_printf("%s/objects/pack/%s.pack", store->dir, name);
	CLEANUP(text_freep) char *index = text_printf("%s/objects/pack/%s.idx", store->dir, name);
	struct stat info;
	return access(index, R_OK) == 0 && stat(pack, &info) == 0 && (unsigned long long)info.st_size == bytes;
}

static bool manifest_holds(const struct store *store)
{
	CLEANUP(text_freep) char *path = text_printf("%s/%s", store->dir, MANIFEST);
	CLEANUP(file_freep) FILE *file = fopen(path, "re");
	CLEANUP(text_freep) char *line = NULL;
	size_t cap = 0;
	if (!file || !line_is(file, &line, &cap, FORMAT) || !line_is(file, &line, &cap, store->address)) {
		return false;
	}
	while (getline(&line, &cap, file) > 0) {
		char name[128];
		unsigned long long bytes = 0;
		if (sscanf(line, "%127s %llu", name, &bytes) != 2 || strchr(name, '/') || !pack_is_whole(store, name, bytes)) {
			return false;
		}
	}
	return true;
}

static bool ref_holds(const struct store *store, git_odb *odb, const char *file)
{
	CLEANUP(text_freep) char *name = text_printf("refs/plumb/%s", file);
	git_oid id;
	return git_reference_name_to_id(&id, store->git, name) == 0 && git_odb_exists(odb, &id);
}

/*
 * Each reference is a commit that a fetch has brought completely; one without its object means that objects are lost. By
 * directory, since libgit2's iterator leaves out a file that it cannot read.
 */
static bool refs_hold(const struct store *store)
{
	CLEANUP(libgit_odb_freep) git_odb *odb = NULL;
	CLEANUP(text_freep) char *path = text_printf("%s/refs/plumb", store->dir);
	CLEANUP(dir_freep) DIR *dir = opendir(path);
	bool holds = git_repository_odb(&odb, store->git) == 0;
	for (struct dirent *entry = dir ? readdir(dir) : NULL; holds && entry; entry = readdir(dir)) {
		holds = *entry->d_name == '.' || ref_holds(store, odb, entry->d_name);
	}
	return holds;
}

static void close_repository(struct store *store)
{
	git_repository_free(store->git);
	store->git = NULL;
}

static bool open_sound(struct store *store)
{
	if (!manifest_holds(store) || git_repository_open_bare(&store->git, store->dir) < 0) {
		return false;
	}
	git_reference *head = NULL;
	bool head_reads = git_reference_lookup(&head, store->git, "HEAD") == 0;
	git_reference_free(head);
	if (head_reads && refs_hold(store)) {
		return true;
	}
	close_repository(store);
	return false;
}

bool store_seal_packs(struct store *store, const struct store_packs *packs, struct err *err)
{
	CLEANUP(text_freep) char *path = text_printf("%s/%s", store->dir, MANIFEST);
	CLEANUP(text_freep) char *fresh = text_printf("%s.new", path);
	FILE *file = fopen(fresh, "we");
	if (!file) {
		return err_sys(err, "cannot write '%s'", fresh);
	}
	(void)fprintf(file, "%s\n%s\n", FORMAT, store->address);
	for (size_t i = 0; i < packs->count; i++) {
		(void)fprintf(file, "%s %llu\n", packs->items[i].name, (unsigned long long)packs->items[i].bytes);
	}
	bool failed = ferror(file) != 0;
	failed = fclose(file) != 0 || failed;
	return !failed && rename(fresh, path) == 0 ? true : err_sys(err, "cannot write '%s'", path);
}

bool store_seal(struct store *store, struct err *err)
{
	CLEANUP(store_packs_release) struct store_packs packs = { 0 };
	return store_packs(store, &packs, err) && store_seal_packs(store, &packs, err);
}

void store_condemn(struct store *store)
{
	CLEANUP(text_freep) char *path = text_printf("%s/%s", store->dir, MANIFEST);
	(void)unlink(path);
	store->damaged = true;
}

bool store_has_history(const struct store *store)
{
	CLEANUP(libgit_walk_freep) git_revwalk *walk = NULL;
	if (git_revwalk_new(&walk, store->git) < 0 || git_revwalk_push_glob(walk, "refs/plumb/*") < 0) {
		return false;
	}
	git_oid id;
	for (int i = 0; i < HAVES; i++) {
		int code = git_revwalk_next(&id, walk);
		if (code != 0) {
			return code == GIT_ITEROVER;
		}
	}
	return true;
}

bool store_renew(struct store *store, struct err *err)
{
	close_repository(store);
	store->damaged = false;
	if (!remove_tree(store->dir, err)) {
		return false;
	}
	git_repository_init_options options;
	(void)git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
	options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_NO_REINIT | GIT_REPOSITORY_INIT_MKDIR;
	if (git_repository_init_ext(&store->git, store->dir, &options) < 0) {
		return libgit_err(err, ERR_INPUT, "cannot make the Git store '%s'", store->dir);
	}
	return store_seal(store, err);
}

static bool too_many_packs(const struct store *store)
{
	struct err ignored = ERR_INIT;
	CLEANUP(store_packs_release) struct store_packs packs = { 0 };
	return store_packs(store, &packs, &ignored) && packs.count > LIMIT_STORE_PACKS;
}

/* Too many packs are slow, not wrong: no disk or no time to repack is no reason to fail. */
static bool reduce_packs(struct store *store, int64_t deadline, struct err *err)
{
	struct err ignored = ERR_INIT;
	git_error_clear();
	bool done = store_repack(store, deadline, &ignored);
	close_repository(store);
	if (done ? !open_sound(store) : libgit_blames_store()) {
		return store_renew(store, err);
	}
	return store->git || open_sound(store) || store_renew(store, err);
}

static bool open_locked(struct store *store, int64_t deadline, struct err *err)
{
	tidy(store);
	if (!open_sound(store)) {
		return store_renew(store, err);
	}
	return too_many_packs(store) ? reduce_packs(store, deadline, err) : true;
}

bool store_open(struct store *store, const char *stores, const char *address, int64_t deadline, struct err *err)
{
	CLEANUP(text_freep) char *parent = stores ? text_dup(stores) : default_stores(err);
	if (!parent || !make_dirs(parent, err)) {
		return false;
	}
	char name[DIGEST_TEXT];
	digest_of(address, strlen(address), name);
	struct store made = STORE_INIT;
	made.dir = text_printf("%s/%s", parent, name);
	made.address = text_dup(address);
	if (!lock(&made, deadline, err) || !open_locked(&made, deadline, err)) {
		store_close(&made);
		return false;
	}
	*store = made;
	return true;
}

void store_close(struct store *store)
{
	close_repository(store);
	if (store->lock >= 0) {
		(void)close(store->lock);
	}
	free(store->dir);
	free(store->address);
	*store = STORE_INIT;
}
