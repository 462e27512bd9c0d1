/*
 * What a Sync's .status says: conditions by kstatus' rules, commits, the size of the inventory, a short history. The next
 * status is a pure function of the spec, what happened, and the status before; writing it is a server-side apply to the
 * subresource, sent only where it differs from what was last written or read. So a Sync at rest causes no request.
 *
 *   Ready        True: the cluster is what Git says, and (with wait) healthy. False: it is not, the reason says why. Unknown:
 *                not known yet, or suspended.
 *   Reconciling  True while it is worked on, and where it failed and is tried again without anybody's help; else absent.
 *   Stalled      True where nothing changes until somebody changes the spec, the repository or an annotation; else absent.
 *
 * Each has the observedGeneration, a reason of the list below, and one line of text without durations or counters of tries.
 */
#ifndef SYNC_SYNCSTATUS_H
#define SYNC_SYNCSTATUS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "sync/kube/kube.h"
#include "sync/report.h"
#include "sync/syncspec.h"

#define MANAGER_STATUS "plumb-agent" /* the field manager of status */

/* Reasons that scripts may rely on (docs/operations.md). */
#define REASON_SUCCEEDED "Succeeded"
#define REASON_PROGRESSING "Progressing"
#define REASON_SUSPENDED "Suspended"
#define REASON_DEPENDENCY "DependencyNotReady"
#define REASON_CYCLE "DependencyCycle"          /* stalled: it waits for itself */
#define REASON_INVALID_SPEC "InvalidSpec"       /* stalled */
#define REASON_CREDENTIALS "CredentialsFailed"  /* a Secret or service account that the Sync names */
#define REASON_FETCH "FetchFailed"              /* Git */
#define REASON_MANIFESTS "ManifestsFailed"      /* stalled: they do not render, or do not fit the cluster */
#define REASON_CLUSTER "ClusterFailed"          /* the API server: unreachable, or it denies what is needed */
#define REASON_APPLY "ApplyFailed"              /* it refused objects */
#define REASON_ROLLOUT "RolloutFailed"          /* stalled: the cluster gave it up */
#define REASON_ROLLOUT_TIMEOUT "RolloutTimeout" /* not healthy within spec.timeout */
#define REASON_BLOCKED "Blocked"                /* stalled: another owner */
#define REASON_PRUNE_BLOCKED "PruneBlocked"     /* stalled: the brake */
#define REASON_SOURCE_CHANGED "SourceChanged"   /* stalled: nothing is pruned after another URL, path or namespace */
#define REASON_REWIND "RewindRefused"           /* stalled: the commit does not descend from the last one */
#define REASON_DRIFTED "Drifted"                /* seen, and not healed with heal.mode Detect */
#define REASON_INCOMPLETE "Incomplete"          /* a lock, a deletion that lasts, a shutdown */

struct syncstatus {
	cJSON *now;     /* as it should be; NULL: nothing to say yet */
	cJSON *written; /* as it is on the server as far as we know; NULL: unknown or none */
};

#define SYNCSTATUS_INIT ((struct syncstatus){ 0 })

void syncstatus_release(struct syncstatus *status);

/* What the server has: an object's .status, NULL for none. Replaces both. */
void syncstatus_load(struct syncstatus *status, const cJSON *object_status);

/* --- what happened; each makes status->now from what it was. `wall` is seconds since 1970. */

/* It is being worked on; `commit` NULL as long as none is known. The text is one line: "applying", "waiting for the rollouts". */
void syncstatus_progress(struct syncstatus *status, const struct syncspec *spec, const char *commit, const char *text,
                         int64_t wall);
/* A cycle ended. */
void syncstatus_from_report(struct syncstatus *status, const struct syncspec *spec, const struct report *report, int64_t wall);
/* It failed before or beside a cycle; `reason` is one of the list, and tells whether it is stalled. */
void syncstatus_failed(struct syncstatus *status, const struct syncspec *spec, const char *reason, const char *text,
                       int64_t wall);
void syncstatus_suspended(struct syncstatus *status, const struct syncspec *spec, int64_t wall);
/* "shop/db is not ready" */
void syncstatus_depends(struct syncstatus *status, const struct syncspec *spec, const char *text, int64_t wall);
/* The spec could not be read: only generation, name and namespace of `document` count. */
void syncstatus_invalid(struct syncstatus *status, const cJSON *document, const struct problems *problems, int64_t wall);

/* Drift that was seen and is not healed (heal.mode Detect): how many objects, 0 clears it; with the first one's text. */
void syncstatus_drifted(struct syncstatus *status, const struct syncspec *spec, size_t count, const char *text, int64_t wall);

/* Another value of the request annotation was acted on (status.lastHandledRequest). */
void syncstatus_handled(struct syncstatus *status, const char *request);

/* --- reading it */

/* Ready is True, for the spec's generation. What dependsOn waits for. */
bool syncstatus_is_ready(const struct syncstatus *status, const struct syncspec *spec);
/* A field of the condition Ready, "reason" or "message", as it should be or as it was last written; borrowed; "" for none. */
const char *syncstatus_now(const struct syncstatus *status, const char *field);
const char *syncstatus_written(const struct syncstatus *status, const char *field);
/* Borrowed; "" for none. */
const char *syncstatus_applied(const struct syncstatus *status);
const char *syncstatus_healthy(const struct syncstatus *status);
const char *syncstatus_handled_request(const struct syncstatus *status);

/* The reason word of a report that ended, one of the list. */
const char *syncstatus_reason(const struct report *report);

/* Whether nothing goes on after it without somebody's help. */
bool syncstatus_is_stalled(const char *reason);

/* What went wrong, in one line: "4f2a91c: the first error; 2 more". free() it. */
char *syncstatus_failure(const struct report *report);

/*
 * Applies `now` to the subresource where it differs from `written`; true also where nothing was to do. ERR_NOT_FOUND: the Sync
 * is gone (or another one of its name is there). In the agent it runs in a fiber: it waits for the answer.
 */
bool syncstatus_write(struct kube *kube, const struct syncspec *spec, struct syncstatus *status, struct err *err) MUST_CHECK;

#endif
