#include "render/kustomize/loader.h"

#include <ctype.h>
#include <string.h>

#include "render/base/limits.h"

/* --- paths -------------------------------------------------------------------------------------------------------- */

/* Adds the components of `path` to what stands in `out`; ".." takes one away. false where it leads above the root. */
static bool add_components(char *out, size_t *len, const char *path, bool stop_at_root)
{
	for (const char *at = path + strspn(path, "/"); *at; at += strspn(at, "/")) {
		size_t size = strcspn(at, "/");
		if (size == 2 && strncmp(at, "..", 2) == 0) {
			if (*len == 0 && !stop_at_root) {
				return false;
			}
			while (*len && out[*len - 1] != '/') {
				--*len;
			}
			*len -= *len > 0;
		} else if (size != 1 || *at != '.') {
			if (*len) {
				out[(*len)++] = '/';
			}
			memcpy(out + *len, at, size);
			*len += size;
		}
		at += size;
	}
	out[*len] = '\0';
	return true;
}

/* What is left of an absolute path below the root of the tree; NULL where it is elsewhere. */
static const char *below_root(const struct loader *loader, const char *path)
{
	size_t len = loader->absolute ? strlen(loader->absolute) : 0;
	bool inside = loader->absolute && strncmp(path, loader->absolute, len) == 0 && (path[len] == '/' || !path[len]);
	return inside ? path + len : NULL;
}

const char *loader_join(const struct loader *loader, const char *dir, const char *path)
{
	char *out = arena_new(loader->arena, strlen(dir) + strlen(path) + 2, 1);
	size_t len = 0;
	bool whole = loader->absolute && !*loader->absolute;
	if (*path == '/') {
		path = below_root(loader, path);
		dir = "";
	}
	return path && add_components(out, &len, dir, whole) && add_components(out, &len, path, whole) ? out : NULL;
}

static bool is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);
	return len == 0 || (strncmp(path, dir, len) == 0 && (path[len] == '/' || !path[len]));
}

/* The path relative to `from`. */
static const char *relative(const struct loader *loader, const char *path)
{
	const char *from = loader->from;
	size_t same = 0;
	for (size_t i = 0;; i++) {
		bool path_end = path[i] == '/' || !path[i];
		bool from_end = from[i] == '/' || !from[i];
		if (path_end && from_end) {
			same = i;
		}
		if (path[i] != from[i] || !path[i]) {
			break;
		}
	}
	if (!*from) {
		return path;
	}
	char *out = arena_new(loader->arena, 3 * strlen(from) + strlen(path) + 4, 1);
	for (const char *at = from + same; *at; at++) {
		if (at[0] == '/' || at == from) {
			(void)strcat(out, "../");
		}
	}
	const char *rest = path + same;
	(void)strcat(out, rest + strspn(rest, "/"));
	return *out ? out : ".";
}

const char *loader_path(const struct loader *loader, const char *path)
{
	const char *whole = loader_join(loader, loader->dir, path);
	return whole ? relative(loader, whole) : path;
}

/* --- what lies elsewhere ------------------------------------------------------------------------------------------ */

/* `prefix` in small letters. */
static const char *skip_prefix(const char *text, const char *prefix)
{
	for (; *prefix; text++, prefix++) {
		char small = *text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;
		if (small != *prefix) {
			return NULL;
		}
	}
	return text;
}

bool loader_is_remote_file(const char *path)
{
	return skip_prefix(path, "http:") || skip_prefix(path, "https:");
}

static const char *skip_scheme(const char *text, bool *file)
{
	static const char *const schemes[] = { "ssh://", "https://", "http://", "file://" };
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		const char *rest = skip_prefix(text, schemes[i]);
		if (rest) {
			*file = i == ARRAY_LEN(schemes) - 1;
			return rest;
		}
	}
	return NULL;
}

/* ^([a-zA-Z][a-zA-Z0-9-]*)@ */
static const char *skip_user(const char *text)
{
	const char *at = text;
	if (!isalpha((unsigned char)*at)) {
		return text;
	}
	while (isalnum((unsigned char)*at) || *at == '-') {
		at++;
	}
	return *at == '@' ? at + 1 : text;
}

/* parsePathParts finds a repository in it: a marker, or two segments. */
static bool has_repository(const char *path, const char *end)
{
	size_t len = (size_t)(end - path);
	const char *git = memmem(path, len, "_git/", 5);
	const char *slashes = memmem(path, len, "//", 2);
	if (git) {
		return true;
	}
	if (slashes) {
		return slashes > path;
	}
	return memmem(path, len, ".git", 4) || memchr(path, '/', len);
}

bool loader_is_repository(const char *path)
{
	if (*path == '/') {
		return false;
	}
	const char *end = path + strcspn(path, "?");
	const char *at = skip_prefix(path, "git::");
	at = at ? at : path;
	bool file = false;
	const char *scheme = skip_scheme(at, &file);
	at = scheme ? scheme : at;
	if (file) {
		return at < end;
	}
	const char *host = skip_user(at);
	bool github = skip_prefix(host, "github.com/") || skip_prefix(host, "github.com:");
	bool scp = !scheme && (host > at || github);
	if (!scheme && !scp) {
		return false;
	}
	const char *slash = memchr(host, '/', (size_t)(end - host));
	const char *colon = scp ? memchr(host, ':', (size_t)(end - host)) : NULL;
	const char *separator = colon && colon > host && (!slash || colon < slash) ? colon : slash;
	return separator && has_repository(separator + 1, end);
}

bool loader_refuse_remote(const char *path, struct err *err)
{
	return err_set(
		err, ERR_INPUT,
		"'%.200s' lies on another machine, and a build fetches nothing: add a copy of it to the repository and name that", path);
}

/* --- files -------------------------------------------------------------------------------------------------------- */

static bool leads_out(const char *path, struct err *err)
{
	return err_set(err, ERR_INPUT, "'%.200s' leads out of the tree that may be read", path);
}

/* The place that `path` leads to, links resolved. */
static bool find(const struct loader *loader, const char *path, struct buf *real, enum files_kind *kind, struct err *err)
{
	const char *whole = loader_join(loader, loader->dir, path);
	if (!whole) {
		return leads_out(path, err);
	}
	struct err why = ERR_INIT;
	if (files_find(loader->files, whole, real, kind, &why)) {
		return true;
	}
	if (why.kind == ERR_NOT_FOUND) {
		return err_set(err, ERR_NOT_FOUND, "'%.300s' does not exist", relative(loader, whole));
	}
	*err = why;
	return false;
}

bool loader_read_into(const struct loader *loader, const char *path, struct buf *out, struct err *err)
{
	if (loader_is_remote_file(path)) {
		return loader_refuse_remote(path, err);
	}
	CLEANUP(buf_release) struct buf real = BUF_INIT(LIMIT_KIB(16));
	enum files_kind kind = FILES_OTHER;
	if (!find(loader, path, &real, &kind, err)) {
		return false;
	}
	if (kind == FILES_DIR) {
		return err_set(err, ERR_NOT_FOUND, "'%.300s' is a directory and no file", loader_path(loader, path));
	}
	const char *dir_end = strrchr(buf_text(&real), '/');
	const char *dir = dir_end ? arena_text_len(loader->arena, real.data, (size_t)(dir_end - real.data)) : "";
	if (loader->restriction == LOAD_ROOT_ONLY && !is_below(dir, loader->dir)) {
		return err_set(err, ERR_INPUT,
		               "'%.200s' is not in or below the directory of the kustomization that names it: move it there, or allow it "
		               "with --load-restrictor LoadRestrictionsNone",
		               path);
	}
	size_t before = out->len;
	if (!files_read(loader->files, buf_text(&real), out, err)) {
		return false;
	}
	*loader->bytes += out->len - before;
	return *loader->bytes <= LIMIT_TREE_BYTES ||
	       err_set(err, ERR_LIMIT, "more than %zu bytes of files in one build", LIMIT_TREE_BYTES);
}

bool loader_read(const struct loader *loader, const char *path, struct text *out, struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MANIFEST_BYTES);
	if (!loader_read_into(loader, path, &text, err)) {
		return false;
	}
	out->len = text.len;
	out->data = arena_text_len(loader->arena, buf_text(&text), text.len);
	return true;
}

bool loader_enter(const struct loader *loader, const char *path, struct loader *out, struct err *err)
{
	if (!*path) {
		return err_set(err, ERR_INPUT, "an empty path names no directory");
	}
	if (loader_is_repository(path)) {
		return loader_refuse_remote(path, err);
	}
	if (*path == '/') {
		return err_set(err, ERR_INPUT, "'%.200s' is an absolute path: name the directory relative to the kustomization", path);
	}
	CLEANUP(buf_release) struct buf real = BUF_INIT(LIMIT_KIB(16));
	enum files_kind kind = FILES_OTHER;
	if (!find(loader, path, &real, &kind, err)) {
		return false;
	}
	if (kind != FILES_DIR) {
		return err_set(err, ERR_NOT_FOUND, "'%.300s' is no directory", loader_path(loader, path));
	}
	size_t depth = 0;
	for (const struct loader *at = loader; at; at = at->referrer) {
		if (++depth > LIMIT_TREE_DEPTH) {
			return err_set(err, ERR_LIMIT, "more than %zu kustomizations inside each other", LIMIT_TREE_DEPTH);
		}
		if (is_below(at->dir, buf_text(&real))) {
			return err_set(err, ERR_INPUT, "a circle: '%.200s' contains '%.200s', which is being read already",
			               relative(loader, buf_text(&real)), relative(loader, at->dir));
		}
	}
	*out = *loader;
	out->dir = arena_text(loader->arena, buf_text(&real));
	out->referrer = loader;
	return true;
}
