/*
 * One caller-owned error. Fallible functions return bool (or a pointer, NULL on failure), take `struct err *` last and
 * never NULL. On success the error is untouched; on failure no output is.
 *
 * Messages are lower case, quote their subject, have no full stop and no "error:" in front. They never hold file content,
 * a token or a Secret's value: they name file, line and field.
 */
#ifndef RENDER_BASE_ERR_H
#define RENDER_BASE_ERR_H

#include <stdbool.h>

#include "render/base/macros.h"

/* Says what can be done about it. */
enum err_kind {
	ERR_NONE,
	ERR_INPUT,     /* what the user or the repository gave is wrong: fix it */
	ERR_DENIED,    /* rights are missing (401, 403, a wrong password, a certificate) */
	ERR_NOT_FOUND, /* it is not there */
	ERR_CONFLICT,  /* somebody else has it or changed it meanwhile */
	ERR_TRANSIENT, /* try again later: network, 5xx, timeout */
	ERR_LIMIT,     /* over one of the numbers in limits.h */
};

struct err {
	enum err_kind kind;
	char msg[500];
};

#define ERR_INIT ((struct err){ .kind = ERR_NONE })

/* Sets kind and message; returns false, so that `return err_set(...)` reads well. */
bool err_set(struct err *err, enum err_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Puts "context: " in front of the message, keeps the kind; returns false. */
bool err_wrap(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* As err_set, with ": " and the text of errno behind; the kind follows errno. Returns false. */
bool err_sys(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
