/*
 * Threads for what cannot be waited for by a loop: libgit2 reads disks and sockets as it likes. A job holds copies of all that
 * it needs; its `work` runs on some thread, then its `done` on the loop. Jobs of one key run one after the other, in the order
 * they came, so that a Git store has one user; jobs of different keys do not wait for each other as long as fewer than
 * WORKERS_MOST are stuck.
 *
 * Threads are started when they are needed and end when they had nothing to do for a while.
 */
#ifndef AGENT_WORKERS_H
#define AGENT_WORKERS_H

#include <stdbool.h>

#include "agent/loop.h"

enum { WORKERS_MOST = 16 };

/* Embedded first in what its user allocates. */
struct job {
	char *key;                     /* owned; freed once it is done */
	void (*work)(struct job *job); /* on a thread: touches nothing but the job */
	void (*done)(struct job *job); /* on the loop: the job is its user's again */
	struct job *next;
	void *workers;
};

struct workers;

struct workers *workers_new(struct loop *loop);

/* Waits for the jobs that run; the others are dropped, without `done`, as are the results that the loop has not had. NULL is
 * fine. */
void workers_free(struct workers *workers);

/* Whether a job runs: workers_free would wait for it. */
bool workers_busy(struct workers *workers);

void workers_submit(struct workers *workers, struct job *job);

/* In a fiber: submits the job and waits until it is done; `done` of it is not called. */
void workers_run(struct workers *workers, struct job *job);

#endif
