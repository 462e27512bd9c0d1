#include "agent/endpoints_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/listen.h"
#include "sync/clock.h"

enum {
	LIFE = 10000,      /* milliseconds of a connection */
	IDLE_SECONDS = 10, /* the library's own bound, of silence */
	MANY = 1000000,
};

static const char *const default_addresses[ENDPOINT_COUNT] = { ENDPOINTS_HEALTH, ENDPOINTS_METRICS, ENDPOINTS_WEBHOOK };
static const char *const endpoint_names[ENDPOINT_COUNT] = { "health", "metrics", "webhook" };

/* --- connections ----------------------------------------------------------------------------------------------------- */

/* The library bounds silence only: who sends a byte now and then would stay for ever. */
static void on_connection(void *context, struct MHD_Connection *connection, void **place,
                          enum MHD_ConnectionNotificationCode code)
{
	struct server *server = context;
	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		struct guest *gone = *place;
		if (gone) {
			gone->used = false;
		}
		server->closed = true;
		return;
	}
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	for (size_t i = 0; info && i < LIMIT_HTTP_CONNECTIONS; i++) {
		struct guest *guest = &server->guests[i];
		if (!guest->used) {
			*guest = (struct guest){ .used = true, .fd = info->connect_fd, .ends = clock_now() + LIFE };
			*place = guest;
			return;
		}
	}
}

/* Ends those whose time is over: the library sees that they are closed. */
static void end_guests(struct server *server, int64_t now)
{
	for (size_t i = 0; i < LIMIT_HTTP_CONNECTIONS; i++) {
		struct guest *guest = &server->guests[i];
		if (guest->used && now >= guest->ends) {
			(void)shutdown(guest->fd, SHUT_RDWR);
			guest->ends = INT64_MAX;
		}
	}
}

static int64_t server_due(const struct server *server, int64_t now)
{
	MHD_UNSIGNED_LONG_LONG wait = 0;
	int64_t due = INT64_MAX;
	if (MHD_get_timeout(server->daemon, &wait) == MHD_YES) {
		due = now + (wait < MANY ? (int64_t)wait : MANY);
	}
	for (size_t i = 0; i < LIMIT_HTTP_CONNECTIONS; i++) {
		const struct guest *guest = &server->guests[i];
		due = guest->used && guest->ends < due ? guest->ends : due;
	}
	return due;
}

/* Where connections ended, those that waited for a place are taken only by another turn. */
static void run_server(struct server *server)
{
	end_guests(server, clock_now());
	for (int turns = 0; turns < LIMIT_HTTP_CONNECTIONS; turns++) {
		server->closed = false;
		if (MHD_run(server->daemon) != MHD_YES || !server->closed) {
			return;
		}
	}
}

/* --- opening --------------------------------------------------------------------------------------------------------- */

/* Paths are compared as they are sent. */
static size_t leave_escapes(void *context, struct MHD_Connection *connection, char *text)
{
	(void)context;
	(void)connection;
	return strlen(text);
}

static struct MHD_Daemon *start(struct server *server, int fd)
{
	const struct MHD_OptionItem options[] = {
		{ MHD_OPTION_LISTEN_SOCKET, fd, NULL },
		{ MHD_OPTION_CONNECTION_LIMIT, LIMIT_HTTP_CONNECTIONS, NULL },
		{ MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, NULL },
		{ MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)LIMIT_HTTP_HEAD, NULL },
		{ MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL },
		{ MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};
	return MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, endpoints_answer, server, MHD_OPTION_ARRAY, options,
	                        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_NOTIFY_COMPLETED, endpoints_completed,
	                        server, MHD_OPTION_UNESCAPE_CALLBACK, leave_escapes, server, MHD_OPTION_END);
}

static bool open_server(struct endpoints *endpoints, enum endpoint kind, const char *address, struct err *err)
{
	struct server *server = &endpoints->servers[kind];
	server->owner = endpoints;
	server->kind = kind;
	int fd = listen_open(address, &server->port, err);
	if (fd < 0) {
		return err_wrap(err, "%s endpoint", endpoint_names[kind]);
	}
	server->daemon = start(server, fd);
	if (!server->daemon) {
		(void)close(fd);
		return err_set(err, ERR_TRANSIENT, "%s endpoint: libmicrohttpd does not start on '%s'", endpoint_names[kind], address);
	}
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	struct epoll_event event = { .events = EPOLLIN };
	if (!info || epoll_ctl(endpoints->fd, EPOLL_CTL_ADD, info->epoll_fd, &event) != 0) {
		return err_sys(err, "%s endpoint: epoll", endpoint_names[kind]);
	}
	return true;
}

struct endpoints *endpoints_open(const struct endpoints_options *options, struct err *err)
{
	CLEANUP(endpoints_freep) struct endpoints *endpoints = alloc_new(1, sizeof *endpoints);
	endpoints->options = *options;
	endpoints->fd = epoll_create1(EPOLL_CLOEXEC);
	if (endpoints->fd < 0) {
		(void)err_sys(err, "epoll");
		return NULL;
	}
	const char *const given[ENDPOINT_COUNT] = { options->health, options->metrics, options->webhook };
	for (int kind = 0; kind < ENDPOINT_COUNT; kind++) {
		const char *address = given[kind] ? given[kind] : default_addresses[kind];
		if (*address && !open_server(endpoints, (enum endpoint)kind, address, err)) {
			return NULL;
		}
	}
	return TAKE(endpoints);
}

void endpoints_free(struct endpoints *endpoints)
{
	if (!endpoints) {
		return;
	}
	endpoints_detach(endpoints);
	for (int kind = 0; kind < ENDPOINT_COUNT; kind++) {
		if (endpoints->servers[kind].daemon) {
			MHD_stop_daemon(endpoints->servers[kind].daemon);
		}
	}
	if (endpoints->fd >= 0) {
		(void)close(endpoints->fd);
	}
	free(endpoints);
}

void endpoints_freep(struct endpoints **endpoints)
{
	endpoints_free(*endpoints);
	*endpoints = NULL;
}

int endpoints_fd(const struct endpoints *endpoints)
{
	return endpoints->fd;
}

int64_t endpoints_due(const struct endpoints *endpoints)
{
	int64_t now = clock_now();
	int64_t due = INT64_MAX;
	for (int kind = 0; kind < ENDPOINT_COUNT; kind++) {
		const struct server *server = &endpoints->servers[kind];
		int64_t one = server->daemon ? server_due(server, now) : INT64_MAX;
		due = one < due ? one : due;
	}
	return due;
}

void endpoints_run(struct endpoints *endpoints)
{
	for (int kind = 0; kind < ENDPOINT_COUNT; kind++) {
		if (endpoints->servers[kind].daemon) {
			run_server(&endpoints->servers[kind]);
		}
	}
}

uint16_t endpoints_port(const struct endpoints *endpoints, enum endpoint endpoint)
{
	assert(endpoint < ENDPOINT_COUNT);
	return endpoints->servers[endpoint].port;
}
