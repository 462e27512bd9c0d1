#include "sync/unowned.h"

#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 512 };

void unowned_rules_release(struct unowned_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		struct unowned_rule *rule = &rules->rules[i];
		for (size_t j = 0; j < rule->path_count; j++) {
			free(rule->paths[j]);
		}
		free(rule->paths);
		free(rule->group);
		free(rule->kind);
		free(rule->name);
	}
	free(rules->rules);
	*rules = UNOWNED_RULES_INIT;
}

/* "/a/b~1c": each part is there, '~' only as an escape. */
static bool is_pointer(const char *path)
{
	if (*path != '/' || strlen(path) > PATH_BYTES) {
		return false;
	}
	for (const char *c = path; *c; c++) {
		bool empty = *c == '/' && (c[1] == '/' || !c[1]);
		if (empty || (*c == '~' && c[1] != '0' && c[1] != '1')) {
			return false;
		}
	}
	return true;
}

static bool starts(const char *path, const char *part)
{
	size_t len = strlen(part);
	return strncmp(path, part, len) == 0 && (path[len] == '/' || !path[len]);
}

/* One entry of labels or annotations, and none of plumb's own. */
static bool is_note(const char *path)
{
	static const char *const maps[] = { "/metadata/labels/", "/metadata/annotations/" };
	for (size_t i = 0; i < ARRAY_LEN(maps); i++) {
		size_t len = strlen(maps[i]);
		if (strncmp(path, maps[i], len) == 0) {
			return !strchr(path + len, '/') && strncmp(path + len, "plumb.dev~1", strlen("plumb.dev~1")) != 0;
		}
	}
	return false;
}

bool unowned_path_check(const char *path, struct err *err)
{
	if (!is_pointer(path)) {
		return err_set(err, ERR_INPUT,
		               "must be a JSON pointer such as /spec/replicas or /metadata/annotations/example.com~1note");
	}
	bool identity = starts(path, "/apiVersion") || starts(path, "/kind") || starts(path, "/status") || starts(path, "/metadata");
	if (identity && !is_note(path)) {
		return err_set(err, ERR_INPUT, "cannot be ignored: of metadata only single labels and annotations, and not plumb's");
	}
	return true;
}
