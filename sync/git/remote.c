#include "sync/git/remote.h"

#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"
#include "render/base/limits.h"
#include "render/base/near.h"
#include "sync/clock.h"
#include "sync/git/libgit.h"

enum { NAMES_SHOWN = 3 };

void remote_refs_add(struct remote_refs *refs, const char *name, const git_oid *id, const char *target)
{
	refs->items = alloc_grow(refs->items, refs->count + 1, sizeof *refs->items);
	refs->items[refs->count++] = (struct remote_ref){
		.name = text_dup(name),
		.target = target ? text_dup(target) : NULL,
		.id = *id,
	};
}

void remote_refs_release(struct remote_refs *refs)
{
	for (size_t i = 0; i < refs->count; i++) {
		free(refs->items[i].name);
		free(refs->items[i].target);
	}
	free(refs->items);
	*refs = (struct remote_refs){ 0 };
}

void remote_free(struct remote *remote)
{
	if (remote) {
		remote->ops->free(remote);
	}
}

struct remote_watch remote_watch_new(const struct store *store, int64_t deadline)
{
	uint64_t used = store_bytes(store);
	return (struct remote_watch){ .deadline = deadline, .room = used < LIMIT_STORE_BYTES ? LIMIT_STORE_BYTES - used : 0 };
}

int remote_watch_progress(const git_indexer_progress *stats, void *payload)
{
	struct remote_watch *watch = payload;
	watch->late = clock_now() >= watch->deadline;
	watch->over = stats->received_bytes > watch->room;
	return watch->late || watch->over ? GIT_EUSER : 0;
}

bool remote_watch_explains(const struct remote_watch *watch, const struct remote_options *options, struct err *err)
{
	if (watch->over) {
		(void)err_set(err, ERR_LIMIT, "'%s' does not fit into the Git store '%s' of at most %zu MiB", options->shown,
		              options->store->dir, LIMIT_STORE_BYTES >> 20);
	} else if (watch->late) {
		(void)err_set(err, ERR_TRANSIENT, "the fetch from '%s' took too long", options->shown);
	}
	return watch->over || watch->late;
}

static const struct remote_ref *find(const struct remote_refs *refs, const char *name)
{
	for (size_t i = 0; i < refs->count; i++) {
		if (strcmp(refs->items[i].name, name) == 0) {
			return &refs->items[i];
		}
	}
	return NULL;
}

static const struct remote_ref *find_in(const struct remote_refs *refs, const char *space, const char *name)
{
	CLEANUP(text_freep) char *full = text_printf("%s%s", space, name);
	return find(refs, full);
}

/* The name that people use: without refs/heads/ or refs/tags/; NULL for what is neither. */
static const char *short_name(const struct remote_ref *ref)
{
	static const char *const spaces[] = { "refs/heads/", "refs/tags/" };
	for (size_t i = 0; i < ARRAY_LEN(spaces); i++) {
		if (strncmp(ref->name, spaces[i], strlen(spaces[i])) == 0) {
			return ref->name + strlen(spaces[i]);
		}
	}
	return NULL;
}

static bool is_near(const char *name, const char *asked)
{
	const char *base = strrchr(asked, '/');
	return near_distance(name, asked) <= 1 + strlen(asked) / 4 || (base && strcmp(name, base + 1) == 0) ||
	       strcasecmp(name, asked) == 0;
}

/* Names near the one asked for, else the first branches there are. */
static void add_names(const struct remote_refs *refs, const char *asked, struct buf *out)
{
	for (int pass = 0; pass < 2 && out->len == 0; pass++) {
		size_t shown = 0;
		for (size_t i = 0; i < refs->count && shown < NAMES_SHOWN; i++) {
			const char *name = short_name(&refs->items[i]);
			if (name && (pass == 0 ? is_near(name, asked) : strncmp(refs->items[i].name, "refs/heads/", 11) == 0)) {
				const char *first = pass == 0 ? "; did you mean " : "; there is ";
				(void)buf_printf(out, "%s'%.80s'", shown ? ", " : first, name);
				shown++;
			}
		}
	}
}

static void refuse(const struct remote_refs *refs, const char *name, const char *shown, struct err *err)
{
	CLEANUP(buf_release) struct buf names = BUF_INIT(LIMIT_KIB(1));
	add_names(refs, name, &names);
	size_t len = strlen(name);
	bool part_of_id = len >= 7 && len < GIT_OID_HEXSZ && strspn(name, "0123456789abcdef") == len;
	const char *hint = part_of_id ? "; a commit needs all its 40 digits" : buf_text(&names);
	(void)err_set(err, ERR_NOT_FOUND, "'%s' has no branch or tag '%.200s'%s", shown, name, hint);
}

static const struct remote_ref *choose_head(const struct remote_refs *refs, const char *shown, struct err *err)
{
	const struct remote_ref *head = find(refs, "HEAD");
	if (!head) {
		CLEANUP(buf_release) struct buf names = BUF_INIT(LIMIT_KIB(1));
		add_names(refs, "", &names);
		(void)err_set(err, ERR_NOT_FOUND, "'%s' has no default branch: give --ref%s", shown, buf_text(&names));
		return NULL;
	}
	/* The name of its branch is as good, and "HEAD" could also be a badly named tag. */
	const struct remote_ref *branch = head->target ? find(refs, head->target) : NULL;
	return branch && git_oid_equal(&branch->id, &head->id) ? branch : head;
}

const struct remote_ref *remote_choose(const struct remote_refs *refs, const char *name, const char *shown, const char **warning,
                                       struct err *err)
{
	if (refs->count == 0) {
		(void)err_set(err, ERR_NOT_FOUND, "'%s' has no commit yet", shown);
		return NULL;
	}
	if (!name || strcmp(name, "HEAD") == 0) {
		return choose_head(refs, shown, err);
	}
	bool full = strncmp(name, "refs/", 5) == 0;
	const struct remote_ref *exact = full ? find(refs, name) : NULL;
	const struct remote_ref *branch = find_in(refs, "refs/heads/", name);
	const struct remote_ref *tag = find_in(refs, "refs/tags/", name);
	if (!exact && branch && tag) {
		*warning = "the name is a branch and a tag: the branch is taken (refs/tags/... names the tag)";
	}
	const struct remote_ref *found = exact ? exact : branch ? branch : tag;
	if (!found) {
		refuse(refs, name, shown, err);
	}
	return found;
}
