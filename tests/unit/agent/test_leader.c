#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "agent/leader.h"
#include "render/doc.h"

#include "../fake_kube.c"
#include "../still_clock.c"

#define LEASE "/apis/coordination.k8s.io/v1/namespaces/plumb-system/leases/plumb-agent"
#define QUERY "?fieldManager=plumb"

/* In place of libcurl's, where the loop waits: here nothing but time comes. */
CURLMcode curl_multi_poll(CURLM *multi, struct curl_waitfd *waits, unsigned count, int timeout, int *ready)
{
	(void)multi;
	(void)waits;
	(void)count;
	clock_sleep_until(clock_now() + timeout);
	if (ready) {
		*ready = 0;
	}
	return CURLM_OK;
}

/* Two agents on one API server. */
enum { DURATION = 1000, RENEW = 400, RETRY = 50 };

static struct loop *loop;
static struct fake_kube *server;

struct agent {
	const char *name;
	struct leader *leader;
	bool leads;
	int changes;
	int64_t since;
	struct err err;
};

/* A client of the one server; it may be cut off. */
struct client {
	struct kube kube;
	bool cut;
	struct kube_call *queue[4];
	size_t queued;
};

static void client_send(struct kube *kube, struct kube_call *call)
{
	struct client *client = (struct client *)kube;
	client->queue[client->queued++] = call;
}

static bool client_run(struct kube *kube, int64_t until)
{
	struct client *client = (struct client *)kube;
	while (client->queued) {
		struct kube_call *call = client->queue[--client->queued];
		if (client->cut) {
			(void)err_set(&call->err, ERR_TRANSIENT, "no connection");
			call->done(call, call->context);
		} else {
			char *mark = strchr(call->path, '?');
			if (mark) {
				*mark = '\0';
			}
			kube_send(&server->kube, call);
			(void)kube_run(&server->kube, until);
		}
	}
	return true;
}

static void client_free(struct kube *kube)
{
	(void)kube;
}

static struct client clients[2];
static struct agent agents[2];

static void changed(void *context, bool leads)
{
	struct agent *agent = context;
	agent->leads = leads;
	agent->changes++;
	agent->since = clock_now();
	ck_assert(!(agents[0].leads && agents[1].leads));
}

static void trouble(void *context, const struct err *err)
{
	((struct agent *)context)->err = *err;
}

static void start(size_t i)
{
	static const struct kube_ops ops = { .send = client_send, .run = client_run, .free = client_free };
	clients[i] = (struct client){ .kube.ops = &ops };
	agents[i] = (struct agent){ .name = i ? "two" : "one" };
	struct leader_options options = { .ns = "plumb-system",
		                              .name = "plumb-agent",
		                              .identity = agents[i].name,
		                              .duration = DURATION,
		                              .renew = RENEW,
		                              .retry = RETRY,
		                              .changed = changed,
		                              .trouble = trouble,
		                              .context = &agents[i] };
	agents[i].leader = leader_new(loop, &clients[i].kube, &options);
}

static void stop(size_t i)
{
	leader_end(agents[i].leader);
	agents[i].leads = false;
}

static void setup(void)
{
	struct err err = ERR_INIT;
	loop = loop_new(&err);
	ck_assert_msg(loop != NULL, "%s", err.msg);
	server = fake_kube_new();
}

static void teardown(void)
{
	loop_free(loop);
	fake_kube_free(server);
}

static void run_script(void (*script)(void *context))
{
	(void)loop_spawn(loop, script, NULL);
	loop_stop(loop);
	loop_run(loop);
}

static void rest(int64_t time)
{
	int64_t until = clock_now() + time;
	while (clock_now() < until) {
		(void)loop_park(loop, until);
	}
}

static const char *holder(void)
{
	const cJSON *lease = fake_kube_get(server, LEASE);
	return lease ? doc_text(lease, "spec/holderIdentity") : NULL;
}

static void one_leads(void *context)
{
	(void)context;
	struct err err = ERR_INIT;
	start(0);
	rest(100);
	start(1);
	rest(300);
	ck_assert(agents[0].leads && !agents[1].leads);
	ck_assert_str_eq(holder(), "one");
	ck_assert_str_eq(leader_holder(agents[1].leader), "one");
	ck_assert(leader_may_write(agents[0].leader, &err));
	ck_assert(!leader_may_write(agents[1].leader, &err));
	ck_assert_int_eq(err.kind, ERR_CONFLICT);
	stop(0);
	int64_t stopped = clock_now();
	rest(200);
	ck_assert(agents[1].leads);
	ck_assert_int_le(agents[1].since - stopped, RETRY + RETRY / 5);
	ck_assert_int_eq(doc_int(fake_kube_get(server, LEASE), "spec/leaseTransitions", -1), 1);
	stop(1);
}

/* The process stood still: its own fiber did not get to look at the Lease. */
static void one_was_away(void *context)
{
	(void)context;
	struct err err = ERR_INIT;
	start(0);
	rest(100);
	ck_assert(leader_may_write(agents[0].leader, &err));
	still_now += RENEW;
	ck_assert(leader_leads(agents[0].leader));
	ck_assert(!leader_may_write(agents[0].leader, &err));
	ck_assert_int_eq(err.kind, ERR_CONFLICT);
	/* Nobody else took it: renewed it may write again. */
	rest(100);
	ck_assert(leader_may_write(agents[0].leader, &err));
	stop(0);
}

START_TEST(one_that_was_away_may_not_write_before_it_renewed)
{
	run_script(one_was_away);
}
END_TEST

START_TEST(one_of_two_leads_and_hands_over_at_its_end)
{
	run_script(one_leads);
	ck_assert_str_eq(holder(), "");
}
END_TEST

static void leader_is_cut_off(void *context)
{
	(void)context;
	struct err err = ERR_INIT;
	start(0);
	rest(100);
	start(1);
	rest(100);
	clients[0].cut = true;
	int64_t cut = clock_now();
	rest(RENEW + 150);
	ck_assert(!agents[0].leads && !agents[1].leads);
	ck_assert(!leader_may_write(agents[0].leader, &err));
	ck_assert_str_eq(agents[0].err.msg, "no connection");
	rest(DURATION - RENEW + 200);
	ck_assert(agents[1].leads);
	/* Not before the other one's lease was old on our own clock. */
	ck_assert_int_ge(agents[1].since - cut, DURATION - 2 * RETRY);
	clients[0].cut = false;
	rest(200);
	ck_assert(!agents[0].leads);
	stop(0);
	stop(1);
}

START_TEST(a_leader_that_is_cut_off_stops_before_another_begins)
{
	run_script(leader_is_cut_off);
}
END_TEST

static void short_outage(void *context)
{
	(void)context;
	start(0);
	rest(100);
	clients[0].cut = true;
	rest(RENEW / 2);
	ck_assert(agents[0].leads);
	clients[0].cut = false;
	rest(RENEW);
	ck_assert(agents[0].leads);
	ck_assert_int_eq(agents[0].changes, 1);
	stop(0);
}

START_TEST(a_short_outage_is_survived)
{
	run_script(short_outage);
}
END_TEST

static void taken_away(void *context)
{
	(void)context;
	start(0);
	rest(100);
	(void)fake_kube_put(server, LEASE,
	                    "{\"kind\":\"Lease\",\"metadata\":{\"name\":\"plumb-agent\",\"namespace\":\"plumb-system\"},"
	                    "\"spec\":{\"holderIdentity\":\"somebody\",\"leaseDurationSeconds\":60}}");
	rest(3 * RETRY);
	ck_assert(!agents[0].leads);
	ck_assert_str_eq(holder(), "somebody");
	fake_kube_remove(server, LEASE);
	rest(4 * RETRY);
	ck_assert(agents[0].leads);
	stop(0);
}

START_TEST(a_lease_that_was_taken_or_deleted_is_noticed)
{
	run_script(taken_away);
}
END_TEST

static void dead_holder(void *context)
{
	(void)context;
	/* The clock of the dead one was an hour ahead: that is of no interest. */
	char future[CLOCK_TEXT];
	clock_micro_text(clock_wall_micro() + 3600 * 1000000LL, future);
	char *json = text_printf("{\"kind\":\"Lease\",\"metadata\":{\"name\":\"plumb-agent\",\"namespace\":\"plumb-system\"},"
	                         "\"spec\":{\"holderIdentity\":\"dead\",\"leaseDurationSeconds\":1,\"renewTime\":\"%s\"}}",
	                         future);
	(void)fake_kube_put(server, LEASE, json);
	free(json);
	int64_t begun = clock_now();
	start(0);
	rest(500);
	ck_assert(!agents[0].leads);
	rest(800);
	ck_assert(agents[0].leads);
	ck_assert_int_ge(agents[0].since - begun, 1000);
	stop(0);
}

START_TEST(a_dead_holder_is_replaced_after_its_duration_on_our_own_clock)
{
	run_script(dead_holder);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("leader");
	TCase *tests = tcase_create("leader");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, one_that_was_away_may_not_write_before_it_renewed);
	tcase_add_test(tests, one_of_two_leads_and_hands_over_at_its_end);
	tcase_add_test(tests, a_leader_that_is_cut_off_stops_before_another_begins);
	tcase_add_test(tests, a_short_outage_is_survived);
	tcase_add_test(tests, a_lease_that_was_taken_or_deleted_is_noticed);
	tcase_add_test(tests, a_dead_holder_is_replaced_after_its_duration_on_our_own_clock);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
