#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "render/doc.h"
#include "sync/clock.h"
#include "sync/scalers.h"
#include "tests/unit/fake_kube.c"

#define HPAS "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers"
#define NO_KINDS "{\"kind\":\"APIGroupDiscoveryList\",\"apiVersion\":\"apidiscovery.k8s.io/v2\",\"items\":[]}"
#define KINDS \
	"{\"kind\":\"APIGroupDiscoveryList\",\"apiVersion\":\"apidiscovery.k8s.io/v2\",\"items\":[{\"metadata\":{\"name\":\"autoscaling\"}," \
	"\"versions\":[{\"version\":\"v2\",\"resources\":[{\"resource\":\"horizontalpodautoscalers\",\"responseKind\":{\"group\":\"autoscaling\"," \
	"\"version\":\"v2\",\"kind\":\"HorizontalPodAutoscaler\"},\"scope\":\"Namespaced\",\"verbs\":[\"list\"]}]}]}]}"
#define HPA(target) \
	"{\"metadata\":{},\"items\":[{\"apiVersion\":\"autoscaling/v2\",\"kind\":\"HorizontalPodAutoscaler\",\"metadata\":{\"name\":\"hpa\",\"namespace\":\"shop\"}," \
	"\"spec\":{\"scaleTargetRef\":{\"kind\":\"Deployment\",\"name\":\"" target "\"}}}]}"

static struct fake_kube *fake;
static struct discovery *discovery;
static struct scalers scalers;
static struct object *web;
static struct live live;
static struct action action;
static struct action *actions[] = { &action };
static const struct plan plan = { .actions = actions, .count = 1 };

static void begin_with(const char *kinds)
{
	struct err err = ERR_INIT;
	static const char text[] =
		"{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\"}}";
	fake = fake_kube_new();
	(void)fake_kube_put(fake, "/api", NO_KINDS);
	(void)fake_kube_put(fake, "/apis", kinds);
	discovery = discovery_new(&fake->kube, clock_now() + 60000, &err);
	ck_assert_msg(discovery != NULL, "%s", err.msg);
	scalers = SCALERS_INIT;
	web = object_new(doc_parse(text, strlen(text), &err), NULL, 0, NULL);
	static char field[] = "spec.replicas";
	action = (struct action){ .kind = ACTION_HEAL, .desired = web, .live = &live, .field = field };
	fake_kube_forget(fake);
}

static void begin(void)
{
	begin_with(KINDS);
}

static void finish(void)
{
	scalers_release(&scalers);
	object_free(web);
	discovery_free(discovery);
	fake_kube_free(fake);
}

static bool finds_news(void)
{
	struct err err = ERR_INIT;
	bool news = false;
	ck_assert_msg(scalers_read(&scalers, &fake->kube, discovery, &plan, &news, &err), "%s", err.msg);
	ck_assert(news == (scalers_find(&scalers, &web->id) != NULL));
	return news;
}

START_TEST(an_autoscaler_of_what_would_be_healed_is_found_and_asked_for_once)
{
	(void)fake_kube_put(fake, HPAS, HPA("web"));
	ck_assert(finds_news());
	ck_assert_str_eq(scalers_find(&scalers, &web->id)->name, "hpa");
	ck_assert(finds_news());
	ck_assert_uint_eq(fake_kube_requests(fake, "GET " HPAS), 1);
}
END_TEST

START_TEST(one_of_something_else_is_none)
{
	(void)fake_kube_put(fake, HPAS, HPA("api"));
	ck_assert(!finds_news());
}
END_TEST

START_TEST(nothing_is_asked_where_no_replicas_are_healed)
{
	static char field[] = "spec.paused";
	action.field = field;
	ck_assert(!finds_news());
	action.field = NULL;
	ck_assert(!finds_news());
	ck_assert_uint_eq(fake_kube_requests(fake, ""), 0);
}
END_TEST

START_TEST(who_may_not_list_them_sees_none)
{
	fake->deny[0] = "GET " HPAS;
	(void)fake_kube_put(fake, HPAS, HPA("web"));
	ck_assert(!finds_news());
}
END_TEST

START_TEST(a_server_without_them_has_none)
{
	finish();
	begin_with(NO_KINDS);
	ck_assert(!finds_news());
	ck_assert_uint_eq(fake_kube_requests(fake, ""), 0);
}
END_TEST

START_TEST(an_answer_that_does_not_come_is_a_failure)
{
	struct err err = ERR_INIT;
	bool news = false;
	fake->drop_from = 0;
	ck_assert(!scalers_read(&scalers, &fake->kube, discovery, &plan, &news, &err));
	ck_assert_int_eq(err.kind, ERR_TRANSIENT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scalers");
	TCase *tests = tcase_create("scalers");
	tcase_add_checked_fixture(tests, begin, finish);
	tcase_add_test(tests, an_autoscaler_of_what_would_be_healed_is_found_and_asked_for_once);
	tcase_add_test(tests, one_of_something_else_is_none);
	tcase_add_test(tests, nothing_is_asked_where_no_replicas_are_healed);
	tcase_add_test(tests, who_may_not_list_them_sees_none);
	tcase_add_test(tests, a_server_without_them_has_none);
	tcase_add_test(tests, an_answer_that_does_not_come_is_a_failure);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
