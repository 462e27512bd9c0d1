#include "render/manifests_find.h"

#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/ignore.h"

/* Links to directories inside links to directories; a circle ends here. */
enum { NESTED_LINKS = 8 };

struct find {
	struct files *files;
	struct manifest_paths *found;
	struct problems *problems;
	size_t seen;
};

/* A directory on the way down. */
struct level {
	const struct level *up;
	const char *path;
	size_t depth;
	size_t links;           /* links to directories that led here */
	const char *first_link; /* the outermost of them */
	struct ignore_rules rules;
};

static bool walk(struct find *find, struct level *level, const struct files_entries *entries);

void manifest_paths_release(struct manifest_paths *paths)
{
	for (size_t i = 0; i < paths->count; i++) {
		free(paths->items[i].path);
	}
	free(paths->items);
	*paths = MANIFEST_PATHS_INIT;
}

/* `entry` NULL: of a kustomization. */
static void take_path(struct manifest_paths *paths, char *path, const struct files_entry *entry)
{
	if (paths->count == paths->cap) {
		paths->cap = paths->cap ? 2 * paths->cap : 16;
		paths->items = alloc_grow(paths->items, paths->cap, sizeof *paths->items);
	}
	struct manifest_path *taken = &paths->items[paths->count++];
	*taken = (struct manifest_path){ .path = path, .kustomization = !entry, .identified = entry && entry->identified };
	if (taken->identified) {
		memcpy(taken->id, entry->id, sizeof taken->id);
	}
}

static bool is_manifest(const char *name)
{
	const char *dot = strrchr(name, '.');
	return dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0 || strcmp(dot, ".json") == 0);
}

static bool is_kustomization(const char *name)
{
	return strcmp(name, "kustomization.yaml") == 0 || strcmp(name, "kustomization.yml") == 0 ||
	       strcmp(name, "Kustomization") == 0;
}

static char *path_of(const struct level *level, const char *name)
{
	return text_printf("%s%s%s", level->path, *level->path ? "/" : "", name);
}

static bool is_ignored(const struct level *level, const char *path, bool directory)
{
	for (; level; level = level->up) {
		size_t len = strlen(level->path);
		enum ignore_verdict verdict = ignore_rules_say(&level->rules, path + len + (len > 0), directory);
		if (verdict != IGNORE_UNSAID) {
			return verdict == IGNORE_OUT;
		}
	}
	return false;
}

static bool has_entry(const struct files_entries *entries, const char *name)
{
	for (size_t i = 0; i < entries->count; i++) {
		if (entries->items[i].kind != FILES_DIR && strcmp(entries->items[i].name, name) == 0) {
			return true;
		}
	}
	return false;
}

/* What cannot be read leaves unknown what is left out: an error. */
static void read_rules(struct find *find, struct level *level, const struct files_entries *entries)
{
	static const char *const names[] = { ".sourceignore", ".plumbignore" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (!has_entry(entries, names[i])) {
			continue;
		}
		CLEANUP(text_freep) char *path = path_of(level, names[i]);
		CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_IGNORE_BYTES);
		struct err err = ERR_INIT;
		if (files_read(find->files, path, &text, &err)) {
			ignore_rules_add(&level->rules, buf_text(&text), text.len);
		} else {
			problems_add(find->problems, PROBLEM_ERROR, NULL, 0, NULL, "%s", err.msg);
		}
	}
}

/* Its other files may be patches and the like: nothing of the directory is a manifest by itself. */
static bool takes_kustomization(struct find *find, const struct level *level, const struct files_entries *entries)
{
	for (size_t i = 0; i < entries->count; i++) {
		const struct files_entry *entry = &entries->items[i];
		if (entry->kind == FILES_DIR || !is_kustomization(entry->name)) {
			continue;
		}
		CLEANUP(text_freep) char *path = path_of(level, entry->name);
		if (!is_ignored(level, path, false)) {
			take_path(find->found, text_dup(level->path), NULL);
			return true;
		}
	}
	return false;
}

static void look_at_other(struct find *find, const struct files_entry *entry, const char *path)
{
	bool perhaps_directory = entry->link && !strchr(entry->name, '.');
	if (!is_manifest(entry->name) && !perhaps_directory) {
		return;
	}
	struct err err = ERR_INIT;
	CLEANUP(buf_release) struct buf none = BUF_INIT(0);
	const char *reason = files_read(find->files, path, &none, &err) || err.kind == ERR_LIMIT ? "changed while it was read"
	                                                                                         : err.msg;
	problems_add(find->problems, PROBLEM_ERROR, reason == err.msg ? NULL : path, 0, NULL,
	             "%s (repair it, or name it in .plumbignore to leave it out)", reason);
}

static bool too_deep(struct find *find, const struct level *level)
{
	if (level->links > NESTED_LINKS) {
		problems_add(find->problems, PROBLEM_ERROR, level->first_link, 0, NULL,
		             "this link leads to directories that contain themselves, or more than %d links inside each other",
		             NESTED_LINKS);
		return true;
	}
	if (level->depth > LIMIT_TREE_DEPTH) {
		problems_add(find->problems, PROBLEM_ERROR, level->path, 0, NULL, "more than %zu directories inside each other",
		             LIMIT_TREE_DEPTH);
		return true;
	}
	return false;
}

/* false: the walk is over. */
static bool enter(struct find *find, const struct level *up, const struct files_entry *entry, const char *path)
{
	struct level level = {
		.up = up,
		.path = path,
		.depth = up->depth + 1,
		.links = up->links + entry->link,
		.first_link = up->first_link ? up->first_link
		              : entry->link  ? path
		                             : NULL,
		.rules = IGNORE_RULES_INIT,
	};
	if (too_deep(find, &level)) {
		return false;
	}
	CLEANUP(files_entries_release) struct files_entries entries = { 0 };
	struct err err = ERR_INIT;
	if (!files_list(find->files, path, &entries, &err)) {
		problems_add(find->problems, PROBLEM_ERROR, NULL, 0, NULL, "%s", err.msg);
		return true;
	}
	return walk(find, &level, &entries);
}

static bool look_at(struct find *find, const struct level *level, const struct files_entry *entry)
{
	if (++find->seen > LIMIT_TREE_FILES) {
		problems_add(find->problems, PROBLEM_ERROR, level->path, 0, NULL, "more than %zu files and directories",
		             LIMIT_TREE_FILES);
		return false;
	}
	bool directory = entry->kind == FILES_DIR;
	if (directory && entry->name[0] == '.') {
		return true;
	}
	CLEANUP(text_freep) char *path = path_of(level, entry->name);
	if (is_ignored(level, path, directory)) {
		return true;
	}
	if (directory) {
		return enter(find, level, entry, path);
	}
	if (entry->kind == FILES_OTHER) {
		look_at_other(find, entry, path);
	} else if (is_manifest(entry->name)) {
		take_path(find->found, TAKE(path), entry);
	}
	return true;
}

/* The depth of the recursion is bounded by too_deep. */
static bool walk(struct find *find, struct level *level, const struct files_entries *entries)
{
	read_rules(find, level, entries);
	bool goes_on = true;
	if (!takes_kustomization(find, level, entries)) {
		for (size_t i = 0; goes_on && i < entries->count; i++) {
			goes_on = look_at(find, level, &entries->items[i]);
		}
	}
	ignore_rules_release(&level->rules);
	return goes_on;
}

/* "./prod/" is "prod". */
static char *plain_dir(const char *dir)
{
	while (dir[0] == '.' && (dir[1] == '/' || dir[1] == '\0')) {
		dir++;
		dir += strspn(dir, "/");
	}
	size_t len = strlen(dir);
	while (len > 1 && dir[len - 1] == '/') {
		len--;
	}
	return text_dup_len(dir, len);
}

bool manifest_paths_find(struct files *files, const char *dir, struct manifest_paths *out, struct problems *problems)
{
	CLEANUP(text_freep) char *path = plain_dir(dir);
	struct find find = { .files = files, .found = out, .problems = problems };
	struct level level = { .path = path, .rules = IGNORE_RULES_INIT };
	CLEANUP(files_entries_release) struct files_entries entries = { 0 };
	struct err err = ERR_INIT;
	if (files_list(files, path, &entries, &err)) {
		return walk(&find, &level, &entries);
	}
	if (err.kind == ERR_NOT_FOUND) {
		problems_add(problems, PROBLEM_ERROR, NULL, 0, NULL, "no directory '%s' in this tree", path);
	} else {
		problems_add(problems, PROBLEM_ERROR, NULL, 0, NULL, "%s", err.msg);
	}
	return false;
}
