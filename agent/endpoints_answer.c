#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/endpoints_impl.h"
#include "sync/clock.h"

/* Pushes of a busy day, each of them seen at once; who goes on beyond that asks the Git server no more often than this. */
static const struct bucket_rate sync_rate = { .burst = 100, .every = 250 };
/* Of all, right or not: what a hostile caller may cost. */
static const struct bucket_rate all_rate = { .burst = 500, .every = 20 };

/* A request on its way. */
struct request {
	struct webhook_name name;
	struct webhook *webhook; /* NULL: no webhook call */
	size_t len;              /* of the body so far */
};

/* What is added to an answer's head. */
struct extra {
	const char *name; /* NULL: nothing */
	const char *value;
};

/* Answers; the text is taken over. */
static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status, const char *type, char *text, size_t len,
                             struct extra extra)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(text);
		return MHD_NO;
	}
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (extra.name) {
		(void)MHD_add_response_header(response, extra.name, extra.value);
	}
	enum MHD_Result result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result say(struct MHD_Connection *connection, unsigned status, const char *text, struct extra extra)
{
	char *line = text_printf("%s\n", text);
	return reply(connection, status, "text/plain; charset=utf-8", line, strlen(line), extra);
}

static enum MHD_Result say_not_found(struct MHD_Connection *connection)
{
	return say(connection, MHD_HTTP_NOT_FOUND, "not found", (struct extra){ 0 });
}

static enum MHD_Result say_only(struct MHD_Connection *connection, const char *methods)
{
	return say(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "method not allowed", (struct extra){ MHD_HTTP_HEADER_ALLOW, methods });
}

/* --- health and metrics ---------------------------------------------------------------------------------------------- */

static enum MHD_Result answer_check(const struct endpoints *endpoints, struct MHD_Connection *connection,
                                    bool (*check)(void *context, struct buf *why))
{
	CLEANUP(buf_release) struct buf why = BUF_INIT(LIMIT_KIB(4));
	bool fine = !check || check(endpoints->options.context, &why);
	const char *text = fine ? "ok" : why.len ? buf_text(&why) : "not yet";
	return say(connection, fine ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, text, (struct extra){ 0 });
}

static enum MHD_Result answer_alive(const struct endpoints *endpoints, struct MHD_Connection *connection)
{
	return answer_check(endpoints, connection, endpoints->options.alive);
}

static enum MHD_Result answer_ready(const struct endpoints *endpoints, struct MHD_Connection *connection)
{
	return answer_check(endpoints, connection, endpoints->options.ready);
}

static enum MHD_Result answer_metrics(const struct endpoints *endpoints, struct MHD_Connection *connection)
{
	struct buf text = BUF_INIT(LIMIT_METRICS_BYTES);
	if (endpoints->options.scrape) {
		endpoints->options.scrape(endpoints->options.context);
	}
	if (!endpoints->options.registry || !metrics_write(endpoints->options.registry, &text)) {
		buf_release(&text);
		return say(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "too many metrics", (struct extra){ 0 });
	}
	size_t len = text.len;
	return reply(connection, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", buf_detach(&text), len,
	             (struct extra){ 0 });
}

static const struct route {
	enum endpoint kind;
	const char *path;
	enum MHD_Result (*answer)(const struct endpoints *endpoints, struct MHD_Connection *connection);
} routes[] = {
	{ ENDPOINT_HEALTH, "/healthz", answer_alive },
	{ ENDPOINT_HEALTH, "/readyz", answer_ready },
	{ ENDPOINT_METRICS, "/metrics", answer_metrics },
};

static enum MHD_Result answer_get(const struct server *server, struct MHD_Connection *connection, const char *path,
                                  const char *method)
{
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (routes[i].kind == server->kind && strcmp(routes[i].path, path) == 0) {
			bool get = strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
			return get ? routes[i].answer(server->owner, connection) : say_only(connection, "GET, HEAD");
		}
	}
	return say_not_found(connection);
}

/* --- webhooks -------------------------------------------------------------------------------------------------------- */

static void count(const struct endpoints *endpoints, const char *result)
{
	if (endpoints->options.registry) {
		metrics_add(endpoints->options.registry, METRIC_WEBHOOK_REQUESTS, LABELS(result), 1);
	}
}

static enum MHD_Result say_later(const struct endpoints *endpoints, struct MHD_Connection *connection, int64_t wait)
{
	char seconds[24];
	(void)snprintf(seconds, sizeof seconds, "%lld", (long long)((wait + 999) / 1000));
	count(endpoints, "limited");
	return say(connection, MHD_HTTP_TOO_MANY_REQUESTS, "too many calls", (struct extra){ MHD_HTTP_HEADER_RETRY_AFTER, seconds });
}

static enum MHD_Result say_elsewhere(const struct endpoints *endpoints, struct MHD_Connection *connection)
{
	count(endpoints, "elsewhere");
	return say(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "another agent works",
	           (struct extra){ MHD_HTTP_HEADER_RETRY_AFTER, "1" });
}

/* The library has checked the number; one that it cannot hold is too large as well. */
static bool announces_too_much(struct MHD_Connection *connection)
{
	const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
	return length && strtoull(length, NULL, 10) > LIMIT_HOOK_BYTES;
}

static enum MHD_Result take_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	(void)kind;
	if (name && value) {
		webhook_header(context, name, value);
	}
	return MHD_YES;
}

static struct endpoints_hook find(const struct endpoints *endpoints, const struct webhook_name *name)
{
	struct endpoints_hook hook = { 0 };
	if (endpoints->options.find) {
		endpoints->options.find(endpoints->options.context, name->ns, name->name, &hook);
	}
	return hook;
}

/* The head is here. Whether there is such a Sync makes no difference from now on. */
static enum MHD_Result begin_hook(struct endpoints *endpoints, struct MHD_Connection *connection, const char *path,
                                  const char *method, struct request *request)
{
	if (!webhook_path(path, &request->name)) {
		return say_not_found(connection);
	}
	if (strcmp(method, MHD_HTTP_METHOD_POST) != 0) {
		return say_only(connection, "POST");
	}
	int64_t wait = bucket_take(&endpoints->bucket, &all_rate, clock_now());
	if (wait) {
		return say_later(endpoints, connection, wait);
	}
	if (announces_too_much(connection)) {
		count(endpoints, "too_large");
		return say(connection, MHD_HTTP_CONTENT_TOO_LARGE, "body too large", (struct extra){ 0 });
	}
	struct endpoints_hook hook = find(endpoints, &request->name);
	if (hook.elsewhere) {
		return say_elsewhere(endpoints, connection);
	}
	request->webhook = webhook_new(hook.token);
	(void)MHD_get_connection_values(connection, MHD_HEADER_KIND, take_header, request->webhook);
	return MHD_YES;
}

/* A piece of the body. One that was not announced and is too long ends the connection: there is no way to say it. */
static enum MHD_Result take_body(const struct endpoints *endpoints, struct request *request, const char *body, size_t *len)
{
	request->len += *len;
	if (request->len > LIMIT_HOOK_BYTES) {
		count(endpoints, "too_large");
		return MHD_NO;
	}
	webhook_body(request->webhook, body, *len);
	*len = 0;
	return MHD_YES;
}

/* All of it is here. The Sync may have gone meanwhile. */
static enum MHD_Result end_hook(struct endpoints *endpoints, struct MHD_Connection *connection, struct request *request)
{
	bool valid = webhook_valid(request->webhook);
	struct endpoints_hook hook = find(endpoints, &request->name);
	if (hook.elsewhere) {
		return say_elsewhere(endpoints, connection);
	}
	if (!valid || !hook.token) {
		count(endpoints, "refused");
		return say(connection, MHD_HTTP_FORBIDDEN, "forbidden", (struct extra){ 0 });
	}
	int64_t wait = hook.bucket ? bucket_take(hook.bucket, &sync_rate, clock_now()) : 0;
	if (endpoints->options.poll) {
		endpoints->options.poll(endpoints->options.context, request->name.ns, request->name.name, wait);
	}
	if (wait) {
		return say_later(endpoints, connection, wait);
	}
	count(endpoints, "accepted");
	return say(connection, MHD_HTTP_ACCEPTED, "accepted", (struct extra){ 0 });
}

/* --- the library's ----------------------------------------------------------------------------------------------------- */

enum MHD_Result endpoints_answer(void *context, struct MHD_Connection *connection, const char *path, const char *method,
                                 const char *version, const char *body, size_t *len, void **place)
{
	struct server *server = context;
	struct request *request = *place;
	(void)version;
	if (server->kind != ENDPOINT_WEBHOOK) {
		return answer_get(server, connection, path, method);
	}
	if (!request) {
		*place = request = alloc_new(1, sizeof *request);
		return begin_hook(server->owner, connection, path, method, request);
	}
	if (!request->webhook) {
		/* Answered already; what still comes is nothing to us. */
		*len = 0;
		return MHD_YES;
	}
	return *len ? take_body(server->owner, request, body, len) : end_hook(server->owner, connection, request);
}

void endpoints_completed(void *context, struct MHD_Connection *connection, void **place, enum MHD_RequestTerminationCode code)
{
	struct request *request = *place;
	(void)context;
	(void)connection;
	(void)code;
	if (request) {
		webhook_free(request->webhook);
		free(request);
	}
	*place = NULL;
}
