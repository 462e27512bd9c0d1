/*
 * What the tests of prepare, cycle and heal share: a clock that stands still, a source in memory, and an API server in memory in
 * place of the one that access_open reaches (sync/access.c is not linked where this is included).
 */
#ifndef TESTS_UNIT_SYNC_CYCLE_FIXTURE_H
#define TESTS_UNIT_SYNC_CYCLE_FIXTURE_H

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "render/manifests.h"
#include "sync/access.h"
#include "sync/cycle.h"
#include "sync/ledger.h"
#include "sync/source.h"
#include "tests/unit/fake_kube.c"
#include "tests/unit/still_clock.c"

#define CONFIGMAPS "/api/v1/namespaces/shop/configmaps/"
#define RECORDS "/apis/apps/v1/namespaces/shop/controllerrevisions/"
#define LEASE "/apis/coordination.k8s.io/v1/namespaces/shop/leases/plumb-shop"
#define CONFIG(name, value) "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " name "\ndata:\n  value: \"" value "\"\n"
#define RESOURCE(plural, kind, scope) \
	"{\"resource\":\"" plural "\",\"responseKind\":{\"group\":\"\",\"version\":\"\",\"kind\":\"" kind "\"},\"scope\":\"" scope \
	"\",\"verbs\":[\"get\",\"list\",\"patch\",\"delete\"]}"
#define GROUPS(items) "{\"kind\":\"APIGroupDiscoveryList\",\"apiVersion\":\"apidiscovery.k8s.io/v2\",\"items\":[" items "]}"
#define CORE \
	GROUPS("{\"metadata\":{},\"versions\":[{\"version\":\"v1\",\"freshness\":\"Current\",\"resources\":[" RESOURCE( \
		"namespaces", "Namespace", "Cluster") "," RESOURCE("configmaps", "ConfigMap", "Namespaced") "]}]}")

struct scene {
	struct source source; /* first: the table is cast back */
	struct fake_kube *fake;
	struct files *files;         /* of the newest commit */
	struct manifests_kept *kept; /* what needs not be rendered; NULL: all is */
	char commit[41];
	bool descends; /* each commit from each other */
	bool hangs;    /* the server cannot be opened until the client is told to stop */
	void (*rendering)(void);
	struct cycle_options options;
	struct report report;
};

static struct scene scene;

struct kube *access_open(const struct kube_config_options *options, const char *ns, const struct kube_options *more,
                         char **out_ns, struct err *err)
{
	(void)options;
	while (scene.hangs && !*more->stop) {
		(void)usleep(1000);
	}
	if (scene.hangs) {
		(void)err_set(err, ERR_TRANSIENT, "stopped");
		return NULL;
	}
	text_set(out_ns, ns);
	return &scene.fake->kube;
}

/* The server outlives its clients. */
static void scene_closed(struct kube *kube)
{
	(void)kube;
}

static bool scene_fetch(struct source *source, const char *ref, int64_t deadline, struct repo_commit *out, struct err *err)
{
	(void)source;
	(void)ref;
	(void)deadline;
	(void)err;
	*out = (struct repo_commit){ .author = text_dup("Ana"), .subject = text_dup("A change"), .when = 1700000000 };
	memcpy(out->id, scene.commit, sizeof out->id);
	return true;
}

static bool scene_render(struct source *source, const char *commit, const char *path, struct objects *out,
                         struct problems *problems, struct err *err)
{
	(void)err;
	ck_assert_str_eq(commit, scene.commit);
	if (scene.rendering) {
		scene.rendering();
	}
	const struct manifests_options options = { .restriction = LOAD_ROOT_ONLY, .kept = source->whole ? NULL : scene.kept };
	return manifests_render_with(&options, scene.files, path, out, problems);
}

static bool scene_descends(struct source *source, const char *commit, const char *ancestor, bool *yes, struct err *err)
{
	(void)source;
	(void)commit;
	(void)ancestor;
	(void)err;
	*yes = scene.descends;
	return true;
}

/* A commit whose id is of that digit, with these manifests; NULL: with none. */
static void push(char digit, const char *manifests)
{
	files_freep(&scene.files);
	scene.files = files_mem_new();
	files_mem_add(scene.files, "README.md", "", 0);
	if (manifests) {
		files_mem_add(scene.files, "all.yaml", manifests, strlen(manifests));
	}
	memset(scene.commit, digit, 40);
}

static void scene_begin(void)
{
	static const struct source_ops source_ops = { .fetch = scene_fetch, .render = scene_render, .descends = scene_descends };
	static const struct kube_ops kube_ops = { .send = fake_send, .run = fake_run, .free = scene_closed };
	scene = (struct scene){ .source = { .ops = &source_ops }, .fake = fake_kube_new(), .descends = true };
	scene.fake->kube.ops = &kube_ops;
	scene.fake->applies = true;
	(void)fake_kube_put(scene.fake, "/api", CORE);
	(void)fake_kube_put(scene.fake, "/apis", GROUPS(""));
	(void)fake_kube_put(scene.fake, "/api/v1/namespaces/shop", "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\"}");
	scene.options = (struct cycle_options){
		.source.url = "https://git.example.org/shop.git",
		.name = "shop",
		.ns = "shop",
		.prune = true,
		.prune_limit = 100,
		.timeout = 60000,
		.host.source = &scene.source,
	};
}

static void scene_end(void)
{
	report_release(&scene.report);
	files_freep(&scene.files);
	manifests_kept_free(scene.kept);
	fake_kube_free(scene.fake);
}

/* One sync of what was pushed; the requests are those of it. */
static enum report_result sync_now(void)
{
	report_release(&scene.report);
	scene.report = REPORT_INIT;
	fake_kube_forget(scene.fake);
	cycle_sync(&scene.options, &scene.report);
	return scene.report.result;
}

/* Requests that are no reads. */
static size_t writes(void)
{
	return fake_kube_requests(scene.fake, "") - fake_kube_requests(scene.fake, "GET ");
}

static inline bool told(const char *part)
{
	for (size_t i = 0; i < scene.report.error_count; i++) {
		if (strstr(scene.report.errors[i], part)) {
			return true;
		}
	}
	return false;
}

#endif
