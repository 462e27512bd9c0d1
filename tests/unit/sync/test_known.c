/*
 * What a plan takes from the drift and the watches instead of reading it.
 */
#include "render/doc.h"
#include "sync/desired.h"
#include "sync/drift.h"
#include "sync/prepare.h"

#include "tests/unit/sync/cycle_fixture.h"

#define HOOK \
	"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: hook\n  annotations: {helm.sh/hook: pre-install}\ndata: {value: x}\n"
#define LIST "GET /api/v1/namespaces/shop/configmaps?"

static struct prepared prepared;
static struct drift *drift;
static bool live; /* the watch is */
static size_t asked;

static bool watched(void *context, const char *group, const char *kind, const char *ns)
{
	ck_assert_ptr_eq(context, &scene);
	ck_assert_str_eq(group, "");
	ck_assert_str_eq(kind, "ConfigMap");
	ck_assert_str_eq(ns, "shop");
	asked++;
	return live;
}

static void begin(void)
{
	scene_begin();
	prepared = (struct prepared){ 0 };
	drift = drift_new("shop", "shop");
	scene.options.drift = drift;
	scene.options.host.watched = watched;
	scene.options.host.place = &scene;
	live = true;
	asked = 0;
}

static void finish(void)
{
	prepared_release(&prepared);
	drift_free(drift);
	scene_end();
}

static void plans(void)
{
	prepared_release(&prepared);
	report_release(&scene.report);
	scene.report = REPORT_INIT;
	fake_kube_forget(scene.fake);
	asked = 0;
	ck_assert(prepare_render(&scene.options, &scene.report, &prepared) && prepare_plan(&prepared));
}

/* The plan as text, in its order. */
static char *decisions(void)
{
	struct buf text = BUF_INIT(SIZE_MAX);
	for (size_t i = 0; i < prepared.plan->count; i++) {
		const struct action *action = prepared.plan->actions[i];
		const struct ident *id = action->desired ? &action->desired->id : &action->row->id;
		(void)buf_printf(&text, "%s %d: %s; row %s\n", id->name, (int)action->kind, action->reason,
		                 action->row ? action->row->uid : "none");
	}
	return buf_detach(&text);
}

static size_t planned(enum action_kind kind)
{
	size_t count = 0;
	for (size_t i = 0; i < prepared.plan->count; i++) {
		count += prepared.plan->actions[i]->kind == kind;
	}
	return count;
}

static void synced(void)
{
	push('1', CONFIG("a", "1") CONFIG("b", "1") CONFIG("c", "1") CONFIG("e", "1"));
	ck_assert_int_eq(sync_now(), RESULT_APPLIED);
}

/* An event of the object as the server has it now; `gone`: it was deleted. */
static void see(const char *name, bool gone)
{
	CLEANUP(text_freep) char *path = text_printf(CONFIGMAPS "%s", name);
	cJSON *metadata = cJSON_Duplicate(cJSON_GetObjectItem(fake_kube_get(scene.fake, path), "metadata"), true);
	struct live *seen = live_new("", "ConfigMap", metadata);
	struct drift_sight sight = { .id = &seen->id, .live = gone ? NULL : seen, .version = scene.fake->version };
	ck_assert(drift_see(drift, &sight, 1));
	live_free(seen);
}

START_TEST(a_plan_of_what_is_known_is_the_plan_of_what_is_read)
{
	synced();
	push('2', CONFIG("a", "1") CONFIG("b", "2") CONFIG("d", "1") CONFIG("e", "1"));
	plans();
	ck_assert_uint_eq(prepared.known, 2);
	ck_assert_uint_eq(asked, 1);
	ck_assert_uint_eq(fake_kube_requests(scene.fake, LIST), 0);
	ck_assert_uint_eq(fake_kube_requests(scene.fake, "GET " CONFIGMAPS), 3);
	CLEANUP(text_freep) char *by_drift = decisions();
	live = false;
	plans();
	ck_assert_uint_eq(prepared.known, 0);
	ck_assert_uint_eq(fake_kube_requests(scene.fake, LIST), 1);
	CLEANUP(text_freep) char *by_list = decisions();
	ck_assert_str_eq(by_drift, by_list);
}
END_TEST

START_TEST(a_sync_of_what_is_known_ends_as_one_that_read_all)
{
	synced();
	push('2', CONFIG("a", "1") CONFIG("b", "2") CONFIG("e", "1"));
	scene.options.wait = true;
	ck_assert_int_eq(sync_now(), RESULT_HEALTHY);
	ck_assert_uint_eq(scene.report.count, 4);
	ck_assert_uint_eq(scene.report.verdicts[VERDICT_UNCHANGED], 2);
	ck_assert_uint_eq(scene.report.verdicts[VERDICT_CHANGED], 1);
	ck_assert_uint_eq(scene.report.verdicts[VERDICT_PRUNED], 1);
	ck_assert_uint_eq(fake_kube_requests(scene.fake, LIST), 0);
	ck_assert_uint_eq(fake_kube_count(scene.fake, CONFIGMAPS), 4); /* one of them without an object */
	ck_assert_ptr_null(fake_kube_get(scene.fake, CONFIGMAPS "c"));
	/* And then all of it is known. */
	ck_assert_int_eq(sync_now(), RESULT_UNCHANGED);
	ck_assert_uint_eq(writes(), 0);
	ck_assert_uint_eq(scene.report.verdicts[VERDICT_UNCHANGED], 3);
}
END_TEST

START_TEST(what_was_healthy_and_did_not_change_is_not_waited_for)
{
	synced();
	scene.options.wait = true;
	/* In sync, but nobody looked at its health before. */
	ck_assert_int_eq(sync_now(), RESULT_UNCHANGED);
	ck_assert_uint_eq(fake_kube_requests(scene.fake, "GET " CONFIGMAPS), 4);
	ck_assert_int_eq(sync_now(), RESULT_UNCHANGED);
	ck_assert_uint_eq(fake_kube_requests(scene.fake, "GET " CONFIGMAPS), 0);
	ck_assert_uint_eq(scene.report.verdicts[VERDICT_UNCHANGED], 4);
	/* A change of its status: still in sync, and looked at again. */
	(void)doc_make(fake_kube_get(scene.fake, CONFIGMAPS "a"), "status");
	scene.fake->version++;
	see("a", false);
	ck_assert_int_eq(sync_now(), RESULT_UNCHANGED);
	ck_assert_uint_eq(fake_kube_requests(scene.fake, "GET " CONFIGMAPS), 1);
	ck_assert_uint_eq(fake_kube_requests(scene.fake, "GET " CONFIGMAPS "a"), 1);
	/* What this sync writes is looked at in any case. */
	push('2', CONFIG("a", "1") CONFIG("b", "2") CONFIG("c", "1") CONFIG("e", "1"));
	ck_assert_int_eq(sync_now(), RESULT_HEALTHY);
	ck_assert_uint_ge(fake_kube_requests(scene.fake, "GET " CONFIGMAPS "b"), 2);
	ck_assert_uint_eq(fake_kube_requests(scene.fake, "GET " CONFIGMAPS "c"), 0);
}
END_TEST

/* A file for each, of which the next rendering reads only what changed. */
static void push_files(char digit, const char *b, const char *d)
{
	push(digit, NULL);
	files_mem_add(scene.files, "a.yaml", CONFIG("a", "1"), strlen(CONFIG("a", "1")));
	files_mem_add(scene.files, "b.yaml", b, strlen(b));
	files_mem_add(scene.files, "d.yaml", d, strlen(d));
	scene.kept = scene.kept ? scene.kept : manifests_kept_new(desired_may_be_kept);
}

static void synced_files(void)
{
	push_files('1', CONFIG("b", "1"), CONFIG("d", "1") CONFIG("e", "1"));
	ck_assert_int_eq(sync_now(), RESULT_APPLIED);
}

static const struct object *wanted(const char *name)
{
	for (size_t i = 0; i < prepared.desired.count; i++) {
		if (strcmp(prepared.desired.items[i]->id.name, name) == 0) {
			return prepared.desired.items[i];
		}
	}
	ck_abort_msg("no %s is desired", name);
}

START_TEST(a_plan_of_what_was_not_even_rendered_is_the_plan_of_all)
{
	synced_files();
	push_files('2', CONFIG("b", "2"), CONFIG("d", "1") CONFIG("e", "1"));
	plans();
	ck_assert_uint_eq(prepared.known, 3);
	ck_assert_ptr_null(wanted("a")->json);
	ck_assert_ptr_null(wanted("e")->json);
	ck_assert_ptr_nonnull(wanted("b")->json);
	CLEANUP(text_freep) char *by_drift = decisions();
	live = false;
	plans();
	/* Not rendered either, and planned from a list: the documents are the drift's. */
	ck_assert_uint_eq(prepared.known, 0);
	ck_assert_ptr_nonnull(wanted("a")->json);
	CLEANUP(text_freep) char *by_list = decisions();
	ck_assert_str_eq(by_drift, by_list);
	ck_assert_int_eq(sync_now(), RESULT_APPLIED);
	ck_assert_uint_eq(scene.report.verdicts[VERDICT_CHANGED], 1);
	ck_assert_uint_eq(scene.report.verdicts[VERDICT_UNCHANGED], 3);
}
END_TEST

START_TEST(what_was_not_rendered_is_healed_from_what_the_drift_holds)
{
	synced_files();
	see("d", true);
	fake_kube_remove(scene.fake, CONFIGMAPS "d");
	push_files('2', CONFIG("b", "2"), CONFIG("d", "1") CONFIG("e", "1"));
	ck_assert_int_eq(sync_now(), RESULT_APPLIED);
	ck_assert_uint_eq(scene.report.verdicts[VERDICT_HEALED], 1);
	const cJSON *made = fake_kube_get(scene.fake, CONFIGMAPS "d");
	ck_assert_str_eq(cJSON_GetObjectItem(cJSON_GetObjectItem(made, "data"), "value")->valuestring, "1");
}
END_TEST

START_TEST(what_was_rendered_and_never_desired_is_rendered_again)
{
	synced_files();
	/* The rendering is done, and then the server does not answer. */
	push_files('2', CONFIG("b", "2"), CONFIG("d", "1") CONFIG("e", "1"));
	scene.fake->deny[0] = "GET /api";
	ck_assert_int_eq(sync_now(), RESULT_FAILED);
	scene.fake->deny[0] = NULL;
	plans();
	ck_assert_ptr_nonnull(wanted("a")->json);
	ck_assert_ptr_nonnull(wanted("b")->json);
	ck_assert_str_eq(cJSON_GetObjectItem(cJSON_GetObjectItem(wanted("b")->json, "data"), "value")->valuestring, "2");
	ck_assert_int_eq(sync_now(), RESULT_APPLIED);
	ck_assert_uint_eq(scene.report.verdicts[VERDICT_CHANGED], 1);
}
END_TEST

START_TEST(hooks_definitions_and_what_scales_are_rendered_each_time)
{
	push_files('1', CONFIG("b", "1"), CONFIG("d", "1") "---\n" HOOK);
	ck_assert_int_eq(sync_now(), RESULT_APPLIED);
	plans();
	ck_assert_ptr_null(wanted("b")->json);
	ck_assert_ptr_nonnull(wanted("hook")->json);
	ck_assert_uint_eq(planned(ACTION_SKIP), 1);
}
END_TEST

START_TEST(what_an_event_told_otherwise_is_read)
{
	synced();
	see("a", false);
	see("b", true);
	fake_kube_remove(scene.fake, CONFIGMAPS "b");
	plans();
	ck_assert_uint_eq(prepared.known, 3);
	ck_assert_uint_eq(fake_kube_requests(scene.fake, "GET " CONFIGMAPS), 1);
	ck_assert_uint_eq(fake_kube_requests(scene.fake, "GET " CONFIGMAPS "b"), 1);
	CLEANUP(text_freep) char *text = decisions();
	ck_assert_ptr_nonnull(strstr(text, ": deleted"));
}
END_TEST

START_TEST(an_object_that_lost_its_label_alone_is_read_and_found)
{
	synced();
	see("b", true);
	plans();
	ck_assert_uint_eq(prepared.known, 3);
	CLEANUP(text_freep) char *text = decisions();
	ck_assert_ptr_null(strstr(text, "deleted"));
}
END_TEST

START_TEST(the_pass_that_verifies_reads_all)
{
	synced();
	scene.options.verify = true;
	plans();
	ck_assert_uint_eq(prepared.known, 0);
	ck_assert_uint_eq(fake_kube_requests(scene.fake, LIST), 1);
	CLEANUP(text_freep) char *text = decisions();
	ck_assert_ptr_nonnull(strstr(text, "to be verified"));
}
END_TEST

START_TEST(managers_to_take_over_from_are_looked_for_in_all)
{
	static const char *const managers[] = { "helm", NULL };
	synced();
	scene.options.take_over = managers;
	plans();
	ck_assert_uint_eq(prepared.known, 0);
	ck_assert_uint_eq(fake_kube_requests(scene.fake, LIST), 1);
}
END_TEST

START_TEST(a_plan_that_is_made_again_reads_all)
{
	synced();
	plans();
	ck_assert_uint_eq(prepared.known, 4);
	ck_assert(prepare_again(&prepared));
	ck_assert_uint_eq(prepared.known, 0);
	ck_assert_uint_eq(fake_kube_requests(scene.fake, LIST), 1);
}
END_TEST

START_TEST(after_a_sync_that_was_killed_all_is_read)
{
	synced();
	/* Its outcome never arrived. */
	fake_kube_remove(scene.fake, RECORDS "plumb-shop-1-outcome");
	plans();
	ck_assert_ptr_nonnull(ledger_unfinished(prepared.ledger));
	ck_assert_uint_eq(prepared.known, 0);
	ck_assert_uint_eq(fake_kube_requests(scene.fake, LIST), 1);
}
END_TEST

START_TEST(an_object_that_the_inventory_has_as_another_one_is_read)
{
	synced();
	plans();
	struct inventory_row *row = inventory_find(&prepared.inventory, &prepared.desired.items[0]->id);
	ck_assert(drift_knows(drift, prepared.desired.items[0], row));
	text_set(&row->uid, "another");
	ck_assert(!drift_knows(drift, prepared.desired.items[0], row));
	ck_assert(!drift_knows(drift, prepared.desired.items[0], NULL));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("known");
	tcase_add_checked_fixture(tcase, begin, finish);
	tcase_add_test(tcase, a_plan_of_what_is_known_is_the_plan_of_what_is_read);
	tcase_add_test(tcase, a_sync_of_what_is_known_ends_as_one_that_read_all);
	tcase_add_test(tcase, what_was_healthy_and_did_not_change_is_not_waited_for);
	tcase_add_test(tcase, a_plan_of_what_was_not_even_rendered_is_the_plan_of_all);
	tcase_add_test(tcase, what_was_not_rendered_is_healed_from_what_the_drift_holds);
	tcase_add_test(tcase, what_was_rendered_and_never_desired_is_rendered_again);
	tcase_add_test(tcase, hooks_definitions_and_what_scales_are_rendered_each_time);
	tcase_add_test(tcase, what_an_event_told_otherwise_is_read);
	tcase_add_test(tcase, an_object_that_lost_its_label_alone_is_read_and_found);
	tcase_add_test(tcase, the_pass_that_verifies_reads_all);
	tcase_add_test(tcase, managers_to_take_over_from_are_looked_for_in_all);
	tcase_add_test(tcase, a_plan_that_is_made_again_reads_all);
	tcase_add_test(tcase, after_a_sync_that_was_killed_all_is_read);
	tcase_add_test(tcase, an_object_that_the_inventory_has_as_another_one_is_read);
	Suite *suite = suite_create("known");
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
