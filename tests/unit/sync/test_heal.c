#include "sync/drift.h"
#include "sync/heal.h"
#include "sync/names.h"
#include "tests/unit/sync/cycle_fixture.h"

enum { DELAY = 1000, BUDGET = 10, REFILL = 30000 };

#define APPLIES "PATCH " CONFIGMAPS
#define ONCE(name) \
	"---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " name \
	"\n  annotations: {plumb.dev/heal: once}\ndata:\n  value: \"1\"\n"

static struct drift *drift;
static int64_t due_within; /* what drift_due said while the heal's own apply was under way */

static void begin(void)
{
	scene_begin();
	drift = drift_new("shop", "shop");
	drift_configure(drift, &(struct drift_options){ .delay = DELAY });
	scene.options.drift = drift;
	due_within = 0;
}

static void end(void)
{
	drift_free(drift);
	scene_end();
}

/* The first sync, by the agent: the drift knows it. */
static void synced(const char *manifests)
{
	push('1', manifests);
	ck_assert_int_eq(sync_now(), RESULT_APPLIED);
	ck_assert_int_eq(drift_due(drift), INT64_MAX);
}

static char *path_of(const char *name)
{
	return text_printf(CONFIGMAPS "%s", name);
}

/* --- others --------------------------------------------------------------------------------------------------------- */

/* The manager writes the value, and owns it from then on. */
static void write_as(const char *manager, const char *name, const char *value)
{
	CLEANUP(text_freep) char *path = path_of(name);
	cJSON *object = cJSON_Duplicate(fake_kube_get(scene.fake, path), true);
	doc_set_text(doc_get(object, "data"), "value", value);
	cJSON *managers = doc_get(doc_get(object, "metadata"), "managedFields");
	doc_remove(doc_get(cJSON_GetArrayItem(managers, 0), "fieldsV1"), "f:data");
	cJSON *entry = cJSON_CreateObject();
	doc_set_text(entry, "manager", manager);
	doc_set_text(entry, "operation", "Update");
	doc_set_text(entry, "time", "2026-01-01T00:00:00Z");
	doc_set(doc_make(doc_make(entry, "fieldsV1"), "f:data"), "f:value", cJSON_CreateObject());
	cJSON_AddItemToArray(managers, entry);
	(void)fake_store(scene.fake, path, object);
}

static void annotate(const char *name, const char *key, const char *value)
{
	CLEANUP(text_freep) char *path = path_of(name);
	cJSON *object = cJSON_Duplicate(fake_kube_get(scene.fake, path), true);
	doc_set_text(doc_make(object, "metadata/annotations"), key, value);
	(void)fake_store(scene.fake, path, object);
}

/* The watch brings what is there now. */
static void see(const char *name, int64_t now)
{
	CLEANUP(text_freep) char *path = path_of(name);
	struct ident id = { .group = text_dup(""), .kind = text_dup("ConfigMap"), .ns = text_dup("shop"), .name = text_dup(name) };
	const cJSON *object = fake_kube_get(scene.fake, path);
	struct live *live = object ? live_new("", "ConfigMap", cJSON_Duplicate(doc_get(object, "metadata"), true)) : NULL;
	struct drift_sight sight = { .id = live ? &live->id : &id, .live = live, .version = scene.fake->version };
	ck_assert(drift_see(drift, &sight, now));
	live_free(live);
	ident_release(&id);
}

static int64_t taken_by(const char *manager, const char *name)
{
	int64_t now = clock_now();
	write_as(manager, name, "drifted");
	see(name, now);
	return now;
}

static void removed(const char *name)
{
	CLEANUP(text_freep) char *path = path_of(name);
	fake_kube_remove(scene.fake, path);
	scene.fake->version++;
}

/* --- the heal ------------------------------------------------------------------------------------------------------- */

/* The requests are those of it. */
static bool heal_at(int64_t now)
{
	report_release(&scene.report);
	scene.report = REPORT_INIT;
	fake_kube_forget(scene.fake);
	return heal_sync(&scene.options, now, &scene.report);
}

static const char *value_of(const char *name)
{
	CLEANUP(text_freep) char *path = path_of(name);
	const char *value = doc_text(fake_kube_get(scene.fake, path), "data/value");
	return value ? value : "nothing";
}

static const struct report_object *verdict_on(const char *name)
{
	for (size_t i = 0; i < scene.report.count; i++) {
		if (strcmp(scene.report.objects[i]->id.name, name) == 0) {
			return scene.report.objects[i];
		}
	}
	ck_abort_msg("no verdict on %s", name);
	return NULL;
}

static bool last_is_heal(size_t *count)
{
	struct err err = ERR_INIT;
	const struct ledger_options options = { .ns = "shop", .name = "shop" };
	CLEANUP(ledger_freep) struct ledger *ledger = ledger_open(&scene.fake->kube, &options, &err);
	ck_assert_msg(ledger != NULL, "%s", err.msg);
	const struct ledger_sync *syncs = ledger_syncs(ledger, count);
	return *count && syncs[*count - 1].heal;
}

START_TEST(without_drift_there_is_no_heal_and_no_request)
{
	synced(CONFIG("a", "1"));
	ck_assert(!heal_at(clock_now() + 3600 * 1000));
	ck_assert_uint_eq(fake_kube_requests(scene.fake, ""), 0);
	ck_assert_uint_eq(scene.report.count, 0);
}
END_TEST

START_TEST(a_field_that_somebody_took_is_applied_again_after_the_delay_and_no_other_object_is_read)
{
	synced(CONFIG("a", "1") CONFIG("b", "1"));
	int64_t now = taken_by("kubectl-edit", "a");
	ck_assert_int_eq(drift_due(drift), now + DELAY);
	ck_assert(!heal_at(now + DELAY - 1));
	ck_assert_uint_eq(fake_kube_requests(scene.fake, ""), 0);
	ck_assert(heal_at(now + DELAY));
	ck_assert_int_eq(verdict_on("a")->verdict, VERDICT_HEALED);
	ck_assert_str_eq(value_of("a"), "1");
	ck_assert_uint_eq(fake_kube_requests(scene.fake, APPLIES "a?"), 1);
	ck_assert_uint_eq(fake_kube_requests(scene.fake, "GET " CONFIGMAPS "b"), 0);
	ck_assert_uint_eq(fake_kube_requests(scene.fake, APPLIES "b?"), 0);
	size_t count = 0;
	ck_assert(last_is_heal(&count));
	ck_assert_uint_eq(count, 2);
	/* And once. */
	ck_assert_int_eq(drift_due(drift), INT64_MAX);
	ck_assert(!heal_at(now + 3600 * 1000));
}
END_TEST

START_TEST(a_deleted_object_is_made_anew_and_nothing_is_pruned)
{
	synced(CONFIG("a", "1") CONFIG("b", "1"));
	removed("a");
	int64_t now = clock_now();
	see("a", now);
	ck_assert(heal_at(now + DELAY));
	ck_assert_int_eq(verdict_on("a")->verdict, VERDICT_HEALED);
	ck_assert_str_eq(value_of("a"), "1");
	ck_assert_str_eq(value_of("b"), "1");
	ck_assert_uint_eq(fake_kube_requests(scene.fake, "DELETE " CONFIGMAPS), 0);
}
END_TEST

START_TEST(what_is_made_once_is_not_made_again_though_its_deletion_came_only_before_the_heal)
{
	synced(ONCE("a"));
	int64_t now = taken_by("kubectl-edit", "a");
	removed("a");
	ck_assert(heal_at(now + DELAY));
	ck_assert_int_eq(verdict_on("a")->verdict, VERDICT_SKIPPED);
	ck_assert_uint_eq(fake_kube_requests(scene.fake, "PATCH "), 0);
	ck_assert_str_eq(value_of("a"), "nothing");
	/* Nor when the event comes. */
	see("a", now + DELAY);
	ck_assert(!heal_at(now + 3600 * 1000));
}
END_TEST

START_TEST(what_somebody_switched_off_meanwhile_is_left_alone)
{
	synced(CONFIG("a", "1") CONFIG("b", "1"));
	int64_t now = taken_by("kubectl-edit", "a");
	see("b", now);
	(void)taken_by("kubectl-edit", "b");
	annotate("a", "plumb.dev/reconcile", "disabled");
	ck_assert(heal_at(clock_now() + DELAY));
	ck_assert_int_eq(verdict_on("a")->verdict, VERDICT_SKIPPED);
	ck_assert_int_eq(verdict_on("b")->verdict, VERDICT_HEALED);
	ck_assert_str_eq(value_of("a"), "drifted");
	ck_assert_uint_eq(fake_kube_requests(scene.fake, APPLIES "a?"), 0);
	ck_assert_uint_eq(drift_count(drift, DRIFT_DISABLED), 1);
	ck_assert(!heal_at(now + 3600 * 1000));
}
END_TEST

START_TEST(nothing_is_healed_while_a_cycle_of_the_sync_runs)
{
	synced(CONFIG("a", "1"));
	int64_t now = taken_by("kubectl-edit", "a");
	drift_begin(drift);
	ck_assert(!heal_at(now + 3600 * 1000));
	ck_assert_uint_eq(fake_kube_requests(scene.fake, ""), 0);
	drift_end(drift);
	ck_assert(heal_at(now + DELAY));
}
END_TEST

/* What the watch tells while our own apply is under way. */
static void see_within(struct fake_kube *fake, const struct kube_call *call, void *context)
{
	(void)fake;
	(void)context;
	if (strncmp(call->path, CONFIGMAPS "a?", strlen(CONFIGMAPS "a?")) == 0 && strcmp(call->method, "PATCH") == 0) {
		see("a", clock_now() + DELAY);
		due_within = drift_due(drift);
	}
}

START_TEST(what_is_being_applied_is_not_due_and_news_of_before_say_nothing_afterwards)
{
	synced(CONFIG("a", "1"));
	int64_t now = taken_by("kubectl-edit", "a");
	scene.fake->before = see_within;
	ck_assert(heal_at(now + DELAY));
	ck_assert_int_eq(due_within, INT64_MAX);
	ck_assert_uint_eq(fake_kube_requests(scene.fake, APPLIES "a?"), 1);
	ck_assert_int_eq(drift_due(drift), INT64_MAX);
	ck_assert_uint_eq(drift_count(drift, DRIFT_FOUND), 0);
}
END_TEST

START_TEST(who_undoes_a_heal_is_named_and_the_next_one_comes_later_each_time)
{
	synced(CONFIG("a", "1"));
	for (int i = 0, pause = 0; i < 5; i++, pause = pause ? 2 * pause : 1000) {
		int64_t now = taken_by("kubectl-edit", "a");
		ck_assert_int_eq(drift_due(drift), now + DELAY + pause);
		ck_assert(!heal_at(drift_due(drift) - 1));
		ck_assert(heal_at(drift_due(drift)));
		/* A person is never yielded to. */
		ck_assert_int_eq(verdict_on("a")->verdict, VERDICT_HEALED);
		ck_assert_str_eq(value_of("a"), "1");
	}
}
END_TEST

START_TEST(a_field_lost_twice_to_a_controller_is_left_to_it_and_not_written)
{
	synced(CONFIG("a", "1"));
	for (int i = 0; i < 2; i++) {
		(void)taken_by("operator", "a");
		ck_assert(heal_at(drift_due(drift)));
		ck_assert_int_eq(verdict_on("a")->verdict, VERDICT_HEALED);
	}
	(void)taken_by("operator", "a");
	ck_assert_uint_eq(drift_count(drift, DRIFT_CONTESTED), 1);
	ck_assert(!heal_at(clock_now() + 3000 * 1000));
	ck_assert_uint_eq(fake_kube_requests(scene.fake, ""), 0);
	ck_assert_str_eq(value_of("a"), "drifted");
	/* After an hour it is tried once more. */
	ck_assert(heal_at(clock_now() + 3600 * 1000));
	ck_assert_int_eq(verdict_on("a")->verdict, VERDICT_HEALED);
	ck_assert_str_eq(value_of("a"), "1");
}
END_TEST

START_TEST(an_object_s_budget_ends_and_refills_with_time)
{
	synced(CONFIG("a", "1"));
	int64_t now = clock_now();
	for (int i = 0; i < BUDGET; i++) {
		/* Another one each time: nobody is fought with. */
		CLEANUP(text_freep) char *manager = text_printf("kubectl-%d", i);
		write_as(manager, "a", "drifted");
		see("a", now);
		ck_assert_int_eq(drift_due(drift), now + DELAY);
		ck_assert(heal_at(now + DELAY));
	}
	write_as("kubectl-last", "a", "drifted");
	see("a", now);
	ck_assert(!heal_at(now + DELAY + REFILL - 1));
	ck_assert_uint_eq(fake_kube_requests(scene.fake, ""), 0);
	ck_assert(heal_at(now + DELAY + REFILL));
	ck_assert_str_eq(value_of("a"), "1");
}
END_TEST

START_TEST(with_detect_and_while_suspended_nothing_is_written)
{
	synced(CONFIG("a", "1"));
	drift_configure(drift, &(struct drift_options){ .delay = DELAY, .detect = true });
	int64_t now = taken_by("kubectl-edit", "a");
	ck_assert(!heal_at(now + 3600 * 1000));
	drift_configure(drift, &(struct drift_options){ .delay = DELAY, .suspended = true });
	ck_assert(!heal_at(now + 3600 * 1000));
	ck_assert_uint_eq(fake_kube_requests(scene.fake, ""), 0);
	drift_configure(drift, &(struct drift_options){ .delay = DELAY });
	ck_assert(heal_at(now + DELAY));
	ck_assert_str_eq(value_of("a"), "1");
}
END_TEST

START_TEST(a_commit_that_somebody_else_applied_is_not_taken_back)
{
	synced(CONFIG("a", "1"));
	/* A one-shot, of which this drift knows nothing. */
	push('2', CONFIG("a", "2"));
	scene.options.drift = NULL;
	ck_assert_int_eq(sync_now(), RESULT_APPLIED);
	scene.options.drift = drift;
	scene.descends = false;
	int64_t now = taken_by("kubectl-edit", "a");
	ck_assert(heal_at(now + DELAY));
	ck_assert_int_eq(scene.report.stop, STOP_REWIND);
	ck_assert(told("nothing is healed to 1111111: sync 2 was of 2222222"));
	ck_assert_uint_eq(writes(), 0);
	ck_assert_str_eq(value_of("a"), "drifted");
}
END_TEST

START_TEST(a_heal_that_is_refused_is_tried_again_later_each_time)
{
	synced(CONFIG("a", "1"));
	int64_t now = taken_by("kubectl-edit", "a");
	scene.fake->deny[0] = APPLIES "a?";
	ck_assert(heal_at(now + DELAY));
	ck_assert_int_eq(verdict_on("a")->verdict, VERDICT_FAILED);
	int64_t first = drift_due(drift);
	ck_assert_int_ge(first, now + 1000);
	ck_assert(heal_at(first));
	ck_assert_int_ge(drift_due(drift), now + 2000);
	scene.fake->deny[0] = NULL;
	ck_assert(heal_at(drift_due(drift)));
	ck_assert_int_eq(verdict_on("a")->verdict, VERDICT_HEALED);
	ck_assert_int_eq(drift_due(drift), INT64_MAX);
}
END_TEST

START_TEST(without_the_lease_or_an_intent_nothing_is_applied)
{
	synced(CONFIG("a", "1"));
	(void)taken_by("kubectl-edit", "a");
	scene.fake->deny[0] = "POST /leases";
	ck_assert(heal_at(drift_due(drift)));
	ck_assert_uint_eq(fake_kube_requests(scene.fake, APPLIES), 0);
	scene.fake->deny[0] = "POST /controllerrevisions";
	ck_assert(heal_at(drift_due(drift)));
	ck_assert_uint_eq(fake_kube_requests(scene.fake, APPLIES), 0);
	ck_assert_str_eq(value_of("a"), "drifted");
	ck_assert_int_lt(drift_due(drift), INT64_MAX);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("heal");
	tcase_add_checked_fixture(tcase, begin, end);
	tcase_add_test(tcase, without_drift_there_is_no_heal_and_no_request);
	tcase_add_test(tcase, a_field_that_somebody_took_is_applied_again_after_the_delay_and_no_other_object_is_read);
	tcase_add_test(tcase, a_deleted_object_is_made_anew_and_nothing_is_pruned);
	tcase_add_test(tcase, what_is_made_once_is_not_made_again_though_its_deletion_came_only_before_the_heal);
	tcase_add_test(tcase, what_somebody_switched_off_meanwhile_is_left_alone);
	tcase_add_test(tcase, nothing_is_healed_while_a_cycle_of_the_sync_runs);
	tcase_add_test(tcase, what_is_being_applied_is_not_due_and_news_of_before_say_nothing_afterwards);
	tcase_add_test(tcase, who_undoes_a_heal_is_named_and_the_next_one_comes_later_each_time);
	tcase_add_test(tcase, a_field_lost_twice_to_a_controller_is_left_to_it_and_not_written);
	tcase_add_test(tcase, an_object_s_budget_ends_and_refills_with_time);
	tcase_add_test(tcase, with_detect_and_while_suspended_nothing_is_written);
	tcase_add_test(tcase, a_commit_that_somebody_else_applied_is_not_taken_back);
	tcase_add_test(tcase, a_heal_that_is_refused_is_tried_again_later_each_time);
	tcase_add_test(tcase, without_the_lease_or_an_intent_nothing_is_applied);
	Suite *suite = suite_create("heal");
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
