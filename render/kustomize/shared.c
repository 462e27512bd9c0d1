#include "render/kustomize/shared.h"

#include <string.h>

#include "render/base/limits.h"

/* A directory that was read. */
struct known {
	const char *name;
	const char *file;
	struct kustomization kustomization;
	struct known **below; /* the directories that it names */
	size_t count;
	bool scanned;
	bool shared;
};

static struct known *find(const struct build *build, const char *dir)
{
	return map_get(&build->kustomizations, dir);
}

bool shared_recall(struct target *target)
{
	const struct known *known = find(target->build, target->loader.dir);
	if (!known) {
		return false;
	}
	target->name = known->name;
	target->file = known->file;
	target->kustomization = known->kustomization;
	target->shared = known->shared;
	return true;
}

void shared_remember(const struct target *target)
{
	struct known *known = arena_new(target->build->arena, 1, sizeof *known);
	known->name = target->name;
	known->file = target->file;
	known->kustomization = target->kustomization;
	(void)map_set(&target->build->kustomizations, target->loader.dir, known);
}

/* --- looking ahead ------------------------------------------------------------------------------------------------ */

static void mark(struct known *known)
{
	if (known->shared) {
		return;
	}
	known->shared = true;
	for (size_t i = 0; i < known->count; i++) {
		mark(known->below[i]);
	}
}

/* A name with one of these endings is a file's; where it is not, only the sharing is lost. */
static bool is_file_name(const char *path)
{
	const char *dot = strrchr(path, '.');
	return dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0 || strcmp(dot, ".json") == 0);
}

static void scan(struct target *target);

static void scan_path(struct target *target, struct known *known, const char *path)
{
	struct target sub = { .build = target->build };
	struct err unread = ERR_INIT;
	if (is_file_name(path) || loader_is_remote_file(path) || !loader_enter(&target->loader, path, &sub.loader, &unread) ||
	    !target_load(&sub, &unread)) {
		return;
	}
	struct known *below = find(target->build, sub.loader.dir);
	known->below[known->count++] = below;
	if (below->scanned) {
		mark(below);
	} else {
		scan(&sub);
	}
}

/* Each directory once; how deep it goes loader_enter bounds. */
static void scan(struct target *target)
{
	const struct texts *resources = &target->kustomization.resources;
	const struct texts *components = &target->kustomization.components;
	struct known *known = find(target->build, target->loader.dir);
	known->scanned = true;
	known->below = arena_new(target->build->arena, resources->count + components->count, sizeof(struct known *));
	for (size_t i = 0; i < resources->count; i++) {
		scan_path(target, known, resources->items[i]);
	}
	for (size_t i = 0; i < components->count; i++) {
		scan_path(target, known, components->items[i]);
	}
}

void shared_find(struct target *root)
{
	scan(root);
}

/* --- files -------------------------------------------------------------------------------------------------------- */

static const char *key_of(const struct target *target, const char *path)
{
	return target->shared ? loader_join(&target->loader, target->loader.dir, path) : NULL;
}

static void copy_all(const struct resmap *from, struct resmap *to)
{
	for (size_t i = 0; i < from->count; i++) {
		resmap_add(to, resource_copy(to->arena, from->items[i]));
	}
}

bool shared_resources(const struct target *target, const char *path, struct resmap *out)
{
	const char *key = key_of(target, path);
	const struct resmap *kept = key ? map_get(&target->build->parsed, key) : NULL;
	if (!kept) {
		return false;
	}
	copy_all(kept, out);
	return true;
}

void shared_keep(const struct target *target, const char *path, const struct resmap *read)
{
	struct arena *arena = target->build->arena;
	const char *key = key_of(target, path);
	if (key) {
		struct resmap *kept = arena_new(arena, 1, sizeof *kept);
		*kept = RESMAP_INIT(arena);
		copy_all(read, kept);
		(void)map_set(&target->build->parsed, key, kept);
	}
}

void shared_release(struct build *build)
{
	map_release(&build->kustomizations);
	map_release(&build->parsed);
}
