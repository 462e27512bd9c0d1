#include "render/kustomize/kv.h"

#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/kustomize/rune.h"

/* Go's bufio.Scanner ends, without an error, at a line that does not fit its buffer; upstream does not ask it why. */
enum { LINE_BYTES = 64 * 1024 };

static void kvs_add(const struct build *build, struct kvs *kvs, const char *key, struct text value)
{
	if (kvs->count == kvs->cap) {
		size_t cap = kvs->cap ? 2 * kvs->cap : 8;
		kvs->items = arena_grow(build->arena, kvs->items, kvs->count * sizeof *kvs->items, cap * sizeof *kvs->items);
		kvs->cap = cap;
	}
	kvs->items[kvs->count++] = (struct kv){ key, value };
}

/* --- literals ------------------------------------------------------------------------------------------------------ */

/* One pair of quotes around the value is not part of it. */
static struct text unquote(const char *value)
{
	size_t len = strlen(value);
	bool quoted = len >= 2 && value[0] == value[len - 1] && (value[0] == '"' || value[0] == '\'');
	return quoted ? (struct text){ value + 1, len - 2 } : (struct text){ value, len };
}

static bool load_literals(const struct build *build, const struct texts *literals, struct kvs *out, struct err *err)
{
	for (size_t i = 0; i < literals->count; i++) {
		const char *equals = strchr(literals->items[i], '=');
		if (!equals || equals == literals->items[i]) {
			return err_set(err, ERR_INPUT, "literals[%zu] is not KEY=VALUE", i);
		}
		const char *key = arena_text_len(build->arena, literals->items[i], (size_t)(equals - literals->items[i]));
		struct text value = unquote(equals + 1);
		value.data = arena_text_len(build->arena, value.data, value.len);
		kvs_add(build, out, key, value);
	}
	return true;
}

/* --- files --------------------------------------------------------------------------------------------------------- */

/* Go's path.Base. */
static const char *base_of(struct arena *arena, const char *path)
{
	size_t len = strlen(path);
	if (len == 0) {
		return ".";
	}
	while (len > 1 && path[len - 1] == '/') {
		len--;
	}
	size_t from = len;
	while (from > 0 && path[from - 1] != '/') {
		from--;
	}
	return from == len ? "/" : arena_text_len(arena, path + from, len - from);
}

static bool split_source(struct arena *arena, const char *source, const char **key, const char **path, struct err *err)
{
	const char *equals = strchr(source, '=');
	if (!equals) {
		*key = base_of(arena, source);
		*path = source;
		return true;
	}
	if (strchr(equals + 1, '=')) {
		return err_set(err, ERR_INPUT, "'%s' has more than one '='", source);
	}
	if (equals == source || !equals[1]) {
		return err_set(err, ERR_INPUT, "'%s' has no %s: KEY=PATH or PATH is expected", source, equals[1] ? "key" : "path");
	}
	*key = arena_text_len(arena, source, (size_t)(equals - source));
	*path = equals + 1;
	return true;
}

static bool load_files(const struct build *build, const struct texts *files, struct kvs *out, struct err *err)
{
	for (size_t i = 0; i < files->count; i++) {
		const char *key = NULL;
		const char *path = NULL;
		struct text content;
		if (!split_source(build->arena, files->items[i], &key, &path, err) || !loader_read(build->loader, path, &content, err)) {
			return err_wrap(err, "files[%zu]", i);
		}
		kvs_add(build, out, key, content);
	}
	return true;
}

/* --- env files ----------------------------------------------------------------------------------------------------- */

static struct text skip_space(struct text line)
{
	while (line.len > 0) {
		unsigned rune;
		size_t len = rune_next(line.data, line.len, &rune);
		if (!rune_is_space(rune)) {
			break;
		}
		line = (struct text){ line.data + len, line.len - len };
	}
	return line;
}

static bool add_line(const struct build *build, struct text line, struct kvs *out, struct err *err)
{
	line = skip_space(line);
	if (line.len == 0 || line.data[0] == '#' || line.data[0] == '=') {
		return true; /* without a key it is no line for upstream either */
	}
	const char *equals = memchr(line.data, '=', line.len);
	size_t key = equals ? (size_t)(equals - line.data) : line.len;
	size_t rest = equals ? line.len - key - 1 : 0;
	if (memchr(line.data, '\0', key)) {
		return err_set(err, ERR_INPUT, "the key holds a NUL character: take it out");
	}
	const char *value = arena_text_len(build->arena, equals ? equals + 1 : "", rest);
	kvs_add(build, out, arena_text_len(build->arena, line.data, key), (struct text){ value, rest });
	return true;
}

static bool load_env(const struct build *build, const char *path, struct kvs *out, struct err *err)
{
	struct text text;
	if (!loader_read(build->loader, path, &text, err)) {
		return false;
	}
	const char *end = text.data + text.len;
	size_t number = 1;
	for (const char *at = text.data; at < end; number++) {
		const char *feed = memchr(at, '\n', (size_t)(end - at));
		struct text line = { at, (size_t)((feed ? feed : end) - at) };
		at += line.len + 1;
		if (line.len >= LINE_BYTES) {
			build_warn(build, "'%s': line %zu has 64 KiB or more: it and what follows is ignored, as in kustomize", path, number);
			return true;
		}
		line.len -= line.len > 0 && line.data[line.len - 1] == '\r';
		if (!rune_all_valid(line.data, line.len)) {
			return err_set(err, ERR_INPUT, "'%s' line %zu is not UTF-8", path, number);
		}
		if (number == 1 && line.len >= 3 && memcmp(line.data, "\xef\xbb\xbf", 3) == 0) {
			line = (struct text){ line.data + 3, line.len - 3 };
		}
		if (!add_line(build, line, out, err)) {
			return err_wrap(err, "'%s' line %zu", path, number);
		}
	}
	return true;
}

static bool load_envs(const struct build *build, const struct texts *envs, struct kvs *out, struct err *err)
{
	for (size_t i = 0; i < envs->count; i++) {
		if (!load_env(build, envs->items[i], out, err)) {
			return err_wrap(err, "envs[%zu]", i);
		}
	}
	return true;
}

/* --- all of them --------------------------------------------------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct kv *)a)->key, ((const struct kv *)b)->key);
}

bool kv_load(const struct build *build, const struct generator_args *args, struct kvs *out, struct err *err)
{
	struct kvs kvs = { 0 };
	if (!load_envs(build, &args->envs, &kvs, err) || !load_literals(build, &args->literals, &kvs, err) ||
	    !load_files(build, &args->files, &kvs, err)) {
		return false;
	}
	if (kvs.count > 0) {
		qsort(kvs.items, kvs.count, sizeof *kvs.items, by_key);
	}
	for (size_t i = 1; i < kvs.count; i++) {
		if (strcmp(kvs.items[i - 1].key, kvs.items[i].key) == 0) {
			return err_set(err, ERR_INPUT, "the key '%s' is there twice", kvs.items[i].key);
		}
	}
	*out = kvs;
	return true;
}
