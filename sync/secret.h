/*
 * A token or password: wiped when it is freed, never printed, never in argv or the environment of a child.
 */
#ifndef SYNC_SECRET_H
#define SYNC_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "render/base/err.h"

struct secret {
	char *text; /* NUL-terminated; NULL when there is none */
	size_t len;
};

#define SECRET_INIT ((struct secret){ 0 })

void secret_set(struct secret *secret, const char *text, size_t len);
void secret_release(struct secret *secret);

/* The file's content without trailing line breaks; an empty file is an error. */
bool secret_read_file(struct secret *secret, const char *path, struct err *err) MUST_CHECK;

static inline bool secret_is_set(const struct secret *secret)
{
	return secret->text != NULL;
}

#endif
