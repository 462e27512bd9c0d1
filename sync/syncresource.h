/*
 * A Sync resource on the API server, as the command line sees it: read, and annotated or suspended by a merge patch that touches
 * nothing else.
 */
#ifndef SYNC_SYNCRESOURCE_H
#define SYNC_SYNCRESOURCE_H

#include <cjson/cJSON.h>

#include "sync/kube/kube.h"
#include "sync/report.h"

#define MANAGER_CLI "plumb-cli" /* the field manager of what the commands set on a Sync */

/* The object, cJSON_Delete it. NULL and ERR_NOT_FOUND: there is none, or the cluster does not know Syncs. */
cJSON *syncresource_get(struct kube *kube, const char *ns, const char *name, struct err *err) MUST_CHECK;

/* Patches it (RFC 7386); the patch stays the caller's. false and ERR_NOT_FOUND as above. */
bool syncresource_patch(struct kube *kube, const char *ns, const char *name, const cJSON *patch, struct err *err) MUST_CHECK;

/* How it stands. Texts are borrowed from the object, "" where absent. */
struct syncresource_state {
	const char *ready; /* "True", "False", "Unknown"; "" as long as no agent has seen this generation */
	const char *reason;
	const char *message;
	bool stalled;
	const char *attempted;
	const char *applied;
	const char *healthy;
	const char *handled; /* status.lastHandledRequest */
	bool waits;          /* spec.wait */
	bool suspended;
};

void syncresource_state(const cJSON *object, int64_t wall, struct syncresource_state *out);

/* The exit code's failure that a reason is; FAILURE_NONE: Succeeded. */
enum failure syncresource_failure(const char *reason);

enum syncresource_progress { SYNCRESOURCE_MOVING, SYNCRESOURCE_DONE, SYNCRESOURCE_FAILED };

/*
 * Whether what is waited for has come: the commit (a prefix of its id) applied, and healthy where the Sync waits; without one,
 * Ready of the newest generation. A commit that a newer one has overtaken counts where history has it as applied or healthy.
 * FAILED: it was tried and nothing goes on without somebody's help.
 */
enum syncresource_progress syncresource_progress(const cJSON *object, const char *commit, int64_t wall);

#endif
