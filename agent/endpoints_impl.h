/*
 * Between the files of endpoints.h: endpoints.c has the sockets and their time, endpoints_answer.c the requests.
 */
#ifndef AGENT_ENDPOINTS_IMPL_H
#define AGENT_ENDPOINTS_IMPL_H

#include <microhttpd.h>

#include "agent/endpoints.h"
#include "render/base/limits.h"

/* An open connection. */
struct guest {
	bool used;
	int fd;
	int64_t ends; /* monotonic: it is closed then */
};

/* One address. */
struct server {
	struct endpoints *owner;
	enum endpoint kind;
	struct MHD_Daemon *daemon; /* NULL: not served */
	uint16_t port;
	bool closed; /* a connection ended in this turn */
	struct guest guests[LIMIT_HTTP_CONNECTIONS];
};

struct endpoints {
	struct endpoints_options options;
	int fd;               /* epoll of the servers' own */
	struct bucket bucket; /* all webhook calls */
	struct loop *loop;    /* that drives them; NULL: nobody yet */
	struct loop_timer timer;
	struct server servers[ENDPOINT_COUNT];
};

/* The loop forgets them. */
void endpoints_detach(struct endpoints *endpoints);

/* The library's handler of requests, and of their end; the first argument is the server. */
enum MHD_Result endpoints_answer(void *context, struct MHD_Connection *connection, const char *path, const char *method,
                                 const char *version, const char *body, size_t *len, void **place);
void endpoints_completed(void *context, struct MHD_Connection *connection, void **place, enum MHD_RequestTerminationCode code);

#endif
