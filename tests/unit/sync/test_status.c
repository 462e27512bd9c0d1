#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "render/doc.h"
#include "sync/clock.h"
#include "sync/status.h"
#include "tests/unit/fake_kube.c"

#define COMMIT "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define WEB "/apis/apps/v1/namespaces/shop/deployments/web"
#define VERBS "\"verbs\":[\"create\",\"delete\",\"get\",\"list\",\"patch\"]"

static struct fake_kube *fake;
static struct status status;

/* clang-format off */
static const char core[] =
	"{\"kind\":\"APIGroupDiscoveryList\",\"apiVersion\":\"apidiscovery.k8s.io/v2\",\"items\":[{\"versions\":[{\"version\":\"v1\","
	"\"freshness\":\"Current\",\"resources\":[{\"resource\":\"configmaps\",\"responseKind\":{\"kind\":\"ConfigMap\"},"
	"\"scope\":\"Namespaced\"," VERBS "}]}]}]}";
static const char groups[] =
	"{\"kind\":\"APIGroupDiscoveryList\",\"apiVersion\":\"apidiscovery.k8s.io/v2\",\"items\":[{\"metadata\":{\"name\":\"apps\"},"
	"\"versions\":[{\"version\":\"v1\",\"freshness\":\"Current\",\"resources\":[{\"resource\":\"deployments\","
	"\"responseKind\":{\"kind\":\"Deployment\"},\"scope\":\"Namespaced\"," VERBS "}]}]}]}";
/* clang-format on */

static void set_up(void)
{
	fake = fake_kube_new();
	(void)fake_kube_put(fake, "/api", core);
	(void)fake_kube_put(fake, "/apis", groups);
	status = (struct status){ .kube = &fake->kube, .ns = text_dup("shop") };
}

static void tear_down(void)
{
	status_release(&status);
}

static void add(struct inventory *inventory, const char *group, const char *kind, const char *name, bool kept)
{
	struct inventory_row *row = alloc_new(1, sizeof *row);
	row->id = ident_make(group, kind, "shop", name);
	row->version = text_dup("v1");
	row->uid = text_dup("u");
	row->kept = kept;
	inventory_take(inventory, row);
}

/* A sync of these rows, with or without an outcome. */
static void record(const struct inventory *inventory, bool finish)
{
	struct err err = ERR_INIT;
	const struct ledger_options options = { .ns = "shop", .name = "web" };
	CLEANUP(ledger_freep) struct ledger *ledger = ledger_open(&fake->kube, &options, &err);
	struct ledger_sync sync = {
		.commit = text_dup(COMMIT),
		.ref = text_dup("main"),
		.author = text_dup("Ana"),
		.subject = text_dup("Open the shop"),
		.url = text_dup("https://git.example/shop.git"),
		.path = text_dup("."),
		.result = LEDGER_HEALTHY,
		.message = text_dup(""),
	};
	ck_assert_ptr_nonnull(ledger);
	ck_assert_msg(ledger_begin(ledger, &sync, inventory, &err), "%s", err.msg);
	ck_assert_msg(!finish || ledger_finish(ledger, &sync, inventory, &err), "%s", err.msg);
	ledger_sync_release(&sync);
}

static const struct status_row *row_named(const char *name)
{
	for (size_t i = 0; i < status.count; i++) {
		if (strcmp(status.rows[i].id.name, name) == 0) {
			return &status.rows[i];
		}
	}
	ck_abort_msg("no row %s", name);
}

static void read_it(void)
{
	struct err err = ERR_INIT;
	fake_kube_forget(fake);
	ck_assert_msg(status_read(&status, "web", clock_now() + 60000, &err), "%s", err.msg);
	ck_assert_uint_eq(fake_kube_requests(fake, "GET"), fake_kube_requests(fake, ""));
}

START_TEST(a_name_that_never_synced_has_no_last_sync_and_no_rows)
{
	read_it();
	ck_assert_ptr_null(status.last);
	ck_assert_uint_eq(status.count, 0);
}
END_TEST

START_TEST(each_object_is_there_gone_or_not_known)
{
	CLEANUP(inventory_release) struct inventory inventory = INVENTORY_INIT;
	add(&inventory, "apps", "Deployment", "web", false);
	add(&inventory, "apps", "Deployment", "gone", true);
	add(&inventory, "", "ConfigMap", "denied", false);
	add(&inventory, "example.org", "Thing", "kindless", false);
	record(&inventory, true);
	(void)fake_kube_put(fake, WEB,
	                    "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"generation\":2,"
	                    "\"annotations\":{\"plumb.dev/reconcile\":\"disabled\"}},\"spec\":{\"replicas\":3},"
	                    "\"status\":{\"observedGeneration\":1}}");
	fake->deny[0] = "GET configmaps/denied";
	read_it();
	ck_assert_uint_eq(status.count, 4);
	ck_assert_int_eq(status.last->number, 1);
	ck_assert_int_eq(status.last->result, LEDGER_HEALTHY);
	ck_assert(row_named("web")->known && row_named("web")->there && !row_named("web")->kept);
	ck_assert_int_eq(row_named("web")->health.health, HEALTH_PROGRESSING);
	ck_assert(row_named("web")->disabled && !row_named("gone")->disabled);
	ck_assert(row_named("gone")->known && !row_named("gone")->there && row_named("gone")->kept);
	ck_assert(!row_named("denied")->known);
	ck_assert(row_named("kindless")->known && !row_named("kindless")->there);
}
END_TEST

START_TEST(more_objects_than_are_read_at_a_time_are_all_read)
{
	CLEANUP(inventory_release) struct inventory inventory = INVENTORY_INIT;
	for (int i = 0; i < 150; i++) {
		CLEANUP(text_freep) char *name = text_printf("cm-%d", i);
		CLEANUP(text_freep) char *path = text_printf("/api/v1/namespaces/shop/configmaps/%s", name);
		add(&inventory, "", "ConfigMap", name, false);
		(void)fake_kube_put(fake, path, "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\"}");
	}
	record(&inventory, true);
	read_it();
	for (size_t i = 0; i < status.count; i++) {
		ck_assert(status.rows[i].there);
		ck_assert_int_eq(status.rows[i].health.health, HEALTH_CURRENT);
	}
	ck_assert_uint_eq(status.count, 150);
}
END_TEST

START_TEST(a_sync_that_was_killed_is_the_last_one_and_unfinished)
{
	CLEANUP(inventory_release) struct inventory inventory = INVENTORY_INIT;
	add(&inventory, "", "ConfigMap", "a", false);
	record(&inventory, false);
	read_it();
	ck_assert_int_eq(status.last->result, LEDGER_UNFINISHED);
	ck_assert_uint_eq(status.count, 1);
}
END_TEST

START_TEST(a_ledger_that_may_not_be_read_is_an_error)
{
	struct err err = ERR_INIT;
	fake->deny[0] = "GET controllerrevisions";
	ck_assert(!status_read(&status, "web", clock_now() + 60000, &err));
	ck_assert_int_eq(err.kind, ERR_DENIED);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("status");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_name_that_never_synced_has_no_last_sync_and_no_rows);
	tcase_add_test(tcase, each_object_is_there_gone_or_not_known);
	tcase_add_test(tcase, more_objects_than_are_read_at_a_time_are_all_read);
	tcase_add_test(tcase, a_sync_that_was_killed_is_the_last_one_and_unfinished);
	tcase_add_test(tcase, a_ledger_that_may_not_be_read_is_an_error);
	Suite *suite = suite_create("status");
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
