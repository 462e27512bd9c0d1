#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "render/base/limits.h"
#include "sync/clock.h"
#include "sync/kube/watch_impl.h"

enum { EVENTS_AT_ONCE = 64, LONGEST_WAIT = 60000, STOP_POLL = 100, STILL_LIVE = 120000 };

/* --- curl's sockets and timer ------------------------------------------------------------------------------------- */

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *known)
{
	(void)easy;
	struct watcher *watcher = context;
	if (what == CURL_POLL_REMOVE) {
		(void)epoll_ctl(watcher->epoll, EPOLL_CTL_DEL, fd, NULL);
		return 0;
	}
	struct epoll_event event = { .data.fd = fd };
	event.events = (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0U) | (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0U);
	if (epoll_ctl(watcher->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0 && errno == EEXIST) {
		(void)epoll_ctl(watcher->epoll, EPOLL_CTL_MOD, fd, &event);
	}
	(void)curl_multi_assign(watcher->multi, fd, watcher);
	return 0;
}

static int on_timer(CURLM *multi, long wait, void *context)
{
	(void)multi;
	struct watcher *watcher = context;
	watcher->curl_due = wait < 0 ? INT64_MAX : clock_now() + wait;
	return 0;
}

/* --- the watcher -------------------------------------------------------------------------------------------------- */

struct watcher *watcher_new(const struct watcher_options *options)
{
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
	struct watcher *watcher = alloc_new(1, sizeof *watcher);
	watcher->options = *options;
	watcher->user_agent = options->user_agent ? text_dup(options->user_agent) : NULL;
	watcher->curl_due = INT64_MAX;
	watcher->random = (uint64_t)clock_wall_micro();
	watcher->epoll = epoll_create1(EPOLL_CLOEXEC);
	watcher->multi = curl_multi_init();
	assert(watcher->epoll >= 0 && watcher->multi);
	(void)curl_multi_setopt(watcher->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	(void)curl_multi_setopt(watcher->multi, CURLMOPT_SOCKETDATA, watcher);
	(void)curl_multi_setopt(watcher->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	(void)curl_multi_setopt(watcher->multi, CURLMOPT_TIMERDATA, watcher);
	(void)curl_multi_setopt(watcher->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)LIMIT_IN_FLIGHT);
	return watcher;
}

int watcher_fd(const struct watcher *watcher)
{
	return watcher->epoll;
}

int64_t watcher_due(const struct watcher *watcher)
{
	int64_t due = watcher->curl_due;
	for (const struct watch *watch = watcher->watches; watch; watch = watch->next) {
		if (watch->state == WATCH_WAITING && watch->due < due) {
			due = watch->due;
		}
	}
	return due;
}

struct kube_stats watcher_stats(const struct watcher *watcher)
{
	return watcher->stats;
}

int64_t watcher_jitter(struct watcher *watcher, int64_t most)
{
	watcher->random = watcher->random * 6364136223846793005ULL + 1442695040888963407ULL; /* Knuth's MMIX */
	return most / 2 + (int64_t)((watcher->random >> 33) % (uint64_t)(most / 2 + 1));
}

void watcher_requested(struct watcher *watcher, const char *verb, int status)
{
	if (watcher->options.requested) {
		watcher->options.requested(watcher->options.context, verb, status);
	}
}

static void stop_transfer(struct watch *watch)
{
	if (watch->state == WATCH_READING || watch->state == WATCH_FOLLOWING) {
		(void)curl_multi_remove_handle(watch->identity->watcher->multi, watch->easy);
	}
	watch->state = WATCH_ENDED;
}

static void sweep_watches(struct watcher *watcher)
{
	for (struct watch **at = &watcher->watches; *at;) {
		struct watch *watch = *at;
		if (watch->closed || watch->identity->closed) {
			*at = watch->next;
			stop_transfer(watch);
			stream_release(watch);
			free(watch);
		} else {
			at = &watch->next;
		}
	}
}

static void sweep(struct watcher *watcher)
{
	if (watcher->stepping) {
		return;
	}
	sweep_watches(watcher);
	for (struct watch_identity **at = &watcher->identities; *at;) {
		struct watch_identity *identity = *at;
		if (identity->closed) {
			*at = identity->next;
			target_release(&identity->target);
			auth_release(&identity->auth);
			kube_config_release(&identity->config);
			free(identity);
		} else {
			at = &identity->next;
		}
	}
}

void watcher_free(struct watcher *watcher)
{
	if (!watcher) {
		return;
	}
	assert(!watcher->stepping);
	for (struct watch_identity *identity = watcher->identities; identity; identity = identity->next) {
		identity->closed = true;
	}
	sweep(watcher);
	(void)curl_multi_cleanup(watcher->multi);
	(void)close(watcher->epoll);
	free(watcher->user_agent);
	free(watcher);
}

void watcher_freep(struct watcher **watcher)
{
	watcher_free(*watcher);
	*watcher = NULL;
}

/* --- a step ------------------------------------------------------------------------------------------------------- */

static void let_curl_work(struct watcher *watcher)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	int running = 0;
	if (watcher->curl_due <= clock_now()) {
		watcher->curl_due = INT64_MAX;
		(void)curl_multi_socket_action(watcher->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	}
	int count = epoll_wait(watcher->epoll, events, EVENTS_AT_ONCE, 0);
	for (int i = 0; i < count; i++) {
		uint32_t seen = events[i].events;
		int what = (seen & (EPOLLIN | EPOLLHUP | EPOLLERR) ? CURL_CSELECT_IN : 0) | (seen & EPOLLOUT ? CURL_CSELECT_OUT : 0);
		(void)curl_multi_socket_action(watcher->multi, events[i].data.fd, what, &running);
	}
}

static void collect(struct watcher *watcher)
{
	int left = 0;
	for (CURLMsg *message; (message = curl_multi_info_read(watcher->multi, &left));) {
		CURLcode code = message->data.result;
		CURL *easy = message->easy_handle;
		struct watch *watch = NULL;
		(void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&watch);
		(void)curl_multi_remove_handle(watcher->multi, easy);
		if (watch->closed || watch->identity->closed) {
			watch->state = WATCH_ENDED;
		} else {
			stream_ended(watch, code);
		}
	}
}

static void start_due(struct watcher *watcher)
{
	int64_t now = clock_now();
	for (struct watch *watch = watcher->watches; watch; watch = watch->next) {
		if (watch->state == WATCH_WAITING && watch->due <= now && !watch->closed && !watch->identity->closed) {
			stream_start(watch);
		}
	}
}

void watcher_step(struct watcher *watcher)
{
	assert(!watcher->stepping);
	watcher->stepping = true;
	let_curl_work(watcher);
	collect(watcher);
	start_due(watcher);
	watcher->stepping = false;
	sweep(watcher);
}

void watcher_run(struct watcher *watcher, int64_t until, const atomic_int *stop)
{
	for (;;) {
		watcher_step(watcher);
		int64_t now = clock_now();
		if (now >= until || (stop && *stop)) {
			return;
		}
		int64_t wake = watcher_due(watcher) < until ? watcher_due(watcher) : until;
		int64_t wait = wake > now ? wake - now : 0;
		int64_t most = stop ? STOP_POLL : LONGEST_WAIT;
		struct epoll_event event;
		(void)epoll_wait(watcher->epoll, &event, 1, (int)(wait < most ? wait : most));
	}
}

/* --- identities and watches --------------------------------------------------------------------------------------- */

struct watch_identity *watch_identity_new(struct watcher *watcher, struct kube_config *config, struct err *err)
{
	struct watch_identity *identity = alloc_new(1, sizeof *identity);
	identity->watcher = watcher;
	identity->config = *config;
	*config = (struct kube_config){ 0 };
	if (!target_init(&identity->target, &identity->config, watcher->user_agent, err)) {
		kube_config_release(&identity->config);
		free(identity);
		return NULL;
	}
	auth_init(&identity->auth, &identity->config);
	identity->next = watcher->identities;
	watcher->identities = identity;
	return identity;
}

void watch_identity_free(struct watch_identity *identity)
{
	if (identity) {
		identity->closed = true;
		sweep(identity->watcher);
	}
}

struct watch *watch_open(struct watch_identity *identity, const struct watch_options *options)
{
	struct watcher *watcher = identity->watcher;
	struct watch *watch = alloc_new(1, sizeof *watch);
	watch->identity = identity;
	watch->event = options->event;
	watch->context = options->context;
	watch->path = resource_path(options->resource, options->ns, NULL);
	watch->selector = options->selector ? text_dup(options->selector) : NULL;
	watch->state = WATCH_WAITING;
	watch->due = clock_now();
	watch->body = BUF_INIT(LIMIT_REPLY_BYTES);
	watch->next = watcher->watches;
	watcher->watches = watch;
	return watch;
}

void watch_close(struct watch *watch)
{
	if (watch) {
		watch->closed = true;
		sweep(watch->identity->watcher);
	}
}

bool watch_synced(const struct watch *watch)
{
	return watch->listed && watch->state != WATCH_ENDED;
}

bool watch_live(const struct watch *watch)
{
	bool follows = watch->listed && watch->state == WATCH_FOLLOWING && watch->heard_at;
	return follows && clock_now() - watch->heard_at < STILL_LIVE;
}
