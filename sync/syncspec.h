/*
 * A Sync (plumb.dev/v1alpha1) as it is declared: what the agent watches, what --config DIR holds, and what `-f` takes. One
 * parser for all three, with the same defaults and refusals as the schema of deploy/crd (tests hold both together): unknown
 * fields are errors that name the nearest known one, and all errors of a document come at once, each with its place.
 *
 * The document is not the cluster's: status and what a server writes into metadata are left alone.
 */
#ifndef SYNC_SYNCSPEC_H
#define SYNC_SYNCSPEC_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "render/problems.h"
#include "sync/cycle.h"
#include "sync/unowned.h"

#define SYNCSPEC_GROUP "plumb.dev"
#define SYNCSPEC_VERSION "v1alpha1"
#define SYNCSPEC_API_VERSION SYNCSPEC_GROUP "/" SYNCSPEC_VERSION
#define SYNCSPEC_KIND "Sync"
#define SYNCSPEC_PLURAL "syncs"

enum {
	SYNCSPEC_NAME_MAX = 40, /* names of records are longer by some 30 bytes, labels end at 63 */
	SYNCSPEC_INTERVAL = 60 * 1000,
	SYNCSPEC_INTERVAL_LEAST = 5 * 1000,
	SYNCSPEC_TIMEOUT = 5 * 60 * 1000,
	SYNCSPEC_TIMEOUT_LEAST = 1000,
	SYNCSPEC_HEAL_DELAY = 1000,
};

enum syncspec_ref { SYNCSPEC_HEAD, SYNCSPEC_BRANCH, SYNCSPEC_TAG, SYNCSPEC_COMMIT };
enum syncspec_heal { SYNCSPEC_ENFORCE, SYNCSPEC_DETECT };
enum syncspec_deletion { SYNCSPEC_ORPHAN, SYNCSPEC_DELETE };

/* Another Sync. */
struct syncspec_peer {
	char *ns; /* never "": the Sync's own where the entry names none ("" only as long as that has none either) */
	char *name;
};

/* Everything is owned. Durations are milliseconds. */
struct syncspec {
	char *ns;   /* metadata.namespace; "" where a file names none */
	char *name; /* metadata.name */
	char *uid;  /* "" in a file */
	int64_t generation;
	bool deleting; /* metadata.deletionTimestamp is set */

	char *url;
	enum syncspec_ref ref_kind;
	char *ref;    /* as it is written: "main", "v1.2.3", 40 hex digits; "" of SYNCSPEC_HEAD */
	char *path;   /* "." where none is given */
	char *secret; /* source.secretRef.name; NULL: none */
	int64_t interval;
	int64_t timeout;
	bool prune;
	bool wait;
	bool suspend;
	struct {
		enum syncspec_heal mode;
		int64_t delay;
	} heal;
	char *target_ns;       /* NULL: none */
	char *service_account; /* NULL: none. An empty one given explicitly is an error, never the agent's own rights. */
	enum syncspec_deletion deletion;
	struct syncspec_peer *depends_on;
	size_t depends_count;
	struct unowned_rules ignore;
	char *webhook_secret; /* NULL: no webhook */

	/* From annotations; NULL where there is none. */
	char *requested_at;    /* plumb.dev/requested-at, or reconcile.fluxcd.io/requestedAt: another value asks for a sync now */
	char *approved_commit; /* plumb.dev/approve-prune: a commit whose prune may pass the brake */
	int64_t suspend_until; /* plumb.dev/suspend-until, seconds since 1970; 0: none. A text that is no time: INT64_MAX. */

	char *ref_full; /* what is asked of the remote, "refs/heads/main"; NULL: its HEAD */
};

#define SYNCSPEC_INIT ((struct syncspec){ 0 })

void syncspec_release(struct syncspec *spec);

/*
 * Reads one document. `path` is the file in front of errors, NULL where it came from the API server; `text` the file's text of
 * `len` bytes, in which lines are looked up (NULL: `line`, that of the document, is given for all). true: `out` is whole. false:
 * `out` is released, and the problems tell why.
 */
struct syncspec_source {
	const char *path;
	const char *text;
	size_t len;
	size_t line;
};
bool syncspec_read(const cJSON *document, const struct syncspec_source *source, struct syncspec *out, struct problems *problems)
	MUST_CHECK;

/* Name, namespace, uid and generation alone, of a document that syncspec_read refuses: enough to write its status. */
void syncspec_identity(const cJSON *document, struct syncspec *out);

/* Reads a file of exactly one Sync; what the file says wrong, and that it cannot be read, goes to the problems. */
bool syncspec_load(const char *path, struct syncspec *out, struct problems *problems) MUST_CHECK;

struct syncspec_list {
	struct syncspec *specs;
	size_t count;
};

void syncspec_list_release(struct syncspec_list *list);

/*
 * Reads all *.yaml, *.yml and *.json files of a directory (not below it), in byte order; a file may hold several Syncs. A Sync of
 * a name that another file has, and documents of other kinds, are errors. With problems the list holds those that are whole.
 */
bool syncspec_load_dir(const char *dir, struct syncspec_list *out, struct problems *problems) MUST_CHECK;

/* Whether the source is a path or file://, which an agent refuses unless --allow-local-repos is given. */
bool syncspec_is_local(const struct syncspec *spec);

/* Suspended by the spec, or by plumb.dev/suspend-until as long as that is after `wall` (seconds since 1970). */
bool syncspec_is_suspended(const struct syncspec *spec, int64_t wall);

/* The same of an object of the API server, whatever else is in it. */
bool syncspec_suspended(const cJSON *object, int64_t wall);

/*
 * The options of a sync of it, strings borrowed from the spec: source.url, ref, path, name, ns (untouched where the spec has
 * none), prune, wait, timeout, target_ns and unowned. What the spec does not say stays as it is in `out`: store, access,
 * credentials.
 */
void syncspec_options(const struct syncspec *spec, struct cycle_options *out);

/* "main@sha1:<commit>", as status and events write a revision; "sha1:<commit>" without a ref. free() it. */
char *syncspec_revision(const struct syncspec *spec, const char *commit);

/* "5m", "1m30s", "500ms", "1.5h", "0" as Go reads it (not negative, not below a millisecond), into milliseconds. */
bool syncspec_duration(const char *text, int64_t *out) MUST_CHECK;

/* The value of the annotation that asks for a sync, plumb's or Flux's, of an object's metadata; borrowed; NULL: none. */
const char *syncspec_request(const cJSON *metadata);

#endif
