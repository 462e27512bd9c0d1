#include "tests/unit/sync/ledger_fixture.h"

START_TEST(a_missing_ledger_is_an_empty_one)
{
	struct ledger *ledger = open_it();
	size_t count = 7;
	(void)ledger_syncs(ledger, &count);
	ck_assert_uint_eq(count, 0);
	ck_assert_ptr_null(ledger_last(ledger));
	ck_assert_ptr_null(ledger_unfinished(ledger));
	ck_assert_uint_eq(ledger_inventory(ledger)->count, 0);
	ck_assert_uint_eq(fake_kube_requests(fake, ""), 1);
	ledger_free(ledger);
}
END_TEST

START_TEST(what_was_recorded_is_read_again_with_every_field)
{
	struct inventory now = INVENTORY_INIT;
	fill(&now, 3, "u1");
	now.rows[1]->kept = true;
	struct ledger *ledger = open_it();
	struct ledger_sync sync = sync_of(COMMIT_A);
	add_revision(&sync, "web-0", "u1", 1, 2, "6d4cf56db6");
	add_revision(&sync, "web-1", "u1", 0, 0, NULL);
	sync.revisions[0].healed_from = text_dup("kubectl-set");
	struct err err = ERR_INIT;
	ck_assert_msg(run_sync(ledger, &sync, &now, &now, &err), "%s", err.msg);
	ck_assert_int_eq(sync.number, 1);
	ck_assert(sync.revisions_pending);
	ledger_free(ledger);
	ledger = open_it();
	const struct ledger_sync *last = ledger_last(ledger);
	ck_assert_ptr_nonnull(last);
	ck_assert_int_eq(last->number, 1);
	ck_assert_str_eq(last->commit, COMMIT_A);
	ck_assert_str_eq(last->ref, "main");
	ck_assert_str_eq(last->author, "Ana");
	ck_assert_str_eq(last->subject, "Raise the memory ?  limit");
	ck_assert_str_eq(last->url, sync.url);
	ck_assert_str_eq(last->path, "prod");
	ck_assert_str_eq(last->message, "2 changed");
	ck_assert_str_eq(last->server, "5e7");
	ck_assert_int_eq(last->commit_time, 1700000000);
	ck_assert_int_eq(last->started, sync.started);
	ck_assert_int_eq(last->finished, sync.finished);
	ck_assert_int_eq(last->result, LEDGER_HEALTHY);
	ck_assert(last->revisions_pending);
	ck_assert_uint_eq(last->revision_count, 2);
	ck_assert_int_eq(last->revisions[0].from, 1);
	ck_assert_int_eq(last->revisions[0].to, 2);
	ck_assert_str_eq(last->revisions[0].uid, "u1");
	ck_assert_str_eq(last->revisions[0].hash, "6d4cf56db6");
	ck_assert_str_eq(last->revisions[0].replicaset, "web-0-6d4cf56db6");
	ck_assert_str_eq(last->revisions[0].healed_from, "kubectl-set");
	ck_assert_ptr_null(last->revisions[1].hash);
	ck_assert_ptr_null(last->revisions[1].healed_from);
	ck_assert(equal(ledger_inventory(ledger), &now));
	ledger_free(ledger);
	ledger_sync_release(&sync);
	inventory_release(&now);
}
END_TEST

START_TEST(records_have_a_controller_and_only_labels_of_ours)
{
	struct inventory now = INVENTORY_INIT;
	fill(&now, 100, "u1");
	struct ledger *ledger = open_it();
	struct ledger_sync sync = sync_of(COMMIT_A);
	must_sync(ledger, &sync, &now);
	ck_assert_uint_eq(fake_kube_count(fake, RECORDS), 3);
	const char *uid = doc_text(fake_kube_get(fake, ANCHOR), "metadata/uid");
	for (size_t i = 0; i < fake->objects.count; i++) {
		const cJSON *object = fake->objects.entries[i].value;
		const cJSON *label = NULL;
		cJSON_ArrayForEach (label, doc_at(object, "metadata/labels")) {
			ck_assert(strncmp(label->string, "plumb.dev/", 10) == 0);
			ck_assert_str_ne(label->string, LABEL_NAME);
		}
		ck_assert_ptr_null(doc_at(object, "metadata/annotations"));
		const cJSON *owner = cJSON_GetArrayItem(doc_at(object, "metadata/ownerReferences"), 0);
		ck_assert(strstr(fake->objects.entries[i].key, RECORDS) == NULL || doc_true(owner, "controller"));
		ck_assert(!owner || strcmp(doc_text(owner, "uid"), uid) == 0);
	}
	ledger_free(ledger);
	inventory_release(&now);
}
END_TEST

START_TEST(one_change_in_a_thousand_costs_one_intent_and_one_outcome)
{
	struct inventory now = INVENTORY_INIT;
	struct ledger *ledger = open_it();
	fill(&now, 1000, "u1");
	struct ledger_sync sync = sync_of(COMMIT_A);
	must_sync(ledger, &sync, &now);
	ledger_free(ledger);
	fake_kube_forget(fake);
	ledger = open_it();
	ck_assert_uint_eq(fake_kube_requests(fake, "GET"), 2);
	now.rows[500]->generation = 7;
	sync = sync_of(COMMIT_B);
	must_sync(ledger, &sync, &now);
	ck_assert_uint_eq(fake_kube_requests(fake, "POST " RECORDS), 2);
	ck_assert_uint_eq(fake_kube_requests(fake, ""), 4);
	ck_assert_uint_eq(fake_kube_count(fake, "-inv-"), 1);
	ledger_free(ledger);
	ledger = open_it();
	ck_assert(equal(ledger_inventory(ledger), &now));
	ledger_free(ledger);
	inventory_release(&now);
}
END_TEST

/* The requests that reading takes, and that it gives what `now` is. */
static size_t reads_with(struct ledger_cache *cache, const struct inventory *now)
{
	struct err err = ERR_INIT;
	fake_kube_forget(fake);
	struct ledger *ledger = ledger_open(&fake->kube, &(struct ledger_options){ .ns = "shop", .name = "web", .cache = cache },
	                                    &err);
	ck_assert_msg(ledger != NULL, "%s", err.msg);
	size_t requests = fake_kube_requests(fake, "");
	ck_assert(equal(ledger_inventory(ledger), now));
	ledger_free(ledger);
	return requests;
}

START_TEST(a_base_that_is_in_memory_is_only_asked_for)
{
	struct inventory now = INVENTORY_INIT;
	struct ledger_cache cache = { 0 };
	struct err err = ERR_INIT;
	struct ledger *ledger = open_it();
	fill(&now, 1000, "u1");
	struct ledger_sync sync = sync_of(COMMIT_A);
	must_sync(ledger, &sync, &now);
	ledger_free(ledger);
	ck_assert_uint_eq(reads_with(&cache, &now), 2);
	ck_assert_ptr_nonnull(cache.name);
	/* What another process wrote is read. */
	CLEANUP(text_freep) char *base = text_printf(RECORDS "/%s", cache.name);
	ck_assert_uint_eq(reads_with(&cache, &now), 2);
	ledger = open_it();
	now.rows[500]->generation = 7;
	sync = sync_of(COMMIT_B);
	must_sync(ledger, &sync, &now);
	ck_assert_uint_eq(reads_with(&cache, &now), 2);
	for (size_t i = 0; i <= LIMIT_DELTA_ROWS; i++) {
		now.rows[i]->generation = 9;
	}
	sync = sync_of(COMMIT_A);
	must_sync(ledger, &sync, &now);
	ledger_free(ledger);
	ck_assert_str_eq(strrchr(base, '/') + 1, cache.name);
	ck_assert_uint_eq(reads_with(&cache, &now), 3);
	ck_assert_str_ne(strrchr(base, '/') + 1, cache.name);
	/* Nobody else could read the ledger without it. */
	CLEANUP(text_freep) char *second = text_printf(RECORDS "/%s", cache.name);
	fake_kube_remove(fake, second);
	const struct ledger_options options = { .ns = "shop", .name = "web", .cache = &cache };
	ck_assert_ptr_null(ledger_open(&fake->kube, &options, &err));
	ck_assert_ptr_nonnull(strstr(err.msg, strrchr(second, '/') + 1));
	ck_assert_ptr_null(cache.name);
	ledger_cache_release(&cache);
	inventory_release(&now);
}
END_TEST

START_TEST(changes_add_up_to_a_new_base_only_past_the_limit)
{
	struct inventory now = INVENTORY_INIT;
	struct ledger *ledger = open_it();
	fill(&now, 300, "u1");
	struct ledger_sync sync = sync_of(COMMIT_A);
	must_sync(ledger, &sync, &now);
	for (size_t i = 0; i <= LIMIT_DELTA_ROWS; i++) {
		ck_assert_uint_eq(fake_kube_count(fake, "-inv-"), 1);
		struct ident id = ident_dup(&now.rows[0]->id);
		inventory_remove(&now, &id);
		ident_release(&id);
		sync = sync_of(i % 2 ? COMMIT_A : COMMIT_B);
		must_sync(ledger, &sync, &now);
		ledger_free(ledger);
		ledger = open_it();
		ck_assert(equal(ledger_inventory(ledger), &now));
	}
	ck_assert_uint_eq(fake_kube_count(fake, "-inv-"), 2);
	ledger_free(ledger);
	inventory_release(&now);
}
END_TEST

START_TEST(a_large_inventory_is_split_and_joined)
{
	struct inventory now = INVENTORY_INIT;
	fill(&now, 12000, "u1");
	for (size_t i = 0; i < now.count; i++) {
		now.rows[i]->template_hash = text_printf("%08lx%08lx%08lx%08lx", random(), random(), random(), random());
		now.rows[i]->once = text_printf("%08lx%08lx%08lx%08lx", random(), random(), random(), random());
		now.rows[i]->template_commit = text_printf("%08lx%08lx%08lx%08lx", random(), random(), random(), random());
	}
	struct ledger *ledger = open_it();
	struct ledger_sync sync = sync_of(COMMIT_A);
	must_sync(ledger, &sync, &now);
	ledger_free(ledger);
	ck_assert_uint_eq(fake_kube_count(fake, "-inv-"), 2);
	ledger = open_it();
	ck_assert(equal(ledger_inventory(ledger), &now));
	ledger_free(ledger);
	inventory_release(&now);
}
END_TEST

START_TEST(very_many_revisions_fit_into_one_outcome)
{
	struct inventory now = INVENTORY_INIT;
	struct ledger *ledger = open_it();
	struct ledger_sync sync = sync_of(COMMIT_A);
	for (int i = 0; i < 10000; i++) {
		CLEANUP(text_freep) char *name = text_printf("web-%d", i);
		CLEANUP(text_freep) char *uid = text_printf("%08lx-%08lx-%08lx-%08lx", random(), random(), random(), random());
		CLEANUP(text_freep) char *hash = text_printf("%010ld", random());
		add_revision(&sync, name, uid, 0, 1, hash);
	}
	must_sync(ledger, &sync, &now);
	ledger_free(ledger);
	ledger = open_it();
	ck_assert_uint_eq(ledger_last(ledger)->revision_count, 10000);
	ck_assert_str_eq(ledger_last(ledger)->revisions[9999].id.name, "web-9999");
	cJSON *record = fake_kube_get(fake, RECORDS "/plumb-web-1-outcome");
	struct buf text = BUF_INIT(LIMIT_OBJECT_BYTES);
	ck_assert(doc_print(record, &text));
	ck_assert_uint_lt(text.len, LIMIT_MIB(1));
	buf_release(&text);
	ledger_free(ledger);
}
END_TEST

START_TEST(settled_revisions_are_merged_into_their_sync)
{
	struct inventory now = INVENTORY_INIT;
	struct err err = ERR_INIT;
	struct ledger *ledger = open_it();
	struct ledger *other = NULL;
	struct ledger_sync sync = sync_of(COMMIT_A);
	add_revision(&sync, "web", "u1", 1, 0, NULL);
	add_revision(&sync, "api", "u2", 0, 1, "abc");
	ck_assert(run_sync(ledger, &sync, &now, &now, &err));
	other = open_it();
	struct ledger_revision known = sync.revisions[0];
	char hash[] = "fff";
	char set[] = "web-fff";
	known.to = 2;
	known.hash = hash;
	known.replicaset = set;
	ck_assert(ledger_settle(ledger, 1, &known, 1, &err));
	known.to = 3;
	ck_assert(ledger_settle(other, 1, &known, 1, &err));
	ck_assert_int_eq(ledger_last(other)->revisions[0].to, 2);
	ledger_free(ledger);
	ledger_free(other);
	ledger = open_it();
	const struct ledger_sync *last = ledger_last(ledger);
	ck_assert(!last->revisions_pending);
	ck_assert_uint_eq(last->revision_count, 2);
	ck_assert_int_eq(last->revisions[0].to, 2);
	ck_assert_str_eq(last->revisions[0].hash, "fff");
	ck_assert_str_eq(last->revisions[1].hash, "abc");
	ledger_free(ledger);
	ledger_sync_release(&sync);
}
END_TEST

START_TEST(the_time_of_verification_is_kept_over_later_syncs)
{
	struct err err = ERR_INIT;
	struct ledger *ledger = open_it();
	ck_assert(ledger_mark_verified(ledger, 5, &err));
	ck_assert_int_eq(ledger_verified(ledger), 0);
	sync_heal(ledger, COMMIT_A, false, LEDGER_APPLIED);
	ck_assert(ledger_mark_verified(ledger, 1700000000, &err));
	sync_heal(ledger, COMMIT_B, false, LEDGER_APPLIED);
	ledger_free(ledger);
	ledger = open_it();
	ck_assert_int_eq(ledger_verified(ledger), 1700000000);
	ledger_free(ledger);
}
END_TEST

START_TEST(a_newer_format_is_told_and_nothing_of_it_is_used_or_deleted)
{
	struct ledger *ledger = open_limited(1);
	sync_heal(ledger, COMMIT_A, false, LEDGER_APPLIED);
	ledger_free(ledger);
	(void)fake_kube_put(fake, RECORDS "/plumb-web-2-intent",
	                    "{\"metadata\":{\"labels\":{\"plumb.dev/record-of\":\"web\",\"plumb.dev/record\":\"intent\"}},"
	                    "\"revision\":2,\"data\":{\"format\":2,\"commit\":\"x\"}}");
	ledger = open_limited(1);
	ck_assert(ledger_newer_format(ledger));
	ck_assert_ptr_null(ledger_unfinished(ledger));
	sync_heal(ledger, COMMIT_B, false, LEDGER_APPLIED);
	ck_assert_int_eq(ledger_last(ledger)->number, 3);
	ck_assert_uint_eq(fake_kube_count(fake, RECORDS), 5);
	ledger_free(ledger);
}
END_TEST

static void spoil(const char *path, const char *inside, const char *json)
{
	cJSON *record = fake_kube_get(fake, path);
	ck_assert_ptr_nonnull(record);
	doc_set(doc_make(record, inside), strrchr(inside, '/') ? "set" : "bytes", cJSON_Parse(json));
}

START_TEST(an_inventory_that_is_damaged_or_missing_is_an_error_that_names_it)
{
	struct inventory now = INVENTORY_INIT;
	struct err err = ERR_INIT;
	fill(&now, 100, "u1");
	struct ledger *ledger = open_it();
	struct ledger_sync sync = sync_of(COMMIT_A);
	must_sync(ledger, &sync, &now);
	ledger_free(ledger);
	char *base = NULL;
	for (size_t i = 0; i < fake->objects.count; i++) {
		if (strstr(fake->objects.entries[i].key, "-inv-")) {
			base = fake->objects.entries[i].key;
		}
	}
	spoil(RECORDS "/plumb-web-1-outcome", "data/inventory", "[{\"kind\":7}]");
	ck_assert_ptr_null(try_open(0, &err));
	ck_assert_ptr_nonnull(strstr(err.msg, "plumb-web-1-outcome"));
	spoil(RECORDS "/plumb-web-1-outcome", "data/inventory", "[]");
	static const char *const garbage[] = { "\"AAAA\"", "\"x\"", "7", "\"\"", "\"====\"" };
	for (size_t i = 0; i < ARRAY_LEN(garbage); i++) {
		spoil(base, "data", garbage[i]);
		ck_assert_ptr_null(try_open(0, &err));
		ck_assert_ptr_nonnull(strstr(err.msg, strrchr(base, '/') + 1));
	}
	/* A good inventory, but another one: an empty one. */
	spoil(base, "data", "\"eJyrVkrLL8pNLFGyMtRRKsovL1ayio6tBQBVXQde\"");
	ck_assert_ptr_null(try_open(0, &err));
	ck_assert_ptr_nonnull(strstr(err.msg, "content"));
	fake_kube_remove(fake, base);
	ck_assert_ptr_null(try_open(0, &err));
	ck_assert_ptr_nonnull(strstr(err.msg, strrchr(base, '/') + 1));
	inventory_release(&now);
}
END_TEST

START_TEST(records_that_make_no_sense_are_skipped)
{
	static const char *const records[][3] = {
		{ "plumb-web-1-intent", "intent", "\"revision\":1,\"data\":{}" },
		{ "plumb-web-2-intent", "intent", "\"revision\":2,\"data\":{\"format\":1}" },
		{ "plumb-web-3-intent", "intent", "\"revision\":4,\"data\":{\"format\":1,\"commit\":\"a\"}" },
		{ "plumb-web-5-outcome", "outcome", "\"revision\":5,\"data\":{\"format\":1,\"result\":\"odd\"}" },
		{ "plumb-web-6-revisions", "revisions", "\"revision\":6,\"data\":{\"format\":1,\"revisionsPacked\":\"%%\"}" },
		{ "nonsense", "other", "\"revision\":\"x\",\"data\":[]" },
		{ "plumb-web-7-intent", "intent", "\"revision\":7,\"data\":{\"format\":1,\"commit\":\"a\",\"inventory\":{}}" },
		{ "plumb-web-7-outcome", "outcome", "\"revision\":7,\"data\":{\"format\":1,\"result\":\"odd\"}" },
	};
	for (size_t i = 0; i < ARRAY_LEN(records); i++) {
		CLEANUP(text_freep) char *path = text_printf(RECORDS "/%s", records[i][0]);
		CLEANUP(text_freep)
		char *json = text_printf("{\"metadata\":{\"labels\":{\"plumb.dev/record-of\":\"web\",\"plumb.dev/record\":\"%s\"}},%s}",
		                         records[i][1], records[i][2]);
		(void)fake_kube_put(fake, path, json);
	}
	struct ledger *ledger = open_it();
	size_t count = 0;
	const struct ledger_sync *syncs = ledger_syncs(ledger, &count);
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(syncs[0].number, 7);
	ck_assert_int_eq(syncs[0].result, LEDGER_INTERRUPTED);
	ck_assert(!ledger_newer_format(ledger));
	sync_heal(ledger, COMMIT_A, false, LEDGER_APPLIED);
	ck_assert_int_eq(ledger_last(ledger)->number, 8);
	ledger_free(ledger);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ledger");
	TCase *tests = tcase_create("ledger");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_missing_ledger_is_an_empty_one);
	tcase_add_test(tests, what_was_recorded_is_read_again_with_every_field);
	tcase_add_test(tests, records_have_a_controller_and_only_labels_of_ours);
	tcase_add_test(tests, one_change_in_a_thousand_costs_one_intent_and_one_outcome);
	tcase_add_test(tests, a_base_that_is_in_memory_is_only_asked_for);
	tcase_add_test(tests, changes_add_up_to_a_new_base_only_past_the_limit);
	tcase_add_test(tests, a_large_inventory_is_split_and_joined);
	tcase_add_test(tests, very_many_revisions_fit_into_one_outcome);
	tcase_add_test(tests, settled_revisions_are_merged_into_their_sync);
	tcase_add_test(tests, the_time_of_verification_is_kept_over_later_syncs);
	tcase_add_test(tests, a_newer_format_is_told_and_nothing_of_it_is_used_or_deleted);
	tcase_add_test(tests, an_inventory_that_is_damaged_or_missing_is_an_error_that_names_it);
	tcase_add_test(tests, records_that_make_no_sense_are_skipped);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
