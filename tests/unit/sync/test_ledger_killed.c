/*
 * Syncs that end in the middle, and two at once.
 */
#include "tests/unit/sync/ledger_fixture.h"

START_TEST(a_killed_sync_is_taken_up_under_its_number)
{
	struct inventory now = INVENTORY_INIT;
	struct err err = ERR_INIT;
	fill(&now, 2, "");
	struct ledger *ledger = open_it();
	struct ledger_sync sync = sync_of(COMMIT_A);
	ck_assert(ledger_begin(ledger, &sync, &now, &err));
	ledger_free(ledger);
	ledger = open_it();
	ck_assert_ptr_null(ledger_last(ledger));
	ck_assert_ptr_nonnull(ledger_unfinished(ledger));
	ck_assert(equal(ledger_inventory(ledger), &now));
	fake_kube_forget(fake);
	struct ledger_sync again = sync_of(COMMIT_A);
	again.heal = true;
	ck_assert(ledger_begin(ledger, &again, ledger_inventory(ledger), &err));
	ck_assert_uint_eq(fake_kube_requests(fake, ""), 0);
	ck_assert_int_eq(again.number, 1);
	ck_assert_int_eq(again.started, sync.started);
	ck_assert(!again.heal);
	ck_assert(ledger_finish(ledger, &again, ledger_inventory(ledger), &err));
	ck_assert_ptr_null(ledger_unfinished(ledger));
	ledger_free(ledger);
	ledger_sync_release(&sync);
	ledger_sync_release(&again);
	inventory_release(&now);
}
END_TEST

static void check_superseded(const char *commit, size_t objects)
{
	struct inventory now = INVENTORY_INIT;
	struct err err = ERR_INIT;
	fill(&now, 2, "");
	struct ledger *ledger = open_it();
	struct ledger_sync sync = sync_of(COMMIT_A);
	ck_assert(ledger_begin(ledger, &sync, &now, &err));
	ledger_sync_release(&sync);
	ledger_free(ledger);
	ledger = open_it();
	fill(&now, objects, "");
	sync = sync_of(commit);
	ck_assert_msg(run_sync(ledger, &sync, &now, &now, &err), "%s", err.msg);
	ck_assert_int_eq(sync.number, 2);
	ledger_sync_release(&sync);
	const char *result = doc_text(fake_kube_get(fake, RECORDS "/plumb-web-1-outcome"), "data/result");
	ck_assert_ptr_nonnull(result);
	ck_assert_str_eq(result, "interrupted");
	ledger_free(ledger);
	ledger = open_it();
	size_t count = 0;
	const struct ledger_sync *syncs = ledger_syncs(ledger, &count);
	ck_assert_uint_eq(count, 2);
	ck_assert_int_eq(syncs[0].result, LEDGER_INTERRUPTED);
	ck_assert_int_eq(syncs[1].result, LEDGER_HEALTHY);
	ck_assert(equal(ledger_inventory(ledger), &now));
	ledger_free(ledger);
	inventory_release(&now);
}

START_TEST(a_killed_sync_of_another_commit_is_closed_as_interrupted)
{
	check_superseded(COMMIT_B, 2);
}
END_TEST

START_TEST(a_killed_sync_whose_intent_lacks_an_object_is_not_taken_up)
{
	check_superseded(COMMIT_A, 3);
}
END_TEST

START_TEST(of_two_processes_only_one_gets_the_number)
{
	struct inventory now = INVENTORY_INIT;
	struct err err = ERR_INIT;
	struct ledger *first = open_it();
	struct ledger *second = open_it();
	struct ledger_sync a = sync_of(COMMIT_A);
	struct ledger_sync b = sync_of(COMMIT_A);
	ck_assert(ledger_begin(first, &a, &now, &err));
	ck_assert(!ledger_begin(second, &b, &now, &err));
	ck_assert_int_eq(err.kind, ERR_CONFLICT);
	ck_assert(ledger_finish(first, &a, &now, &err));
	ledger_free(first);
	ledger_free(second);
	ledger_sync_release(&a);
	ledger_sync_release(&b);
}
END_TEST

START_TEST(a_config_map_of_somebody_else_is_not_made_the_anchor)
{
	struct inventory now = INVENTORY_INIT;
	struct err err = ERR_INIT;
	(void)fake_kube_put(fake, ANCHOR, "{\"data\":{\"a\":\"b\"}}");
	struct ledger *ledger = open_it();
	struct ledger_sync sync = sync_of(COMMIT_A);
	ck_assert(!ledger_begin(ledger, &sync, &now, &err));
	ck_assert_int_eq(err.kind, ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.msg, "plumb-web"));
	ck_assert_uint_eq(fake_kube_count(fake, RECORDS), 0);
	ledger_free(ledger);
	ledger_sync_release(&sync);
}
END_TEST

/* Two syncs and a trim, from an empty ledger: all that a run may write. The second one's base is new. */
static bool story(struct err *err)
{
	struct inventory first = INVENTORY_INIT;
	struct inventory both = INVENTORY_INIT;
	fill(&first, 70, "");
	fill(&both, 140, "u1");
	bool good = true;
	for (int i = 0; good && i < 3; i++) {
		struct ledger *ledger = try_open(2, err);
		struct ledger_sync sync = sync_of(i % 2 ? COMMIT_B : COMMIT_A);
		const struct inventory *now = i ? &both : &first;
		good = ledger && run_sync(ledger, &sync, now, now, err);
		ledger_sync_release(&sync);
		ledger_free(ledger);
	}
	inventory_release(&first);
	inventory_release(&both);
	return good;
}

/* After a last sync everything is finished, numbered once, and complete. */
static void check_sound(void)
{
	struct inventory now = INVENTORY_INIT;
	struct err err = ERR_INIT;
	fill(&now, 140, "u2");
	for (int i = 0; i < 2; i++) {
		struct ledger *ledger = open_limited(2);
		struct inventory all = INVENTORY_INIT;
		inventory_copy(ledger_inventory(ledger), &all);
		for (size_t j = 0; j < now.count; j++) {
			if (!inventory_find(&all, &now.rows[j]->id)) {
				inventory_take(&all, inventory_row_dup(now.rows[j]));
			}
		}
		struct ledger_sync sync = sync_of(COMMIT_B);
		ck_assert_msg(run_sync(ledger, &sync, &all, &now, &err), "%s", err.msg);
		ledger_sync_release(&sync);
		ledger_free(ledger);
		inventory_release(&all);
	}
	struct ledger *ledger = open_limited(2);
	size_t count = 0;
	const struct ledger_sync *syncs = ledger_syncs(ledger, &count);
	ck_assert_uint_eq(count, 2);
	ck_assert_ptr_null(ledger_unfinished(ledger));
	ck_assert_int_eq(syncs[1].number, syncs[0].number + 1);
	ck_assert_int_eq(syncs[1].result, LEDGER_HEALTHY);
	ck_assert(equal(ledger_inventory(ledger), &now));
	ck_assert_uint_eq(fake_kube_count(fake, "-intent"), 2);
	ck_assert_uint_eq(fake_kube_count(fake, "-outcome"), 2);
	ck_assert_uint_le(fake_kube_count(fake, "-inv-"), 2);
	ledger_free(ledger);
	inventory_release(&now);
}

START_TEST(killed_at_any_request_the_next_run_finishes)
{
	struct err err = ERR_INIT;
	ck_assert_msg(story(&err), "%s", err.msg);
	int requests = (int)fake_kube_requests(fake, "");
	ck_assert_int_ge(requests, 15);
	for (int i = 0; i < requests; i++) {
		tear_down();
		set_up();
		fake->drop_from = i;
		(void)story(&err);
		fake->drop_from = -1;
		check_sound();
	}
}
END_TEST

START_TEST(an_answer_lost_at_any_request_is_no_failure_and_doubles_nothing)
{
	struct err err = ERR_INIT;
	ck_assert_msg(story(&err), "%s", err.msg);
	int requests = (int)fake_kube_requests(fake, "");
	size_t objects = fake_kube_count(fake, "");
	for (int i = 0; i < requests; i++) {
		tear_down();
		set_up();
		fake->lose_answer = i;
		bool good = story(&err);
		/* The real client sends a GET again by itself; the ledger does so with a POST, and a DELETE is found again. */
		bool is_get = strncmp(fake->log[i], "GET", 3) == 0;
		ck_assert_msg(good || is_get, "%s: %s", fake->log[i], err.msg);
		ck_assert(is_get || fake_kube_count(fake, "") == objects);
		check_sound();
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ledger_killed");
	TCase *tests = tcase_create("ledger_killed");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_killed_sync_is_taken_up_under_its_number);
	tcase_add_test(tests, a_killed_sync_of_another_commit_is_closed_as_interrupted);
	tcase_add_test(tests, a_killed_sync_whose_intent_lacks_an_object_is_not_taken_up);
	tcase_add_test(tests, of_two_processes_only_one_gets_the_number);
	tcase_add_test(tests, a_config_map_of_somebody_else_is_not_made_the_anchor);
	tcase_add_test(tests, killed_at_any_request_the_next_run_finishes);
	tcase_add_test(tests, an_answer_lost_at_any_request_is_no_failure_and_doubles_nothing);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
