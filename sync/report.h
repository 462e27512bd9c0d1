/*
 * What a run says in the end: one verdict an object, warnings, errors, and from them the exit code. Filled in by
 * prepare, apply and cycle; printed by agent/.
 */
#ifndef SYNC_REPORT_H
#define SYNC_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "render/base/err.h"
#include "render/base/map.h"
#include "render/object.h"
#include "sync/git/repo.h"
#include "sync/health.h"

enum verdict {
	VERDICT_CREATED,
	VERDICT_CHANGED,
	VERDICT_HEALED,
	VERDICT_ADOPTED,
	VERDICT_UNCHANGED,
	VERDICT_PRUNED,
	VERDICT_KEPT,
	VERDICT_SKIPPED,
	VERDICT_WAITING,
	VERDICT_BLOCKED,
	VERDICT_FAILED,
	VERDICT_COUNT,
};

const char *verdict_text(enum verdict verdict);

/* What went wrong, each with an exit code of its own. */
enum failure {
	FAILURE_NONE,
	FAILURE_USAGE,     /* 2 */
	FAILURE_GIT,       /* 3 */
	FAILURE_MANIFESTS, /* 4: manifests do not render, or objects failed */
	FAILURE_CLUSTER,   /* 5: unreachable, or permission denied */
	FAILURE_ROLLOUT,   /* 6: a rollout failed or timed out */
	FAILURE_STOPPED,   /* 7: a brake, a lock, another owner, incomplete */
	FAILURE_COUNT,
};

/* What stopped it where it was FAILURE_STOPPED; of several the first one told that is more than `incomplete`. */
enum stop {
	STOP_NONE,
	STOP_INCOMPLETE, /* a lock, a deletion that lasts, a signal, the timeout */
	STOP_PRUNE,      /* the brake */
	STOP_SOURCE,     /* nothing is pruned: it comes from somewhere else than recorded */
	STOP_REWIND,     /* the commit does not descend from the last one */
	STOP_NAME,       /* a Sync resource holds the name */
};

enum report_result { RESULT_UNCHANGED, RESULT_APPLIED, RESULT_HEALTHY, RESULT_FAILED, RESULT_INCOMPLETE };

const char *report_result_text(enum report_result result);

struct report_object {
	struct ident id;
	enum verdict verdict;
	char *uid;     /* of the object on the server; NULL: not known */
	char *reason;  /* one line without the verdict in front; "" for none */
	bool followed; /* health tells something */
	struct health_report health;
};

struct report {
	struct repo_commit commit; /* id "" as long as none is known */
	char *ref;
	char *name;
	char *ns;
	int64_t number; /* of the recorded sync; 0 where none was recorded */
	enum report_result result;
	struct report_object **objects; /* in the order of their first verdict */
	size_t count;
	size_t cap;
	struct map by_key;
	size_t verdicts[VERDICT_COUNT];
	char **warnings; /* one line each, each text once */
	size_t warning_count;
	char **errors; /* one line each */
	size_t error_count;
	bool failures[FAILURE_COUNT];
	enum stop stop;
	uint64_t requests; /* to the API server */
	/* Called when an object's verdict or health changes, and when another phase begins ("fetching"); may be NULL. */
	void (*changed)(void *context, const struct report *report, const struct report_object *object);
	void (*phase)(void *context, const struct report *report, const char *text);
	void *context;
};

#define REPORT_INIT ((struct report){ 0 })

void report_release(struct report *report);

/* Sets or replaces the verdict on an object; the reason is taken over. FAILURE_NONE where nothing went wrong. */
void report_verdict(struct report *report, const struct ident *id, enum verdict verdict, char *reason, enum failure failure);
void report_health(struct report *report, const struct ident *id, const struct health_report *health);
/* For events about it; before or after its verdict. */
void report_uid(struct report *report, const struct ident *id, const char *uid);
/* Borrowed; NULL if it has no verdict yet. */
const struct report_object *report_find(const struct report *report, const struct ident *id);

/* Both take the text over. */
void report_warn(struct report *report, char *text);
void report_fail(struct report *report, enum failure failure, char *text);
/* report_fail of FAILURE_STOPPED, with what it was. Takes the text over. */
void report_stop(struct report *report, enum stop stop, char *text);
/* report_fail with the text of err; returns false. */
bool report_err(struct report *report, enum failure failure, const struct err *err);
/* Takes over what another one warns of and says that failed, and its namespace. */
void report_take(struct report *report, struct report *from);
/* The failure that an error of the API server is: ERR_DENIED and ERR_TRANSIENT FAILURE_CLUSTER, others
 * FAILURE_MANIFESTS. */
enum failure failure_of(const struct err *err);

void report_phase(struct report *report, const char *text);

/* 0, or of several failures the first in the order 2 3 5 4 7 6. */
int report_exit_code(const struct report *report);

#endif
