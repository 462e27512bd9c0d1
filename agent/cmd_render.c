#include <stdlib.h>
#include <string.h>

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
	return output_text(buf_text(&text)) ? 0 : 1;
}

static int render_directory(const struct options *options)
{
	struct err err = ERR_INIT;
	CLEANUP(files_freep) struct files *files = files_dir_open(options->argument, &err);
	if (!files) {
		output_error(err.msg);
		return MANIFESTS;
	}
	CLEANUP(objects_release) struct objects objects = OBJECTS_INIT;
	struct problems problems = PROBLEMS_INIT;
	bool fine = manifests_render(files, "", &objects, &problems);
	for (size_t i = 0; i < problems.count; i++) {
		if (problems.items[i].severity == PROBLEM_ERROR) {
			output_error(problems.items[i].text);
		} else {
			output_warning(problems.items[i].text);
		}
	}
	problems_release(&problems);
	return fine ? print(&objects, options->cycle.ns) : MANIFESTS;
}

static int render_commit(const struct options *options)
{
	struct report report = REPORT_INIT;
	CLEANUP(prepared_release) struct prepared prepared = { 0 };
	bool fine = prepare_render(&options->cycle, &report, &prepared);
	output_problems(&report);
	int code = fine ? print(&prepared.desired, options->cycle.ns) : report_exit_code(&report);
	report_release(&report);
	return code;
}

int command_render(const struct options *options)
{
	return options->argument ? render_directory(options) : render_commit(options);
}
