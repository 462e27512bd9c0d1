#include <git2/sys/odb_backend.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "render/base/buf.h"
#include "sync/clock.h"
#include "sync/git/libgit.h"
#include "sync/git/store.h"

struct repack {
	git_packbuilder *packer;
	int64_t deadline;
};

static int keep_time(int stage, uint32_t current, uint32_t total, void *payload)
{
	(void)stage;
	(void)current;
	(void)total;
	struct repack *repack = payload;
	return clock_now() < repack->deadline ? 0 : GIT_EUSER;
}

static int add_object(const git_oid *id, void *payload)
{
	struct repack *repack = payload;
	return git_packbuilder_insert(repack->packer, id, NULL);
}

static size_t largest(const struct store_packs *packs)
{
	size_t found = 0;
	for (size_t i = 1; i < packs->count; i++) {
		if (packs->items[i].bytes > packs->items[found].bytes) {
			found = i;
		}
	}
	return found;
}

static bool add_packs(const struct store *store, const struct store_packs *packs, size_t but, git_odb *odb, struct err *err)
{
	for (size_t i = 0; i < packs->count; i++) {
		CLEANUP(text_freep) char *index = text_printf("%s/objects/pack/%s.idx", store->dir, packs->items[i].name);
		git_odb_backend *backend = NULL;
		if (i != but && (git_odb_backend_one_pack(&backend, index) < 0 || git_odb_add_backend(odb, backend, 1) < 0)) {
			return libgit_err(err, ERR_INPUT, "cannot read '%s'", index);
		}
	}
	return true;
}

static bool write_pack(struct store *store, const struct store_packs *packs, size_t but, struct repack *repack, struct err *err)
{
	CLEANUP(libgit_odb_freep) git_odb *small = NULL;
	if (git_odb_new(&small) < 0) {
		return libgit_err(err, ERR_TRANSIENT, "cannot repack '%s'", store->dir);
	}
	if (!add_packs(store, packs, but, small, err)) {
		return false;
	}
	if (git_packbuilder_set_callbacks(repack->packer, keep_time, repack) < 0 || git_odb_foreach(small, add_object, repack) != 0 ||
	    git_packbuilder_write(repack->packer, NULL, 0, NULL, NULL) < 0) {
		return libgit_err(err, ERR_TRANSIENT, "cannot repack '%s'", store->dir);
	}
	return true;
}

static void remove_pack(const struct store *store, const char *name)
{
	static const char *const endings[] = { "pack", "idx" };
	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		CLEANUP(text_freep) char *path = text_printf("%s/objects/pack/%s.%s", store->dir, name, endings[i]);
		(void)unlink(path);
	}
}

/* The manifest without the old packs comes first: a kill while they go away must not look like damage. */
static bool drop_packs(struct store *store, const struct store_packs *packs, size_t but, const char *fresh, struct err *err)
{
	CLEANUP(store_packs_release) struct store_packs now = { 0 };
	if (!store_packs(store, &now, err)) {
		return false;
	}
	struct store_packs kept = { .items = alloc_new(now.count, sizeof *kept.items) };
	for (size_t i = 0; i < now.count; i++) {
		if (strcmp(now.items[i].name, packs->items[but].name) == 0 || strcmp(now.items[i].name, fresh) == 0) {
			kept.items[kept.count++] = now.items[i];
		}
	}
	bool sealed = store_seal_packs(store, &kept, err);
	free(kept.items);
	for (size_t i = 0; sealed && i < packs->count; i++) {
		if (i != but && strcmp(packs->items[i].name, fresh) != 0) {
			remove_pack(store, packs->items[i].name);
		}
	}
	return sealed;
}

bool store_repack(struct store *store, int64_t deadline, struct err *err)
{
	CLEANUP(store_packs_release) struct store_packs packs = { 0 };
	if (!store_packs(store, &packs, err)) {
		return false;
	}
	if (packs.count < 3) {
		return true;
	}
	CLEANUP(libgit_packer_freep) git_packbuilder *packer = NULL;
	if (git_packbuilder_new(&packer, store->git) < 0) {
		return libgit_err(err, ERR_TRANSIENT, "cannot repack '%s'", store->dir);
	}
	size_t but = largest(&packs);
	struct repack repack = { .packer = packer, .deadline = deadline };
	if (!write_pack(store, &packs, but, &repack, err)) {
		return false;
	}
	CLEANUP(text_freep) char *fresh = text_printf("pack-%s", git_packbuilder_name(packer));
	return drop_packs(store, &packs, but, fresh, err);
}
