#include "agent/workers.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "render/base/buf.h"

enum { IDLE_SECONDS = 30, STACK = 2 * 1024 * 1024 };

struct workers {
	struct loop *loop;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* Under the lock. */
	struct job *waiting;
	struct job **waiting_end;
	const char *running[WORKERS_MOST]; /* keys of the jobs that run */
	unsigned threads;
	unsigned idle;
	bool closing;
};

/* --- the threads -------------------------------------------------------------------------------------------------- */

static bool is_running(const struct workers *workers, const char *key)
{
	for (size_t i = 0; i < WORKERS_MOST; i++) {
		if (workers->running[i] && strcmp(workers->running[i], key) == 0) {
			return true;
		}
	}
	return false;
}

/* The first job whose key has none that runs; the ones before it of the same key wait too. */
static struct job *take_job(struct workers *workers)
{
	for (struct job **at = &workers->waiting; *at; at = &(*at)->next) {
		struct job *job = *at;
		if (!is_running(workers, job->key)) {
			*at = job->next;
			if (!*at) {
				workers->waiting_end = at;
			}
			job->next = NULL;
			return job;
		}
	}
	return NULL;
}

static size_t mark(struct workers *workers, const char *key)
{
	for (size_t i = 0; i < WORKERS_MOST; i++) {
		if (!workers->running[i]) {
			workers->running[i] = key;
			return i;
		}
	}
	abort();
}

static void done(void *context)
{
	struct job *job = context;
	free(job->key);
	job->key = NULL;
	job->done(job);
}

/* true: something may have changed. */
static bool wait_for_more(struct workers *workers)
{
	struct timespec until;
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += IDLE_SECONDS;
	workers->idle++;
	int code = pthread_cond_timedwait(&workers->changed, &workers->lock, &until);
	workers->idle--;
	return code != ETIMEDOUT;
}

static void *run_thread(void *context)
{
	struct workers *workers = context;
	(void)pthread_mutex_lock(&workers->lock);
	while (!workers->closing) {
		struct job *job = take_job(workers);
		if (!job) {
			if (!wait_for_more(workers)) {
				break;
			}
			continue;
		}
		size_t place = mark(workers, job->key);
		(void)pthread_mutex_unlock(&workers->lock);
		job->work(job);
		(void)pthread_mutex_lock(&workers->lock);
		workers->running[place] = NULL;
		/* The next job of this key may be another thread's. */
		(void)pthread_cond_broadcast(&workers->changed);
		loop_post(workers->loop, done, job);
	}
	workers->threads--;
	(void)pthread_cond_broadcast(&workers->changed);
	(void)pthread_mutex_unlock(&workers->lock);
	return NULL;
}

/* Signals are the loop's. */
static void start_thread(struct workers *workers)
{
	pthread_t thread;
	pthread_attr_t attributes;
	sigset_t all;
	sigset_t before;
	(void)sigfillset(&all);
	(void)pthread_attr_init(&attributes);
	(void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	(void)pthread_attr_setstacksize(&attributes, STACK);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&thread, &attributes, run_thread, workers) == 0) {
		workers->threads++;
	} else if (workers->threads == 0) {
		abort();
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attributes);
}

/* --- the loop's side ---------------------------------------------------------------------------------------------- */

void workers_submit(struct workers *workers, struct job *job)
{
	assert(job->key && job->work && job->done);
	job->next = NULL;
	job->workers = workers;
	(void)pthread_mutex_lock(&workers->lock);
	bool needed = !workers->idle && workers->threads < WORKERS_MOST;
	*workers->waiting_end = job;
	workers->waiting_end = &job->next;
	if (needed) {
		start_thread(workers);
	}
	(void)pthread_cond_signal(&workers->changed);
	(void)pthread_mutex_unlock(&workers->lock);
}

struct waiting {
	struct job job;
	struct job *real;
	struct loop *loop;
	struct strand *strand;
	bool done;
};

static void work_for(struct job *job)
{
	struct waiting *waiting = (struct waiting *)job;
	waiting->real->work(waiting->real);
}

static void wake_who_waits(struct job *job)
{
	struct waiting *waiting = (struct waiting *)job;
	waiting->done = true;
	loop_wake(waiting->loop, waiting->strand);
}

void workers_run(struct workers *workers, struct job *job)
{
	struct waiting waiting = { .job = { .key = TAKE(job->key), .work = work_for, .done = wake_who_waits },
		                       .real = job,
		                       .loop = workers->loop,
		                       .strand = loop_strand(workers->loop) };
	workers_submit(workers, &waiting.job);
	while (!waiting.done) {
		(void)loop_park(workers->loop, INT64_MAX);
	}
}

bool workers_busy(struct workers *workers)
{
	(void)pthread_mutex_lock(&workers->lock);
	bool busy = false;
	for (size_t i = 0; i < WORKERS_MOST; i++) {
		busy = busy || workers->running[i];
	}
	(void)pthread_mutex_unlock(&workers->lock);
	return busy;
}

struct workers *workers_new(struct loop *loop)
{
	struct workers *workers = alloc_new(1, sizeof *workers);
	pthread_condattr_t attributes;
	workers->loop = loop;
	workers->waiting_end = &workers->waiting;
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&workers->changed, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	(void)pthread_mutex_init(&workers->lock, NULL);
	return workers;
}

void workers_free(struct workers *workers)
{
	if (!workers) {
		return;
	}
	(void)pthread_mutex_lock(&workers->lock);
	workers->closing = true;
	(void)pthread_cond_broadcast(&workers->changed);
	while (workers->threads) {
		(void)pthread_cond_wait(&workers->changed, &workers->lock);
	}
	(void)pthread_mutex_unlock(&workers->lock);
	(void)pthread_cond_destroy(&workers->changed);
	(void)pthread_mutex_destroy(&workers->lock);
	free(workers);
}
