/*
 * What a plan takes from the drift and the watches instead of reading it.
 */
#include "sync/drift.h"
#include "sync/prepare.h"

#include "tests/unit/sync/cycle_fixture.h"

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
