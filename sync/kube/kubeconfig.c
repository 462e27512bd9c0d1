#include "sync/kube/kubeconfig.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"
#include "render/base/limits.h"
#include "render/doc.h"
#include "render/yaml.h"

struct kubeconfig_file {
	char *path;
	cJSON *doc;
};

static void close_file(FILE **file)
{
	if (*file) {
		(void)fclose(*file);
	}
}

bool kube_config_read(const char *path, struct secret *out, struct err *err)
{
	CLEANUP(close_file) FILE *file = fopen(path, "re");
	if (!file) {
		return err_sys(err, "cannot open '%s'", path);
	}
	(void)setvbuf(file, NULL, _IONBF, 0);
	size_t max = LIMIT_KUBECONFIG_BYTES;
	struct secret text = { .text = alloc_new(max + 1, 1), .len = max + 1 };
	size_t len = fread(text.text, 1, max + 1, file);
	bool failed = ferror(file) != 0;
	if (failed) {
		(void)err_sys(err, "cannot read '%s'", path);
	} else if (len > max) {
		failed = !err_set(err, ERR_LIMIT, "'%s' is longer than %zu bytes", path, max);
	} else {
		secret_set(out, text.text, len);
	}
	text.len = len; /* what was never written needs no wiping */
	secret_release(&text);
	return !failed;
}

static void release_entries(struct map *map)
{
	for (size_t i = 0; i < map->count; i++) {
		free(map->entries[i].value);
	}
	map_release(map);
}

/* The tree holds tokens and keys. */
static void wipe(cJSON *doc)
{
	for (cJSON *item = doc; item; item = item->next) {
		if (item->valuestring && !(item->type & cJSON_IsReference)) {
			OPENSSL_cleanse(item->valuestring, strlen(item->valuestring));
		}
		if (item->child && !(item->type & cJSON_IsReference)) {
			wipe(item->child);
		}
	}
}

void kubeconfig_release(struct kubeconfig *config)
{
	release_entries(&config->clusters);
	release_entries(&config->users);
	release_entries(&config->contexts);
	for (size_t i = 0; i < config->count; i++) {
		wipe(config->files[i].doc);
		cJSON_Delete(config->files[i].doc);
		free(config->files[i].path);
	}
	free(config->files);
	*config = KUBECONFIG_INIT;
}

/* The first one counts, as it does for kubectl (its JSON decoder reads one document). */
static void keep_first(void *context, cJSON *document, size_t line)
{
	(void)line;
	cJSON **doc = context;
	if (*doc) {
		wipe(document);
		cJSON_Delete(document);
	} else {
		*doc = document;
	}
}

/* The reader's message may quote what stands there, which may be a token: only the line is taken from it. */
static bool not_yaml(const char *path, const struct problems *problems, struct err *err)
{
	size_t line = 0;
	const char *text = problems->count ? problems->items[0].text : "";
	size_t len = strlen(path);
	if (strncmp(text, path, len) == 0 && text[len] == ':') {
		line = strtoul(text + len + 1, NULL, 10);
	}
	return line ? err_set(err, ERR_INPUT, "kubeconfig '%s' line %zu: not valid YAML", path, line)
	            : err_set(err, ERR_INPUT, "kubeconfig '%s': not valid YAML", path);
}

static bool add_entry(struct map *map, const struct kubeconfig_file *file, const char *list, const char *member,
                      const cJSON *item, struct err *err)
{
	const cJSON *name = doc_get(item, "name");
	const cJSON *value = doc_get(item, member);
	if (!cJSON_IsString(name)) {
		return err_set(err, ERR_INPUT, "kubeconfig '%s': %s: an entry without a name", file->path, list);
	}
	if (value && !cJSON_IsObject(value) && !cJSON_IsNull(value)) {
		return err_set(err, ERR_INPUT, "kubeconfig '%s': %s '%s': %s must be a mapping", file->path, list, name->valuestring,
		               member);
	}
	const struct kubeconfig_entry *old = map_get(map, name->valuestring);
	if (old) {
		return old->file != file->path ||
		       err_set(err, ERR_INPUT, "kubeconfig '%s': %s: '%s' is there twice", file->path, list, name->valuestring);
	}
	struct kubeconfig_entry *entry = alloc_new(1, sizeof *entry);
	*entry = (struct kubeconfig_entry){ .list = list, .name = name->valuestring, .file = file->path, .value = value };
	(void)map_set(map, name->valuestring, entry);
	return true;
}

static bool add_list(struct map *map, const struct kubeconfig_file *file, const char *list, const char *member, struct err *err)
{
	const cJSON *items = doc_get(file->doc, list);
	if (!items || cJSON_IsNull(items)) {
		return true;
	}
	if (!cJSON_IsArray(items)) {
		return err_set(err, ERR_INPUT, "kubeconfig '%s': %s must be a list", file->path, list);
	}
	const cJSON *item = NULL;
	cJSON_ArrayForEach (item, items) {
		if (!add_entry(map, file, list, member, item, err)) {
			return false;
		}
	}
	return true;
}

static bool add_document(struct kubeconfig *config, const struct kubeconfig_file *file, struct err *err)
{
	if (!cJSON_IsObject(file->doc)) {
		return err_set(err, ERR_INPUT, "kubeconfig '%s' must be a mapping", file->path);
	}
	const cJSON *current = doc_get(file->doc, "current-context");
	if (current && !cJSON_IsString(current) && !cJSON_IsNull(current)) {
		return err_set(err, ERR_INPUT, "kubeconfig '%s': current-context must be a string", file->path);
	}
	if (!config->current && cJSON_IsString(current) && *current->valuestring) {
		config->current = current->valuestring;
	}
	return add_list(&config->clusters, file, "clusters", "cluster", err) &&
	       add_list(&config->users, file, "users", "user", err) && add_list(&config->contexts, file, "contexts", "context", err);
}

bool kubeconfig_add(struct kubeconfig *config, const char *path, const char *text, size_t len, struct err *err)
{
	CLEANUP(problems_release) struct problems problems = PROBLEMS_INIT;
	cJSON *doc = NULL;
	yaml_read(path, text, len, keep_first, &doc, &problems);
	if (problems.errors) {
		wipe(doc);
		cJSON_Delete(doc);
		return not_yaml(path, &problems, err);
	}
	if (!doc) {
		return true; /* an empty file, as `touch ~/.kube/config` leaves it */
	}
	config->files = alloc_grow(config->files, config->count + 1, sizeof *config->files);
	struct kubeconfig_file *file = &config->files[config->count++];
	*file = (struct kubeconfig_file){ .path = text_dup(path), .doc = doc };
	return add_document(config, file, err);
}

bool kubeconfig_add_file(struct kubeconfig *config, const char *path, struct err *err)
{
	CLEANUP(secret_release) struct secret text = SECRET_INIT;
	return kube_config_read(path, &text, err) && kubeconfig_add(config, path, text.text, text.len, err);
}
