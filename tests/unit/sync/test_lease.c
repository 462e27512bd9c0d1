#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sync/holder.h"
#include "sync/lease.h"
#include "tests/unit/fake_kube.c"
#include "tests/unit/still_clock.c"

#define LEASE "/apis/coordination.k8s.io/v1/namespaces/shop/leases/plumb-web"

static struct fake_kube *fake;
static int told;

static void set_up(void)
{
	fake = fake_kube_new();
	told = 0;
}

static void tear_down(void)
{
	fake_kube_free(fake);
}

static void count_waiting(void *context, const char *holder)
{
	ck_assert_str_eq(holder, context);
	told++;
}

static struct lease *take_seen(struct lease_sight *sight, int64_t patience, struct err *err)
{
	static char other[] = "other/boot/1/2";
	bool waited = false;
	const struct lease_options options = {
		.ns = "shop", .name = "web", .waiting = count_waiting, .context = other, .sight = sight
	};
	return lease_take(&fake->kube, &options, clock_now() + patience, &waited, err);
}

static struct lease *take_for(int64_t duration, int64_t patience, bool *waited, struct err *err)
{
	static char other[] = "other/boot/1/2";
	const struct lease_options options = {
		.ns = "shop",
		.name = "web",
		.duration = duration,
		.waiting = count_waiting,
		.context = other,
	};
	return lease_take(&fake->kube, &options, clock_now() + patience, waited, err);
}

static void put_holder(const char *holder, int seconds, const char *renewed)
{
	CLEANUP(text_freep)
	char *json = text_printf(
		"{\"spec\":{\"holderIdentity\":\"%s\",\"leaseDurationSeconds\":%d,\"renewTime\":\"%s\",\"leaseTransitions\":4}}", holder,
		seconds, renewed);
	(void)fake_kube_put(fake, LEASE, json);
}

START_TEST(it_is_taken_by_creating_and_given_back_by_deleting)
{
	struct err err = ERR_INIT;
	bool waited = true;
	struct lease *lease = take_for(0, 0, &waited, &err);
	ck_assert_msg(lease != NULL, "%s", err.msg);
	ck_assert(!waited && lease_fresh(lease));
	const cJSON *doc = fake_kube_get(fake, LEASE);
	CLEANUP(text_freep) char *self = holder_self();
	ck_assert_str_eq(doc_text(doc, "spec/holderIdentity"), self);
	ck_assert_int_eq(doc_int(doc, "spec/leaseDurationSeconds", 0), 60);
	ck_assert_uint_eq(strlen(doc_text(doc, "spec/renewTime")), strlen("2026-11-24T02:41:58.000000Z"));
	ck_assert_uint_eq(fake_kube_requests(fake, ""), 1);
	ck_assert(lease_keep(lease, &err));
	ck_assert_uint_eq(fake_kube_requests(fake, ""), 1);
	lease_free(lease);
	ck_assert_ptr_null(fake_kube_get(fake, LEASE));
}
END_TEST

START_TEST(a_holder_of_this_machine_that_is_gone_is_replaced_at_once)
{
	struct err err = ERR_INIT;
	bool waited = false;
	int ends[2];
	ck_assert_int_eq(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		CLEANUP(text_freep) char *self = holder_self();
		_exit(write(ends[1], self, strlen(self)) > 0 ? 0 : 1);
	}
	char holder[512] = "";
	ck_assert_int_gt(read(ends[0], holder, sizeof holder - 1), 0);
	/* Dead, though nobody has asked for its status yet: as a container without an init leaves it. */
	siginfo_t info;
	ck_assert_int_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	ck_assert(holder_is_gone(holder));
	(void)waitpid(child, NULL, 0);
	ck_assert(holder_is_gone(holder));
	put_holder(holder, 60, "2026-11-24T02:41:58.000000Z");
	struct lease *lease = take_for(0, 0, &waited, &err);
	ck_assert_msg(lease != NULL, "%s", err.msg);
	ck_assert(waited);
	ck_assert_int_eq(told, 0);
	ck_assert_int_eq(doc_int(fake_kube_get(fake, LEASE), "spec/leaseTransitions", 0), 5);
	lease_free(lease);
	ck_assert_ptr_null(fake_kube_get(fake, LEASE));
	(void)close(ends[0]);
	(void)close(ends[1]);
}
END_TEST

START_TEST(a_holder_is_gone_only_when_machine_process_and_start_tell_so)
{
	CLEANUP(text_freep) char *self = holder_self();
	ck_assert(!holder_is_gone(self));
	CLEANUP(text_freep) char *restarted = text_printf("%s1", self);
	ck_assert(holder_is_gone(restarted));
	CLEANUP(text_freep) char *elsewhere = text_printf("x%s1", self);
	ck_assert(!holder_is_gone(elsewhere));
	ck_assert(!holder_is_gone("") && !holder_is_gone("a/b/c/d") && !holder_is_gone("agent-7f9_1234"));
}
END_TEST

START_TEST(a_living_holder_is_waited_for_and_named)
{
	struct err err = ERR_INIT;
	bool waited = false;
	put_holder("other/boot/1/2", 60, "2026-11-24T02:41:58.000000Z");
	ck_assert_ptr_null(take_for(0, 300, &waited, &err));
	ck_assert_int_eq(err.kind, ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.msg, "other/boot/1/2"));
	ck_assert_int_eq(told, 1);
	ck_assert(!waited);
}
END_TEST

START_TEST(a_lease_that_is_not_renewed_for_its_duration_is_stale_whatever_its_clock_says)
{
	struct err err = ERR_INIT;
	bool waited = false;
	put_holder("other/boot/1/2", 1, "2099-11-24T02:41:58.000000Z");
	int64_t start = clock_now();
	struct lease *lease = take_for(0, 60000, &waited, &err);
	ck_assert_msg(lease != NULL, "%s", err.msg);
	ck_assert_int_ge(clock_now() - start, 1000);
	ck_assert(waited);
	lease_free(lease);
}
END_TEST

START_TEST(what_was_seen_of_a_holder_counts_in_the_next_try)
{
	struct err err = ERR_INIT;
	CLEANUP(lease_sight_release) struct lease_sight sight = { 0 };
	put_holder("other/boot/1/2", 10, "2026-11-24T02:41:58.000000Z");
	ck_assert_ptr_null(take_seen(&sight, 4000, &err));
	ck_assert_ptr_null(take_seen(&sight, 4000, &err));
	struct lease *lease = take_seen(&sight, 4000, &err);
	ck_assert_msg(lease != NULL, "%s", err.msg);
	/* Each try names whom it waits for. */
	ck_assert_int_eq(told, 3);
	lease_free(lease);
}
END_TEST

START_TEST(a_holder_that_renews_between_two_tries_is_alive)
{
	struct err err = ERR_INIT;
	CLEANUP(lease_sight_release) struct lease_sight sight = { 0 };
	put_holder("other/boot/1/2", 10, "2026-11-24T02:41:58.000000Z");
	ck_assert_ptr_null(take_seen(&sight, 6000, &err));
	put_holder("other/boot/1/2", 10, "2026-11-24T02:42:04.000000Z");
	ck_assert_ptr_null(take_seen(&sight, 6000, &err));
	ck_assert_int_eq(err.kind, ERR_CONFLICT);
}
END_TEST

static int given_back;

static void count_given_back(struct fake_kube *it, const struct kube_call *call, void *context)
{
	(void)it;
	(void)context;
	given_back += call->gives_back;
	ck_assert(!call->gives_back || strcmp(call->method, "DELETE") == 0);
}

START_TEST(only_giving_it_back_passes_a_fence)
{
	struct err err = ERR_INIT;
	bool waited = false;
	given_back = 0;
	fake->before = count_given_back;
	struct lease *lease = take_for(0, 60000, &waited, &err);
	ck_assert_msg(lease != NULL, "%s", err.msg);
	ck_assert_int_eq(given_back, 0);
	lease_free(lease);
	ck_assert_int_eq(given_back, 1);
}
END_TEST

static void release_on_third(struct fake_kube *it, const struct kube_call *call, void *context)
{
	(void)call;
	(void)context;
	if (fake_kube_requests(it, "GET") == 3) {
		fake_kube_remove(it, LEASE);
	}
}

START_TEST(a_lease_that_is_given_back_meanwhile_is_taken)
{
	struct err err = ERR_INIT;
	bool waited = false;
	put_holder("other/boot/1/2", 60, "2026-11-24T02:41:58.000000Z");
	fake->before = release_on_third;
	struct lease *lease = take_for(0, 60000, &waited, &err);
	ck_assert_msg(lease != NULL, "%s", err.msg);
	ck_assert(waited);
	lease_free(lease);
}
END_TEST

START_TEST(an_answer_lost_when_taking_is_found_to_be_ours)
{
	struct err err = ERR_INIT;
	bool waited = false;
	fake->lose_answer = 0;
	struct lease *lease = take_for(0, 0, &waited, &err);
	ck_assert_msg(lease != NULL, "%s", err.msg);
	lease_free(lease);
	ck_assert_ptr_null(fake_kube_get(fake, LEASE));
}
END_TEST

START_TEST(a_third_of_the_duration_on_it_is_renewed)
{
	struct err err = ERR_INIT;
	bool waited = false;
	struct lease *lease = take_for(6000, 0, &waited, &err);
	char *before = text_dup(doc_text(fake_kube_get(fake, LEASE), "spec/renewTime"));
	char *acquired = text_dup(doc_text(fake_kube_get(fake, LEASE), "spec/acquireTime"));
	clock_sleep_until(clock_now() + 2100);
	ck_assert(lease_keep(lease, &err));
	ck_assert_str_ne(before, doc_text(fake_kube_get(fake, LEASE), "spec/renewTime"));
	ck_assert_str_eq(acquired, doc_text(fake_kube_get(fake, LEASE), "spec/acquireTime"));
	ck_assert_uint_eq(fake_kube_requests(fake, "PUT"), 1);
	/* A renewal whose answer is lost is not taken for somebody else's. */
	fake->lose_answer = 2;
	clock_sleep_until(clock_now() + 2100);
	ck_assert(lease_keep(lease, &err));
	lease_free(lease);
	free(before);
	free(acquired);
}
END_TEST

START_TEST(one_that_was_taken_by_another_is_lost_and_left_alone)
{
	struct err err = ERR_INIT;
	bool waited = false;
	struct lease *lease = take_for(6000, 0, &waited, &err);
	put_holder("other/boot/1/2", 60, "2026-11-24T02:41:58.000000Z");
	clock_sleep_until(clock_now() + 2100);
	ck_assert(!lease_keep(lease, &err));
	ck_assert_int_eq(err.kind, ERR_CONFLICT);
	ck_assert(!lease_fresh(lease));
	lease_free(lease);
	ck_assert_ptr_nonnull(fake_kube_get(fake, LEASE));
}
END_TEST

START_TEST(without_renewal_no_write_starts_in_its_second_half)
{
	struct err err = ERR_INIT;
	bool waited = false;
	struct lease *lease = take_for(6000, 0, &waited, &err);
	fake->drop_from = 0;
	clock_sleep_until(clock_now() + 2100);
	ck_assert(lease_keep(lease, &err));
	ck_assert(lease_fresh(lease));
	clock_sleep_until(clock_now() + 900);
	ck_assert(lease_fresh(lease));
	clock_sleep_until(clock_now() + 1);
	ck_assert(!lease_fresh(lease));
	lease_free(lease);
}
END_TEST

START_TEST(a_denied_lease_is_an_error_at_once)
{
	struct err err = ERR_INIT;
	bool waited = false;
	fake->deny[0] = "POST leases";
	ck_assert_ptr_null(take_for(0, 60000, &waited, &err));
	ck_assert_int_eq(err.kind, ERR_DENIED);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lease");
	TCase *tests = tcase_create("lease");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, it_is_taken_by_creating_and_given_back_by_deleting);
	tcase_add_test(tests, a_holder_of_this_machine_that_is_gone_is_replaced_at_once);
	tcase_add_test(tests, a_holder_is_gone_only_when_machine_process_and_start_tell_so);
	tcase_add_test(tests, a_living_holder_is_waited_for_and_named);
	tcase_add_test(tests, a_lease_that_is_not_renewed_for_its_duration_is_stale_whatever_its_clock_says);
	tcase_add_test(tests, what_was_seen_of_a_holder_counts_in_the_next_try);
	tcase_add_test(tests, a_holder_that_renews_between_two_tries_is_alive);
	tcase_add_test(tests, only_giving_it_back_passes_a_fence);
	tcase_add_test(tests, a_lease_that_is_given_back_meanwhile_is_taken);
	tcase_add_test(tests, an_answer_lost_when_taking_is_found_to_be_ours);
	tcase_add_test(tests, a_third_of_the_duration_on_it_is_renewed);
	tcase_add_test(tests, one_that_was_taken_by_another_is_lost_and_left_alone);
	tcase_add_test(tests, without_renewal_no_write_starts_in_its_second_half);
	tcase_add_test(tests, a_denied_lease_is_an_error_at_once);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
