#include "tests/unit/sync/cycle_fixture.h"

#define CONFIG_WRITE "PATCH " CONFIGMAPS

static atomic_int stop;

/* What was there when the first object was applied. */
static struct seen {
	size_t applies;
	bool intent;
	bool outcome;
	bool lease;
} seen;

static void look(struct fake_kube *fake, const struct kube_call *call, void *context)
{
	(void)context;
	if (strcmp(call->method, "PATCH") != 0) {
		return;
	}
	if (!seen.applies++) {
		seen.intent = fake_kube_get(fake, RECORDS "plumb-shop-1-intent") != NULL;
		seen.lease = fake_kube_get(fake, LEASE) != NULL;
	}
	seen.outcome = seen.outcome || fake_kube_get(fake, RECORDS "plumb-shop-1-outcome");
}

static void stop_at_apply(struct fake_kube *fake, const struct kube_call *call, void *context)
{
	(void)fake;
	(void)context;
	stop = stop || strcmp(call->method, "PATCH") == 0;
}

static void begin(void)
{
	scene_begin();
	stop = 0;
	seen = (struct seen){ 0 };
	scene.options.stop = &stop;
}

static enum verdict verdict_on(const char *name)
{
	for (size_t i = 0; i < scene.report.count; i++) {
		if (strcmp(scene.report.objects[i]->id.name, name) == 0) {
			return scene.report.objects[i]->verdict;
		}
	}
	ck_abort_msg("no verdict on %s", name);
	return VERDICT_COUNT;
}

/* The newest record's number and result, and the objects that its inventory has. */
static void recorded(int64_t number, enum ledger_result result, size_t objects)
{
	struct err err = ERR_INIT;
	const struct ledger_options options = { .ns = "shop", .name = "shop" };
	struct ledger *ledger = ledger_open(&scene.fake->kube, &options, &err);
	ck_assert_msg(ledger != NULL, "%s", err.msg);
	size_t count = 0;
	const struct ledger_sync *syncs = ledger_syncs(ledger, &count);
	ck_assert_uint_gt(count, 0);
	ck_assert_int_eq(syncs[count - 1].number, number);
	ck_assert_int_eq(syncs[count - 1].result, result);
	ck_assert_uint_eq(ledger_inventory(ledger)->count, objects);
	ledger_free(ledger);
}

START_TEST(an_intent_and_a_lease_precede_the_first_apply_and_an_outcome_follows_the_last)
{
	push('1', CONFIG("a", "1") CONFIG("b", "1"));
	scene.fake->before = look;
	ck_assert_int_eq(sync_now(), RESULT_APPLIED);
	ck_assert_uint_eq(seen.applies, 2);
	ck_assert(seen.intent && seen.lease && !seen.outcome);
	ck_assert_int_eq(verdict_on("a"), VERDICT_CREATED);
	ck_assert_int_eq(verdict_on("b"), VERDICT_CREATED);
	ck_assert_int_eq(scene.report.number, 1);
	recorded(1, LEDGER_APPLIED, 2);
	ck_assert_ptr_null(fake_kube_get(scene.fake, LEASE));
}
END_TEST

START_TEST(a_pass_without_work_writes_nothing_and_takes_no_lease)
{
	push('1', CONFIG("a", "1") CONFIG("b", "1"));
	ck_assert_int_eq(sync_now(), RESULT_APPLIED);
	ck_assert_int_eq(sync_now(), RESULT_UNCHANGED);
	ck_assert_uint_eq(writes(), 0);
	ck_assert_uint_eq(fake_kube_requests(scene.fake, "GET " LEASE), 0);
	ck_assert_int_eq(verdict_on("a"), VERDICT_UNCHANGED);
	ck_assert_int_eq(scene.report.number, 0);
	recorded(1, LEDGER_APPLIED, 2);
}
END_TEST

START_TEST(what_git_drops_is_pruned_after_what_changed_was_applied)
{
	push('1', CONFIG("a", "1") CONFIG("b", "1"));
	ck_assert_int_eq(sync_now(), RESULT_APPLIED);
	push('2', CONFIG("a", "2"));
	ck_assert_int_eq(sync_now(), RESULT_APPLIED);
	ck_assert_int_eq(verdict_on("a"), VERDICT_CHANGED);
	ck_assert_int_eq(verdict_on("b"), VERDICT_PRUNED);
	ck_assert_ptr_null(fake_kube_get(scene.fake, CONFIGMAPS "b"));
	bool pruned = false;
	for (size_t i = 0; i < scene.fake->log_count; i++) {
		pruned = pruned || strcmp(scene.fake->log[i], "DELETE " CONFIGMAPS "b") == 0;
		ck_assert(!pruned || strncmp(scene.fake->log[i], CONFIG_WRITE, strlen(CONFIG_WRITE)) != 0);
	}
	recorded(2, LEDGER_APPLIED, 1);
}
END_TEST

START_TEST(a_refused_object_stops_no_other_and_keeps_what_would_be_pruned)
{
	push('1', CONFIG("a", "1") CONFIG("b", "1") CONFIG("c", "1") CONFIG("d", "1"));
	ck_assert_int_eq(sync_now(), RESULT_APPLIED);
	push('2', CONFIG("a", "2") CONFIG("b", "2") CONFIG("c", "2"));
	scene.fake->deny[0] = CONFIG_WRITE "b?";
	ck_assert_int_eq(sync_now(), RESULT_FAILED);
	ck_assert_int_eq(verdict_on("a"), VERDICT_CHANGED);
	ck_assert_int_eq(verdict_on("b"), VERDICT_FAILED);
	ck_assert_int_eq(verdict_on("c"), VERDICT_CHANGED);
	ck_assert_int_eq(verdict_on("d"), VERDICT_KEPT);
	ck_assert_ptr_nonnull(fake_kube_get(scene.fake, CONFIGMAPS "d"));
	ck_assert_uint_eq(fake_kube_requests(scene.fake, "DELETE " CONFIGMAPS), 0);
	recorded(2, LEDGER_FAILED, 4);
}
END_TEST

START_TEST(a_stop_ends_it_as_incomplete_with_an_outcome_and_the_next_one_does_the_rest)
{
	push('1', CONFIG("a", "1") CONFIG("b", "1"));
	ck_assert_int_eq(sync_now(), RESULT_APPLIED);
	/* The Namespace is a stage of its own before the rest. */
	push('2', "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: more\n" CONFIG("a", "2"));
	scene.fake->before = stop_at_apply;
	ck_assert_int_eq(sync_now(), RESULT_INCOMPLETE);
	ck_assert_int_eq(report_exit_code(&scene.report), 7);
	ck_assert(told("stopped before all was done"));
	ck_assert_int_eq(verdict_on("more"), VERDICT_CREATED);
	ck_assert_uint_eq(fake_kube_requests(scene.fake, CONFIG_WRITE), 0);
	ck_assert_uint_eq(fake_kube_requests(scene.fake, "DELETE " CONFIGMAPS), 0);
	recorded(2, LEDGER_INCOMPLETE, 3);
	ck_assert_ptr_null(fake_kube_get(scene.fake, LEASE));
	scene.fake->before = NULL;
	stop = 0;
	ck_assert_int_eq(sync_now(), RESULT_APPLIED);
	ck_assert_int_eq(verdict_on("a"), VERDICT_CHANGED);
	ck_assert_int_eq(verdict_on("b"), VERDICT_PRUNED);
	recorded(3, LEDGER_APPLIED, 2);
}
END_TEST

enum { IN_FLIGHT = 64 };

static int64_t lease_sent;

/* The process stands still for half a minute while the first ones are in flight. */
static void stand_still(struct fake_kube *fake, const struct kube_call *call, void *context)
{
	(void)fake;
	(void)context;
	if (strstr(call->path, "/leases") && strcmp(call->method, "DELETE") != 0) {
		lease_sent = still_now;
	} else if (strcmp(call->method, "PATCH") == 0) {
		ck_assert(seen.applies < IN_FLIGHT || still_now - lease_sent <= 30000);
		still_now += seen.applies++ ? 0 : 31000;
	}
}

START_TEST(no_apply_begins_on_a_lease_that_is_half_over)
{
	CLEANUP(buf_release) struct buf many = BUF_INIT(LIMIT_MIB(1));
	for (int i = 0; i < IN_FLIGHT + 30; i++) {
		ck_assert(buf_printf(&many, CONFIG("cm-%d", "1"), i));
	}
	push('1', buf_text(&many));
	scene.fake->before = stand_still;
	ck_assert_int_eq(sync_now(), RESULT_APPLIED);
	ck_assert_uint_eq(seen.applies, IN_FLIGHT + 30);
	ck_assert_uint_eq(fake_kube_requests(scene.fake, "PUT " LEASE), 1);
}
END_TEST

START_TEST(without_a_record_of_the_intent_nothing_is_applied)
{
	push('1', CONFIG("a", "1"));
	scene.fake->deny[0] = "POST /controllerrevisions";
	ck_assert_int_eq(sync_now(), RESULT_FAILED);
	ck_assert(told("cannot record"));
	ck_assert_int_eq(report_exit_code(&scene.report), 5);
	ck_assert_uint_eq(fake_kube_requests(scene.fake, "PATCH "), 0);
	ck_assert_ptr_null(fake_kube_get(scene.fake, CONFIGMAPS "a"));
	ck_assert_ptr_null(fake_kube_get(scene.fake, LEASE));
}
END_TEST

START_TEST(without_the_lease_nothing_is_recorded_or_applied)
{
	push('1', CONFIG("a", "1"));
	scene.fake->deny[0] = "POST /leases";
	ck_assert_int_eq(sync_now(), RESULT_FAILED);
	ck_assert_int_eq(report_exit_code(&scene.report), 5);
	ck_assert_uint_eq(writes(), 1);
	ck_assert_uint_eq(fake_kube_count(scene.fake, RECORDS), 0);
}
END_TEST

START_TEST(a_brake_on_prunes_deletes_nothing_and_is_told)
{
	push('1', CONFIG("a", "1") CONFIG("b", "1"));
	ck_assert_int_eq(sync_now(), RESULT_APPLIED);
	push('2', CONFIG("a", "2"));
	scene.options.prune_limit = 10;
	ck_assert_int_eq(sync_now(), RESULT_INCOMPLETE);
	ck_assert_int_eq(scene.report.stop, STOP_PRUNE);
	ck_assert_int_eq(verdict_on("a"), VERDICT_CHANGED);
	ck_assert_int_eq(verdict_on("b"), VERDICT_KEPT);
	ck_assert_uint_eq(fake_kube_requests(scene.fake, "DELETE " CONFIGMAPS), 0);
	recorded(2, LEDGER_INCOMPLETE, 2);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("cycle");
	tcase_add_checked_fixture(tcase, begin, scene_end);
	tcase_add_test(tcase, an_intent_and_a_lease_precede_the_first_apply_and_an_outcome_follows_the_last);
	tcase_add_test(tcase, a_pass_without_work_writes_nothing_and_takes_no_lease);
	tcase_add_test(tcase, what_git_drops_is_pruned_after_what_changed_was_applied);
	tcase_add_test(tcase, a_refused_object_stops_no_other_and_keeps_what_would_be_pruned);
	tcase_add_test(tcase, a_stop_ends_it_as_incomplete_with_an_outcome_and_the_next_one_does_the_rest);
	tcase_add_test(tcase, no_apply_begins_on_a_lease_that_is_half_over);
	tcase_add_test(tcase, without_a_record_of_the_intent_nothing_is_applied);
	tcase_add_test(tcase, without_the_lease_nothing_is_recorded_or_applied);
	tcase_add_test(tcase, a_brake_on_prunes_deletes_nothing_and_is_told);
	Suite *suite = suite_create("cycle");
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
