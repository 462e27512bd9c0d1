#include "sync/events.h"

#include <stdlib.h>
#include <string.h>

#include "render/base/digest.h"
#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/clock.h"
#include "sync/syncstatus.h"

enum {
	AGAIN = 30 * 60,  /* seconds; a server forgets Events after an hour */
	TOLD_MOST = 8192, /* then what was told is forgotten */
	NAME_MOST = 200,
	MESSAGE_MOST = 1024,
	KEY_LEN = 16,
	MOST_OF_A_CYCLE = 50, /* Deployments; a thousand Events help nobody */
};

#define COMPONENT "plumb"

void events_release(struct events *events)
{
	map_release(&events->told);
	*events = EVENTS_INIT;
}

/* --- making ------------------------------------------------------------------------------------------------------- */

/* Whom it is about. */
struct subject {
	const char *api_version;
	const char *kind;
	const char *ns;
	const char *name;
	const char *uid; /* "" or NULL: not known */
};

struct telling {
	const struct syncspec *spec;
	const char *commit; /* "" for none */
	bool warning;
	const char *reason;
	const char *text;
};

static size_t cut(const char *text, size_t most)
{
	size_t len = strlen(text);
	if (len <= most) {
		return len;
	}
	while (most && ((unsigned char)text[most] & 0xC0) == 0x80) {
		most--;
	}
	return most;
}

/* The same for the same Sync, commit, reason and object. free() it. */
static char *name_of(const struct telling *telling, const struct subject *subject)
{
	const struct syncspec *spec = telling->spec;
	CLEANUP(text_freep)
	char *key = text_printf("%s/%s\n%s\n%s\n%s/%s/%s/%s", spec->ns, spec->name, telling->commit, telling->reason,
	                        subject->api_version, subject->kind, subject->ns, subject->name);
	char digest[DIGEST_TEXT];
	digest_of(key, strlen(key), digest);
	return text_printf("%.*s.%.*s", NAME_MOST, subject->name, KEY_LEN, digest);
}

static cJSON *make(const struct telling *telling, const struct subject *subject)
{
	cJSON *event = cJSON_CreateObject();
	CLEANUP(text_freep) char *name = name_of(telling, subject);
	CLEANUP(text_freep) char *text = text_dup_len(telling->text, cut(telling->text, MESSAGE_MOST));
	for (char *c = text; *c; c++) {
		*c = (unsigned char)*c < ' ' || *c == 0x7f ? ' ' : *c;
	}
	doc_set_text(event, "apiVersion", "v1");
	doc_set_text(event, "kind", "Event");
	doc_set_text(doc_make(event, "metadata"), "name", name);
	doc_set_text(doc_make(event, "metadata"), "namespace", subject->ns);
	cJSON *about = doc_make(event, "involvedObject");
	doc_set_text(about, "apiVersion", subject->api_version);
	doc_set_text(about, "kind", subject->kind);
	doc_set_text(about, "namespace", subject->ns);
	doc_set_text(about, "name", subject->name);
	if (subject->uid && *subject->uid) {
		doc_set_text(about, "uid", subject->uid);
	}
	doc_set_text(event, "type", telling->warning ? "Warning" : "Normal");
	doc_set_text(event, "reason", telling->reason);
	doc_set_text(event, "message", text);
	doc_set_text(doc_make(event, "source"), "component", COMPONENT);
	doc_set_text(event, "reportingComponent", COMPONENT);
	return event;
}

static cJSON *on_sync(const struct telling *telling)
{
	const struct syncspec *spec = telling->spec;
	struct subject subject = {
		.api_version = SYNCSPEC_API_VERSION, .kind = SYNCSPEC_KIND, .ns = spec->ns, .name = spec->name, .uid = spec->uid
	};
	return make(telling, &subject);
}

/* --- of a cycle --------------------------------------------------------------------------------------------------- */

static const enum verdict writing[] = { VERDICT_CREATED, VERDICT_CHANGED, VERDICT_HEALED, VERDICT_ADOPTED, VERDICT_PRUNED };

static size_t written(const struct report *report)
{
	size_t count = 0;
	for (size_t i = 0; i < ARRAY_LEN(writing); i++) {
		count += report->verdicts[writing[i]];
	}
	return count;
}

/* "main@sha1:<commit> Raise the limit (Ana)" */
static char *revision_text(const struct syncspec *spec, const struct report *report)
{
	const struct repo_commit *commit = &report->commit;
	CLEANUP(text_freep) char *revision = syncspec_revision(spec, commit->id);
	bool author = commit->author && *commit->author;
	return text_printf("%s%s%s%s%s%s", revision, commit->subject && *commit->subject ? " " : "",
	                   commit->subject ? commit->subject : "", author ? " (" : "", author ? commit->author : "",
	                   author ? ")" : "");
}

static void add_sync(const struct syncspec *spec, const struct report *report, const char *revision, cJSON *list)
{
	bool failed = report_exit_code(report) != 0;
	size_t count = written(report);
	struct buf text = BUF_INIT(LIMIT_KIB(16));
	struct telling telling = { .spec = spec, .commit = report->commit.id };
	if (failed) {
		CLEANUP(text_freep) char *why = syncstatus_failure(report);
		telling.warning = true;
		telling.reason = syncstatus_reason(report);
		(void)buf_puts(&text, why);
	} else if (count) {
		telling.reason = report->verdicts[VERDICT_HEALED] == count ? "Healed" : "Synced";
		(void)buf_printf(&text, "%s:", revision);
		for (size_t i = 0; i < ARRAY_LEN(writing); i++) {
			if (report->verdicts[writing[i]]) {
				(void)buf_printf(&text, " %zu %s", report->verdicts[writing[i]], verdict_text(writing[i]));
			}
		}
	}
	telling.text = buf_text(&text);
	if (telling.reason) {
		cJSON_AddItemToArray(list, on_sync(&telling));
	}
	buf_release(&text);
}

/* The reason of an Event about the object; NULL: nothing to tell of it. */
static const char *object_reason(const struct report_object *object)
{
	if (object->followed && object->health.health == HEALTH_FAILED) {
		return REASON_ROLLOUT;
	}
	switch (object->verdict) {
	case VERDICT_CREATED:
	case VERDICT_CHANGED:
	case VERDICT_ADOPTED:
		return "Synced";
	case VERDICT_HEALED:
		return "Healed";
	case VERDICT_BLOCKED:
		return REASON_BLOCKED;
	case VERDICT_FAILED:
		return REASON_APPLY;
	case VERDICT_UNCHANGED:
	case VERDICT_PRUNED:
	case VERDICT_KEPT:
	case VERDICT_SKIPPED:
	case VERDICT_WAITING:
	case VERDICT_COUNT:
		break;
	}
	return NULL;
}

static void add_object(const struct syncspec *spec, const struct report *report, const struct report_object *object,
                       const char *revision, cJSON *list)
{
	const char *reason = object_reason(object);
	if (!reason || strcmp(object->id.group, "apps") != 0 || strcmp(object->id.kind, "Deployment") != 0) {
		return;
	}
	bool stuck = strcmp(reason, REASON_ROLLOUT) == 0;
	bool warning = stuck || object->verdict == VERDICT_BLOCKED || object->verdict == VERDICT_FAILED;
	bool why = warning || object->verdict == VERDICT_HEALED;
	CLEANUP(text_freep)
	char *text = stuck ? text_printf("%s: %s: %s", revision, object->health.reason, object->health.message)
	                   : text_printf("%s%s%s", revision, why && *object->reason ? ": " : "", why ? object->reason : "");
	struct telling telling = { .spec = spec, .commit = report->commit.id, .warning = warning, .reason = reason, .text = text };
	struct subject subject = {
		.api_version = "apps/v1", .kind = "Deployment", .ns = object->id.ns, .name = object->id.name, .uid = object->uid
	};
	cJSON_AddItemToArray(list, make(&telling, &subject));
}

cJSON *events_of(const struct syncspec *spec, const struct report *report)
{
	cJSON *list = cJSON_CreateArray();
	CLEANUP(text_freep) char *revision = revision_text(spec, report);
	add_sync(spec, report, revision, list);
	for (size_t i = 0; i < report->count && cJSON_GetArraySize(list) < MOST_OF_A_CYCLE; i++) {
		add_object(spec, report, report->objects[i], revision, list);
	}
	return list;
}

/* --- sending ------------------------------------------------------------------------------------------------------ */

static bool was_told(struct events *events, const char *name, const char *ns)
{
	CLEANUP(text_freep) char *key = text_printf("%s/%s", ns, name);
	intptr_t now = (intptr_t)(clock_now() / 1000) + 1;
	intptr_t before = (intptr_t)map_get(&events->told, key);
	if (before && now - before < AGAIN) {
		return true;
	}
	if (events->told.count >= TOLD_MOST) {
		events_release(events);
	}
	(void)map_set(&events->told, key, (void *)now);
	return false;
}

/* It is there: its time is all that is new. */
static bool touch(struct kube *kube, const char *ns, const char *name, const char *now, struct err *err)
{
	struct kube_call call = kube_call_make("PATCH",
	                                       text_printf("/api/v1/namespaces/%s/events/%s?fieldManager=" MANAGER_STATUS, ns, name));
	CLEANUP(doc_freep) cJSON *patch = cJSON_CreateObject();
	doc_set_text(patch, "lastTimestamp", now);
	call.content_type = KUBE_MERGE_PATCH;
	call.accept = KUBE_METADATA;
	bool fine = doc_print(patch, &call.body) && kube_do(kube, &call, err);
	kube_call_release(&call);
	return fine;
}

static bool send(struct kube *kube, struct events *events, cJSON *event, struct err *err)
{
	const char *ns = doc_text(event, "metadata/namespace");
	const char *name = doc_text(event, "metadata/name");
	if (was_told(events, name, ns)) {
		return true;
	}
	char now[CLOCK_TEXT];
	clock_text(clock_wall(), now);
	doc_set_text(event, "firstTimestamp", now);
	doc_set_text(event, "lastTimestamp", now);
	doc_set(event, "count", cJSON_CreateNumber(1));
	struct kube_call call = kube_call_make("POST", text_printf("/api/v1/namespaces/%s/events?fieldManager=" MANAGER_STATUS, ns));
	call.content_type = KUBE_JSON;
	call.accept = KUBE_METADATA;
	struct err failure = ERR_INIT;
	bool fine = doc_print(event, &call.body) && kube_do(kube, &call, &failure);
	kube_call_release(&call);
	if (!fine && failure.kind == ERR_CONFLICT) {
		return touch(kube, ns, name, now, err);
	}
	if (!fine) {
		*err = failure;
		(void)err_wrap(err, "event %s in %s", name, ns);
	}
	return fine;
}

bool events_send(struct kube *kube, struct events *events, const struct syncspec *spec, const struct report *report,
                 struct err *err)
{
	CLEANUP(doc_freep) cJSON *list = events_of(spec, report);
	cJSON *event = NULL;
	bool fine = true;
	cJSON_ArrayForEach (event, list) {
		struct err failure = ERR_INIT;
		if (!send(kube, events, event, &failure) && fine) {
			*err = failure;
			fine = false;
		}
	}
	return fine;
}

bool events_tell(struct kube *kube, struct events *events, const struct syncspec *spec, const char *commit, bool warning,
                 const char *reason, const char *text, struct err *err)
{
	struct telling telling = { .spec = spec, .commit = commit ? commit : "", .warning = warning, .reason = reason, .text = text };
	CLEANUP(doc_freep) cJSON *event = on_sync(&telling);
	return send(kube, events, event, err);
}
