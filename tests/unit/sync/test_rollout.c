#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/rollout.h"
#include "tests/unit/still_clock.c"

/* An API server of one function: path and number of the request in, answer out. */
struct fake;
typedef int answer_fn(struct fake *fake, const char *path, struct buf *reply);

enum { QUEUE = 512 };

struct fake {
	struct kube kube;
	answer_fn *answer; /* 0: never answers; the call runs into its timeout. -1: the connection is lost */
	struct kube_call *queue[QUEUE];
	int64_t sent[QUEUE];
	size_t queued;
	unsigned requests;
	unsigned lists;
	unsigned pods;
	unsigned gets;
	char last_pods[300];
	char last_list[300];
	/* alive */
	int64_t alive_at;
	int64_t longest_gap;
	int lives; /* times that alive says true; -1 always */
	atomic_int newer;
	unsigned changes;
};

static void fake_send(struct kube *kube, struct kube_call *call)
{
	struct fake *fake = (struct fake *)(void *)kube;
	ck_assert_uint_lt(fake->queued, QUEUE);
	ck_assert_int_gt(call->timeout, 0);
	fake->sent[fake->queued] = clock_now();
	fake->queue[fake->queued++] = call;
	fake->requests++;
	if (strstr(call->path, "/pods?")) {
		fake->pods++;
		(void)snprintf(fake->last_pods, sizeof fake->last_pods, "%s", call->path);
	} else if (strstr(call->path, "?limit=500")) {
		fake->lists++;
		(void)snprintf(fake->last_list, sizeof fake->last_list, "%s", call->path);
	} else if (!strchr(call->path, '?')) {
		fake->gets++;
	}
}

static bool fake_one(struct fake *fake, size_t i)
{
	struct kube_call *call = fake->queue[i];
	int status = fake->answer(fake, call->path, &call->reply);
	if (status == 0 && clock_now() < fake->sent[i] + call->timeout) {
		return false;
	}
	if (status <= 0) {
		(void)err_set(&call->err, ERR_TRANSIENT, "cannot reach the API server");
	}
	call->status = status > 0 ? status : 0;
	fake->queued--;
	memmove(&fake->queue[i], &fake->queue[i + 1], (fake->queued - i) * sizeof fake->queue[0]);
	memmove(&fake->sent[i], &fake->sent[i + 1], (fake->queued - i) * sizeof fake->sent[0]);
	call->done(call, call->context);
	return true;
}

static bool fake_run(struct kube *kube, int64_t until)
{
	struct fake *fake = (struct fake *)(void *)kube;
	while (fake->queued) {
		size_t i = 0;
		while (i < fake->queued && !fake_one(fake, i)) {
			i++;
		}
		if (i == fake->queued && fake->queued) {
			if (clock_now() >= until) {
				return false;
			}
			clock_sleep_until(clock_now() + 5);
		}
	}
	return true;
}

static void fake_free(struct kube *kube)
{
	(void)kube;
}

static const struct kube_ops fake_ops = { .send = fake_send, .run = fake_run, .free = fake_free };

static struct fake fake_make(answer_fn *answer)
{
	return (struct fake){ .kube.ops = &fake_ops, .answer = answer, .lives = -1 };
}

static bool is_alive(void *context)
{
	struct fake *fake = context;
	int64_t now = clock_now();
	if (fake->alive_at && now - fake->alive_at > fake->longest_gap) {
		fake->longest_gap = now - fake->alive_at;
	}
	fake->alive_at = now;
	return fake->lives < 0 || fake->lives-- > 0;
}

static void count_change(void *context, const struct rollout *rollout)
{
	(void)rollout;
	((struct fake *)context)->changes++;
}

static const struct resource deployments = {
	.group = "apps", .version = "v1", .kind = "Deployment", .plural = "deployments", .namespaced = true, .listable = true
};
static const struct resource statefulsets = {
	.group = "apps", .version = "v1", .kind = "StatefulSet", .plural = "statefulsets", .namespaced = true, .listable = true
};
static const struct resource configmaps = {
	.group = "", .version = "v1", .kind = "ConfigMap", .plural = "configmaps", .namespaced = true, .listable = true
};

static struct rollout follow(const struct resource *resource, const char *name)
{
	return (struct rollout){ .id = ident_make(resource->group, resource->kind, "shop", name),
		                     .resource = resource,
		                     .uid = text_dup("u1"),
		                     .generation = 2 };
}

static bool wait_for(struct fake *fake, struct rollout *rollouts, size_t count, int64_t timeout, struct err *err)
{
	struct rollout_options options = { .deadline = clock_now() + timeout,
		                               .selector = "plumb.dev/sync=a b",
		                               .changed = count_change,
		                               .alive = is_alive,
		                               .newer = &fake->newer,
		                               .context = fake };
	fake->alive_at = clock_now();
	bool well = rollout_wait(&fake->kube, rollouts, count, &options, err);
	ck_assert_uint_eq(fake->queued, 0);
	return well;
}

#define DEPLOYMENT_HEAD \
	"{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"web\",\"uid\":\"u1\",\"generation\":2," \
	"\"annotations\":{\"deployment.kubernetes.io/revision\":\"8\"}},"
#define DEPLOYMENT_SPEC \
	"\"spec\":{\"replicas\":1,\"progressDeadlineSeconds\":600,\"selector\":{\"matchLabels\":{\"app\":\"web\"},\"matchExpressions\":" \
	"[{\"key\":\"tier\",\"operator\":\"In\",\"values\":[\"a\",\"b\"]},{\"key\":\"old\",\"operator\":\"DoesNotExist\"}]}},"

static const char unobserved[] = DEPLOYMENT_HEAD DEPLOYMENT_SPEC
	"\"status\":{\"observedGeneration\":1,\"replicas\":1,\"updatedReplicas\":1,\"readyReplicas\":1,\"availableReplicas\":1,\"conditions\":"
	"[{\"type\":\"Available\",\"status\":\"True\"},{\"type\":\"Progressing\",\"status\":\"True\",\"reason\":\"NewReplicaSetAvailable\"}]}}";
static const char moving[] = DEPLOYMENT_HEAD DEPLOYMENT_SPEC
	"\"status\":{\"observedGeneration\":2,\"replicas\":1,\"updatedReplicas\":1,\"conditions\":[{\"type\":\"Progressing\","
	"\"status\":\"True\",\"reason\":\"ReplicaSetUpdated\"}]}}";
static const char done[] = DEPLOYMENT_HEAD DEPLOYMENT_SPEC
	"\"status\":{\"observedGeneration\":2,\"replicas\":1,\"updatedReplicas\":1,\"readyReplicas\":1,\"availableReplicas\":1,\"conditions\":"
	"[{\"type\":\"Available\",\"status\":\"True\"},{\"type\":\"Progressing\",\"status\":\"True\",\"reason\":\"NewReplicaSetAvailable\"}]}}";
static const char exceeded[] = DEPLOYMENT_HEAD DEPLOYMENT_SPEC
	"\"status\":{\"observedGeneration\":2,\"replicas\":1,\"updatedReplicas\":1,\"conditions\":[{\"type\":\"Progressing\","
	"\"status\":\"False\",\"reason\":\"ProgressDeadlineExceeded\"}]}}";

/* Two ReplicaSets; the pod of the old one is broken in another way. */
static const char sets[] =
	"{\"items\":[{\"metadata\":{\"uid\":\"old\",\"annotations\":{\"deployment.kubernetes.io/revision\":\"7\"},"
	"\"ownerReferences\":[{\"uid\":\"u1\",\"controller\":true}]}},"
	"{\"metadata\":{\"uid\":\"new\",\"annotations\":{\"deployment.kubernetes.io/revision\":\"8\"},"
	"\"ownerReferences\":[{\"uid\":\"u1\",\"controller\":true}]}}]}";
static const char pods[] =
	"{\"items\":[{\"metadata\":{\"name\":\"web-old\",\"ownerReferences\":[{\"uid\":\"old\",\"controller\":true}]},\"status\":{\"phase\":"
	"\"Running\",\"containerStatuses\":[{\"name\":\"web\",\"state\":{\"waiting\":{\"reason\":\"CrashLoopBackOff\"}}}]}},"
	"{\"metadata\":{\"name\":\"web-new\",\"ownerReferences\":[{\"uid\":\"new\",\"controller\":true}]},"
	"\"spec\":{\"containers\":[{\"name\":\"web\",\"image\":\"registry.example/none:1\"}]},\"status\":{\"phase\":"
	"\"Pending\",\"containerStatuses\":[{\"name\":\"web\",\"state\":{\"waiting\":{\"reason\":\"ImagePullBackOff\"}}}]}}]}";
static const char why[] = "pod web-new: ImagePullBackOff: container web, image registry.example/none:1";

static int say(struct buf *reply, const char *text)
{
	buf_reset(reply);
	ck_assert(buf_puts(reply, text));
	return 200;
}

static int say_pods(const char *path, struct buf *reply)
{
	if (strstr(path, "/replicasets?")) {
		return say(reply, sets);
	}
	return say(reply, strstr(path, "/pods?") ? pods : "{\"items\":[]}");
}

static int becomes_well(struct fake *fake, const char *path, struct buf *reply)
{
	(void)path;
	return say(reply, fake->gets == 1 ? unobserved : fake->gets == 2 ? moving : done);
}

START_TEST(an_old_success_is_not_believed_and_the_revision_is_noted)
{
	struct fake fake = fake_make(becomes_well);
	struct rollout web = follow(&deployments, "web");
	struct err err = ERR_INIT;
	ck_assert(wait_for(&fake, &web, 1, 5000, &err));
	ck_assert(web.settled);
	ck_assert_int_eq(web.report.health, HEALTH_CURRENT);
	ck_assert_int_eq(web.revision, 8);
	ck_assert_uint_eq(fake.requests, 3);
	ck_assert_uint_eq(fake.changes, 3);
	rollout_release(&web);
}
END_TEST

static int flickers(struct fake *fake, const char *path, struct buf *reply)
{
	if (strchr(path, '?')) {
		return say_pods(path, reply);
	}
	return say(reply, fake->gets == 1 ? exceeded : done);
}

START_TEST(the_failure_of_the_template_before_is_not_believed)
{
	struct fake fake = fake_make(flickers);
	struct rollout web = follow(&deployments, "web");
	struct err err = ERR_INIT;
	ck_assert(wait_for(&fake, &web, 1, 5000, &err));
	ck_assert_uint_eq(fake.pods, 0);
	rollout_release(&web);
}
END_TEST

static int one_fails(struct fake *fake, const char *path, struct buf *reply)
{
	if (strchr(path, '?')) {
		return say_pods(path, reply);
	}
	if (strstr(path, "/slow")) {
		return say(reply, fake->gets > 5 ? done : moving);
	}
	return say(reply, exceeded);
}

static int sleeps(struct fake *fake, const char *path, struct buf *reply)
{
	(void)fake;
	(void)path;
	return say(reply, DEPLOYMENT_HEAD
	           "\"spec\":{\"replicas\":0,\"selector\":{\"matchLabels\":{\"app\":\"web\"}}},\"status\":{\"observedGeneration\":2,"
	           "\"conditions\":[{\"type\":\"Available\",\"status\":\"True\"},{\"type\":\"Progressing\",\"status\":\"True\","
	           "\"reason\":\"NewReplicaSetAvailable\"}]}}");
}

START_TEST(the_success_of_zero_replicas_is_seen_twice_unless_nothing_was_written)
{
	for (int unchanged = 0; unchanged < 2; unchanged++) {
		struct fake fake = fake_make(sleeps);
		struct rollout web = follow(&deployments, "web");
		struct err err = ERR_INIT;
		web.unchanged = unchanged;
		ck_assert(wait_for(&fake, &web, 1, 5000, &err));
		ck_assert_uint_eq(fake.gets, unchanged ? 1 : 2);
		rollout_release(&web);
	}
}
END_TEST

START_TEST(a_failure_names_the_pods_of_the_newest_replicaset_and_does_not_end_the_wait_for_others)
{
	struct fake fake = fake_make(one_fails);
	struct rollout both[] = { follow(&deployments, "web"), follow(&deployments, "slow") };
	struct err err = ERR_INIT;
	ck_assert(!wait_for(&fake, both, 2, 10000, &err));
	ck_assert_int_eq(err.kind, ERR_NONE);
	ck_assert_int_eq(both[0].report.health, HEALTH_FAILED);
	ck_assert_str_eq(both[0].report.reason, "ProgressDeadlineExceeded");
	ck_assert_str_eq(both[0].report.message, why);
	ck_assert(both[0].settled);
	ck_assert_int_eq(both[1].report.health, HEALTH_CURRENT);
	ck_assert_str_eq(fake.last_pods,
	                 "/api/v1/namespaces/shop/pods?limit=100&labelSelector=app%3Dweb%2Ctier%20in%20%28a%2Cb%29%2C%21old");
	rollout_release(&both[0]);
	rollout_release(&both[1]);
}
END_TEST

static int never(struct fake *fake, const char *path, struct buf *reply)
{
	(void)fake;
	return strchr(path, '?') ? say_pods(path, reply) : say(reply, moving);
}

START_TEST(the_deadline_is_kept_and_tells_what_the_pods_wait_for)
{
	static const int64_t timeouts[] = { 200, 500, 1200 };
	struct fake fake = fake_make(never);
	struct rollout web = follow(&deployments, "web");
	struct err err = ERR_INIT;
	int64_t begin = clock_now();
	ck_assert(!wait_for(&fake, &web, 1, timeouts[_i], &err));
	int64_t took = clock_now() - begin;
	ck_assert_int_eq(took, timeouts[_i]);
	ck_assert_int_le(fake.longest_gap, 100);
	ck_assert_int_eq(err.kind, ERR_NONE);
	ck_assert(!web.settled);
	ck_assert_int_eq(web.report.health, HEALTH_PROGRESSING);
	ck_assert_str_eq(web.report.reason, "Timeout");
	char expected[256];
	(void)snprintf(expected, sizeof expected, "1 of 1 updated, 0 available; %s", why);
	ck_assert_str_eq(web.report.message, expected);
	ck_assert_uint_le(fake.gets, 8);
	rollout_release(&web);
}
END_TEST

static int hangs(struct fake *fake, const char *path, struct buf *reply)
{
	return fake->gets > 1 || strchr(path, '?') ? 0 : never(fake, path, reply);
}

static int dead(struct fake *fake, const char *path, struct buf *reply)
{
	(void)fake, (void)path, (void)reply;
	return -1;
}

START_TEST(a_server_that_stops_answering_does_not_hold_the_deadline)
{
	struct fake fake = fake_make(hangs);
	struct rollout web = follow(&deployments, "web");
	struct err err = ERR_INIT;
	int64_t begin = clock_now();
	ck_assert(!wait_for(&fake, &web, 1, 800, &err));
	ck_assert_int_eq(clock_now() - begin, 800);
	ck_assert_int_le(fake.longest_gap, 105);
	ck_assert_str_eq(web.report.reason, "Timeout");
	ck_assert_str_eq(web.report.message, "1 of 1 updated, 0 available");
	rollout_release(&web);
}
END_TEST

START_TEST(a_cluster_that_is_never_reached_is_an_error)
{
	struct fake fake = fake_make(dead);
	struct rollout web = follow(&deployments, "web");
	struct err err = ERR_INIT;
	ck_assert(!wait_for(&fake, &web, 1, 600, &err));
	ck_assert_int_eq(err.kind, ERR_TRANSIENT);
	ck_assert_str_eq(web.report.reason, "Timeout");
	ck_assert_str_eq(web.report.message, "cannot reach the API server");
	rollout_release(&web);
}
END_TEST

static int recovers(struct fake *fake, const char *path, struct buf *reply)
{
	(void)path;
	return fake->requests == 1 ? 500 : fake->requests == 2 ? -1 : say(reply, done);
}

START_TEST(transient_failures_are_tried_again)
{
	struct fake fake = fake_make(recovers);
	struct rollout web = follow(&deployments, "web");
	struct err err = ERR_INIT;
	ck_assert(wait_for(&fake, &web, 1, 5000, &err));
	rollout_release(&web);
}
END_TEST

static int vanishes(struct fake *fake, const char *path, struct buf *reply)
{
	(void)fake;
	return strstr(path, "/web") ? 404 : say(reply, "{\"metadata\":{\"name\":\"x\",\"uid\":\"u2\"}}");
}

START_TEST(deleted_and_replaced_objects_fail)
{
	struct fake fake = fake_make(vanishes);
	struct rollout both[] = { follow(&deployments, "web"), follow(&configmaps, "other") };
	struct err err = ERR_INIT;
	ck_assert(!wait_for(&fake, both, 2, 5000, &err));
	ck_assert_str_eq(both[0].report.reason, "Deleted");
	ck_assert_str_eq(both[0].report.message, "was deleted while waiting");
	ck_assert_str_eq(both[1].report.message, "was replaced");
	ck_assert_uint_eq(fake.requests, 2);
	rollout_release(&both[0]);
	rollout_release(&both[1]);
}
END_TEST

static int denies(struct fake *fake, const char *path, struct buf *reply)
{
	(void)fake, (void)path;
	(void)say(reply, "{\"kind\":\"Status\",\"message\":\"no\",\"reason\":\"Forbidden\"}");
	return 403;
}

START_TEST(a_denied_read_ends_the_wait)
{
	struct fake fake = fake_make(denies);
	struct rollout web = follow(&deployments, "web");
	struct err err = ERR_INIT;
	ck_assert(!wait_for(&fake, &web, 1, 5000, &err));
	ck_assert_int_eq(err.kind, ERR_DENIED);
	ck_assert_ptr_nonnull(strstr(err.msg, "deployment.apps/web in shop"));
	rollout_release(&web);
}
END_TEST

START_TEST(alive_ends_the_wait)
{
	struct fake fake = fake_make(hangs);
	fake.lives = 3;
	struct rollout web = follow(&deployments, "web");
	struct err err = ERR_INIT;
	int64_t begin = clock_now();
	ck_assert(!wait_for(&fake, &web, 1, 30000, &err));
	ck_assert_int_eq(err.kind, ERR_NONE);
	ck_assert(!web.settled);
	ck_assert_str_ne(web.report.reason, "Timeout");
	ck_assert_int_le(clock_now() - begin, 500);
	rollout_release(&web);
}
END_TEST

enum { MANY = 20 };

/* Two pages; map 7 has lost its label. Items say no kind, as those of built-in kinds. */
static int pages(struct fake *fake, const char *path, struct buf *reply)
{
	(void)fake;
	if (!strchr(path, '?')) {
		return say(reply, "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"7\",\"uid\":\"u1\"}}");
	}
	bool second = strstr(path, "continue=to%2Fken") != NULL;
	(void)say(reply, second ? "{\"metadata\":{},\"items\":[" : "{\"metadata\":{\"continue\":\"to/ken\"},\"items\":[");
	for (int i = second ? 10 : 0; i < (second ? MANY : 10); i++) {
		if (i != 7) {
			(void)buf_printf(reply, "{\"metadata\":{\"name\":\"%d\",\"uid\":\"u1\"}},", i);
		}
	}
	(void)buf_puts(reply, "{\"metadata\":{\"name\":\"foreign\",\"uid\":\"u9\"}}]}");
	return 200;
}

static int lists_denied(struct fake *fake, const char *path, struct buf *reply)
{
	return strchr(path, '?') ? denies(fake, path, reply) : pages(fake, path, reply);
}

static void follow_many(struct fake *fake, const struct resource *resource, struct rollout *many)
{
	struct err err = ERR_INIT;
	char name[16];
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof name, "%d", i);
		many[i] = follow(resource, name);
	}
	ck_assert(wait_for(fake, many, MANY, 5000, &err));
	for (int i = 0; i < MANY; i++) {
		rollout_release(&many[i]);
	}
}

START_TEST(many_are_read_by_list_in_pages_and_what_it_misses_by_get)
{
	struct fake fake = fake_make(pages);
	struct rollout many[MANY];
	follow_many(&fake, &configmaps, many);
	ck_assert_uint_eq(fake.lists, 2);
	ck_assert_uint_eq(fake.gets, 1);
	ck_assert_str_eq(fake.last_list,
	                 "/api/v1/namespaces/shop/configmaps?limit=500&labelSelector=plumb.dev%2Fsync%3Da%20b&continue=to%2Fken");
}
END_TEST

static int newer_meanwhile(struct fake *fake, const char *path, struct buf *reply)
{
	fake->newer = 1;
	return pages(fake, path, reply);
}

START_TEST(a_list_that_comes_when_something_newer_waits_is_not_read)
{
	struct fake fake = fake_make(newer_meanwhile);
	struct rollout many[MANY];
	struct err err = ERR_INIT;
	char name[16];
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof name, "%d", i);
		many[i] = follow(&configmaps, name);
	}
	ck_assert(!wait_for(&fake, many, MANY, 5000, &err));
	ck_assert_int_eq(err.kind, ERR_NONE);
	ck_assert_uint_eq(fake.requests, 1);
	for (int i = 0; i < MANY; i++) {
		ck_assert(!many[i].settled);
		rollout_release(&many[i]);
	}
}
END_TEST

START_TEST(where_lists_are_denied_each_is_read_by_name)
{
	struct fake fake = fake_make(lists_denied);
	struct rollout many[MANY];
	follow_many(&fake, &configmaps, many);
	ck_assert_uint_eq(fake.lists, 1);
	ck_assert_uint_eq(fake.gets, MANY);
}
END_TEST

static int deployments_listed(struct fake *fake, const char *path, struct buf *reply)
{
	static const char item[] = "\"uid\":\"u1\",\"generation\":2},\"spec\":{\"replicas\":1},\"status\":{\"observedGeneration\":2,"
							   "\"replicas\":1,\"updatedReplicas\":1,\"readyReplicas\":1,\"availableReplicas\":%d,\"conditions\":"
							   "[{\"type\":\"Available\",\"status\":\"True\"}]}}";
	(void)path;
	(void)say(reply, "{\"metadata\":{},\"items\":[");
	for (int i = 0; i < MANY; i++) {
		(void)buf_printf(reply, "%s{\"metadata\":{\"name\":\"%d\",", i ? "," : "", i);
		(void)buf_printf(reply, item, fake->lists > 1);
	}
	(void)buf_puts(reply, "]}");
	return 200;
}

START_TEST(items_of_a_list_are_judged_by_their_kind)
{
	struct fake fake = fake_make(deployments_listed);
	struct rollout many[MANY];
	follow_many(&fake, &deployments, many);
	ck_assert_uint_eq(fake.lists, 2);
}
END_TEST

static int quota(struct fake *fake, const char *path, struct buf *reply)
{
	(void)fake;
	if (strstr(path, "/events?")) {
		ck_assert_ptr_nonnull(strstr(path, "fieldSelector=involvedObject.uid%3Du1%2Creason%3DFailedCreate"));
		return say(reply, "{\"items\":[{\"lastTimestamp\":\"2026-01-01T00:00:01Z\",\"message\":\"new\\n\"},"
		                  "{\"lastTimestamp\":\"2026-01-01T00:00:00Z\",\"message\":\"old\"}]}");
	}
	if (strchr(path, '?')) {
		return say(reply, "{\"items\":[]}");
	}
	return say(
		reply,
		"{\"apiVersion\":\"apps/v1\",\"kind\":\"StatefulSet\",\"metadata\":{\"name\":\"db\",\"uid\":\"u1\",\"generation\":2},"
		"\"spec\":{\"replicas\":2,\"selector\":{\"matchLabels\":{\"app\":\"db\"}}},\"status\":{\"observedGeneration\":2}}");
}

START_TEST(a_statefulset_whose_pods_cannot_be_made_says_why)
{
	struct fake fake = fake_make(quota);
	struct rollout db = follow(&statefulsets, "db");
	struct err err = ERR_INIT;
	ck_assert(!wait_for(&fake, &db, 1, 500, &err));
	ck_assert_str_eq(db.report.reason, "Timeout");
	ck_assert_str_eq(db.report.message, "FailedCreate: new");
	rollout_release(&db);
}
END_TEST

START_TEST(nothing_to_follow_is_done_at_once)
{
	struct fake fake = fake_make(dead);
	struct err err = ERR_INIT;
	ck_assert(wait_for(&fake, NULL, 0, 5000, &err));
	struct rollout settled = follow(&deployments, "web");
	settled.settled = true;
	ck_assert(wait_for(&fake, &settled, 1, 5000, &err));
	ck_assert_uint_eq(fake.requests, 0);
	rollout_release(&settled);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("rollout");
	tcase_add_test(tcase, an_old_success_is_not_believed_and_the_revision_is_noted);
	tcase_add_test(tcase, the_failure_of_the_template_before_is_not_believed);
	tcase_add_test(tcase, a_failure_names_the_pods_of_the_newest_replicaset_and_does_not_end_the_wait_for_others);
	tcase_add_loop_test(tcase, the_deadline_is_kept_and_tells_what_the_pods_wait_for, 0, 3);
	tcase_add_test(tcase, a_server_that_stops_answering_does_not_hold_the_deadline);
	tcase_add_test(tcase, a_cluster_that_is_never_reached_is_an_error);
	tcase_add_test(tcase, transient_failures_are_tried_again);
	tcase_add_test(tcase, deleted_and_replaced_objects_fail);
	tcase_add_test(tcase, a_denied_read_ends_the_wait);
	tcase_add_test(tcase, the_success_of_zero_replicas_is_seen_twice_unless_nothing_was_written);
	tcase_add_test(tcase, alive_ends_the_wait);
	tcase_add_test(tcase, many_are_read_by_list_in_pages_and_what_it_misses_by_get);
	tcase_add_test(tcase, a_list_that_comes_when_something_newer_waits_is_not_read);
	tcase_add_test(tcase, where_lists_are_denied_each_is_read_by_name);
	tcase_add_test(tcase, items_of_a_list_are_judged_by_their_kind);
	tcase_add_test(tcase, a_statefulset_whose_pods_cannot_be_made_says_why);
	tcase_add_test(tcase, nothing_to_follow_is_done_at_once);
	Suite *suite = suite_create("rollout");
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
