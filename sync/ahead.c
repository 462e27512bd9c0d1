#include "sync/ahead.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "sync/clock.h"
#include "sync/prepare_impl.h"

enum {
	STILL_NEW = 2000, /* milliseconds for which what was read counts as read now */
	STOP_STEP = 50,   /* how soon a signal is passed on */
};

struct ahead {
	pthread_t thread;
	struct prepared *prepared;
	struct report report; /* what the thread says */
	atomic_int stop;
	bool fine;
	int64_t read; /* when it was done */
};

static void *run(void *context)
{
	struct ahead *ahead = context;
	struct prepared *prepared = ahead->prepared;
	ahead->fine = prepare_reach(prepared) && prepare_ledger(prepared) && prepare_lists(prepared);
	ahead->read = clock_now();
	return NULL;
}

/* Signals are for the thread that had them before. */
static bool start(struct ahead *ahead)
{
	sigset_t all;
	sigset_t before;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&ahead->thread, NULL, run, ahead);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return !failed;
}

/* The clients outlive the thread. */
static void end_as(struct prepared *prepared, struct report *report)
{
	prepared->report = report;
	prepared->stop = prepared->options->stop;
	if (prepared->kube) {
		prepared->kube->stop = prepared->stop;
	}
	if (prepared->records) {
		prepared->records->stop = prepared->stop;
	}
}

struct ahead *ahead_start(struct prepared *prepared)
{
	struct ahead *ahead = alloc_new(1, sizeof *ahead);
	ahead->prepared = prepared;
	struct report *report = prepared->report;
	prepared->report = &ahead->report;
	prepared->stop = &ahead->stop;
	if (!start(ahead)) {
		end_as(prepared, report);
		free(ahead);
		return NULL;
	}
	return ahead;
}

/* Of the joins with a time, this is the one that thread sanitizers know; it has no other clock. */
static void join(struct ahead *ahead)
{
	const atomic_int *stop = ahead->prepared->options->stop;
	struct timespec until;
	do {
		if (stop && *stop) {
			ahead->stop = 1;
		}
		(void)clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += STOP_STEP * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000L;
		until.tv_nsec %= 1000000000L;
	} while (pthread_timedjoin_np(ahead->thread, NULL, &until) == ETIMEDOUT);
}

bool ahead_end(struct ahead *ahead, struct report *report, bool wanted)
{
	if (!ahead) {
		return true;
	}
	if (!wanted) {
		ahead->stop = 1;
	}
	join(ahead);
	struct prepared *prepared = ahead->prepared;
	bool fine = ahead->fine;
	end_as(prepared, report);
	if (wanted && fine && clock_now() - ahead->read > STILL_NEW) {
		prepare_unreach(prepared);
	} else if (wanted) {
		report_take(report, &ahead->report);
	}
	report_release(&ahead->report);
	free(ahead);
	return fine || !wanted;
}
