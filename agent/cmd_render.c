#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/commands.h"
#include "agent/output.h"
#include "render/base/limits.h"
#include "render/doc.h"
#include "render/files.h"
#include "render/manifests.h"
#include "render/scope.h"
#include "sync/desired.h"
#include "sync/prepare.h"

enum { MANIFESTS = 4 };

/* Without a server: Kubernetes' own kinds by table, others by their CRD where it is among the objects, else as they
 * are. */
static bool is_namespaced(const struct objects *objects, const struct object *object)
{
	enum scope scope = scope_of(object->id.group, object->id.kind);
	if (scope != SCOPE_UNKNOWN) {
		return scope == SCOPE_NAMESPACED;
	}
	const struct object *definition = desired_definition(objects, object->id.group, object->id.kind);
	const char *text = definition ? doc_text(definition->json, "spec/scope") : NULL;
	return text && strcmp(text, "Namespaced") == 0;
}

static int print(struct objects *objects, const char *ns)
{
	for (size_t i = 0; ns && i < objects->count; i++) {
		struct object *object = objects->items[i];
		if (!*object->id.ns && is_namespaced(objects, object)) {
			object_set_namespace(object, ns);
		}
	}
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_TREE_BYTES);
	if (!manifests_print(objects, &text)) {
		output_error("the output is larger than 256 MiB");
		return MANIFESTS;
	}
	return output_text(buf_text(&text)) ? 0 : 7;
}

/* --- a directory -------------------------------------------------------------------------------------------------- */

static void print_problems(struct problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		if (problems->items[i].severity == PROBLEM_ERROR) {
			output_error(problems->items[i].text);
		} else {
			output_warning(problems->items[i].text);
		}
	}
	problems_release(problems);
}

/* The nearest directory above (or the same) that has .git, else "/". Cut in place. */
static void cut_to_repository(char *dir)
{
	while (*dir) {
		CLEANUP(text_freep) char *git = text_printf("%s/.git", dir);
		if (access(git, F_OK) == 0) {
			return;
		}
		*strrchr(dir, '/') = '\0';
	}
}

/*
 * The tree that a kustomization in the directory may read: all of the machine, as it is with kubectl; with --root, or where
 * files may lie anywhere the directory's repository, nothing outside of it. `dir` and `*root` are absolute, "" for "/".
 */
static bool find_root(const struct options *options, const char *dir, char **root, struct err *err)
{
	*root = options->root ? realpath(options->root, NULL) : text_dup(options->cycle.load_any ? dir : "");
	if (!*root) {
		return err_sys(err, "--root: cannot open '%.200s'", options->root);
	}
	if (!options->root) {
		cut_to_repository(*root);
	} else if (strcmp(*root, "/") == 0) {
		**root = '\0';
	}
	size_t len = strlen(*root);
	return (strncmp(dir, *root, len) == 0 && (dir[len] == '/' || !dir[len])) ||
	       err_set(err, ERR_INPUT, "'%.200s' is not in --root '%.200s'", dir, options->root);
}

/* What the directory holds as objects, or, where it is a kustomization, as the bytes that it builds. */
static int render_files(const struct options *options, const struct manifests_options *load, struct files *files)
{
	struct problems problems = PROBLEMS_INIT;
	if (!options->cycle.ns && (options->kustomize || kustomize_is(files, ""))) {
		CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_TREE_BYTES);
		bool built = manifests_print_kustomization(load, files, "", &text, &problems);
		print_problems(&problems);
		return !built ? MANIFESTS : output_text(buf_text(&text)) ? 0 : 7;
	}
	CLEANUP(objects_release) struct objects objects = OBJECTS_INIT;
	bool fine = manifests_render_with(load, files, "", &objects, &problems);
	print_problems(&problems);
	return fine ? print(&objects, options->cycle.ns) : MANIFESTS;
}

static int render_directory(const struct options *options)
{
	struct err err = ERR_INIT;
	CLEANUP(files_freep) struct files *files = files_dir_open(options->argument, &err);
	CLEANUP(text_freep) char *dir = files ? realpath(options->argument, NULL) : NULL;
	CLEANUP(text_freep) char *root = NULL;
	if (!dir || !find_root(options, dir, &root, &err)) {
		output_error(err.msg);
		return MANIFESTS;
	}
	CLEANUP(files_freep) struct files *outer = files_dir_open(*root ? root : "/", &err);
	if (!outer) {
		output_error(err.msg);
		return MANIFESTS;
	}
	const char *below = dir + strlen(root);
	struct manifests_options load = {
		.restriction = options->cycle.load_any ? LOAD_ANY : LOAD_ROOT_ONLY,
		.outer = outer,
		.outer_dir = below + strspn(below, "/"),
		.absolute = root,
	};
	return render_files(options, &load, files);
}

/* --- a commit ----------------------------------------------------------------------------------------------------- */

static int render_commit(const struct options *options)
{
	struct report report = REPORT_INIT;
	CLEANUP(prepared_release) struct prepared prepared = { 0 };
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_TREE_BYTES);
	struct cycle_options cycle = options->cycle;
	cycle.print = cycle.ns ? NULL : &text;
	bool fine = prepare_render(&cycle, &report, &prepared);
	output_problems(&report);
	int code = report_exit_code(&report);
	if (fine && prepared.source->printed) {
		code = output_text(buf_text(&text)) ? 0 : 7;
	} else if (fine) {
		code = print(&prepared.desired, options->cycle.ns);
	}
	report_release(&report);
	return code;
}

int command_render(const struct options *options)
{
	return options->argument ? render_directory(options) : render_commit(options);
}
