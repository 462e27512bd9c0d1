#include "agent/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "render/base/buf.h"

enum { BACKLOG = 128 };

/* The address in its two parts; `host` "" for all. Brackets are taken off. */
static bool split(const char *address, char **host, char **port, struct err *err)
{
	const char *colon = strrchr(address, ':');
	bool bracket = *address == '[';
	if (!colon || (bracket && (colon == address || colon[-1] != ']')) || (!bracket && strchr(address, ':') != colon)) {
		return err_set(err, ERR_INPUT, "'%s' is no ADDRESS:PORT, such as ':9440' or '[::1]:9440'", address);
	}
	size_t digits = strspn(colon + 1, "0123456789");
	if (digits == 0 || digits > 5 || colon[1 + digits] || atol(colon + 1) > 65535) {
		return err_set(err, ERR_INPUT, "'%s' has no port between 0 and 65535 behind its last colon", address);
	}
	*host = text_dup_len(address + bracket, (size_t)(colon - address) - (bracket ? 2 : 0));
	*port = text_dup(colon + 1);
	return true;
}

bool listen_check(const char *address, struct err *err)
{
	CLEANUP(text_freep) char *host = NULL;
	CLEANUP(text_freep) char *port = NULL;
	return split(address, &host, &port, err);
}

static int open_one(const struct addrinfo *info)
{
	int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		return -1;
	}
	const int on = 1;
	const int off = 0;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (info->ai_family == AF_INET6) {
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
	}
	if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0) {
		return fd;
	}
	int reason = errno;
	(void)close(fd);
	errno = reason;
	return -1;
}

/* Every address means IPv6's, which takes IPv4 too; where there is none, IPv4's. */
static int open_first(const char *host, const char *port, int family, int *why)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_family = family, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	*why = getaddrinfo(*host ? host : NULL, port, &hints, &found);
	int fd = -1;
	for (const struct addrinfo *info = found; *why == 0 && info && fd < 0; info = info->ai_next) {
		fd = open_one(info);
	}
	int reason = errno;
	if (*why == 0) {
		freeaddrinfo(found);
	}
	errno = reason;
	return fd;
}

static uint16_t port_of(int fd)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof address;
	if (getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
		return 0;
	}
	if (address.ss_family == AF_INET6) {
		struct sockaddr_in6 v6;
		memcpy(&v6, &address, sizeof v6);
		return ntohs(v6.sin6_port);
	}
	struct sockaddr_in v4;
	memcpy(&v4, &address, sizeof v4);
	return ntohs(v4.sin_port);
}

int listen_open(const char *address, uint16_t *port, struct err *err)
{
	CLEANUP(text_freep) char *host = NULL;
	CLEANUP(text_freep) char *number = NULL;
	if (!split(address, &host, &number, err)) {
		return -1;
	}
	int why = 0;
	int fd = open_first(host, number, *host ? AF_UNSPEC : AF_INET6, &why);
	if (fd < 0 && !*host && errno != EADDRINUSE) {
		fd = open_first(host, number, AF_INET, &why);
	}
	if (fd < 0 && why != 0 && why != EAI_SYSTEM) {
		(void)err_set(err, ERR_INPUT, "cannot listen on '%s': %s", address, gai_strerror(why));
	} else if (fd < 0) {
		bool taken = errno == EADDRINUSE;
		(void)err_sys(err, "cannot listen on '%s'", address);
		err->kind = taken ? ERR_CONFLICT : err->kind;
	} else {
		*port = port_of(fd);
	}
	return fd;
}
