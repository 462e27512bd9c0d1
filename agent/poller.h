/*
 * Asks repositories what is new: one ls-remote a repository and credentials for all who share them, each time that one of them
 * is due. On workers, so that a server that hangs delays nobody else. A repository that fails is asked again each time later,
 * at the latest after five minutes or the longest interval of those who share it, and never before it said itself.
 */
#ifndef AGENT_POLLER_H
#define AGENT_POLLER_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/loop.h"
#include "agent/workers.h"
#include "sync/credentials.h"
#include "sync/git/repo.h"

struct poll_answer {
	const struct err *err;            /* NULL: there is a commit */
	const struct repo_commit *commit; /* borrowed */
	const char *tree;                 /* id of what is at the path; "" where it is not there */
	bool closed;                      /* nothing in that tree leads out of it */
};

struct poll_group;

/* Embedded by who wants to know. Strings are borrowed from join to leave. */
struct poll_want {
	const char *ref;
	const char *path;
	int64_t interval;
	/* On the loop's stack, each time the repository was asked. May leave, and join again. */
	void (*told)(void *context, const struct poll_answer *answer);
	void *context;
	/* The poller's. */
	struct poll_group *group;
	int64_t due;
	bool paused;
	bool answered;
};

struct poller_options {
	const char *store; /* --store; NULL: the default */
	int64_t timeout;   /* of one question, milliseconds */
	/* For metrics; may be NULL: "ls-remote" and how it ended. */
	void (*asked)(void *context, bool fine, int64_t milliseconds);
	void *context;
};

struct poller;

struct poller *poller_new(struct loop *loop, struct workers *workers, const struct poller_options *options);
void poller_free(struct poller *poller); /* everybody has left; NULL is fine */

/* The first question is sent at once. */
void poller_join(struct poller *poller, struct poll_want *want, const char *url, const struct credentials *credentials);
void poller_leave(struct poller *poller, struct poll_want *want);

/*
 * It wants to know nothing for now: it is told nothing, no hurry counts, and a repository that nobody else wants to know of is
 * not asked. Resumed it is asked for at once. Both may be called again.
 */
void poller_pause(struct poller *poller, struct poll_want *want);
void poller_resume(struct poller *poller, struct poll_want *want);

/* Somebody knows that there is news: asks after `delay` milliseconds, but for a repository that said when to come back. */
void poller_hurry(struct poller *poller, struct poll_want *want, int64_t delay);

/* Whether the last question failed, and why; borrowed. */
const struct err *poller_failure(const struct poll_want *want);

/* Where the repository of the want is kept: jobs that read it have this as their key, and as their `stores`. Borrowed. */
const char *poller_store(const struct poll_want *want);
const char *poller_key(const struct poll_want *want);
/* As the jobs need it to open the repository; borrowed as long as the want is joined. */
const struct repo_source *poller_source(const struct poll_want *want);

#endif
