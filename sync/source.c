#include "sync/source.h"

#include <stdlib.h>

#include "render/manifests.h"
#include "sync/files_within.h"

struct repo_reader {
	struct source source;
	struct repo *repo;
};

static struct repo *repo_of(struct source *source)
{
	return ((struct repo_reader *)source)->repo;
}

static bool fetch(struct source *source, const char *ref, int64_t deadline, struct repo_commit *out, struct err *err)
{
	return repo_fetch(repo_of(source), ref, deadline, out, err);
}

bool source_render(struct repo *repo, struct source_rendering *rendering, struct objects *out, struct problems *problems,
                   struct err *err)
{
	CLEANUP(files_freep) struct files *all = repo_files(repo, rendering->commit, err);
	if (!all) {
		return false;
	}
	struct manifests_options options = { .restriction = LOAD_ROOT_ONLY, .kept = rendering->kept };
	CLEANUP(files_freep) struct files *files = files_within_new(all, rendering->path, &rendering->outside);
	return manifests_render_with(&options, files, rendering->path, out, problems);
}

static bool render(struct source *source, const char *commit, const char *path, struct objects *out, struct problems *problems,
                   struct err *err)
{
	struct manifests_options options = { .restriction = source->load_any ? LOAD_ANY : LOAD_ROOT_ONLY };
	CLEANUP(files_freep) struct files *files = repo_files(repo_of(source), commit, err);
	if (!files) {
		return false;
	}
	source->printed = source->print && kustomize_is(files, path);
	return source->printed ? manifests_print_kustomization(&options, files, path, source->print, problems)
	                       : manifests_render_with(&options, files, path, out, problems);
}

static bool descends(struct source *source, const char *commit, const char *ancestor, bool *yes, struct err *err)
{
	return repo_descends(repo_of(source), commit, ancestor, yes, err);
}

static void close_repo(struct source *source)
{
	repo_free(repo_of(source));
	free(source);
}

struct source *source_open(const struct repo_source *repo, const char *stores, int64_t deadline, struct err *err)
{
	static const struct source_ops ops = { .fetch = fetch, .render = render, .descends = descends, .free = close_repo };
	struct repo *opened = repo_open(repo, stores, deadline, err);
	if (!opened) {
		return NULL;
	}
	struct repo_reader *reader = alloc_new(1, sizeof *reader);
	reader->source.ops = &ops;
	reader->repo = opened;
	return &reader->source;
}

void source_free(struct source *source)
{
	if (source) {
		source->ops->free(source);
	}
}

void source_freep(struct source **source)
{
	source_free(*source);
	*source = NULL;
}
