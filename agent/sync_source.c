/*
 * Manifests for a cycle of the agent: the commit is the one that the poller brought, what is read from the store is read on a
 * worker, with the same key as the poller's questions, so that a store has one reader at a time.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/agent_impl.h"
#include "render/manifests_kept.h"
#include "sync/clock.h"
#include "sync/desired.h"
#include "sync/source.h"

struct sync_source {
	struct source source;
	struct agent_sync *sync;
};

/* What a worker gets, and gives back. */
struct reading {
	struct job job;
	struct credentials credentials;
	struct repo_source source;
	char *url;
	char *stores;
	struct source_rendering rendering; /* of the fiber, which waits */
	const char *commit;
	const char *ancestor;
	int64_t deadline;
	struct objects objects;
	struct problems *problems;
	bool yes;
	bool fine;
	struct err err;
};

static struct agent_sync *sync_of(struct source *source)
{
	return ((struct sync_source *)source)->sync;
}

static void reading_release(struct reading *reading)
{
	objects_release(&reading->objects);
	credentials_release(&reading->credentials);
	free(reading->url);
	free(reading->stores);
}

static struct repo *open_repo(struct reading *reading)
{
	reading->source = (struct repo_source){ .url = reading->url };
	credentials_lend(&reading->credentials, &reading->source);
	return repo_open(&reading->source, reading->stores, reading->deadline, &reading->err);
}

static void render_job(struct job *job)
{
	struct reading *reading = (struct reading *)job;
	CLEANUP(repo_freep) struct repo *repo = open_repo(reading);
	reading->fine = repo && source_render(repo, &reading->rendering, &reading->objects, reading->problems, &reading->err);
}

static void descends_job(struct job *job)
{
	struct reading *reading = (struct reading *)job;
	CLEANUP(repo_freep) struct repo *repo = open_repo(reading);
	reading->fine = repo && repo_descends(repo, reading->commit, reading->ancestor, &reading->yes, &reading->err);
}

static bool run(struct agent_sync *sync, struct reading *reading, void (*work)(struct job *job), struct err *err)
{
	if (!sync->joined) {
		return err_set(err, ERR_TRANSIENT, "the source of '%s' is not known any more", sync->key);
	}
	const char *stores = poller_store(sync->joined);
	reading->job = (struct job){ .key = text_dup(poller_key(sync->joined)), .work = work };
	reading->url = text_dup(sync->spec.url);
	reading->stores = stores ? text_dup(stores) : NULL;
	reading->deadline = clock_now() + sync->spec.timeout;
	credentials_copy(&sync->credentials, &reading->credentials);
	workers_run(sync->agent->workers, &reading->job);
	if (reading->err.kind != ERR_NONE) {
		*err = reading->err;
	}
	return reading->fine;
}

static bool fetch(struct source *source, const char *ref, int64_t deadline, struct repo_commit *out, struct err *err)
{
	(void)ref;
	(void)deadline;
	const struct repo_commit *head = &sync_of(source)->head;
	if (!*head->id) {
		return err_set(err, ERR_TRANSIENT, "no commit is known yet");
	}
	*out = (struct repo_commit){
		.author = text_dup(head->author),
		.email = text_dup(head->email),
		.subject = text_dup(head->subject),
		.when = head->when,
		.warning = head->warning,
	};
	memcpy(out->id, head->id, sizeof out->id);
	return true;
}

static bool render(struct source *source, const char *commit, const char *path, struct objects *out, struct problems *problems,
                   struct err *err)
{
	struct agent_sync *sync = sync_of(source);
	CLEANUP(reading_release)
	struct reading reading = {
		.rendering = { .commit = commit, .path = path, .kept = source->whole ? NULL : sync->kept },
		.objects = OBJECTS_INIT,
		.problems = problems,
	};
	int64_t start = clock_now();
	bool fine = run(sync, &reading, render_job, err);
	metrics_observe(sync->agent->metrics, METRIC_RENDER_SECONDS, NULL, (double)(clock_now() - start) / 1000);
	sync->outside = reading.rendering.outside;
	*out = reading.objects;
	reading.objects = OBJECTS_INIT;
	return fine;
}

static bool descends(struct source *source, const char *commit, const char *ancestor, bool *yes, struct err *err)
{
	CLEANUP(reading_release) struct reading reading = { .commit = commit, .ancestor = ancestor, .objects = OBJECTS_INIT };
	bool fine = run(sync_of(source), &reading, descends_job, err);
	*yes = reading.yes;
	return fine;
}

static void free_source(struct source *source)
{
	free(source);
}

struct source *sync_source_new(struct agent_sync *sync)
{
	static const struct source_ops ops = { .fetch = fetch, .render = render, .descends = descends, .free = free_source };
	struct sync_source *made = alloc_new(1, sizeof *made);
	sync->kept = sync->kept ? sync->kept : manifests_kept_new(desired_may_be_kept);
	*made = (struct sync_source){ .source = { .ops = &ops }, .sync = sync };
	return &made->source;
}
