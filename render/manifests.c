#include "render/manifests.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/base/map.h"
#include "render/doc.h"
#include "render/manifests_find.h"
#include "render/yaml.h"

enum { FIELD_BYTES = 1000, NAME_MAX_BYTES = 253 };

struct render {
	const struct manifests_options *options;
	struct files *files;
	struct objects found;
	struct map by_ident; /* to struct object */
	struct problems *problems;
	const char *path;             /* of the file that is read */
	const unsigned char *content; /* the id of its content; NULL not known */
	size_t first;                 /* of its objects in `found` */
	size_t bytes;
	bool full; /* over a limit: no more is taken */
};

/* Where a document stands: in a file, and there perhaps inside a list. */
struct place {
	struct render *render;
	size_t line;
	const char *within; /* "items[3]." or "" */
	size_t depth;
	bool complete; /* no error found in it yet */
};

static void accept_document(struct place *place, cJSON *json);

static void render_release(struct render *render)
{
	objects_release(&render->found);
	map_release(&render->by_ident);
}

/* `field` may be "" for the whole document. */
static void refuse(struct place *place, const char *field, const char *reason)
{
	CLEANUP(text_freep) char *whole = text_printf("%s%s", place->within, field);
	size_t len = strlen(whole);
	if (!*field && len) {
		whole[len - 1] = '\0';
	}
	problems_add(place->render->problems, PROBLEM_ERROR, place->render->path, place->line, whole, "%s", reason);
	place->complete = false;
}

static bool is_absent(const cJSON *value)
{
	return !value || cJSON_IsNull(value);
}

/* NULL, and an error, where it is missing or no text. */
static const char *required_text(struct place *place, const cJSON *mapping, const char *key, const char *field)
{
	const cJSON *value = doc_get(mapping, key);
	const char *text = cJSON_GetStringValue(value);
	if (is_absent(value)) {
		refuse(place, field, "is missing");
	} else if (!text) {
		refuse(place, field, "must be a string");
	} else if (!*text) {
		refuse(place, field, "is empty");
	} else {
		return text;
	}
	return NULL;
}

/* It becomes a part of the object's URL. */
static bool is_path_segment(const char *text)
{
	return strlen(text) <= NAME_MAX_BYTES && !strpbrk(text, "/%") && strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

static void check_api_version(struct place *place, const char *text)
{
	const char *slash = strchr(text, '/');
	if (!is_path_segment(slash ? slash + 1 : text) || slash == text || (slash && !slash[1])) {
		refuse(place, "apiVersion", "must be VERSION or GROUP/VERSION");
	}
}

static void check_type(struct place *place, const cJSON *json)
{
	if (is_absent(doc_get(json, "apiVersion")) && is_absent(doc_get(json, "kind"))) {
		refuse(place, "",
		       "no Kubernetes object, it has neither apiVersion nor kind (name the file in .plumbignore if it is no manifest)");
		return;
	}
	const char *api_version = required_text(place, json, "apiVersion", "apiVersion");
	const char *kind = required_text(place, json, "kind", "kind");
	if (api_version) {
		check_api_version(place, api_version);
	}
	if (kind && !is_path_segment(kind)) {
		refuse(place, "kind", "is no valid kind");
	}
	if (api_version && strncmp(api_version, "kustomize.config.k8s.io/", 24) == 0) {
		refuse(place, "", "this is a kustomization and no object of the cluster: its file must be named kustomization.yaml");
	}
}

static void check_name(struct place *place, const cJSON *metadata)
{
	if (is_absent(doc_get(metadata, "name")) && !is_absent(doc_get(metadata, "generateName"))) {
		refuse(place, "metadata.generateName",
		       "an object whose name the server makes up cannot be declared: give it a metadata.name");
		return;
	}
	const char *name = required_text(place, metadata, "name", "metadata.name");
	if (name && !is_path_segment(name)) {
		refuse(place, "metadata.name", "is no valid name");
	}
}

static void check_namespace(struct place *place, const cJSON *metadata)
{
	const cJSON *value = doc_get(metadata, "namespace");
	const char *text = cJSON_GetStringValue(value);
	if (is_absent(value)) {
		return;
	}
	if (!text) {
		refuse(place, "metadata.namespace", "must be a string");
	} else if (!is_path_segment(text)) {
		refuse(place, "metadata.namespace", "is no valid name");
	}
}

/* Labels or annotations. */
static void check_texts(struct place *place, const cJSON *metadata, const char *key)
{
	const cJSON *mapping = doc_get(metadata, key);
	CLEANUP(text_freep) char *field = text_printf("metadata.%s", key);
	if (is_absent(mapping)) {
		return;
	}
	if (!cJSON_IsObject(mapping)) {
		refuse(place, field, "must be a mapping");
		return;
	}
	const cJSON *member = NULL;
	cJSON_ArrayForEach (member, mapping) {
		if (!cJSON_IsString(member) && !cJSON_IsNull(member)) {
			CLEANUP(text_freep) char *one = text_printf("%s[%.300s]", field, member->string);
			bool nested = cJSON_IsObject(member) || cJSON_IsArray(member);
			refuse(place, one, nested ? "must be a string" : "must be a string: put the value in quotes");
		}
	}
}

static void check_metadata(struct place *place, const cJSON *json)
{
	const cJSON *metadata = doc_get(json, "metadata");
	if (!is_absent(metadata) && !cJSON_IsObject(metadata)) {
		refuse(place, "metadata", "must be a mapping");
		return;
	}
	check_name(place, metadata);
	check_namespace(place, metadata);
	check_texts(place, metadata, "labels");
	check_texts(place, metadata, "annotations");
}

/* Bytes of its texts: a lower bound of what it takes as JSON. The parser bounded the depth. */
static size_t text_bytes(const cJSON *json)
{
	size_t bytes = json->string ? strlen(json->string) : 0;
	bytes += json->valuestring ? strlen(json->valuestring) : 0;
	for (const cJSON *child = json->child; child; child = child->next) {
		bytes += text_bytes(child);
	}
	return bytes;
}

static void check_size(struct place *place, const cJSON *json)
{
	if (text_bytes(json) > LIMIT_OBJECT_BYTES) {
		CLEANUP(text_freep)
		char *reason = text_printf("an object of more than %zu bytes, which no API server takes", LIMIT_OBJECT_BYTES);
		refuse(place, "", reason);
	}
}

static bool is_local(const struct object *object)
{
	const char *value = object_annotation(object, "config.kubernetes.io/local-config");
	return value && strcmp(value, "false") != 0;
}

static void refuse_duplicate(struct place *place, const struct object *object, const struct object *first)
{
	CLEANUP(text_freep) char *name = ident_text(&object->id);
	CLEANUP(text_freep)
	char *reason = text_printf("%.800s is declared twice, first in %.800s:%zu", name, first->path, first->line);
	refuse(place, "", reason);
}

static bool has_room(struct render *render)
{
	if (render->found.count >= LIMIT_DOCUMENTS && !render->full) {
		problems_add(render->problems, PROBLEM_ERROR, render->path, 0, NULL, "more than %zu objects in one rendering",
		             LIMIT_DOCUMENTS);
		render->full = true;
	}
	return !render->full;
}

static void accept_new(struct place *place, struct object *object)
{
	struct render *render = place->render;
	CLEANUP(text_freep) char *key = ident_key(&object->id);
	const struct object *first = map_get(&render->by_ident, key);
	if (first) {
		refuse_duplicate(place, object, first);
	}
	if (first || is_local(object)) {
		object_free(object);
		return;
	}
	if (render->content) {
		object->origin.place = (unsigned)(render->found.count - render->first) + 1;
		memcpy(object->origin.content, render->content, sizeof object->origin.content);
	}
	(void)map_set(&render->by_ident, key, object);
	objects_take(&render->found, object);
}

static void accept_object(struct place *place, cJSON *json)
{
	struct render *render = place->render;
	check_type(place, json);
	if (place->complete) {
		check_metadata(place, json);
		check_size(place, json);
	}
	if (!place->complete || !has_room(render)) {
		cJSON_Delete(json);
		return;
	}
	struct object *object = object_new(json, render->path, place->line, NULL);
	assert(object);
	accept_new(place, object);
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text);
	size_t end_len = strlen(end);
	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static bool is_list(const cJSON *json)
{
	const char *kind = doc_text(json, "kind");
	const char *api_version = doc_text(json, "apiVersion");
	if (!kind || !api_version || !ends_with(kind, "List")) {
		return false;
	}
	return (strcmp(kind, "List") == 0 && strcmp(api_version, "v1") == 0) || cJSON_IsArray(doc_get(json, "items"));
}

/* An item of a ConfigMapList that says nothing is a ConfigMap of the list's version, as in kubectl. */
static void inherit(cJSON *item, const char *api_version, const char *kind)
{
	size_t len = strlen(kind) - strlen("List");
	if (!cJSON_IsObject(item) || len == 0 || doc_get(item, "apiVersion") || doc_get(item, "kind")) {
		return;
	}
	CLEANUP(text_freep) char *item_kind = text_dup_len(kind, len);
	doc_set_text(item, "apiVersion", api_version);
	doc_set_text(item, "kind", item_kind);
}

/* Recursion ends at the depth that the parser allows. */
static void accept_list(struct place *place, cJSON *list)
{
	cJSON *items = doc_get(list, "items");
	if (!is_absent(items) && !cJSON_IsArray(items)) {
		refuse(place, "items", "must be a list");
		items = NULL;
	}
	for (size_t i = 0; items && items->child; i++) {
		cJSON *item = cJSON_DetachItemViaPointer(items, items->child);
		inherit(item, doc_text(list, "apiVersion"), doc_text(list, "kind"));
		CLEANUP(text_freep) char *within = text_printf("%.*sitems[%zu].", FIELD_BYTES, place->within, i);
		struct place inner = {
			.render = place->render, .line = place->line, .within = within, .depth = place->depth + 1, .complete = true
		};
		accept_document(&inner, item);
	}
	cJSON_Delete(list);
}

static void accept_document(struct place *place, cJSON *json)
{
	assert(place->depth <= LIMIT_DEPTH);
	if (is_list(json)) {
		accept_list(place, json);
	} else if (cJSON_IsObject(json)) {
		accept_object(place, json);
	} else {
		refuse(place, "",
		       "no Kubernetes object but a list or a plain value (name the file in .plumbignore if it is no manifest)");
		cJSON_Delete(json);
	}
}

static void take_document(void *context, cJSON *json, size_t line)
{
	struct place place = { .render = context, .line = line, .within = "", .complete = true };
	accept_document(&place, json);
}

static void take_kept(void *context, struct object *object)
{
	struct render *render = context;
	struct place place = { .render = render, .line = object->line, .within = "", .complete = true };
	if (has_room(render)) {
		accept_new(&place, object);
	} else {
		object_free(object);
	}
}

static bool has_bytes(struct render *render, size_t bytes)
{
	render->bytes += bytes;
	if (render->bytes > LIMIT_TREE_BYTES) {
		problems_add(render->problems, PROBLEM_ERROR, render->path, 0, NULL, "more than %zu bytes of manifests in one rendering",
		             LIMIT_TREE_BYTES);
		render->full = true;
	}
	return !render->full;
}

static bool read_text(struct render *render, struct kept_file *file)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MANIFEST_BYTES);
	struct err err = ERR_INIT;
	if (!files_read(render->files, file->path, &text, &err)) {
		problems_add(render->problems, PROBLEM_ERROR, NULL, 0, NULL, "%s", err.msg);
		return false;
	}
	file->bytes = text.len;
	if (!has_bytes(render, text.len)) {
		return false;
	}
	yaml_read(file->path, buf_text(&text), text.len, take_document, render, render->problems);
	return true;
}

static void read_manifest(struct render *render, const struct manifest_path *manifest)
{
	struct manifests_kept *kept = manifest->identified ? render->options->kept : NULL;
	struct kept_file file = { .path = manifest->path, .content = manifest->id };
	const struct problems *problems = render->problems;
	size_t before = problems->count + problems->dropped;
	render->path = manifest->path;
	render->content = manifest->identified ? manifest->id : NULL;
	render->first = render->found.count;
	if (kept && manifests_kept_tell(kept, &file, take_kept, render)) {
		(void)has_bytes(render, file.bytes);
		return;
	}
	if (read_text(render, &file) && kept && problems->count + problems->dropped == before) {
		manifests_kept_note(kept, &file, render->found.items + render->first, render->found.count - render->first);
	}
}

/* --- kustomizations ----------------------------------------------------------------------------------------------- */

static struct kustomize_source source_of(const struct manifests_options *options, struct files *files, const char *dir,
                                         char **outer_path)
{
	struct kustomize_source source = { .files = files, .dir = dir, .from = "", .restriction = options->restriction };
	if (options->outer) {
		*outer_path = text_printf("%s%s%s", options->outer_dir, *dir && *options->outer_dir ? "/" : "", dir);
		source.files = options->outer;
		source.dir = *outer_path;
		source.from = options->outer_dir;
		source.absolute = options->absolute;
	}
	return source;
}

static void take_built(void *context, const char *path, size_t line, cJSON *json)
{
	struct render *render = context;
	CLEANUP(text_freep) char *own = text_dup(path);
	render->path = own;
	render->content = NULL;
	take_document(render, json, line);
	render->path = NULL;
}

static void build_kustomization(struct render *render, const char *dir)
{
	CLEANUP(text_freep) char *outer = NULL;
	struct kustomize_source source = source_of(render->options, render->files, dir, &outer);
	/* What is wrong is in the problems. */
	bool built = kustomize_objects(&source, take_built, render, render->problems);
	(void)built;
}

bool manifests_print_kustomization(const struct manifests_options *options, struct files *files, const char *dir, struct buf *out,
                                   struct problems *problems)
{
	CLEANUP(text_freep) char *outer = NULL;
	struct kustomize_source source = source_of(options, files, dir, &outer);
	return kustomize_print(&source, out, problems);
}

/* --- both --------------------------------------------------------------------------------------------------------- */

bool manifests_render(struct files *files, const char *dir, struct objects *out, struct problems *problems)
{
	return manifests_render_with(&(struct manifests_options){ .restriction = LOAD_ROOT_ONLY }, files, dir, out, problems);
}

bool manifests_render_with(const struct manifests_options *options, struct files *files, const char *dir, struct objects *out,
                           struct problems *problems)
{
	size_t errors = problems->errors;
	CLEANUP(manifest_paths_release) struct manifest_paths paths = MANIFEST_PATHS_INIT;
	if (!manifest_paths_find(files, dir, &paths, problems)) {
		return false;
	}
	CLEANUP(render_release)
	struct render render = {
		.options = options, .files = files, .found = OBJECTS_INIT, .by_ident = MAP_INIT, .problems = problems
	};
	if (options->kept) {
		manifests_kept_begin(options->kept);
	}
	for (size_t i = 0; i < paths.count && !render.full; i++) {
		if (paths.items[i].kustomization) {
			build_kustomization(&render, paths.items[i].path);
		} else {
			read_manifest(&render, &paths.items[i]);
		}
	}
	if (problems->errors != errors) {
		return false;
	}
	if (options->kept) {
		manifests_kept_end(options->kept);
	}
	for (size_t i = 0; i < render.found.count; i++) {
		objects_take(out, render.found.items[i]);
	}
	render.found.count = 0;
	return true;
}

bool manifests_print(const struct objects *objects, struct buf *out)
{
	for (size_t i = 0; i < objects->count; i++) {
		if ((i && !buf_puts(out, "---\n")) || !yaml_write(objects->items[i]->json, out)) {
			return false;
		}
	}
	return true;
}
