#include "agent/loop.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agent/fiber.h"
#include "render/base/buf.h"
#include "sync/clock.h"

enum { LONGEST_POLL = 60 * 1000 };

struct strand {
	struct loop *loop;
	struct fiber *fiber;
	void (*run)(void *context);
	void *context;
	struct loop_timer timer;
	bool woken;
	bool queued; /* among the ready ones */
	bool ended;
	struct strand *next;
};

struct source {
	int fd;
	void (*ready)(void *context); /* NULL: removed */
	void *context;
};

struct post {
	void (*run)(void *context);
	void *context;
	struct post *next;
};

struct posts {
	struct post *first;
	struct post **last;
};

struct loop {
	struct kube_multi multi; /* first: the table's functions get the loop from it */
	struct timers timers;
	struct strand *ready;
	struct strand **ready_end;
	struct strand *current;
	size_t strands;
	bool stopping;
	struct source *sources;
	size_t source_count;
	int event; /* something was posted */
	pthread_mutex_t lock;
	struct posts posts; /* under the lock */
};

/* --- fibers ------------------------------------------------------------------------------------------------------- */

static void make_ready(struct strand *strand)
{
	if (!strand->queued) {
		strand->queued = true;
		strand->next = NULL;
		*strand->loop->ready_end = strand;
		strand->loop->ready_end = &strand->next;
	}
}

static void fired(void *context)
{
	make_ready(context);
}

static void body(void *context)
{
	struct strand *strand = context;
	strand->run(strand->context);
}

struct strand *loop_spawn(struct loop *loop, void (*run)(void *context), void *context)
{
	struct strand *strand = alloc_new(1, sizeof *strand);
	*strand = (struct strand){ .loop = loop, .run = run, .context = context };
	strand->timer = (struct loop_timer){ .fire = fired, .context = strand };
	strand->fiber = fiber_new(body, strand);
	loop->strands++;
	make_ready(strand);
	return strand;
}

struct strand *loop_strand(const struct loop *loop)
{
	return loop->current;
}

void loop_wake(struct loop *loop, struct strand *strand)
{
	(void)loop;
	if (strand) {
		strand->woken = true;
		make_ready(strand);
	}
}

bool loop_park(struct loop *loop, int64_t until)
{
	struct strand *strand = loop->current;
	assert(strand);
	if (!strand->woken) {
		if (until < INT64_MAX) {
			timers_set(&loop->timers, &strand->timer, until);
		}
		fiber_leave(strand->fiber);
		timers_clear(&loop->timers, &strand->timer);
	}
	bool woken = strand->woken;
	strand->woken = false;
	return woken;
}

static void strand_free(struct strand *strand)
{
	assert(!strand->timer.place);
	strand->loop->strands--;
	fiber_free(strand->fiber);
	free(strand);
}

/* Once all that are ready now; who gets ready meanwhile has its turn after the API server and the descriptors. */
static void run_ready(struct loop *loop)
{
	struct strand *ready = loop->ready;
	loop->ready = NULL;
	loop->ready_end = &loop->ready;
	while (ready) {
		struct strand *strand = ready;
		ready = strand->next;
		strand->queued = false;
		if (!strand->ended) {
			loop->current = strand;
			strand->ended = !fiber_enter(strand->fiber);
			loop->current = NULL;
		}
		/* One that woke itself and then ended is freed when its turn comes. */
		if (strand->ended && !strand->queued) {
			strand_free(strand);
		}
	}
}

/* --- the API server ----------------------------------------------------------------------------------------------- */

static void multi_give_way(struct kube_multi *multi, void **waiter, int64_t until)
{
	struct loop *loop = (struct loop *)multi;
	assert(loop->current);
	*waiter = loop->current;
	(void)loop_park(loop, until);
	*waiter = NULL;
}

static void multi_has_news(struct kube_multi *multi, void *waiter)
{
	loop_wake((struct loop *)multi, waiter);
}

struct kube_multi *loop_multi(struct loop *loop)
{
	return &loop->multi;
}

/* --- timers, descriptors, other threads --------------------------------------------------------------------------- */

void loop_timer_set(struct loop *loop, struct loop_timer *timer, int64_t due)
{
	timers_set(&loop->timers, timer, due);
}

void loop_timer_clear(struct loop *loop, struct loop_timer *timer)
{
	timers_clear(&loop->timers, timer);
}

static void run_timers(struct loop *loop)
{
	int64_t now = clock_now();
	for (struct loop_timer *timer; (timer = timers_next(&loop->timers)) && timer->due <= now;) {
		timers_clear(&loop->timers, timer);
		timer->fire(timer->context);
	}
}

void loop_add_fd(struct loop *loop, int fd, void (*ready)(void *context), void *context)
{
	loop->sources = alloc_grow(loop->sources, loop->source_count + 1, sizeof *loop->sources);
	loop->sources[loop->source_count++] = (struct source){ .fd = fd, .ready = ready, .context = context };
}

void loop_remove_fd(struct loop *loop, int fd)
{
	for (size_t i = 0; i < loop->source_count; i++) {
		if (loop->sources[i].fd == fd) {
			loop->sources[i].ready = NULL;
		}
	}
}

static void sweep_sources(struct loop *loop)
{
	size_t left = 0;
	for (size_t i = 0; i < loop->source_count; i++) {
		if (loop->sources[i].ready) {
			loop->sources[left++] = loop->sources[i];
		}
	}
	loop->source_count = left;
}

void loop_post(struct loop *loop, void (*run)(void *context), void *context)
{
	struct post *post = alloc_new(1, sizeof *post);
	*post = (struct post){ .run = run, .context = context };
	(void)pthread_mutex_lock(&loop->lock);
	*loop->posts.last = post;
	loop->posts.last = &post->next;
	(void)pthread_mutex_unlock(&loop->lock);
	uint64_t one = 1;
	ssize_t written = write(loop->event, &one, sizeof one);
	assert(written == (ssize_t)sizeof one || errno == EAGAIN);
}

static void run_posts(void *context)
{
	struct loop *loop = context;
	uint64_t count = 0;
	ssize_t bytes = read(loop->event, &count, sizeof count);
	(void)bytes;
	(void)pthread_mutex_lock(&loop->lock);
	struct post *post = loop->posts.first;
	loop->posts = (struct posts){ .last = &loop->posts.first };
	(void)pthread_mutex_unlock(&loop->lock);
	while (post) {
		struct post *next = post->next;
		post->run(post->context);
		free(post);
		post = next;
	}
}

/* --- the loop ----------------------------------------------------------------------------------------------------- */

static int poll_time(const struct loop *loop)
{
	const struct loop_timer *timer = timers_next(&loop->timers);
	if (loop->ready) {
		return 0;
	}
	if (!timer) {
		return LONGEST_POLL;
	}
	int64_t left = timer->due - clock_now();
	return left <= 0 ? 0 : left < LONGEST_POLL ? (int)left : LONGEST_POLL;
}

static void poll_all(struct loop *loop)
{
	sweep_sources(loop);
	size_t count = loop->source_count;
	struct curl_waitfd *waits = alloc_new(count ? count : 1, sizeof *waits);
	for (size_t i = 0; i < count; i++) {
		waits[i] = (struct curl_waitfd){ .fd = loop->sources[i].fd, .events = CURL_WAIT_POLLIN };
	}
	(void)curl_multi_poll(loop->multi.curl, waits, (unsigned)count, poll_time(loop), NULL);
	for (size_t i = 0; i < count; i++) {
		if (waits[i].revents && loop->sources[i].ready) {
			loop->sources[i].ready(loop->sources[i].context);
		}
	}
	free(waits);
}

void loop_run(struct loop *loop)
{
	while (!loop->stopping || loop->strands) {
		run_timers(loop);
		run_ready(loop);
		kube_multi_perform(&loop->multi);
		if (!loop->stopping || loop->strands) {
			poll_all(loop);
		}
	}
}

void loop_stop(struct loop *loop)
{
	loop->stopping = true;
}

bool loop_stopping(const struct loop *loop)
{
	return loop->stopping;
}

struct loop *loop_new(struct err *err)
{
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event < 0) {
		(void)err_sys(err, "cannot make an eventfd");
		return NULL;
	}
	struct loop *loop = alloc_new(1, sizeof *loop);
	kube_multi_init(&loop->multi);
	loop->multi.wait = multi_give_way;
	loop->multi.wake = multi_has_news;
	loop->ready_end = &loop->ready;
	loop->posts.last = &loop->posts.first;
	loop->event = event;
	(void)pthread_mutex_init(&loop->lock, NULL);
	loop_add_fd(loop, event, run_posts, loop);
	return loop;
}

void loop_free(struct loop *loop)
{
	if (!loop) {
		return;
	}
	assert(!loop->strands);
	while (loop->posts.first) {
		struct post *next = loop->posts.first->next;
		free(loop->posts.first);
		loop->posts.first = next;
	}
	kube_multi_release(&loop->multi);
	timers_release(&loop->timers);
	free(loop->sources);
	(void)close(loop->event);
	(void)pthread_mutex_destroy(&loop->lock);
	free(loop);
}

void loop_freep(struct loop **loop)
{
	loop_free(*loop);
	*loop = NULL;
}
