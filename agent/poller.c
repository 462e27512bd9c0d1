#include "agent/poller.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agent/schedule.h"
#include "render/base/buf.h"
#include "sync/clock.h"

enum { LONGEST_BACKOFF = 5 * 60 * 1000, DIGEST_SHOWN = 16 };

struct poll_group {
	struct poll_group *next;
	struct poller *poller;
	char *key;
	char *url;
	char *stores; /* NULL: the default */
	struct credentials credentials;
	struct repo_source source;
	struct poll_want **wants;
	size_t count;
	struct loop_timer timer;
	struct question *question; /* in flight */
	bool again;                /* somebody hurried meanwhile */
	unsigned failures;
	int64_t not_before; /* the server said so */
	struct err failure;
	uint64_t random;
};

struct poller {
	struct loop *loop;
	struct workers *workers;
	struct poller_options options;
	struct poll_group *groups;
	uint64_t random;
};

/* What a worker gets, and finds out. */
struct question_ref {
	char *ref; /* NULL: HEAD */
	char *path;
	struct repo_want want;
	char tree[41];
	bool closed;
};

struct question {
	struct job job;
	struct poll_group *group; /* for the loop alone; NULL: nobody is interested any more */
	struct poller *poller;
	char *url;
	char *stores;
	struct credentials credentials;
	struct question_ref *refs;
	size_t count;
	int64_t timeout;
	int64_t took;
	int64_t retry_after;
	struct err err;
};

static void question_free(struct question *question)
{
	for (size_t i = 0; i < question->count; i++) {
		repo_commit_release(&question->refs[i].want.commit);
		free(question->refs[i].ref);
		free(question->refs[i].path);
	}
	free(question->refs);
	free(question->url);
	free(question->stores);
	credentials_release(&question->credentials);
	free(question);
}

/* --- on a worker -------------------------------------------------------------------------------------------------- */

static void look_at_tree(struct repo *repo, struct question_ref *ref)
{
	struct err ignored = ERR_INIT;
	bool links = true;
	const char *commit = ref->want.commit.id;
	if (*commit && repo_tree_id(repo, commit, ref->path, ref->tree, &ignored) &&
	    repo_tree_links(repo, commit, ref->path, &links, &ignored)) {
		ref->closed = !links;
	}
}

static void ask(struct job *job)
{
	struct question *question = (struct question *)job;
	int64_t start = clock_now();
	int64_t deadline = start + question->timeout;
	struct repo_source source = { .url = question->url, .retry_after = &question->retry_after };
	credentials_lend(&question->credentials, &source);
	CLEANUP(repo_freep) struct repo *repo = repo_open(&source, question->stores, deadline, &question->err);
	struct repo_want *wants = alloc_new(question->count, sizeof *wants);
	for (size_t i = 0; i < question->count; i++) {
		wants[i].ref = question->refs[i].ref;
	}
	bool fine = repo && repo_fetch_refs(repo, wants, question->count, deadline, &question->err);
	for (size_t i = 0; i < question->count; i++) {
		question->refs[i].want = wants[i];
		if (fine) {
			look_at_tree(repo, &question->refs[i]);
		}
	}
	free(wants);
	question->took = clock_now() - start;
}

/* --- on the loop -------------------------------------------------------------------------------------------------- */

static void group_free(struct poll_group *group)
{
	loop_timer_clear(group->poller->loop, &group->timer);
	if (group->question) {
		group->question->group = NULL;
	}
	struct poll_group **at = &group->poller->groups;
	while (*at != group) {
		at = &(*at)->next;
	}
	*at = group->next;
	credentials_release(&group->credentials);
	free(group->key);
	free(group->url);
	free(group->stores);
	free(group->wants);
	free(group);
}

static int64_t longest_interval(const struct poll_group *group)
{
	int64_t longest = LONGEST_BACKOFF;
	for (size_t i = 0; i < group->count; i++) {
		const struct poll_want *want = group->wants[i];
		longest = !want->paused && want->interval > longest ? want->interval : longest;
	}
	return longest;
}

static void set_timer(struct poll_group *group)
{
	int64_t due = INT64_MAX;
	for (size_t i = 0; i < group->count; i++) {
		due = group->wants[i]->due < due ? group->wants[i]->due : due;
	}
	due = due < group->not_before ? group->not_before : due;
	if (due == INT64_MAX) {
		loop_timer_clear(group->poller->loop, &group->timer);
	} else if (!group->question) {
		loop_timer_set(group->poller->loop, &group->timer, due);
	}
}

static uint64_t next_random(struct poll_group *group)
{
	group->random = group->random * 6364136223846793005ULL + 1442695040888963407ULL; /* Knuth's MMIX */
	return group->random;
}

static void plan_next(struct poll_group *group, const struct question *question)
{
	int64_t now = clock_now();
	bool failed = question->err.kind != ERR_NONE;
	group->failures = failed ? group->failures + 1 : 0;
	group->failure = question->err;
	group->not_before = failed ? now + question->retry_after : 0;
	for (size_t i = 0; i < group->count; i++) {
		struct poll_want *want = group->wants[i];
		if (want->paused) {
			continue;
		}
		int64_t wait = failed ? schedule_backoff(group->failures, longest_interval(group)) : want->interval;
		want->due = now + schedule_jitter(wait, next_random(group));
		want->due = group->again ? now : want->due;
	}
	group->again = false;
}

static const struct question_ref *find_ref(const struct question *question, const struct poll_want *want)
{
	for (size_t i = 0; i < question->count; i++) {
		const struct question_ref *ref = &question->refs[i];
		bool same = want->ref && ref->ref ? strcmp(want->ref, ref->ref) == 0 : !want->ref && !ref->ref;
		if (same && strcmp(want->path, ref->path) == 0) {
			return ref;
		}
	}
	return NULL;
}

/* One that joined meanwhile is not answered, and due at once. */
static void tell(struct poll_want *want, const struct question *question)
{
	const struct question_ref *ref = find_ref(question, want);
	bool failed = question->err.kind != ERR_NONE;
	if (!ref) {
		want->due = clock_now();
		return;
	}
	want->answered = true;
	const struct err *err = failed ? &question->err : ref->want.err.kind != ERR_NONE ? &ref->want.err : NULL;
	want->told(want->context, &(struct poll_answer){ .err = err,
	                                                 .commit = err ? NULL : &ref->want.commit,
	                                                 .tree = err ? "" : ref->tree,
	                                                 .closed = !err && ref->closed });
}

static bool is_member(const struct poll_group *group, const struct poll_want *want)
{
	for (size_t i = 0; group && i < group->count; i++) {
		if (group->wants[i] == want) {
			return true;
		}
	}
	return false;
}

/* Who is told may leave, and be the last of the group: so a copy of the list is gone through. */
static void tell_all(struct question *question)
{
	size_t count = question->group->count;
	struct poll_want **wants = alloc_new(count ? count : 1, sizeof *wants);
	memcpy(wants, question->group->wants, count * sizeof *wants);
	for (size_t i = 0; i < count; i++) {
		if (is_member(question->group, wants[i]) && !wants[i]->paused) {
			tell(wants[i], question);
		}
	}
	free(wants);
}

static void answered(struct job *job)
{
	struct question *question = (struct question *)job;
	struct poller *poller = question->poller;
	if (poller->options.asked) {
		poller->options.asked(poller->options.context, question->err.kind == ERR_NONE, question->took);
	}
	if (question->group) {
		plan_next(question->group, question);
		tell_all(question);
	}
	if (question->group) {
		question->group->question = NULL;
		set_timer(question->group);
	}
	question_free(question);
}

static void add_ref(struct question *question, const struct poll_want *want)
{
	if (want->paused || find_ref(question, want)) {
		return;
	}
	struct question_ref *ref = &question->refs[question->count++];
	ref->ref = want->ref ? text_dup(want->ref) : NULL;
	ref->path = text_dup(want->path);
}

static void fire(void *context)
{
	struct poll_group *group = context;
	struct question *question = alloc_new(1, sizeof *question);
	question->job = (struct job){ .key = text_dup(group->key), .work = ask, .done = answered };
	question->group = group;
	question->poller = group->poller;
	question->url = text_dup(group->url);
	question->stores = group->stores ? text_dup(group->stores) : NULL;
	credentials_copy(&group->credentials, &question->credentials);
	question->timeout = group->poller->options.timeout;
	question->refs = alloc_new(group->count, sizeof *question->refs);
	for (size_t i = 0; i < group->count; i++) {
		add_ref(question, group->wants[i]);
	}
	group->question = question;
	workers_submit(group->poller->workers, &question->job);
}

/* --- who wants what ----------------------------------------------------------------------------------------------- */

/* What was fetched with credentials is for those who have them: a store of its own. */
static char *stores_for(const struct poller *poller, const struct credentials *credentials)
{
	if (!credentials || !*credentials->digest || !poller->options.store) {
		return poller->options.store ? text_dup(poller->options.store) : NULL;
	}
	return text_printf("%s/%.*s", poller->options.store, DIGEST_SHOWN, credentials->digest);
}

static struct poll_group *group_new(struct poller *poller, char *key, const char *url, const struct credentials *credentials)
{
	struct poll_group *group = alloc_new(1, sizeof *group);
	group->poller = poller;
	group->key = key;
	group->url = text_dup(url);
	group->stores = stores_for(poller, credentials);
	if (credentials) {
		credentials_copy(credentials, &group->credentials);
	}
	group->source = (struct repo_source){ .url = group->url };
	credentials_lend(&group->credentials, &group->source);
	group->timer = (struct loop_timer){ .fire = fire, .context = group };
	group->random = ++poller->random * 0x9e3779b97f4a7c15ULL;
	group->next = poller->groups;
	poller->groups = group;
	return group;
}

void poller_join(struct poller *poller, struct poll_want *want, const char *url, const struct credentials *credentials)
{
	assert(!want->group && want->told && want->path);
	char *key = text_printf("%s %s", credentials ? credentials->digest : "", url);
	struct poll_group *group = poller->groups;
	while (group && strcmp(group->key, key) != 0) {
		group = group->next;
	}
	if (group) {
		free(key);
	} else {
		group = group_new(poller, key, url, credentials);
	}
	group->wants = alloc_grow(group->wants, group->count + 1, sizeof(struct poll_want *));
	group->wants[group->count++] = want;
	want->group = group;
	want->answered = false;
	want->paused = false;
	want->due = clock_now();
	set_timer(group);
}

void poller_leave(struct poller *poller, struct poll_want *want)
{
	(void)poller;
	struct poll_group *group = want->group;
	if (!group) {
		return;
	}
	want->group = NULL;
	for (size_t i = 0; i < group->count; i++) {
		if (group->wants[i] == want) {
			group->wants[i] = group->wants[--group->count];
			break;
		}
	}
	if (!group->count) {
		group_free(group);
	}
}

void poller_pause(struct poller *poller, struct poll_want *want)
{
	(void)poller;
	want->paused = true;
	want->due = INT64_MAX;
	if (want->group) {
		set_timer(want->group);
	}
}

void poller_resume(struct poller *poller, struct poll_want *want)
{
	if (want->paused) {
		want->paused = false;
		poller_hurry(poller, want, 0);
	}
}

void poller_hurry(struct poller *poller, struct poll_want *want, int64_t delay)
{
	(void)poller;
	struct poll_group *group = want->group;
	if (!group || want->paused) {
		return;
	}
	/* What is in flight may have been asked before the news. */
	group->again = group->again || group->question != NULL;
	int64_t due = clock_now() + delay;
	want->due = due < want->due ? due : want->due;
	set_timer(group);
}

const struct err *poller_failure(const struct poll_want *want)
{
	return want->group && want->group->failure.kind != ERR_NONE ? &want->group->failure : NULL;
}

const char *poller_store(const struct poll_want *want)
{
	return want->group->stores;
}

const char *poller_key(const struct poll_want *want)
{
	return want->group->key;
}

const struct repo_source *poller_source(const struct poll_want *want)
{
	return &want->group->source;
}

struct poller *poller_new(struct loop *loop, struct workers *workers, const struct poller_options *options)
{
	struct poller *poller = alloc_new(1, sizeof *poller);
	*poller = (struct poller){ .loop = loop, .workers = workers, .options = *options };
	poller->random = (uint64_t)clock_wall_micro();
	return poller;
}

void poller_free(struct poller *poller)
{
	if (poller) {
		assert(!poller->groups);
		free(poller);
	}
}
