/*
 * The address of a remote: which transport it takes, and how it may be shown. Credentials in an address are refused, and
 * no error repeats them.
 */
#ifndef SYNC_GIT_URL_H
#define SYNC_GIT_URL_H

#include <stdbool.h>

#include "render/base/err.h"

enum url_kind {
	URL_LOCAL, /* a path, file:// */
	URL_HTTP,  /* https://, http:// to this machine */
};

struct url {
	enum url_kind kind;
	char *address; /* URL_LOCAL: the absolute path; URL_HTTP: the URL without trailing '/' */
	char *shown;   /* as it may be shown */
};

bool url_parse(const char *text, struct url *out, struct err *err) MUST_CHECK;
void url_release(struct url *url);

/* https, or http to a loopback address. */
bool url_http_allowed(const char *text, struct err *err) MUST_CHECK;

/* Whether both have the same scheme, host and port. */
bool url_same_origin(const char *a, const char *b);

#endif
