/*
 * What need not be read.
 */
#include "tests/unit/sync/drift_fixture.h"

/* By a row of the inventory that names the object that was applied, in that generation. */
static bool knows(const char *kind, int64_t generation)
{
	const struct inventory_row row = { .uid = (char[]){ "u-web" }, .generation = generation };
	return drift_knows(drift, desired(kind), &row);
}

START_TEST(an_object_is_known_as_long_as_nothing_else_was_seen)
{
	desire(web);
	ck_assert(!knows("Deployment", 1));
	apply("Deployment");
	ck_assert(knows("Deployment", 1));
	see_in_sync();
	ck_assert(knows("Deployment", 1));
	see_image_taken("kubectl-set");
	ck_assert(!knows("Deployment", 1));
	see_in_sync();
	ck_assert(knows("Deployment", 1));
	see_gone("Deployment");
	ck_assert(!knows("Deployment", 1));
	apply("Deployment");
	ck_assert(knows("Deployment", 1));
	static const char *const next[] = { DEPLOYMENT("web", "web:2", ""), NULL };
	desire(next);
	ck_assert(!knows("Deployment", 1));
}
END_TEST

START_TEST(an_object_is_not_known_where_the_inventory_has_another_one)
{
	synced(web);
	ck_assert(knows("Deployment", 1) && knows("Deployment", 0));
	ck_assert(!knows("Deployment", 2));
	struct inventory_row row = { .uid = (char[]){ "another" }, .generation = 1 };
	ck_assert(!drift_knows(drift, desired("Deployment"), &row));
	ck_assert(!drift_knows(drift, desired("Deployment"), NULL));
	row.uid = (char[]){ "u-web" };
	row.kept = true;
	ck_assert(!drift_knows(drift, desired("Deployment"), &row));
}
END_TEST

START_TEST(an_object_is_not_known_while_a_part_of_it_is_left_to_others)
{
	synced(web);
	cJSON *metadata = metadata_of(desired("Deployment"), "spec/replicas");
	add_entry(metadata, "kube-controller-manager", "Update", "scale", parse(OWNS_REPLICAS));
	see_as("Deployment", metadata);
	check_told("");
	ck_assert(!knows("Deployment", 1));
}
END_TEST

START_TEST(an_object_that_is_skipped_is_not_known)
{
	static const char *const job[] = { JOB, NULL };
	synced(job);
	ck_assert(knows("Job", 1));
	struct inventory_row *row = alloc_new(1, sizeof *row);
	row->id = ident_dup(&desired("Job")->id);
	row->version = text_dup("v1");
	row->uid = text_dup("u-web");
	char digest[16];
	plan_digest(desired("Job"), digest);
	row->once = text_dup(digest);
	inventory_take(&inventory, row);
	drift_inventory(drift, &inventory);
	see_gone("Job");
	check_told("");
	ck_assert(!knows("Job", 1));
	synced(web);
	cJSON *metadata = metadata_of(desired("Deployment"), NULL);
	doc_set_text(doc_make(metadata, "annotations"), "plumb.dev/reconcile", "disabled");
	see_as("Deployment", metadata);
	ck_assert(!knows("Deployment", 1));
}
END_TEST

START_TEST(an_object_is_healthy_until_anything_of_it_is_told)
{
	synced(web);
	const struct ident *id = &desired("Deployment")->id;
	ck_assert(!drift_is_healthy(drift, id));
	drift_healthy(drift, id, version);
	ck_assert(drift_is_healthy(drift, id));
	/* The event of that very version, and one before it. */
	version--;
	see_in_sync();
	ck_assert(drift_is_healthy(drift, id));
	see_in_sync();
	ck_assert(!drift_is_healthy(drift, id));
	drift_healthy(drift, id, version);
	apply("Deployment");
	ck_assert(!drift_is_healthy(drift, id));
	drift_healthy(drift, id, version);
	see_gone("Deployment");
	ck_assert(!drift_is_healthy(drift, id));
	drift_healthy(drift, id, 0);
	ck_assert(!drift_is_healthy(drift, id));
	struct ident other = ident_make("", "ConfigMap", "shop", "other");
	drift_healthy(drift, &other, version);
	ck_assert(!drift_is_healthy(drift, &other));
	ident_release(&other);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("drift_known");
	TCase *tests = tcase_create("drift_known");
	tcase_add_checked_fixture(tests, begin, finish);
	tcase_add_test(tests, an_object_is_known_as_long_as_nothing_else_was_seen);
	tcase_add_test(tests, an_object_is_not_known_where_the_inventory_has_another_one);
	tcase_add_test(tests, an_object_is_not_known_while_a_part_of_it_is_left_to_others);
	tcase_add_test(tests, an_object_that_is_skipped_is_not_known);
	tcase_add_test(tests, an_object_is_healthy_until_anything_of_it_is_told);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
