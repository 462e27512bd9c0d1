#include "render/kustomize/path.h"

#include <string.h>

/* Takes the last component away, unless it is "..". */
static bool cut(char *out, size_t *len, size_t root)
{
	size_t start = *len;
	while (start > root && out[start - 1] != '/') {
		start--;
	}
	if (*len - start == 2 && strncmp(out + start, "..", 2) == 0) {
		return false;
	}
	if (*len == root) {
		return root > 0; /* above "/" is "/" */
	}
	*len = start > root ? start - 1 : root;
	return true;
}

static void add(char *out, size_t *len, size_t root, const char *name, size_t size)
{
	if (*len > root) {
		out[(*len)++] = '/';
	}
	memcpy(out + *len, name, size);
	*len += size;
}

char *path_join(struct arena *arena, const char *a, const char *b)
{
	char *whole = arena_printf(arena, "%s%s%s", a, *a && *b ? "/" : "", b);
	char *out = arena_new(arena, strlen(whole) + 2, 1);
	size_t root = *whole == '/';
	size_t len = root;
	out[0] = '/';
	for (const char *at = whole; *at; at += strspn(at, "/")) {
		size_t size = strcspn(at, "/");
		if (size == 2 && strncmp(at, "..", 2) == 0) {
			if (!cut(out, &len, root)) {
				add(out, &len, root, at, size);
			}
		} else if (size && (size != 1 || *at != '.')) {
			add(out, &len, root, at, size);
		}
		at += size;
	}
	if (len == 0 && *whole) {
		out[len++] = '.';
	}
	out[len] = '\0';
	return out;
}
