#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/clock.h"
#include "sync/kube/kube.h"

enum { PLAIN_TEXT = 200, DO_SLICE = 1000 };

struct kube_call kube_call_make(const char *method, char *path)
{
	return (struct kube_call){
		.method = method,
		.path = path,
		.body = BUF_INIT(LIMIT_OBJECT_BYTES),
		.reply = BUF_INIT(LIMIT_REPLY_BYTES),
	};
}

void kube_call_release(struct kube_call *call)
{
	free(call->path);
	free(call->etag);
	buf_release(&call->body);
	buf_release(&call->reply);
	call->path = NULL;
	call->etag = NULL;
}

void kube_free(struct kube *kube)
{
	if (kube) {
		kube->ops->free(kube);
	}
}

void kube_freep(struct kube **kube)
{
	kube_free(*kube);
	*kube = NULL;
}

static void note_done(struct kube_call *call, void *context)
{
	(void)call;
	*(bool *)context = true;
}

bool kube_do(struct kube *kube, struct kube_call *call, struct err *err)
{
	bool done = false;
	call->done = note_done;
	call->context = &done;
	kube_send(kube, call);
	while (!done) {
		bool idle = kube_run(kube, clock_now() + DO_SLICE);
		assert(done || !idle);
	}
	return kube_check(call, false, err);
}

struct kube_status kube_status_of(const struct kube_call *call)
{
	struct kube_status status = { .reason = "", .message = "" };
	struct err ignored = ERR_INIT;
	if (call->reply.len == 0 || call->reply.data[0] != '{') {
		return status;
	}
	status.doc = doc_parse(call->reply.data, call->reply.len, &ignored);
	const char *kind = doc_text(status.doc, "kind");
	if (!kind || strcmp(kind, "Status") != 0) {
		return status;
	}
	const char *reason = doc_text(status.doc, "reason");
	const char *message = doc_text(status.doc, "message");
	const cJSON *causes = doc_at(status.doc, "details/causes");
	status.reason = reason ? reason : "";
	status.message = message ? message : "";
	status.causes = cJSON_IsArray(causes) ? causes : NULL;
	return status;
}

void kube_status_release(struct kube_status *status)
{
	cJSON_Delete(status->doc);
	*status = (struct kube_status){ .reason = "", .message = "" };
}

/* A field that the kind does not have is the manifest's fault, yet server-side apply answers it with 500 (seen on 1.36). */
static bool blames_manifest(const struct kube_status *status)
{
	return strstr(status->message, "failed to create typed patch object") != NULL;
}

static enum err_kind kind_of(int code, const struct kube_status *status)
{
	switch (code) {
	case 401:
	case 403:
		return ERR_DENIED;
	case 404:
	case 410:
		return ERR_NOT_FOUND;
	case 409:
		return ERR_CONFLICT;
	case 400:
	case 405:
	case 415:
	case 422:
		return ERR_INPUT;
	default:
		return blames_manifest(status) ? ERR_INPUT : ERR_TRANSIENT;
	}
}

/* Line breaks, what else a terminal would act on and the indentation behind them become one space. */
static void one_line(char *text)
{
	char *to = text;
	for (const char *from = text; *from; from++) {
		bool blank = (unsigned char)*from <= ' ' || *from == 0x7f;
		if (!blank) {
			*to++ = *from;
		} else if (to > text && to[-1] != ' ') {
			*to++ = ' ';
		}
	}
	*to = '\0';
	while (to > text && to[-1] == ' ') {
		*--to = '\0';
	}
}

static void set_hidden(const struct kube_status *status, int code, enum err_kind kind, struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(sizeof err->msg);
	(void)(*status->reason ? buf_puts(&text, status->reason) : buf_printf(&text, "HTTP %d", code));
	const char *sep = ": ";
	const cJSON *cause = NULL;
	cJSON_ArrayForEach (cause, status->causes) {
		const char *field = doc_text(cause, "field");
		if (field && !buf_printf(&text, "%s%s", sep, field)) {
			break;
		}
		sep = field ? ", " : sep;
	}
	(void)err_set(err, kind, "%s", buf_text(&text));
}

static void set_shown(const struct kube_call *call, const struct kube_status *status, enum err_kind kind, struct err *err)
{
	bool plain = !status->doc && call->reply.len && call->reply.len <= PLAIN_TEXT && !strchr(call->reply.data, '<');
	if (*status->message) {
		(void)err_set(err, kind, "%s", status->message);
	} else if (*status->reason) {
		(void)err_set(err, kind, "%s", status->reason);
	} else if (plain) {
		(void)err_set(err, kind, "HTTP %d: %s", call->status, call->reply.data);
	} else {
		(void)err_set(err, kind, "the API server answered HTTP %d", call->status);
	}
}

bool kube_check(const struct kube_call *call, bool hide, struct err *err)
{
	if (call->status >= 200 && call->status < 300) {
		return true;
	}
	if (call->err.kind != ERR_NONE) {
		*err = call->err;
		return false;
	}
	struct kube_status status = kube_status_of(call);
	enum err_kind kind = kind_of(call->status, &status);
	/* Whom RBAC denies what holds no value; admission plugins answer 403 with texts of their own. */
	bool harmless = call->status == 403 && strstr(status.message, " is forbidden: User \"");
	if (hide && !harmless) {
		set_hidden(&status, call->status, kind, err);
	} else {
		set_shown(call, &status, kind, err);
	}
	one_line(err->msg);
	kube_status_release(&status);
	return false;
}

bool kube_escape(struct buf *out, const char *text)
{
	static const char hex[] = "0123456789ABCDEF";
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	for (const char *at = text; *at;) {
		size_t len = strspn(at, plain);
		if (!buf_add(out, at, len)) {
			return false;
		}
		at += len;
		if (*at) {
			unsigned char byte = (unsigned char)*at++;
			char code[3] = { '%', hex[byte >> 4], hex[byte & 15] };
			if (!buf_add(out, code, sizeof code)) {
				return false;
			}
		}
	}
	return true;
}
