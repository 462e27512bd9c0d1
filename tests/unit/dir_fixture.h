/*
 * A directory that is there for one test, and files in it.
 */
#ifndef TESTS_UNIT_DIR_FIXTURE_H
#define TESTS_UNIT_DIR_FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"

static char dir[64];

static inline void make_dir(void)
{
	(void)snprintf(dir, sizeof dir, "/tmp/plumb-unit-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

/* It is the home too, and nothing else says which cluster there is. */
static inline void make_home(void)
{
	make_dir();
	ck_assert_int_eq(setenv("HOME", dir, 1), 0);
	ck_assert_int_eq(unsetenv("KUBECONFIG"), 0);
	ck_assert_int_eq(unsetenv("KUBERNETES_SERVICE_HOST"), 0);
}

static inline void remove_dir(void)
{
	CLEANUP(text_freep) char *command = text_printf("rm -rf '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

/* A file of these bytes; its path. */
static inline char *put_bytes(const char *name, const char *bytes, size_t len)
{
	char *path = text_printf("%s/%s", dir, name);
	FILE *file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
	ck_assert_int_eq(fclose(file), 0);
	return path;
}

static inline char *put(const char *name, const char *text)
{
	return put_bytes(name, text, strlen(text));
}

#endif
