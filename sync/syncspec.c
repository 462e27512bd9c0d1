#include "sync/syncspec.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "render/yaml.h"
#include "sync/clock.h"
#include "sync/names.h"
#include "sync/syncspec_impl.h"

/* --- durations ---------------------------------------------------------------------------------------------------- */

static int64_t unit_of(const char **text)
{
	static const struct {
		const char *name;
		int64_t milliseconds;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60 * 1000 }, { "h", 60 * 60 * 1000 } };
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		size_t len = strlen(units[i].name);
		if (strncmp(*text, units[i].name, len) == 0) {
			*text += len;
			return units[i].milliseconds;
		}
	}
	return 0;
}

bool syncspec_duration(const char *text, int64_t *out)
{
	static const double longest = 1e12; /* 30 years */
	double total = 0;
	if (strcmp(text, "0") == 0) {
		*out = 0;
		return true;
	}
	if (!*text) {
		return false;
	}
	while (*text) {
		size_t digits = strspn(text, "0123456789.");
		char *end = NULL;
		double value = strtod(text, &end);
		if (!digits || end != text + digits) {
			return false;
		}
		text = end;
		int64_t unit = unit_of(&text);
		total += value * (double)unit;
		if (!unit || total > longest) {
			return false;
		}
	}
	*out = (int64_t)total;
	return true;
}

/* --- the struct --------------------------------------------------------------------------------------------------- */

void syncspec_release(struct syncspec *spec)
{
	char *const texts[] = { spec->ns,
		                    spec->name,
		                    spec->uid,
		                    spec->url,
		                    spec->ref,
		                    spec->path,
		                    spec->secret,
		                    spec->target_ns,
		                    spec->ref_full,
		                    spec->webhook_secret,
		                    spec->requested_at,
		                    spec->approved_commit,
		                    spec->service_account };
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		free(texts[i]);
	}
	for (size_t i = 0; i < spec->depends_count; i++) {
		free(spec->depends_on[i].ns);
		free(spec->depends_on[i].name);
	}
	free(spec->depends_on);
	unowned_rules_release(&spec->ignore);
	*spec = SYNCSPEC_INIT;
}

void syncspec_list_release(struct syncspec_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		syncspec_release(&list->specs[i]);
	}
	free(list->specs);
	*list = (struct syncspec_list){ 0 };
}

void syncspec_identity(const cJSON *document, struct syncspec *out)
{
	const char *name = doc_text(document, "metadata/name");
	const char *ns = doc_text(document, "metadata/namespace");
	const char *uid = doc_text(document, "metadata/uid");
	*out = (struct syncspec){
		.name = text_dup(name ? name : ""),
		.ns = text_dup(ns ? ns : ""),
		.uid = text_dup(uid ? uid : ""),
		.generation = doc_int(document, "metadata/generation", 0),
	};
}

bool syncspec_is_local(const struct syncspec *spec)
{
	return strncasecmp(spec->url, "file://", 7) == 0 || (!strstr(spec->url, "://") && spec->url[strcspn(spec->url, ":/")] != ':');
}

bool syncspec_is_suspended(const struct syncspec *spec, int64_t wall)
{
	return spec->suspend || spec->suspend_until > wall;
}

int64_t syncspec_until(const cJSON *metadata)
{
	const char *text = cJSON_GetStringValue(doc_get(doc_get(metadata, "annotations"), NOTE_SUSPEND_UNTIL));
	int64_t time = text ? clock_parse(text) : 0;
	return time < 0 ? INT64_MAX : time;
}

bool syncspec_suspended(const cJSON *object, int64_t wall)
{
	return doc_true(object, "spec/suspend") || syncspec_until(doc_get(object, "metadata")) > wall;
}

void syncspec_options(const struct syncspec *spec, struct cycle_options *out)
{
	out->source.url = spec->url;
	out->ref = spec->ref_full;
	out->path = spec->path;
	out->name = spec->name;
	out->ns = *spec->ns ? spec->ns : out->ns;
	out->prune = spec->prune;
	out->wait = spec->wait;
	out->timeout = spec->timeout;
	out->target_ns = spec->target_ns;
	out->unowned = spec->ignore.count ? &spec->ignore : NULL;
}

char *syncspec_revision(const struct syncspec *spec, const char *commit)
{
	bool named = spec->ref_kind == SYNCSPEC_BRANCH || spec->ref_kind == SYNCSPEC_TAG;
	return text_printf("%s%ssha1:%s", named ? spec->ref : "", named ? "@" : "", commit);
}

/* Of two the later: both are times as text. */
const char *syncspec_request(const cJSON *metadata)
{
	const cJSON *notes = doc_get(metadata, "annotations");
	const char *own = cJSON_GetStringValue(doc_get(notes, NOTE_REQUESTED_AT));
	const char *flux = cJSON_GetStringValue(doc_get(notes, NOTE_FLUX_REQUESTED_AT));
	return !own || (flux && strcmp(flux, own) > 0) ? flux : own;
}

/* --- files -------------------------------------------------------------------------------------------------------- */

struct file {
	const char *path;
	struct buf text;
	struct syncspec_list *list;
	struct problems *problems;
	size_t documents;
};

static void close_file(FILE **file)
{
	if (*file) {
		(void)fclose(*file);
	}
}

static bool read_file(struct file *file)
{
	CLEANUP(close_file) FILE *stream = fopen(file->path, "re");
	if (!stream) {
		problems_add(file->problems, PROBLEM_ERROR, file->path, 0, NULL, "cannot be opened: %s", strerror(errno));
		return false;
	}
	char block[4096];
	size_t len = 0;
	while ((len = fread(block, 1, sizeof block, stream)) > 0) {
		if (!buf_add(&file->text, block, len)) {
			problems_add(file->problems, PROBLEM_ERROR, file->path, 0, NULL, "larger than %zu bytes", LIMIT_SYNC_BYTES);
			return false;
		}
	}
	if (ferror(stream)) {
		problems_add(file->problems, PROBLEM_ERROR, file->path, 0, NULL, "cannot be read: %s", strerror(errno));
	}
	return !ferror(stream);
}

static const struct syncspec *find(const struct syncspec_list *list, const struct syncspec *spec)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->specs[i].name, spec->name) == 0 && strcmp(list->specs[i].ns, spec->ns) == 0) {
			return &list->specs[i];
		}
	}
	return NULL;
}

static void take(void *context, cJSON *document, size_t line)
{
	struct file *file = context;
	struct syncspec_source source = { .path = file->path, .text = buf_text(&file->text), .len = file->text.len, .line = line };
	struct syncspec spec = SYNCSPEC_INIT;
	file->documents++;
	if (syncspec_read(document, &source, &spec, file->problems)) {
		struct syncspec_list *list = file->list;
		if (find(list, &spec)) {
			problems_add(file->problems, PROBLEM_ERROR, file->path, line, "metadata.name",
			             "another Sync of these files is called '%s'", spec.name);
			syncspec_release(&spec);
		} else {
			list->specs = alloc_grow(list->specs, list->count + 1, sizeof *list->specs);
			list->specs[list->count++] = spec;
		}
	}
	cJSON_Delete(document);
}

static void load(const char *path, struct syncspec_list *list, struct problems *problems, size_t *documents)
{
	struct file file = { .path = path, .text = BUF_INIT(LIMIT_SYNC_BYTES), .list = list, .problems = problems };
	if (read_file(&file)) {
		yaml_read(path, buf_text(&file.text), file.text.len, take, &file, problems);
	}
	*documents = file.documents;
	buf_release(&file.text);
}

bool syncspec_load(const char *path, struct syncspec *out, struct problems *problems)
{
	struct syncspec_list list = { 0 };
	size_t documents = 0;
	size_t errors = problems->errors;
	load(path, &list, problems, &documents);
	if (problems->errors == errors && documents != 1) {
		problems_add(problems, PROBLEM_ERROR, path, 0, NULL, "holds %zu Syncs; one is wanted", documents);
	}
	bool fine = problems->errors == errors;
	if (fine) {
		*out = list.specs[0];
		list.count = 0;
	}
	syncspec_list_release(&list);
	return fine;
}

static int is_manifest(const struct dirent *entry)
{
	static const char *const ends[] = { ".yaml", ".yml", ".json" };
	size_t len = strlen(entry->d_name);
	for (size_t i = 0; i < ARRAY_LEN(ends) && *entry->d_name != '.'; i++) {
		size_t end = strlen(ends[i]);
		if (len > end && strcmp(entry->d_name + len - end, ends[i]) == 0) {
			return 1;
		}
	}
	return 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

bool syncspec_load_dir(const char *dir, struct syncspec_list *out, struct problems *problems)
{
	struct dirent **names = NULL;
	size_t errors = problems->errors;
	int count = scandir(dir, &names, is_manifest, by_bytes);
	*out = (struct syncspec_list){ 0 };
	if (count < 0) {
		problems_add(problems, PROBLEM_ERROR, dir, 0, NULL, "cannot be read: %s", strerror(errno));
	}
	for (int i = 0; i < count; i++) {
		CLEANUP(text_freep) char *path = text_printf("%s/%s", dir, names[i]->d_name);
		size_t documents = 0;
		load(path, out, problems, &documents);
		free(names[i]);
	}
	free(names);
	return problems->errors == errors;
}
