#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "render/doc.h"
#include "sync/apply_impl.h"
#include "sync/clock.h"

enum { WINDOW = 64, SLICE = 1000, KEEP_EVERY = 1000, FIRST_PAUSE = 250, LONGEST_PAUSE = 10000, WRITE_TIMEOUT = 30000 };

_Static_assert(2 * WRITE_TIMEOUT <= LEASE_DURATION, "safety rule 21: see lease_fresh");

static void work_free(struct work *work)
{
	kube_call_release(&work->call);
	cJSON_Delete(work->live);
	free(work->trouble);
	free(work->expects);
	free(work->hash_before);
	free(work->hash_wanted);
	free(work->commit);
	free(work->cause);
	free(work->recreated);
	free(work->uid);
	free(work->resource_version);
	free(work);
}

struct work *work_new(struct run *run, const struct action *action, const struct ident *id, const struct step *steps)
{
	struct work *work = alloc_new(1, sizeof *work);
	work->run = run;
	work->action = action;
	work->id = id;
	work->steps = steps;
	work->force = action->force;
	work->take_over = action->take_over;
	work->pause = FIRST_PAUSE;
	if (run->count == run->cap) {
		run->cap = run->cap ? 2 * run->cap : WINDOW;
		run->open = alloc_grow(run->open, run->cap, sizeof(struct work *));
	}
	run->open[run->count++] = work;
	return work;
}

/* Sends the step, if it may be sent now. */
static bool try_send(struct work *work)
{
	struct run *run = work->run;
	if (work->steps[work->at].writes && run->apply->lease && !lease_fresh(run->apply->lease)) {
		return false;
	}
	work->steps[work->at].send(work);
	return true;
}

/* Fills the window, in order. */
static void refill(struct run *run)
{
	for (; run->next < run->count && run->flying < WINDOW && !run_stopped(run); run->next++) {
		struct work *work = run->open[run->next];
		if (work->state == WORK_READY && !try_send(work)) {
			return;
		}
	}
}

static void done(struct kube_call *call, void *context)
{
	struct work *work = context;
	struct run *run = work->run;
	assert(work->state == WORK_FLYING && call == &work->call);
	run->flying--;
	work->state = WORK_READY;
	struct err err = ERR_INIT;
	if (!kube_check(call, is_secret(work->id), &err)) {
		work_refused(work);
	} else {
		const struct step *step = &work->steps[work->at];
		CLEANUP(doc_freep)
		cJSON *answer = call->reply.len ? doc_parse(buf_text(&call->reply), call->reply.len, &err) : NULL;
		step->answered(work, answer);
		/* Unless it ended, sleeps, or went elsewhere. */
		if (work->state == WORK_READY && step == &work->steps[work->at]) {
			work->at++;
			work_next(work);
		}
	}
	kube_call_release(call);
	*call = (struct kube_call){ 0 };
	if (work->state == WORK_READY && !run_stopped(run)) {
		(void)try_send(work);
	}
	refill(run);
}

void work_send(struct work *work)
{
	work->call.done = done;
	work->call.context = work;
	work->call.timeout = WRITE_TIMEOUT;
	work->state = WORK_FLYING;
	work->run->flying++;
	kube_send(work->run->apply->kube, &work->call);
}

void work_next(struct work *work)
{
	while (work->steps[work->at].needed && !work->steps[work->at].needed(work)) {
		work->at++;
	}
	assert(work->steps[work->at].send);
	work->state = WORK_READY;
}

void work_goto(struct work *work, const struct step *steps, size_t at)
{
	work->steps = steps;
	work->at = at;
	work_next(work);
}

void work_end(struct work *work, enum verdict verdict, char *reason, enum failure failure)
{
	struct report *report = work->run->apply->report;
	work->state = WORK_DONE;
	work->run->failed += failure != FAILURE_NONE;
	if (failure != FAILURE_NONE) {
		CLEANUP(text_freep) char *name = ident_text(work->id);
		report_fail(report, failure, text_printf("%s: %s: %s", name, verdict_text(verdict), reason));
	}
	report_verdict(report, work->id, verdict, reason, failure);
}

void work_later(struct work *work, char *reason, enum failure failure)
{
	work->state = WORK_SLEEPING;
	work->due = clock_now() + work->pause;
	work->pause = work->pause * 2 > LONGEST_PAUSE ? LONGEST_PAUSE : work->pause * 2;
	bool news = !work->trouble || strcmp(work->trouble, reason) != 0;
	free(work->trouble);
	work->trouble = reason;
	work->failure = failure;
	if (news) {
		report_verdict(work->run->apply->report, work->id, VERDICT_WAITING, text_dup(reason), FAILURE_NONE);
	}
}

/* Looks after the lease; false once nothing may be written any more. */
static bool keep_lease(struct run *run)
{
	struct apply *apply = run->apply;
	int64_t now = clock_now();
	if (run->lost || !apply->lease || now - run->kept < KEEP_EVERY) {
		return !run->lost;
	}
	run->kept = now;
	struct err err = ERR_INIT;
	if (!lease_keep(apply->lease, &err)) {
		run->lost = true;
		report_fail(apply->report, FAILURE_STOPPED, text_printf("nothing more is written: %s", err.msg));
	}
	return !run->lost;
}

bool run_stopped(struct run *run)
{
	const struct apply *apply = run->apply;
	return run->lost || (apply->stop && *apply->stop) || clock_now() >= apply->deadline;
}

/* Wakes who has slept; *wake is the next one's time. */
static void wake_up(struct run *run, int64_t *wake)
{
	int64_t now = clock_now();
	for (size_t i = 0; i < run->count; i++) {
		struct work *work = run->open[i];
		if (work->state == WORK_SLEEPING && work->due <= now) {
			work->state = WORK_READY;
		} else if (work->state == WORK_SLEEPING && work->due < *wake) {
			*wake = work->due;
		}
	}
}

static void sweep(struct run *run)
{
	size_t left = 0;
	for (size_t i = 0; i < run->count; i++) {
		if (run->open[i]->state == WORK_DONE) {
			work_free(run->open[i]);
		} else {
			run->open[left++] = run->open[i];
		}
	}
	run->count = left;
	run->next = 0;
}

static bool any_ready(const struct run *run)
{
	for (size_t i = 0; i < run->count; i++) {
		if (run->open[i]->state == WORK_READY) {
			return true;
		}
	}
	return run->flying > 0;
}

static bool has_newer(const struct run *run)
{
	return run->apply->newer && *run->apply->newer;
}

bool run_works(struct run *run, bool all)
{
	struct kube *kube = run->apply->kube;
	for (;;) {
		sweep(run);
		/* For something newer, what can be done at once still is; what the server refuses for now is not tried again. */
		bool stopped = !keep_lease(run) || run_stopped(run) || (has_newer(run) && !any_ready(run));
		if (stopped && !run->flying) {
			return run->count == 0;
		}
		if (!run->count || (!all && !any_ready(run))) {
			return true;
		}
		int64_t wake = clock_now() + SLICE;
		if (!stopped) {
			wake_up(run, &wake);
			refill(run);
		}
		if (run->flying) {
			(void)kube_run(kube, wake);
		} else {
			/* All sleep, or the lease is to be renewed before the next write. */
			kube_sleep(kube, wake < run->apply->deadline ? wake : run->apply->deadline);
		}
	}
}

void run_give_up(struct run *run)
{
	for (size_t i = 0; i < run->count; i++) {
		struct work *work = run->open[i];
		assert(work->state != WORK_FLYING);
		if (work->state == WORK_DONE) {
			continue;
		}
		bool late = !run->lost && !has_newer(run) && !(run->apply->stop && *run->apply->stop);
		if (work->waits) {
			work_end(work, VERDICT_WAITING, text_dup(work->trouble ? work->trouble : "its deletion"), FAILURE_STOPPED);
		} else if (work->trouble && late) {
			work_end(work, VERDICT_FAILED, TAKE(work->trouble), work->failure);
		} else {
			run->apply->stopped = true;
			work_end(work, VERDICT_WAITING,
			         text_dup(late ? "the timeout came before it was tried" : "stopped before it was done"), FAILURE_STOPPED);
		}
	}
	sweep(run);
}

void run_release(struct run *run)
{
	for (size_t i = 0; i < run->count; i++) {
		work_free(run->open[i]);
	}
	free(run->open);
	*run = (struct run){ 0 };
}
