/*
 * A listening TCP socket of an address as flags give it.
 */
#ifndef AGENT_LISTEN_H
#define AGENT_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "render/base/err.h"

/* ":9440" (every address, IPv4 and IPv6), "127.0.0.1:9440", "[::1]:9440", "localhost:9440". ERR_INPUT: it is none. */
bool listen_check(const char *address, struct err *err) MUST_CHECK;

/* Non-blocking; -1 on failure. *port is the one it got, which may be asked for as 0. ERR_CONFLICT: it is in use. */
int listen_open(const char *address, uint16_t *port, struct err *err) MUST_CHECK;

#endif
