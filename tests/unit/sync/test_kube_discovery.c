#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "sync/clock.h"
#include "sync/kube/discovery.h"

/* An API server that answers from a table of path and text. A path that is not in it is 404, an empty text is 503. */
struct fake {
	struct kube kube;
	const char *const (*answers)[2];
	size_t count;
	struct kube_call *queue[8];
	size_t queued;
	size_t most; /* in flight at once */
};

static void fake_send(struct kube *kube, struct kube_call *call)
{
	struct fake *fake = (struct fake *)kube;
	ck_assert_uint_lt(fake->queued, ARRAY_LEN(fake->queue));
	fake->queue[fake->queued++] = call;
	fake->most = fake->queued > fake->most ? fake->queued : fake->most;
	kube->stats.requests++;
}

static bool fake_run(struct kube *kube, int64_t until)
{
	(void)until;
	struct fake *fake = (struct fake *)kube;
	while (fake->queued) {
		struct kube_call *call = fake->queue[--fake->queued];
		call->status = 404;
		for (size_t i = 0; i < fake->count; i++) {
			if (strcmp(fake->answers[i][0], call->path) == 0) {
				call->status = *fake->answers[i][1] ? 200 : 503;
				ck_assert(buf_puts(&call->reply, fake->answers[i][1]));
			}
		}
		call->done(call, call->context);
	}
	return true;
}

static const struct kube_ops fake_ops = { .send = fake_send, .run = fake_run };

#define FAKE(table) \
	{ \
		.kube.ops = &fake_ops, .answers = (table), .count = ARRAY_LEN(table) \
	}

#define VERBS "\"verbs\":[\"create\",\"delete\",\"get\",\"list\",\"patch\"]"
#define ITEM(plural, kind, scope, more) \
	"{\"resource\":\"" plural "\",\"responseKind\":{\"group\":\"\",\"version\":\"\",\"kind\":\"" kind "\"},\"scope\":\"" scope \
	"\"," VERBS more "}"
#define V2 "{\"kind\":\"APIGroupDiscoveryList\",\"apiVersion\":\"apidiscovery.k8s.io/v2\",\"items\":["

#define CORE \
	V2 "{\"metadata\":{\"creationTimestamp\":null},\"versions\":[{\"version\":\"v1\",\"freshness\":\"Current\",\"resources\":[" ITEM( \
		"pods", "Pod", "Namespaced", \
		"") "," ITEM("namespaces", "Namespace", "Cluster", \
	                 "") ",{\"resource\":\"bindings\",\"responseKind\":{\"kind\":\"Binding\"},\"scope\":\"Namespaced\",\"verbs\":[\"create\"]}]}]}]}"

#define APPS \
	"{\"metadata\":{\"name\":\"apps\"},\"versions\":[{\"version\":\"v1\",\"freshness\":\"Current\",\"resources\":[" ITEM( \
		"deployments", "Deployment", "Namespaced", \
		",\"subresources\":[{\"subresource\":\"scale\",\"responseKind\":{\"kind\":\"Scale\"},\"verbs\":[\"get\"]}]") "]}," \
																													 "{\"version\":\"v1beta2\",\"freshness\":\"Current\",\"resources\":[" ITEM( \
																														 "deployments", \
																														 "Deployment", \
																														 "Namespaced", \
																														 "") "," ITEM("olds", \
	                                                                                                                                  "Old", \
	                                                                                                                                  "Namespaced", \
	                                                                                                                                  "") "]}]}"

#define DOWN \
	"{\"metadata\":{\"name\":\"metrics.k8s.io\"},\"versions\":[{\"version\":\"v1\",\"freshness\":\"Stale\"," \
	"\"resources\":[" ITEM("nodes", "NodeMetrics", "Cluster", "") "]}]}"

#define CRD \
	"{\"metadata\":{\"name\":\"shop.example\"},\"versions\":[{\"version\":\"v1\",\"freshness\":\"Current\"," \
	"\"resources\":[" ITEM("carts", "Cart", "Namespaced", "") "]}]}"

static const char *const aggregated[][2] = { { "/api", CORE }, { "/apis", V2 APPS "," DOWN "]}" } };
static const char *const with_crd[][2] = { { "/api", CORE }, { "/apis", V2 CRD "," DOWN "," APPS "]}" } };
static const char *const all_up[][2] = { { "/api", CORE }, { "/apis", V2 APPS "]}" } };
static const char *const reordered[][2] = { { "/api", CORE }, { "/apis", V2 DOWN "," APPS "]}" } };

static struct discovery *open_discovery(struct fake *fake)
{
	struct err err = ERR_INIT;
	struct discovery *discovery = discovery_new(&fake->kube, clock_now() + 60000, &err);
	ck_assert_msg(discovery != NULL, "%s", err.msg);
	return discovery;
}

START_TEST(reads_aggregated_discovery_with_two_requests_at_once)
{
	struct fake fake = FAKE(aggregated);
	struct discovery *discovery = open_discovery(&fake);
	const struct resource *found = NULL;
	ck_assert_uint_eq(fake.most, 2);
	ck_assert_int_eq(discovery_find(discovery, "apps", NULL, "Deployment", &found), DISCOVERY_FOUND);
	ck_assert_str_eq(found->version, "v1");
	ck_assert_str_eq(found->plural, "deployments");
	ck_assert(found->namespaced && found->listable && found->patchable && found->deletable && found->scalable);
	ck_assert_int_eq(discovery_find(discovery, "", "v1", "Namespace", &found), DISCOVERY_FOUND);
	ck_assert(!found->namespaced && !found->scalable);
	ck_assert_int_eq(discovery_find(discovery, "", "v1", "Binding", &found), DISCOVERY_FOUND);
	ck_assert(!found->listable && !found->patchable && !found->deletable);
	ck_assert_int_eq(discovery_find(discovery, "apps", "v1", "Scale", &found), DISCOVERY_ABSENT);
	ck_assert_uint_eq(fake.kube.stats.requests, 2);
	discovery_free(discovery);
}
END_TEST

START_TEST(tells_absent_from_unknown_and_from_another_version)
{
	struct fake fake = FAKE(aggregated);
	struct discovery *discovery = open_discovery(&fake);
	const struct resource *found = NULL;
	ck_assert_int_eq(discovery_find(discovery, "apps", "v1beta1", "Deployment", &found), DISCOVERY_OTHER_VERSION);
	ck_assert_str_eq(found->version, "v1");
	ck_assert_int_eq(discovery_find(discovery, "apps", "v1", "Old", &found), DISCOVERY_OTHER_VERSION);
	ck_assert_str_eq(found->version, "v1beta2");
	ck_assert_int_eq(discovery_find(discovery, "apps", "v1", "Nothing", &found), DISCOVERY_ABSENT);
	ck_assert_int_eq(discovery_find(discovery, "nowhere", "v1", "Deployment", &found), DISCOVERY_ABSENT);
	ck_assert_int_eq(discovery_find(discovery, "metrics.k8s.io", "v1", "NodeMetrics", &found), DISCOVERY_UNKNOWN);
	ck_assert_int_eq(discovery_find(discovery, "metrics.k8s.io", NULL, "PodMetrics", &found), DISCOVERY_UNKNOWN);
	discovery_free(discovery);
}
END_TEST

START_TEST(a_refresh_finds_what_arrived_and_keeps_resources_valid)
{
	struct fake fake = FAKE(aggregated);
	struct discovery *discovery = open_discovery(&fake);
	const struct resource *before = NULL;
	const struct resource *after = NULL;
	char digests[3][DIGEST_TEXT];
	ck_assert_int_eq(discovery_find(discovery, "shop.example", "v1", "Cart", &after), DISCOVERY_ABSENT);
	ck_assert_int_eq(discovery_find(discovery, "apps", "v1", "Deployment", &before), DISCOVERY_FOUND);
	discovery_digest(discovery, digests[0]);
	struct err err = ERR_INIT;
	fake.answers = with_crd;
	ck_assert(discovery_refresh(discovery, clock_now() + 60000, &err));
	ck_assert_int_eq(discovery_find(discovery, "shop.example", "v1", "Cart", &after), DISCOVERY_FOUND);
	ck_assert_int_eq(discovery_find(discovery, "apps", "v1", "Deployment", &after), DISCOVERY_FOUND);
	ck_assert_ptr_eq(before, after);
	discovery_digest(discovery, digests[1]);
	fake.answers = reordered;
	ck_assert(discovery_refresh(discovery, clock_now() + 60000, &err));
	discovery_digest(discovery, digests[2]);
	ck_assert_str_ne(digests[0], digests[1]);
	ck_assert_str_eq(digests[0], digests[2]);
	discovery_free(discovery);
}
END_TEST

START_TEST(what_one_shares_is_read_once_and_what_another_reads_again_is_known_to_later_ones)
{
	struct err err = ERR_INIT;
	struct fake fake = FAKE(aggregated);
	struct fake second = FAKE(with_crd);
	struct discovery *base = open_discovery(&fake);
	struct discovery *one = discovery_share(base, &second.kube);
	const struct resource *mine = NULL;
	const struct resource *shared = NULL;
	ck_assert_int_eq(discovery_find(base, "apps", "v1", "Deployment", &mine), DISCOVERY_FOUND);
	ck_assert_int_eq(discovery_find(one, "apps", "v1", "Deployment", &shared), DISCOVERY_FOUND);
	ck_assert_ptr_eq(mine, shared);
	ck_assert_uint_eq(second.kube.stats.requests, 0);
	ck_assert_int_eq(discovery_find(one, "shop.example", "v1", "Cart", &shared), DISCOVERY_ABSENT);
	ck_assert(discovery_refresh(one, clock_now() + 60000, &err));
	ck_assert_int_eq(discovery_find(one, "shop.example", "v1", "Cart", &shared), DISCOVERY_FOUND);
	struct discovery *later = discovery_share(base, &fake.kube);
	discovery_free(one);
	ck_assert_int_eq(discovery_find(later, "shop.example", "v1", "Cart", &shared), DISCOVERY_FOUND);
	discovery_free(base);
	ck_assert_str_eq(shared->plural, "carts");
	ck_assert_str_eq(mine->plural, "deployments");
	discovery_free(later);
}
END_TEST

START_TEST(a_discovery_with_a_group_that_is_down_is_never_young)
{
	struct fake fake = FAKE(aggregated);
	struct fake whole = FAKE(all_up);
	struct discovery *discovery = open_discovery(&fake);
	ck_assert_int_eq(discovery_time(discovery), 0);
	discovery_free(discovery);
	discovery = open_discovery(&whole);
	ck_assert_int_gt(discovery_time(discovery), 0);
	discovery_free(discovery);
}
END_TEST

START_TEST(a_refresh_that_fails_keeps_what_was_known)
{
	static const char *const broken[][2] = { { "/api", CORE }, { "/apis", "{\"kind\":\"Table\"}" } };
	static const char *const busy[][2] = { { "/api", "" }, { "/apis", "" } };
	struct fake fake = FAKE(aggregated);
	struct discovery *discovery = open_discovery(&fake);
	struct err err = ERR_INIT;
	const struct resource *found = NULL;
	fake.answers = broken;
	ck_assert(!discovery_refresh(discovery, clock_now() + 60000, &err));
	fake.answers = busy;
	ck_assert(!discovery_refresh(discovery, clock_now() + 60000, &err));
	ck_assert_int_eq(err.kind, ERR_TRANSIENT);
	ck_assert_int_eq(discovery_find(discovery, "apps", "v1", "Deployment", &found), DISCOVERY_FOUND);
	discovery_free(discovery);
}
END_TEST

#define OLD_ITEM(name, kind) "{\"name\":\"" name "\",\"namespaced\":true,\"kind\":\"" kind "\"," VERBS "}"
#define OLD_LIST "{\"kind\":\"APIResourceList\",\"resources\":["

static const char *const old[][2] = {
	{ "/api", "{\"kind\":\"APIVersions\",\"versions\":[\"v1\"]}" },
	{ "/apis", "{\"kind\":\"APIGroupList\",\"groups\":[{\"name\":\"apps\",\"versions\":[{\"version\":\"v2\"},{\"version\":"
	           "\"v1\"}],\"preferredVersion\":{\"version\":\"v1\"}},{\"name\":\"down\",\"versions\":[{\"version\":\"v1\"}]}]}" },
	{ "/api/v1", OLD_LIST OLD_ITEM("pods", "Pod") "]}" },
	{ "/apis/apps/v1", OLD_LIST OLD_ITEM("deployments", "Deployment") "," OLD_ITEM("deployments/scale", "Scale") "]}" },
	{ "/apis/apps/v2", OLD_LIST OLD_ITEM("deployments", "Deployment") "," OLD_ITEM("news", "New") "]}" },
	{ "/apis/down/v1", "" },
};

START_TEST(an_old_server_is_asked_only_for_the_versions_needed)
{
	struct fake fake = FAKE(old);
	struct discovery *discovery = open_discovery(&fake);
	const struct resource *found = NULL;
	ck_assert_int_eq(discovery_find(discovery, "apps", NULL, "Deployment", &found), DISCOVERY_FOUND);
	ck_assert_str_eq(found->version, "v1");
	ck_assert(found->scalable && found->namespaced);
	ck_assert_uint_eq(fake.kube.stats.requests, 3);
	ck_assert_int_eq(discovery_find(discovery, "apps", "v1", "Deployment", &found), DISCOVERY_FOUND);
	ck_assert_uint_eq(fake.kube.stats.requests, 3);
	ck_assert_int_eq(discovery_find(discovery, "apps", "v1", "New", &found), DISCOVERY_OTHER_VERSION);
	ck_assert_str_eq(found->version, "v2");
	ck_assert_int_eq(discovery_find(discovery, "apps", NULL, "Scale", &found), DISCOVERY_ABSENT);
	ck_assert_int_eq(discovery_find(discovery, "down", "v1", "Thing", &found), DISCOVERY_UNKNOWN);
	ck_assert_int_eq(discovery_find(discovery, "down", NULL, "Thing", &found), DISCOVERY_UNKNOWN);
	discovery_free(discovery);
}
END_TEST

START_TEST(paths_are_escaped_and_leave_out_the_namespace_of_cluster_scoped_kinds)
{
	static const struct resource pods = { .group = "", .version = "v1", .plural = "pods", .namespaced = true };
	static const struct resource roles = { .group = "rbac.authorization.k8s.io", .version = "v1", .plural = "clusterroles" };
	char *paths[] = { resource_path(&pods, "a", "b"), resource_path(&pods, "", NULL), resource_path(&roles, "a", "system:x/y") };
	ck_assert_str_eq(paths[0], "/api/v1/namespaces/a/pods/b");
	ck_assert_str_eq(paths[1], "/api/v1/pods");
	ck_assert_str_eq(paths[2], "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Ax%2Fy");
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		free(paths[i]);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kube_discovery");
	TCase *tests = tcase_create("kube_discovery");
	tcase_add_test(tests, reads_aggregated_discovery_with_two_requests_at_once);
	tcase_add_test(tests, tells_absent_from_unknown_and_from_another_version);
	tcase_add_test(tests, a_refresh_finds_what_arrived_and_keeps_resources_valid);
	tcase_add_test(tests, what_one_shares_is_read_once_and_what_another_reads_again_is_known_to_later_ones);
	tcase_add_test(tests, a_discovery_with_a_group_that_is_down_is_never_young);
	tcase_add_test(tests, a_refresh_that_fails_keeps_what_was_known);
	tcase_add_test(tests, an_old_server_is_asked_only_for_the_versions_needed);
	tcase_add_test(tests, paths_are_escaped_and_leave_out_the_namespace_of_cluster_scoped_kinds);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
