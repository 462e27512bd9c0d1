/*
 * Smart HTTP: libgit2 speaks the Git protocol, http.c carries it. The transport is given to libgit2 for one remote at a time
 * (git_remote_callbacks.transport), so nothing is registered for the whole process.
 */
#include <git2/sys/transport.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"
#include "sync/git/http.h"
#include "sync/git/libgit.h"
#include "sync/git/remote.h"

struct smart {
	struct remote remote;
	struct remote_options options;
	int64_t deadline;
	struct http *http;
	git_remote *git; /* connected; NULL before the first list */
	struct err err;  /* what http said; libgit2 carries only a code */
	struct remote_watch watch;
};

/* libgit2 wants these by address; they hold nothing of their own. */
struct stream {
	git_smart_subtransport_stream parent;
	struct smart *smart;
};

struct subtransport {
	git_smart_subtransport parent;
	struct smart *smart;
};

static struct smart *smart_of(struct remote *remote)
{
	return (struct smart *)(void *)remote;
}

static int refuse(struct smart *smart)
{
	(void)git_error_set_str(GIT_ERROR_HTTP, smart->err.msg);
	return GIT_ERROR;
}

static int stream_read(git_smart_subtransport_stream *parent, char *bytes, size_t len, size_t *got)
{
	struct smart *smart = ((struct stream *)(void *)parent)->smart;
	return http_read(smart->http, bytes, len, got, &smart->err) ? 0 : refuse(smart);
}

static int stream_write(git_smart_subtransport_stream *parent, const char *bytes, size_t len)
{
	struct smart *smart = ((struct stream *)(void *)parent)->smart;
	return http_write(smart->http, bytes, len, &smart->err) ? 0 : refuse(smart);
}

static void stream_free(git_smart_subtransport_stream *parent)
{
	free((struct stream *)(void *)parent);
}

static int start_action(git_smart_subtransport_stream **out, git_smart_subtransport *parent, const char *url,
                        git_smart_service_t action)
{
	(void)url;
	struct smart *smart = ((struct subtransport *)(void *)parent)->smart;
	if (action == GIT_SERVICE_UPLOADPACK_LS) {
		http_get_refs(smart->http);
	} else if (action == GIT_SERVICE_UPLOADPACK) {
		http_post(smart->http);
	} else {
		(void)err_set(&smart->err, ERR_INPUT, "plumb does not push to '%s'", smart->options.shown);
		return refuse(smart);
	}
	struct stream *stream = alloc_new(1, sizeof *stream);
	stream->parent = (git_smart_subtransport_stream){
		.subtransport = parent,
		.read = stream_read,
		.write = stream_write,
		.free = stream_free,
	};
	stream->smart = smart;
	*out = &stream->parent;
	return 0;
}

static int close_subtransport(git_smart_subtransport *parent)
{
	(void)parent;
	return 0;
}

static void free_subtransport(git_smart_subtransport *parent)
{
	free((struct subtransport *)(void *)parent);
}

static int new_subtransport(git_smart_subtransport **out, git_transport *owner, void *payload)
{
	(void)owner;
	struct subtransport *made = alloc_new(1, sizeof *made);
	made->parent = (git_smart_subtransport){
		.action = start_action,
		.close = close_subtransport,
		.free = free_subtransport,
	};
	made->smart = payload;
	*out = &made->parent;
	return 0;
}

static int new_transport(git_transport **out, git_remote *owner, void *payload)
{
	git_smart_subtransport_definition definition = { .callback = new_subtransport, .rpc = 1, .param = payload };
	return git_transport_smart(out, owner, &definition);
}

static int on_progress(const git_indexer_progress *stats, void *payload)
{
	struct smart *smart = payload;
	return remote_watch_progress(stats, &smart->watch);
}

/* http knows best what went wrong, then the watch; else it is the protocol or the store. */
static bool explain(struct smart *smart, struct err *err)
{
	if (smart->err.kind != ERR_NONE) {
		*err = smart->err;
		return false;
	}
	if (!remote_watch_explains(&smart->watch, &smart->options, err)) {
		(void)libgit_err(err, ERR_TRANSIENT, "cannot fetch from '%s'", smart->options.shown);
	}
	return false;
}

static void disconnect(struct smart *smart)
{
	git_remote_free(smart->git);
	smart->git = NULL;
}

static bool connect_smart(struct smart *smart, struct err *err)
{
	git_remote_create_options create;
	(void)git_remote_create_options_init(&create, GIT_REMOTE_CREATE_OPTIONS_VERSION);
	create.repository = smart->options.store->git;
	create.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF | GIT_REMOTE_CREATE_SKIP_DEFAULT_FETCHSPEC;
	if (git_remote_create_with_opts(&smart->git, smart->options.address, &create) < 0) {
		return libgit_err(err, ERR_INPUT, "cannot fetch from '%s'", smart->options.shown);
	}
	git_remote_callbacks callbacks;
	(void)git_remote_init_callbacks(&callbacks, GIT_REMOTE_CALLBACKS_VERSION);
	callbacks.transport = new_transport;
	callbacks.transfer_progress = on_progress;
	callbacks.payload = smart;
	return git_remote_connect(smart->git, GIT_DIRECTION_FETCH, &callbacks, NULL, NULL) == 0 ? true : explain(smart, err);
}

static bool is_ref(const char *name)
{
	int valid = 0;
	bool known = strcmp(name, "HEAD") == 0 || strncmp(name, "refs/", 5) == 0;
	return known && git_reference_name_is_valid(&valid, name) == 0 && valid;
}

static bool smart_list(struct remote *remote, int64_t deadline, struct remote_refs *out, struct err *err)
{
	struct smart *smart = smart_of(remote);
	disconnect(smart);
	smart->deadline = deadline;
	smart->err = ERR_INIT;
	smart->watch = remote_watch_new(smart->options.store, deadline);
	http_begin(smart->http, deadline);
	if (!connect_smart(smart, err)) {
		return false;
	}
	const git_remote_head **heads = NULL;
	size_t count = 0;
	if (git_remote_ls(&heads, &count, smart->git) < 0) {
		return explain(smart, err);
	}
	for (size_t i = 0; i < count; i++) {
		if (is_ref(heads[i]->name)) {
			remote_refs_add(out, heads[i]->name, &heads[i]->oid, heads[i]->symref_target);
		}
	}
	return true;
}

static bool smart_download(struct remote *remote, const struct remote_refs *refs, const struct remote_ref *want, struct err *err)
{
	(void)refs;
	struct smart *smart = smart_of(remote);
	CLEANUP(text_freep) char *first = text_dup(want ? want->name : "refs/heads/*:refs/heads/*");
	CLEANUP(text_freep) char *second = text_dup("refs/tags/*:refs/tags/*");
	char *specs[] = { first, second };
	const git_strarray list = { .strings = specs, .count = want ? 1 : 2 };
	git_fetch_options options;
	(void)git_fetch_options_init(&options, GIT_FETCH_OPTIONS_VERSION);
	options.callbacks.transport = new_transport;
	options.callbacks.transfer_progress = on_progress;
	options.callbacks.payload = smart;
	options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
	return git_remote_download(smart->git, &list, &options) == 0 ? true : explain(smart, err);
}

static void smart_free(struct remote *remote)
{
	struct smart *smart = smart_of(remote);
	disconnect(smart);
	http_free(smart->http);
	free(smart);
}

static const struct remote_ops smart_ops = { .list = smart_list, .download = smart_download, .free = smart_free };

struct remote *remote_smart_new(const struct remote_options *options, struct err *err)
{
	struct http *http = http_new(options->source, options->address, options->shown, err);
	if (!http) {
		return NULL;
	}
	struct smart *smart = alloc_new(1, sizeof *smart);
	*smart = (struct smart){ .remote = { .ops = &smart_ops }, .options = *options, .http = http };
	return &smart->remote;
}
