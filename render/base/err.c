#include "render/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	err->kind = kind;
	(void)vsnprintf(err->msg, sizeof err->msg, fmt, args);
	va_end(args);
	return false;
}

bool err_wrap(struct err *err, const char *fmt, ...)
{
	char text[2 * sizeof err->msg];
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(text, sizeof err->msg, fmt, args);
	va_end(args);
	if (n >= 0) {
		size_t len = strlen(text);
		(void)snprintf(text + len, sizeof text - len, ": %s", err->msg);
		memcpy(err->msg, text, sizeof err->msg);
		err->msg[sizeof err->msg - 1] = '\0';
	}
	return false;
}

static enum err_kind kind_of_errno(int number)
{
	switch (number) {
	case EACCES:
	case EPERM:
		return ERR_DENIED;
	case ENOENT:
	case ENOTDIR:
		return ERR_NOT_FOUND;
	case EEXIST:
		return ERR_CONFLICT;
	case EINTR:
	case EAGAIN:
	case ENOSPC:
	case EIO:
		return ERR_TRANSIENT;
	default:
		return ERR_INPUT;
	}
}

bool err_sys(struct err *err, const char *fmt, ...)
{
	int number = errno;
	char text[sizeof err->msg];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	char reason[128];
	return err_set(err, kind_of_errno(number), "%s: %s", text, strerror_r(number, reason, sizeof reason));
}
