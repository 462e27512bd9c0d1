#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/doc.h"
#include "sync/history.h"
#include "sync/names.h"
#include "tests/unit/fake_kube.c"

#define APPS "/apis/apps/v1/namespaces/shop/"
#define COMMIT_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define COMMIT_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define COMMIT_C "cccccccccccccccccccccccccccccccccccccccc"
#define UID "deploy-uid"

static struct fake_kube *fake;

/* What a sync did to the Deployment: `from` -1 for nothing. */
struct step {
	const char *commit;
	int64_t from;
	int64_t to;
	const char *hash;
	const char *healed_from;
};

static void set_up(void)
{
	fake = fake_kube_new();
	(void)fake_kube_put(
		fake, APPS "deployments/web",
		"{\"metadata\":{\"uid\":\"" UID "\",\"managedFields\":["
		"{\"manager\":\"plumb\",\"time\":\"2099-01-03T00:00:00Z\",\"fieldsV1\":{\"f:spec\":{\"f:template\":{}}}},"
		"{\"manager\":\"helm\",\"time\":\"2099-01-01T00:00:00Z\",\"fieldsV1\":{\"f:spec\":{\"f:template\":{}}}},"
		"{\"manager\":\"kubectl-set\",\"time\":\"2099-01-02T00:00:00Z\",\"fieldsV1\":{\"f:spec\":{\"f:template\":{}}}},"
		"{\"manager\":\"kubectl-scale\",\"time\":\"2099-01-04T00:00:00Z\",\"subresource\":\"scale\","
		"\"fieldsV1\":{\"f:spec\":{}}},"
		"{\"manager\":\"kubectl-edit\",\"time\":\"2099-01-03T00:00:00Z\",\"fieldsV1\":{\"f:spec\":{}}}]},"
		"\"spec\":{\"selector\":{\"matchLabels\":{\"app\":\"web\"}}}}");
}

static void tear_down(void)
{
	fake_kube_free(fake);
}

static struct ledger *open_it(void)
{
	const struct ledger_options options = { .ns = "shop", .name = "web" };
	struct err err = ERR_INIT;
	struct ledger *ledger = ledger_open(&fake->kube, &options, &err);
	ck_assert_msg(ledger != NULL, "%s", err.msg);
	return ledger;
}

static void put_set(const char *hash, int revision, const char *commit, const char *owner)
{
	CLEANUP(text_freep) char *path = text_printf(APPS "replicasets/web-%s", hash);
	CLEANUP(text_freep)
	char *json = text_printf(
		"{\"metadata\":{\"labels\":{\"app\":\"web\",\"pod-template-hash\":\"%s\"},\"annotations\":{\"" NOTE_TEMPLATE_COMMIT
		"\":\"%s\",\"deployment.kubernetes.io/revision\":\"%d\"},\"ownerReferences\":[{\"controller\":true,\"uid\":\"%s\"}]},"
		"\"spec\":{\"replicas\":%d,\"template\":{\"spec\":{\"containers\":[{\"image\":\"web:%d\"},{\"image\":\"b\"}]}}}}",
		hash, commit, revision, owner, revision, revision);
	(void)fake_kube_put(fake, path, json);
	cJSON *deployment = fake_kube_get(fake, APPS "deployments/web");
	char text[16];
	(void)snprintf(text, sizeof text, "%d", revision);
	if (strcmp(owner, UID) == 0) {
		doc_set_text(doc_make(doc_at(deployment, "metadata"), "annotations"), "deployment.kubernetes.io/revision", text);
	}
}

static void add_row(struct inventory *inventory)
{
	struct inventory_row *row = alloc_new(1, sizeof *row);
	row->id = ident_make("apps", "Deployment", "shop", "web");
	row->version = text_dup("v1");
	row->uid = text_dup(UID);
	inventory_take(inventory, row);
}

static char *dup_or_null(const char *text)
{
	return text ? text_dup(text) : NULL;
}

static struct ledger_sync sync_of(const struct step *step)
{
	struct ledger_sync sync = { .commit = text_dup(step->commit), .result = LEDGER_APPLIED, .heal = step->healed_from != NULL };
	if (step->from >= 0) {
		sync.revisions = alloc_new(1, sizeof *sync.revisions);
		sync.revision_count = 1;
		sync.revisions[0] = (struct ledger_revision){
			.id = ident_make("apps", "Deployment", "shop", "web"),
			.uid = text_dup(UID),
			.from = step->from,
			.to = step->to,
			.hash = dup_or_null(step->hash),
			.replicaset = step->hash ? text_printf("web-%s", step->hash) : NULL,
			.healed_from = dup_or_null(step->healed_from),
		};
	}
	return sync;
}

static void record(const struct step *step)
{
	struct ledger *ledger = open_it();
	struct inventory inventory = INVENTORY_INIT;
	struct err err = ERR_INIT;
	add_row(&inventory);
	struct ledger_sync sync = sync_of(step);
	ck_assert_msg(ledger_begin(ledger, &sync, &inventory, &err), "%s", err.msg);
	ck_assert_msg(ledger_finish(ledger, &sync, &inventory, &err), "%s", err.msg);
	ledger_sync_release(&sync);
	inventory_release(&inventory);
	ledger_free(ledger);
}

/* "*4 drift(kubectl-set); 3 c; 1 a": current, number, and the commit's first digit. */
static void check_history(const char *expected)
{
	struct ledger *ledger = open_it();
	struct history history = { 0 };
	struct err err = ERR_INIT;
	ck_assert_msg(history_of_deployment(&fake->kube, ledger, "shop", "web", &history, &err), "%s", err.msg);
	CLEANUP(buf_release) struct buf text = BUF_INIT(1000);
	for (size_t i = 0; i < history.count; i++) {
		const struct history_row *row = &history.rows[i];
		ck_assert(row->sync == NULL || row->drift == NULL);
		ck_assert(buf_printf(&text, "%s%s%d ", i ? "; " : "", row->current ? "*" : "", (int)row->revision));
		ck_assert(row->sync ? buf_printf(&text, "%.1s", row->sync->commit) : buf_printf(&text, "drift(%s)", row->drift));
	}
	ck_assert_str_eq(buf_text(&text), expected);
	history_release(&history);
	ledger_free(ledger);
}

static size_t settle(void)
{
	struct ledger *ledger = open_it();
	struct err err = ERR_INIT;
	size_t settled = 0;
	ck_assert_msg(history_settle(&fake->kube, ledger, &settled, &err), "%s", err.msg);
	ledger_free(ledger);
	return settled;
}

static const struct ledger_sync *sync_at(const struct ledger *ledger, size_t at)
{
	size_t count = 0;
	const struct ledger_sync *syncs = ledger_syncs(ledger, &count);
	ck_assert_uint_lt(at, count);
	return &syncs[at];
}

START_TEST(a_revision_is_a_commits_where_hash_and_number_match)
{
	put_set("h1", 1, COMMIT_A, UID);
	put_set("h2", 2, COMMIT_B, UID);
	put_set("h9", 7, COMMIT_B, "another-uid");
	record(&(struct step){ COMMIT_A, 0, 1, "h1", NULL });
	record(&(struct step){ COMMIT_B, 1, 2, "h2", NULL });
	check_history("*2 b; 1 a");
	struct ledger *ledger = open_it();
	struct history history = { 0 };
	struct err err = ERR_INIT;
	ck_assert(history_of_deployment(&fake->kube, ledger, "shop", "web", &history, &err));
	ck_assert_str_eq(history.rows[0].image, "web:2 +1");
	ck_assert_str_eq(history.rows[0].replicaset, "web-h2");
	ck_assert_int_eq(history.rows[0].replicas, 2);
	ck_assert_int_gt(history.rows[0].created, 0);
	history_release(&history);
	ledger_free(ledger);
}
END_TEST

START_TEST(a_revert_that_uses_a_replicaset_again_moves_it_to_the_new_number)
{
	put_set("h2", 2, COMMIT_B, UID);
	put_set("h1", 3, COMMIT_C, UID);
	record(&(struct step){ COMMIT_A, 0, 1, "h1", NULL });
	record(&(struct step){ COMMIT_B, 1, 2, "h2", NULL });
	record(&(struct step){ COMMIT_C, 2, 3, "h1", NULL });
	check_history("*3 c; 2 b");
}
END_TEST

START_TEST(a_replicaset_that_somebody_else_uses_again_is_drift_and_names_the_last_one_who_changed_the_template)
{
	put_set("h2", 2, COMMIT_B, UID);
	put_set("h1", 3, COMMIT_B, UID);
	record(&(struct step){ COMMIT_A, 0, 1, "h1", NULL });
	record(&(struct step){ COMMIT_B, 1, 2, "h2", NULL });
	check_history("*3 drift(kubectl-set); 2 b");
}
END_TEST

START_TEST(drift_that_was_healed_keeps_the_name_that_the_heal_saw)
{
	put_set("h8", 2, COMMIT_A, UID);
	put_set("h9", 3, COMMIT_A, UID);
	put_set("h1", 4, COMMIT_A, UID);
	record(&(struct step){ COMMIT_A, 0, 1, "h1", NULL });
	record(&(struct step){ COMMIT_A, 3, 4, "h1", "kubectl-edit" });
	check_history("*4 a; 3 drift(kubectl-edit); 2 drift(kubectl-edit)");
	put_set("h7", 5, COMMIT_A, UID);
	put_set("h2", 6, COMMIT_B, UID);
	record(&(struct step){ COMMIT_B, 5, 6, "h2", NULL });
	check_history("*6 b; 5 drift(); 4 a; 3 drift(kubectl-edit); 2 drift(kubectl-edit)");
}
END_TEST

START_TEST(what_is_older_than_the_first_record_is_nobodys_drift)
{
	put_set("h1", 1, "", UID);
	put_set("h2", 2, COMMIT_A, UID);
	record(&(struct step){ COMMIT_A, 1, 2, "h2", NULL });
	check_history("*2 a; 1 drift()");
	fake_kube_remove(fake, APPS "replicasets/web-h2");
	check_history("1 drift()");
}
END_TEST

START_TEST(an_adopted_deployment_is_drift_only_when_changed_after_plumb_began)
{
	put_set("h1", 1, "", UID);
	record(&(struct step){ COMMIT_A, -1, 0, NULL, NULL });
	check_history("*1 drift(kubectl-set)");
	cJSON *entry = NULL;
	cJSON_ArrayForEach (entry, doc_at(fake_kube_get(fake, APPS "deployments/web"), "metadata/managedFields")) {
		doc_remove(doc_at(entry, "fieldsV1/f:spec"), "f:template");
	}
	check_history("*1 drift(kubectl-edit)");
	cJSON_ArrayForEach (entry, doc_at(fake_kube_get(fake, APPS "deployments/web"), "metadata/managedFields")) {
		doc_set_text(entry, "time", "2001-01-01T00:00:00Z");
	}
	check_history("*1 drift()");
}
END_TEST

START_TEST(a_killed_sync_is_found_by_the_commit_on_what_it_made)
{
	put_set("h1", 1, COMMIT_A, UID);
	put_set("h9", 2, COMMIT_A, UID);
	struct ledger *ledger = open_it();
	struct inventory inventory = INVENTORY_INIT;
	struct err err = ERR_INIT;
	struct ledger_sync sync = sync_of(&(struct step){ COMMIT_A, -1, 0, NULL, NULL });
	ck_assert(ledger_begin(ledger, &sync, &inventory, &err));
	ledger_sync_release(&sync);
	ledger_free(ledger);
	check_history("*2 drift(kubectl-set); 1 a");
}
END_TEST

START_TEST(pending_revisions_are_shown_and_settled_once_the_replicaset_is_there)
{
	record(&(struct step){ COMMIT_A, 0, 0, NULL, NULL });
	ck_assert_uint_eq(settle(), 0);
	put_set("h1", 1, COMMIT_A, UID);
	put_set("h8", 2, COMMIT_A, UID);
	check_history("*2 drift(kubectl-set); 1 a");
	ck_assert_uint_eq(settle(), 1);
	fake_kube_forget(fake);
	ck_assert_uint_eq(settle(), 0);
	ck_assert_uint_eq(fake_kube_requests(fake, ""), 1);
	struct ledger *ledger = open_it();
	const struct ledger_revision *revision = &sync_at(ledger, 0)->revisions[0];
	ck_assert_int_eq(revision->to, 1);
	ck_assert_str_eq(revision->hash, "h1");
	ck_assert_str_eq(revision->replicaset, "web-h1");
	ledger_free(ledger);
	check_history("*2 drift(kubectl-set); 1 a");
}
END_TEST

START_TEST(a_revision_that_a_newer_sync_overtook_is_settled_as_never_made)
{
	record(&(struct step){ COMMIT_A, 0, 0, NULL, NULL });
	record(&(struct step){ COMMIT_B, 0, 0, NULL, NULL });
	put_set("h2", 1, COMMIT_B, UID);
	ck_assert_uint_eq(settle(), 2);
	struct ledger *ledger = open_it();
	ck_assert_int_eq(sync_at(ledger, 0)->revisions[0].to, 0);
	ck_assert(!sync_at(ledger, 0)->revisions_pending);
	ck_assert_int_eq(sync_at(ledger, 1)->revisions[0].to, 1);
	ledger_free(ledger);
	check_history("*1 b");
}
END_TEST

START_TEST(a_revision_of_a_deployment_that_was_replaced_is_settled)
{
	record(&(struct step){ COMMIT_A, 0, 0, NULL, NULL });
	struct ledger *ledger = open_it();
	struct inventory none = INVENTORY_INIT;
	struct err err = ERR_INIT;
	struct ledger_sync sync = sync_of(&(struct step){ COMMIT_B, -1, 0, NULL, NULL });
	ck_assert(ledger_begin(ledger, &sync, &none, &err) && ledger_finish(ledger, &sync, &none, &err));
	ledger_sync_release(&sync);
	ledger_free(ledger);
	ck_assert_uint_eq(settle(), 1);
}
END_TEST

START_TEST(missing_rights_leave_revisions_pending)
{
	record(&(struct step){ COMMIT_A, 0, 0, NULL, NULL });
	record(&(struct step){ COMMIT_B, 0, 0, NULL, NULL });
	put_set("h1", 1, COMMIT_B, UID);
	fake->deny[0] = "GET replicasets";
	ck_assert_uint_eq(settle(), 0);
	fake->deny[0] = "POST controllerrevisions";
	ck_assert_uint_eq(settle(), 0);
	fake->deny[0] = NULL;
	ck_assert_uint_eq(settle(), 2);
}
END_TEST

START_TEST(the_revisions_of_a_sync_that_waited_are_resolved_before_its_outcome)
{
	put_set("h1", 1, COMMIT_B, UID);
	put_set("h2", 2, COMMIT_B, UID);
	struct err err = ERR_INIT;
	struct ledger_sync sync = sync_of(&(struct step){ COMMIT_B, 1, 0, NULL, NULL });
	ck_assert(history_resolve(&fake->kube, &sync, &err));
	ck_assert_int_eq(sync.revisions[0].to, 2);
	ck_assert_str_eq(sync.revisions[0].hash, "h2");
	fake_kube_forget(fake);
	ck_assert(history_resolve(&fake->kube, &sync, &err));
	ck_assert_uint_eq(fake_kube_requests(fake, ""), 0);
	ledger_sync_release(&sync);
}
END_TEST

START_TEST(of_a_few_deployments_only_what_they_select_is_listed)
{
	put_set("h1", 1, COMMIT_B, UID);
	/* Of another application: not asked for. */
	(void)fake_kube_put(fake, APPS "replicasets/api-h9", "{\"metadata\":{\"labels\":{\"app\":\"api\"}}}");
	struct err err = ERR_INIT;
	struct ledger_sync sync = sync_of(&(struct step){ COMMIT_B, 0, 0, NULL, NULL });
	fake_kube_forget(fake);
	ck_assert(history_resolve(&fake->kube, &sync, &err));
	ck_assert_str_eq(sync.revisions[0].hash, "h1");
	ck_assert_uint_eq(fake_kube_requests(fake, ""), 2);
	ck_assert_uint_eq(fake_kube_requests(fake, "GET " APPS "deployments/web"), 1);
	ck_assert_uint_eq(fake_kube_requests(fake, "GET " APPS "replicasets?labelSelector=app"), 1);
	ledger_sync_release(&sync);
}
END_TEST

START_TEST(where_a_deployment_is_gone_or_there_are_many_all_are_listed)
{
	put_set("h1", 1, COMMIT_B, UID);
	struct err err = ERR_INIT;
	struct ledger_sync sync = sync_of(&(struct step){ COMMIT_B, 0, 0, NULL, NULL });
	fake->deny[0] = "GET deployments/";
	ck_assert(history_resolve(&fake->kube, &sync, &err));
	ck_assert_str_eq(sync.revisions[0].hash, "h1");
	ledger_sync_release(&sync);
	fake->deny[0] = NULL;
	sync = sync_of(&(struct step){ COMMIT_B, 0, 0, NULL, NULL });
	sync.revisions = alloc_grow(sync.revisions, 6, sizeof *sync.revisions);
	for (; sync.revision_count < 6; sync.revision_count++) {
		CLEANUP(text_freep) char *name = text_printf("web-%zu", sync.revision_count);
		sync.revisions[sync.revision_count] = (struct ledger_revision){
			.id = ident_make("apps", "Deployment", "shop", name),
			.uid = text_dup(name),
		};
	}
	fake_kube_forget(fake);
	ck_assert(history_resolve(&fake->kube, &sync, &err));
	ck_assert_str_eq(sync.revisions[0].hash, "h1");
	ck_assert_uint_eq(fake_kube_requests(fake, ""), 1);
	ck_assert_uint_eq(fake_kube_requests(fake, "GET " APPS "replicasets?limit="), 1);
	ledger_sync_release(&sync);
}
END_TEST

START_TEST(a_deployment_that_is_not_there_is_told)
{
	struct ledger *ledger = open_it();
	struct history history = { 0 };
	struct err err = ERR_INIT;
	ck_assert(!history_of_deployment(&fake->kube, ledger, "shop", "api", &history, &err));
	ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
	ledger_free(ledger);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("history");
	TCase *tests = tcase_create("history");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_revision_is_a_commits_where_hash_and_number_match);
	tcase_add_test(tests, a_revert_that_uses_a_replicaset_again_moves_it_to_the_new_number);
	tcase_add_test(tests, a_replicaset_that_somebody_else_uses_again_is_drift_and_names_the_last_one_who_changed_the_template);
	tcase_add_test(tests, drift_that_was_healed_keeps_the_name_that_the_heal_saw);
	tcase_add_test(tests, what_is_older_than_the_first_record_is_nobodys_drift);
	tcase_add_test(tests, an_adopted_deployment_is_drift_only_when_changed_after_plumb_began);
	tcase_add_test(tests, a_killed_sync_is_found_by_the_commit_on_what_it_made);
	tcase_add_test(tests, pending_revisions_are_shown_and_settled_once_the_replicaset_is_there);
	tcase_add_test(tests, a_revision_that_a_newer_sync_overtook_is_settled_as_never_made);
	tcase_add_test(tests, a_revision_of_a_deployment_that_was_replaced_is_settled);
	tcase_add_test(tests, missing_rights_leave_revisions_pending);
	tcase_add_test(tests, the_revisions_of_a_sync_that_waited_are_resolved_before_its_outcome);
	tcase_add_test(tests, of_a_few_deployments_only_what_they_select_is_listed);
	tcase_add_test(tests, where_a_deployment_is_gone_or_there_are_many_all_are_listed);
	tcase_add_test(tests, a_deployment_that_is_not_there_is_told);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
