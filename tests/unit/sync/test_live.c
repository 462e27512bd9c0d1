#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/fields.h"
#include "sync/listing.h"
#include "sync/live.h"

/* An API server that answers each path once, in the order of its script. */
struct answer {
	const char *path;
	int status;
	const char *reply;
};

struct script {
	struct kube kube;
	const struct answer *answers;
	size_t count;
	size_t used;
	struct kube_call *queue[16];
	size_t queued;
	size_t most_queued;
	const char *accept;
};

static void script_send(struct kube *kube, struct kube_call *call)
{
	struct script *script = (struct script *)kube;
	ck_assert_uint_lt(script->queued, ARRAY_LEN(script->queue));
	script->queue[script->queued++] = call;
	script->most_queued = script->queued > script->most_queued ? script->queued : script->most_queued;
}

static void answer(struct script *script, struct kube_call *call)
{
	ck_assert_msg(script->used < script->count, "not in the script: %s", call->path);
	const struct answer *next = &script->answers[script->used++];
	ck_assert_str_eq(call->path, next->path);
	ck_assert_str_eq(call->method, "GET");
	script->accept = call->accept;
	call->status = next->status;
	if (next->status == 0) {
		(void)err_set(&call->err, ERR_TRANSIENT, "no answer");
	}
	ck_assert(buf_puts(&call->reply, next->reply));
	call->done(call, call->context);
}

static bool script_run(struct kube *kube, int64_t until)
{
	(void)until;
	struct script *script = (struct script *)kube;
	while (script->queued) {
		struct kube_call *call = script->queue[0];
		memmove(script->queue, script->queue + 1, --script->queued * sizeof *script->queue);
		answer(script, call);
	}
	return true;
}

static const struct kube_ops script_ops = { .send = script_send, .run = script_run };

static const struct resource deployments = {
	.group = "apps", .version = "v1", .kind = "Deployment", .plural = "deployments", .namespaced = true
};
static const struct resource configmaps = {
	.group = "", .version = "v1", .kind = "ConfigMap", .plural = "configmaps", .namespaced = true
};

static struct script script_of(const struct answer *answers, size_t count)
{
	return (struct script){ .kube = { .ops = &script_ops }, .answers = answers, .count = count };
}

static const struct live *find(const struct lives *lives, const char *group, const char *kind, const char *name)
{
	CLEANUP(ident_release) struct ident id = ident_make(group, kind, "shop", name);
	return lives_find(lives, &id);
}

#define ITEM(name, uid) "{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"shop\",\"uid\":\"" uid "\",\"generation\":3}}"

START_TEST(lists_and_reads_run_side_by_side_and_ask_for_metadata)
{
	static const struct answer answers[] = {
		{ "/apis/apps/v1/deployments?limit=5000&labelSelector=plumb.dev%2Fname%3Dshop", 200,
		  "{\"kind\":\"PartialObjectMetadataList\",\"metadata\":{},\"items\":[" ITEM("a", "u1") ", " ITEM("b", "u2") "]}" },
		{ "/api/v1/namespaces/shop/configmaps/c", 200, ITEM("c", "u3") },
	};
	struct script script = script_of(answers, ARRAY_LEN(answers));
	struct live_query queries[] = {
		{ .resource = &deployments, .selector = "plumb.dev/name=shop" },
		{ .resource = &configmaps, .ns = "shop", .name = "c" },
	};
	CLEANUP(lives_release) struct lives lives = LIVES_INIT;
	ck_assert(lives_gather(&script.kube, queries, 2, &lives));
	ck_assert_uint_eq(script.used, 2);
	ck_assert_uint_eq(script.most_queued, 2);
	ck_assert_str_eq(script.accept, KUBE_METADATA);
	ck_assert_uint_eq(lives.count, 3);
	ck_assert_str_eq(find(&lives, "apps", "Deployment", "b")->uid, "u2");
	ck_assert_int_eq(find(&lives, "apps", "Deployment", "a")->generation, 3);
	ck_assert_ptr_nonnull(find(&lives, "", "ConfigMap", "c"));
	ck_assert_ptr_null(find(&lives, "", "ConfigMap", "a"));
}
END_TEST

START_TEST(a_long_list_is_read_in_pages_and_begun_anew_when_its_token_is_too_old)
{
	static const struct answer answers[] = {
		{ "/apis/apps/v1/namespaces/shop/deployments?limit=5000", 200,
		  "{\"metadata\":{\"continue\":\"t=1\"},\"items\":[" ITEM("gone", "u0") "]}" },
		{ "/apis/apps/v1/namespaces/shop/deployments?limit=5000&continue=t%3D1", 410, "{\"kind\":\"Status\"}" },
		{ "/apis/apps/v1/namespaces/shop/deployments?limit=5000", 200,
		  "{\"items\":[" ITEM("a", "u1") "],\"metadata\":{\"continue\":\"t2\"}}" },
		{ "/apis/apps/v1/namespaces/shop/deployments?limit=5000&continue=t2", 200,
		  "{\"metadata\":{\"continue\":\"\"},\"items\":[" ITEM("b", "u2") "]}" },
	};
	struct script script = script_of(answers, ARRAY_LEN(answers));
	struct live_query query = { .resource = &deployments, .ns = "shop" };
	CLEANUP(lives_release) struct lives lives = LIVES_INIT;
	ck_assert(lives_gather(&script.kube, &query, 1, &lives));
	ck_assert_uint_eq(script.used, 4);
	ck_assert_str_eq(script.accept, KUBE_METADATA_LIST);
	ck_assert_uint_eq(lives.count, 2);
	ck_assert_ptr_null(find(&lives, "apps", "Deployment", "gone"));
}
END_TEST

START_TEST(a_token_that_is_always_too_old_is_an_error_in_the_end)
{
	static const struct answer gone = { "/apis/apps/v1/namespaces/shop/deployments?limit=5000", 410, "{}" };
	struct answer answers[4] = { gone, gone, gone, gone };
	struct script script = script_of(answers, 4);
	struct live_query query = { .resource = &deployments, .ns = "shop" };
	CLEANUP(lives_release) struct lives lives = LIVES_INIT;
	ck_assert(!lives_gather(&script.kube, &query, 1, &lives));
	ck_assert_int_ne(query.err.kind, ERR_NONE);
}
END_TEST

START_TEST(what_is_denied_or_absent_is_an_answer_and_what_fails_spoils_nothing_else)
{
	static const struct answer answers[] = {
		{ "/apis/apps/v1/deployments?limit=5000", 403, "{\"kind\":\"Status\",\"reason\":\"Forbidden\"}" },
		{ "/api/v1/namespaces/shop/configmaps/a", 404, "{\"kind\":\"Status\"}" },
		{ "/api/v1/namespaces/shop/configmaps?limit=5000", 200,
		  "{\"metadata\":{\"continue\":\"x\"},\"items\":[" ITEM("half", "u1") "]}" },
		{ "/api/v1/namespaces/shop/configmaps/b", 200, ITEM("b", "u2") },
		{ "/api/v1/namespaces/shop/configmaps?limit=5000&continue=x", 500, "{\"kind\":\"Status\",\"message\":\"etcd\"}" },
	};
	struct script script = script_of(answers, ARRAY_LEN(answers));
	struct live_query queries[] = {
		{ .resource = &deployments, .denied = false, .absent = true },
		{ .resource = &configmaps, .ns = "shop", .name = "a" },
		{ .resource = &configmaps, .ns = "shop" },
		{ .resource = &configmaps, .ns = "shop", .name = "b" },
	};
	CLEANUP(lives_release) struct lives lives = LIVES_INIT;
	ck_assert(!lives_gather(&script.kube, queries, 4, &lives));
	ck_assert(queries[0].denied && !queries[0].absent && queries[0].err.kind == ERR_NONE);
	ck_assert(queries[1].absent && queries[1].err.kind == ERR_NONE);
	ck_assert_int_eq(queries[2].err.kind, ERR_TRANSIENT);
	ck_assert_uint_eq(lives.count, 1);
	ck_assert_ptr_nonnull(find(&lives, "", "ConfigMap", "b"));
}
END_TEST

START_TEST(answers_that_are_no_list_or_no_object_are_errors)
{
	static const char *const replies[] = {
		"",
		"[]",
		"{}",
		"{\"items\":{}}",
		"{\"items\":[",
		"{\"items\":[{\"metadata\":{\"name\":\"a\"}}]}",
		"{\"items\":[{\"metadata\":}]}",
		"{\"items\":[" ITEM("a", "u1"),
		"{\"metadata\":5x,\"items\":[]}",
		"{\"items\":[}]}",
	};
	for (size_t i = 0; i < ARRAY_LEN(replies); i++) {
		const struct answer answers[] = { { "/api/v1/configmaps?limit=5000", 200, replies[i] } };
		struct script script = script_of(answers, 1);
		struct live_query query = { .resource = &configmaps };
		CLEANUP(lives_release) struct lives lives = LIVES_INIT;
		ck_assert_msg(!lives_gather(&script.kube, &query, 1, &lives), "%s", replies[i]);
		ck_assert_int_eq(query.err.kind == ERR_NONE, false);
		ck_assert_uint_eq(lives.count, 0);
	}
}
END_TEST

/* As kube-apiserver answers for metadata, and for whole objects. */
START_TEST(a_list_may_have_no_items)
{
	static const char *const replies[] = { "{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":null}", "{\"items\": [ ]}" };
	for (size_t i = 0; i < ARRAY_LEN(replies); i++) {
		const struct answer answers[] = { { "/api/v1/configmaps?limit=5000", 200, replies[i] } };
		struct script script = script_of(answers, 1);
		struct live_query query = { .resource = &configmaps };
		CLEANUP(lives_release) struct lives lives = LIVES_INIT;
		ck_assert_msg(lives_gather(&script.kube, &query, 1, &lives), "%s: %s", replies[i], query.err.msg);
		ck_assert_uint_eq(lives.count, 0);
	}
}
END_TEST

START_TEST(what_nobody_needs_of_the_metadata_is_dropped)
{
	cJSON *metadata = cJSON_Parse(
		"{\"name\":\"a\",\"uid\":\"u\",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\",\"annotations\":{"
		"\"kubectl.kubernetes.io/last-applied-configuration\":\"{}\",\"x\":\"1\"},\"managedFields\":["
		"{\"manager\":\"m\",\"operation\":\"Update\",\"subresource\":\"status\",\"fieldsV1\":{\"f:status\":{}}},"
		"{\"manager\":\"m\",\"operation\":\"Update\",\"fieldsV1\":{\"f:spec\":{}}}]}");
	struct live *live = live_new("", "ConfigMap", metadata);
	ck_assert_ptr_nonnull(live);
	ck_assert(live->deleting);
	ck_assert_ptr_null(live_annotation(live, "kubectl.kubernetes.io/last-applied-configuration"));
	ck_assert_str_eq(live_annotation(live, "x"), "1");
	ck_assert_ptr_null(live_label(live, "x"));
	ck_assert_ptr_null(doc_get(fields_entry(live->meta, "m", "Update", "status"), "fieldsV1"));
	ck_assert_ptr_nonnull(doc_get(fields_entry(live->meta, "m", "Update", ""), "fieldsV1"));
	live_free(live);
	CLEANUP(doc_freep) cJSON *nameless = cJSON_Parse("{\"uid\":\"u\"}");
	ck_assert_ptr_null(live_new("", "ConfigMap", nameless));
}
END_TEST

START_TEST(one_of_the_same_identity_is_replaced)
{
	CLEANUP(lives_release) struct lives lives = LIVES_INIT;
	lives_take(&lives, live_new("", "ConfigMap", cJSON_Parse("{\"name\":\"a\",\"namespace\":\"shop\",\"uid\":\"u1\"}")));
	lives_take(&lives, live_new("", "ConfigMap", cJSON_Parse("{\"name\":\"a\",\"namespace\":\"shop\",\"uid\":\"u2\"}")));
	ck_assert_uint_eq(lives.count, 1);
	ck_assert_str_eq(find(&lives, "", "ConfigMap", "a")->uid, "u2");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("live");
	TCase *tests = tcase_create("live");
	tcase_add_test(tests, lists_and_reads_run_side_by_side_and_ask_for_metadata);
	tcase_add_test(tests, a_long_list_is_read_in_pages_and_begun_anew_when_its_token_is_too_old);
	tcase_add_test(tests, a_token_that_is_always_too_old_is_an_error_in_the_end);
	tcase_add_test(tests, what_is_denied_or_absent_is_an_answer_and_what_fails_spoils_nothing_else);
	tcase_add_test(tests, answers_that_are_no_list_or_no_object_are_errors);
	tcase_add_test(tests, a_list_may_have_no_items);
	tcase_add_test(tests, what_nobody_needs_of_the_metadata_is_dropped);
	tcase_add_test(tests, one_of_the_same_identity_is_replaced);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
