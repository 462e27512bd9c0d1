#include "tests/unit/sync/drift_fixture.h"

/* --- what events mean --------------------------------------------------------------------------------------------- */

START_TEST(a_field_that_somebody_took_is_drift_and_names_them)
{
	synced(web);
	see_image_taken("kubectl-set");
	check_told("web drifted: " IMAGE_PATH " is kubectl-set's [kubectl-set]\n");
	ck_assert_uint_eq(drift_count(drift, DRIFT_FOUND), 1);
	ck_assert_int_eq(drift_due(drift), now + 1000);
}
END_TEST

START_TEST(replicas_scaled_by_a_person_are_drift)
{
	synced(web);
	cJSON *metadata = metadata_of(desired("Deployment"), "spec/replicas");
	add_entry(metadata, "kubectl", "Update", "scale", parse(OWNS_REPLICAS));
	see_as("Deployment", metadata);
	check_told("web drifted: spec.replicas is kubectl's (scale) [kubectl]\n");
}
END_TEST

START_TEST(a_field_that_was_removed_is_drift_of_who_wrote_last)
{
	synced(web);
	see_taken("spec/replicas", "kubectl-edit", "{\"f:spec\":{\"f:paused\":{}}}");
	check_told("web drifted: spec.replicas was removed [kubectl-edit]\n");
}
END_TEST

START_TEST(a_label_that_was_taken_away_or_a_deletion_is_told_by_the_object_being_gone)
{
	synced(web);
	see_gone("Deployment");
	check_told("web drifted: deleted\n");
	ck_assert_uint_eq(heal(VERDICT_HEALED), 0);
	now += 1000;
	ck_assert_uint_eq(heal(VERDICT_HEALED), 1);
	check_told("web in sync\n");
}
END_TEST

START_TEST(a_deleted_object_is_made_anew_with_what_is_left_to_others_afterwards)
{
	desire(web);
	struct object *object = prepared.desired.items[0];
	object->initial = cJSON_Duplicate(object->json, 1);
	doc_remove(doc_get(object->json, "spec"), "replicas");
	drift_desire(drift, &prepared);
	apply("Deployment");
	doc_set(doc_get(object->initial, "spec"), "replicas", cJSON_CreateNumber(9));
	drift_desire(drift, &prepared);
	see_gone("Deployment");
	now += 1000;
	struct objects objects = drift_take(drift, now);
	ck_assert_uint_eq(objects.count, 1);
	ck_assert_ptr_null(doc_at(objects.items[0]->json, "spec/replicas"));
	ck_assert_int_eq(doc_int(objects.items[0]->initial, "spec/replicas", 0), 9);
	objects_release(&objects);
}
END_TEST

START_TEST(what_others_add_and_what_controllers_report_is_no_drift)
{
	synced(web);
	see_in_sync();
	cJSON *metadata = metadata_of(desired("Deployment"), NULL);
	add_entry(metadata, "helm", "Update", NULL, parse("{\"f:metadata\":{\"f:labels\":{\"f:extra\":{}}}}"));
	add_entry(metadata, "kube-controller-manager", "Update", "status", parse("{\"f:status\":{}}"));
	see_as("Deployment", metadata);
	check_told("");
	ck_assert_int_eq(drift_due(drift), INT64_MAX);
}
END_TEST

START_TEST(a_generation_that_moved_is_a_maybe_and_an_apply_settles_it)
{
	synced(web);
	cJSON *metadata = metadata_of(desired("Deployment"), NULL);
	doc_set(metadata, "generation", cJSON_CreateNumber(2));
	add_entry(metadata, "kubectl-rollout", "Update", NULL, parse("{\"f:spec\":{\"f:template\":{\"f:metadata\":{\".\":{}}}}}"));
	see_as("Deployment", metadata);
	check_told("web uncertain: generation 2, after the last apply it was 1\n");
	now += 1000;
	ck_assert_uint_eq(heal(VERDICT_UNCHANGED), 1);
	check_told("web in sync\n");
	/* The record of the sync does not have it, and still it is known. */
	struct inventory_row *row = alloc_new(1, sizeof *row);
	row->id = ident_dup(&desired("Deployment")->id);
	row->version = text_dup("v1");
	row->uid = text_dup("u-web");
	row->generation = 7;
	inventory_take(&inventory, row);
	drift_inventory(drift, &inventory);
	see_in_sync();
	check_told("");
}
END_TEST

START_TEST(replicas_that_an_autoscaler_writes_are_left_alone_whenever_it_appears)
{
	synced(web);
	cJSON *metadata = metadata_of(desired("Deployment"), "spec/replicas");
	add_entry(metadata, "kube-controller-manager", "Update", "scale", parse(OWNS_REPLICAS));
	see_as("Deployment", metadata);
	check_told("");
	static const char *const with_hpa[] = { WEB, HPA, NULL };
	synced(with_hpa);
	cJSON *scaled = metadata_of(desired("Deployment"), "spec/replicas");
	add_entry(scaled, "somebody", "Update", NULL, parse(OWNS_REPLICAS));
	see_as("Deployment", scaled);
	check_told("");
}
END_TEST

START_TEST(a_job_that_was_applied_is_not_made_again)
{
	static const char *const job[] = { JOB, NULL };
	synced(job);
	struct inventory_row *row = alloc_new(1, sizeof *row);
	char digest[16];
	plan_digest(desired("Job"), digest);
	row->id = ident_dup(&desired("Job")->id);
	row->version = text_dup("v1");
	row->uid = text_dup("u-web");
	row->once = text_dup(digest);
	inventory_take(&inventory, row);
	drift_inventory(drift, &inventory);
	see_gone("Job");
	check_told("");
	ck_assert_int_eq(drift_due(drift), INT64_MAX);
}
END_TEST

START_TEST(an_object_that_is_switched_off_is_counted_and_not_healed)
{
	synced(web);
	cJSON *metadata = metadata_of(desired("Deployment"), IMAGE);
	doc_set_text(doc_make(metadata, "annotations"), NOTE_RECONCILE, "disabled");
	see_as("Deployment", metadata);
	check_told("web disabled: reconcile disabled\n");
	ck_assert_uint_eq(drift_count(drift, DRIFT_DISABLED), 1);
	ck_assert_int_eq(drift_due(drift), INT64_MAX);
	see_image_taken("kubectl-set");
	ck_assert_int_ne(drift_due(drift), INT64_MAX);
	ck_assert_uint_eq(drift_count(drift, DRIFT_DISABLED), 0);
}
END_TEST

START_TEST(what_is_being_deleted_is_healed_once_it_is_gone)
{
	synced(web);
	cJSON *metadata = metadata_of(desired("Deployment"), NULL);
	doc_set_text(metadata, "deletionTimestamp", "2026-01-01T00:00:00Z");
	see_as("Deployment", metadata);
	check_told("web deleting: its deletion\n");
	ck_assert_int_eq(drift_due(drift), INT64_MAX);
	see_gone("Deployment");
	check_told("web drifted: deleted\n");
}
END_TEST

START_TEST(an_object_with_the_label_of_another_sync_is_not_touched)
{
	synced(web);
	cJSON *metadata = metadata_of(desired("Deployment"), "metadata/labels/plumb.dev");
	doc_set_text(doc_make(metadata, "labels"), LABEL_NAME, "other");
	see_as("Deployment", metadata);
	check_told("web blocked: owned by shop/other\n");
	ck_assert_int_eq(drift_due(drift), INT64_MAX);
}
END_TEST

/* --- our own hands ------------------------------------------------------------------------------------------------ */

START_TEST(events_older_than_our_last_answer_say_nothing)
{
	synced(web);
	cJSON *old = metadata_of(desired("Deployment"), IMAGE);
	add_entry(old, "kubectl-set", "Update", NULL, parse(OWNS_IMAGE));
	apply("Deployment");
	see_as("Deployment", old);
	check_told("");
}
END_TEST

START_TEST(an_answer_undoes_what_an_older_event_told)
{
	synced(web);
	see_image_taken("kubectl-set");
	apply("Deployment");
	check_told("web drifted: " IMAGE_PATH " is kubectl-set's [kubectl-set]\nweb in sync\n");
	ck_assert_int_eq(drift_due(drift), INT64_MAX);
}
END_TEST

START_TEST(an_object_that_was_never_applied_is_not_healed_and_one_that_changed_meanwhile_is_looked_at)
{
	desire(web);
	cJSON *later = metadata_of(desired("Deployment"), IMAGE);
	doc_set_text(later, "resourceVersion", "999");
	see_as("Deployment", later);
	ck_assert_int_eq(drift_due(drift), INT64_MAX);
	apply("Deployment");
	check_told("web uncertain: changed while it was being applied\n");
}
END_TEST

START_TEST(nothing_is_due_while_a_cycle_runs_but_for_the_cycle_itself)
{
	synced(web);
	drift_begin(drift);
	see_image_taken("kubectl-set");
	now += 5000;
	ck_assert_int_eq(drift_due(drift), INT64_MAX);
	ck_assert_uint_eq(heal(VERDICT_HEALED), 0);
	struct objects within = drift_take_within(drift, now);
	ck_assert_uint_eq(within.count, 1);
	ck_assert_str_eq(within.items[0]->id.name, "web");
	objects_release(&within);
	drift_end(drift);
}
END_TEST

START_TEST(a_new_manifest_is_not_healed_before_it_was_applied)
{
	synced(web);
	see_image_taken("kubectl-set");
	static const char *const next[] = { DEPLOYMENT("web", "web:2", ""), NULL };
	desire(next);
	ck_assert_int_eq(drift_due(drift), INT64_MAX);
	apply("Deployment");
	ck_assert_int_eq(drift_due(drift), INT64_MAX);
	see_image_taken("kubectl-set");
	ck_assert_int_ne(drift_due(drift), INT64_MAX);
}
END_TEST

START_TEST(what_git_dropped_is_forgotten)
{
	synced(web);
	see_image_taken("kubectl-set");
	static const char *const next[] = { DEPLOYMENT("api", "api:1", ""), NULL };
	struct ident id = ident_dup(&desired("Deployment")->id);
	desire(next);
	ck_assert_int_eq(drift_due(drift), INT64_MAX);
	ck_assert_uint_eq(drift_objects(drift), 1);
	ck_assert_uint_eq(drift_count(drift, DRIFT_FOUND), 0);
	ck_assert(!drift_see(drift, &(struct drift_sight){ .id = &id, .version = 999 }, now));
	ident_release(&id);
}
END_TEST

START_TEST(what_is_taken_is_the_manifest_as_it_was_desired)
{
	synced(web);
	see_image_taken("kubectl-set");
	now += 1000;
	struct objects objects = drift_take(drift, now);
	ck_assert_uint_eq(objects.count, 1);
	ck_assert(doc_equal(objects.items[0]->json, desired("Deployment")->json));
	ck_assert_str_eq(objects.items[0]->version, "v1");
	objects_release(&objects);
}
END_TEST

START_TEST(a_list_that_lacks_an_object_tells_that_it_is_gone_unless_it_is_older_than_our_answer)
{
	synced(web);
	uint64_t old = version - 1;
	drift_listing(drift, "apps", "Deployment", NULL);
	drift_listed(drift, "apps", "Deployment", NULL, old, now);
	check_told("");
	drift_listing(drift, "apps", "Deployment", NULL);
	see_in_sync();
	drift_listed(drift, "apps", "Deployment", NULL, ++version, now);
	check_told("");
	drift_listing(drift, "apps", "Deployment", "elsewhere");
	drift_listed(drift, "apps", "Deployment", "elsewhere", ++version, now);
	check_told("");
	drift_listing(drift, "apps", "Deployment", "shop");
	drift_listed(drift, "apps", "Deployment", "shop", ++version, now);
	check_told("web drifted: deleted\n");
}
END_TEST

START_TEST(a_plan_that_found_the_object_in_sync_is_as_good_as_an_apply)
{
	desire(web);
	struct lives lives = LIVES_INIT;
	lives_take(&lives, live_new("apps", "Deployment", metadata_of(desired("Deployment"), NULL)));
	struct inventory_row *row = alloc_new(1, sizeof *row);
	row->id = ident_dup(&desired("Deployment")->id);
	row->version = text_dup("v1");
	row->uid = text_dup("u-web");
	row->generation = 1;
	inventory_take(&inventory, row);
	struct plan *plan = plan_new(&prepared.desired, &lives, &inventory, &(struct plan_options){ .name = "shop", .ns = "shop" });
	drift_settle(drift, plan, &inventory);
	plan_free(plan);
	lives_release(&lives);
	see_in_sync();
	check_told("");
	see_image_taken("kubectl-set");
	ck_assert_int_ne(drift_due(drift), INT64_MAX);
}
END_TEST

/* --- the index ---------------------------------------------------------------------------------------------------- */

START_TEST(a_thousand_deployments_take_a_few_mebibytes)
{
	for (int i = 0; i < 1000; i++) {
		CLEANUP(text_freep)
		char *text = text_printf(DEPLOYMENT("web-%d", "registry.example.com/team/web:%d.0.1",
		                                    "\"replicas\":3,\"selector\":{\"matchLabels\":{\"app\":\"web-%d\"}},"
		                                    "\"strategy\":{\"type\":\"RollingUpdate\"},\"minReadySeconds\":5,"),
		                         i, i, i);
		struct object *object = object_new(parse(text), NULL, 0, NULL);
		ck_assert_ptr_nonnull(object);
		objects_take(&prepared.desired, object);
	}
	drift_desire(drift, &prepared);
	for (size_t i = 0; i < prepared.desired.count; i++) {
		struct action action = { .desired = prepared.desired.items[i] };
		plan_digest(action.desired, action.digest);
		CLEANUP(doc_freep) cJSON *metadata = metadata_of(action.desired, NULL);
		drift_applied(drift, &action, metadata);
	}
	ck_assert_uint_eq(drift_objects(drift), 1000);
	ck_assert_uint_lt(drift_bytes(drift), LIMIT_MIB(3));
	ck_assert_uint_gt(drift_bytes(drift), LIMIT_KIB(100));
}
END_TEST

static void add_place(void *context, const char *group, const char *kind, const char *its_version, const char *ns)
{
	(void)buf_printf(context, "%s/%s %s %s\n", group, its_version, kind, ns);
}

START_TEST(the_places_to_watch_are_each_told_once)
{
	static const char *const texts[] = { WEB, DEPLOYMENT("api", "api:1", ""), JOB, NULL };
	desire(texts);
	CLEANUP(buf_release) struct buf places = BUF_INIT(1000);
	drift_places(drift, add_place, &places);
	ck_assert_str_eq(buf_text(&places), "apps/v1 Deployment shop\nbatch/v1 Job shop\n");
}
END_TEST

static void add_note(void *context, const struct drift_note *note)
{
	(void)buf_printf(context, "%s %s\n", note->id->name, drift_state_text(note->state));
}

START_TEST(what_is_not_in_sync_can_be_listed)
{
	synced(web);
	CLEANUP(buf_release) struct buf notes = BUF_INIT(1000);
	drift_each(drift, add_note, &notes);
	ck_assert_str_eq(buf_text(&notes), "");
	see_image_taken("kubectl-set");
	drift_each(drift, add_note, &notes);
	ck_assert_str_eq(buf_text(&notes), "web drifted\n");
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
	TCase *tests = tcase_create(name);
	tcase_add_checked_fixture(tests, begin, finish);
	suite_add_tcase(suite, tests);
	return tests;
}

int main(void)
{
	Suite *suite = suite_create("drift");
	TCase *tests = add_case(suite, "events");
	tcase_add_test(tests, a_field_that_somebody_took_is_drift_and_names_them);
	tcase_add_test(tests, replicas_scaled_by_a_person_are_drift);
	tcase_add_test(tests, a_field_that_was_removed_is_drift_of_who_wrote_last);
	tcase_add_test(tests, a_label_that_was_taken_away_or_a_deletion_is_told_by_the_object_being_gone);
	tcase_add_test(tests, a_deleted_object_is_made_anew_with_what_is_left_to_others_afterwards);
	tcase_add_test(tests, what_others_add_and_what_controllers_report_is_no_drift);
	tcase_add_test(tests, a_generation_that_moved_is_a_maybe_and_an_apply_settles_it);
	tcase_add_test(tests, replicas_that_an_autoscaler_writes_are_left_alone_whenever_it_appears);
	tcase_add_test(tests, a_job_that_was_applied_is_not_made_again);
	tcase_add_test(tests, an_object_that_is_switched_off_is_counted_and_not_healed);
	tcase_add_test(tests, what_is_being_deleted_is_healed_once_it_is_gone);
	tcase_add_test(tests, an_object_with_the_label_of_another_sync_is_not_touched);
	tests = add_case(suite, "our own hands");
	tcase_add_test(tests, events_older_than_our_last_answer_say_nothing);
	tcase_add_test(tests, an_answer_undoes_what_an_older_event_told);
	tcase_add_test(tests, an_object_that_was_never_applied_is_not_healed_and_one_that_changed_meanwhile_is_looked_at);
	tcase_add_test(tests, nothing_is_due_while_a_cycle_runs_but_for_the_cycle_itself);
	tcase_add_test(tests, a_new_manifest_is_not_healed_before_it_was_applied);
	tcase_add_test(tests, what_git_dropped_is_forgotten);
	tcase_add_test(tests, what_is_taken_is_the_manifest_as_it_was_desired);
	tcase_add_test(tests, a_list_that_lacks_an_object_tells_that_it_is_gone_unless_it_is_older_than_our_answer);
	tcase_add_test(tests, a_plan_that_found_the_object_in_sync_is_as_good_as_an_apply);
	tests = add_case(suite, "index");
	tcase_add_test(tests, a_thousand_deployments_take_a_few_mebibytes);
	tcase_add_test(tests, the_places_to_watch_are_each_told_once);
	tcase_add_test(tests, what_is_not_in_sync_can_be_listed);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
